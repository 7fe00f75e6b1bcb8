"""A page made from cells, and its other forms beside it."""

from dataclasses import dataclass
from pathlib import Path

import notebook_pages
from betyg.publish import article, document, pdf, table_files, whole, word, workbook
from betyg.publish.plain import PlainTable


@dataclass(frozen=True)
class Made:
    """A page and its other forms, in one folder."""

    language: str
    page: str
    tables: list[PlainTable]
    folder: Path

    def __getitem__(self, form: str) -> Path:
        return self.folder / f"report-synthetic.{form}"


def make(cells: list[object], folder: Path, **changes: object) -> Made:
    """Write every form of a page that shows ``cells``."""
    cover = {"language": "sv", "title": "Rapport", "synthetic": True} | changes
    source = notebook_pages.write(cells, folder / "05_report.ipynb")
    page = document.page(source, **cover)
    taken_apart = article.of_page(page)
    tables = document.tables(source, language=cover["language"])
    made = Made(cover["language"], page, tables, folder)
    whole.write(made["pdf"], pdf.of_article(taken_apart))
    whole.write(made["docx"], word.of_article(taken_apart))
    whole.write(made["xlsx"], workbook.of_tables(tables, **cover))
    del cover["title"]
    table_files.write(tables, made["csv"], **cover)
    return made

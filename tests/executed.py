"""The tables and pages of a study, from the repository's notebooks: quick, without a kernel."""

from __future__ import annotations

from pathlib import Path

from bench.played import run, shown, write

from betyg.publish import document

TABLES = ("01_clean", "02_results", "03_models", "04_drivers")


def build(root: Path, study: str, tables: Path) -> Path:
    """Write every table of a study to ``tables``."""
    for notebook in TABLES:
        run(notebook, raw=str(root), study=study, tables=str(tables), out=str(tables))
    return tables


def page(notebook: str, folder: Path, **parameters: object) -> tuple[str, list[object]]:
    """Return the page of a notebook and its tables: every other form is made from these two."""
    values = [shown(value) for value in run(notebook, **parameters)]
    source = write(values, folder / f"{notebook}.ipynb")
    language = str(parameters["language"])
    return (
        document.page(source, language=language, title="T", synthetic=True),
        document.tables(source, language=language),
    )

"""Pages made from executed notebooks that hold the invented survey's figures and tables."""

from pathlib import Path
from typing import Any

import nbformat
from bench import played
from bench.played import write

import invented
from betyg.publish import (
    about_results,
    agencies,
    change,
    distribution,
    document,
    heatmap,
    prose,
    ranking,
    tables,
    years,
)
from betyg.publish.language import Language


def shown(value: Any) -> Any:
    """A code cell that showed ``value``."""
    return nbformat.from_dict(played.shown(value))


def words(text: str, language: str) -> Any:
    """A markdown cell for the readers of a language."""
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": [language]})


def render(cells: list[Any], folder: Path, **changes: Any) -> Path:
    """Render cells to a page and return where it lies."""
    given = {"language": "sv", "title": "Rapport", "synthetic": True} | changes
    name = "page-synthetic.html" if given["synthetic"] else "page.html"
    document.render(write(cells, folder / "05_report.ipynb"), folder / name, **given)
    return folder / name


def whole(language: str) -> list[Any]:
    """The cells of a report that shows every kind of figure and some tables."""
    survey, speech = invented.study(), Language(language)
    estimates = invented.estimates(survey)
    panel = estimates[estimates["agency"].isin(["all", "01", "02", "03"])]
    return [
        words("# 2017\n\n## 1\n\nText.", language),
        shown(prose.paragraph(about_results.themes(estimates, survey, speech, year=2017))),
        shown(distribution.answers(estimates, survey, speech, year=2017)),
        words("## 2\n\n### 2.1", language),
        shown(agencies.compared(estimates, survey, speech, item="nki", year=2017, emphasis="06")),
        shown(years.compared(estimates, survey, speech, item="nki", panel=panel)),
        shown(years.compared(estimates, survey, speech, item="website", agency="06")),
        shown(heatmap.differences(estimates, survey, speech, year=2017)),
        words("## 3", language),
        shown(change.compared(invented.changes(), survey, speech, outcome="nki", year_from=2016,
                              year_to=2017)),
        shown(ranking.compared(invented.places(), survey, speech, item="nki", year=2017)),
        shown(tables.estimates(estimates, survey, speech, year=2017)),
    ]  # fmt: skip


def brief(language: str) -> list[Any]:
    """The cells of a brief of the usual length."""
    survey, speech = invented.study(), Language(language)
    estimates = invented.estimates(survey)
    said = about_results.themes(estimates, survey, speech, year=2017)
    sentences = [words("## A", language), shown(prose.bullets(said, said, said))]
    return [
        shown(prose.headline(said)),
        shown(prose.paragraph(said, said, said)),
        *sentences * 4,
        shown(years.compared(estimates, survey, speech, item="nki", agency="06")),
        shown(years.compared(estimates, survey, speech, item="website", agency="06")),
        shown(tables.estimates(estimates, survey, speech, year=2017)),
    ]

"""The forms in which readers get an executed notebook, each written as a key of the build tells.

The facts of a key: study, language, agency (empty for the whole report), notebook (executed),
tables (their folder), target (the page), places of the other forms and forms (as the page links to
them), where the whole report lies and where the ledger goes. No form is written of a page whose
claims the tables do not carry. What other forms need is imported when one is written: a page
should not wait for the libraries of all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from betyg.data import store
from betyg.data.study import Study
from betyg.publish import article, document, ledger, whole
from betyg.publish import contents as front
from betyg.publish.claims import ClaimError
from betyg.publish.document import Cover
from betyg.publish.ledger import Entry

__all__ = ["contents", "write"]

Facts = Mapping[str, Any]


def contents(facts: Facts, raw: Path) -> None:
    """Write the front page of a study, or of all studies.

    Parameters
    ----------
    facts : mapping
        target; studies (name and address of each), or study, entries and up.
    raw : Path
        Where the studies lie.
    """
    if "studies" in facts:
        page = front.of_studies(
            [(Study.load(raw, name, sums=False), at) for name, at in facts["studies"]]
        )
    else:
        entries = [
            front.Entry(
                path=e["target"], language=e["language"], form=e["form"], agency=e["agency"]
            )
            for e in facts["entries"]
        ]
        survey = Study.load(raw, facts["study"], sums=False)
        page = front.of_study(survey, entries, up=facts["up"])
    whole.write(Path(facts["target"]), page.encode())


def write(facts: Facts, survey: Study) -> None:
    """Write a page in all its forms: the other ones first, to which the page links.

    All are made of one reading of the notebook and one look at what it claims.

    Raises
    ------
    ClaimError
        If the tables do not carry what the page says: then no form is written.
    ParameterError, DataError, CausalWordingError
        If a form would mislead, would not stand alone, or could not be read by everybody.
    """
    notebook, places = Path(facts["notebook"]), facts["places"]
    entries = _verified(facts, survey)
    cover = _cover(facts, survey)
    for place in (facts["target"], *places.values()):
        document.named_synthetic(Path(place), synthetic=cover["synthetic"])
    page = document.page(
        notebook,
        forms=facts["forms"],
        report=facts["report"],
        picker=_agencies(facts, survey),
        **cover,
    )
    ledger.write(entries, Path(facts["ledger"]))
    if places:
        _as_documents(page, places)
        _as_tables(notebook, places, cover)
    document.write(page, Path(facts["target"]))


def _as_documents(page: str, places: Mapping[str, str]) -> None:
    from betyg.publish import pdf, word

    parts = article.of_page(page)
    whole.write(Path(places["pdf"]), pdf.of_article(parts))
    whole.write(Path(places["docx"]), word.of_article(parts))


def _as_tables(notebook: Path, places: Mapping[str, str], cover: Cover) -> None:
    from betyg.publish import table_files, workbook

    language, synthetic = cover["language"], cover["synthetic"]
    tables = document.tables(notebook, language=language)
    content = workbook.of_tables(
        tables, title=cover["title"], language=language, synthetic=synthetic
    )
    whole.write(Path(places["xlsx"]), content)
    table_files.write(tables, Path(places["csv"]), language=language, synthetic=synthetic)


def _verified(facts: Facts, survey: Study) -> list[Entry]:
    """Look up all that a page claims; tell of typed numbers, and refuse them where nobody watches.

    Raises
    ------
    ClaimError
        Names what the tables contradict; with ``CI=true``, too, every typed number.
    """
    entries = ledger.verify(Path(facts["notebook"]), tables=facts["tables"], survey=survey)
    if told := _typed(facts, survey):
        if os.environ.get("CI", "").lower() == "true":
            raise ClaimError(told)
        sys.stderr.write(f"warning: {told}\n")
    return entries


def _typed(facts: Facts, survey: Study) -> str:
    """Tell of numbers that were typed into the text of a page, a line for each."""
    found = partial(
        ledger.typed_numbers,
        Path(facts["notebook"]),
        language=facts["language"],
        labels=_names(survey, facts["language"]),
    )
    if not found(years=()):
        return ""
    rounds = store.read("cells", facts["tables"], columns=["year"])["year"]
    years = {*map(int, rounds.unique()), *(event.year for event in survey.events)}
    return "\n".join(
        f"{place}: a number that nothing checks. Let code print it (betyg.publish.statement)."
        for place in found(years=years)
    )


def _cover(facts: Facts, survey: Study) -> Cover:
    """Return what the study says of a page in the language that a key names."""
    language = facts["language"]
    return {
        "language": language,
        "title": _title(survey, facts),
        "synthetic": survey.synthetic,
        "labels": _names(survey, language),
    }


def _title(survey: Study, facts: Facts) -> str:
    """Return the heading of a page: the survey, after the agency that the page is about."""
    title = str(survey.label(survey.title, facts["language"]))
    if not facts["agency"]:
        return title
    return f"{survey.label(survey.agency(facts['agency']), facts['language'])}: {title}"


def _agencies(facts: Facts, survey: Study) -> list[str]:
    """Return the names of those that a reader may have marked; a brief is about one anyway."""
    units = [survey.agency(code) for code in survey.agency_codes]
    if facts["agency"] or len(units) < 2:
        return []
    return [str(survey.label(unit, facts["language"])) for unit in units]


def _names(survey: Study, language: str) -> set[str]:
    """Return every name that the study gives to something, in one language."""
    named = (survey.items, survey.themes, survey.indices, survey.agencies, survey.activities)
    return {survey.label(one, language) for group in (*named, survey.groups) for one in group}

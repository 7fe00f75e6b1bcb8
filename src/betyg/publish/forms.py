"""The forms in which readers get an executed notebook, each written as a key of the build tells.

The facts of a key: study, language, agency (empty for the whole report), notebook (executed) and
target, tables (their folder); of a page also its other forms, where the whole report lies and
where the ledger goes. No form is written of a page whose claims the tables do not carry. Each form
imports its writer when it is written: a page should not wait for the libraries of all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from betyg.data import store
from betyg.data.study import Study
from betyg.publish import article, document, ledger, whole
from betyg.publish import contents as front
from betyg.publish.article import Article
from betyg.publish.claims import ClaimError
from betyg.publish.document import Cover
from betyg.publish.ledger import Entry
from betyg.publish.plain import PlainTable

__all__ = ["WRITERS", "contents"]

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
        page = front.of_studies([(Study.load(raw, name), at) for name, at in facts["studies"]])
    else:
        entries = [
            front.Entry(
                path=e["target"], language=e["language"], form=e["form"], agency=e["agency"]
            )
            for e in facts["entries"]
        ]
        page = front.of_study(Study.load(raw, facts["study"]), entries, up=facts["up"])
    whole.write(Path(facts["target"]), page.encode())


def _page(facts: Facts, survey: Study) -> None:
    entries = _verified(facts, survey)
    told = _typed(facts, survey)
    if told:
        sys.stderr.write(f"warning: {told}\n")
    ledger.write(entries, Path(facts["ledger"]))
    document.render(
        Path(facts["notebook"]),
        Path(facts["target"]),
        forms=facts["forms"],
        report=facts["report"],
        picker=_agencies(facts, survey),
        **_cover(facts, survey),
    )


def _pdf(facts: Facts, survey: Study) -> None:
    from betyg.publish import pdf

    _write(facts, survey, pdf.of_article)


def _docx(facts: Facts, survey: Study) -> None:
    from betyg.publish import word

    _write(facts, survey, word.of_article)


def _xlsx(facts: Facts, survey: Study) -> None:
    from betyg.publish import workbook

    _verified(facts, survey)
    cover, tables = _tables(facts, survey)
    content = workbook.of_tables(
        tables, title=cover["title"], language=cover["language"], synthetic=cover["synthetic"]
    )
    whole.write(Path(facts["target"]), content)


def _csv(facts: Facts, survey: Study) -> None:
    from betyg.publish import table_files

    _verified(facts, survey)
    cover, tables = _tables(facts, survey)
    table_files.write(
        tables, Path(facts["target"]), language=cover["language"], synthetic=cover["synthetic"]
    )


WRITERS: Mapping[str, Callable[[Facts, Study], None]] = {
    "page": _page,
    "pdf": _pdf,
    "docx": _docx,
    "xlsx": _xlsx,
    "csv": _csv,
}
"""What writes each form, from the facts of a key and the study."""


def _verified(facts: Facts, survey: Study) -> list[Entry]:
    """Look up all that a page claims; where nobody watches, refuse numbers that were typed.

    Raises
    ------
    ClaimError
        Names what the tables contradict; with ``CI=true``, too, every typed number.
    """
    entries = ledger.verify(Path(facts["notebook"]), tables=facts["tables"], survey=survey)
    if os.environ.get("CI", "").lower() == "true" and (told := _typed(facts, survey)):
        raise ClaimError(told)
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


def _write(facts: Facts, survey: Study, form: Callable[[Article], bytes]) -> None:
    _verified(facts, survey)
    target, cover = Path(facts["target"]), _cover(facts, survey)
    document.named_synthetic(target, synthetic=cover["synthetic"])
    page = document.page(Path(facts["notebook"]), **cover)
    whole.write(target, form(article.of_page(page)))


def _tables(facts: Facts, survey: Study) -> tuple[Cover, list[PlainTable]]:
    """Return what the study says of a page, and the tables on it."""
    cover = _cover(facts, survey)
    document.named_synthetic(Path(facts["target"]), synthetic=cover["synthetic"])
    return cover, document.tables(Path(facts["notebook"]), language=cover["language"])


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

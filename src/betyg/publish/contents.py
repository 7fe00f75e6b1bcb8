"""The front pages: what a study has in each language, and which studies there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from betyg.data.study import Study
from betyg.publish import document, standalone
from betyg.publish.language import Language

FORMS = {"html": "HTML", "pdf": "PDF", "docx": "DOCX", "xlsx": "XLSX", "csv": "CSV"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file that readers get.

    Attributes
    ----------
    path : str
        From the front page to the file.
    language : str
        Its language.
    form : str
        A key of ``FORMS``.
    agency : str
        Code of the agency that it is about; empty for all of them.
    """

    path: str
    language: str
    form: str
    agency: str = ""


def of_study(survey: Study, entries: Sequence[Entry], *, up: str = "") -> str:
    """Return the front page of a study: reports, briefs, downloads, what is synthetic.

    Parameters
    ----------
    survey : Study
        The study.
    entries : sequence of Entry
        What there is, in the order in which it shall stand.
    up : str
        From this page to the front page of all studies; empty for no link.
    """
    own = Language(survey.languages[0])
    parts = [_in_language(survey, Language(code), entries) for code in survey.languages]
    body = document.fragment(
        "contents.html", language=own, up=up,
        parts=[part for part in parts if part["reports"] or part["briefs"]],
    )  # fmt: skip
    title = str(survey.label(survey.title, own.code))
    return _page(own, title=title, synthetic=survey.synthetic, body=body)


def _in_language(survey: Study, language: Language, entries: Sequence[Entry]) -> dict[str, Any]:
    own = [entry for entry in entries if entry.language == language.code]
    labels = {unit.code: str(survey.label(unit, language.code)) for unit in survey.agencies}
    return {
        "language": language,
        "title": str(survey.label(survey.title, language.code)),
        "about": str(survey.label(survey.about, language.code)) if survey.about else "",
        "reports": [e.path for e in own if not e.agency and e.form == "html"],
        "others": [(FORMS[e.form], e.path) for e in own if not e.agency and e.form != "html"],
        "briefs": [(labels[e.agency], e.path) for e in own if e.agency in labels],
    }


def of_studies(surveys: Sequence[tuple[Study, str]]) -> str:
    """Return the front page of all studies.

    Parameters
    ----------
    surveys : sequence of (Study, str)
        Each study with the path from this page to its own front page.
    """
    english = Language("en")
    listed = [
        {
            "path": path,
            "synthetic": survey.synthetic,
            "titles": [(code, str(survey.label(survey.title, code))) for code in survey.languages],
            "about": str(survey.label(survey.about, survey.languages[-1])) if survey.about else "",
            "language": survey.languages[-1],
        }
        for survey, path in surveys
    ]
    body = document.fragment("studies.html", language=english, studies=listed)
    return _page(english, title=english.text("Surveys"), synthetic=False, body=body)


def _page(words: Language, *, title: str, synthetic: bool, body: str) -> str:
    made = document.composed(words, title=title, synthetic=synthetic, body=body)
    standalone.check(made, name="a front page")
    return document.with_script(made, "contents.js")

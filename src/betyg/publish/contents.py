"""The front pages: what a study has in each language, and which studies there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from betyg.data.study import Study
from betyg.publish import standalone
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


def of_study(survey: Study, entries: Sequence[Entry]) -> str:
    """Return the front page of a study: reports, briefs, downloads, what is synthetic.

    Parameters
    ----------
    survey : Study
        The study.
    entries : sequence of Entry
        What there is, in the order in which it shall stand.
    """
    languages = [Language(code) for code in survey.languages]
    parts = [_in_language(survey, language, entries) for language in languages]
    return _page(
        "contents.html",
        language=languages[0],
        title=str(survey.label(survey.title, languages[0].code)),
        synthetic=survey.synthetic,
        parts=[part for part in parts if part["reports"] or part["briefs"]],
        languages=languages,
    )


def _in_language(survey: Study, language: Language, entries: Sequence[Entry]) -> dict[str, Any]:
    own = [entry for entry in entries if entry.language == language.code]
    labels = {unit.code: str(survey.label(unit, language.code)) for unit in survey.agencies}
    briefs = [(labels[e.agency], e.path) for e in own if e.agency in labels and e.form == "html"]
    return {
        "language": language,
        "title": str(survey.label(survey.title, language.code)),
        "about": str(survey.label(survey.about, language.code)) if survey.about else "",
        "reports": [e.path for e in own if not e.agency and e.form == "html"],
        "others": [(FORMS[e.form], e.path) for e in own if not e.agency and e.form != "html"],
        "briefs": briefs,
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
    return _page(
        "studies.html", language=english, title=english.text("Surveys"), synthetic=False,
        studies=listed,
    )  # fmt: skip


def _page(template: str, *, language: Language, title: str, **values: Any) -> str:
    environment = Environment(
        loader=PackageLoader("betyg.publish", "template"),
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style, script = (
        Markup((files("betyg.publish") / "template" / name).read_text("utf-8"))
        for name in ("style.css", "contents.js")
    )
    page = environment.get_template(template)
    shown = {"language": language, "title": title, "style": style, **values}
    standalone.check(page.render(**shown, script=""), name=template)
    return page.render(**shown, script=script)

"""What was checked of a study's files by program, what was found, and what was not checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from betyg.data.study import Study
from betyg.publish import document, page_checks, pdf_checks, standalone, whole
from betyg.publish.language import Language
from betyg.publish.table import Table

FILE = "accessibility.json"


def results(folder: Path) -> dict[str, Any]:
    """Check the pages and the PDF files of a study, and return what was found, file by file.

    Parameters
    ----------
    folder : Path
        The study's reports, with the briefs below; statements that lie there already are not
        looked at.
    """
    pages = [path for path in sorted(folder.rglob("*.html")) if "-accessibility-" not in path.name]
    documents = sorted(folder.rglob("*.pdf"))
    return {
        "rules": list(page_checks.TAGS),
        "pages": of_pages(pages, folder),
        "documents": [
            _named(pdf, folder)
            | {"problems": pdf_checks.problems(pdf), "tags": pdf_checks.counts(pdf)}
            for pdf in documents
        ],
    }


def of_pages(pages: Sequence[Path], folder: Path) -> list[dict[str, Any]]:
    """Check some pages below a folder, and return what was found, page by page."""
    return [
        _named(page, folder) | {"views": [asdict(view) for view in views]}
        for page, views in zip(pages, page_checks.check(pages), strict=True)
    ]


def faults(found: Mapping[str, Any]) -> list[str]:
    """Return every fault that the checks found, with its file."""
    listed = [
        f"{page['file']}: {rule} in {places} places ({view['scheme']}, {view['width']} pixels, "
        f"folds {'open' if view['unfolded'] else 'closed'})"
        for page in found["pages"]
        for view in page["views"]
        for rule, places in view["violations"].items()
    ]
    return listed + [f"{d['file']}: {what}" for d in found["documents"] for what in d["problems"]]


def statements(found: Mapping[str, Any], folder: Path, survey: Study) -> list[Path]:
    """Write the statement of a study in each of its languages, and return where they lie."""
    return [
        write(
            found,
            folder,
            study=folder.name,
            language=language,
            title=str(survey.label(survey.title, language)),
            synthetic=survey.synthetic,
        )
        for language in survey.languages
    ]


def write(found: Mapping[str, Any], folder: Path, *, study: str, **cover: Any) -> Path:
    """Write the statement of one language from what was found, and that itself beside it."""
    mark = "-synthetic" if cover["synthetic"] else ""
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    whole.write(folder / FILE, text.encode())
    target = folder / f"{study}-accessibility-{cover['language']}{mark}.html"
    whole.write(target, page(found, **cover).encode())
    return target


def page(found: Mapping[str, Any], *, language: str, title: str, synthetic: bool) -> str:
    """Return the statement as a page that stands alone."""
    words = Language(language)
    made = document.composed(
        words,
        title=words.text("Accessibility: {title}", title=title),
        synthetic=synthetic,
        body=_body(found, words),
    )
    standalone.check(made, name=f"the accessibility statement in {language}")
    return made


def _body(found: Mapping[str, Any], words: Language) -> str:
    text = words.text
    undecided = sum(n for p in found["pages"] for v in p["views"] for n in v["undecided"].values())
    checked = [
        text("Web pages: the rules of axe-core for WCAG 2.0–2.2, levels A and AA, and for good "
             "practice; in light and in dark colours, on a wide screen and on a telephone, with "
             "folded tables open and closed."),
        text("PDF files: tags, language, title, the mark of PDF/UA-1, alternative text of figures, "
             "scope of table headings, order of headings, links to other places."),
    ]  # fmt: skip
    unchecked = [
        text("Whether alternative texts, headings and notes are understood: people must judge."),
        words.plural(
            "{n} place where axe-core could not decide, mostly the contrast of text in drawings.",
            "{n} places where axe-core could not decide, mostly the contrast of text in drawings.",
            undecided,
        ),
        text("How the files are read aloud by screen readers: nobody has listened to them."),
        text("PDF files by an independent program for PDF/UA; Word and Excel files in their own "
             "programs."),
        text("What the law asks besides: the publisher adds how to report faults, and to whom."),
    ]  # fmt: skip
    return "".join(
        [
            f"<h2>{escape(text('Checked by a program'))}</h2>{_listed(checked)}",
            _table(found, words).html(),
            f"<h2>{escape(text('Not checked'))}</h2>{_listed(unchecked)}",
        ]
    )


def _listed(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


def _table(found: Mapping[str, Any], words: Language) -> Table:
    text = words.text
    rows = []
    for one in found["pages"]:
        faults_seen = sum(sum(view["violations"].values()) for view in one["views"])
        passed = min(view["passed"] for view in one["views"])
        rows.append((one["file"], words.integer(passed), words.integer(faults_seen)))
    for one in found["documents"]:
        rows.append((one["file"], "", words.integer(len(one["problems"]))))
    return Table(
        name="checks",
        caption=text("Faults found"),
        header=(text("File"), text("Rules met"), text("Faults")),
        rows=tuple(rows),
        numeric=(False, True, True),
    )


def _named(path: Path, folder: Path) -> dict[str, Any]:
    return {
        "file": path.relative_to(folder).as_posix(),
        "sha256": sha256(path.read_bytes()).hexdigest(),
    }

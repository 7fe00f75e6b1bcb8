"""From an executed notebook to one page that stands alone.

The page needs no JavaScript and asks nothing of the network; the same notebook gives the same
bytes. Readers see the markdown cells tagged with their language, and all outputs, in order.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import Any, NotRequired, TypedDict, Unpack

import mistune
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from betyg.errors import DataError, ParameterError
from betyg.publish import causal, left_out, plain, standalone, whole
from betyg.publish import executed as notebooks
from betyg.publish.language import Language, msgid
from betyg.publish.outline import Outline
from betyg.publish.plain import PlainTable

_TEMPLATES = "template"
_FORMS = {
    "pdf": msgid("PDF, to print or to send"),
    "docx": msgid("Word, to edit"),
    "xlsx": msgid("Excel, all tables in one workbook"),
    "csv": msgid("CSV, a list of the tables: each is a file beside it"),
}
_IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


class Cover(TypedDict):
    """What a study says of a page.

    language : language of the page, and tag of the markdown cells that belong to it
    title : the page's heading, unless a markdown cell has one (``# ...``)
    synthetic : whether the data are made for demonstration; the page then says so top and bottom
    labels : the study's names and questions: quoted, so not checked for causal wording
    """

    language: str
    title: str
    synthetic: bool
    labels: NotRequired[Collection[str]]


def render(
    executed: Path,
    target: Path,
    *,
    forms: Mapping[str, str] | None = None,
    picker: Sequence[str] = (),
    report: str = "",
    **cover: Unpack[Cover],
) -> None:
    """Write the page of one language from an executed notebook.

    Parameters
    ----------
    executed : Path
        Notebook with its outputs.
    target : Path
        HTML file; written whole or not at all. Its name must hold ``synthetic`` where the data do.
    forms : mapping of str to str, optional
        The other forms of the report that are there (pdf, docx, xlsx, csv), and where they lie
        from the page.
    picker : sequence of str
        Names of agencies of which the reader may have one marked; empty for none.
    report : str
        Where the whole report lies from the page; empty where it is the page itself.

    Raises
    ------
    ParameterError, DataError, CausalWordingError
        If the page would mislead, would not stand alone, or could not be read by everybody.
    """
    named_synthetic(target, synthetic=cover["synthetic"])
    write(page(executed, forms=forms, picker=picker, report=report, **cover), target)


def write(page: str, target: Path) -> None:
    """Write a checked page with the script of all pages."""
    whole.write(target, with_script(page, "page.js").encode())


def with_script(page: str, name: str) -> str:
    """Add a script of our own to a checked page: conveniences, without which it says as much."""
    script = (files("betyg.publish") / _TEMPLATES / name).read_text("utf-8")
    return page.replace("</body>", f"<script>\n{script}</script>\n</body>")


def named_synthetic(target: Path, *, synthetic: bool) -> None:
    """Refuse a name that hides that the data are synthetic.

    Raises
    ------
    ParameterError
        If the data are synthetic and ``target`` does not say so.
    """
    if synthetic and "synthetic" not in target.name:
        raise ParameterError(
            f"{target.name}: the data are synthetic, so the name of the file must say so. "
            f"Call it {target.stem}-synthetic{target.suffix}."
        )


def page(
    executed: Path,
    *,
    forms: Mapping[str, str] | None = None,
    picker: Sequence[str] = (),
    report: str = "",
    **cover: Unpack[Cover],
) -> str:
    """Return the page of one language, without script: see :func:`render`."""
    words = Language(cover["language"])
    outline = Outline(words)
    body = "\n".join(_parts(executed, words, outline, cover.get("labels", ())))
    made = composed(
        words,
        title=outline.title or cover["title"],
        synthetic=cover["synthetic"],
        body=body,
        headings=[] if report else outline.headings,  # a brief is short
        picker=picker,
        report=report,
        forms=[(words.text(_FORMS[form]), place) for form, place in (forms or {}).items()],
        footer=words.text(
            "The figures and tables were computed from the survey’s files by the notebook behind "
            "this page."
        ),
    )
    standalone.check(made, name=f"the page of {executed.name}")
    return made


def composed(words: Language, *, title: str, synthetic: bool, body: str, **parts: Any) -> str:
    """Put contents into the page that all pages share: its head, banner, style and footer.

    ``parts`` are headings (for the contents), picker (names), report (place), forms (text and
    place of each) and footer (text).
    """
    given = {"headings": [], "picker": (), "report": "", "forms": [], "footer": ""} | parts
    return (
        _environment()
        .get_template("page.html")
        .render(
            language=words.code,
            text=words.text,
            title=title,
            synthetic=synthetic,
            body=Markup(body),
            style=Markup((files("betyg.publish") / _TEMPLATES / "style.css").read_text("utf-8")),
            **given,
        )
    )


def tables(executed: Path, *, language: str) -> list[PlainTable]:
    """Return the tables that the page of one language shows, in machine form, in order."""
    kept, _ = left_out.split(notebooks.cells(executed), language)
    outputs = (output for cell in kept for output in cell.get("outputs", []))
    packed = (table for out in outputs for table in out.get("data", {}).get(plain.MIME, []))
    return [PlainTable.from_json(table) for table in packed]


def fragment(template: str, **values: Any) -> str:
    """Fill a template that is a part of a page."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("betyg.publish", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _parts(
    executed: Path, words: Language, outline: Outline, labels: Collection[str]
) -> Iterator[str]:
    """Give the HTML of each markdown cell of the language and of each output, in order."""
    prose = mistune.create_markdown(renderer=outline, plugins=["table", "strikethrough"])
    cells = notebooks.cells(executed)
    numbers = {id(cell): number for number, cell in enumerate(cells, start=1)}
    kept, missing = left_out.split(cells, words.code)
    for cell in kept:
        where = f"{executed.name}, cell {numbers[id(cell)]}"
        if cell.cell_type == "markdown" and words.code in cell.metadata.get("tags", []):
            yield str(prose(cell.source))
        elif cell.cell_type == "code":
            for output in cell.outputs:
                html = _output(output, cell, prose, where=where)
                _refuse_causes(html, labels, where=where)
                yield html
    if missing:
        yield str(prose("## " + words.text("Not in this report")))
        yield _reasons(missing)


def _reasons(missing: Sequence[left_out.LeftOut]) -> str:
    rows = (f"<dt>{escape(m.heading)}</dt><dd>{escape(m.reason)}</dd>" for m in missing)
    return f'<dl class="left-out">{"".join(rows)}</dl>'


def _output(output: Any, cell: Any, prose: Any, *, where: str) -> str:
    """Return one output as HTML; text that is only printed is for the researcher."""
    data: Mapping[str, Any] = output.get("data", {})
    if "text/html" in data:
        return _reachable(str(data["text/html"]))
    if "text/markdown" in data:
        return str(prose(str(data["text/markdown"])))
    kind = next((k for k in _IMAGES if k in data), None)
    return "" if kind is None else _image(kind, str(data[kind]), cell, where=where)


def _image(kind: str, content: str, cell: Any, *, where: str) -> str:
    """Return a plain image of a researcher, which needs alt text like any other."""
    alt = str(cell.metadata.get("alt", "")).strip()
    if not alt:
        raise DataError(
            f"{where}: an image without alt text. Say what it shows in the cell's metadata "
            '("alt": "..."), or return a figure of betyg.publish.'
        )
    if kind == "image/svg+xml":
        svg = content[content.index("<svg") :]
        labelled = svg.replace("<svg", f'<svg role="img" aria-label={_quote(alt)}', 1)
        return f'<div class="plot">{labelled}</div>'
    encoded = "".join(content.split())
    return f'<p><img src="data:{kind};base64,{encoded}" alt={_quote(alt)}></p>'


def _quote(text: str) -> str:
    return f'"{escape(text)}"'


def _reachable(html: str) -> str:
    """Put a bare table, such as a displayed frame, into a region that scrolls."""
    if "table-region" in html or "<table" not in html:
        return html
    return re.sub(
        r"<table.*?</table>",
        lambda m: f'<div class="table-region" role="group" tabindex="0">{m[0]}</div>',
        re.sub(r"<style.*?</style>", "", html, flags=re.S),
        flags=re.S,
    )


def _refuse_causes(html: str, labels: Collection[str], *, where: str) -> None:
    """Look for causal wording in generated text; the cells of tables are data."""
    prose = re.sub(r"<(table|svg|style)\b.*?</\1>", " ", html, flags=re.S)
    alt = " ".join(re.findall(r'(?:aria-label|alt)="([^"]*)"', html))
    text = unescape(re.sub(r"<[^>]+>", " ", prose) + " " + alt)
    try:
        causal.refuse(text, labels=labels)
    except causal.CausalWordingError as error:
        raise causal.CausalWordingError(f"{where}: {error}") from error

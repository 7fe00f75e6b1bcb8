"""The report as a tagged PDF that meets PDF/UA-1, set by Typst from the finished page."""

import io
import json
import re
import tempfile
from importlib.resources import files
from pathlib import Path

import matplotlib
import pikepdf
import typst

from betyg.errors import DataError
from betyg.publish import pandoc, pdf_tags
from betyg.publish.article import Article
from betyg.publish.pandoc import Blocks, Node

_CALLS = {
    "figure-note": "small",
    "table-note": "small",
    "as-table": "small",
    "figure-title": "strong",
    "figure-subtitle": "subtitle",
}
_TALL = 150.0  # points; a taller drawing may float to the next page
_AFTER_HEADING = re.compile(
    r"^(=+ .*\n(?:<.*>\n)?\n*)#passing.*\n(#drawing\(placement: )auto", re.MULTILINE
)
"""A drawing that begins a section stays there: its heading would stand alone."""
_SHORT = 14  # rows of a table that is kept on one page
_TALLEST = 640.0  # points; leaves room on a page for the title above and the notes below


def of_article(article: Article) -> bytes:
    """Set an article as PDF: the same bytes each time.

    Raises
    ------
    DataError
        If the article cannot be set, or would not meet PDF/UA-1.
    """
    words = pandoc.replaced(pandoc.read(article), _in_typst)
    headed = [pandoc.has_row_headings(table) for table in pandoc.below(words, "Table")]
    body = pandoc.write(words, ["--to=typst", "--wrap=none"]).decode()
    return _with_row_headings(_typeset(article, body), headed)


def _typeset(article: Article, body: str) -> bytes:
    template = (files("betyg.publish") / "template" / "report.typ").read_text("utf-8")
    left = body.replace("align(center)[#table(", "align(left)[#table(")
    left = _AFTER_HEADING.sub(r"\1\2none", left)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in article.images.items():
            Path(folder, name).write_bytes(content)
        source = Path(folder, "report.typ")
        source.write_text(template + left, encoding="utf-8")
        try:
            return typst.compile(
                str(source), root=folder, format="pdf", sys_inputs=_inputs(article), timestamp=0,
                pdf_standards=["ua-1"], font_paths=fonts(), ignore_system_fonts=True,
            )  # fmt: skip
        except typst.TypstError as error:
            said = error.diagnostic.strip()
            raise DataError(f"{article.title}: cannot be set as PDF: {said}") from error


def _with_row_headings(content: bytes, headed: list[bool]) -> bytes:
    """Tag the first cells of rows as headings, which Typst has no stable words for.

    ``headed`` tells of each table, in order, whether its rows have headings.
    """
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        tables = [tag for tag in pdf_tags.below(pdf.Root.StructTreeRoot) if tag["/S"] == "/Table"]
        for table, has_headings in zip(tables, headed, strict=True):
            bodies = (part for part in pdf_tags.below(table) if part["/S"] == "/TBody")
            rows = (row for body in bodies for row in pdf_tags.children(body))
            for first in (pdf_tags.children(row)[0] for row in rows if has_headings):
                first["/S"] = pikepdf.Name.TH
                first["/A"] = pikepdf.Array(
                    [*pdf_tags.attributes(first),
                     pikepdf.Dictionary(O=pikepdf.Name.Table, Scope=pikepdf.Name.Row)]
                )  # fmt: skip
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def fonts() -> list[str]:
    """Return the folder of the typeface that the drawings were measured with."""
    return [str(Path(matplotlib.get_data_path(), "fonts", "ttf"))]


def _inputs(article: Article) -> dict[str, str]:
    return {
        "title": article.title,
        "full_title": article.full_title,
        "synthetic": article.synthetic,
        "banner": article.banner,
        "language": article.language,
    }


def _in_typst(node: Node) -> Blocks | None:
    """Say in Typst's words what pandoc does not hand on: alt text, notes, captions on top."""
    if node["t"] == "Figure":
        return _figure(node)
    if node["t"] == "Image":
        return [_image(node)]
    if node["t"] == "Table":
        pandoc.lay_out(node)
    if node["t"] != "Div":
        return None
    call = next((_CALLS[name] for name in sorted(pandoc.classes(node)) if name in _CALLS), None)
    if call is not None:
        return [_raw(f"#{call}["), *node["c"][1], _raw("]")]
    if "table-region" not in pandoc.classes(node):
        return list(node["c"][1])
    target = pandoc.attribute(node, "aria-labelledby")
    anchor = [_raw(f"#metadata(none)<{target}>")] if target else []
    if any(len(pandoc.body_rows(table)) > _SHORT for table in pandoc.below(node, "Table")):
        return [*anchor, *node["c"][1]]
    return [_raw("#block(breakable: false)["), *anchor, *node["c"][1], _raw("]")]


def _figure(node: Node) -> Blocks:
    """Keep a drawing, its caption and its notes on one page; if it is not low it may move on."""
    (name, _, _), (_, caption), blocks = node["c"]
    paragraphs = [[{"t": "Para", "c": [image]}] for image in pandoc.below(blocks, "Image")]
    notes = [block for block in blocks if _is_note(block)]
    others = [block for block in blocks if not _is_note(block) and not pandoc.below(block, "Image")]
    if not paragraphs:
        return [*caption, *blocks]
    paragraphs[-1] += notes
    label = f"<{name}>" if name else ""
    first, *further = paragraphs
    drawn = _drawing(first, caption, label)
    return [*drawn, *(part for blocks in further for part in _drawing(blocks, [], "")), *others]


def _drawing(blocks: Blocks, caption: Blocks, label: str) -> Blocks:
    height = max((pandoc.size(image)[1] for image in pandoc.below(blocks, "Image")), default=0.0)
    begin = f"#drawing(placement: {'auto' if height > _TALL else 'none'}, caption: "
    if height > _TALL:
        begin = f"#passing.update(true)\n{begin}"  # see the template
    if not caption:
        return [_raw(f"{begin}none)["), *blocks, _raw(f"]{label}")]
    return [_raw(f"{begin}["), *caption, _raw("])["), *blocks, _raw(f"]{label}")]


def _is_note(block: Node) -> bool:
    return block["t"] == "Div" and bool(pandoc.classes(block) & {"figure-note", "as-table"})


def _image(node: Node) -> Node:
    _, alternative, (source, _) = node["c"]
    width, height = pandoc.size(node)
    across = f"{width * _TALLEST / height:.1f}pt" if height > _TALLEST else "100%"
    alt = json.dumps(pandoc.text(alternative), ensure_ascii=False)
    call = f"#image({json.dumps(source)}, width: {across}, alt: {alt})"
    return {"t": "RawInline", "c": ["typst", call]}


def _raw(text: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", text]}

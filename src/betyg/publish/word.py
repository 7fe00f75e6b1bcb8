"""The report as a document for word processors, to be edited."""

import re
import tempfile
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

import typst

from betyg.publish import pandoc, pdf, whole
from betyg.publish.article import Article
from betyg.publish.pandoc import Blocks, Node

_PIXELS_PER_INCH = 200
_WIDE, _TALLEST = 17.0, 22.0  # cm
_STYLES = {"figure-note": "Note", "table-note": "Note", "as-table": "Note",
           "figure-title": "Image Caption", "figure-subtitle": "Figure Subtitle"}  # fmt: skip
_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")
_CELL = re.compile(rb"<w:tc>.*?</w:tc>", re.S)
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def of_article(article: Article) -> bytes:
    """Return an article as DOCX: the same bytes each time.

    Figures are pictures with alt text; the headings of a table are repeated on each page.
    """
    tree = pandoc.replaced(pandoc.read(article), _in_word)
    if article.synthetic:
        said = f"{article.synthetic} {article.banner}"
        banner = [{"t": "Para", "c": [{"t": "Str", "c": said}]}]
        tree["blocks"].insert(0, _styled("Banner", banner))
    tree["meta"] = {
        "title": {"t": "MetaString", "c": article.full_title},
        "lang": {"t": "MetaString", "c": article.language},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for image, content in pictures(article.images).items():
            (folder / image).write_bytes(content)
        (folder / "reference.docx").write_bytes(_reference(article))
        options = ["--to=docx", "--reference-doc=reference.docx", "--output=-"]
        written = whole.parts(pandoc.write(tree, options, folder=folder))
    core = "docProps/core.xml"
    written[core] = _TIMES.sub(b"", written[core]).replace(
        b"<dc:creator></dc:creator>", b"<dc:creator>betyg</dc:creator>"
    )
    written["word/document.xml"] = _with_tables(written["word/document.xml"])
    return whole.archive(dict(sorted(written.items())))


def pictures(images: dict[str, bytes]) -> dict[str, bytes]:
    """Return images in forms that every word processor shows: drawings become PNG."""
    drawn = [name for name in images if name.endswith(".svg")]
    if not drawn:
        return images
    page = "#set page(width: auto, height: auto, margin: 0pt)\n"
    source = page + "#pagebreak()\n".join(f'#image("{name}", width: 17cm)\n' for name in drawn)
    with tempfile.TemporaryDirectory() as folder:
        for name in drawn:
            Path(folder, name).write_bytes(images[name])
        Path(folder, "pictures.typ").write_text(source, encoding="utf-8")
        made = typst.compile(
            str(Path(folder, "pictures.typ")), root=folder, format="png", ppi=_PIXELS_PER_INCH,
            font_paths=pdf.fonts(), ignore_system_fonts=True,
        )  # fmt: skip
    several = made if isinstance(made, list) else [made]
    painted = {_png(name): png for name, png in zip(drawn, several, strict=True)}
    return {name: content for name, content in images.items() if name not in drawn} | painted


def _png(name: str) -> str:
    return name.removesuffix(".svg") + ".png" if name.endswith(".svg") else name


def _in_word(node: Node) -> Blocks | None:
    """Say in pandoc's words which style each part has, and keep captions as paragraphs."""
    if node["t"] == "Figure":
        attributes, (_, caption), blocks = node["c"]
        return [*caption, *blocks] if not attributes[0] else [_div(attributes[0], caption), *blocks]
    if node["t"] == "Image":
        _, alternative, (source, title) = node["c"]
        if "sized" in node["c"][0][1]:
            return None
        width, height = pandoc.size(node)
        across = _WIDE * min(1, _TALLEST * width / height / _WIDE) if height else _WIDE
        attributes = ["", ["sized"], [["width", f"{across:.2f}cm"]]]
        return [{"t": "Image", "c": [attributes, alternative, [_png(source), title]]}]
    if node["t"] == "Table":
        pandoc.lay_out(node)
    if node["t"] != "Div" or "custom-style" in dict(node["c"][0][2]):
        return None
    style = next((_STYLES[n] for n in sorted(pandoc.classes(node)) if n in _STYLES), None)
    if style is not None:
        return [_styled(style, node["c"][1])]
    target = pandoc.attribute(node, "aria-labelledby")
    return [_div(target, node["c"][1])] if target else None


def _styled(style: str, blocks: Blocks) -> Node:
    return {"t": "Div", "c": [["", [], [["custom-style", style]]], blocks]}


def _div(name: str, blocks: Blocks) -> Node:
    return {"t": "Div", "c": [[name, [], []], blocks]}


def _with_tables(document: bytes) -> bytes:
    """Mark the first column of each table as headings, keep rows whole, and set it in small type.

    Pandoc has no words for this.
    """
    marked = document.replace(b'w:firstColumn="0"', b'w:firstColumn="1"')
    marked = marked.replace(b'w:val="0020" />', b'w:val="00A0" />')
    marked = marked.replace(b"<w:tr><w:trPr>", b"<w:tr><w:trPr><w:cantSplit/>").replace(
        b"<w:tr><w:tc>", b"<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>"
    )
    return _CELL.sub(lambda cell: cell[0].replace(b'"Compact"', b'"TableText"'), marked)


@cache
def _pandocs_own() -> dict[str, bytes]:
    return whole.parts(pandoc.run(["--print-default-data-file=reference.docx"]))


def _reference(article: Article) -> bytes:
    """Return a document whose styles, paper, running head and page numbers pandoc takes over."""
    own = dict(_pandocs_own())
    folder = files("betyg.publish") / "template"
    styles = own["word/styles.xml"].decode()
    for name, style in _styles((folder / "word-styles.xml").read_text("utf-8")):
        styles = re.sub(rf'<w:style [^>]*w:styleId="{name}".*?</w:style>', "", styles, flags=re.S)
        styles = styles.replace("</w:styles>", f"{style}\n</w:styles>")
    styles = styles.replace('w:lang w:val="en-US"', f'w:lang w:val="{article.language}"')
    own["word/styles.xml"] = styles.encode()
    banner = f"{article.title} \u2013 {article.synthetic}" if article.synthetic else article.title
    for part in ("header", "footer"):
        text = (folder / f"word-{part}.xml").read_text("utf-8").replace("{text}", escape(banner))
        own[f"word/{part}1.xml"] = text.encode()
    own["word/_rels/document.xml.rels"] = own["word/_rels/document.xml.rels"].replace(
        b"</Relationships>", "".join(_relations()).encode() + b"</Relationships>"
    )
    own["[Content_Types].xml"] = own["[Content_Types].xml"].replace(
        b"</Types>", "".join(_types()).encode() + b"</Types>"
    )
    section = (folder / "word-section.xml").read_bytes()
    own["word/document.xml"] = re.sub(
        rb"<w:sectPr>.*?</w:sectPr>", section, own["word/document.xml"], flags=re.S
    )
    return whole.archive(own)


def _styles(text: str) -> list[tuple[str, str]]:
    found = re.findall(r'(<w:style [^>]*w:styleId="([^"]+)".*?</w:style>)', text, flags=re.S)
    return [(name, style) for style, name in found]


def _relations() -> list[str]:
    return [
        f'<Relationship Type="{_LINK}/{part}" Id="rId-{part}" Target="{part}1.xml"/>'
        for part in ("header", "footer")
    ]


def _types() -> list[str]:
    return [
        f'<Override PartName="/word/{part}1.xml" ContentType="{_PART}.{part}+xml"/>'
        for part in ("header", "footer")
    ]

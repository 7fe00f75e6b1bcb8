"""A finished page taken apart for other forms: its words, its drawings, its tables at the end.

The forms are made from the page that readers get, so that no form can say anything else.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from itertools import pairwise

from betyg.publish.language import Language

_PICTURE = re.compile(r'src="data:image/(png|jpeg|svg\+xml);base64,([^"]+)"')
_PICKER = re.compile(r'<p id="picker".*?</p>', re.S)  # works on a screen only
_TALLEST = 720.0  # points; what is taller does not fit on a page, even if made a little smaller
_PIECE = 640.0  # points; leaves room for the title above and the notes below
_ASCENT = 5.0  # points by which the middle of a line of text lies above its baseline
_FAMILY = "DejaVu Sans"  # the letters that the drawings were measured with; matplotlib brings them


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The words and drawings of a page.

    Attributes
    ----------
    title : str
        Heading of the report.
    language : str
        Code of its language.
    synthetic : str
        The sentence that says that the data are synthetic; empty for real data.
    banner : str
        What else is said of synthetic data on top of the page.
    body : str
        HTML of the contents, with an ``img`` for each drawing (its size in points) and named
        tables at the end.
    images : dict of str to bytes
        Drawings and pictures by file name; SVG in plain colours and with a typeface of its own.
    """

    title: str
    language: str
    synthetic: str
    banner: str
    body: str
    images: dict[str, bytes]

    @property
    def full_title(self) -> str:
        """The title as it stands in lists of files: it says when the data are synthetic."""
        words = Language(self.language)
        return f"{self.title} ({words.text('synthetic data')})" if self.synthetic else self.title


def of_page(page: str) -> Article:
    """Take a page apart that :func:`betyg.publish.document.page` has made."""
    language = _between(page, '<html lang="', '"')
    words = Language(language)
    banner = unescape(_plain(_between(page, '<p class="banner">', "</p>")))
    synthetic = words.text("Synthetic data: made for demonstration.") if banner else ""
    images: dict[str, bytes] = {}
    main = _PICKER.sub("", _between(page, '<main id="content" tabindex="-1">', "</main>"))
    body, tables = _tables_last(_with_pictures(_with_drawings(main, images), images))
    if tables:
        body += f"<h2>{escape(words.text('The figures as tables'))}</h2>{''.join(tables)}"
    return Article(
        title=unescape(_plain(_between(page, "<h1>", "</h1>"))),
        language=language,
        synthetic=synthetic,
        banner=banner.removeprefix(synthetic).strip(),
        body=re.sub(r'<p class="([\w-]+)">(.*?)</p>', r'<div class="\1"><p>\2</p></div>', body,
                    flags=re.S),
        images=images,
    )  # fmt: skip


def _between(page: str, start: str, end: str) -> str:
    return page.partition(start)[2].partition(end)[0]


def _plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def _with_drawings(body: str, images: dict[str, bytes]) -> str:
    """Put an image in the place of each drawing; those for telephones are left out."""
    parts: list[str] = []
    end = 0
    for start, stop in _outermost(body):
        before = body[end:start]
        parts.append(before)
        end = stop
        if before.endswith('<div class="plot narrow">'):
            continue
        svg = body[start:stop]
        alt = _between(svg, 'aria-label="', '"')
        pieces = _pieces(_on_its_own(svg))
        for number, piece in enumerate(pieces, start=1):
            name = f"image-{len(images) + 1:02d}.svg"
            images[name] = piece.encode()
            which = f" ({number}/{len(pieces)})" if len(pieces) > 1 else ""
            size = re.findall(r' (width|height)="([\d.]+)pt"', piece.partition(">")[0])
            measures = "".join(f' {side}="{float(points):.0f}"' for side, points in size)
            parts.append(f'<p><img src="{name}" alt="{alt}{which}"{measures}></p>')
    return "".join([*parts, body[end:]])


def _pieces(svg: str) -> list[str]:
    """Cut a drawing that is taller than a page where most room is between two lines of text."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if box is None or float(box[2]) <= _TALLEST:
        return [svg]
    height = float(box[2])
    lines = sorted({float(y) for y in re.findall(r'<text [^>]*\by="([\d.]+)"', svg)})
    cuts = [0.0]
    while height - cuts[-1] > _TALLEST:
        within = [
            (below - above, (above + below - _ASCENT) / 2) for above, below in pairwise(lines)
            if cuts[-1] + 0.4 * _TALLEST < above and below < cuts[-1] + _PIECE
        ]  # fmt: skip
        cuts.append(max(within)[1] if within else cuts[-1] + _PIECE)
    return [_piece(svg, box[0], top, below) for top, below in pairwise([*cuts, height])]


def _piece(svg: str, box: str, top: float, below: float) -> str:
    tall = below - top
    width = box.split()[2]
    shown = svg.replace(box, f'viewBox="0 {top:.2f} {width} {tall:.2f}"', 1)
    return re.sub(r' height="[\d.]+pt"', f' height="{tall:.2f}pt"', shown, count=1)


def _with_pictures(body: str, images: dict[str, bytes]) -> str:
    """Take the pictures that the page holds as data out into files."""

    def named(found: re.Match[str]) -> str:
        name = f"image-{len(images) + 1:02d}.{found[1].partition('+')[0]}"
        images[name] = b64decode(found[2])
        return f'src="{name}"'

    return _PICTURE.sub(named, body)


def _outermost(body: str) -> Iterator[tuple[int, int]]:
    """Give where each drawing begins and ends; one may lie in another."""
    depth, begin = 0, 0
    for tag in re.finditer(r"<svg\b[^>]*?(/?)>|</svg>", body):
        if tag[0] != "</svg>":
            begin = begin if depth else tag.start()
            depth += 0 if tag[1] else 1
        elif depth:
            depth -= 1
            if not depth:
                yield begin, tag.end()


def _on_its_own(svg: str) -> str:
    """Give a drawing what the page's style sheet gave it: colours, a typeface, a name space."""
    plain = re.sub(r"var\(--[\w-]+,\s*([^)]+)\)", r"\1", svg)
    root = f'<svg font-family="{_FAMILY}"'
    if "xmlns=" not in plain.partition(">")[0]:
        root += ' xmlns="http://www.w3.org/2000/svg"'
    return plain.replace("<svg", root, 1)


def _tables_last(body: str) -> tuple[str, list[str]]:
    """Return the body with a link for each folded table, and those tables."""
    tables: list[str] = []

    def link(fold: re.Match[str]) -> str:
        label, content = fold[1], fold[2]
        name = re.search(r'aria-labelledby="([^"]+)"', content)
        if name is None:
            return f"<p><strong>{label}</strong></p>{content}"
        tables.append(content)
        return f'<p class="as-table"><a href="#{name[1]}">{label}</a></p>'

    folds = r"<details>\s*<summary>(.*?)</summary>(.*?)</details>"
    return re.sub(folds, link, body, flags=re.S), tables

"""A published figure: its drawing, its words and the table it was drawn from."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from io import BytesIO
from itertools import pairwise
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from betyg.errors import ParameterError
from betyg.publish import plain, sentence
from betyg.publish.plain import PlainTable
from betyg.publish.table import Table

POINTS_PER_CM = 72 / 2.54
WIDE = 17 * POINTS_PER_CM  # a printed column, and a screen
FIXED_WHITE = "#fffffe"  # stays white on a dark page, unlike paper
NARROW = 8.5 * POINTS_PER_CM  # half a column, and a telephone
HAIR = 0.01  # points: less is rounding
TEXT = 9.0  # points; the least that may be printed
LEADING = 11.5

# Named once; the page redefines them for a dark background (template/style.css).
COLOURS = {
    "ink": "#1f2328",
    "soft": "#57606a",
    "grid": "#d5dae0",
    "paper": "#ffffff",
    "accent": "#0b5fa5",
    "rest": "#7d8794",
    "low": "#b35806",
    "low-soft": "#eeb479",
    "middle": "#e4e1da",
    "high-soft": "#92bfe0",
    "high": "#1f69b0",
    "absent": "#b9c0c8",
}
INK, SOFT, GRID, ACCENT = (COLOURS[c] for c in ("ink", "soft", "grid", "accent"))

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same measures everywhere
    "font.size": TEXT,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": INK,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "hatch.linewidth": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # text stays text: searchable, small, in the page's typeface
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with everything that a reader needs, whichever way it is read.

    Parameters
    ----------
    name : str
        Unique on its page; letters, digits and hyphens.
    title : str
        The finding, as a claim computed from the data.
    subtitle : str
        What is measured, for whom, when, on how many answers.
    note : str
        Source, reading aids, what is left out, and that data are synthetic.
    alt : str
        Form, what is compared, the largest, the smallest, the trend, n.
    svg : str
        The drawing, 17 cm wide.
    svg_narrow : str
        The drawing, 8.5 cm wide, for telephones and half columns.
    table : Table
        The numbers of the drawing.
    table_label : str
        What unfolds the table, such as "The figure as a table".
    """

    name: str
    title: str
    subtitle: str
    note: str
    alt: str
    svg: str
    svg_narrow: str
    table: Table
    table_label: str

    def __post_init__(self) -> None:
        for part in ("title", "alt", "svg"):
            if not getattr(self, part).strip():
                raise ParameterError(
                    f"figure '{self.name}': no {part}. A figure is published with its finding as "
                    "title and with alt text that says what it shows; write it from the same frame."
                )

        sentence.check(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the figure says of the data: its title, and what stands above and below it."""
        return tuple(text for text in (self.title, self.subtitle, self.note) if text)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return plain.bundle([self.plain()]) | sentence.bundle(self.sentences)

    def plain(self) -> PlainTable:
        """Return the numbers of the drawing in machine form, with what the figure notes."""
        return replace(self.table.plain(), note=self.note)

    def _repr_html_(self) -> str:
        plots = "".join(
            f'<div class="plot {size}">{for_page(svg, alt=self.alt)}</div>'
            for size, svg in (("wide", self.svg), ("narrow", self.svg_narrow))
            if svg
        )
        note = f'<p class="figure-note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<figure class="figure" id="figure-{self.name}">'
            f'<figcaption><p class="figure-title">{escape(self.title)}</p>'
            f'<p class="figure-subtitle">{escape(self.subtitle)}</p></figcaption>'
            f"{plots}{note}<details><summary>{escape(self.table_label)}</summary>"
            f"{self.table.html()}</details></figure>"
        )


@contextmanager
def drawing(*, width: float, height: float) -> Iterator[Canvas]:
    """Give an empty canvas, in points, in the house style whatever the user's own settings."""
    with matplotlib.style.context("default", after_reset=True), rc_context(_STYLE):
        yield Canvas(figsize=(width / 72, height / 72), dpi=72)


def area(canvas: Canvas, *, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in points from the lower left corner."""
    across, up = canvas.get_figwidth() * 72, canvas.get_figheight() * 72
    axes = canvas.add_axes((left / across, bottom / up, width / across, height / up))
    axes.tick_params(length=0)
    return axes


def to_svg(canvas: Canvas, *, name: str) -> str:
    """Write a drawing as SVG: the same bytes each time, small, and with ids of its own."""
    buffer = BytesIO()
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue().decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.S
    )
    svg = re.sub(
        r' id="(?:figure|axes|patch|text|line2d|[xy]tick|matplotlib\.axis|[A-Za-z]+)_\d+"', "", svg
    )
    svg = re.sub(r"font-family: [^;\"]+(?:; )?", "", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", svg)
    svg = re.sub(r"-?\d+\.\d{2,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", svg)).strip()
    return _with_own_ids(svg, name)


def _with_own_ids(svg: str, name: str) -> str:
    """Put a mark of this drawing into its ids: a page holds many drawings."""
    mark = f"{name}-{hashlib.sha256(svg.encode()).hexdigest()[:6]}"
    for identity in sorted(set(re.findall(r' id="([^"]+)"', svg))):
        svg = svg.replace(f'id="{identity}"', f'id="{mark}-{identity}"')
        svg = svg.replace(f'"#{identity}"', f'"#{mark}-{identity}"')
        svg = svg.replace(f"url(#{identity})", f"url(#{mark}-{identity})")
    return svg


def for_page(svg: str, *, alt: str) -> str:
    """Make a drawing part of a page: an image with alt text, in the page's type and colours."""
    for name, colour in COLOURS.items():
        svg = re.sub(rf"(?<=: ){colour}\b", f"var(--{name}, {colour})", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)


@cache
def text_width(text: str, *, size: float = TEXT, bold: bool = False) -> float:
    """Measure one line of text, in points."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def wrap(text: str, *, width: float, size: float = TEXT, bold: bool = False) -> list[str]:
    """Break text into lines of at most ``width`` points, between words (and at slashes)."""
    lines = [""]
    for word in re.findall(r"\S+?(?:/(?=\w)|(?=\s)|$)\s*", text):
        longer = lines[-1] + word
        if lines[-1] and text_width(longer.rstrip(), size=size, bold=bold) > width + HAIR:
            lines.append(word)
        else:
            lines[-1] = longer
    return [line.rstrip() for line in lines]


def spread(positions: list[float], *, apart: float, low: float, high: float) -> list[float]:
    """Move labels as little as needed so that neighbours stand ``apart`` and inside the span."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = [min(max(positions[i], low), high) for i in order]
    for _ in range(100):
        moved = False
        for a, b in pairwise(range(len(placed))):
            gap = placed[b] - placed[a]
            if gap < apart - 1e-9:
                placed[a] -= (apart - gap) / 2
                placed[b] += (apart - gap) / 2
                moved = True
        placed = [min(max(p, low), high) for p in placed]
        if not moved:
            break
    result = [0.0] * len(positions)
    for i, p in zip(order, placed, strict=True):
        result[i] = p
    return result


def row_label(axes: Axes, label: str, *, y: float, room: float, lines: int = 2) -> None:
    """Write the name of a row left of the axes, each line up to its right end, cut if it must be.

    Parameters
    ----------
    y : float
        Where the row lies, in the units of the axes.
    room : float
        Points there are for it.
    lines : int
        How many lines there may be.
    """
    wrapped = wrap(label, width=room)
    if len(wrapped) > lines:
        wrapped[lines - 1] = shorten(" ".join(wrapped[lines - 1 :]) + "…", room)
    written = [shorten(line, room) for line in wrapped[:lines]]
    for i, line in enumerate(written):
        axes.annotate(
            line, (0, y), (-8, ((len(written) - 1) / 2 - i) * LEADING), ("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center_baseline",
        )  # fmt: skip


def shorten(label: str, room: float) -> str:
    """Cut a label that has no room; the table beside the figure holds it in full."""
    if text_width(label) <= room + HAIR:
        return label
    while label and text_width(label + "…") > room:
        label = label[:-1].rstrip()
    return label + "…"


def text_on(colour: str) -> str:
    """Return black or white, whichever is read more easily on a colour (WCAG contrast)."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return FIXED_WHITE if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.06 else "#111111"

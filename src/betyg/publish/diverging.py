"""Diverging bars: the middle of each scale on one line, low to the left, high to the right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from betyg.data.codebook import Scale
from betyg.publish import figure
from betyg.publish.figure import COLOURS, GRID, INK, SOFT
from betyg.publish.language import Language
from betyg.publish.naming import Names

TOP_TWO_FROM = 4  # with three answers, the two highest are nearly everybody
BAR = 15.0
SIGN = 8.0  # side of a square in the key


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One question: the share of each answer, lowest first, and what stands beside it."""

    item: str
    label: str
    theme: str
    scale: Scale
    shares: tuple[float, ...]
    top2: float
    dont_know: float
    n: float
    shown: bool
    best: Mapping[str, Any]  # the row that its favour is from

    @property
    def left(self) -> float:
        """What lies left of the middle: the low answers and half of a neutral one."""
        half, odd = divmod(len(self.shares), 2)
        return sum(self.shares[:half]) + (self.shares[half] / 2 if odd else 0.0)

    @property
    def favour(self) -> float:
        """What questions are sorted by: the share to the right of the middle."""
        return self.top2 if len(self.shares) >= TOP_TWO_FROM else self.shares[-1]


def _blocks(bars: Sequence[Bar], names: Names) -> list[tuple[Scale, list[tuple[str, list[Bar]]]]]:
    """Group bars by scale and theme: each sorted by favour, the most favoured first."""
    blocks = []
    for name in dict.fromkeys(bar.scale.scale for bar in bars):
        of_scale = [bar for bar in bars if bar.scale.scale == name]
        themes = {
            theme: [b for b in of_scale if b.theme == theme]
            for theme in dict.fromkeys(b.theme for b in of_scale)
        }
        # Those without a theme come last, or they would seem to belong to the one above.
        ordered = sorted(themes, key=lambda t: (not t, -np.mean([b.favour for b in themes[t]])))
        others = names.language.text("Other questions")
        blocks.append(
            (
                of_scale[0].scale,
                [
                    (
                        (names.theme(t) if t else others) if len(themes) > 1 else "",
                        sorted(themes[t], key=lambda b: (-b.favour, b.label)),
                    )
                    for t in ordered
                ],
            )
        )
    # Questions with degrees first: yes or no (chosen or not) is another matter.
    return sorted(blocks, key=lambda b: (b[0].k == 2, -sum(len(bars) for _, bars in b[1])))


@cache
def colours(k: int) -> tuple[str, ...]:
    """Return k colours from low to high, the middle one neutral where k is odd."""
    low, high = (COLOURS["low"], COLOURS["low-soft"]), (COLOURS["high-soft"], COLOURS["high"])
    if k <= 3:
        return {2: (COLOURS["middle"], high[1]), 3: (low[0], COLOURS["middle"], high[1])}[max(k, 2)]
    middle = [COLOURS["middle"]] if k % 2 else []
    half = k // 2
    return (
        *sns.blend_palette(low, half).as_hex(),
        *middle,
        *sns.blend_palette(high, half).as_hex(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the columns of one drawing stand, in points from its left edge."""

    width: float
    labels: float
    plot: float
    low: float
    high: float
    right: tuple[tuple[str, float], ...]

    @property
    def narrow(self) -> bool:
        return self.width < figure.WIDE

    def x(self, share: float) -> float:
        """Turn a share, counted from the middle, into points."""
        return self.labels + (share - self.low) / (self.high - self.low) * self.plot


Blocks = Sequence[tuple[Scale, list[tuple[str, list[Bar]]]]]


def _layout(blocks: Blocks, names: Names, width: float) -> _Layout:
    bars = [bar for _, themes in blocks for _, own in themes for bar in own]
    narrow = width < figure.WIDE
    widest = max(figure.text_width(bar.label) for bar in bars)
    labels = 0.0 if narrow else min(widest, 0.36 * width) + 8
    text = names.language.text
    heads = [("top2", text("Top two")), ("dont_know", text("Don’t know")), ("n", text("n"))]
    if narrow:
        heads = [heads[0], heads[2]]
    if not any(np.isfinite(bar.dont_know) for bar in bars):
        heads = [head for head in heads if head[0] != "dont_know"]
    room = {k: max(max(map(figure.text_width, h.split())), 30.0) + 8 for k, h in heads}
    right: list[tuple[str, float]] = []
    at = width
    for key, _ in reversed(heads):
        right.insert(0, (key, at))
        at -= room[key]
    return _Layout(
        width=width,
        labels=labels,
        plot=at - labels - 4,
        right=tuple(right),
        low=min(-bar.left for bar in bars),
        high=max(1 - bar.left for bar in bars),
    )


def draw(bars: Sequence[Bar], names: Names, *, width: float, name: str) -> str:
    """Draw questions as SVG, grouped by scale and theme, the most favoured first."""
    blocks = _blocks(bars, names)
    layout = _layout(blocks, names, width)
    with figure.drawing(width=width, height=width) as canvas:
        axes = figure.area(canvas, left=0, bottom=0, width=width, height=width)
        axes.set_axis_off()
        axes.set_xlim(0, width)
        height = _fill(axes, blocks, names, layout)
        canvas.set_size_inches(width / 72, height / 72)
        axes.set_ylim(height, 0)
        return figure.to_svg(canvas, name=f"{name}-{int(width)}")


def _fill(axes: Axes, blocks: Blocks, names: Names, layout: _Layout) -> float:
    """Draw from the top downwards; return how far down that went."""
    y = 0.0
    for number, (scale, themes) in enumerate(blocks):
        y = _key(axes, scale, names, layout, y + (14 if number else 0))
        known = any(np.isfinite(bar.dont_know) for _, bars in themes for bar in bars)
        y = _heads(axes, scale, names, layout, y, known=known)
        for theme, bars in themes:
            if theme:
                axes.text(0, y + 10, theme, fontweight="bold", va="baseline")
                y += 17
            for bar in bars:
                y = _bar(axes, bar, names.language, layout, y)
            y += 5
    return y


def _key(axes: Axes, scale: Scale, names: Names, layout: _Layout, y: float) -> float:
    """Write the answers with their colours, in as many lines as it takes."""
    x = 0.0
    for answer, colour in zip(scale.answers, colours(scale.k), strict=True):
        label = str(names.survey.label(answer, names.language.code))
        need = SIGN + 4 + figure.text_width(label) + 12
        if x and x + need - 12 > layout.width:
            x, y = 0.0, y + figure.LEADING + 2
        axes.add_artist(Rectangle((x, y + 1.5), SIGN, SIGN, fc=colour, ec="none"))
        axes.text(x + SIGN + 4, y + 9, label, color=SOFT, va="baseline")
        x += need
    return y + figure.LEADING + 8


def _heads(
    axes: Axes, scale: Scale, names: Names, layout: _Layout, y: float, *, known: bool
) -> float:
    """Write what the numbers at the right are; don't-know only where it could be answered."""
    text = names.language.text
    heads = {"top2": text("Top two"), "dont_know": text("Don’t know"), "n": text("n")}
    if scale.k < TOP_TWO_FROM:
        heads["top2"] = ""
    if not known:
        heads["dont_know"] = ""
    lines = {key: heads[key].split(" ") for key, _ in layout.right}
    deepest = max(len(parts) for parts in lines.values())
    for key, x in layout.right:
        for i, part in enumerate(reversed(lines[key])):
            axes.text(
                x,
                y + 9 + (deepest - 1 - i) * figure.LEADING,
                part,
                color=SOFT,
                ha="right",
                va="baseline",
            )
    return y + deepest * figure.LEADING + 4


def _bar(axes: Axes, bar: Bar, language: Language, layout: _Layout, y: float) -> float:
    """Draw one question: label, bar and the numbers at the right; return where the next begins."""
    room = layout.width if layout.narrow else layout.labels - 8
    lines = figure.wrap(bar.label, width=room)
    if layout.narrow:
        for line in lines:
            axes.text(0, y + 9, line, va="baseline")
            y += figure.LEADING
        y += 2
        middle, bottom = y + BAR / 2, y + BAR + 8
    else:
        tall = max(BAR + 5, len(lines) * figure.LEADING + 5)
        middle, bottom = y + tall / 2, y + tall
        first = middle - (len(lines) - 1) * figure.LEADING / 2
        for i, line in enumerate(lines):
            axes.text(
                layout.labels - 8,
                first + i * figure.LEADING,
                line,
                ha="right",
                va="center_baseline",
            )
    _segments(axes, bar, language, layout, middle)
    for key, x in layout.right:
        written = _beside(bar, key, language)
        axes.text(
            x,
            middle,
            written,
            ha="right",
            va="center_baseline",
            color=INK if key == "top2" else SOFT,
        )
    axes.plot([layout.labels, layout.width], [bottom] * 2, color=GRID, lw=0.4, zorder=0)
    return bottom


def _segments(axes: Axes, bar: Bar, language: Language, layout: _Layout, middle: float) -> None:
    # Behind the bar, so that it does not cross the number in the neutral part.
    ends = [middle - BAR / 2 - 2.5, middle + BAR / 2 + 2.5]
    axes.plot([layout.x(0)] * 2, ends, color=INK, lw=0.9, zorder=0.5)
    at = -bar.left
    for share, colour in zip(bar.shares, colours(len(bar.shares)), strict=True):
        x0, x1 = layout.x(at), layout.x(at + share)
        axes.add_artist(Rectangle((x0, middle - BAR / 2), x1 - x0, BAR, fc=colour, ec="none"))
        label = language.number(100 * share)
        if x1 - x0 > figure.text_width(label) + 5:
            axes.text(
                (x0 + x1) / 2,
                middle,
                label,
                ha="center",
                va="center_baseline",
                zorder=4,
                color=figure.text_on(colour),
            )
        at += share


def _beside(bar: Bar, key: str, language: Language) -> str:
    if key == "n":
        return language.integer(int(bar.n))
    value = bar.top2 if key == "top2" else bar.dont_know
    if not np.isfinite(value) or (key == "top2" and len(bar.shares) < TOP_TWO_FROM):
        return ""
    return language.percent(value)

"""The drawing of the priority matrix: fields in words, error crosses, labels that do not meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from betyg.publish import figure, naming, placement
from betyg.publish.agencies import axis_span
from betyg.publish.figure import ACCENT, COLOURS, INK, LEADING, SOFT
from betyg.publish.language import Language, msgid
from betyg.publish.placement import Box

HEAD: Final = 20.0
FOOT: Final = 38.0
SIDE: Final = 26.0
EDGE: Final = 18.0  # half of the last number of the axis
SYMBOL: Final = 4.0
MARGIN: Final = 4.0  # between the words of a field and the edge
LEADER_FROM: Final = 16.0  # points between symbol and label
ROOMS: Final = (0.34, 0.24)  # width of a label, as a share of the drawing
AWAY_FROM_EDGE: Final = 12.0  # points of score: room for the words of a field

FIELDS: Final[Mapping[str, str]] = {
    "prioritise": msgid("prioritise"),
    "improve_if_possible": msgid("improve if possible"),
    "keep": msgid("keep"),
    "lower_priority": msgid("lower priority"),
    "cannot_tell": msgid("cannot tell"),
}
CORNERS: Final = {
    "keep": (0, 1),
    "improve_if_possible": (1, 1),
    "lower_priority": (0, 0),
    "prioritise": (1, 0),
}


def score_span(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the part of 0-100 that holds every interval, the dividing line well inside."""
    line = rows["score_line"].iloc[0]
    low, high = axis_span(
        pd.DataFrame(
            {
                "estimate": rows["score"],
                "ci_low": rows["score_ci_low"].clip(upper=line - AWAY_FROM_EDGE),
                "ci_high": rows["score_ci_high"].clip(lower=line + AWAY_FROM_EDGE),
            }
        )
    )
    return low, high


def _share_span(rows: pd.DataFrame) -> tuple[float, float]:
    """Return from nothing to the largest interval, at least twice the dividing line."""
    most = max(float(rows["ci_high"].max()), 1.8 * float(rows["importance_line"].iloc[0]))
    return 0.0, min(np.ceil(most * 20 + 0.2) / 20, 1.0)


def half_zone(estimate: pd.Series, low: pd.Series, high: pd.Series, line: float) -> float:
    """Return how far from a dividing line the zone reaches where it cannot be told.

    The typical half-interval, moved as little as needed so that those whose interval holds the
    line lie inside and, where that can be, the others outside.
    """
    apart = (estimate - line).abs()
    undecided = (low <= line) & (line <= high)
    typical = float(((high - low) / 2).median())
    if (~undecided).any():
        typical = min(typical, float(apart[~undecided].min()))
    return max(typical, float(apart[undecided].max()) if undecided.any() else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How data become points in the drawing's area."""

    width: float
    height: float
    across: tuple[float, float]
    up: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        (left, right), (low, high) = self.across, self.up
        return (x - left) / (right - left) * self.width, (y - low) / (high - low) * self.height


def draw(rows: pd.DataFrame, language: Language, *, name: str, width: float) -> str:
    """Draw the matrix as SVG.

    Parameters
    ----------
    rows : DataFrame
        The table of drivers of one scope, and label.
    language : Language
        The reader's.
    name : str
        Of the figure.
    width : float
        In points; the height follows.
    """
    scale = _Scale(
        width=width - SIDE - EDGE, height=0.3 * width + 0.75 * figure.NARROW,
        across=_share_span(rows), up=score_span(rows),
    )  # fmt: skip
    words = _corner_words(rows, scale, language)
    labelled = _labels(rows, scale, [box for _, box in words], width=width)
    foot = FOOT + len(labelled.key) * LEADING
    with figure.drawing(width=width, height=HEAD + scale.height + foot) as canvas:
        axes = figure.area(canvas, left=SIDE, bottom=foot, width=scale.width, height=scale.height)
        axes.set_xlim(*scale.across)
        axes.set_ylim(*scale.up)
        _zones(axes, rows)
        for text, box in words:
            outer = 0.0 if box.left == MARGIN else scale.width
            _write(axes, text, box, towards=outer, color=SOFT, fontweight="bold")
        for row, text, box in zip(
            naming.records(rows), labelled.texts, labelled.boxes, strict=True
        ):
            point = scale.at(row["importance"], row["score"])
            _leader(axes, box, point)
            _cross(axes, row)
            _write(axes, text, box, towards=point[0], color=INK)
        for at, line in enumerate(labelled.key):
            _beside(axes, line, (0, 0), (-SIDE, -FOOT - at * LEADING), ha="left", va="top")
        _axis(axes, language)
        return figure.to_svg(canvas, name=f"{name}-{int(width)}")


def _corner_words(rows: pd.DataFrame, scale: _Scale, language: Language) -> list[tuple[str, Box]]:
    """Return the words of the four fields, each in its corner, no wider than the field."""
    middle, _ = scale.at(rows["importance_line"].iloc[0], scale.up[0])
    found = []
    for field, (right, top) in CORNERS.items():
        room = (scale.width - middle if right else middle) - 8
        lines = figure.wrap(language.text(FIELDS[field]).upper(), width=room, bold=True)
        wide = max(figure.text_width(line, bold=True) for line in lines)
        high = len(lines) * LEADING
        left = scale.width - wide - MARGIN if right else MARGIN
        bottom = scale.height - high - 2 if top else 3.0
        box = Box(left=left, bottom=bottom, right=left + wide, top=bottom + high)
        found.append(("\n".join(lines), box))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """What stands beside the symbols, and where; ``key`` explains numbers, if there are any."""

    texts: list[str]
    boxes: list[Box]
    key: list[str]


def _labels(rows: pd.DataFrame, scale: _Scale, words: list[Box], *, width: float) -> _Labels:
    """Place each theme's name beside its symbol; where they do not fit, numbers stand there."""
    points = [scale.at(x, y) for x, y in zip(rows["importance"], rows["score"], strict=True)]
    symbols = [placement.around(point, SYMBOL + 1) for point in points]
    area = Box(left=0.0, bottom=0.0, right=scale.width, top=scale.height)
    lines = [arm for row in naming.records(rows) for arm in _arms(row, scale)]
    lines += _dividing(rows, scale)
    for room in ROOMS:
        wrapped = [figure.wrap(label, width=max(room * scale.width, 62)) for label in rows["label"]]
        sizes = [_size(lines) for lines in wrapped]
        boxes = placement.place(points, sizes, area=area, taken=[*symbols, *words], crossed=lines)
        if boxes:
            return _Labels(texts=["\n".join(lines) for lines in wrapped], boxes=boxes, key=[])
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    sizes = [_size([number]) for number in numbers]
    boxes = placement.place(points, sizes, area=area, taken=symbols) or symbols
    named = [f"{n}  {label}" for n, label in zip(numbers, rows["label"], strict=True)]
    key = [line for text in named for line in figure.wrap(text, width=width)]
    return _Labels(texts=numbers, boxes=boxes, key=key)


def _size(lines: list[str]) -> tuple[float, float]:
    return max(map(figure.text_width, lines)), len(lines) * LEADING


def _arms(row: dict[str, Any], scale: _Scale) -> tuple[Box, Box]:
    """Return the two arms of an error cross as thin boxes."""
    left, y = scale.at(row["ci_low"], row["score"])
    right, _ = scale.at(row["ci_high"], row["score"])
    x, low = scale.at(row["importance"], row["score_ci_low"])
    _, high = scale.at(row["importance"], row["score_ci_high"])
    return (
        Box(left=left, right=right, bottom=y - 1, top=y + 1),
        Box(left=x - 1, right=x + 1, bottom=low, top=high),
    )


def _dividing(rows: pd.DataFrame, scale: _Scale) -> tuple[Box, Box]:
    """Return the dividing lines as thin boxes."""
    x, y = scale.at(rows["importance_line"].iloc[0], rows["score_line"].iloc[0])
    return (
        Box(left=x - 1, right=x + 1, bottom=0.0, top=scale.height),
        Box(left=0.0, right=scale.width, bottom=y - 1, top=y + 1),
    )


def _zones(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the dividing lines, and shade where the margin of error reaches them."""
    across, up = rows["importance_line"].iloc[0], rows["score_line"].iloc[0]
    wide = half_zone(rows["importance"], rows["ci_low"], rows["ci_high"], across)
    high = half_zone(rows["score"], rows["score_ci_low"], rows["score_ci_high"], up)
    (left, right), (low, top) = axes.get_xlim(), axes.get_ylim()
    shade: dict[str, Any] = {"color": COLOURS["grid"], "alpha": 0.45, "lw": 0, "zorder": -2}
    # One shape beside the other: where they overlapped the shade would be darker.
    axes.add_patch(Rectangle((across - wide, low), 2 * wide, top - low, **shade))
    for start, end in ((left, across - wide), (across + wide, right)):
        if end > start:
            axes.add_patch(Rectangle((start, up - high), end - start, 2 * high, **shade))
    axes.axvline(across, color=SOFT, lw=0.9, zorder=1)
    axes.axhline(up, color=SOFT, lw=0.9, zorder=1)


def _cross(axes: Axes, row: dict[str, Any]) -> None:
    decided = row["field"] != "cannot_tell"
    colour = ACCENT if decided else COLOURS["rest"]
    x, y = row["importance"], row["score"]
    axes.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=1.5, alpha=0.8, zorder=3)
    axes.plot([x, x], [row["score_ci_low"], row["score_ci_high"]], color=colour, lw=1.5,
              alpha=0.8, zorder=3)  # fmt: skip
    axes.plot(x, y, "o", ms=2 * SYMBOL - 1.5, mew=1.3, color=colour, zorder=4,
              mfc=colour if decided else COLOURS["paper"])  # fmt: skip


def _leader(axes: Axes, box: Box, point: tuple[float, float]) -> None:
    """Draw a thin line to a label that stands away from its symbol."""
    end = box.nearest(point)
    if np.hypot(end[0] - point[0], end[1] - point[1]) < LEADER_FROM:
        return
    axes.annotate("", end, point, "axes points", "axes points", zorder=2,
                  arrowprops={"arrowstyle": "-", "lw": 0.7, "color": SOFT,
                              "shrinkA": 0, "shrinkB": 1})  # fmt: skip


def _write(axes: Axes, text: str, box: Box, *, towards: float, **style: Any) -> None:
    """Write into a box, from the side that is nearer to ``towards``: pages have narrower type."""
    side = "left" if box.left >= towards else "right" if box.right <= towards else "center"
    x = {"left": box.left, "right": box.right, "center": (box.left + box.right) / 2}[side]
    for at, line in enumerate(text.split("\n")):
        middle = box.top - placement.PADDING - (at + 0.5) * LEADING
        axes.annotate(line, (x, middle), xycoords="axes points", ha=side, va="center_baseline",
                      zorder=5, **style)  # fmt: skip


def _beside(
    axes: Axes, text: str, at: tuple[float, float], away: tuple[float, float], *, ha: str, va: str
) -> None:
    axes.annotate(text, at, away, "axes fraction", textcoords="offset points", ha=ha, va=va)


def _axis(axes: Axes, language: Language) -> None:
    low, high = axes.get_ylim()
    most = axes.get_xlim()[1]
    ticks = np.arange(low, high + 1, 10 if high - low <= 60 else 20)
    axes.set_yticks(ticks, [language.number(tick) for tick in ticks])
    axes.tick_params(axis="y", labelcolor=SOFT)
    axes.tick_params(axis="x", pad=5)
    shares = np.arange(0.0, most + 1e-9, 0.1 if most <= 0.6 else 0.2)
    axes.set_xticks(shares, [language.percent(share) for share in shares])
    _beside(axes, language.text("Score"), (0, 1), (-SIDE, 6), ha="left", va="bottom")
    _beside(axes, language.text("Importance: share of what is explained"), (1, 0), (0, -24),
            ha="right", va="top")  # fmt: skip

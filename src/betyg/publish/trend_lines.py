"""The drawing of lines over years: ribbons, cuts, gaps, events and labels at the ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from betyg.data.codebook import Event
from betyg.publish import figure
from betyg.publish.figure import COLOURS, GRID, INK, SOFT
from betyg.publish.naming import Names

HEIGHT = 190.0
LEFT = 26.0
HEAD = 20.0
AXIS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line: its name, its years (estimate, ci_low, ci_high, n, shown), its colour."""

    label: str
    rows: pd.DataFrame
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What the parts of one drawing share."""

    names: Names
    series: tuple[Series, ...]
    rounds: tuple[int, ...]
    breaks: tuple[int, ...]
    events: tuple[Event, ...]
    span: tuple[float, float]
    name: str
    like_for_like: pd.DataFrame | None = None  # changes of what the title speaks of

    @property
    def of_answers(self) -> bool:
        """Whether n counts answers; of published figures it counts the figures."""
        return self.names.survey.kind != "published"


def comparable_parts(rows: pd.DataFrame, breaks: Sequence[int]) -> list[pd.DataFrame]:
    """Cut a series where the question changed; years that are not shown are left out."""
    shown = rows[rows["shown"]]
    part = np.searchsorted(sorted(breaks), shown["year"], side="right")
    return [own for _, own in shown.groupby(part, sort=True)]


def unbroken_parts(
    rows: pd.DataFrame, breaks: Sequence[int], rounds: Sequence[int]
) -> list[pd.DataFrame]:
    """Cut a series where the question changed, and where a round has no value in it."""
    parts = []
    for comparable in comparable_parts(rows, breaks):
        at = np.searchsorted(rounds, comparable["year"])
        gap = np.cumsum(np.diff(at, prepend=at[0]) > 1)
        parts += [own for _, own in comparable.groupby(gap, sort=True)]
    return parts


def draw(plot: Plot, *, width: float) -> str:
    """Draw the lines as SVG."""
    labels = [_end_label(series, plot) for series in plot.series]
    right = min(max(figure.text_width(label, bold=True) for label in labels) + 10, 0.36 * width)
    wrapped = [figure.wrap(label, width=right - 10) for label in labels]
    below = _event_lines(plot, width)
    bottom = AXIS + len(below) * figure.LEADING + (8 if below else 0)
    height = HEAD + HEIGHT + bottom
    with figure.drawing(width=width, height=height) as canvas:
        axes = figure.area(
            canvas, left=LEFT, bottom=bottom, width=width - LEFT - right, height=HEIGHT
        )
        _axis(axes, plot, room=width - LEFT - right)
        for series in plot.series:
            _line(axes, series, plot)
        _end_labels(axes, plot, wrapped)
        _breaks(axes, plot)
        _events(axes, plot)
        for i, line in enumerate(below):
            y = bottom - AXIS - 8 - (i + 0.5) * figure.LEADING
            canvas.text(0, y / height, line, color=SOFT, va="center_baseline")
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _axis(axes: Axes, plot: Plot, *, room: float) -> None:
    first, last = plot.rounds[0], plot.rounds[-1]
    margin = max((last - first) * 0.04, 0.4)
    axes.set_xlim(first - margin, last + margin)
    axes.set_ylim(*plot.span)
    # As many years as there is room for, counted back from the latest.
    step = int(np.ceil(len(plot.rounds) * (figure.text_width("2000") + 8) / room))
    years = plot.rounds[::-1][::step]
    axes.set_xticks(years, [str(year) for year in years])
    low, high = plot.span
    ticks = np.arange(low, high + 1, 10)
    axes.set_yticks(ticks, [plot.names.language.number(t) for t in ticks], color=SOFT)
    axes.grid(axis="y", color=GRID, lw=0.6, zorder=0)
    axes.spines["left"].set_visible(False)
    axes.set_axisbelow(True)


def _line(axes: Axes, series: Series, plot: Plot) -> None:
    colour = COLOURS[series.colour]
    heavy = 2.2 if series.colour != "rest" else 1.6
    small = plot.names.survey.disclosure.rank
    for part in unbroken_parts(series.rows, plot.breaks, plot.rounds):
        years, values = part["year"].to_numpy(float), part["estimate"].to_numpy(float)
        low, high = part["ci_low"].to_numpy(float), part["ci_high"].to_numpy(float)
        if len(part) > 1:
            axes.fill_between(years, low, high, color=colour, alpha=0.16, lw=0, zorder=2)
        else:
            axes.plot([years[0]] * 2, [low[0], high[0]], color=colour, lw=1.4, alpha=0.6, zorder=2)
        axes.plot(years, values, color=colour, lw=heavy, zorder=3)
        few = (part["n"] < small).to_numpy()
        full = ~few if plot.of_answers else np.ones(len(part), dtype=bool)
        for chosen, face in ((full, colour), (~full, COLOURS["paper"])):
            axes.plot(years[chosen], values[chosen], "o", ms=4.5, mew=1.2, mfc=face, color=colour,
                      zorder=4)  # fmt: skip


def _end_label(series: Series, plot: Plot) -> str:
    shown = series.rows[series.rows["shown"]]
    if shown.empty:
        return series.label
    return f"{series.label} {plot.names.language.number(shown['estimate'].iloc[-1])}"


def _end_labels(axes: Axes, plot: Plot, wrapped: list[list[str]]) -> None:
    """Write the name and last value of each line at its end, moved apart where they would meet."""
    low, high = plot.span
    unit = (high - low) / HEIGHT
    ends, lines = [], []
    for series, label in zip(plot.series, wrapped, strict=True):
        shown = series.rows[series.rows["shown"]]
        if len(shown):
            ends.append(float(shown["estimate"].iloc[-1]))
            lines.append((label, series.colour))
    apart = max((len(label) for label, _ in lines), default=1) * figure.LEADING * unit
    placed = figure.spread(ends, apart=apart, low=low + 6 * unit, high=high - 6 * unit)
    for y, (label, colour) in zip(placed, lines, strict=True):
        axes.annotate(
            "\n".join(label), (1, y), (4, 0), ("axes fraction", "data"),
            textcoords="offset points", ha="left", va="center",
            color=INK if colour == "rest" else COLOURS[colour], linespacing=1.25,
            fontweight="bold" if colour == "accent" else "normal",
        )  # fmt: skip


def _breaks(axes: Axes, plot: Plot) -> None:
    """Draw a cut between the years before and after a change of the question."""
    previous = dict(zip(plot.rounds[1:], pairwise(plot.rounds), strict=True))
    for year in (y for y in plot.breaks if y in previous):
        at = sum(previous[year]) / 2
        axes.axvline(at, color=SOFT, lw=1, ls=(0, (2, 2)), zorder=1)
        axes.annotate(
            plot.names.language.text("question changed"), (at, 1), (0, 4),
            ("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom",
            color=SOFT,
        )  # fmt: skip


def _events(axes: Axes, plot: Plot) -> None:
    for mark, event in zip(_marks(plot), plot.events, strict=True):
        axes.plot(event.year, 0.025, "^", ms=6, color=INK, clip_on=False, zorder=5,
                  transform=axes.get_xaxis_transform())  # fmt: skip
        axes.annotate(
            mark, (event.year, 0.025), (0, 5), ("data", "axes fraction"),
            textcoords="offset points", ha="center", va="bottom", color=INK,
        )  # fmt: skip


def _marks(plot: Plot) -> list[str]:
    """One event needs no letter."""
    return [""] if len(plot.events) == 1 else [chr(65 + i % 26) for i in range(len(plot.events))]


def _event_lines(plot: Plot, width: float) -> list[str]:
    """Return the list of events that stands under the years."""
    survey, code = plot.names.survey, plot.names.language.code
    lines: list[str] = []
    for mark, event in zip(_marks(plot), plot.events, strict=True):
        text = f"▲{mark} {event.year}: {survey.label(event, code)}"
        lines += figure.wrap(text, width=width)
    return lines

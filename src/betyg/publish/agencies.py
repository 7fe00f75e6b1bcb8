"""Agencies compared: dots with intervals, sorted, against the mean of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.publish import claims, figure, findings, naming, standing, table, together
from betyg.publish.claims import Claim, Condition
from betyg.publish.figure import ACCENT, COLOURS, GRID, INK, SOFT, Figure
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.sentence import joined, quoted, stating
from betyg.stats import apart

TWO_COLUMNS_FROM: Final = 45
ROW = 14.5
HEAD = 26.0
FOOT = 22.0
VALUE = 34.0  # room for the number at the right
GUTTER = 14.0
PLACE = 8.0  # between the number and the column of places


def compared(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    emphasis: str | None = None,
    **where: Unpack[Where],
) -> Figure:
    """Draw every agency's estimate with its 95 % interval, the highest first.

    Parameters
    ----------
    estimates : DataFrame
        Columns agency, estimate, se, ci_low, ci_high, n, and those of year, activity, group,
        item, statistic ("mean") that there are; a row with agency "all" gives the mean line.
        Adjusted estimates have the same columns, and those of ``ranks.standings``: then the
        expected range and the places are drawn too.
    item : str
        Item or index.
    emphasis : str, optional
        Code of the agency that is drawn in the colour of emphasis.
    **where
        ``activity`` and ``group``, where not all of them.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    keys: dict[str, object] = {**MARGIN, **where, "agency": None}
    rows = naming.pick(
        estimates, survey, item=item, outcome=item, statistic="mean", year=year, **keys
    )
    rows = rows.assign(label=[names.agency(str(code)) for code in rows["agency"]])
    everyone, one = rows[rows["agency"] == ALL], rows[~rows["agency"].isin([ALL, *survey.totals])]
    drawn = one[one["shown"]].sort_values(["estimate", "label"], ascending=[False, True])
    hidden = one[~one["shown"]].sort_values("label")
    plot = _Plot(
        names=names,
        what=names.item(item),
        year=year,
        mean=_mean(everyone, drawn),
        mean_se=float(everyone["se"].iloc[0]) if len(everyone) else float("nan"),
        n=int((everyone if len(everyone) else drawn)["n"].sum()),
        has_all=len(everyone) > 0,
        span=axis_span(drawn),
        emphasis=emphasis,
        table=claims.table_of(naming.records(rows.head(1))[0]),
        name=naming.slug("agencies", item, year, *where.values(), emphasis),
    )
    return Figure(
        name=plot.name,
        title=_title(drawn, plot),
        subtitle=_subtitle(drawn, plot, activity=where.get("activity", ALL)),
        note=naming.note(
            names,
            naming.cut_axis(names, plot.span),
            naming.few_answers(names, drawn),
            *standing.notes(drawn, names),
            naming.left_out(names, list(hidden["label"])),
        ),
        alt=_alt(drawn, plot),
        svg=_draw(drawn, plot, width=figure.WIDE),
        svg_narrow=_draw(drawn, plot, width=figure.NARROW),
        table=_table(pd.concat([everyone, drawn, hidden]), plot),
        table_label=language.text("The figure as a table"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share."""

    names: Names
    what: str
    year: int
    mean: float
    mean_se: float
    n: int
    has_all: bool  # whether there is a row of all agencies
    span: tuple[float, float]
    emphasis: str | None
    table: str
    name: str

    @property
    def language(self) -> Language:
        return self.names.language


def axis_span(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the part of 0-100 that holds every interval, in whole tens, at least 30 wide."""
    low = 10 * np.floor((rows["ci_low"].fillna(rows["estimate"]).min() - 1) / 10)
    high = 10 * np.ceil((rows["ci_high"].fillna(rows["estimate"]).max() + 1) / 10)
    while high - low < 30:
        low, high = max(low - 10, 0), min(high + 10, 100)
    return max(float(low), 0.0), min(float(high), 100.0)


def _mean(everyone: pd.DataFrame, drawn: pd.DataFrame) -> float:
    if standing.is_known(drawn):
        return standing.mean_of_all(drawn)
    return float(everyone["estimate"].iloc[0]) if len(everyone) else float("nan")


def _surely_apart(rows: pd.DataFrame, plot: _Plot) -> NDArray[np.int_]:
    if standing.is_known(rows):
        return standing.surely_apart(rows)
    estimate, se = rows["estimate"].to_numpy(), rows["se"].to_numpy()
    verdict = apart.surely(estimate, se, reference=plot.mean, reference_se=plot.mean_se)
    return verdict.astype(int)


def _found(rows: pd.DataFrame, verdict: NDArray[np.int_], plot: _Plot) -> findings.Found:
    """Return the differences that would have been found, and the claim that they are these."""
    those = _those(rows, plot)
    if standing.is_known(rows):
        sizes = standing.found(rows)
        return sizes, together.detectable(plot.table, sizes, *those, part="from_mean")
    sizes = apart.found(apart.difference_se(rows["se"].to_numpy(), plot.mean_se), verdict)
    return sizes, together.detectable_together(
        plot.table, sizes, *those, reference=_everyone(rows, plot)
    )


def _title(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    if np.isnan(plot.mean) or rows["se"].isna().all() or len(rows) < 2:
        return _span(rows, plot)
    sure = _surely_apart(rows, plot)
    above, below = int((sure > 0).sum()), int((sure < 0).sum())
    numbers = {"item": plot.what, "total": language.integer(len(rows)),
               "mean": language.number(plot.mean)}  # fmt: skip
    if not above and not below:
        none = language.text(
            "{item}: none of the {total} is surely apart from the mean of all ({mean})", **numbers
        )
        said = findings.beside(none, _found(rows, sure, plot), language, "difference")
    else:
        said = language.text(
            "{item}: {above} of {total} surely above the mean of all ({mean}), {below} surely "
            "below",
            above=language.integer(above),
            below=language.integer(below),
            **numbers,
        )
    return stating(said, *_claims(rows, plot, above=above, below=below))


def _span(rows: pd.DataFrame, plot: _Plot) -> str:
    """Say from which value to which they go, where nothing tells how sure a difference is."""
    language = plot.language
    ends = [naming.records(rows)[at] for at in (-1, 0)]
    values = [claims.value(plot.table, row, "estimate") for row in ends]
    if len(rows) == 1:
        said = language.text(
            "{item}: {value}, {agency}", item=plot.what,
            value=language.number(ends[0]["estimate"]), agency=quoted(ends[0]["label"]),
        )  # fmt: skip
        return stating(said, *values)
    said = language.text(
        "{item}: {span}; how sure the differences are is not known", item=plot.what,
        span=language.range(*(row["estimate"] for row in ends)),
    )  # fmt: skip
    extremes = (
        claims.lowest(plot.table, ends[0], *_those(rows, plot)),
        claims.highest(plot.table, ends[1], *_those(rows, plot)),
    )
    return stating(said, *values, *extremes)


def _those(rows: pd.DataFrame, plot: _Plot) -> tuple[Condition, ...]:
    """Return what makes an agency one of the figure: it is shown, and no total of others."""
    same = claims.row_of(plot.table, naming.records(rows)[0] | {"agency": None})
    shown: Condition = ("shown", "==", True)
    totals: list[Condition] = [("agency", "!=", code) for code in plot.names.survey.totals]
    return (*same, shown, ("agency", "!=", ALL), *totals)


def _everyone(rows: pd.DataFrame, plot: _Plot) -> tuple[Condition, ...]:
    """Return the conditions of the row of all, against which each is set."""
    return claims.row_of(plot.table, {**naming.records(rows)[0], "agency": ALL})


def _claims(rows: pd.DataFrame, plot: _Plot, *, above: int, below: int) -> Iterator[Claim]:
    """Claim how many there are, their mean, and how many lie surely above and below it."""
    table, those, first = plot.table, _those(rows, plot), naming.records(rows)[0]
    yield claims.count(table, "agency", len(rows), *those)
    if standing.is_known(rows):
        up: Condition = ("from_mean_low", ">", 0.0)
        down: Condition = ("from_mean_high", "<", 0.0)
        yield claims.follows(table, first, {"estimate-from_mean": plot.mean})
        yield claims.count(table, "agency", above, *those, must=[up])
        yield claims.count(table, "agency", below, *those, must=[down])
        return
    reference = _everyone(rows, plot)
    yield claims.value(table, {**first, "agency": ALL, "estimate": plot.mean}, "estimate")
    for n, is_above in ((above, True), (below, False)):
        yield together.surely_apart(table, n, *those, above=is_above, reference=reference)


def _subtitle(rows: pd.DataFrame, plot: _Plot, *, activity: str) -> str:
    what = plot.language.text("{item}, 0–100 with 95% confidence interval", item=plot.what)
    who = None if activity == ALL else plot.names.activity(activity)
    where = _everyone(rows, plot) if plot.has_all else _those(rows, plot)
    base = claims.total(plot.table, "n", plot.n, *where)
    return naming.subtitle(plot.names, what=what, who=who, year=plot.year, base=base)


def _alt(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    top, bottom = rows.iloc[0], rows.iloc[-1]
    text = language.text(
        "Dot plot of {item} {year} for {total} units, sorted, from {top} {high} to {bottom} {low}.",
        item=plot.what,
        year=str(plot.year),
        total=language.integer(len(rows)),
        top=top["label"],
        high=language.number(top["estimate"]),
        bottom=bottom["label"],
        low=language.number(bottom["estimate"]),
    )
    mean = (
        ""
        if np.isnan(plot.mean)
        else language.text("Mean of all: {mean}.", mean=language.number(plot.mean))
    )
    outside = standing.alt(rows, plot.names)
    return joined(text, mean, outside, naming.answers(plot.names, plot.n))


def _table(rows: pd.DataFrame, plot: _Plot) -> table.Table:
    text = plot.language.text
    columns = [
        table.Column(source="label", label=plot.names.role("agency")),
        table.Column(source="estimate", label=plot.what, kind="score"),
        table.Column(
            source="", label=text("95% interval"), kind="score", interval=("ci_low", "ci_high")
        ),
        table.Column(source="n", label=text("Answers"), kind="count"),
    ]
    if standing.is_known(rows):
        rows = standing.with_words(rows, plot.language)
        columns[3:3] = standing.columns(rows, plot.language)
    if "extrapolated" in rows:
        outside = text("Part of the common mix that was not surveyed there")
        columns.append(table.Column(source="extrapolated", label=outside, kind="share"))
    caption = text("{item} {year}, 0–100", item=plot.what, year=str(plot.year))
    return table.build(rows, columns, plot.language, name=plot.name, caption=caption)


def _draw(rows: pd.DataFrame, plot: _Plot, *, width: float) -> str:
    """Draw one column of dots, or two beside each other where there are very many short names."""
    half = (0.2 if standing.has_places(rows) else 0.25) * (width - GUTTER)
    fits = width == figure.WIDE and max(map(figure.text_width, rows["label"])) + 8 <= half
    columns = 2 if len(rows) >= TWO_COLUMNS_FROM and fits else 1
    tall = -(-len(rows) // columns)
    each = (width - GUTTER * (columns - 1)) / columns
    places = standing.column(rows, plot.language, room=each)
    heading = standing.heading(plot.language, room=each)
    aside = max(map(figure.text_width, [*places, heading])) + PLACE if places else 0.0
    widest = max(_label_width(row, plot) for row in naming.records(rows))
    labels = min(widest + 8, (0.45 if places else 0.5) * each)
    with figure.drawing(width=width, height=HEAD + tall * ROW + FOOT) as canvas:
        for k in range(columns):
            part = rows.iloc[k * tall : (k + 1) * tall]
            axes = figure.area(
                canvas,
                left=k * (each + GUTTER) + labels,
                bottom=FOOT + (tall - len(part)) * ROW,
                width=each - labels - VALUE - aside,
                height=len(part) * ROW,
            )
            standing.draw_range(axes, part)
            for y, row in enumerate(naming.records(part)):
                _dot(axes, row, plot, y=y, room=labels - 8)
            if places:
                words = places[k * tall : (k + 1) * tall]
                standing.draw_places(axes, words, heading=heading, away=VALUE + aside - 4)
            axes.set_ylim(len(part) - 0.5, -0.5)
            _axis(axes, plot)
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _label_width(row: dict[str, Any], plot: _Plot) -> float:
    return figure.text_width(row["label"], bold=row["agency"] == plot.emphasis)


def _dot(axes: Axes, row: dict[str, Any], plot: _Plot, *, y: int, room: float) -> None:
    chosen = row["agency"] == plot.emphasis
    colour = ACCENT if chosen or plot.emphasis is None else COLOURS["rest"]
    if np.isfinite(row["ci_low"]):
        axes.plot(
            [row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=2.6 if chosen else 1.6,
            alpha=0.75, solid_capstyle="butt", zorder=3,
        )  # fmt: skip
    small = row["n"] < plot.names.survey.disclosure.rank
    axes.plot(
        row["estimate"], y, "o", ms=5.5, mew=1.3, color=colour, zorder=4,
        mfc=COLOURS["paper"] if small else colour,
    )  # fmt: skip
    weight = "bold" if chosen else "normal"
    number = plot.language.number(row["estimate"])
    # Bold letters are wider, and a label is cut by the width of plain ones.
    plain = room * figure.text_width(row["label"]) / _label_width(row, plot)
    for text, x, away in ((figure.shorten(row["label"], plain), 0, -8), (number, 1, VALUE - 4)):
        axes.annotate(
            text, (x, y), (away, 0), ("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center_baseline", fontweight=weight,
        )  # fmt: skip
    axes.axhline(y, color=GRID, lw=0.5, zorder=0)


def _axis(axes: Axes, plot: _Plot) -> None:
    low, high = plot.span
    axes.set_xlim(low, high)
    ticks = np.arange(low, high + 1, 10 if high - low <= 60 else 20)
    axes.set_xticks(ticks, [plot.language.number(t) for t in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if np.isfinite(plot.mean):
        axes.axvline(plot.mean, color=INK, lw=0.9, zorder=2)
        axes.annotate(
            plot.language.text("All {mean}", mean=plot.language.number(plot.mean)),
            (plot.mean, 1), (0, 5), ("data", "axes fraction"), textcoords="offset points",
            ha="center", va="bottom", color=SOFT,
        )  # fmt: skip

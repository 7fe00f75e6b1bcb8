"""Who took part, and which questions got no answer: dots, with those of the parts in grey."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from betyg.data.study import Study
from betyg.publish import claims, disclosure, figure, naming, table
from betyg.publish.claims import Claim, Condition
from betyg.publish.figure import ACCENT, COLOURS, GRID, INK, SOFT, Figure
from betyg.publish.language import Language, sentence_case
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import joined, quoted, stating
from betyg.publish.table import Column, Table
from betyg.stats.response import KINDS

LINE = 13.0  # points that a line of a label takes
GAP = 3.5  # between rows
HEAD, TOP = 24.0, 6.0  # above the rows, with and without words on the line of all
FOOT = 22.0
VALUE = 40.0  # room for the number at the right
TENTH = 0.1


def rates(quality: pd.DataFrame, survey: Study, language: Language, *, year: int) -> Figure | None:
    """Draw how many of those asked took part, by agency and stratum, the highest share first.

    Parameters
    ----------
    quality : DataFrame
        Columns of quality.parquet: response rates of strata, agencies and of all.

    Returns
    -------
    Figure or None
        None where no sample is known, or no rate may be shown.
    """
    names, text = Names(survey, language), language.text
    rows = _participation(quality, names, year=year)
    drawn = rows[rows["shown"] & ((rows["agency"] != ALL) | (len(rows) == 1))]
    if drawn.empty:
        return None
    everyone = rows[(rows["agency"] == ALL) & rows["shown"] & (len(rows) > 1)]
    plot = _Plot(
        names=names,
        name=naming.slug("response", year),
        all=float(everyone["estimate"].iloc[0]) if len(everyone) else np.nan,
        least=survey.disclosure.response_rate,
    )
    those = _those(drawn, rows)
    what = text("Share of those asked who answered, with 95% confidence interval")
    return Figure(
        name=plot.name,
        title=_rates_title(drawn, those, language),
        subtitle=naming.subtitle(names, what=what, year=year, base=_asked(drawn, those)),
        note=naming.note(
            names,
            text(
                "Dashed line: {limit}, the least for a national comparison.",
                limit=stating(
                    language.percent(plot.least),
                    claims.declared("disclosure.response_rate", plot.least),
                ),
            ),
            text("Grey dots: strata.") if drawn["part_high"].notna().any() else "",
            naming.left_out(names, list(rows.loc[~rows["shown"], "label"])),
        ),
        alt=_rates_alt(drawn, plot, year=year),
        svg=_draw(drawn, plot, width=figure.WIDE),
        svg_narrow=_draw(drawn, plot, width=figure.NARROW),
        table=_rates_table(rows, plot, year=year),
        table_label=text("The figure as a table"),
    )


def missing(
    quality: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> Figure | None:
    """Draw for each question how many of those asked gave no answer on its scale, most first.

    What became of every question put is counted, not sampled: so there are no intervals.

    Parameters
    ----------
    quality : DataFrame
        Columns of quality.parquet: measure (answer, dont_know, not_applicable, no_answer),
        estimate (share of those asked), n (asked), by year, agency and item.

    Returns
    -------
    Figure or None
        None where nothing may be shown.
    """
    names, text = Names(survey, language), language.text
    rows = _unanswered(quality, names, year=year)
    drawn = rows[rows["shown"]]
    if drawn.empty:
        return None
    plot = _Plot(names=names, name=naming.slug("missing", year))
    what = text(
        "Share of the respondents who got the question and gave no answer on the scale, unweighted"
    )
    return Figure(
        name=plot.name,
        title=_missing_title(drawn, language, year=year),
        subtitle=naming.subtitle(names, what=what, year=year),
        note=naming.note(
            names,
            text("“Don’t know” and “not applicable” are no answers on the scale."),
            text("Grey dots: {units}.", units=_units(names)),
            naming.left_out(names, list(rows.loc[~rows["shown"], "label"])),
        ),
        alt=_missing_alt(drawn, plot, year=year),
        svg=_draw(drawn, plot, width=figure.WIDE),
        svg_narrow=_draw(drawn, plot, width=figure.NARROW),
        table=_missing_table(rows, plot, year=year),
        table_label=text("The figure as a table"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share; ``all`` and ``least`` are lines across it, or NaN."""

    names: Names
    name: str
    all: float = np.nan
    least: float = np.nan


def _units(names: Names) -> str:
    return names.agencies() or names.role("agency").lower()


def _participation(quality: pd.DataFrame, names: Names, *, year: int) -> pd.DataFrame:
    """Return the agencies, the highest rate first, and all; with the rates of their strata."""
    asked = quality[(quality["measure"] == "response_rate") & (quality["year"] == year)]
    answered = (asked["n"] * asked["estimate"]).round()
    asked = asked.assign(sample=asked["n"], n=answered, respondents=answered)
    show = names.survey.disclosure.show
    asked = disclosure.hide(asked.assign(shown=asked["shown"] & (answered >= show)), show=show)
    whole = (asked[["activity", "group"]] == ALL).all(axis="columns")
    asked = _beside_all(asked, whole & ~asked["agency"].isin(names.survey.totals), show=show)
    labels = [names.agency(str(code)) for code in asked.loc[whole, "agency"]]
    rows = _with_parts(asked[whole].assign(label=labels), asked[~whole], by="agency")
    ordered = rows.sort_values(["estimate", "label"], ascending=[False, True])
    return pd.concat([ordered[ordered["agency"] != ALL], ordered[ordered["agency"] == ALL]])


def _beside_all(rows: pd.DataFrame, whole: "pd.Series[bool]", *, show: int) -> pd.DataFrame:
    """Hide the smallest agency, too, where those that are hidden follow by subtraction."""
    single = rows[whole & (rows["agency"] != ALL) & rows["shown"]]
    total = rows.loc[whole & (rows["agency"] == ALL), "n"].sum()
    if single.empty or not 0 < total - single["n"].sum() < show:
        return rows
    smallest = rows.index == single["n"].idxmin()
    return disclosure.hide(rows.assign(shown=rows["shown"] & ~smallest), show=show)


def _unanswered(quality: pd.DataFrame, names: Names, *, year: int) -> pd.DataFrame:
    """Return the questions, that with most missing answers first; with the shares of agencies."""
    one = (quality["year"] == year) & (quality["item"] != ALL) & quality["measure"].isin(KINDS)
    kinds = quality[one].astype({"measure": "str"})
    wide = kinds.pivot(index=["agency", "item", "n"], columns="measure", values="estimate")
    shares = wide.reindex(columns=list(KINDS)).reset_index()
    shares = shares.assign(estimate=lambda of: 1.0 - of["answer"])
    shares = shares.assign(asked=shares["n"], ci_low=np.nan, ci_high=np.nan)
    shares = disclosure.hide(shares, show=names.survey.disclosure.show)
    whole = shares["agency"] == ALL
    labels = [names.item(str(code)) for code in shares.loc[whole, "item"]]
    rows = _with_parts(shares[whole].assign(label=labels), shares[~whole], by="item")
    return rows.sort_values(["estimate", "label"], ascending=[False, True])


def _with_parts(rows: pd.DataFrame, parts: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Add the shares of the parts that may be shown, the lowest and the highest of them."""
    shown = parts[parts["shown"]].groupby(by)["estimate"].agg(["min", "max", list])
    found = shown.reindex(rows[by]).set_axis(rows.index)
    return rows.assign(part_low=found["min"], part_high=found["max"], parts=found["list"])


def _rates_title(rows: pd.DataFrame, those: tuple[Condition, ...], language: Language) -> str:
    ends = [naming.records(rows)[at] for at in (0, -1)]
    named = [quoted(row["label"]) for row in ends]
    told = [language.percent(row["estimate"]) for row in ends]
    values = [claims.value("quality", row, "estimate") for row in ends]
    if len(rows) == 1:
        said = language.text("Response rate: {unit} {rate}", unit=named[0], rate=told[0])
        return stating(said, values[0])
    if told[0] == told[1]:
        return stating(language.text("Response rate: {rate} in each", rate=told[0]), *values)
    said = language.text(
        "Response rate: from {low} ({bottom}) to {high} ({top})",
        top=named[0], high=told[0], bottom=named[1], low=told[1],
    )  # fmt: skip
    extremes = claims.highest("quality", ends[0], *those), claims.lowest("quality", ends[1], *those)
    return stating(said, *values, *extremes)


def _those(drawn: pd.DataFrame, rows: pd.DataFrame) -> tuple[Condition, ...]:
    """Return what makes a rate one that is drawn: it is none of those that are not."""
    same = claims.conditions(
        measure="response_rate", year=drawn["year"].iloc[0], activity=ALL, group=ALL
    )
    left_out = [str(code) for code in rows["agency"] if code not in set(drawn["agency"])]
    return (*same, *(("agency", "!=", code) for code in left_out))


def _asked(rows: pd.DataFrame, those: tuple[Condition, ...]) -> Claim:
    """Claim how many were asked."""
    return claims.total("quality", "n", float(rows["sample"].sum()), *those)


def _missing_title(rows: pd.DataFrame, language: Language, *, year: int) -> str:
    first = naming.records(rows)[0]
    said = language.text("Most often without an answer: “{item}”", item=quoted(first["label"]))
    answered: dict[str, object] = {
        "measure": "answer", "year": year, "agency": ALL, "activity": ALL, "group": ALL,
    }  # fmt: skip
    those = claims.conditions(**answered, item=[str(code) for code in rows["item"]])
    return stating(said, claims.lowest("quality", {**answered, "item": first["item"]}, *those))


def _ends(rows: pd.DataFrame, language: Language) -> dict[str, str]:
    """Return how many rows there are, and the first and the last of them."""
    top, bottom = rows.iloc[0], rows.iloc[-1]
    return {
        "total": language.integer(len(rows)),
        "top": top["label"],
        "high": language.percent(top["estimate"]),
        "bottom": bottom["label"],
        "low": language.percent(bottom["estimate"]),
    }


def _rates_alt(rows: pd.DataFrame, plot: _Plot, *, year: int) -> str:
    language = plot.names.language
    text = language.text(
        "Dot plot of {item} {year} for {total} units, sorted, from {top} {high} to {bottom} {low}.",
        item=language.text("Response rate").lower(),
        year=str(year),
        **_ends(rows, language),
    )
    low, limit = int((rows["estimate"] < plot.least).sum()), language.percent(plot.least)
    under = language.text("None lies under {limit}.", limit=limit)
    if low:
        under = language.plural(
            "{n} lies under {limit}.", "{n} lie under {limit}.", low, limit=limit
        )
    if np.isnan(plot.all):
        return joined(text, under)
    rate = language.percent(plot.all)
    return joined(text, language.text("Of all asked, {rate} answered.", rate=rate), under)


def _missing_alt(rows: pd.DataFrame, plot: _Plot, *, year: int) -> str:
    language = plot.names.language
    return language.text(
        "Dot plot of {total} questions {year}, by how many of the respondents gave no answer on "
        "the scale, sorted. Most: {top} {high}; fewest: {bottom} {low}.",
        year=str(year),
        **_ends(rows, language),
    )


def _rates_table(rows: pd.DataFrame, plot: _Plot, *, year: int) -> Table:
    text = plot.names.language.text
    columns = [
        Column(source="label", label=plot.names.role("agency")),
        Column(source="sample", label=text("Asked"), kind="count"),
        Column(source="respondents", label=text("Answered"), kind="count"),
        Column(source="estimate", label=text("Response rate"), kind="share"),
        Column(source="", label=text("95% interval"), kind="share", interval=("ci_low", "ci_high")),
        *_parts_column(rows, text("Strata, from lowest to highest")),
    ]
    caption = text("Response rate {year}", year=str(year))
    return _table(rows, columns, plot, caption=caption)


def _missing_table(rows: pd.DataFrame, plot: _Plot, *, year: int) -> Table:
    text = plot.names.language.text
    units = _units(plot.names)
    columns = [
        Column(source="label", label=text("Question")),
        Column(source="asked", label=text("Asked"), kind="count"),
        Column(source="answer", label=text("Answered"), kind="share"),
        Column(source="dont_know", label=text("Don’t know"), kind="share"),
        Column(source="not_applicable", label=text("Not applicable"), kind="share"),
        Column(source="no_answer", label=text("No answer"), kind="share"),
        Column(source="estimate", label=text("Without an answer on the scale"), kind="share"),
        *_parts_column(rows, sentence_case(text("{units}, from lowest to highest", units=units))),
    ]
    caption = text("Questions by how many answered them, {year}", year=str(year))
    return _table(rows, columns, plot, caption=caption)


def _parts_column(rows: pd.DataFrame, label: str) -> list[Column]:
    if not rows["part_high"].notna().any():
        return []
    return [Column(source="", label=label, kind="share", interval=("part_low", "part_high"))]


def _table(rows: pd.DataFrame, columns: list[Column], plot: _Plot, *, caption: str) -> Table:
    return table.build(
        rows.drop(columns="parts"), columns, plot.names.language, name=plot.name, caption=caption
    )


def _draw(rows: pd.DataFrame, plot: _Plot, *, width: float) -> str:
    half = 0.5 * width
    labels = min(max(map(figure.text_width, rows["label"])) + 8, half)
    lines = max(len(figure.wrap(label, width=labels - 8)) for label in rows["label"])
    row = min(lines, 2) * LINE + GAP
    head = HEAD if np.isfinite(plot.all) else TOP
    with figure.drawing(width=width, height=head + len(rows) * row + FOOT) as canvas:
        axes = figure.area(
            canvas, left=labels, bottom=FOOT, width=width - labels - VALUE, height=len(rows) * row
        )
        for y, values in enumerate(naming.records(rows)):
            _dots(axes, values, plot, y=y, room=labels - 8)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        _axis(axes, rows, plot)
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _dots(axes: Axes, row: dict[str, Any], plot: _Plot, *, y: int, room: float) -> None:
    axes.axhline(y, color=GRID, lw=0.5, zorder=0)
    parts = row["parts"] if isinstance(row["parts"], list) else []
    axes.plot(
        parts, [y] * len(parts), "o", ms=3.2, color=COLOURS["absent"], mew=0, clip_on=False,
        zorder=1,
    )  # fmt: skip
    if np.isfinite(row["ci_low"]):
        axes.plot(
            [row["ci_low"], row["ci_high"]], [y, y], color=ACCENT, lw=1.6, alpha=0.75,
            solid_capstyle="butt", zorder=3,
        )  # fmt: skip
    axes.plot(row["estimate"], y, "o", ms=5.5, color=ACCENT, clip_on=False, zorder=4)
    figure.row_label(axes, row["label"], y=y, room=room)
    axes.annotate(
        plot.names.language.percent(row["estimate"]), (1, y), (VALUE - 4, 0),
        ("axes fraction", "data"), textcoords="offset points", ha="right", va="center_baseline",
    )  # fmt: skip


def _axis(axes: Axes, rows: pd.DataFrame, plot: _Plot) -> None:
    """Let the axis begin at nothing and end at the tenth above all that is drawn."""
    language = plot.names.language
    ends = rows[["estimate", "ci_high", "part_high"]].to_numpy(np.float64)
    high = max(np.ceil(np.nanmax(ends) / TENTH - 1e-9) * TENTH, 2 * TENTH)
    axes.set_xlim(0.0, high)
    ticks = np.arange(0.0, high + 1e-9, TENTH if high <= 5 * TENTH else 2 * TENTH)
    axes.set_xticks(ticks, [language.percent(tick) for tick in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if np.isfinite(plot.least):
        axes.axvline(plot.least, color=SOFT, lw=0.9, ls=(0, (4, 3)), zorder=2)
    if np.isfinite(plot.all):
        axes.axvline(plot.all, color=INK, lw=0.9, zorder=2)
        axes.annotate(
            language.text("All {mean}", mean=language.percent(plot.all)), (plot.all, 1), (0, 5),
            ("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom",
            color=SOFT,
        )  # fmt: skip

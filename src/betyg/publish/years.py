"""Years compared: lines with intervals, cut where the question changed, with events marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, figure, naming, table, trend_lines
from betyg.publish.agencies import axis_span
from betyg.publish.claims import Claim
from betyg.publish.figure import Figure
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.sentence import joined, stating
from betyg.publish.trend_lines import Series
from betyg.stats import apart


def compared(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    panel: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    **where: Unpack[Where],
) -> Figure:
    """Draw how an item or index went from year to year.

    Parameters
    ----------
    estimates : DataFrame
        Columns agency, year, item, statistic ("mean"), estimate, se, ci_low, ci_high, n and, where
        there are, activity and group. Rows with agency "all" give the main line.
    panel : DataFrame, optional
        The same columns, from the agencies present throughout; its row "all" is drawn beside.
    changes : DataFrame, optional
        Columns of changes.parquet, where lines are as answered: only a rise or fall that the
        change like for like shares is called one.
    **where
        ``agency`` adds the line of one agency, in the colour of emphasis; ``activity`` and
        ``group`` where not all of them.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    series = list(_series(estimates, panel, names, item=item, where=where))
    rounds = tuple(sorted(int(y) for y in estimates["year"].unique() if y > 0))
    rows = pd.concat([s.rows for s in series])
    plot = trend_lines.Plot(
        names=names,
        series=tuple(series),
        rounds=rounds,
        breaks=survey.breaks(item),
        events=tuple(e for e in survey.events if rounds[0] <= e.year <= rounds[-1]),
        span=axis_span(rows[rows["shown"]]),
        name=naming.slug("years", item, *where.values()),
        like_for_like=None if changes is None else _own(changes, item, where.get("agency", ALL)),
    )
    what = names.item(item)
    return Figure(
        name=plot.name,
        title=_title(what, series, plot),
        subtitle=naming.subtitle(
            names,
            what=language.text("{item}, 0–100 with 95% confidence interval", item=what),
            who=_who(names, where),
            year=_years(series),
            base=_base(series[0].rows) if plot.of_answers else None,
        ),
        note=naming.note(names, *_notes(series, plot)),
        alt=_alt(what, series, plot),
        svg=trend_lines.draw(plot, width=figure.WIDE),
        svg_narrow=trend_lines.draw(plot, width=figure.NARROW),
        table=_table(series, what, plot),
        table_label=language.text("The figure as a table"),
    )


def _series(
    estimates: pd.DataFrame, panel: pd.DataFrame | None, names: Names, *, item: str, where: Where
) -> Iterator[Series]:
    keys: dict[str, object] = {**MARGIN, **where, "item": item, "statistic": "mean"}
    agency = where.get("agency", ALL)
    # Published figures of others may know single agencies only.
    if agency == ALL or (estimates["agency"] == ALL).any():
        everyone = naming.pick(estimates, names.survey, **(keys | {"agency": ALL}))
        yield _one_series(names.language.text("All"), everyone, "ink")
    if panel is not None:
        part = naming.pick(panel, names.survey, **(keys | {"agency": ALL}))
        size = panel.loc[panel["agency"] != ALL, "agency"].nunique()
        yield _one_series(_panel_name(size, names.language), part, "rest")
    if agency != ALL:
        own = naming.pick(estimates, names.survey, **keys)
        yield _one_series(names.agency(agency), own, "accent")


def _own(changes: pd.DataFrame, item: str, agency: str) -> pd.DataFrame:
    return changes[(changes["outcome"] == item) & (changes["agency"] == agency)]


def _one_series(label: str, rows: pd.DataFrame, colour: str) -> Series:
    ordered = rows[rows["year"] > 0].sort_values("year").reset_index(drop=True)
    return Series(label=label, rows=ordered, colour=colour)


def _panel_name(size: int, language: Language) -> str:
    if not size:
        return language.text("Those present every year")
    return language.plural("The one present every year", "The {n} present every year", size)


def _who(names: Names, where: Where) -> str | None:
    activity = where.get("activity", ALL)
    return None if activity == ALL else names.activity(activity)


def _base(rows: pd.DataFrame) -> Claim | None:
    """Claim how many answers there are in all years."""
    known = naming.records(rows[rows["n"].notna()])
    if not known:
        return None
    where = claims.row_of(table := claims.table_of(known[0]), known[0] | {"year": None})
    years: claims.Condition = ("year", "in", tuple(int(row["year"]) for row in known))
    return claims.total(table, "n", sum(row["n"] for row in known), *where, years)


def _years(series: Sequence[Series]) -> list[int]:
    return [int(y) for s in series for y in s.rows.loc[s.rows["shown"], "year"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From the first to the last year that can be compared with it.

    Attributes
    ----------
    like : mapping or None
        The change like for like; None where the values themselves are.
    """

    first: int
    last: int
    before: float
    after: float
    moved: apart.Difference
    like: Mapping[str, Any] | None

    @property
    def sure(self) -> int:
        """1 for a sure rise of the values, -1 for a sure fall, else 0."""
        return int(self.moved.is_sure) * int(np.sign(self.moved.value))

    @property
    def is_backed(self) -> bool:
        """Whether the change like for like says the same."""
        if self.like is None:
            return True
        if not (self.like.get("comparable") and self.like["shown"]):
            return False
        rise, fall = self.like["like_for_like_low"] > 0, self.like["like_for_like_high"] < 0
        return self.sure == int(rise) - int(fall)


def change(series: Series, plot: trend_lines.Plot) -> Change | None:
    """Return the change over the last unbroken part of a series, if that has two years."""
    parts = trend_lines.comparable_parts(series.rows, plot.breaks)
    if not parts or len(parts[-1]) < 2:
        return None
    first, *_, last = naming.records(parts[-1])
    return Change(
        first=int(first["year"]),
        last=int(last["year"]),
        before=float(first["estimate"]),
        after=float(last["estimate"]),
        moved=apart.between(first, last),
        like=_like_for_like(plot, int(first["year"]), int(last["year"])),
    )


def _like_for_like(plot: trend_lines.Plot, first: int, last: int) -> Mapping[str, Any] | None:
    """Return the change like for like; empty where the table has none between these years."""
    if plot.like_for_like is None:
        return None
    rows = plot.like_for_like
    own = rows[(rows["year_from"] == first) & (rows["year_to"] == last)]
    return next(iter(naming.records(own)), {})


def _claims(series: Series, found: Change) -> Iterator[Claim]:
    """Claim both ends of a change, and whether it is sure."""
    rows = {int(row["year"]): row for row in naming.records(series.rows)}
    ends = rows[found.first], rows[found.last]
    table = claims.table_of(ends[0])
    yield from (claims.value(table, row, "estimate") for row in ends)
    if np.isnan(found.moved.se) or not found.is_backed:
        return
    says = {"difference": found.moved.value}
    if not found.sure:
        says["difference.detectable"] = found.moved.found
    yield claims.moved(*ends, sure=found.sure, says=says, table=table)
    if found.like is not None:
        yield _claim_like_for_like(found.like, found.sure)


def _claim_like_for_like(row: Mapping[str, Any], sure: int) -> Claim:
    if sure:
        return claims.changed("changes", row, part="like_for_like", rise=sure > 0)
    unsure: tuple[claims.Condition, ...] = (
        ("like_for_like_low", "<=", 0.0), ("like_for_like_high", ">=", 0.0),
    )  # fmt: skip
    return claims.holds("changes", row, *unsure)


def _title(what: str, series: Sequence[Series], plot: trend_lines.Plot) -> str:
    language = plot.names.language
    main = series[-1] if series[-1].colour == "accent" else series[0]
    found = change(main, plot)
    subject = what if main is series[0] else joined(main.label, what, by=", ")
    if found is None:
        last = main.rows[main.rows["shown"]].iloc[-1]
        said = language.text(
            "{item}: {value} in {year}; no other year can be compared with it",
            item=subject,
            value=language.number(last["estimate"]),
            year=str(int(last["year"])),
        )
        alone = naming.records(last.to_frame().T)[0]
        return stating(said, claims.value(claims.table_of(alone), alone, "estimate"))
    return stating(_went(subject, found, language), *_claims(main, found))


def _went(subject: str, found: Change, language: Language) -> str:
    numbers = {
        "item": subject,
        "before": language.number(found.before),
        "after": language.number(found.after),
        "first": str(found.first),
        "last": str(found.last),
    }
    if np.isnan(found.moved.se):
        return language.text(
            "{item}: {before} in {first}, {after} in {last}; how sure is not known", **numbers
        )
    if not found.is_backed:
        return language.text(
            "{item}: {before} ({first}) and {after} ({last}), as answered", **numbers
        )
    if not found.sure:
        return language.text(
            "{item}: no sure change from {first} ({before}) to {last} ({after})", **numbers
        )
    if found.after > found.before:
        return language.text("{item}: up from {before} ({first}) to {after} ({last})", **numbers)
    return language.text("{item}: down from {before} ({first}) to {after} ({last})", **numbers)


def _notes(series: Sequence[Series], plot: trend_lines.Plot) -> Iterator[str]:
    language = plot.names.language
    yield naming.cut_axis(plot.names, plot.span)
    if plot.of_answers:
        yield naming.few_answers(plot.names, pd.concat([s.rows for s in series]))
    main = series[-1] if series[-1].colour == "accent" else series[0]
    found = change(main, plot)
    if plot.like_for_like is not None and plot.names.survey.compare.adjust_for:
        yield language.text(
            "The lines are as answered: not adjusted for what was surveyed, and who answered, in "
            "which year."
        )
    if found is not None and found.moved.se > 0 and not found.sure and found.is_backed:
        yield language.text(
            "No sure change: a change of {points} is found four times in five.",
            points=stating(language.number(found.moved.found, 1), *_claims(main, found)),
        )
    if any(year in plot.breaks for year in plot.rounds[1:]):
        yield language.text("Cut line: the question changed, and the years cannot be compared.")
    hidden = sorted({int(y) for s in series for y in s.rows.loc[~s.rows["shown"], "year"]})
    yield naming.left_out(plot.names, [str(year) for year in hidden])


def _alt(what: str, series: Sequence[Series], plot: trend_lines.Plot) -> str:
    language = plot.names.language
    sentences = [
        language.text("Line chart of {item} by year, with confidence intervals.", item=what)
    ]
    for one in series:
        rows = one.rows[one.rows["shown"]]
        if rows.empty:
            continue
        first, last = rows.iloc[0], rows.iloc[-1]
        ordered = rows.sort_values("estimate")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        sentences.append(
            language.text(
                "{series}: {before} in {first}, {after} in {last}; between {low} ({bottom}) and "
                "{high} ({top}).",
                series=one.label,
                before=language.number(first["estimate"]),
                first=str(int(first["year"])),
                after=language.number(last["estimate"]),
                last=str(int(last["year"])),
                high=language.number(high["estimate"]),
                top=str(int(high["year"])),
                low=language.number(low["estimate"]),
                bottom=str(int(low["year"])),
            )
        )
        if plot.of_answers:
            sentences.append(naming.answers(plot.names, rows["n"].sum()))
    return joined(*sentences)


def _table(series: Sequence[Series], what: str, plot: trend_lines.Plot) -> table.Table:
    names, text = plot.names, plot.names.language.text
    base = text("Answers") if plot.of_answers else text("Values")
    rows = pd.concat([s.rows.assign(series=s.label) for s in series], ignore_index=True)
    columns = [
        table.Column(source="series", label=text("Series")),
        table.Column(source="year", label=names.role("year"), kind="year"),
        table.Column(source="estimate", label=what, kind="score"),
        table.Column(
            source="", label=text("95% interval"), kind="score", interval=("ci_low", "ci_high")
        ),
    ]
    if rows["n"].notna().any():
        columns.append(table.Column(source="n", label=base, kind="count"))
    caption = text("{item} by year, 0–100", item=what)
    return table.build(rows, columns, names.language, name=plot.name, caption=caption)

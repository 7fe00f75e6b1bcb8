"""How good the answers are: ``quality.parquet``, one row a measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import answer_patterns, late, representativity, response, scale_reliability
from betyg.stats.joint import scores_of
from betyg.stats.proportions import wilson
from betyg.stats.scale_reliability import FEWEST_ITEMS

__all__ = ["COLUMNS", "MEASURES", "table"]

ALL = "all"
PEOPLE = ("respondent_id", "agency", "year", "activity", "group")
COLUMNS = (
    "measure", "year", "agency", "activity", "group", "item",
    "estimate", "ci_low", "ci_high", "n", "shown", "reason",
)  # fmt: skip
MEASURES = (
    "response_rate", "r_indicator", "late", *response.KINDS, "straight_lining", "floor", "ceiling",
    "alpha", "omega",
)  # fmt: skip


def table(respondents: pd.DataFrame | Stored, cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Measure the quality of the answers of a study of any kind.

    What a kind of data cannot tell has no row: published values tell nothing of their answers,
    counts nothing of how one person's answers hang together.

    Parameters
    ----------
    respondents, cells : DataFrame
        As written by 01_clean.
    survey : Study
        The study.

    Returns
    -------
    DataFrame
        measure category (one of ``MEASURES``); year int16; agency, activity, group str ("all" =
        over all); item str (an item, index or theme; of straight_lining a scale; "all" = over
        all questions); estimate float64 (0-1; omega and alpha may be negative); ci_low, ci_high
        float64 (of response_rate, r_indicator, late, alpha and omega, else NaN); n int64: persons
        asked (response_rate, r_indicator), respondents (late: how many of them were), persons
        asked times questions (answer, dont_know, not_applicable, no_answer), answers (floor,
        ceiling), respondents (straight_lining), rows with all answers (alpha) or with the fewest
        to two items (omega); shown bool; reason str: why there is no estimate, else "".

    References
    ----------
    :mod:`betyg.stats.response`, :mod:`~betyg.stats.representativity`,
    :mod:`~betyg.stats.answer_patterns`, :mod:`~betyg.stats.scale_reliability`.
    """
    people = rows_of(respondents, [*PEOPLE, "late", *survey.item_codes])
    rates = response.rates(people, survey)
    parts = [
        _shares(rates, "rate", of="sample").assign(measure="response_rate"),
        *_representativity(rates),
    ]
    if survey.tells_late:
        parts.append(_shares(late.shares(people), "late", of="n"))
    if survey.kind != "published":
        asked = response.missingness(cells, survey)
        ends = answer_patterns.extremes(cells, survey)
        parts += [_measured(asked.rename(columns={"asked": "n"}), kind) for kind in response.KINDS]
        parts += [_measured(ends, end) for end in ("floor", "ceiling")]
    if survey.kind == "responses":
        straight = answer_patterns.straight_lining(people, survey)
        parts += [straight.assign(measure="straight_lining"), *_reliability(people, survey)]
    return _typed(pd.concat(parts, ignore_index=True), survey)


def _shares(rates: pd.DataFrame, name: str, *, of: str) -> pd.DataFrame:
    """Return shares with the intervals of people who do as they do on their own."""
    share, n = (rates[column].to_numpy(np.float64) for column in (name, of))
    se = np.sqrt(share * (1.0 - share) / n)
    low, high = wilson(share, se, n=n, df=n - 1.0)
    named = rates.rename(columns={name: "estimate", of: "n"})
    return named.assign(measure=name, ci_low=low, ci_high=high)


def _measured(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    kept = [column for column in ("year", "agency", "item", "n") if column in frame]
    return frame[kept].assign(measure=name, estimate=frame[name])


def _representativity(rates: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the R-indicator of each year from its finest strata."""
    for year, rows in rates.groupby("year", sort=True):
        parts = (rows[["activity", "group"]] != ALL).any(axis="columns")
        split = set(rows.loc[parts, "agency"])
        strata = rows[parts | ((rows["agency"] != ALL) & ~rows["agency"].isin(split))]
        size = strata["population"] if strata["population"].notna().all() else strata["sample"]
        found = partial(
            representativity.r_indicator,
            strata["sample"].to_numpy(),
            strata["respondents"].to_numpy(),
            size=size.to_numpy(),
        )
        yield _estimated(found, "r_indicator", year=year)


def _reliability(respondents: pd.DataFrame, survey: Study) -> Iterator[pd.DataFrame]:
    """Yield alpha and omega of each index and theme with enough items, by year."""
    inside = respondents[~respondents["agency"].isin(list(survey.totals))]
    for year, rows in inside.groupby("year", sort=True):
        unit = rows["respondent_id"].to_numpy()
        for name, items in _scales(int(str(year)), survey).items():
            scores = np.stack([scores_of(rows, item, survey) for item in items], axis=1)
            alpha = partial(scale_reliability.alpha, scores, unit)
            omega = partial(scale_reliability.omega, rows[items], unit)
            yield _estimated(alpha, "alpha", year=year, item=name)
            yield _estimated(omega, "omega", year=year, item=name)


def _scales(year: int, survey: Study) -> dict[str, list[str]]:
    """Return the items, asked in a year, of each index and of each theme without one."""
    parts = {index.name: index.items for index in survey.composites}
    for theme in survey.themes:
        items = tuple(item.item for item in survey.items if item.theme == theme.theme)
        parts.setdefault(f"theme.{theme.theme}", items)
    graded = {
        name: [
            item
            for item in items
            if survey.asked(item, year)
            and survey.scale_of(item, year).k >= answer_patterns.FEWEST_POSITIONS
        ]
        for name, items in parts.items()
    }
    once = {tuple(items): name for name, items in reversed(graded.items())}
    return {
        name: items
        for name, items in graded.items()
        if len(items) >= FEWEST_ITEMS and once[tuple(items)] == name
    }


def _estimated(
    estimate: Callable[[], object], measure: str, *, year: object, item: str = ALL
) -> pd.DataFrame:
    """Return one row, or why there is no estimate."""
    row: dict[str, object] = {"measure": measure, "year": year, "item": item}
    try:
        found = estimate()
        names = ("estimate", "ci_low", "ci_high", "n")
        row |= {name: getattr(found, name) for name in names if hasattr(found, name)}
    except DesignError as error:
        row |= {"n": 0, "reason": str(error)}
    return pd.DataFrame([row])


def _typed(rows: pd.DataFrame, survey: Study) -> pd.DataFrame:
    blank = dict.fromkeys(("agency", "activity", "group", "item"), ALL) | {"reason": ""}
    texts = {name: rows[name].astype(object) for name in blank if name in rows}
    whole = rows.assign(**texts).reindex(columns=list(COLUMNS)).astype(dict.fromkeys(blank, object))
    whole = whole.fillna(blank)
    order = [*(unit.code for unit in survey.agencies), ALL]
    place = pd.Categorical(whole["agency"], categories=order)
    shown = (whole["n"] >= survey.disclosure.show) & (whole["reason"] == "")
    typed = whole.assign(
        measure=pd.Categorical(whole["measure"], categories=list(MEASURES)),
        shown=shown,
        place=place,
    ).astype(
        {"year": "int16", "n": "int64"}
        | dict.fromkeys(("estimate", "ci_low", "ci_high"), "float64")
        | dict.fromkeys(("agency", "activity", "group", "item", "reason"), "str")
    )
    ordered = typed.sort_values(["measure", "year", "place"], kind="stable", ignore_index=True)
    return ordered[list(COLUMNS)]

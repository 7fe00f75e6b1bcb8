"""How good the answers are: ``quality.parquet``, one row a measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import (
    answer_patterns,
    late,
    pattern_counts,
    representativity,
    response,
    scale_reliability,
)
from betyg.stats.domains import are_units
from betyg.stats.pattern_counts import ANSWER
from betyg.stats.proportions import wilson

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


def table(
    respondents: pd.DataFrame | Stored,
    cells: pd.DataFrame,
    survey: Study,
    *,
    domains: pd.DataFrame | None = None,
    patterns: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure the quality of the answers of a study of any kind.

    What a kind of data cannot tell has no row: published values tell nothing of their answers,
    counts nothing of how one person's answers hang together.

    Parameters
    ----------
    respondents, cells : DataFrame
        As written by 01_clean. Respondents are used where a sampling unit has several of them.
    survey : Study
        The study.
    domains, patterns : DataFrame, optional
        As written by 01_clean (``domains.collapse``, ``pattern_counts.collapse``); without them
        respondents are used.

    Returns
    -------
    DataFrame
        measure category (one of ``MEASURES``); year int16; agency, activity, group str ("all" =
        over all); item str (an item, index or theme; of straight_lining a scale; "all" = over
        all questions); estimate float64 (0-1; omega and alpha may be negative); ci_low, ci_high
        float64 (of response_rate, r_indicator, late, alpha and omega, else NaN); n int64: persons
        asked (response_rate, r_indicator), respondents (late, straight_lining), persons asked
        times questions (answer, dont_know, not_applicable, no_answer), answers (floor, ceiling),
        rows with all answers (alpha) or with the fewest to two items (omega; of both at most
        ``pattern_counts.MOST`` where there are many questions and more respondents); shown bool;
        reason str: why there is no estimate, else "".

    References
    ----------
    :mod:`betyg.stats.response`, :mod:`~betyg.stats.representativity`,
    :mod:`~betyg.stats.answer_patterns`, :mod:`~betyg.stats.scale_reliability`.
    """
    counted = patterns if domains is not None and are_units(domains) else None
    if domains is not None and counted is not None:
        people = domains
    else:
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
        straight = answer_patterns.straight_lining(_ends(people, counted, survey))
        parts += [straight.assign(measure="straight_lining")]
        parts += _reliability(people, counted, survey)
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


def _ends(people: pd.DataFrame, patterns: pd.DataFrame | None, survey: Study) -> pd.DataFrame:
    """Return the lowest and the highest answer of each respondent, one by one or counted."""
    if patterns is None:
        return answer_patterns.ends(people, survey)
    return patterns[patterns["kind"] == "ends"].reset_index(drop=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """Answers to the items of a scale: positions from 1, a row each; whose; and of how many."""

    positions: pd.DataFrame
    unit: NDArray[np.generic] | None = None
    times: NDArray[np.float64] | None = None


def _reliability(
    people: pd.DataFrame, patterns: pd.DataFrame | None, survey: Study
) -> Iterator[pd.DataFrame]:
    """Yield alpha and omega of each index and theme with enough items, by year."""
    inside = people[~people["agency"].isin(list(survey.totals))]
    for year, rows in inside.groupby("year", sort=True):
        for name, items in pattern_counts.scales(int(str(year)), survey).items():
            if patterns is None:
                own = _Answers(positions=rows[items], unit=rows["respondent_id"].to_numpy())
            else:
                own = _counted(patterns, int(str(year)), name, items)
            alpha = partial(_alpha, own, int(str(year)), survey)
            yield _estimated(alpha, "alpha", year=year, item=name)
            omega = partial(scale_reliability.omega, own.positions, own.unit, times=own.times)
            yield _estimated(omega, "omega", year=year, item=name)


def _alpha(answers: _Answers, year: int, survey: Study) -> scale_reliability.Alpha:
    scores = [
        np.array([np.nan, *survey.scale_of(str(item), year).scores])[
            answers.positions[item].to_numpy(np.int64, na_value=0)
        ]
        for item in answers.positions
    ]
    return scale_reliability.alpha(np.stack(scores, axis=1), answers.unit, times=answers.times)


def _counted(patterns: pd.DataFrame, year: int, name: str, items: Sequence[str]) -> _Answers:
    """Return the patterns of answers to the items of a scale."""
    kind = (patterns["kind"] == "answers") & (patterns["year"] == year)
    own = patterns[kind & (patterns["item"] == name)]
    columns = {f"{ANSWER}{at}": item for at, item in enumerate(items, start=1)}
    positions = own.reindex(columns=list(columns), fill_value=0).rename(columns=columns)
    return _Answers(positions=positions, times=own["n"].to_numpy(np.float64))


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

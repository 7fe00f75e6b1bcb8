"""Change between rounds when activities rotate: like for like, mix, entry and exit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.stats import change_parts
from betyg.stats.change_cells import Cells, Pair, cells_of
from betyg.stats.change_parts import PARTS, Parts

__all__ = ["BREAK", "COLUMNS", "NO_ERROR", "NO_OVERLAP", "decompose"]

Array = NDArray[np.float64]

NO_OVERLAP = "no_shared_activity"
NO_ERROR = "single_answers"
BREAK = "question_changed"
ALL = "all"
COLUMNS = [
    "outcome", "agency", "year_from", "year_to",
    *(f"{part}{end}" for part in PARTS for end in ("", "_se", "_low", "_high")),
    "n_shared", "n_from", "n_to", "answers_from", "answers_to", "shares",
    "comparable", "reason", "differs", "shown",
]  # fmt: skip


def decompose(
    estimates: pd.DataFrame,
    cells: pd.DataFrame,
    survey: Study,
    *,
    outcome: str | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
    respondents: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Split the change of every agency's mean into that of shared cells and composition.

    raw = like_for_like + mix + entry + exit, exactly; composition is the last three. Cells are the
    roles of ``compare.adjust_for``; for all agencies together (agency "all") they are also the
    agencies. Shares are those of frame.csv where it states every cell of an agency in
    both years, else those of the weighted sample: what the design fixed, where quotas can
    fake a mix effect. Intervals take the shares as given.

    Parameters
    ----------
    estimates : DataFrame
        Direct estimates with the margin agency x year x ``adjust_for``.
    cells : DataFrame
        As written by 01_clean: sums of weights for the shares.
    survey : Study
        The study.
    outcome : str, optional
        Item or index; the study's headline outcome by default.
    pairs : sequence of (int, int), optional
        Years to compare; by default each agency's successive rounds, and its first with its
        last.
    respondents : DataFrame, optional
        Where respondents rate several activities, or come again (``[design] panel``): their
        answers are then taken as dependent.

    Returns
    -------
    DataFrame
        outcome, agency, year_from, year_to; raw, like_for_like, mix, entry, exit, composition,
        each with _se, _low, _high (points); n_shared, n_from, n_to (activities both times, before,
        after; cells, where activities do not vary); answers_from, answers_to;
        shares ("frame" or "design"); comparable and, where not, reason (then all parts
        are NaN); differs (raw and like for like differ in sign or significance,
        and composition is surely not nought); shown (enough answers in both years).

    Raises
    ------
    DataError
        If the estimates lack the outcome, or the margin that the cells need.
    """
    chosen = outcome or survey.compare.outcome
    known = cells_of(estimates, cells, survey, outcome=chosen, respondents=respondents)
    if not known.rounds:
        raise DataError(
            f"change: the estimates hold no mean of '{chosen}' by agency and year. Make them "
            "with estimate.table and its own margins in 02_results."
        )
    rows = [
        _row(known, survey, (chosen, agency), years)
        for agency in known.agencies()
        for years in _pairs(known, agency, pairs)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = [*(unit.code for unit in survey.agencies), ALL]
    typed = frame.assign(agency=pd.Categorical(frame["agency"], categories=order))
    return typed.astype({"year_from": "int16", "year_to": "int16"}).sort_values(
        ["agency", "year_from", "year_to"], ignore_index=True
    )


def _pairs(
    known: Cells, agency: str, pairs: Sequence[tuple[int, int]] | None
) -> Iterator[tuple[int, int]]:
    years = known.years(agency)
    if pairs is not None:
        yield from (pair for pair in pairs if set(pair) <= set(years))
        return
    yield from pairwise(years)
    if len(years) > 2:
        yield years[0], years[-1]


def _row(
    known: Cells, survey: Study, named: tuple[str, str], years: tuple[int, int]
) -> dict[str, object]:
    outcome, agency = named
    pair = known.pair(agency, years)
    parts = change_parts.split(
        pair.shares, pair.means, covariances=pair.covariances, dfs=pair.dfs, across=pair.across
    )
    reason = _reason(parts, pair, broken=not survey.comparable(outcome, *years))
    before, after = pair.answers
    row: dict[str, object] = {
        "outcome": outcome,
        "agency": agency,
        "year_from": years[0],
        "year_to": years[1],
        **_numbers(parts, hidden=bool(reason)),
        "n_shared": pair.count(0, 1),
        "n_from": pair.count(0),
        "n_to": pair.count(1),
        "answers_from": before,
        "answers_to": after,
        "shares": pair.source,
        "comparable": not reason,
        "reason": reason,
        "differs": not reason and _differs(parts),
        "shown": pair.published or min(before, after) >= survey.disclosure.show,
    }
    return row


def _reason(parts: Parts, pair: Pair, *, broken: bool) -> str:
    """Return why there is no comparison, or ""."""
    if broken:
        return BREAK
    if parts.shared == 0:
        return NO_OVERLAP
    return "" if pair.published or np.isfinite(parts.se).all() else NO_ERROR


def _numbers(parts: Parts, *, hidden: bool) -> dict[str, float]:
    found = {}
    ends = (("", parts.estimate), ("_se", parts.se), ("_low", parts.low), ("_high", parts.high))
    for end, values in ends:
        for part, value in zip(PARTS, values, strict=True):
            found[f"{part}{end}"] = float("nan") if hidden else float(value)
    return found


def _differs(parts: Parts) -> bool:
    """Say whether raw change and like-for-like change support different statements.

    That one of them is sure and the other is not does not tell them apart: so what they differ
    by must be sure, too.
    """
    raw, like, composition = (
        _sure_sign(parts, PARTS.index(part)) for part in ("raw", "like_for_like", "composition")
    )
    return raw != like and composition != 0


def _sure_sign(parts: Parts, at: int) -> int:
    return int(parts.low[at] > 0) - int(parts.high[at] < 0)

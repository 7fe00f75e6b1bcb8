"""Turn counts and percentages by category into cells.

Percentages are turned back into counts. The weight of a category is n times its share of the
row's percentages: they seldom add up to just 100 after rounding, and shares among them give back
what was published, while the weights of a row add up to its n. The whole numbers ``n`` come from
the same shares by largest remainder, so they add up to n too and no category is off by one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import category_states, sampling
from betyg.data.category_states import OFF_SCALE
from betyg.data.counts import KEYS, Held
from betyg.data.harmonise import MISSING
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["cells", "whole_numbers"]

LOWEST = min(MISSING)  # state of the first column of a table of states


def cells(
    raw: RawTable, held: Held, rows: pd.DataFrame, survey: Study, problems: Problems
) -> pd.DataFrame:
    """Return a cell for each key and category that anybody chose.

    Rows whose numbers do not add up are problems; under ``out_of_range = "no_answer"`` they have
    no cell.

    Parameters
    ----------
    raw : RawTable
        The used rows of a file.
    held : Held
        Their numbers.
    rows : DataFrame
        Keys of the rows that are kept, and ``row``, their place in ``raw``.
    survey : Study
        Scales and crosswalk.
    problems : Problems
        Where sums that cannot be right are noted.
    """
    rows = rows.reset_index(drop=True)
    keys, table = (_wide if raw.source.categories else _long)(raw, held, rows, survey, problems)
    n = held.n[keys["row"].to_numpy()]
    if _unit(raw) == "count":
        whole = np.where(np.isnan(n), table.sum(axis=1), n)
        slack = np.full(len(keys), 0.5)
    else:
        whole = np.full(len(keys), 100.0)
        # Each rounded percentage may be half a point off.
        slack = 0.5 * category_states.sizes(keys, survey) + 0.51
    remainder = category_states.of_remainder(raw, keys, survey)
    rest = whole - table.sum(axis=1)
    wrong = (rest < -slack) | ((rest > slack) & (remainder == OFF_SCALE))
    if survey.cleaning.out_of_range == "error":
        _report_sums(raw, keys, rest, np.flatnonzero(wrong), problems)
    rest = np.where(remainder == OFF_SCALE, 0.0, np.clip(rest, 0.0, None))
    table[np.arange(len(keys)), remainder - LOWEST] += rest
    if _unit(raw) != "count":
        n = np.where(np.isnan(n), sampling.answered(keys, survey), n)
        _check_base(raw, keys, n, problems)
    if len(problems):
        return _as_cells(keys[:0], table[:0], survey)
    if _unit(raw) != "count":
        table = table * (n / table.sum(axis=1))[:, None]
    return _as_cells(keys[~wrong], table[~wrong], survey)


def whole_numbers(table: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round each row to whole numbers that add up to its rounded sum, by largest remainder."""
    lower = np.floor(table + 1e-9)
    short = np.rint(table.sum(axis=1)) - lower.sum(axis=1)
    place = np.argsort(np.argsort(lower - table, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(lower + (place < short[:, None]), dtype=np.int64)


def _unit(raw: RawTable) -> str:
    """Return what the numbers are: count, percent or fraction."""
    if raw.source.values is not None:
        return raw.source.values
    return "count" if "count" in raw.source.columns else "percent"


def _scaled(raw: RawTable, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(values) * (100.0 if _unit(raw) == "fraction" else 1.0)


def _wide(
    raw: RawTable, held: Held, rows: pd.DataFrame, survey: Study, problems: Problems
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the rows, and their numbers with a column a state (from ``LOWEST`` up)."""
    places = rows["row"].to_numpy()
    values = _scaled(raw, held.values[places])
    states = category_states.of_wide(raw, rows, survey).astype(np.intp)
    for at, column in enumerate(raw.source.categories):
        wrong = places[(states[:, at] == OFF_SCALE) & (values[:, at] > 0)]
        if len(wrong):
            item = rows["item"].iloc[int(np.flatnonzero(places == wrong[0])[0])]
            problems.add(
                raw.where(wrong, column=column),
                f"has a number, yet the scale of '{item}' has no category "
                f"'{raw.source.categories[column]}' ({raw.places(wrong)}).",
                "Give the item the right scale in codebook.csv, or map the code in column recode "
                "of crosswalk.csv.",
            )
    table = np.zeros((len(rows), int(states.max(initial=0)) - LOWEST + 1))
    np.add.at(table, (np.arange(len(rows))[:, None], states - LOWEST), values)
    table[:, OFF_SCALE - LOWEST] = 0.0
    return rows, table


def _long(
    raw: RawTable, held: Held, rows: pd.DataFrame, survey: Study, problems: Problems
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return one row a key, and its numbers with a column a state (from ``LOWEST`` up)."""
    values = _scaled(raw, held.values[rows["row"].to_numpy(), 0])
    states = category_states.of_long(raw, rows, survey, problems).astype(np.intp)
    key = rows.groupby(KEYS, sort=False).ngroup().to_numpy()
    first = rows.drop_duplicates(KEYS).reset_index(drop=True)
    table = np.zeros((len(first), int(states.max(initial=0)) - LOWEST + 1))
    np.add.at(table, (key, states - LOWEST), values)
    table[:, OFF_SCALE - LOWEST] = 0.0
    return first, table


def _report_sums(
    raw: RawTable,
    keys: pd.DataFrame,
    rest: NDArray[np.float64],
    wrong: NDArray[np.intp],
    problems: Problems,
) -> None:
    """Note rows whose categories add up to more than the whole, or to less without remainder."""
    if not len(wrong):
        return
    places = keys["row"].to_numpy()[wrong]
    if _unit(raw) == "count":
        what = f"the counts and n differ by {abs(rest[wrong[0]]):g}"
    else:
        what = f"the percentages add up to {100 - rest[wrong[0]]:g}"
    fractions = _unit(raw) == "percent" and bool(np.all(rest[wrong] > 98))
    problems.add(
        raw.where(places),
        f"{what} ({raw.places(places)}).",
        'Set values = "fraction" in its [[source]]: these are shares of 1.'
        if fractions
        else "If the rest is don't know or no answer, say so: remainder = code, in its "
        "[[source]]; if it is hidden, list its spelling in `suppressed`; to leave such rows out, "
        'set out_of_range = "no_answer" in [cleaning].',
    )


def _check_base(
    raw: RawTable, keys: pd.DataFrame, n: NDArray[np.float64], problems: Problems
) -> None:
    """Note percentages whose number of answers is unknown or zero."""
    wrong = np.flatnonzero(~(n > 0))
    if not len(wrong):
        return
    places = keys["row"].to_numpy()[wrong]
    column = raw.source.columns.get("n")
    remedy = (
        "Give it in frame.csv, column respondents."
        if column is None
        else 'If an empty cell means hidden: suppressed = [""] in its [[source]].'
    )
    problems.add(
        raw.where(places, column=column),
        f"percentages need the number of answers ({raw.places(places)}).",
        remedy,
    )


def _as_cells(keys: pd.DataFrame, table: NDArray[np.float64], survey: Study) -> pd.DataFrame:
    """Return a row for each key and state that anybody chose."""
    chosen, column = np.nonzero(table > 0)
    state = column + LOWEST
    found = keys.iloc[chosen].reset_index(drop=True)
    kinds = [MISSING.get(at + LOWEST, "answer") for at in range(table.shape[1])]
    scales, scores = _scales(found, state, survey)
    return found.assign(
        scale=scales,
        kind=np.array(kinds, dtype=object)[column],
        response=np.maximum(state, 0).astype(np.float64),
        score=scores,
        n=whole_numbers(table)[chosen, column],
        weight_sum=table[chosen, column],
        weight_sq_sum=table[chosen, column],  # everybody weighs one: squares add up to the same
        se=np.nan,
    )


def _scales(
    rows: pd.DataFrame, state: NDArray[np.intp], survey: Study
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    names = np.full(len(rows), "", dtype=object)
    scores = np.full(len(rows), np.nan)
    for (item, year), at in category_states.groups(rows):
        scale = survey.scale_of(item, year)
        names[at] = scale.scale
        answered = at[state[at] > 0]
        scores[answered] = np.array([np.nan, *scale.scores])[state[answered]]
    return names, scores

"""Collapse clean answers to cells: counts are additive, so everything later is free of n."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.clean import Cleaned
from betyg.data.codebook import INDEX_SCALE
from betyg.data.study import Study

__all__ = ["KEYS", "KINDS", "add", "collapse"]

KEYS = ["agency", "year", "activity", "group", "stratum"]
"""What a cell is of."""

KINDS = ("answer", "dont_know", "not_applicable", "no_answer", "published")
MEASURES = ["n", "weight_sum", "weight_sq_sum"]


def collapse(cleaned: Cleaned, survey: Study) -> pd.DataFrame:
    """Collapse the clean tables of a study to cells.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents, or the counts and values of kinds ``counts`` and ``published``.
    survey : Study
        Order of units and items, scales by year.

    Returns
    -------
    DataFrame
        agency, activity, group, stratum category; year int16; item, scale, kind category;
        response float64 (position on the scale, value of an index or of a published figure, 0
        for missing); score float64 0-100 (NaN for missing); n int64 (unweighted); weight_sum,
        weight_sq_sum float64; se float64 (published only). Sorted, units and items in the order
        of the study's files. Items that were not asked have no cell. A composite index is an
        item of scale "0-100" with a cell a value; respondents with too few answers have none.
    """
    if survey.kind == "responses":
        return _sorted(_of_respondents(cleaned.respondents, survey), survey)
    return _sorted(cleaned.counts, survey)


def add(parts: Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Add up cells that were collapsed apart: a file, a year or a machine each."""
    return _sorted(pd.concat(list(parts), ignore_index=True), survey)


def _of_respondents(respondents: pd.DataFrame, survey: Study) -> pd.DataFrame:
    base, keys = _bases(respondents)
    weight = respondents["weight"].to_numpy()
    parts = [_of_item(respondents, item, base, weight, keys, survey) for item in survey.item_codes]
    parts += [
        _of_index(respondents[index.name], index.name, base, weight, keys)
        for index in survey.composites
    ]
    return pd.concat(parts, ignore_index=True)


def _bases(respondents: pd.DataFrame) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Return the number of each row's combination of keys, and the combinations."""
    codes = [
        respondents[key].to_numpy() if key == "year" else respondents[key].cat.codes.to_numpy()
        for key in KEYS
    ]
    combined = np.zeros(len(respondents), dtype=np.int64)
    for code in codes:
        combined = combined * (int(code.max(initial=0)) + 1) + code
    _, first, base = np.unique(combined, return_index=True, return_inverse=True)
    return base, respondents[KEYS].iloc[first].reset_index(drop=True)


def _of_item(
    respondents: pd.DataFrame,
    item: str,
    base: NDArray[np.intp],
    weight: NDArray[np.float64],
    keys: pd.DataFrame,
    survey: Study,
) -> pd.DataFrame:
    position = respondents[item].fillna(0).to_numpy().astype(np.int64)
    missing = respondents[f"{item}.missing"]
    kinds = list(missing.cat.categories)
    place = missing.cat.codes.to_numpy().astype(np.int64)
    # One number a state: missing kinds first, then the positions from 1.
    state = np.where(position > 0, position + len(kinds) - 1, place)
    counted = state != kinds.index("not_asked")
    counts = _counts(base[counted], state[counted], weight[counted], keys)
    found = counts.pop("state").to_numpy()
    answered = found >= len(kinds)
    response = np.where(answered, found - len(kinds) + 1, 0)
    named = np.array([*kinds, *["answer"] * int(position.max(initial=0))], dtype=object)
    return counts.assign(
        item=item,
        scale=_by_year(counts["year"], lambda year: survey.scale_of(item, year).scale),
        kind=named[found],
        response=response.astype(np.float64),
        score=_scores(item, response, counts["year"].to_numpy(), survey),
        se=np.nan,
    )


def _of_index(
    values: pd.Series,
    item: str,
    base: NDArray[np.intp],
    weight: NDArray[np.float64],
    keys: pd.DataFrame,
) -> pd.DataFrame:
    given = values.notna().to_numpy()
    distinct, state = np.unique(values.to_numpy()[given], return_inverse=True)
    counts = _counts(base[given], state, weight[given], keys)
    value = distinct[counts.pop("state").to_numpy()]
    return counts.assign(
        item=item, scale=INDEX_SCALE, kind="answer", response=value, score=value, se=np.nan
    )


def _counts(
    base: NDArray[np.intp],
    state: NDArray[np.int64],
    weight: NDArray[np.float64],
    keys: pd.DataFrame,
) -> pd.DataFrame:
    """Count and weigh the rows of each combination and state."""
    states = int(state.max(initial=0)) + 1
    code, cell, n = np.unique(base * states + state, return_inverse=True, return_counts=True)
    counted: pd.DataFrame = keys.iloc[code // states].reset_index(drop=True)
    return counted.assign(
        state=code % states,
        n=n.astype(np.int64),
        weight_sum=np.bincount(cell, weight, minlength=len(code)),
        weight_sq_sum=np.bincount(cell, weight**2, minlength=len(code)),
    )


def _by_year(years: pd.Series, of: Callable[[int], str]) -> pd.Series:
    names = {year: of(year) for year in years.unique().tolist()}
    return years.map(names).astype("str")


def _scores(
    item: str, response: NDArray[np.int64], years: NDArray[np.int16], survey: Study
) -> NDArray[np.float64]:
    scores = np.full(len(response), np.nan)
    for year in np.unique(years).tolist():
        rows = np.flatnonzero((years == year) & (response > 0))
        scores[rows] = np.array(survey.scale_of(item, year).scores)[response[rows] - 1]
    return scores


def _sorted(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Order the cells as the study's files do, and add up cells that are the same."""
    orders: dict[str, Sequence[str]] = {
        "item": [*survey.item_codes, *(index.name for index in survey.composites)],
        "scale": [*survey.scale_names, INDEX_SCALE],
        "kind": KINDS,
    }
    typed = cells.assign(
        **{name: pd.Categorical(cells[name], categories=list(of)) for name, of in orders.items()}
    )
    by = [*KEYS, "item", "scale", "kind", "response"]
    if typed.duplicated(by).any():
        sums = typed.groupby(by, observed=True, sort=True)
        typed = sums.agg(
            {
                "score": "first",
                "n": "sum",
                "weight_sum": "sum",
                "weight_sq_sum": "sum",
                "se": "first",
            }
        ).reset_index()
    ordered = typed.sort_values(by, kind="stable", ignore_index=True)
    wanted: pd.DataFrame = ordered[[*by, "score", *MEASURES, "se"]]
    return wanted

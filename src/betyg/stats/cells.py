"""Collapse clean answers to cells: counts are additive, so everything later is free of n."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.clean import Cleaned
from betyg.data.codebook import INDEX_SCALE
from betyg.data.harmonise import MISSING as MISSING_STATES
from betyg.data.parts import Parts
from betyg.data.study import Study
from betyg.stats.tally import Tally

__all__ = ["KEYS", "KINDS", "add", "collapse"]

KEYS = ["agency", "year", "activity", "group", "stratum"]
"""What a cell is of."""

KINDS = ("answer", "dont_know", "not_applicable", "no_answer", "published")
MISSING = list(MISSING_STATES.values())
NOT_ASKED = MISSING.index("not_asked")
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
        return _sorted(_of_respondents(cleaned.parts, survey), survey)
    return _sorted(cleaned.counts, survey)


def add(parts: Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Add up cells that were collapsed apart: a file, a year or a machine each."""
    return _sorted(pd.concat(list(parts), ignore_index=True), survey)


def _of_respondents(parts: Parts | Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    if isinstance(parts, Parts):
        counted = _Counted(survey, parts.domains())
        numbered: Iterable[pd.DataFrame] = parts.only(["domain", *counted.columns()])
    else:
        whole = pd.concat(parts, ignore_index=True)
        domain = whole.groupby(KEYS, observed=True, sort=False).ngroup()
        counted = _Counted(survey, whole.loc[~domain.duplicated(), KEYS].reset_index(drop=True))
        numbered = [whole.assign(domain=domain)]
    for part in numbered:
        counted.add(part)
    return counted.table()


class _Counted:
    """The cells of the parts so far, item by item and index by index."""

    def __init__(self, survey: Study, domains: pd.DataFrame) -> None:
        self.survey, self.domains = survey, domains
        self.items = {item: Tally() for item in survey.item_codes}
        self.indices = {index.name: Tally() for index in survey.composites}
        self.values: dict[str, dict[float, int]] = {name: {} for name in self.indices}

    def columns(self) -> list[str]:
        """Return the columns of respondents that cells are made of."""
        missing = (f"{item}.missing" for item in self.items)
        return ["weight", *self.items, *missing, *self.indices]

    def add(self, part: pd.DataFrame) -> None:
        """Count the rows of one more part."""
        domain = part["domain"].to_numpy().astype(np.intp)
        domains = len(self.domains)
        weight = part["weight"].to_numpy()
        weighed = None if (weight == 1.0).all() else weight
        for item, tally in self.items.items():
            state = _states(part, item)
            size = (int(state.max(initial=0)) + 1, domains)
            tally.add(domain, state, weighed, size)
        for name, tally in self.indices.items():
            value = part[name].to_numpy()
            given = ~np.isnan(value)
            state = _numbered(value[given], self.values[name])
            size = (len(self.values[name]), domains)
            tally.add(domain[given], state, None if weighed is None else weight[given], size)

    def table(self) -> pd.DataFrame:
        """Return the cells of all items and indices."""
        items = [self._of_item(item, tally) for item, tally in self.items.items()]
        indices = [self._of_index(name, tally) for name, tally in self.indices.items()]
        return pd.concat([*items, *indices], ignore_index=True)

    def _of_item(self, item: str, tally: Tally) -> pd.DataFrame:
        domain, state, sums = tally.cells()
        asked = state != NOT_ASKED
        domain, state = domain[asked], state[asked]
        response = np.maximum(state - len(MISSING) + 1, 0)
        found: pd.DataFrame = self.domains.iloc[domain].reset_index(drop=True)
        survey = self.survey
        return found.assign(
            **{name: values[asked] for name, values in sums.items()},
            item=item,
            scale=_by_year(found["year"], lambda year: survey.scale_of(item, year).scale),
            kind=np.where(response > 0, "answer", np.array([*MISSING, "answer"])[
                np.minimum(state, len(MISSING))
            ]),
            response=response.astype(np.float64),
            score=_scores(item, response, found["year"].to_numpy(), survey),
            se=np.nan,
        )  # fmt: skip

    def _of_index(self, name: str, tally: Tally) -> pd.DataFrame:
        domain, state, sums = tally.cells()
        value = np.array(list(self.values[name]), dtype=np.float64)[state]
        found: pd.DataFrame = self.domains.iloc[domain].reset_index(drop=True)
        return found.assign(
            **sums, item=name, scale=INDEX_SCALE, kind="answer", response=value, score=value,
            se=np.nan,
        )  # fmt: skip


def _states(part: pd.DataFrame, item: str) -> NDArray[np.intp]:
    """Return one number a state: kinds of missing first, then the positions from 1."""
    position = part[item].to_numpy(np.int8, na_value=0)
    missing = part[f"{item}.missing"].cat
    lookup = np.array([MISSING.index(kind) for kind in missing.categories] + [0], dtype=np.int8)
    state = lookup[missing.codes.to_numpy()] if list(missing.categories) != MISSING else (
        missing.codes.to_numpy()
    )  # fmt: skip
    return np.where(position > 0, position + (len(MISSING) - 1), state).astype(np.intp)


def _numbered(values: NDArray[np.float64], known: dict[float, int]) -> NDArray[np.intp]:
    """Return the number of each value, and number those that are new."""
    place, distinct = pd.factorize(values)
    numbers = [known.setdefault(value, len(known)) for value in distinct.tolist()]
    return np.array(numbers, dtype=np.intp)[place]


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

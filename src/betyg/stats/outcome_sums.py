"""Answers to the headline outcome, added up: late ones apart, with the share of the two highest.

Cells have lost which answers to an index were among the two highest, and which came late. With
both, the ways in which a conclusion may be drawn again need no respondent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.numbering import Numbering
from betyg.data.parts import Parts
from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.stats.answer_patterns import FEWEST_POSITIONS
from betyg.stats.cells import KEYS, in_order, numbered
from betyg.stats.joint import scores_of
from betyg.stats.tally import Cells, Tally, together, with_squares

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["COLUMNS", "cells_of", "collapse", "of_rows", "outcome_items", "top_two"]

Array = NDArray[np.float64]

KIND = ("late", "response", "score", "top_two")
MEASURES = ("n", "weight_sum", "weight_sq_sum")
COLUMNS = (*KEYS, *KIND, *MEASURES)
BITS = 20  # of the number of each part of a kind: there are few scores
NONE = -1.0  # stands for what is not known while kinds are numbered


def collapse(cleaned: Cleaned, survey: Study) -> pd.DataFrame:
    """Add up the answers to the outcome, part by part.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents; other kinds than ``responses`` have none, and give no row.
    survey : Study
        The study.

    Returns
    -------
    DataFrame
        agency, activity, group, stratum category; year int16; late boolean (NA where no file
        tells it); response float64 (position, or value of an index); score, top_two float64
        (0-100; top_two NaN where there are no two highest); n int64; weight_sum, weight_sq_sum
        float64. Respondents without an answer to the outcome are in no row.
    """
    return of_rows(cleaned.parts if survey.kind == "responses" else [], survey)


def of_rows(parts: Parts | Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Add up respondents that lie in tables which together are the whole, as ``collapse`` does."""
    if not isinstance(parts, Parts):
        parts = list(parts)
        if not parts:
            return pd.DataFrame(columns=list(COLUMNS))
    outcome, columns = survey.compare.outcome, ["weight", "late", *outcome_items(survey)]
    tables, domains = numbered(parts, ["year", outcome, *columns])
    if isinstance(tables, Parts):
        found = list(tables.each(_count, survey, len(domains), doing="adding up the outcome"))
        return _table(found or [_count((), survey, len(domains))], domains)
    return _table([_count(tables, survey, len(domains))], domains)


def outcome_items(survey: Study) -> tuple[str, ...]:
    """Return the items that the outcome is made of."""
    outcome = survey.item(survey.compare.outcome)
    return outcome.items if isinstance(outcome, Index) else (outcome.item,)


def cells_of(sums: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Return the answers to the outcome as cells, late or not, as models take them.

    Parameters
    ----------
    sums : DataFrame
        As ``collapse`` returns it.
    survey : Study
        The study.

    Returns
    -------
    DataFrame
        The columns of cells, but for ``scale``: a row a domain, response and score.
    """
    by = [*KEYS, "response", "score"]
    added = sums.groupby(by, observed=True, sort=True)[list(MEASURES)].sum().reset_index()
    return added.assign(item=survey.compare.outcome, kind="answer", se=np.nan)


def _count(
    parts: Iterable[pd.DataFrame], survey: Study, domains: int
) -> tuple[Cells, NDArray[np.float64]]:
    """Count the answers in the tables of a piece; return the cells, and what each kind is."""
    outcome, tally, kinds = survey.compare.outcome, Tally(), _Kinds()
    for part in parts:
        score = scores_of(part, outcome, survey)
        given = np.flatnonzero(~np.isnan(score))
        response = part[outcome].to_numpy(np.float64, na_value=np.nan)
        columns = (_late(part), response, score, top_two(part, survey))
        kind = kinds.of([column.take(given) for column in columns])
        domain = part["domain"].to_numpy().take(given).astype(np.intp)
        weight = part["weight"].to_numpy(np.float64).take(given)
        tally.add(domain, kind, with_squares(weight), (domains, len(kinds)))
    return tally.cells(), kinds.table()


class _Kinds:
    """Kinds of answers, numbered in the order in which they turn up."""

    def __init__(self) -> None:
        self._parts: list[dict[float, int]] = [{} for _ in KIND]
        self._numbers = Numbering(bound=0)

    def __len__(self) -> int:
        return len(self._numbers)

    def of(self, columns: Sequence[Array]) -> NDArray[np.int32]:
        """Return the number of each row's kind."""
        key = np.zeros(len(columns[0]), dtype=np.int64)
        for column, known in zip(columns, self._parts, strict=True):
            key = (key << BITS) + in_order(np.where(np.isnan(column), NONE, column), known)
        return self._numbers.of(key)

    def table(self) -> Array:
        """Return what each kind is, shape (kinds, parts)."""
        key = np.array(self._numbers.values, dtype=np.int64)
        found = np.empty((key.size, len(self._parts)))
        for at in reversed(range(len(self._parts))):
            found[:, at] = np.array([*self._parts[at], NONE])[key & ((1 << BITS) - 1)]
            key >>= BITS
        return found


def _late(part: pd.DataFrame) -> Array:
    """Return 1 where an answer was late, 0 where not, NaN where nobody tells."""
    if "late" not in part:
        return np.full(len(part), np.nan)
    return part["late"].to_numpy(np.float64, na_value=np.nan)


def top_two(respondents: pd.DataFrame, survey: Study) -> Array:
    """Return 100 where the answer to the outcome is among the two highest, else 0.

    Of an index: the share of the items answered, where the index itself has a value. Items of
    three positions or fewer have no two highest.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where there is no answer.
    """
    high, answered = np.zeros(len(respondents)), np.zeros(len(respondents))
    years = respondents["year"].to_numpy()
    for item in outcome_items(survey):
        position = respondents[item].to_numpy(np.int16, na_value=0)
        for year in np.unique(years).tolist():
            k = survey.scale_of(item, year).k
            given = (years == year) & (position > 0) & (k >= FEWEST_POSITIONS)
            answered += given
            high += given & (position >= k - 1)
    share = np.divide(100.0 * high, answered, out=np.full(len(high), np.nan), where=answered > 0)
    known = ~np.isnan(scores_of(respondents, survey.compare.outcome, survey))
    return np.where(known, share, np.nan)


def _table(pieces: Sequence[tuple[Cells, Array]], domains: pd.DataFrame) -> pd.DataFrame:
    """Add up the pieces, whose kinds are numbered each by its own."""
    kinds, number = np.unique(
        np.concatenate([known for _, known in pieces]), axis=0, return_inverse=True
    )
    begins = np.cumsum([0, *(len(known) for _, known in pieces)])
    same = [
        (domain, number[begin + kind.astype(np.intp)], sums)
        for ((domain, kind, sums), _), begin in zip(pieces, begins[:-1], strict=True)
    ]
    domain, kind, sums = together(same)
    what = np.where(kinds == NONE, np.nan, kinds)[kind]
    found = {name: domains[name].array.take(domain) for name in KEYS}
    found |= dict(zip(KIND, what.T, strict=True)) | sums
    table = pd.DataFrame(found, copy=False)[list(COLUMNS)]
    table["late"] = table["late"].astype("boolean")
    return table.sort_values([*KEYS, *KIND], ignore_index=True)

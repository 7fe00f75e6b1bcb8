"""Kind ``counts``: how many chose each category, as counts or as rounded percentages with n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import category_states, roles
from betyg.data.category_states import OFF_SCALE
from betyg.data.codebook import normal
from betyg.data.raw_table import RawTable
from betyg.data.settings import Role
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["KEYS", "Held", "hidden", "numbers", "optional"]

KEYS = ["agency", "year", "activity", "group", "item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The numbers of each row of a file.

    Parameters
    ----------
    values : ndarray of float, shape (rows, columns)
        Wide counts: a column a category. Long counts: one. Published: value and standard error.
    n : ndarray of float, shape (rows,)
        Number of answers, NaN where the file states none.
    category : Series of str
        Raw category of a long file, "" in other files.
    suppressed, empty : ndarray of bool
        A needed number is hidden by the publisher; no number is there at all.
    """

    values: NDArray[np.float64]
    n: NDArray[np.float64]
    category: pd.Series
    suppressed: NDArray[np.bool_]
    empty: NDArray[np.bool_]

    def content(self) -> NDArray[np.uint64]:
        """Return a number for each row that is equal for rows with equal numbers."""
        frame = pd.DataFrame(np.column_stack([self.values, self.n]))
        return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def hidden(raw: RawTable, column: str) -> NDArray[np.bool_]:
    """Mark the cells whose number the publisher hid."""
    texts = {normal(text) for text in raw.source.suppressed}
    codes, values = raw.coded(column)
    return np.array([*(value in texts for value in values), "" in texts], dtype=bool)[codes]


def optional(
    raw: RawTable, role: Role, among: NDArray[np.bool_], problems: Problems
) -> NDArray[np.float64]:
    """Return the numbers of a role, NaN where the file states none."""
    column = raw.source.columns.get(role)
    if column is None:
        return np.full(len(raw.lines), np.nan)
    return roles.quantity(raw, column, problems, among=among)


def numbers(raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems) -> Held:
    """Return the numbers of a file of counts; rows that have a ``why`` may hold anything."""
    among = (rows["why"] == "").to_numpy()
    return (_wide if raw.source.categories else _long)(raw, rows, among, survey, problems)


def _wide(
    raw: RawTable,
    rows: pd.DataFrame,
    among: NDArray[np.bool_],
    survey: Study,
    problems: Problems,
) -> Held:
    values = np.column_stack(
        [roles.quantity(raw, column, problems, among=among) for column in raw.source.categories]
    )
    needed = category_states.of_wide(raw, rows, survey) != OFF_SCALE
    marks = np.column_stack([hidden(raw, column) for column in raw.source.categories])
    suppressed = (marks & needed).any(axis=1) | _hidden_n(raw)
    n = optional(raw, "n", among, problems)
    return Held(
        values=values,
        n=n,
        category=pd.Series("", index=range(len(rows)), dtype="str"),
        suppressed=suppressed,
        empty=_says_nothing(raw, values, n) & ~suppressed,
    )


def _long(
    raw: RawTable,
    rows: pd.DataFrame,
    among: NDArray[np.bool_],
    survey: Study,
    problems: Problems,
) -> Held:
    column = raw.source.columns.get("count") or raw.source.columns["percent"]
    value = roles.quantity(raw, column, problems, among=among)
    # The shares of the other categories mean nothing when one of them is hidden.
    marks = pd.Series(hidden(raw, column) | _hidden_n(raw))
    suppressed = marks.groupby([rows[key] for key in KEYS]).transform("any").to_numpy()
    return Held(
        values=value[:, None],
        n=optional(raw, "n", among, problems),
        category=pd.Series(
            raw.texts(raw.source.columns["category"]).fill_null("").to_pylist(), dtype="str"
        ),
        suppressed=suppressed,
        empty=np.isnan(value) & ~suppressed,
    )


def _says_nothing(
    raw: RawTable, values: NDArray[np.float64], n: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark rows without a number; a zero is one if it means that the remainder has all."""
    silent = np.all(~(values > 0), axis=1)
    if raw.source.remainder is not None:
        silent = np.all(np.isnan(values), axis=1)
    return np.asarray(silent | (n == 0))


def _hidden_n(raw: RawTable) -> NDArray[np.bool_]:
    column = raw.source.columns.get("n")
    return np.zeros(len(raw.lines), dtype=bool) if column is None else hidden(raw, column)

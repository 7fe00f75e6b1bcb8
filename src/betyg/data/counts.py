"""Kind ``counts``: how many chose each category, as counts or as rounded percentages with n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import category_states, roles
from betyg.data.category_states import OFF_SCALE
from betyg.data.codebook import normal
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["KEYS", "Held", "base", "content", "hidden", "long_column", "numbers", "wide_values"]

KEYS = ["agency", "year", "activity", "group", "item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is known of each row before its numbers are used.

    Parameters
    ----------
    category : Series of str
        Raw category of a long file, "" in other files.
    content : ndarray of uint64
        Equal for rows with equal numbers.
    suppressed, empty : ndarray of bool
        A needed number is hidden by the publisher; no number is there at all.
    """

    category: pd.Series
    content: NDArray[np.uint64]
    suppressed: NDArray[np.bool_]
    empty: NDArray[np.bool_]


def hidden(raw: RawTable, column: str) -> NDArray[np.bool_]:
    """Mark the cells whose number the publisher hid."""
    texts = {normal(text) for text in raw.source.suppressed}
    codes, values = raw.coded(column)
    return np.array([*(value in texts for value in values), "" in texts], dtype=bool)[codes]


def content(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.uint64]:
    """Return a number for each row that is equal for rows with equal numbers."""
    frame = pd.DataFrame({str(at): column for at, column in enumerate(columns)})
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def numbers(raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems) -> Held:
    """Return which rows are hidden or empty, and what makes two rows equal."""
    n = base(raw, problems)
    hidden_n = hidden(raw, raw.source.columns["n"]) if "n" in raw.source.columns else False
    if raw.source.categories:
        held = wide_values(raw, problems)
        needed = category_states.of_wide(raw, rows, survey) != OFF_SCALE
        marks = np.column_stack([hidden(raw, column) for column in raw.source.categories])
        suppressed = (marks & needed).any(axis=1) | hidden_n
        empty = ~(np.nan_to_num(held) * needed > 0).any(axis=1)
        category = pd.Series("", index=range(len(rows)), dtype="str")
        return Held(
            category=category,
            content=content([*held.T, n]),
            suppressed=suppressed,
            empty=empty & ~suppressed,
        )
    column = long_column(raw)
    value = roles.quantity(raw, column, problems)
    suppressed = hidden(raw, column) | hidden_n
    # The shares of the other categories mean nothing when one of them is hidden.
    suppressed = pd.Series(suppressed).groupby([rows[key] for key in KEYS]).transform("any")
    texts = raw.frame[raw.source.columns["category"]].astype("str").fillna("")
    return Held(
        category=texts,
        content=content([value, n]),
        suppressed=suppressed.to_numpy(),
        empty=np.isnan(value) & ~suppressed.to_numpy(),
    )


def base(raw: RawTable, problems: Problems) -> NDArray[np.float64]:
    """Return the number of answers that each row states, NaN where it states none."""
    column = raw.source.columns.get("n")
    if column is None:
        return np.full(len(raw.lines), np.nan)
    return roles.quantity(raw, column, problems)


def wide_values(raw: RawTable, problems: Problems) -> NDArray[np.float64]:
    """Return the numbers of the category columns, shape (rows, columns); NaN where empty."""
    return np.column_stack(
        [roles.quantity(raw, column, problems) for column in raw.source.categories]
    )


def long_column(raw: RawTable) -> str:
    """Return the column of the counts or percentages of a long file."""
    return raw.source.columns.get("count") or raw.source.columns["percent"]

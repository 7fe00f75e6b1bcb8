"""What the categories of a file of counts mean for each item and year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.codebook import Scale
from betyg.data.harmonise import state_of
from betyg.data.out_of_range import OutOfRange
from betyg.data.raw_table import RawTable
from betyg.data.roles import recoded, recognised
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["OFF_SCALE", "groups", "of_long", "of_remainder", "of_wide", "sizes"]

OFF_SCALE = 0
"""State of a category that the item's scale does not have."""


def of_wide(raw: RawTable, rows: pd.DataFrame, survey: Study) -> NDArray[np.int8]:
    """Return the state of each category column for each row, shape (rows, columns)."""
    named = list(raw.source.categories.values())
    return _by_item(rows, lambda item, year: [_state(c, item, year, survey) for c in named])


def of_remainder(raw: RawTable, rows: pd.DataFrame, survey: Study) -> NDArray[np.int8]:
    """Return the state that takes what is missing to the whole; ``OFF_SCALE`` for none."""
    code = raw.source.remainder
    if code is None:
        return np.full(len(rows), OFF_SCALE, dtype=np.int8)
    return _by_item(rows, lambda item, year: [_state(code, item, year, survey)])[:, 0]


def sizes(rows: pd.DataFrame, survey: Study) -> NDArray[np.int8]:
    """Return the number of categories on the scale of each row's item."""
    return _by_item(rows, lambda item, year: [len(survey.scale_of(item, year).categories)])[:, 0]


def of_long(
    raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems
) -> NDArray[np.int8]:
    """Return the state of each row's category; codes on no scale are problems."""
    column = raw.source.columns["category"]
    codes, values = raw.coded(column)
    states = np.full(len(rows), OFF_SCALE, dtype=np.int8)
    outside = OutOfRange()
    for (item, year), at in groups(rows):
        lookup = [_state(value, item, year, survey) for value in values]
        states[at] = np.array([*lookup, OFF_SCALE], dtype=np.int8)[codes[at]]
        scale = survey.scale_of(item, year)
        unknown = at[(states[at] == OFF_SCALE) & (rows["why"].to_numpy()[at] == "")]
        outside.note(raw, column, scale, rows=unknown)
    outside.report(raw, problems)
    return states


def _by_item(rows: pd.DataFrame, states: Callable[[str, int], Sequence[int]]) -> NDArray[np.int8]:
    found: NDArray[np.int8] | None = None
    for (item, year), at in groups(rows):
        one = np.array(states(item, year), dtype=np.int8)
        if found is None:
            found = np.zeros((len(rows), len(one)), dtype=np.int8)
        found[at] = one
    return np.zeros((len(rows), 1), dtype=np.int8) if found is None else found


def groups(rows: pd.DataFrame) -> list[tuple[tuple[str, int], NDArray[np.intp]]]:
    """Return the rows of each item and year; rows of no item are in no group."""
    groups: Mapping[Any, Any] = rows.groupby(["item", "year"], sort=False).indices
    return [
        ((str(item), int(year)), np.asarray(places))
        for (item, year), places in groups.items()
        if item and year
    ]


def _state(raw: str, item: str, year: int, survey: Study) -> int:
    scale: Scale = survey.scale_of(item, year)
    recode = {k: v for look in survey.crosswalk_rows(item, year) for k, v in look.recode.items()}
    code = recoded(raw, recode) or raw
    known = recognised(code, survey.category_spellings(scale))
    return OFF_SCALE if known is None else state_of(scale, known)

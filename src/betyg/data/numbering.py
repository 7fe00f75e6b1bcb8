"""Number distinct whole numbers in the order in which they turn up, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Numbering"]

TABLE = 2**27  # below this bound numbers are looked up in a table, of which little is touched


class Numbering:
    """Numbers from 0 for the distinct values seen so far."""

    def __init__(self, bound: int = TABLE, values: Sequence[NDArray[np.int64]] = ()) -> None:
        self._bound = bound
        self._values = list(values)
        self._size = sum(len(some) for some in values)
        self._table = np.zeros(0, dtype=np.int32)  # made when it is needed
        self._beyond: dict[int, int] = {}

    def __reduce__(self) -> tuple[type[Numbering], tuple[int, list[NDArray[np.int64]]]]:
        """Return of what a copy is made: the table need not travel."""
        return Numbering, (self._bound, [self.values])

    def copy(self) -> Numbering:
        """Return the same numbers, to which others can be added."""
        return Numbering(self._bound, self._values)

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[np.int64]:
        """The values in the order of their numbers."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._values])

    def of(self, values: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the number of each value; new ones get the next numbers."""
        self._prepare()
        bits = values.view(f"u{values.itemsize}")  # what is below zero is large as well
        if bits.max(initial=0) >= len(self._table):
            codes, distinct = pd.factorize(values)
            numbers = np.array([self.number(one) for one in distinct.tolist()], dtype=np.int32)
            return numbers[codes]
        found: NDArray[np.int32] = self._table.take(values)
        if not found.min(initial=1):
            new = pd.unique(values[found == 0])
            self._table[new] = self._numbers(new) + 1
            found = self._table.take(values)
        return found - np.int32(1)

    def number(self, value: int) -> int:
        """Return the number of one value."""
        self._prepare()
        if 0 <= value < len(self._table):
            return int(self.of(np.array([value]))[0])
        if value not in self._beyond:
            self._beyond[value] = int(self._numbers(np.array([value]))[0])
        return self._beyond[value]

    def _prepare(self) -> None:
        """Make the table. Zero stands for a value not seen yet: untouched zeros take no memory."""
        if len(self._table):
            return
        self._table = np.zeros(min(self._bound, TABLE), dtype=np.int32)
        values, numbers = self.values, np.arange(self._size)
        near = (values >= 0) & (values < len(self._table))
        self._table[values[near]] = numbers[near] + 1
        self._beyond = dict(zip(values[~near].tolist(), numbers[~near].tolist(), strict=True))

    def _numbers(self, new: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the next numbers, those of values not seen before."""
        numbers = np.arange(self._size, self._size + len(new), dtype=np.int32)
        self._values.append(new.astype(np.int64))
        self._size += len(new)
        return numbers

"""Number distinct whole numbers in the order in which they turn up, part by part."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Numbering"]

TABLE = 2**27  # below this bound numbers are looked up in a table, of which little is touched


class Numbering:
    """Numbers from 0 for the distinct values seen so far."""

    def __init__(self, bound: int = TABLE, values: Iterable[int] = ()) -> None:
        self._bound = bound
        # Zero stands for a value not seen yet: untouched zeros take no memory.
        self._table = np.zeros(min(bound, TABLE), dtype=np.int32)
        self._found: dict[int, int] = {}
        for value in values:
            self.number(value)

    def __reduce__(self) -> tuple[type[Numbering], tuple[int, list[int]]]:
        """Return of what a copy is made: the table need not travel."""
        return Numbering, (self._bound, self.values)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def values(self) -> list[int]:
        """The values in the order of their numbers."""
        return list(self._found)

    def of(self, values: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the number of each value; new ones get the next numbers."""
        if values.max(initial=0) >= len(self._table):
            codes, distinct = pd.factorize(values)
            numbers = np.array([self.number(one) for one in distinct.tolist()], dtype=np.int32)
            return numbers[codes]
        found: NDArray[np.int32] = self._table.take(values)
        if not found.all():
            new, n = pd.unique(values[found == 0]), len(self._found)
            self._table[new] = np.arange(n + 1, n + len(new) + 1)
            self._found |= dict(zip(new.tolist(), range(n, n + len(new)), strict=True))
            found = self._table.take(values)
        return found - np.int32(1)

    def number(self, value: int) -> int:
        """Return the number of one value."""
        if value not in self._found:
            self._found[value] = len(self._found)
            if value < len(self._table):
                self._table[value] = len(self._found)
        return self._found[value]

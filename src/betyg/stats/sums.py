"""Sums by code: what every estimate here is made of."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["by_code", "joint", "numbered", "one_of_each", "rows_by_code"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
LARGEST = np.iinfo(np.int64).max // 2
PER_CODE = 8  # places in a table for each code, up to which it is quicker than sorting


def by_code(codes: Codes, values: NDArray[np.generic], size: int) -> Array:
    """Return the sum of the values that share a code, shape (size,)."""
    return np.asarray(np.bincount(codes, values, size), dtype=np.float64)


def rows_by_code(codes: Codes, table: Array, size: int) -> Array:
    """Return the sums of the rows of ``table`` that share a code, shape (size, columns)."""
    sums = np.empty((size, table.shape[1]))
    for at, column in enumerate(table.T):
        sums[:, at] = np.bincount(codes, column, size)
    return sums


def numbered(codes: Codes) -> tuple[Codes, Codes]:
    """Return the codes from 0 that occur, rising, and the place of each code among them."""
    size = int(codes.max(initial=-1)) + 1
    if size > PER_CODE * codes.size:
        return np.unique(codes, return_inverse=True)
    occurs = np.zeros(size, dtype=bool)
    occurs[codes] = True
    distinct = np.flatnonzero(occurs)
    place = np.empty(size, dtype=np.intp)
    place[distinct] = np.arange(distinct.size)
    return distinct, place[codes]


def one_of_each(place: Codes, size: int) -> Codes:
    """Return for each place a row that has it; every place has one."""
    rows = np.empty(size, dtype=np.intp)
    rows[place] = np.arange(place.size)
    return rows


def joint(coded: Iterable[tuple[NDArray[np.integer], int]], *, most: int = LARGEST) -> Codes:
    """Return one number for each combination of codes, in the order of the first, the second, ...

    Without any codes all rows are alike, and one number stands for them.

    Parameters
    ----------
    coded : iterable of (ndarray of int, shape (rows,), int)
        Codes from 0, and how many there can be.
    most : int
        Where more combinations are possible, those of the codes so far are numbered anew.
    """
    key, bound = np.zeros(1, dtype=np.int64), 1
    for codes, size in coded:
        if bound * size > most:
            distinct, key = numbered(key)
            bound = distinct.size
        key, bound = key * size + codes, bound * size
    return key

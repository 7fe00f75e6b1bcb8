"""Sums by cell without any rounding: the same digits in whatever order and parts they are made.

A double is cut into whole numbers of 32 bits, each a multiple of a fixed power of two (limbs).
Sums of limbs are whole numbers too, and exact; only the finished sum is rounded, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactSums", "limbs"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

BITS = 32  # of a limb
LOWEST = -22  # exponent of limb 0: with limb -1 it holds the weights from 1/4 to 1024
LOOSE = 2**20  # rows after which limbs are carried over: their sums stay below 2**53
ONE = 2.0**-LOWEST  # the number 1, in units of limb 0


def limbs(values: Array) -> dict[int, Array]:
    """Cut numbers into limbs: number k counts units of 2 ** (32 k - 22).

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        Finite, not below zero.

    Returns
    -------
    dict of int to ndarray of float, shape (rows,)
        Whole numbers below 2 ** 32; limbs without any are left out.
    """
    found: dict[int, Array] = {}
    rest = values
    while (largest := rest.max(initial=0.0)) > 0.0:
        k = (int(np.frexp(largest)[1]) - 1 - LOWEST) // BITS
        exponent = BITS * k + LOWEST
        found[k] = np.floor(np.ldexp(rest, -exponent))
        rest = rest - np.ldexp(found[k], exponent)
    return found


class ExactSums:
    """Sums of numbers not below zero, by cell."""

    def __init__(self, shape: tuple[int, int] = (1, 1)) -> None:
        self._shape = shape
        self._limbs: dict[int, Array] = {}
        self._strange: Array | None = None  # what is no number, or beyond all
        self._rows = 0  # since limbs were carried over

    def add(self, cell: Codes, cut: Mapping[int, Array]) -> None:
        """Add numbers that were cut into limbs, to the cells in which they are."""
        self._loosen(len(cell))
        for k, limb in cut.items():
            held = self._limb(k).reshape(-1)
            held += np.bincount(cell, limb, held.size)

    def add_counts(self, n: NDArray[np.int64]) -> None:
        """Add a number of ones to each cell, shape as the sums; fewer than 2 ** 31."""
        if n.any():
            self._limb(0)[...] += n * ONE
            self._carry()

    def add_strange(self, cell: Codes, values: Array) -> None:
        """Add what is infinite or no number."""
        if self._strange is None:
            self._strange = np.zeros(self._shape)
        self._strange += np.bincount(cell, values, self._strange.size).reshape(self._shape)

    def grow(self, room: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Make room for more cells, as ``numpy.pad`` does."""
        self._limbs = {k: np.pad(held, room) for k, held in self._limbs.items()}
        if self._strange is not None:
            self._strange = np.pad(self._strange, room)
        self._shape = (self._shape[0] + room[0][1], self._shape[1] + room[1][1])

    def taken(self, cell: Codes) -> ExactSums:
        """Return the sums of some cells, by their place in one row of all."""
        self._carry()
        found = ExactSums((1, cell.size))
        found._limbs = {k: held.reshape(-1)[cell][None] for k, held in self._limbs.items()}
        if self._strange is not None:
            found._strange = self._strange.reshape(-1)[cell][None]
        return found

    def put(self, cell: Codes, other: ExactSums) -> None:
        """Add the sums of another, which has one for each of ``cell``; each cell is there once."""
        self._loosen(LOOSE)
        for k, held in other._limbs.items():
            self._limb(k).reshape(-1)[cell] += held[0]
        if other._strange is not None:
            self.add_strange(cell, other._strange[0])

    def rounded(self) -> Array:
        """Return the double nearest to each sum, as ``math.fsum`` gives it."""
        self._carry()
        places = self._limbs.keys()
        found = np.zeros(self._shape)
        if places:
            lowest, highest = min(places), max(places)
            stacked = np.zeros((highest - lowest + 5, *self._shape), dtype=np.uint64)
            for k, held in self._limbs.items():
                stacked[k - lowest + 4] = held.astype(np.uint64)  # below stand four of nothing
            found = _nearest(stacked, BITS * (lowest - 4) + LOWEST)
        return found if self._strange is None else found + self._strange

    def _limb(self, k: int) -> Array:
        return self._limbs.setdefault(k, np.zeros(self._shape))

    def _loosen(self, rows: int) -> None:
        """See that the sums stay exact when so many rows more are added to a cell."""
        self._rows += rows
        if self._rows > LOOSE:
            self._carry()
            self._rows = rows

    def _carry(self) -> None:
        """Give to the next limb what a limb holds beyond its bits."""
        size = 2.0**BITS
        for k in self._upwards():
            held = self._limbs[k]
            over = np.floor(held / size)
            if over.any():
                held -= over * size
                self._limb(k + 1)[...] += over
        self._rows = 0

    def _upwards(self) -> Iterator[int]:
        """Yield the limbs from the lowest, those too that are made meanwhile."""
        k = min(self._limbs, default=0)
        while self._limbs and k <= max(self._limbs):
            if k in self._limbs:
                yield k
            k += 1


def _nearest(stacked: NDArray[np.uint64], exponent: int) -> Array:
    """Return the double nearest to numbers written in limbs, the lowest first.

    The highest 64 bits are enough, with a last bit that says whether anything is below them.
    """
    top = len(stacked) - 1 - np.argmax(stacked[::-1] != 0, axis=0)
    top = np.maximum(top, 4)  # of zero, any
    at = np.indices(top.shape)
    high, next_, low, least = (stacked[(top - step, *at)] for step in range(4))
    head, tail = (high << np.uint64(BITS)) | next_, (low << np.uint64(BITS)) | least
    below = np.cumsum(stacked != 0, axis=0)[(top - 4, *at)] > 0
    free = np.uint64(BITS) - np.frexp(high.astype(np.float64))[1].astype(np.uint64)
    some = free > 0
    into = np.where(some, tail >> np.where(some, np.uint64(2 * BITS) - free, np.uint64(1)), 0)
    left = (tail << free) != 0
    whole = (head << free) | into.astype(np.uint64) | (left | below).astype(np.uint64)
    power = (exponent + BITS * (top - 1)) - free.astype(np.int64)
    return np.asarray(np.ldexp(whole.astype(np.float64), power), dtype=np.float64)

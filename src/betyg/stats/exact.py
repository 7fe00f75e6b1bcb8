"""Sums by code that are rounded once, at the end: the same digits in whatever order they are made.

A double is cut into whole numbers of 32 bits, each a multiple of a fixed power of two (limbs).
Sums of limbs are whole numbers too, and exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.stats import sums

__all__ = ["by_code"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

BITS = 32  # of a limb
WHOLE = 2.0**53  # below it whole numbers are exact
LOWEST = -22  # exponent of limb 0: with limb -1 it holds the numbers from 1/4 to 1024


def by_code(codes: Codes, values: Array, size: int) -> Array:
    """Return the double nearest to the sum of the values that share a code, as ``math.fsum``.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        From 0; fewer than 2 ** 21 share one, so that sums of limbs stay below 2 ** 53.
    values : ndarray of float, shape (n,)
        Not below zero. What is infinite or no number makes its own sum so.
    size : int
        How many codes there are.

    Returns
    -------
    ndarray of float, shape (size,)
    """
    fine = np.isfinite(values)
    if not fine.all():
        strange = np.bincount(codes[~fine], values[~fine], size)
        return by_code(codes[fine], values[fine], size) + strange
    units = np.ldexp(values, -LOWEST)
    if units.sum() < WHOLE and (units == np.floor(units)).all():
        return sums.by_code(codes, values, size)  # without rounding as they are
    limbs = {k: sums.by_code(codes, limb, size) for k, limb in _limbs(values).items()}
    if not limbs:
        return np.zeros(size)
    lowest = min(limbs)
    carried = _carried([limbs.get(k, np.zeros(size)) for k in range(lowest, max(limbs) + 1)])
    below = np.zeros((4, size), dtype=np.uint64)  # so that every limb has four under it
    return _nearest(np.concatenate([below, carried]), BITS * (lowest - 4) + LOWEST)


def _limbs(values: Array) -> dict[int, Array]:
    """Cut numbers into limbs: number k counts units of 2 ** (32 k - 22); those of nothing lack."""
    found: dict[int, Array] = {}
    rest = values
    while (largest := rest.max(initial=0.0)) > 0.0:
        k = (int(np.frexp(largest)[1]) - 1 - LOWEST) // BITS
        exponent = BITS * k + LOWEST
        found[k] = np.floor(np.ldexp(rest, -exponent))
        rest = rest - np.ldexp(found[k], exponent)
    return found


def _carried(limbs: list[Array]) -> NDArray[np.uint64]:
    """Give to the next limb what one holds beyond its bits, the lowest first."""
    found = []
    over = np.zeros_like(limbs[0])
    for held in [*limbs, np.zeros_like(over)]:
        together = held + over
        over = np.floor(np.ldexp(together, -BITS))
        found.append((together - np.ldexp(over, BITS)).astype(np.uint64))
    return np.stack(found)


def _nearest(limbs: NDArray[np.uint64], exponent: int) -> Array:
    """Return the double nearest to numbers written in limbs, the lowest first.

    The highest 64 bits are enough, with a last bit that says whether anything is below them.
    """
    top = len(limbs) - 1 - np.argmax(limbs[::-1] != 0, axis=0)
    top = np.maximum(top, 4)  # of zero, any
    at = np.arange(limbs.shape[1])
    high, next_, low, least = (limbs[top - step, at] for step in range(4))
    head, tail = (high << np.uint64(BITS)) | next_, (low << np.uint64(BITS)) | least
    below = np.cumsum(limbs != 0, axis=0)[top - 4, at] > 0
    free = np.uint64(BITS) - np.frexp(high.astype(np.float64))[1].astype(np.uint64)
    some = free > 0
    into = np.where(some, tail >> np.where(some, np.uint64(2 * BITS) - free, np.uint64(1)), 0)
    left = (tail << free) != 0
    whole = (head << free) | into.astype(np.uint64) | (left | below).astype(np.uint64)
    power = (exponent + BITS * (top - 1)) - free.astype(np.int64)
    return np.asarray(np.ldexp(whole.astype(np.float64), power), dtype=np.float64)

"""Counts and sums of weights, added to part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats import exact
from betyg.stats.sums import numbered

__all__ = ["Cells", "Tally", "together", "with_squares"]

Array = NDArray[np.float64]
Weights = NDArray[np.complex128]
Codes = NDArray[np.intp]
_Number = TypeVar("_Number", bound=np.generic)
Cells = tuple[Codes, NDArray[np.generic], dict[str, NDArray[np.generic]]]
"""Domain, state and sums of each cell."""


class Tally:
    """How many rows, and of which weight, have each state in each domain.

    Weights are added in the order of the rows, whatever the parts: so the sums have the same
    digits however a file was cut.
    """

    def __init__(self) -> None:
        self._n: NDArray[np.int64] = np.zeros((1, 1), dtype=np.int64)
        self._weighed: Weights | None = None  # none as long as each row weighs one

    def add(
        self,
        domain: NDArray[np.integer],
        state: NDArray[np.integer],
        weight: Weights | None,
        size: tuple[int, int],
        *,
        times: NDArray[np.int64] | None = None,
    ) -> None:
        """Add some rows.

        Parameters
        ----------
        domain, state : ndarray of int, shape (rows,)
            Codes from 0.
        weight : ndarray of complex, shape (rows,), or None
            As ``with_squares`` gives them; None where each weighs one.
        size : (int, int)
            How many domains and states there are so far.
        times : ndarray of int, shape (rows,), or None
            How many rows each stands for; None where for itself.
        """
        self._grow(size)
        cell = np.multiply(domain, self._n.shape[1], dtype=np.intp)
        cell += state
        if weight is not None:
            weighed = _ones(self._n) if self._weighed is None else self._weighed
            np.add.at(weighed.reshape(-1), cell, weight if times is None else weight * times)
            self._weighed = weighed
        elif self._weighed is not None:
            n = np.bincount(cell, times, self._n.size).reshape(self._n.shape)
            self._weighed += _ones(n)
        np.add.at(self._n.reshape(-1), cell, 1 if times is None else times)

    def _grow(self, size: tuple[int, int]) -> None:
        """Make room for states as they turn up: a table that is small stays near the processor."""
        have = self._n.shape
        if size[0] <= have[0] and size[1] <= have[1]:
            return
        domains, states = (max(both) for both in zip(size, have, strict=True))

        def wider(table: NDArray[_Number]) -> NDArray[_Number]:
            new = np.zeros((domains, states), table.dtype)
            new[: have[0], : have[1]] = table
            return new

        self._n = wider(self._n)
        if self._weighed is not None:
            self._weighed = wider(self._weighed)

    def cells(self) -> Cells:
        """Return domain and state of each cell that has rows, and its sums, by domain."""
        at = domain, state = np.nonzero(self._n)
        n = self._n[at]
        sums = _ones(n) if self._weighed is None else self._weighed[at]
        return domain, state, {"n": n, "weight_sum": sums.real, "weight_sq_sum": sums.imag}


def _ones(n: NDArray[np.generic]) -> Weights:
    """Return the sums of so many weights of one."""
    return n.astype(np.complex128) * (1 + 1j)


def with_squares(weight: Array) -> Weights:
    """Return weights with their squares as the imaginary parts: both are added in one go."""
    both = np.empty(len(weight), dtype=np.complex128)
    both.real, both.imag = weight, weight**2
    return both


def together(pieces: Sequence[Cells]) -> Cells:
    """Add up the cells of pieces: their sums exactly, and then rounded once."""
    if len(pieces) == 1:
        return pieces[0]
    domain, state = (np.concatenate([piece[at] for piece in pieces]) for at in (0, 1))
    place, states = pd.factorize(state)
    cell, at = numbered(domain * len(states) + place)
    sums: dict[str, NDArray[np.generic]] = {}
    for name in ("n", "weight_sum", "weight_sq_sum"):
        values = np.concatenate([piece[2][name] for piece in pieces])
        if name == "n":
            sums[name] = np.bincount(at, values, cell.size).astype(np.int64)
        else:
            sums[name] = exact.by_code(at, values.astype(np.float64), cell.size)
    return cell // len(states), states[cell % len(states)], sums

"""Counts and sums of weights, added to part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats import exact

__all__ = ["Cells", "Tally", "together"]

Codes = NDArray[np.intp]
Cells = tuple[Codes, NDArray[np.generic], dict[str, NDArray[np.generic]]]
"""Domain, state and sums of each cell."""


class Tally:
    """How many rows, and of which weight, have each state in each domain.

    Weights are added in the order of the rows, whatever the parts: so the sums have the same
    digits however a file was cut.
    """

    def __init__(self) -> None:
        self._n: NDArray[np.int64] = np.zeros((1, 1), dtype=np.int64)
        self._weight: NDArray[np.float64] = np.zeros((1, 1))
        self._square: NDArray[np.float64] = np.zeros((1, 1))

    def add(
        self,
        domain: NDArray[np.integer],
        state: NDArray[np.integer],
        weight: NDArray[np.float64] | None,
        size: tuple[int, int],
    ) -> None:
        """Add some rows.

        Parameters
        ----------
        domain, state : ndarray of int, shape (rows,)
            Codes from 0.
        weight : ndarray of float, shape (rows,), or None
            None where each weighs one.
        size : (int, int)
            How many states and domains there are so far.
        """
        self._grow(size)
        cell = np.multiply(state, self._n.shape[1], dtype=np.intp)
        cell += domain
        n = np.bincount(cell, minlength=self._n.size).reshape(self._n.shape)
        self._n += n
        if weight is None:
            self._weight += n
            self._square += n
            return
        np.add.at(self._weight.reshape(-1), cell, weight)
        np.add.at(self._square.reshape(-1), cell, weight**2)

    def _grow(self, size: tuple[int, int]) -> None:
        """Make room, with some to spare, as domains turn up part by part."""
        have = self._n.shape
        if size[0] <= have[0] and size[1] <= have[1]:
            return
        room = [
            (0, 0 if want <= there else want + want // 4 - there)
            for want, there in zip(size, have, strict=True)
        ]
        self._n = np.pad(self._n, room)
        self._weight, self._square = np.pad(self._weight, room), np.pad(self._square, room)

    def cells(self) -> Cells:
        """Return domain and state of each cell that has rows, and its sums, by domain."""
        domain, state = np.nonzero(self._n.T)
        at = (state, domain)
        sums: dict[str, NDArray[np.generic]] = {
            "n": self._n[at],
            "weight_sum": self._weight[at],
            "weight_sq_sum": self._square[at],
        }
        return domain, state, sums


def together(pieces: Sequence[Cells]) -> Cells:
    """Add up the cells of pieces: their sums exactly, and then rounded once."""
    if len(pieces) == 1:
        return pieces[0]
    domain, state = (np.concatenate([piece[at] for piece in pieces]) for at in (0, 1))
    place, states = pd.factorize(state)
    cell, at = np.unique(domain * len(states) + place, return_inverse=True)
    sums: dict[str, NDArray[np.generic]] = {}
    for name in ("n", "weight_sum", "weight_sq_sum"):
        values = np.concatenate([piece[2][name] for piece in pieces])
        if name == "n":
            sums[name] = np.bincount(at, values, cell.size).astype(np.int64)
        else:
            sums[name] = exact.by_code(at, values.astype(np.float64), cell.size)
    return cell // len(states), states[cell % len(states)], sums

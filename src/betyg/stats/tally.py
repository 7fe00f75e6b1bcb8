"""Counts and sums of weights, added to part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from betyg.stats.exact import ExactSums, limbs

__all__ = ["Tally", "Weights"]

Codes = NDArray[np.intp]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of some rows, made ready to be added up in many ways.

    Attributes
    ----------
    powers : tuple of (dict of int to ndarray)
        The weights and their squares, cut into limbs.
    strange : tuple of ndarray
        The same, uncut, where any of them is infinite or no number; else empty.
    """

    powers: tuple[dict[int, Array], ...]
    strange: tuple[Array, ...] = ()

    @classmethod
    def of(cls, weight: Array) -> Weights:
        """Return the weights of rows, shape (rows,)."""
        with np.errstate(over="ignore"):
            both = (weight, weight**2)
        if all(np.isfinite(values.max(initial=0.0)) for values in both):
            return cls(powers=tuple(map(limbs, both)))
        fine = np.isfinite(both[1])
        return cls(
            powers=tuple(limbs(np.where(fine, values, 0.0)) for values in both),
            strange=tuple(np.where(fine, 0.0, values) for values in both),
        )

    def taken(self, rows: NDArray[np.bool_]) -> Weights:
        """Return those of some rows."""
        return Weights(
            powers=tuple({k: limb[rows] for k, limb in cut.items()} for cut in self.powers),
            strange=tuple(values[rows] for values in self.strange),
        )


class Tally:
    """How many rows, and of which weight, have each state in each domain.

    Sums are exact until they are read: they have the same digits however a file was cut, and
    wherever its parts were counted.
    """

    def __init__(self) -> None:
        self._n: NDArray[np.int64] = np.zeros((1, 1), dtype=np.int64)
        self._ones = self._n.copy()  # those of weight one, which no sum has yet
        self._sums = (ExactSums(), ExactSums())

    def add(
        self, domain: Codes, state: Codes, weight: Weights | None, size: tuple[int, int]
    ) -> None:
        """Add some rows.

        Parameters
        ----------
        domain, state : ndarray of int, shape (rows,)
            Codes from 0.
        weight : Weights or None
            None where each weighs one.
        size : (int, int)
            How many states and domains there are so far.
        """
        self._grow(size)
        cell = state * self._n.shape[1] + domain
        n = np.bincount(cell, minlength=self._n.size).reshape(self._n.shape)
        self._n += n
        if weight is None:
            self._ones += n
            return
        for power, sums in enumerate(self._sums):
            sums.add(cell, weight.powers[power])
            if weight.strange:
                sums.add_strange(cell, weight.strange[power])

    def absorb(self, other: Tally, states: Codes | None = None) -> None:
        """Add what another has counted in the same domains.

        Parameters
        ----------
        other : Tally
            The other.
        states : ndarray of int or None
            Which state here each of its states is; None where they are the same.
        """
        cell, n, taken = other._counted()
        state, domain = np.divmod(cell, other._n.shape[1])
        state = state if states is None else states[state]
        self._grow((int(state.max(initial=0)) + 1, other._n.shape[1]))
        own = state * self._n.shape[1] + domain
        self._n.reshape(-1)[own] += n
        for sums, more in zip(self._sums, taken, strict=True):
            sums.put(own, more)

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels: cells without a row stay behind."""
        cell, n, taken = self._counted()
        return {"shape": self._n.shape, "cell": cell, "n": n, "taken": taken}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._n = np.zeros(state["shape"], dtype=np.int64)
        self._n.reshape(-1)[state["cell"]] = state["n"]
        self._ones = np.zeros_like(self._n)
        self._sums = (ExactSums(state["shape"]), ExactSums(state["shape"]))
        for sums, more in zip(self._sums, state["taken"], strict=True):
            sums.put(state["cell"], more)

    def _counted(self) -> tuple[Codes, NDArray[np.int64], tuple[ExactSums, ...]]:
        cell = np.flatnonzero(self._n)
        taken = tuple(self._taken(sums, cell) for sums in self._sums)
        return cell, self._n.reshape(-1)[cell], taken

    def _taken(self, sums: ExactSums, cell: Codes) -> ExactSums:
        found = sums.taken(cell)
        found.add_counts(self._ones.reshape(-1)[cell][None])
        return found

    def _grow(self, size: tuple[int, int]) -> None:
        """Make room, with some to spare, as domains turn up part by part."""
        have = self._n.shape
        if size[0] <= have[0] and size[1] <= have[1]:
            return
        first, second = (
            (0, 0 if want <= there else want + want // 4 - there)
            for want, there in zip(size, have, strict=True)
        )
        self._n, self._ones = (np.pad(n, (first, second)) for n in (self._n, self._ones))
        for sums in self._sums:
            sums.grow((first, second))

    def cells(self) -> tuple[Codes, Codes, dict[str, NDArray[np.generic]]]:
        """Return domain and state of each cell that has rows, and its sums, by domain."""
        domain, state = np.nonzero(self._n.T)
        cell = state * self._n.shape[1] + domain
        weight, square = (self._taken(sums, cell).rounded()[0] for sums in self._sums)
        sums: dict[str, NDArray[np.generic]] = {
            "n": self._n[state, domain],
            "weight_sum": weight,
            "weight_sq_sum": square,
        }
        return domain, state, sums

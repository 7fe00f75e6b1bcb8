"""Patterns of answers by owner: counted, or those of some respondents drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from betyg.data import identity
from betyg.stats.sums import joint

__all__ = ["Counted", "Drawn", "Found"]

States = Sequence[NDArray[np.int8]]
Codes = NDArray[np.intp]
Found = tuple[Codes, NDArray[np.int8], NDArray[np.int64]]
"""Owner, answers, shape (patterns, questions), and number of each pattern."""


class Counted:
    """How many rows have each pattern.

    Parameters
    ----------
    owners : int
        Whose patterns are counted apart, from 0.
    positions : sequence of int
        How many positions each question has; answers are 0 (none) to that.
    """

    def __init__(self, owners: int, positions: Sequence[int]) -> None:
        self._owners, self._shape = owners, tuple(k + 1 for k in positions)
        self._n = np.zeros(owners * math.prod(self._shape), dtype=np.int64)

    def add(self, owner: Codes, states: States, unit: NDArray[np.integer]) -> None:
        """Count some rows; who they are does not matter."""
        del unit
        code = owner.astype(np.int64)
        for own, size in zip(states, self._shape, strict=True):
            code *= size
            code += own
        self._n += np.bincount(code, minlength=self._n.size)

    def absorb(self, other: Counted) -> None:
        """Add what was counted elsewhere."""
        self._n += other._n

    def found(self) -> Found:
        """Return the patterns that somebody has, by owner; one of no answer is none."""
        code = np.flatnonzero(self._n)
        owner, *answers = np.unravel_index(code, (self._owners, *self._shape))
        patterns = np.stack(answers, axis=1).astype(np.int8)
        some = patterns.any(axis=1)
        return owner[some], patterns[some], self._n[code[some]]


class Drawn:
    """The patterns of so many rows of each owner, drawn at random: those of the lowest hashes.

    So the same rows are drawn in whatever parts they come; if there are no more, all of them.

    Parameters
    ----------
    owners, most : int
        Whose patterns are drawn apart, from 0, and how many rows of each are kept.
    positions : sequence of int
        As for ``Counted``.
    """

    def __init__(self, owners: int, most: int, positions: Sequence[int]) -> None:
        self._most, self._room = most, 2 * most * owners
        self._sizes = [owners, *(k + 1 for k in positions)]
        self._below = np.full(owners, np.iinfo(np.uint64).max, dtype=np.uint64)
        self._owner = [np.zeros(0, dtype=np.intp)]
        self._hash = [np.zeros(0, dtype=np.uint64)]
        self._answers = [np.zeros((0, len(positions)), dtype=np.int8)]

    def add(self, owner: Codes, states: States, unit: NDArray[np.integer]) -> None:
        """Draw from some more rows; each is a unit of its own."""
        number = identity.of_numbers(unit)
        low = np.flatnonzero(number <= self._below[owner])
        answers = np.stack([own.take(low) for own in states], axis=1)
        low, answers = low[answers.any(axis=1)], answers[answers.any(axis=1)]
        self._keep(owner[low], number[low], answers)

    def absorb(self, other: Drawn) -> None:
        """Draw from what was drawn elsewhere."""
        for part in zip(other._owner, other._hash, other._answers, strict=True):
            self._keep(*part)

    def _keep(self, owner: Codes, number: identity.Hash, answers: NDArray[np.int8]) -> None:
        self._owner.append(owner)
        self._hash.append(number)
        self._answers.append(answers)
        if sum(map(len, self._owner)) > self._room:
            self._settle()

    def _settle(self) -> None:
        """Give up what will not be drawn."""
        owner, number = np.concatenate(self._owner), np.concatenate(self._hash)
        rows = []
        for one in range(self._below.size):
            own = np.flatnonzero(owner == one)
            if own.size >= self._most:
                lowest = np.argpartition(number[own], self._most - 1)[: self._most]
                own = np.sort(own[lowest])
                self._below[one] = number[own].max()
            rows.append(own)
        kept = np.concatenate(rows)
        self._owner, self._hash = [owner[kept]], [number[kept]]
        self._answers = [np.concatenate(self._answers)[kept]]

    def found(self) -> Found:
        """Return the patterns that were drawn, by owner."""
        self._settle()
        owner, answers = self._owner[0], self._answers[0]
        key = joint(zip([owner, *answers.T], self._sizes, strict=True))
        _, first, n = np.unique(key, return_index=True, return_counts=True)
        return owner[first], answers[first], n.astype(np.int64)

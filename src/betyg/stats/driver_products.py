"""Sums of scores and of their products over the rows that share a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Products", "Rows"]

Array = NDArray[np.float64]
Codes = NDArray[np.int32]

COUNTED = 4  # counts before those of the themes
BLOCK = 2**19  # rows that are put in the order of their places at a time
CHUNK = 2**13  # of these, how many are scored at a time: they stay near the processor


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows.

    Attributes
    ----------
    place : ndarray of int, shape (rows,)
        What they are added to.
    new : ndarray of bool, shape (rows,)
        Whether each is the first of its unit.
    weight, outcome : ndarray of float, shape (rows,)
        Weight; score of the outcome, NaN for none.
    themes : ndarray of int, shape (rows, themes)
        Codes of the scores of the themes.
    """

    place: Codes
    new: NDArray[np.bool_]
    weight: Array
    outcome: Array
    themes: Codes


class Products:
    """Counts, sums of scores and sums of products by place.

    Rows are added in the order of their places: so little is touched at a time, and a product is
    added up where the processor has it.

    Parameters
    ----------
    themes : int
        How many themes there are.
    kept : sequence of int
        Those that a row must have to be complete.
    places : int
        How many places there will be at least, if rows come to all of them.
    """

    def __init__(self, themes: int, kept: Sequence[int], places: int) -> None:
        self._themes, self._kept = themes, list(kept)
        self._needed = np.zeros(2 * themes)
        self._needed[[2 * theme for theme in kept]] = 1.0
        self._held: list[Rows] = []
        self._scores = np.zeros((0, themes, 2))
        full = len(self._kept) + 2
        widths = [COUNTED, themes, themes, 2 * themes, *[full] * full]
        self._sums = [np.zeros((places, width)) for width in widths]

    def scored(self, scores: Array) -> None:
        """Say what codes mean.

        Parameters
        ----------
        scores : ndarray of float, shape (codes, themes)
            The score of each code of each theme, NaN for none.
        """
        given = ~np.isnan(scores)
        self._scores = np.stack([given, np.where(given, scores, 0.0)], axis=2)

    def add(self, rows: Rows) -> None:
        """Add some rows, whose codes have a meaning."""
        self._held.append(rows)
        if sum(len(held.place) for held in self._held) >= BLOCK:
            self.settle()

    def absorb(self, other: Products, place: Codes) -> None:
        """Add the sums of another, given the place here of each of its places."""
        self._grow(int(place.max(initial=-1)) + 1)
        for own, more in zip(self._sums, other._sums, strict=True):
            own[place] += more[: len(place)]

    def table(self, places: int) -> tuple[Array, Array, Array]:
        """Return the sums of the first places, shape (places, columns) each.

        Returns
        -------
        ndarray of float
            Counts: rows that are the first of their unit; complete; with the outcome but without
            a theme; with the outcome; for each theme those with a score, and those with both.
        ndarray of float
            For each theme the weights of those with a score, and the weighted scores.
        ndarray of float
            Of the complete rows: the weight and weighted scores of the kept themes and the
            outcome, and the weighted products of each two of them.
        """
        self._grow(places)
        seen, given, alone, scores, *products = (held[:places] for held in self._sums)
        upper = [held[:, row:] for row, held in enumerate(products)]
        return (
            np.hstack([seen, given, given - alone]),
            np.hstack([scores[:, ::2], scores[:, 1::2]]),
            np.hstack(upper),
        )

    def _grow(self, places: int) -> None:
        have = len(self._sums[0])
        if places > have:
            room = ((0, max(places - have, have)), (0, 0))
            self._sums = [np.pad(held, room) for held in self._sums]

    def settle(self) -> None:
        """Add the rows that are held."""
        if not self._held:
            return
        rows, self._held = _together(self._held), []
        places = int(rows.place.max(initial=-1)) + 1
        self._grow(places)
        order = _by_place(np.ones(len(rows.place), np.int8), rows.place, places).tocsr().indices
        for start in range(0, len(order), CHUNK):
            self._add(rows, order[start : start + CHUNK])

    def _add(self, rows: Rows, at: Codes) -> None:
        """Add the rows at some places, which rise."""
        place, outcome = rows.place.take(at), rows.outcome.take(at)
        weight = rows.weight.take(at)
        first, size = int(place[0]), int(place[-1] - place[0]) + 1
        place -= np.int32(first)
        code = rows.themes.take(at, axis=0) * np.int32(self._themes)
        code += np.arange(self._themes, dtype=np.int32)
        scores = self._scores.reshape(-1, 2).take(code, axis=0).reshape(len(at), -1)
        known = ~np.isnan(outcome)
        complete = known & (scores @ self._needed == len(self._kept))
        seen, given, alone, sums, *products = (held[first : first + size] for held in self._sums)
        for column, marked in enumerate((rows.new.take(at), complete, known & ~complete, known)):
            seen[:, column] += np.bincount(place[marked], minlength=size)
        given += (_by_place(np.ones(len(at)), place, size) @ scores)[:, ::2]
        if not known.all():
            alone += _marked(place, scores, ~known, size)[:, ::2]
        sums += _by_place(weight, place, size) @ scores
        own = np.flatnonzero(complete)
        chosen = scores.take(own, axis=0).T[1::2].take(self._kept, axis=0)
        columns = np.vstack([np.ones(len(own)), chosen, outcome.take(own)])
        full, weight = np.ascontiguousarray(columns.T), weight.take(own)
        by_place = _by_place(weight, place.take(own), size)
        for column, held in zip(columns, products, strict=True):
            by_place.data = weight * column
            held += by_place @ full


def _marked(place: Codes, table: Array, marked: NDArray[np.bool_], places: int) -> Array:
    """Add up the marked rows of a table by place."""
    own = np.flatnonzero(marked)
    return np.asarray(
        _by_place(np.ones(len(own)), place.take(own), places) @ table.take(own, axis=0)
    )


def _by_place(values: NDArray[np.generic], place: Codes, places: int) -> sparse.csc_array:
    """Return the matrix that adds up rows, in their order, by place."""
    starts = np.arange(len(place) + 1, dtype=np.int32)
    return sparse.csc_array((values, place, starts), shape=(places, len(place)))


def _together(parts: Sequence[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    return Rows(
        place=np.concatenate([part.place for part in parts]),
        new=np.concatenate([part.new for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        outcome=np.concatenate([part.outcome for part in parts]),
        themes=np.concatenate([part.themes for part in parts]),
    )

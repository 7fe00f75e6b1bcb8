"""Design matrices of covariate patterns, by codes instead of columns.

A term puts each pattern into one level, so a whole block of dummy columns is
one vector of codes, and X'WX is a handful of weighted counts. It costs the same
for twenty levels and for two thousand. A covariate multiplies its block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf

from betyg.stats.sums import by_code, rows_by_code

__all__ = ["Patterns", "aliased"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

ALIAS_TOLERANCE = 1e-9  # a column of which less than this share is its own is aliased


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """The rows of a design matrix.

    Attributes
    ----------
    codes : tuple of ndarray of int, each of shape (patterns,)
        Column within the block; the number of columns stands for "none".
    widths : tuple of int
        Columns of each block.
    size : int
        Number of patterns.
    factors : tuple of (ndarray, shape (patterns,), or None)
        What stands in that column: None for ones.
    """

    codes: tuple[Codes, ...]
    widths: tuple[int, ...]
    size: int
    factors: tuple[Array | None, ...]

    @property
    def offsets(self) -> tuple[int, ...]:
        """First column of each block, and the end of the last."""
        return (0, *accumulate(self.widths))

    def times(self, beta: Array) -> Array:
        """Return X @ beta, shape (patterns,)."""
        eta = np.zeros(self.size)
        for i, (start, width) in enumerate(zip(self.offsets, self.widths, strict=False)):
            eta += self._scaled(i, np.append(beta[start : start + width], 0.0)[self.codes[i]])
        return eta

    def sums(self, values: Array) -> Array:
        """Return X' @ values; ``values`` has shape (patterns,) or (patterns, columns)."""
        table = values.reshape(values.shape[0], -1)
        parts = [
            rows_by_code(code, self._scaled(i, table.T).T, width + 1)[:width]
            for i, (code, width) in enumerate(zip(self.codes, self.widths, strict=True))
        ]
        total = np.concatenate(parts) if parts else np.zeros((0, table.shape[1]))
        return total.reshape(-1, *values.shape[1:])

    def gram(self, weights: Array) -> Array:
        """Return X' diag(weights) X."""
        ends = self.offsets
        total = np.zeros((ends[-1], ends[-1]))
        for i, (row, high) in enumerate(zip(self.codes, self.widths, strict=True)):
            own = self._scaled(i, weights)
            here = np.arange(ends[i], ends[i + 1])
            total[here, here] = by_code(row, self._scaled(i, own), high + 1)[:high]
            for j in range(i):
                wide = self.widths[j]
                pair = by_code(
                    row * (wide + 1) + self.codes[j],
                    self._scaled(j, own),
                    (high + 1) * (wide + 1),
                ).reshape(high + 1, wide + 1)[:high, :wide]
                total[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = pair
                total[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = pair.T
        return total

    def take(self, rows: Codes) -> Patterns:
        """Return the patterns of ``rows``, repeats allowed."""
        return Patterns(
            codes=tuple(code[rows] for code in self.codes),
            widths=self.widths,
            size=rows.size,
            factors=tuple(None if own is None else own[rows] for own in self.factors),
        )

    def group_sums(self, values: Array, groups: Codes, n_groups: int) -> Array:
        """Return for each group the sums of values times row of X.

        Parameters
        ----------
        values : ndarray, shape (patterns,) or (patterns, more)
            What the rows are multiplied by; each column for itself.
        groups : ndarray of int, shape (patterns,)
            Codes from 0.
        n_groups : int
            How many there can be.

        Returns
        -------
        ndarray, shape (groups, columns) or (groups, more, columns)
        """
        table = values.reshape(values.shape[0], -1)
        total = np.empty((n_groups, table.shape[1], self.offsets[-1]))
        for i, (code, width) in enumerate(zip(self.codes, self.widths, strict=True)):
            key, start = groups * (width + 1) + code, self.offsets[i]
            for at, column in enumerate(table.T):
                sums = by_code(key, self._scaled(i, column), n_groups * (width + 1))
                own = sums.reshape(n_groups, width + 1)[:, :width]
                total[:, at, start : start + width] = own
        return total.reshape(n_groups, *values.shape[1:], self.offsets[-1])

    def spans(self) -> Array:
        """Return how far apart the values of each column are: one for a dummy."""
        parts = [np.ones(0)]
        for code, width, own in zip(self.codes, self.widths, self.factors, strict=True):
            span = np.ones(width + 1)
            if own is not None:
                high, low = np.full(width + 1, -np.inf), np.full(width + 1, np.inf)
                np.maximum.at(high, code, own)
                np.minimum.at(low, code, own)
                span = np.where(high > low, high - low, np.abs(high))
            parts.append(span[:width])
        return np.concatenate(parts)

    def _scaled(self, block: int, values: Array) -> Array:
        own = self.factors[block]
        return values if own is None else values * own


def aliased(patterns: Patterns, names: Sequence[str]) -> list[str]:
    """Return the columns that are sums of the constant and of columns before them."""
    ones = np.ones(patterns.size)
    total = np.empty((len(names) + 1, len(names) + 1))
    total[0, 0] = patterns.size
    total[0, 1:] = total[1:, 0] = patterns.sums(ones)
    total[1:, 1:] = patterns.gram(ones)
    kept, lost = np.arange(len(total)), []
    while (at := _no_own(total[np.ix_(kept, kept)])) is not None:
        lost.append(names[kept[at] - 1])
        kept = np.delete(kept, at)
    return lost


def _no_own(gram: Array) -> int | None:
    """Return the first column of which those before it leave nothing, if any."""
    root, stopped = dpotrf(gram, lower=1)  # it stops at a column of which less than nothing is left
    done = stopped - 1 if stopped else len(gram)
    left = np.append(np.diag(root)[:done] ** 2, np.zeros(len(gram) - done))
    little = np.flatnonzero(left <= ALIAS_TOLERANCE * np.diag(gram))
    return int(little[0]) if little.size else None

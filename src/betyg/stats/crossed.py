"""Crossed random intercepts: the matrix I + S Z'WZ S, factored without its largest term.

Levels of one term never share a pattern, so the block of the largest term is
diagonal. It is eliminated first; what is left is as small as the other terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from betyg.stats.patterns import Patterns
from betyg.stats.sums import by_code

__all__ = ["Crossed", "Factor", "crossed"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Cross = Array | sparse.csr_array[np.float64]

DENSE = 200_000  # entries of the cross block that are cheaper dense than sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Random intercepts of several terms, the largest first.

    Attributes
    ----------
    patterns : Patterns
        Level of each pattern in each term; vectors of effects follow its blocks.
    rest : Patterns
        The same without the first term.
    pair : ndarray of int, shape (other terms * patterns,)
        Which pair of levels (other term, first term) a pattern adds to.
    rows, indices, indptr : ndarray of int
        Those pairs as a compressed sparse matrix, other levels by first levels.
    """

    patterns: Patterns
    rest: Patterns
    pair: Codes
    rows: Codes
    indices: Codes
    indptr: Codes

    @property
    def sizes(self) -> Codes:
        """Levels of each term."""
        return np.asarray(self.patterns.widths, dtype=np.intp)

    def by_term(self, values: Array) -> Array:
        """Return the sum of ``values``, one for each effect, by term."""
        return np.asarray(np.add.reduceat(values, np.asarray(self.patterns.offsets[:-1])))

    def factor(self, weights: Array, sd: Array) -> Factor:
        """Factor I + S Z' diag(weights) Z S.

        Parameters
        ----------
        weights : ndarray, shape (patterns,)
            Not negative.
        sd : ndarray, shape (terms,)
            Scale of each term's effects: the diagonal of S, term by term.
        """
        large = self.patterns.widths[0]
        scale = np.repeat(sd, self.sizes)
        own, other = scale[:large], scale[large:]
        diagonal = 1.0 + own**2 * by_code(self.patterns.codes[0], weights, large)
        cross = self._cross(weights, own, other)
        small = other[:, None] * self.rest.gram(weights) * other
        small -= _product(cross, 1.0 / diagonal)
        small[np.diag_indices_from(small)] += 1.0
        lower = np.asarray(np.linalg.cholesky(small), dtype=np.float64)
        return Factor(crossed=self, scale=scale, diagonal=diagonal, cross=cross, lower=lower)

    def _cross(self, weights: Array, own: Array, other: Array) -> Cross:
        """Return the block between the other terms and the first."""
        shape = (other.size, own.size)
        shared = by_code(self.pair, np.tile(weights, len(self.rest.widths)), self.indices.size)
        shared *= other[self.rows] * own[self.indices]
        if shape[0] * shape[1] <= DENSE:
            block = np.zeros(shape)
            block[self.rows, self.indices] = shared
            return block
        return sparse.csr_array((shared, self.indices, self.indptr), shape=shape, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """The factored matrix A = I + S Z'WZ S.

    Attributes
    ----------
    crossed : Crossed
        The terms.
    scale : ndarray, shape (effects,)
        Diagonal of S.
    diagonal : ndarray, shape (first term's levels,)
        Block of the first term.
    cross : ndarray or csr_array, shape (other levels, first term's levels)
        Block below it.
    lower : ndarray, shape (other levels, other levels)
        Cholesky factor of the rest's Schur complement.
    """

    crossed: Crossed
    scale: Array
    diagonal: Array
    cross: Cross
    lower: Array

    @property
    def logdet(self) -> float:
        """Logarithm of the determinant."""
        return float(np.log(self.diagonal).sum() + 2.0 * np.log(np.diag(self.lower)).sum())

    def solve(self, values: Array) -> Array:
        """Return A^-1 values; ``values`` has shape (effects,) or (effects, columns)."""
        large = self.diagonal.size
        table = values.reshape(values.shape[0], -1)
        first = table[:large] / self.diagonal[:, None]
        rest = _cho_solve(self.lower, table[large:] - self.cross @ first)
        first = first - np.asarray(self.cross.T @ rest) / self.diagonal[:, None]
        return np.concatenate([first, rest]).reshape(values.shape)

    def inverse_traces(self) -> Array:
        """Return the trace of each term's block of A^-1, shape (terms,)."""
        inverse = _cho_solve(self.lower, np.eye(self.lower.shape[0]))
        filled = float((inverse * _product(self.cross, self.diagonal**-2)).sum())
        own = float((1.0 / self.diagonal).sum()) + filled
        rest = np.diag(inverse)
        ends = self.crossed.rest.offsets
        return np.array([own, *(rest[a:b].sum() for a, b in zip(ends[:-1], ends[1:], strict=True))])

    def inverse(self) -> Array:
        """Return A^-1, shape (effects, effects)."""
        return self.solve(np.eye(self.scale.size))

    def inverse_diagonal(self) -> Array:
        """Return the diagonal of A^-1, shape (effects,)."""
        inverse = _cho_solve(self.lower, np.eye(self.lower.shape[0]))
        return np.concatenate([self._own(self._spread(inverse)), np.diag(inverse)])

    def _spread(self, inverse: Array) -> Array:
        """Return minus the block of A^-1 between the first term and the rest."""
        return np.asarray(self.cross.T @ inverse, dtype=np.float64) / self.diagonal[:, None]

    def _own(self, spread: Array) -> Array:
        """Return the diagonal of the first term's block of A^-1."""
        pairs = self.crossed
        cross = self.cross
        dense = isinstance(cross, np.ndarray)
        shared = cross[pairs.rows, pairs.indices] if dense else np.asarray(cross.data)
        filled = shared * spread[pairs.indices, pairs.rows]
        return (1.0 + by_code(pairs.indices, filled, self.diagonal.size)) / self.diagonal

    def leverage_and_traces(self) -> tuple[Array, Array]:
        """Return diag(Z S A^-1 S Z') by pattern, and the traces of A^-1 by term."""
        large = self.diagonal.size
        inverse = _cho_solve(self.lower, np.eye(self.lower.shape[0]))
        spread = self._spread(inverse)
        own = self._own(spread)
        first, other = self.scale[:large], self.scale[large:]
        small = other[:, None] * inverse * other
        beside = -2.0 * first[:, None] * spread * other
        code, rest = self.crossed.patterns.codes[0], self.crossed.rest
        leverage = (first**2 * own)[code]
        places = [c + start for c, start in zip(rest.codes, rest.offsets, strict=False)]
        for i, place in enumerate(places):
            leverage += beside[code, place] + small[place, place]
            for before in places[:i]:
                leverage += 2.0 * small[place, before]
        traces = self.crossed.by_term(np.concatenate([own, np.diag(inverse)]))
        return leverage, traces


def crossed(patterns: Patterns) -> Crossed:
    """Prepare the terms of ``patterns``, whose first block must be the largest."""
    large = patterns.widths[0]
    rest = Patterns(
        codes=patterns.codes[1:],
        widths=patterns.widths[1:],
        size=patterns.size,
        factors=patterns.factors[1:],
    )
    keys = [
        (code + start) * large + patterns.codes[0]
        for code, start in zip(rest.codes, rest.offsets, strict=False)
    ]
    joined = np.concatenate([np.zeros(0, dtype=np.intp), *keys])
    pairs, place = np.unique(joined, return_inverse=True)
    filled = np.bincount(pairs // large, minlength=rest.offsets[-1])
    return Crossed(
        patterns=patterns,
        rest=rest,
        pair=place,
        rows=pairs // large,
        indices=pairs % large,
        indptr=np.concatenate([[0], np.cumsum(filled)]).astype(np.intp),
    )


def _product(cross: Cross, weights: Array) -> Array:
    """Return cross diag(weights) cross' as a dense matrix."""
    if isinstance(cross, np.ndarray):
        return (cross * weights) @ cross.T
    scaled = cross.copy()
    scaled.data = cross.data * weights[cross.indices]
    return np.asarray((scaled @ cross.T).toarray(), dtype=np.float64)


def _cho_solve(lower: Array, values: Array) -> Array:
    if lower.shape[0] == 0:
        return values
    return np.asarray(linalg.cho_solve((lower, True), values, check_finite=False))

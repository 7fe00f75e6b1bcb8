"""The variance of calibrated weights: what the margins explain does not vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from betyg.stats.sums import by_code

__all__ = ["Calibration", "calibration"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The regression on the margins that weights were raked (or post-stratified) to.

    Attributes
    ----------
    cell : ndarray of int, shape (n,)
        Combination of the categories of all margins.
    base : ndarray of float, shape (n,)
        Weights before calibration: those of the regression.
    categories : sparse array, shape (cells, categories)
        Categories of each cell, one a margin.
    inverse : ndarray of float, shape (categories, categories)
        Generalised inverse of the sums of ``base`` by pair of categories.
    """

    cell: Codes
    base: Array
    categories: csr_array
    inverse: Array

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.categories.shape[0])

    def fitted(self, sums: Array) -> Array:
        """Return the fitted value of each cell.

        Parameters
        ----------
        sums : ndarray of float, shape (cells, columns)
            Sums of ``base`` times what is regressed.

        Returns
        -------
        ndarray of float, shape (cells, columns)
        """
        return np.asarray(self.categories @ (self.inverse @ (self.categories.T @ sums)))

    def residuals(self, scores: Array, weight: Array) -> Array:
        """Return weighted scores less what the margins explain of them.

        Parameters
        ----------
        scores : ndarray of float, shape (n, columns)
            Times the calibrated weight.
        weight : ndarray of float, shape (n,)
            Calibrated.

        Returns
        -------
        ndarray of float, shape (n, columns)
        """
        plain = scores * (self.base / np.where(weight > 0, weight, 1.0))[:, None]
        sums = [by_code(self.cell, column, self.cells) for column in plain.T]
        return scores - weight[:, None] * self.fitted(np.stack(sums, axis=1))[self.cell]


def calibration(margins: Sequence[Codes], base: Array) -> Calibration:
    """Lay out the regression on margins.

    Parameters
    ----------
    margins : sequence of ndarray of int, shape (n,)
        Category of each respondent in each margin, from 0.
    base : ndarray of float, shape (n,)
        Weights before calibration.

    Returns
    -------
    Calibration

    References
    ----------
    Deville, Särndal & Sautory (1993), J. Am. Stat. Assoc. 88, 1013-1020.
    R counterpart: ``survey::calibrate(design, formula, population, calfun = "raking")``.
    """
    key = np.zeros(base.size, dtype=np.int64)
    begins, width = [], 0
    for codes in margins:
        size = int(codes.max(initial=0)) + 1
        key = key * size + codes
        begins.append(width)
        width += size
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    places = np.stack(
        [codes[first] + begin for codes, begin in zip(margins, begins, strict=True)], axis=1
    )
    rows = np.repeat(np.arange(first.size), len(begins))
    marks = (np.ones(rows.size), (rows, places.ravel()))
    categories = csr_array(marks, shape=(first.size, width))
    sums = by_code(cell, base, first.size)
    square = csr_array(categories.T @ diags_array(sums) @ categories).toarray()
    inverse: Array = np.linalg.pinv(square, rcond=1e-11, hermitian=True).astype(np.float64)
    return Calibration(cell=cell, base=base, categories=categories, inverse=inverse)

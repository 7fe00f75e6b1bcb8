"""Sums by code: what every estimate here is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["by_code", "rows_by_code"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def by_code(codes: Codes, values: NDArray[np.generic], size: int) -> Array:
    """Return the sum of the values that share a code, shape (size,)."""
    return np.asarray(np.bincount(codes, values, size), dtype=np.float64)


def rows_by_code(codes: Codes, table: Array, size: int) -> Array:
    """Return the sums of the rows of ``table`` that share a code, shape (size, columns)."""
    columns = table.shape[1]
    key = (codes[:, None] * columns + np.arange(columns)).ravel()
    return by_code(key, table.ravel(), size * columns).reshape(size, columns)

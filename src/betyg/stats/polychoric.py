"""Polychoric correlations of ordered answers, from two-way tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from betyg.errors import DesignError

__all__ = ["correlation", "joint_probability"]

Array = NDArray[np.float64]

EDGE = 0.9995  # nearer to one, a table cannot tell a correlation
NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)


def correlation(table: Array) -> float:
    """Estimate the correlation of the normal variables behind two ordered questions.

    Thresholds are those of the table's own margins; the correlation maximises the
    likelihood given them (two steps). Tables of parts add up, so nothing else is needed.

    Parameters
    ----------
    table : ndarray of float, shape (positions of the one, positions of the other)
        Answers, counted; positions that nobody chose may be there.

    Returns
    -------
    float
        Between -1 and 1.

    Raises
    ------
    DesignError
        If either question got one and the same answer from everybody, or the answers agree
        so well that no correlation under one fits.

    References
    ----------
    Olsson (1979), Psychometrika 44, 443-460.
    R counterpart: ``polycor::polychor(table)``; ``lavaan::lavCor(ordered = TRUE)``.
    """
    counts = np.asarray(table, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape, default=0) < 2:
        raise DesignError(
            "polychoric correlation: a question has one and the same answer from everybody who "
            "answered both. Leave it out of the scale."
        )
    total = counts.sum()
    rows, columns = (ndtri(np.cumsum(counts.sum(axis=side))[:-1] / total) for side in (1, 0))

    def lost(rho: float) -> float:
        probability = _cells(rows, columns, rho)
        return -float((counts * np.log(np.maximum(probability, 1e-300))).sum())

    found = minimize_scalar(lost, bounds=(-EDGE, EDGE), method="bounded", options={"xatol": 1e-9})
    if abs(found.x) > EDGE - 1e-4:
        raise DesignError(
            "polychoric correlation: the answers to two questions agree (or disagree) all but "
            "perfectly, so they are one question. Leave one out of the scale."
        )
    return float(found.x)


def _cells(rows: Array, columns: Array, rho: float) -> Array:
    """Return the probability of each cell between the thresholds."""
    inner = joint_probability(rows[:, None], columns[None, :], rho)
    whole = np.zeros((rows.size + 2, columns.size + 2))
    whole[1:-1, 1:-1] = inner
    whole[1:-1, -1], whole[-1, 1:-1], whole[-1, -1] = ndtr(rows), ndtr(columns), 1.0
    return np.asarray(np.diff(np.diff(whole, axis=0), axis=1))


def joint_probability(first: Array, second: Array, rho: float) -> Array:
    """Return P(X <= first, Y <= second) of standard normal X and Y with correlation ``rho``.

    The derivative in the correlation is the joint density; it is integrated over the
    angle whose sine is the correlation (Gauss-Legendre).

    References
    ----------
    Drezner & Wesolowsky (1990), J. Stat. Comput. Simul. 35, 101-107.
    """
    half = 0.5 * np.arcsin(rho)
    sine = np.sin(half * (NODES + 1.0))
    one, other = np.broadcast_arrays(first, second)
    squares = (one**2 + other**2)[..., None]
    exponent = (squares - 2.0 * (one * other)[..., None] * sine) / (2.0 * (1.0 - sine**2))
    integral = half * (np.exp(-exponent) @ WEIGHTS)
    return np.asarray(ndtr(one) * ndtr(other) + integral / (2.0 * np.pi))

"""Polychoric correlations of ordered answers, from two-way tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from betyg.errors import DesignError

__all__ = ["correlation", "influence", "joint_probability"]

Array = NDArray[np.float64]

EDGE = 0.9995  # nearer to one, a table cannot tell a correlation
RAREST = 1e-12  # a smaller probability of a cell is the rounding of those that it is taken from
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
    counts = counts[np.ix_(*_chosen(counts))]
    if min(counts.shape, default=0) < 2:
        raise DesignError(
            "polychoric correlation: a question has one and the same answer from everybody who "
            "answered both. Leave it out of the scale."
        )
    rows, columns = _thresholds(counts)

    def lost(rho: float) -> float:
        probability = _cells(rows, columns, rho)
        return -float((counts * np.log(probability)).sum())

    found = minimize_scalar(lost, bounds=(-EDGE, EDGE), method="bounded", options={"xatol": 1e-9})
    if abs(found.x) > EDGE - 1e-4:
        raise DesignError(
            "polychoric correlation: the answers to two questions agree (or disagree) all but "
            "perfectly, so they are one question. Leave one out of the scale."
        )
    return float(found.x)


def influence(table: Array, rho: float) -> Array:
    """Return what one more answer in each cell does to the correlation, times their number.

    The thresholds are estimated too, and what an answer does to them counts.

    Parameters
    ----------
    table : ndarray of float, shape (positions of the one, positions of the other)
        As for :func:`correlation`.
    rho : float
        As :func:`correlation` found it.

    Returns
    -------
    ndarray of float, shape of the table
        Its mean over the answers is zero, its variance that of the correlation times their
        number. Zero in cells that are empty: nobody's answers move it from there.

    References
    ----------
    Olsson (1979), Psychometrika 44, 443-460; Muthén (1984), Psychometrika 49, 115-132.
    R counterpart of its products: ``lavaan::lavInspect(fit, "gamma")``.
    """
    there = np.ix_(*_chosen(table))
    share = table[there] / table.sum()
    rows, columns = _thresholds(share)
    score = np.where(share > 0, _density(rows, columns, rho) / _cells(rows, columns, rho), 0.0)
    parts = (
        _of_thresholds(share, score, rows, columns, rho),
        _of_thresholds(share.T, score.T, columns, rows, rho).T,
    )
    found = np.zeros(table.shape)
    one_more = (score - parts[0] - parts[1]) / (share * score**2).sum()
    found[there] = np.where(share > 0, one_more, 0.0)
    return found


def _of_thresholds(share: Array, score: Array, own: Array, other: Array, rho: float) -> Array:
    """Return what each answer does to the slope in ``rho`` by moving the thresholds of the rows."""
    density = np.exp(-0.5 * own**2) / np.sqrt(2.0 * np.pi)
    given = ndtr((other[None, :] - rho * own[:, None]) / np.sqrt(1.0 - rho**2))
    moved = density[:, None] * np.diff(given, axis=1, prepend=0.0, append=1.0)
    relative = share * score / _cells(own, other, rho)
    together = ((relative[:-1] - relative[1:]) * moved).sum(axis=1)
    below = np.arange(own.size + 1)[:, None] <= np.arange(own.size)
    return np.asarray(((below - ndtr(own)) / density) @ together)[:, None]


def _chosen(table: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return table.sum(axis=1) > 0, table.sum(axis=0) > 0


def _thresholds(counts: Array) -> tuple[Array, Array]:
    total = counts.sum()
    rows, columns = (ndtri(np.cumsum(counts.sum(axis=side))[:-1] / total) for side in (1, 0))
    return rows, columns


def _density(rows: Array, columns: Array, rho: float) -> Array:
    """Return the derivative of each cell's probability in the correlation."""
    rest = 1.0 - rho**2
    one, other = rows[:, None], columns[None, :]
    whole = np.zeros((rows.size + 2, columns.size + 2))
    whole[1:-1, 1:-1] = np.exp(-(one**2 - 2.0 * rho * one * other + other**2) / (2.0 * rest))
    density = whole / (2.0 * np.pi * np.sqrt(rest))
    return np.asarray(np.diff(np.diff(density, axis=0), axis=1))


def _cells(rows: Array, columns: Array, rho: float) -> Array:
    """Return the probability of each cell between the thresholds."""
    inner = joint_probability(rows[:, None], columns[None, :], rho)
    whole = np.zeros((rows.size + 2, columns.size + 2))
    whole[1:-1, 1:-1] = inner
    whole[1:-1, -1], whole[-1, 1:-1], whole[-1, -1] = ndtr(rows), ndtr(columns), 1.0
    return np.maximum(np.diff(np.diff(whole, axis=0), axis=1), RAREST)


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

"""Critical values that hold for many differences at once: quantiles of the largest |z|.

A normal vector is a direction times a length that knows nothing of it. So only directions are
drawn; over the lengths, whose distribution is known, the probability is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammainc, gammaincinv

__all__ = ["DRAWS", "critical", "root"]

Array = NDArray[np.float64]

DRAWS = 20_000  # at most
LOOK = 5_000  # draws after which the error is looked at
GROUPS = 250  # draws of nearly one reach are taken together
ENOUGH = 0.01  # standard error of a critical value, which is two to four
BLOCK = 50_000  # numbers held at a time: they stay in the processor's cache


def root(covariance: Array) -> Array:
    """Return the symmetric matrix whose square is the covariance.

    It follows the covariance without a jump, also where variances are equal or zero and
    single eigenvectors would turn with the last digit.
    """
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def critical(
    covariance: Array,
    largest: Callable[[Array], Array],
    *,
    width: int,
    rng: np.random.Generator,
    level: float,
) -> float:
    """Return the quantile of the largest of some differences of equal units.

    Parameters
    ----------
    covariance : ndarray of float, shape (units, units)
        Full, joint.
    largest : callable
        Returns the largest |difference| / se of each column of drawn units, shape (units, draws).
        Twice the column has twice the largest.
    width : int
        How many numbers it holds for a column.
    rng : Generator
        For the directions: so many are drawn that the standard error of the quantile is under
        0.01, but at most 20,000.
    level : float
        Of the quantile.

    References
    ----------
    Deák (1980), Numerische Mathematik 35, 369-380.
    """
    half, units = root(covariance), len(covariance)
    step = max(1, BLOCK // width)
    reach = np.empty(DRAWS)
    value = 0.0
    for stop in range(LOOK, DRAWS + 1, LOOK):
        for start in range(stop - LOOK, stop, step):
            drawn = rng.standard_normal((min(step, stop - start), units))
            length = np.sqrt(np.einsum("du,du->d", drawn, drawn))
            reach[start : start + len(drawn)] = largest(half @ drawn.T) / length
        value, error = _quantile(reach[:stop], units, level)
        if error < ENOUGH:
            break
    return value


def _quantile(reach: Array, units: int, level: float) -> tuple[float, float]:
    """Return the quantile of reach times length, and its standard error.

    ``reach`` is the largest at length one; lengths are of so many independent normal numbers.
    """
    of = np.sort(reach).reshape(GROUPS, -1).mean(axis=1)
    if not of[0] > 0:  # nothing varies
        return 0.0, 0.0
    known = float(np.sqrt(2.0 * gammaincinv(units / 2.0, level)))  # of the length alone

    def within(value: float) -> Array:
        return np.asarray(gammainc(units / 2.0, 0.5 * (value / of) ** 2))

    value = float(
        brentq(lambda tried: within(tried).mean() - level, known * of[0], known * of[-1], xtol=1e-6)
    )
    slope = float((within(value + 1e-3) - within(value - 1e-3)).mean()) / 2e-3
    return value, float(within(value).std()) / np.sqrt(reach.size) / slope

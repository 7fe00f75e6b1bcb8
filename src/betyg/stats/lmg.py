"""Shapley (LMG) shares of explained variance, exactly, from a covariance matrix."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ParameterError

__all__ = ["MOST_PREDICTORS", "explained", "parts"]

Array = NDArray[np.float64]

MOST_PREDICTORS = 12  # 4,096 subsets; every predictor more doubles them
SINGULAR = 1e-10  # share of a variance left below which a predictor repeats the others


def parts(covariance: Array) -> Array:
    """Return each predictor's part of R squared, averaged over all orders of entry.

    The parts add up to R squared. A predictor that repeats the others, or does not vary, adds
    nothing where they are in already.

    Parameters
    ----------
    covariance : ndarray of float, shape (..., predictors + 1, predictors + 1)
        Covariances or cross products, the outcome last; many matrices at a time.

    Returns
    -------
    ndarray of float, shape (..., predictors)
        NaN where the outcome does not vary.

    Raises
    ------
    ParameterError
        If there are no predictors, or more than ``MOST_PREDICTORS``.

    References
    ----------
    Lindeman, Merenda & Gold (1980), Introduction to Bivariate and Multivariate Analysis, 119-127.
    Grömping (2007), The American Statistician 61, 139-147.
    """
    known = explained(covariance)
    count = covariance.shape[-1] - 1
    subsets = np.arange(2**count)
    size = np.array([int(subset).bit_count() for subset in subsets])
    orders = np.array([factorial(s) * factorial(count - 1 - s) for s in range(count)])
    found = np.empty((*known.shape[:-1], count))
    for predictor in range(count):
        without = subsets[(subsets >> predictor) & 1 == 0]
        gain = known[..., without | (1 << predictor)] - known[..., without]
        found[..., predictor] = gain @ (orders[size[without]] / factorial(count))
    return found


def explained(covariance: Array) -> Array:
    """Return R squared of the outcome on every subset of the predictors.

    Each subset is reached from the one without its last predictor by one step of elimination on
    what comes after it, so all of them together cost little more than 2^p of the smallest.

    Parameters
    ----------
    covariance : ndarray of float, shape (..., predictors + 1, predictors + 1)
        As for :func:`parts`.

    Returns
    -------
    ndarray of float, shape (..., 2^predictors)
        Subset s holds predictor j where bit j of s is 1.

    Raises
    ------
    ParameterError
        As for :func:`parts`.
    """
    count = covariance.shape[-1] - 1
    if not 1 <= count <= MOST_PREDICTORS:
        raise ParameterError(
            f"drivers: {count} predictors, and exact shares are made of 1 to {MOST_PREDICTORS}. "
            "Join questions into fewer themes in codebook.csv."
        )
    matrices = covariance.reshape(-1, count + 1, count + 1)
    gained = np.zeros((2**count, len(matrices)))
    least = SINGULAR * np.diagonal(matrices, axis1=1, axis2=2)
    _enter(matrices, least, gained, subset=0, first=0)
    total = matrices[:, -1, -1]
    share = np.divide(gained, total, out=np.full_like(gained, np.nan), where=total > 0)
    return np.asarray(share.T.reshape(*covariance.shape[:-2], 2**count))


def _enter(left: Array, least: Array, gained: Array, *, subset: int, first: int) -> None:
    """Let each predictor from ``first`` on enter after ``subset``; ``left`` is what they leave."""
    for at in range(left.shape[-1] - 1):
        variance = left[:, at, at]
        enters = variance > least[:, at]
        column = left[:, at, at + 1 :]
        slope = np.divide(
            column, variance[:, None], out=np.zeros_like(column), where=enters[:, None]
        )
        larger = subset | 1 << (first + at)
        gained[larger] = gained[subset] + slope[:, -1] * column[:, -1]
        rest = left[:, at + 1 :, at + 1 :] - slope[:, :, None] * column[:, None, :]
        _enter(rest, least[:, at + 1 :], gained, subset=larger, first=first + at + 1)

"""Intervals for means and shares, vectorised over domains."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, stdtrit

__all__ = ["ShareInterval", "korn_graubard", "share_interval", "t_interval", "t_quantile", "wilson"]

Array = NDArray[np.float64]
ShareInterval = Literal["korn-graubard", "wilson"]


def t_quantile(df: Array, level: float = 0.95) -> Array:
    """Return the two-sided critical value of t; NaN without degrees of freedom."""
    upper = 0.5 + level / 2.0
    known, place = np.unique(df, return_inverse=True)  # few values, and the function is slow
    usable = np.where(known > 0, known, 1.0)
    finite = np.where(np.isinf(usable), 1.0, usable)
    value = np.where(np.isinf(usable), ndtri(upper), stdtrit(finite, upper))
    return np.where(known > 0, value, np.nan)[place]


def t_interval(estimate: Array, se: Array, df: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return estimate -+ t * se; NaN where there are no degrees of freedom."""
    half = t_quantile(df, level) * se
    return estimate - half, estimate + half


def _effective_size(share: Array, se: Array, n: Array, df: Array, level: float) -> Array:
    """Return p(1 - p) / se^2, shrunk for the degrees of freedom of ``se``.

    At shares of 0 and 1 the sample tells nothing of the design effect; n is used.
    """
    variance = np.where(se > 0, se, 1.0) ** 2
    plain = np.where(se > 0, share * (1.0 - share) / variance, np.inf)
    plain = np.where((share <= 0) | (share >= 1), n, plain)
    return np.asarray(plain * (t_quantile(n - 1.0, level) / t_quantile(df, level)) ** 2)


def korn_graubard(
    share: Array, se: Array, *, n: Array, df: Array, level: float = 0.95
) -> tuple[Array, Array]:
    """Return Clopper-Pearson intervals at the effective sample size.

    Parameters
    ----------
    share, se : ndarray
        Estimated shares, 0-1, and their design-based standard errors.
    n : ndarray
        Answers.
    df : ndarray
        Degrees of freedom of ``se``.
    level : float
        Confidence.

    Returns
    -------
    low, high : ndarray
        NaN where there are no degrees of freedom.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    R counterpart: ``survey::svyciprop(method = "beta")``.
    """
    size = _effective_size(share, se, n, df, level)
    known = np.isfinite(size)
    m = np.where(known, size, 1.0)
    yes, no = np.clip(m * share, 0.0, None), np.clip(m * (1.0 - share), 0.0, None)
    tail = (1.0 - level) / 2.0
    low = np.where(yes > 0, betaincinv(np.where(yes > 0, yes, 1.0), no + 1.0, tail), 0.0)
    high = np.where(no > 0, betaincinv(yes + 1.0, np.where(no > 0, no, 1.0), 1.0 - tail), 1.0)
    return _where_certain(share, size, low, high)


def wilson(
    share: Array, se: Array, *, n: Array, df: Array, level: float = 0.95
) -> tuple[Array, Array]:
    """Return Wilson's score intervals at the effective sample size.

    Parameters and returns as ``korn_graubard``.

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; Franco et al. (2019), J. Surv. Stat.
    Methodol. 7, 334-364.
    """
    size = _effective_size(share, se, n, df, level)
    known = np.isfinite(size)
    m = np.where(known, size, 1.0)
    z2 = ndtri(0.5 + level / 2.0) ** 2
    middle = (m * share + z2 / 2.0) / (m + z2)
    half = np.sqrt(z2) / (m + z2) * np.sqrt(m * share * (1.0 - share) + z2 / 4.0)
    low, high = np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
    return _where_certain(share, size, low, high)


def _where_certain(share: Array, size: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Shrink the interval to the share after a full count; NaN where the size is unknown."""
    low = np.where(np.isinf(size), share, low)
    high = np.where(np.isinf(size), share, high)
    return np.where(np.isnan(size), np.nan, low), np.where(np.isnan(size), np.nan, high)


def share_interval(
    share: Array, se: Array, *, n: Array, df: Array, method: ShareInterval = "korn-graubard"
) -> tuple[Array, Array]:
    """Return 95 % intervals for shares by the named method."""
    chosen = korn_graubard if method == "korn-graubard" else wilson
    return chosen(share, se, n=n, df=df)

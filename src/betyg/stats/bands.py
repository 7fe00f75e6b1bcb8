"""The expected range: how far from all others a unit may lie before it is unusual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from betyg.errors import DesignError

__all__ = ["EDGES", "LABELS", "ExpectedRange", "expected_range", "spread"]

Array = NDArray[np.float64]

FEWEST = 3  # two units have one difference, and no spread to judge it by
JUDGED = 6
"""Fewest units that are judged by their range: one that differs widens it, too.

Of n units with the same error none lies further out than (n - 1) / sqrt(n) of its standard
deviations: 1.79 of five, 2.04 of six.
"""
Z95 = 1.959963984540054
Z998 = 3.090232306167813
EDGES = (-Z998, -Z95, Z95, Z998)
LABELS = ("much_lower", "lower", "as_expected", "higher", "much_higher")
STEPS = 60  # points that are tried for the spread: its likelihood may have two tops


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRange:
    """Units set against what is expected of a unit like the others.

    Attributes
    ----------
    target : float
        Mean of the units, weighted by 1 / (se^2 + variance between them).
    variance : float
        Variance between the units beyond their errors (tau^2), by REML.
    z : ndarray of float, shape (units,)
        Distance to the target over sqrt(se^2 + variance).
    low, high : ndarray of float, shape (units,)
        95 % of units like the others lie between them; wider for a unit with a larger error.
    label : ndarray of str, shape (units,)
        One of ``LABELS``: beyond 1.96 lower or higher, beyond 3.09 much so.
    reliability : ndarray of float, shape (units,)
        Share of the variance of a unit's value that is between units and not error.
    """

    target: float
    variance: float
    z: Array
    low: Array
    high: Array
    label: NDArray[np.str_]
    reliability: Array


def expected_range(estimate: Array, se: Array) -> ExpectedRange:
    """Say what range of values is expected of each unit, and which lie outside.

    Units differ beyond their errors even when nobody is unusual, so the variance
    between them widens the range. It is not winsorised: that makes the range too
    narrow, and about one honest unit in ten falls outside "95 %".

    Parameters
    ----------
    estimate : ndarray of float, shape (units,)
        Values; three or more.
    se : ndarray of float, shape (units,)
        Their standard errors, above zero: of what is a unit's own, without errors that all
        units share.

    Returns
    -------
    ExpectedRange

    Raises
    ------
    DesignError
        If there are fewer than three units, or an error is not known.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202.
    R counterpart: ``metafor::rma(y, sei = se, method = "REML")``.
    """
    known = np.isfinite(estimate) & np.isfinite(se) & (se > 0)
    if estimate.size < FEWEST or not known.all():
        raise DesignError(
            f"expected range: {estimate.size} units, of which {int(known.sum())} have a value and "
            f"a standard error above zero. At least {FEWEST} are needed, all with both."
        )
    variance = spread(estimate, se)
    total = se**2 + variance
    target = float(np.average(estimate, weights=1.0 / total))
    z = (estimate - target) / np.sqrt(total)
    half = Z95 * np.sqrt(total)
    return ExpectedRange(
        target=target,
        variance=variance,
        z=z,
        low=target - half,
        high=target + half,
        label=np.asarray(LABELS)[np.searchsorted(EDGES, z)],
        reliability=variance / total,
    )


def spread(estimate: Array, se: Array) -> float:
    """Estimate the variance between units beyond their errors, by REML; zero or above.

    The highest of a row of tried values tells which top of the likelihood is the highest; the
    root of the derivative beside it is exact.
    """
    # Beyond this the likelihood only falls, wherever the errors are.
    most = 4.0 * float(((estimate - estimate.mean()) ** 2).sum())
    if most == 0.0:
        return 0.0
    tried = np.concatenate([[0.0], most * np.geomspace(1e-8, 1.0, STEPS)])
    best = int(np.argmax(likelihood(tried, estimate, se)))
    low, high = tried[max(best - 1, 0)], tried[min(best + 1, STEPS)]
    if _slope(low, estimate, se) <= 0:
        return float(low)
    return float(brentq(_slope, low, high, args=(estimate, se), xtol=1e-300, rtol=1e-14))


def likelihood(variance: Array, estimate: Array, se: Array) -> Array:
    """Return the restricted log-likelihood at each variance, without its constant."""
    weight = 1.0 / (se**2 + variance[:, None])
    whole = weight.sum(axis=1)
    residual = estimate - ((weight @ estimate) / whole)[:, None]
    squares = (weight * residual**2).sum(axis=1)
    return np.asarray(0.5 * (np.log(weight).sum(axis=1) - np.log(whole) - squares))


def _slope(variance: float, estimate: Array, se: Array) -> float:
    """Return the derivative of the restricted log-likelihood."""
    weight = 1.0 / (se**2 + variance)
    residual = estimate - np.average(estimate, weights=weight)
    trace = weight.sum() - (weight**2).sum() / weight.sum()
    return 0.5 * float(weight**2 @ residual**2 - trace)

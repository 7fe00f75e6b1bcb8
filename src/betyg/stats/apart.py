"""Which of many differences are sure, judged together, and which would have been found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from betyg.stats import detectable
from betyg.stats.bands import Z95

__all__ = ["LEVEL", "Difference", "above", "between", "difference_se", "found", "holm", "surely"]

LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far two independent estimates lie apart, later or own less earlier or other.

    Attributes
    ----------
    value, se : float
        In the unit of the estimates, and its standard error; NaN where that is not known.
    """

    value: float
    se: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - Z95 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + Z95 * self.se

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves nought out."""
        return abs(self.value) > Z95 * self.se

    @property
    def found(self) -> float:
        """The size that would be found four times in five."""
        return detectable.smallest(self.se, critical=Z95)


def between(before: Mapping[str, float], after: Mapping[str, float]) -> Difference:
    """Return the difference of two independent estimates, given with their standard errors.

    Parameters
    ----------
    before, after : mapping
        ``estimate`` and ``se``.
    """
    se = math.hypot(before["se"], after["se"])
    return Difference(value=after["estimate"] - before["estimate"], se=se)


def surely(
    estimate: NDArray[np.float64],
    se: NDArray[np.float64],
    *,
    reference: NDArray[np.float64] | float = 0.0,
    reference_se: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.int8]:
    """Say which estimates are surely above (1) or below (-1) a reference, or neither (0).

    All estimates are judged together by Holm's method, so that the chance of naming even one
    that is not apart stays under five per cent. Estimates and reference may be independent, or
    the reference a weighted mean of the estimates: a difference from what one is part of varies
    less than from something else, so that this errs on the safe side then.

    Parameters
    ----------
    estimate, se : ndarray of float
        Score points or shares; NaN where hidden.
    reference, reference_se : float or ndarray of float
        What they are compared with, in the same unit, and its standard error.

    Returns
    -------
    ndarray of int8
        Same shape as ``estimate``; 0 where an error is not known.
    """
    difference = np.asarray(estimate, float) - reference
    se = difference_se(se, reference_se)
    usable = np.isfinite(difference) & (se > 0)
    verdict = np.zeros(difference.shape, dtype=np.int8)
    if not usable.any():
        return verdict
    p: NDArray[np.float64] = np.asarray(2 * norm.sf(np.abs(difference[usable] / se[usable])))
    verdict[usable] = np.where(holm(p) <= LEVEL, np.sign(difference[usable]), 0)
    return verdict


def above(estimate: NDArray[np.float64], se: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which estimates are surely above which, all pairs judged together by Holm's method.

    Parameters
    ----------
    estimate, se : ndarray of float, shape (n,)
        Score points or shares, NaN where hidden. Independent, or correlated as answers of the same
        persons are: what goes together differs less, so that this errs on the safe side then.

    Returns
    -------
    ndarray of bool, shape (n, n)
        Whether the row is surely above the column. The one that is highest in truth is, in 95 of
        100 surveys, among those that none is above.
    """
    first, second = np.triu_indices(len(estimate), 1)
    own, error = np.asarray(estimate, float), np.asarray(se, float)
    verdict = surely(own[first], error[first], reference=own[second], reference_se=error[second])
    matrix = np.zeros((own.size, own.size), dtype=np.bool_)
    matrix[first, second], matrix[second, first] = verdict > 0, verdict < 0
    return matrix


def difference_se(
    se: NDArray[np.float64], reference_se: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Return the largest standard error that the difference from a reference can have.

    For a reference that is independent, or a mean of which the estimate is a part of any weight.
    """
    return np.asarray(np.hypot(np.asarray(se, float), reference_se), dtype=np.float64)


def found(se: NDArray[np.float64], verdict: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the differences that :func:`surely` would have found four times in five.

    Holm's method stops where it holds the least p of those not named against the level divided
    by their number: that is the critical value of each of them.

    Parameters
    ----------
    se : ndarray of float
        Standard errors of the differences; NaN where hidden.
    verdict : ndarray of int, same shape
        What :func:`surely` said of them.

    Returns
    -------
    ndarray of float, shape (not named,)
        Points; empty where all were named.
    """
    unsure = np.asarray(se, float)[(np.asarray(verdict) == 0) & (np.nan_to_num(se) > 0)]
    critical = float(norm.isf(LEVEL / (2 * max(unsure.size, 1))))
    return detectable.smallest(unsure, critical=critical)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for their number, the smallest most; NaN stay NaN and are not counted.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure.
    R counterpart: ``p.adjust(p, "holm")``.
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(p.size, np.nan)
    stepped = np.maximum.accumulate(p[order] * np.arange(order.size, 0, -1))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted

"""The smallest difference that a comparison would find four times in five."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["POWER", "from_interval", "smallest"]

Array = NDArray[np.float64]
Number = TypeVar("Number", float, Array)

POWER = 0.8
BEYOND = float(ndtri(POWER))  # 0.84 standard errors beyond the critical value


def smallest(se: Number, *, critical: float) -> Number:
    """Return the difference that is found with a probability of 0.8: (critical + 0.84) se.

    Parameters
    ----------
    se : float or ndarray of float
        Standard error of the difference.
    critical : float
        The multiple of a standard error that makes a difference sure, as the comparison itself
        uses it: 1.96 for a single one, more where many are judged together.

    Notes
    -----
    "No sure difference" without this number reads as "no difference". That a sure difference
    points the wrong way is not counted out: at this size it happens in under one in 10,000.
    """
    return (critical + BEYOND) * se


def from_interval(low: Number, high: Number, se: Number) -> Number:
    """Return the same from an interval, whose half width is critical value times ``se``."""
    return (high - low) / 2.0 + BEYOND * se

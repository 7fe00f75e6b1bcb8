"""Weights that add up to known totals: trimming, raking, and raking under a cap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ConvergenceError

__all__ = ["rake", "trim"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_STEPS = 100
CLOSE = 1e-11  # of a total: what rounding of the sums leaves
HALVINGS = 40


def trim(weight: Array, cap: float) -> Array:
    """Cut weights to a cap and spread what is cut evenly over those below it.

    Parameters
    ----------
    weight : ndarray of float, shape (n,)
        Weights; their sum is kept.
    cap : float
        Above their mean.

    Returns
    -------
    ndarray of float, shape (n,)

    References
    ----------
    R counterpart: ``survey::trimWeights(design, upper = cap, strict = TRUE)``.
    """
    cut = np.minimum(weight, cap)
    left = float(weight.sum() - cut.sum())
    while left > CLOSE * cap:
        below = np.flatnonzero(cut < cap)
        raised = np.minimum(cut[below] + left / below.size, cap)
        left -= float((raised - cut[below]).sum())
        cut[below] = raised
    return cut


def rake(base: Array, margins: Sequence[Codes], totals: Sequence[Array], *, cap: float) -> Array:
    """Change weights as little as possible so that they add up to the totals of every margin.

    The weights are min(base x product of a factor for each category, cap). With one margin this
    is post-stratification. The dual problem is concave; Newton's steps are halved until they climb.

    Parameters
    ----------
    base : ndarray of float, shape (n,)
        Weights to begin with, above zero.
    margins : sequence of ndarray of int, shape (n,)
        Category of each respondent in each margin.
    totals : sequence of ndarray of float, shape (categories,)
        What the weights of each category must add up to; every category has a respondent.
    cap : float
        The largest weight; infinity for none.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    ConvergenceError
        If the totals are not met within 100 steps: no such weights exist.

    References
    ----------
    Deville, Särndal & Sautory (1993), J. Am. Stat. Assoc. 88, 1013-1020.
    R counterpart: ``survey::calibrate(calfun = "raking", bounds = list(lower = 0, upper = cap),
    bounds.const = TRUE)``.
    """
    begins = np.cumsum([0, *(total.size for total in totals)])
    codes = [codes + begin for codes, begin in zip(margins, begins[:-1], strict=True)]
    wanted = np.concatenate([np.asarray(total, dtype=np.float64) for total in totals])
    power = _swept(base, codes, wanted)
    value = _dual(base, codes, wanted, power, cap)
    for _ in range(MOST_STEPS):
        weight = _weights(base, codes, power, cap)
        short = wanted - _sums(codes, weight, wanted.size)
        if (np.abs(short) <= CLOSE * wanted).all():
            return weight
        step = _step(codes, np.where(weight < cap, weight, 0.0), short)
        for halving in range(HALVINGS):
            tried = power + step / 2.0**halving
            reached = _dual(base, codes, wanted, tried, cap)
            if reached >= value - 1e-13 * abs(value):
                break
        power, value = tried, reached
    worst = int(np.argmax(np.abs(short) / wanted))
    margin = int(np.searchsorted(begins, worst, side="right")) - 1
    error = ConvergenceError(
        f"the weights miss a total by {100 * short[worst] / wanted[worst]:.2g} %"
    )
    error.add_note(f"{margin},{worst - int(begins[margin])}")
    raise error


def _swept(base: Array, codes: Sequence[Codes], wanted: Array) -> Array:
    """Return the logarithms of the factors after fitting one margin after the other, once."""
    power = np.zeros(wanted.size)
    weight = base.copy()
    for own in codes:
        sums = np.bincount(own, weight, wanted.size)
        here = sums > 0
        factor = np.ones(wanted.size)
        factor[here] = wanted[here] / sums[here]
        power += np.log(factor)
        weight *= factor[own]
    return power


def _linear(codes: Sequence[Codes], power: Array) -> Array:
    return np.asarray(sum(power[own] for own in codes), dtype=np.float64)


def _weights(base: Array, codes: Sequence[Codes], power: Array, cap: float) -> Array:
    return np.minimum(base * np.exp(np.minimum(_linear(codes, power), 500.0)), cap)


def _sums(codes: Sequence[Codes], weight: Array, size: int) -> Array:
    return np.asarray(sum(np.bincount(own, weight, size) for own in codes), dtype=np.float64)


def _dual(base: Array, codes: Sequence[Codes], wanted: Array, power: Array, cap: float) -> float:
    """Return the dual objective: totals x powers less the integral of the weights."""
    eta = _linear(codes, power)
    edge = np.log(cap / base)
    grown = base * np.exp(np.minimum(eta, np.minimum(edge, 500.0)))
    beyond = np.where(eta > edge, eta - edge, 0.0)
    over = cap * beyond if np.isfinite(cap) else 0.0
    return float(wanted @ power - (grown + over).sum())


def _step(codes: Sequence[Codes], free: Array, short: Array) -> Array:
    """Solve Newton's equations; margins share their total, so the matrix is singular."""
    size = short.size
    square = np.zeros(size * size)
    for first in codes:
        for second in codes:
            square += np.bincount(first * size + second, free, size * size)
    return np.asarray(np.linalg.lstsq(square.reshape(size, size), short, rcond=1e-12)[0])

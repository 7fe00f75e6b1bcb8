"""The R-indicator: how alike those who answered are to those who were asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, chndtrinc

from betyg.errors import DesignError

__all__ = ["RIndicator", "r_indicator"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RIndicator:
    """1 - 2 sd of the response propensities: 1 where all were as likely to answer.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Without the bias that chance adds to the spread of the rates; 95 % interval.
    unadjusted : float
        1 - 2 sd of the rates as they are.
    n : int
        Persons asked.
    """

    estimate: float
    ci_low: float
    ci_high: float
    unadjusted: float
    n: int


def r_indicator(sample: Array, respondents: Array, *, size: Array | None = None) -> RIndicator:
    """Estimate the R-indicator from how many of each stratum were asked and answered.

    The propensity of a stratum is its response rate. Rates differ by chance even where
    propensities do not, which would make any survey look less representative; the
    expected share of chance is subtracted from their variance. It says nothing of how alike
    people are within a stratum.

    Parameters
    ----------
    sample : ndarray of float, shape (strata,)
        Persons asked; strata of which nobody was asked are left out.
    respondents : ndarray of float, shape (strata,)
        Persons who answered.
    size : ndarray of float, shape (strata,), optional
        Persons in the population; the sample itself by default.

    Returns
    -------
    RIndicator

    Raises
    ------
    DesignError
        If fewer than two strata were asked, all of them one person each, or a number is
        missing or impossible.

    References
    ----------
    Schouten, Cobben & Bethlehem (2009), Survey Methodology 35, 101-113. Shlomo, Skinner &
    Schouten (2012), J. Stat. Plann. Inference 142, 201-211.
    """
    weight = np.asarray(sample if size is None else size, dtype=np.float64)
    _check(sample, respondents, weight)
    asked = sample > 0
    n, answered = sample[asked], respondents[asked]
    share = weight[asked] / weight[asked].sum()
    rate = answered / n
    mean = float(share @ rate)
    spread = float(share @ (rate - mean) ** 2)
    error = _error(n, rate)
    chance = float((share * (1.0 - share)) @ error)
    low, high = _interval(spread, np.diag(share) - np.outer(share, share), error)
    return RIndicator(
        estimate=_indicator(max(spread - chance, 0.0)),
        ci_low=_indicator(high),
        ci_high=_indicator(low),
        unadjusted=_indicator(spread),
        n=int(n.sum()),
    )


def _indicator(variance: float) -> float:
    return 1.0 - 2.0 * float(np.sqrt(variance))


def _interval(spread: float, form: Array, error: Array) -> tuple[float, float]:
    """Return a 95 % interval of the variance of the propensities.

    The variance of the rates is a quadratic form of them: near to a scaled non-central
    chi-square, whose non-centrality the interval is of.
    """
    product = form * error
    first, second = float(np.trace(product)), float(np.einsum("ij,ji->", product, product))
    if second == 0.0:  # all rates are 0 or 1: chance adds nothing
        return spread, spread
    scale, df = second / first, first**2 / second
    # Rates more alike than chance makes them do not tell more than rates as alike as it does.
    low, high = spread / scale, max(spread / scale, df)
    bounds = (
        float(chndtrinc(low, df, 0.975)) if chdtr(df, low) > 0.975 else 0.0,
        float(chndtrinc(high, df, 0.025)),
    )
    return scale * bounds[0], scale * bounds[1]


def _check(sample: Array, respondents: Array, size: Array) -> None:
    known = np.isfinite(sample) & np.isfinite(respondents) & np.isfinite(size)
    if not (known & (respondents >= 0) & (respondents <= sample) & (size >= 0)).all():
        raise DesignError(
            "R-indicator: a stratum's sample, respondents or size is missing or impossible "
            "(more answered than were asked). Correct frame.csv."
        )
    if int((sample > 0).sum()) < 2 or not (sample > 1).any() or not size[sample > 0].sum() > 0:
        raise DesignError(
            f"R-indicator: {int((sample > 0).sum())} strata with a sample. At least two are "
            "needed, one of them with two persons or more: add them to frame.csv."
        )


def _error(n: Array, rate: Array) -> Array:
    """Return the variance of each rate; a stratum of one person gets that of all together."""
    pooled = float(n @ rate / n.sum())
    return np.where(n > 1, rate * (1 - rate) / np.maximum(n - 1, 1), pooled * (1 - pooled))

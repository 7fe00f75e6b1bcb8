"""Where a unit stands among all: against their mean, its range of places, and whether to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError
from betyg.stats import compare, places
from betyg.stats.bands import FEWEST, JUDGED, expected_range
from betyg.stats.critical import BLOCK, DRAWS, root
from betyg.stats.critical import critical as critical_value

__all__ = [
    "COLUMNS",
    "NUMBERS",
    "REASONS",
    "WORDS",
    "AgainstMean",
    "against_mean",
    "standings",
    "top_quarter",
]

Array = NDArray[np.float64]

RELIABLE = 0.7
REASONS = ("few_units", "no_error", "base", "reliability")
NUMBERS = ("from_mean", "from_mean_se", "from_mean_low", "from_mean_high", "expected_low",
           "expected_high", "place_low", "place_high", "top_quarter", "reliability")  # fmt: skip
WORDS = ("band", "rank_reason")
COLUMNS = (*NUMBERS, *WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstMean:
    """Each unit less the mean of all, jointly valid.

    Attributes
    ----------
    mean : float
        Mean of the units, each counted once.
    difference, se, low, high : ndarray of float, shape (units,)
        Unit less mean, with simultaneous intervals.
    critical : float
        The multiple of a standard error that holds for all units at once.
    """

    mean: float
    difference: Array
    se: Array
    low: Array
    high: Array
    critical: float


def against_mean(
    estimate: Array, covariance: Array, *, rng: np.random.Generator, level: float = 0.95
) -> AgainstMean:
    """Compare every unit with the mean of all (analysis of means).

    The unit is part of that mean, which its error and the joint covariance allow for. The
    critical value is the quantile of the largest absolute difference / se of equal units,
    simulated from their joint covariance (standard error under 0.01).

    Parameters
    ----------
    estimate : ndarray of float, shape (units,)
        Values, as estimated: not shrunk to each other.
    covariance : ndarray of float, shape (units, units)
        Full, joint.
    rng : Generator
        For the simulation.
    level : float
        Joint confidence.

    Returns
    -------
    AgainstMean

    Raises
    ------
    DesignError
        If a value or variance is missing, or there are fewer than two units.

    References
    ----------
    Hothorn, Bretz & Westfall (2008), Biometrical Journal 50, 346-363.
    R counterpart: ``multcomp::glht`` with the contrasts ``diag(I) - 1 / I``.
    """
    _check(estimate, covariance)
    centred = np.eye(estimate.size) - 1.0 / estimate.size
    difference = centred @ estimate
    spread = centred @ covariance @ centred.T
    se = np.sqrt(np.maximum(np.diag(spread), 0.0))
    scale = np.where(se > 0, se, np.inf)[:, None]
    critical = critical_value(
        spread, lambda z: np.abs(z / scale).max(axis=0), width=se.size, rng=rng, level=level
    )
    return AgainstMean(
        mean=float(estimate.mean()),
        difference=difference,
        se=se,
        low=difference - critical * se,
        high=difference + critical * se,
        critical=critical,
    )


def top_quarter(estimate: Array, covariance: Array, *, rng: np.random.Generator) -> Array:
    """Return the probability of each unit to be in the top quarter, by simulation.

    The quarter is rounded down, to one unit at least. The values are drawn around
    the estimates from their joint covariance.
    """
    _check(estimate, covariance)
    units = estimate.size
    best = max(1, units // 4)
    times, half = np.zeros(units), root(covariance)
    step = max(1, BLOCK // units)
    for start in range(0, DRAWS, step):
        z = rng.standard_normal((min(step, DRAWS - start), units)) @ half
        chosen = np.argpartition(-(estimate + z), best - 1, axis=1)[:, :best]
        times += np.bincount(chosen.ravel(), minlength=units)
    return times / DRAWS


def _check(estimate: Array, covariance: Array) -> None:
    if estimate.size < 2 or not (np.isfinite(estimate).all() and np.isfinite(covariance).all()):
        raise DesignError(
            f"ranks: {estimate.size} units, of which {int(np.isfinite(estimate).sum())} have a "
            "value. At least two are needed, all with their joint covariance."
        )


def standings(
    estimate: Array,
    covariance: Array,
    *,
    n: NDArray[np.int64],
    least: int,
    rng: np.random.Generator,
    reliable: float = RELIABLE,
) -> pd.DataFrame:
    """Say of every unit where it stands, and whether its place may be told.

    Everything comes from the estimates as they are with their full covariance;
    estimates shrunk to each other would be judged too alike. Errors that all units share (of
    the steps of the scale, say) cancel between units, so the expected range leaves them out.

    Parameters
    ----------
    estimate : ndarray of float, shape (units,)
        Values; a unit without a value or standard error stays out.
    covariance : ndarray of float, shape (units, units)
        Full, joint.
    n : ndarray of int, shape (units,)
        Answers.
    least : int
        Fewest answers for a unit to get a place.
    rng : Generator
        For the simulations.
    reliable : float
        Least reliability for a unit to get a place.

    Returns
    -------
    DataFrame
        One row a unit, in order: from_mean (points from the mean of all), from_mean_se (of that
        difference), from_mean_low, from_mean_high (simultaneous 95 %); expected_low,
        expected_high (0-100, 95 %); place_low, place_high (simultaneous 95 % range, 1 is best);
        top_quarter (probability); reliability (0-1); band (one of ``bands.LABELS``, or "");
        rank_reason: "" where a place is given, else why not, one of ``REASONS``; place_low,
        place_high and top_quarter are NaN then.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Rev. Econ. Stud. 91, 476-518.
    """
    known = np.isfinite(estimate) & (np.nan_to_num(np.diag(covariance)) > 0)
    table = pd.DataFrame(np.nan, index=range(estimate.size), columns=list(NUMBERS))
    table = table.assign(band="", rank_reason=np.where(known, "few_units", "no_error"))
    if int(known.sum()) < FEWEST:
        return table[list(COLUMNS)]
    found = _standings(estimate[known], covariance[np.ix_(known, known)], rng=rng)
    reason = np.where(found["reliability"] < reliable, "reliability", "")
    found = found.assign(rank_reason=np.where(n[known] < least, "base", reason))
    ranked = ["place_low", "place_high", "top_quarter"]
    found[ranked] = found[ranked].where(found["rank_reason"] == "")
    table.loc[known, list(COLUMNS)] = found[list(COLUMNS)].to_numpy(object)
    return table[list(COLUMNS)].astype(dict.fromkeys(NUMBERS, "float64"))


def _standings(estimate: Array, covariance: Array, *, rng: np.random.Generator) -> pd.DataFrame:
    units = estimate.size
    against = against_mean(estimate, covariance, rng=rng)
    expected = expected_range(estimate, own_error(covariance))
    names = [str(unit) for unit in range(units)]
    order = places.order(
        compare.pairwise(names, estimate, covariance, rng=rng), margin=0.0, role="unit"
    )
    order = order.set_index("unit").loc[names]
    return pd.DataFrame(
        {
            "from_mean": against.difference,
            "from_mean_se": against.se,
            "from_mean_low": against.low,
            "from_mean_high": against.high,
            "expected_low": expected.low,
            "expected_high": expected.high,
            "place_low": order["place_low"].to_numpy(np.float64),
            "place_high": order["place_high"].to_numpy(np.float64),
            "top_quarter": top_quarter(estimate, covariance, rng=rng),
            "reliability": expected.reliability,
            "band": expected.label if units >= JUDGED else "",
        }
    )


def own_error(covariance: Array) -> Array:
    """Return standard errors without what all units share: the mean covariance of two units."""
    units = len(covariance)
    variance = np.diag(covariance)
    shared = (covariance.sum() - variance.sum()) / (units * (units - 1))
    return np.asarray(np.sqrt(np.maximum(variance - shared, 1e-9 * variance)))

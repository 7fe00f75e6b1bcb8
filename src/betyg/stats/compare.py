"""Comparisons that say how sure they are: within respondents, all pairs, equivalence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from betyg.data.study import Study
from betyg.errors import DesignError, ParameterError
from betyg.stats.critical import critical as critical_value
from betyg.stats.joint import design_of, scores_of

__all__ = [
    "Difference",
    "Equivalence",
    "Pairwise",
    "equivalence",
    "paired",
    "pairwise",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference of two means, in points.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        First minus second, 95 % interval.
    p_value : float
        Two-sided.
    df : int
        Degrees of freedom.
    n : int
        Respondents who answered both.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    df: int
    n: int


def paired(
    respondents: pd.DataFrame,
    survey: Study,
    *,
    item: str,
    first: str,
    second: str | None = None,
    role: str = "activity",
) -> Difference:
    """Compare an item between two levels of a role within the same respondents.

    Each respondent who answered for both counts once, so what they have in
    common drops out of the difference.

    Parameters
    ----------
    respondents : DataFrame
        Rows to be used (e.g. of one year), one for each respondent and level.
    survey : Study
        The study.
    item : str
        Item or composite index.
    first, second : str
        Levels. Without ``second`` the first is compared with the mean of all
        other levels that the respondent answered for.
    role : str
        The role whose levels are compared.

    Returns
    -------
    Difference

    Raises
    ------
    DesignError
        If fewer than two respondents answered for both.
    """
    level = respondents[role].astype("str").to_numpy()
    others = (level != first) & (level != "all") if second is None else level == second
    score = scores_of(respondents, item, survey)
    unit = pd.factorize(respondents["psu"])[0]
    one, other = (_unit_means(unit, score, side) for side in (level == first, others))
    both = ~np.isnan(one) & ~np.isnan(other)
    if int(both.sum()) < 2:
        against = second or "the other levels"
        raise DesignError(
            f"paired comparison: {int(both.sum())} respondents answered {item} for both {first} "
            f"and {against}; at least two are needed."
        )
    return _mean_difference(respondents, survey, unit, np.where(both, one - other, np.nan))


def _unit_means(unit: NDArray[np.intp], score: Array, side: NDArray[np.bool_]) -> Array:
    """Return each respondent's mean score over the rows of one side; NaN without any."""
    given = side & ~np.isnan(score)
    size = int(unit.max()) + 1
    count = np.bincount(unit[given], minlength=size)
    total = np.bincount(unit[given], score[given], size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_difference(
    respondents: pd.DataFrame, survey: Study, unit: NDArray[np.intp], difference: Array
) -> Difference:
    """Estimate the weighted mean of differences, one a respondent, with the survey's design."""
    first_row = np.unique(unit, return_index=True)[1]
    design = design_of(respondents.iloc[first_row], survey)
    given = ~np.isnan(difference)
    weight = np.where(given, design.weight, 0.0)
    value = np.where(given, difference, 0.0)
    mean = float(weight @ value / weight.sum())
    se = design.se_of_total(weight * (value - mean) / weight.sum())
    df = design.degf(given)
    half = float(stdtrit(df, 0.975)) * se if df > 0 else np.nan
    p_value = float(2.0 * stdtr(df, -abs(mean) / se)) if se > 0 and df > 0 else np.nan
    return Difference(
        estimate=mean,
        se=se,
        ci_low=mean - half,
        ci_high=mean + half,
        p_value=p_value,
        df=df,
        n=int(given.sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairwise:
    """All differences of several means, jointly valid.

    Attributes
    ----------
    table : DataFrame
        first, second, difference (first minus second), se, ci_low, ci_high, surely
        (the interval leaves out zero); one row a pair.
    names : tuple of str
        The means.
    estimate, se : ndarray of float, shape (means,)
        The means and their standard errors.
    critical : float
        The multiple of a standard error that holds for all pairs at once.
    level : float
        Joint confidence.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    estimate: Array
    se: Array
    critical: float
    level: float

    def surely_above(self) -> NDArray[np.bool_]:
        """Return whether mean i is surely above mean j, shape (means, means)."""
        place = {name: at for at, name in enumerate(self.names)}
        above = np.zeros((len(self.names),) * 2, dtype=bool)
        sure = self.table[self.table["surely"]]
        for first, second, difference in zip(
            sure["first"], sure["second"], sure["difference"], strict=True
        ):
            i, j = place[first], place[second]
            above[(i, j) if difference > 0 else (j, i)] = True
        return above


def pairwise(
    names: Sequence[str],
    estimate: Array,
    covariance: Array,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Pairwise:
    """Estimate all differences with simultaneous intervals.

    The critical value is the quantile of the largest |difference| / se of
    means that are equal, simulated from their joint covariance.

    Parameters
    ----------
    names : sequence of str
        The means; at least two.
    estimate : ndarray of float, shape (means,)
        Values.
    covariance : ndarray of float, shape (means, means)
        Full, joint.
    rng : Generator
        For the simulation (the standard error of the critical value is under 0.01).
    level : float
        Joint confidence.

    Returns
    -------
    Pairwise

    Raises
    ------
    DesignError
        If a mean or variance is missing, or there are fewer than two.

    References
    ----------
    Hothorn, Bretz & Westfall (2008), Biometrical Journal 50, 346-363.
    R counterpart: ``multcomp::glht(fit, mcp(x = "Tukey"))``.
    """
    if len(names) < 2 or not (np.isfinite(estimate).all() and np.isfinite(covariance).all()):
        raise DesignError(
            f"pairwise comparison: {len(names)} means, of which "
            f"{int(np.isfinite(estimate).sum())} are known. At least two with their variances "
            "are needed."
        )
    first, second = np.triu_indices(len(names), 1)
    spread = np.diag(covariance)
    variance = spread[first] + spread[second] - 2.0 * covariance[first, second]
    se = np.sqrt(np.maximum(variance, 0.0))
    scale = np.where(se > 0, se, np.inf)[:, None]
    critical = critical_value(
        covariance,
        lambda z: (np.abs(z[first] - z[second]) / scale).max(axis=0),
        width=first.size,
        rng=rng,
        level=level,
    )
    difference = estimate[first] - estimate[second]
    low, high = difference - critical * se, difference + critical * se
    labels = np.asarray(names, dtype=object)
    table = pd.DataFrame(
        {
            "first": labels[first],
            "second": labels[second],
            "difference": difference,
            "se": se,
            "ci_low": low,
            "ci_high": high,
            "surely": (low > 0) | (high < 0),
        }
    )
    return Pairwise(
        table=table,
        names=tuple(names),
        estimate=estimate,
        se=np.sqrt(spread),
        critical=critical,
        level=level,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Whether all of several means lie within a margin of each other.

    Attributes
    ----------
    equivalent : bool
        Every pair's interval lies within the margin.
    margin : float
        Points of difference that do not matter.
    largest : float
        Largest difference that was estimated.
    bound : float
        Largest difference that the data allow, at one-sided ``level`` for each pair.
    first, second : str
        The pair with that bound, the higher estimate first.
    level : float
        One-sided confidence.
    """

    equivalent: bool
    margin: float
    largest: float
    bound: float
    first: str
    second: str
    level: float


def equivalence(
    names: Sequence[str],
    estimate: Array,
    covariance: Array,
    *,
    margin: float,
    df: float = np.inf,
    level: float = 0.95,
) -> Equivalence:
    """Test whether the largest difference between several means is within a margin.

    Two one-sided tests for every pair. All must reject, so the level needs no
    correction for their number (intersection-union). That no difference is significant
    would be absence of evidence; this is evidence of absence.

    Parameters
    ----------
    names, estimate, covariance
        As in ``pairwise``.
    margin : float
        Points of difference that do not matter; above zero.
    df : float
        Degrees of freedom of the standard errors.
    level : float
        One-sided confidence.

    Returns
    -------
    Equivalence

    Raises
    ------
    DesignError
        If there are fewer than two means or one is missing.
    ParameterError
        If the margin is not above zero.

    References
    ----------
    Berger & Hsu (1996), Statistical Science 11, 283-319.
    """
    if not margin > 0:
        raise ParameterError(f"equivalence: the margin is {margin}; it has to be above zero.")
    if len(names) < 2 or not (np.isfinite(estimate).all() and np.isfinite(covariance).all()):
        raise DesignError("equivalence: at least two means with their variances are needed.")
    first, second = np.triu_indices(len(names), 1)
    spread = np.diag(covariance)
    se = np.sqrt(np.maximum(spread[first] + spread[second] - 2 * covariance[first, second], 0.0))
    size = np.abs(estimate[first] - estimate[second])
    bound = size + float(stdtrit(min(df, 1e9), level)) * se
    worst = int(np.argmax(bound))
    pair = (int(first[worst]), int(second[worst]))
    high, low = pair if estimate[pair[0]] >= estimate[pair[1]] else pair[::-1]
    return Equivalence(
        equivalent=bool((bound <= margin).all()),
        margin=margin,
        largest=float(size.max()),
        bound=float(bound.max()),
        first=names[high],
        second=names[low],
        level=level,
    )

"""Whether the questions of an index measure one thing: Cronbach's alpha and ordinal omega."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares

from betyg.errors import ConvergenceError, DesignError
from betyg.stats import polychoric
from betyg.stats.sums import by_code

__all__ = ["Alpha", "FEWEST_ITEMS", "Omega", "alpha", "omega"]

Array = NDArray[np.float64]
Tables = Mapping[tuple[int, int], Array]

FEWEST_ITEMS = 3  # the loadings of two items cannot be told apart
FEWEST = 10  # respondents who answered everything
NEAR = 1.0 - 1e-6  # a loading that its bound holds
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Cronbach's alpha: a lower bound of the share of an index's variance that is not error.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Alpha with a 95 % interval that takes no distribution for granted.
    n : int
        Answers to all items: of respondents, or of respondents and activities.
    """

    estimate: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Omega:
    """Omega of the normal variables behind the answers, under one common factor.

    Attributes
    ----------
    estimate : float
        (sum of loadings)^2 over itself plus the sum of the uniquenesses.
    ci_low, ci_high : float
        95 % interval; NaN where a question is all but the factor itself (a loading of 1).
    loadings : ndarray of float, shape (items,)
        Correlation of each item with the factor.
    correlations : ndarray of float, shape (items, items)
        Polychoric.
    n : int
        Fewest respondents who answered two of the items.
    """

    estimate: float
    ci_low: float
    ci_high: float
    loadings: Array
    correlations: Array
    n: int


def alpha(
    scores: Array, unit: NDArray[np.generic] | None = None, *, times: Array | None = None
) -> Alpha:
    """Estimate Cronbach's alpha of respondents who answered all items.

    The interval is made on the scale of log(1 - alpha) from each respondent's influence on
    alpha: grades pile up at the top, so one that takes answers as normal would be wrong.

    Parameters
    ----------
    scores : ndarray of float, shape (n, items)
        0-100; NaN where not answered.
    unit : ndarray, shape (n,), optional
        Labels of respondents, where one of them has several rows.
    times : ndarray of float, shape (n,), optional
        How many respondents gave the answers of a row, where that is not one.

    Returns
    -------
    Alpha

    Raises
    ------
    DesignError
        If there are fewer than three items, fewer than ten complete answers, or the sum of
        the items does not vary.

    References
    ----------
    Maydeu-Olivares, Coffman & Hartmann (2007), Psychological Methods 12, 157-176.
    R counterpart of the estimate: ``psych::alpha``.
    """
    whole_rows = ~np.isnan(scores).any(axis=1)
    complete, items = scores[whole_rows], scores.shape[1]
    given = np.ones(len(complete)) if times is None else times[whole_rows]
    n = int(given.sum())
    _check(items, n)
    deviation = complete - given @ complete / n
    own = (deviation**2).sum(axis=1)
    whole = deviation.sum(axis=1) ** 2
    if not whole.any():
        raise DesignError("alpha: everybody's answers have the same sum. Nothing can be told.")
    ratio = (given @ own) / (given @ whole)
    size = items / (items - 1.0)
    estimate = size * (1.0 - ratio)
    influence = -size * (own - ratio * whole) / (given @ whole)
    alike = (None if unit is None else unit[whole_rows], given)
    low, high = _interval(float(estimate), influence, *alike)
    return Alpha(estimate=float(estimate), ci_low=low, ci_high=high, n=n)


def _interval(
    estimate: float, influence: Array, unit: NDArray[np.generic] | None, times: Array
) -> tuple[float, float]:
    """Return the ends of a 95 % interval, made on the scale of log(1 - estimate).

    Rows of one unit move the estimate together.
    """
    variance = float(times @ influence**2)
    if unit is not None:
        codes = np.unique(unit, return_inverse=True)[1]
        variance = float((by_code(codes, times * influence, codes.max() + 1) ** 2).sum())
    lost = 1.0 - estimate  # zero where all items say the same
    half = Z95 * variance**0.5 / lost if lost > 1e-12 else 0.0
    return float(1.0 - lost * np.exp(half)), float(1.0 - lost * np.exp(-half))


def _check(items: int, n: int) -> None:
    if items < FEWEST_ITEMS:
        raise DesignError(
            f"reliability: {items} items. At least {FEWEST_ITEMS} are needed: with fewer, what "
            "they have in common cannot be told from what each has for itself."
        )
    if n < FEWEST:
        raise DesignError(
            f"reliability: {n} respondents answered all items; at least {FEWEST} are needed."
        )


def omega(
    answers: pd.DataFrame,
    unit: NDArray[np.generic] | None = None,
    *,
    times: Array | None = None,
) -> Omega:
    """Estimate omega of one common factor behind ordered answers.

    Alpha takes answers as measures with equal steps and items as equally good; this takes
    neither for granted. Loadings are least squares of the polychoric correlations (minres),
    between -1 and 1. The interval is made on the scale of log(1 - omega) from each respondent's
    influence on the thresholds and correlations, and theirs on omega; the factor need not fit.

    Parameters
    ----------
    answers : DataFrame
        A column an item, positions from 1, missing where not answered.
    unit : ndarray, shape (n,), optional
        Labels of respondents, where one of them has several rows.
    times : ndarray of float, shape (n,), optional
        How many respondents gave the answers of a row, where that is not one.

    Returns
    -------
    Omega

    Raises
    ------
    DesignError
        If there are fewer than three items, too few answers to a pair, or a polychoric
        correlation does not exist; the pair is named.
    ConvergenceError
        If the loadings are not found.

    References
    ----------
    Zumbo, Gadermann & Zeisser (2007), J. Mod. Appl. Stat. Methods 6, 21-29. McDonald (1999),
    Test Theory. R counterparts: ``psych::fa(psych::polychoric(x)$rho, fm = "minres")``;
    ``lavaan::cfa(estimator = "ULSMV")`` with omega defined, for the interval.
    """
    items, positions = list(answers), answers.to_numpy(dtype=np.int64, na_value=0)
    given = np.ones(len(positions)) if times is None else times
    tables = _cross_tables(positions, given)
    n = int(min((table.sum() for table in tables.values()), default=0.0))
    _check(len(items), n)
    correlations = np.eye(len(items))
    for (one, other), table in tables.items():
        try:
            correlations[one, other] = correlations[other, one] = polychoric.correlation(table)
        except DesignError as error:
            raise DesignError(f"omega, {items[one]} with {items[other]}: {error}") from error
    loadings = _one_factor(correlations)
    common, own = float(loadings.sum()) ** 2, float((1.0 - loadings**2).sum())
    estimate, low, high = common / (common + own), np.nan, np.nan
    if np.abs(loadings).max() < NEAR:
        influence = _influence(positions, tables, correlations, loadings)
        low, high = _interval(estimate, influence, unit, given)
    return Omega(
        estimate=estimate, ci_low=low, ci_high=high,
        loadings=loadings, correlations=correlations, n=n,
    )  # fmt: skip


def _cross_tables(positions: NDArray[np.int64], times: Array) -> Tables:
    """Count the answers to each pair of items, by the items' places."""
    most = int(positions.max(initial=0))
    found = {}
    for one, other in combinations(range(positions.shape[1]), 2):
        both = (positions[:, one] > 0) & (positions[:, other] > 0)
        cell = (positions[both, one] - 1) * most + positions[both, other] - 1
        found[one, other] = by_code(cell, times[both], most * most).reshape(most, most)
    return found


def _influence(
    positions: NDArray[np.int64], tables: Tables, correlations: Array, loadings: Array
) -> Array:
    """Return how far each respondent moves omega."""
    found = np.zeros(len(positions))
    slopes = _slopes(correlations, loadings)
    for slope, ((one, other), table) in zip(slopes, tables.items(), strict=True):
        moved = np.zeros(np.add(table.shape, 1))  # nobody who left one of the two moves it
        moved[1:, 1:] = polychoric.influence(table, float(correlations[one, other])) / table.sum()
        found += slope * moved[positions[:, one], positions[:, other]]
    return found


def _slopes(correlations: Array, loadings: Array) -> Array:
    """Return the derivative of omega in each correlation, where the loadings follow it."""
    size, (one, other) = loadings.size, np.triu_indices(loadings.size, 1)
    jacobian = np.zeros((one.size, size))
    pairs = np.arange(one.size)
    jacobian[pairs, one], jacobian[pairs, other] = loadings[other], loadings[one]
    residual = np.outer(loadings, loadings) - correlations
    np.fill_diagonal(residual, 0.0)
    common, own = loadings.sum(), (1.0 - loadings**2).sum()
    in_loadings = 2.0 * common * (own + common * loadings) / (common**2 + own) ** 2
    return np.asarray(jacobian @ np.linalg.solve(jacobian.T @ jacobian + residual, in_loadings))


def _one_factor(correlations: Array) -> Array:
    above = np.triu_indices(len(correlations), 1)
    wanted = correlations[above]

    def residual(loadings: Array) -> Array:
        return np.asarray(np.outer(loadings, loadings)[above] - wanted)

    values, vectors = np.linalg.eigh(correlations)
    start = vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.01))
    found = least_squares(
        residual, np.clip(start, -0.99, 0.99), bounds=(-1.0, 1.0), xtol=1e-12, ftol=1e-14
    )
    if not found.success:
        raise ConvergenceError(
            f"omega: the loadings were not found ({found.message}). Look at the correlations of "
            "the items: they may have nothing in common."
        )
    return np.asarray(found.x * (1.0 if found.x.sum() >= 0 else -1.0))

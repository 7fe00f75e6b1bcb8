"""Observed against expected answers: PIT histograms and standardised residuals of shares.

Everything here is a sum of some feature of each answer, less what the model expects. Its variance
holds that the parameters were fitted to the same answers: without that, residuals look too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from betyg.errors import ParameterError, did_you_mean
from betyg.stats import apart, ordinal_likelihood
from betyg.stats.ordinal_cells import pattern_codes
from betyg.stats.relaxed import Basis
from betyg.stats.sums import rows_by_code

__all__ = ["Residuals", "means", "pit", "shares"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

BINS = 10
Z95 = float(ndtri(0.975))
OWN = 0.01  # a direction of which the fit left less than this share of its variance is not tested
NOTHING = 1e-9  # relative; a variance under this is zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Observed less expected, by domain.

    Attributes
    ----------
    table : DataFrame
        The columns of ``by``; what was counted (see each function); observed, expected,
        se (of their difference), residual (difference / se, standard normal under the model).
    tests : DataFrame
        The columns of ``by``; n (effective answers); statistic, df, p_value (chi-squared, all
        residuals of the domain together); p_holm (adjusted for the number of domains).
    """

    table: pd.DataFrame
    tests: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Sums of features by domain: shapes (domains, features) and (domains, features, features)."""

    observed: Array
    expected: Array
    spread: Array
    covariance: Array
    n: Array


def pit(held: Basis, *, by: Sequence[str] = ()) -> Residuals:
    """Return the non-randomised PIT histogram: flat where the model fits.

    An answer in category k is spread evenly from F(k - 1) to F(k). A hump in the middle says
    that the model spreads answers too widely, a trough too narrowly, a slope that it expects
    too high or too low ones.

    Parameters
    ----------
    held : Basis
        The fitted model.
    by : sequence of str
        Variables of the model; none gives one histogram.

    Returns
    -------
    Residuals
        With ``low``, ``high`` (ends of the bin); observed and expected are shares.

    Raises
    ------
    ParameterError
        If a variable is not in the model.

    References
    ----------
    Czado, Gneiting & Held (2009), Biometrics 65, 1254-1261.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    ends = np.concatenate(
        [np.zeros((held.answers.patterns.size, 1)), np.cumsum(_probability(held), axis=1)], axis=1
    )
    low, high = ends[:, :-1, None], ends[:, 1:, None]
    width = np.maximum(high - low, np.finfo(np.float64).tiny)
    below = np.clip((edges - low) / width, 0.0, 1.0)
    names = pd.DataFrame({"low": edges[:-1], "high": edges[1:]})
    return _residuals(held, np.diff(below, axis=2), by=by, names=names)


def shares(held: Basis, *, by: Sequence[str] = ("agency",)) -> Residuals:
    """Return observed and expected shares of each category.

    Parameters
    ----------
    held, by
        As in :func:`pit`.

    Returns
    -------
    Residuals
        With ``response`` (position); observed and expected are shares.

    Raises
    ------
    ParameterError
        If a variable is not in the model.

    References
    ----------
    Haberman (1973), Biometrics 29, 205-220: residuals adjusted for the fitted parameters.
    """
    size = held.answers.categories.size
    feature = np.broadcast_to(np.eye(size), (held.answers.patterns.size, size, size))
    names = pd.DataFrame({"response": held.answers.categories})
    return _residuals(held, feature, by=by, names=names)


def means(held: Basis, *, by: Sequence[str] = ("agency",)) -> pd.DataFrame:
    """Return the columns of ``by``, observed and expected mean scores (0-100) of each domain.

    Parameters and errors are those of :func:`pit`.
    """
    owner, domains = _domains(held, by)
    counts, scores = held.answers.counts, held.answers.scores
    expected = counts.sum(axis=1)[:, None] * _probability(held)
    sums = np.stack([counts.sum(axis=1), counts @ scores, expected @ scores], axis=1)
    n, observed, fitted = rows_by_code(owner, sums, len(domains)).T
    return domains.assign(observed=observed / n, expected=fitted / n)


def _domains(held: Basis, by: Sequence[str]) -> tuple[Codes, pd.DataFrame]:
    """Return the domain of each pattern, and the values of each domain."""
    frame = held.answers.frame
    for role in by:
        if role not in frame.columns:
            raise ParameterError(
                f"residuals: '{role}' is not in the model. {did_you_mean(role, frame.columns)}"
            )
    owner, first = pattern_codes(frame, by)
    return owner, frame.iloc[first].loc[:, list(by)].reset_index(drop=True)


def _eta(held: Basis) -> tuple[Array, Array]:
    cuts = held.answers.categories.size - 1
    return held.params[:cuts], held.answers.patterns.times(held.params[cuts:])


def _probability(held: Basis) -> Array:
    return ordinal_likelihood.category_probabilities(*_eta(held), held.link)


def _residuals(held: Basis, feature: Array, *, by: Sequence[str], names: pd.DataFrame) -> Residuals:
    owner, domains = _domains(held, by)
    found = _sums(held, feature, owner)
    n, size = found.n[:, None], len(names)
    se = np.sqrt(np.maximum(np.diagonal(found.covariance, axis1=1, axis2=2), 0.0)) / n
    difference = (found.observed - found.expected) / n
    at = np.repeat(np.arange(len(domains)), size)
    table = domains.iloc[at].reset_index(drop=True)
    table = table.join(names.iloc[np.tile(np.arange(size), len(domains))].reset_index(drop=True))
    table = table.assign(
        observed=(found.observed / n).ravel(),
        expected=(found.expected / n).ravel(),
        se=se.ravel(),
        residual=(difference / np.where(se > 0, se, np.nan)).ravel(),
    )
    return Residuals(table=table, tests=domains.assign(n=found.n, **_tests(found)))


def _sums(held: Basis, feature: Array, owner: Codes) -> _Sums:
    """Sum a feature of each answer, what the model expects of it, and the difference's variance.

    Difference = feature less its regression on the score of the parameters, summed.
    """
    probability, counts = _probability(held), held.answers.counts
    weight, square = counts.sum(axis=1), held.squares.sum(axis=1)
    groups, size = int(owner.max()) + 1, feature.shape[2]
    middle = np.einsum("ik,ikj->ij", probability, feature)
    within = np.einsum("ik,ikj,ikm->ijm", probability, feature, feature, optimize=True)
    within -= middle[:, :, None] * middle[:, None, :]
    spread = rows_by_code(
        owner, (square[:, None, None] * within).reshape(-1, size * size), groups
    ).reshape(groups, size, size)
    pulled = _with_scores(held, feature, owner, weight)
    squared = _with_scores(held, feature, owner, square) if held.answers.weighted else pulled
    cross = squared @ held.inverse @ pulled.transpose(0, 2, 1)
    fitted = pulled @ held.covariance @ pulled.transpose(0, 2, 1)
    return _Sums(
        observed=rows_by_code(owner, np.einsum("ik,ikj->ij", counts, feature), groups),
        expected=rows_by_code(owner, weight[:, None] * middle, groups),
        spread=spread,
        covariance=spread - cross - cross.transpose(0, 2, 1) + fitted,
        n=rows_by_code(owner, weight[:, None], groups)[:, 0],
    )


def _with_scores(held: Basis, feature: Array, owner: Codes, weight: Array) -> Array:
    """Return sums of weight x expected (feature x score), shape (domains, features, params)."""
    theta, eta = _eta(held)
    groups, size = int(owner.max()) + 1, feature.shape[2]
    density = ordinal_likelihood.boundary_density(theta[None, :] - eta[:, None], held.link)
    moved = -(weight[:, None] * density)[:, :, None] * np.diff(feature, axis=1)
    cuts = rows_by_code(owner, moved.reshape(eta.size, -1), groups)
    by_cut = cuts.reshape(groups, -1, size).transpose(0, 2, 1)
    pull = -moved.sum(axis=1)
    slopes = held.answers.patterns.group_sums(pull, owner, groups)
    return np.concatenate([by_cut, slopes], axis=2)


def _tests(found: _Sums) -> dict[str, Array]:
    """Test all residuals of each domain together."""
    difference = found.observed - found.expected
    pairs = [
        _chi_squared(d, spread, covariance)
        for d, spread, covariance in zip(difference, found.spread, found.covariance, strict=True)
    ]
    statistic, df = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    p_value = np.where(df > 0, chdtrc(np.maximum(df, 1.0), statistic), np.nan)
    return {"statistic": statistic, "df": df, "p_value": p_value, "p_holm": apart.holm(p_value)}


def _chi_squared(difference: Array, spread: Array, covariance: Array) -> tuple[float, float]:
    """Return the squared length of the residuals, in the directions that the fit left free."""
    values, vectors = np.linalg.eigh(spread)
    kept = values > NOTHING * max(values[-1], 0.0)
    if not kept.any() or values[-1] <= 0:
        return 0.0, 0.0
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    left, turn = np.linalg.eigh(whiten.T @ covariance @ whiten)
    free = left > OWN
    along = turn[:, free].T @ (whiten.T @ difference)
    return float((along**2 / left[free]).sum()), float(np.count_nonzero(free))

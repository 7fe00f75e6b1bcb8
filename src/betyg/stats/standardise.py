"""Predicted scores and shares at one common mix: agencies and years compared like with like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats import ordinal_design, prediction
from betyg.stats.model_fit import OrdinalFit
from betyg.stats.ordinal_cells import observed_patterns

__all__ = ["Margins", "margins"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

FEWEST_POSITIONS_FOR_TOP2 = 4
MOST_POSITIONS = 11  # more are the values of an index, whose single shares tell nobody anything
Z95 = float(ndtri(0.975))


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Standardised predictions with their joint covariance.

    Attributes
    ----------
    table : DataFrame
        The columns of ``by``; statistic ("mean", "top2", "share"); response (position of a
        share, else NaN); estimate, se, ci_low, ci_high (means 0-100, shares 0-1);
        extrapolated (share of the mix that this agency or year was never observed in).
    covariance : ndarray of float, shape (domains, domains)
        Of the means, in the order of ``means``.
    """

    table: pd.DataFrame
    covariance: Array

    @property
    def means(self) -> pd.DataFrame:
        """Rows of the expected scores, in the order of ``covariance``: the first of the table."""
        return self.table.head(len(self.covariance))


def margins(
    fit: OrdinalFit,
    *,
    by: Sequence[str] = ("agency",),
    mix: Literal["observed", "equal"] | pd.DataFrame = "observed",
) -> Margins:
    """Average a model's predictions over the same mix for every agency, year or both.

    Standard errors come from the joint covariance of thresholds, slopes and random effects
    by the delta method, with exact gradients. Intervals of shares are made on the logit
    scale. Random effects stand at their modes, which are shrunk: margins of a mixed model
    are shown beside those of a fixed one, which alone feed bands and ranks. Where the mix
    asks for a level of a random term that no answer came from (an activity that an agency
    never had, by ``agency:activity``), its effect is zero with the variance of its term.

    Parameters
    ----------
    fit : ModelFit
        The model of ordered answers, fixed or mixed.
    by : sequence of str
        Variables to compare; only combinations that were observed are predicted.
    mix : {"observed", "equal"} or DataFrame
        What to average over: the variables of the model that are not in ``by``, with
        the weights they have among all answers, with equal weights for each combination
        of levels and covariates at their mean (R: ``emmeans``), or a frame of these variables
        with a column ``share``.

    Returns
    -------
    Margins

    Raises
    ------
    DesignError
        If an interaction of the model has no effect for a combination that is asked for.
    ParameterError
        If a variable is not in the model, or a mix lacks one.

    References
    ----------
    Lenth, R package ``emmeans``: ``emmeans(fit, "agency", mode = "mean.class")``.
    """
    _check(fit, by)
    others = [name for name in (*_levels(fit), *fit.layout.covariates) if name not in by]
    owner, domains = observed_patterns(fit.patterns, by)
    shares = _mix(fit, others, mix)
    known = prediction.of(fit, (domains, shares))
    share = shares["share"].to_numpy(np.float64)
    predictions, gradients = known.averages(domains, shares, share)
    named, vectors = _contrasts(fit)
    gradient = np.einsum("dkp,sk->sdp", gradients, vectors)
    variance = np.einsum("sdp,sdp->sd", gradient @ known.covariance, gradient)
    outside = _extrapolated(fit, owner, shares)
    return Margins(
        table=_rows(domains, named, (vectors @ predictions.T, variance, outside)),
        covariance=gradient[0] @ known.covariance @ gradient[0].T,
    )


def _levels(fit: OrdinalFit) -> dict[str, tuple[object, ...]]:
    """Return the observed levels of each variable of the fixed and random terms."""
    return fit.layout.levels | fit.mixed.layout.levels


def _check(fit: OrdinalFit, by: Sequence[str]) -> None:
    for role in by:
        if role not in _levels(fit):
            raise ParameterError(
                f"standardise: '{role}' is not in the model. {did_you_mean(role, _levels(fit))}"
            )
    for block in fit.layout.blocks:
        if len(block.roles) > 1 and set(by) & set(block.roles) and not set(block.roles) <= set(by):
            inside = ", ".join(repr(role) for role in block.roles)
            raise DesignError(
                f"standardise: the model has '{block.term}', so {', '.join(by)} alone has no "
                f"single effect. Ask for by=({inside}), or fit the model without it."
            )


def _mix(
    fit: OrdinalFit, others: list[str], mix: Literal["observed", "equal"] | pd.DataFrame
) -> pd.DataFrame:
    """Return the combinations to average over, with ``share`` adding to one."""
    if not others:
        return pd.DataFrame({"share": [1.0]})
    if isinstance(mix, str) and mix == "equal":
        return _equal(fit, others)
    if isinstance(mix, pd.DataFrame):
        lacking = [name for name in (*others, "share") if name not in mix.columns]
        if lacking:
            raise ParameterError(
                f"standardise: the mix has no column {', '.join(lacking)}. It needs every variable "
                f"of the model that is not compared ({', '.join(others)}), and 'share'."
            )
        shares = mix[[*others, "share"]].reset_index(drop=True)
    else:
        pooled = fit.patterns.groupby(others, observed=True, sort=True)["weight"].sum()
        shares = pooled.rename("share").reset_index()
    return shares.assign(share=shares["share"] / shares["share"].sum())


def _equal(fit: OrdinalFit, others: list[str]) -> pd.DataFrame:
    """Return all combinations of levels, each with the same share, and covariates at their mean."""
    levels = {name: held for name, held in _levels(fit).items() if name in others}
    sizes = [len(held) for held in levels.values()]
    at = np.indices(sizes).reshape(len(sizes), int(np.prod(sizes)))
    columns: dict[str, object] = {}
    for (name, held), place in zip(levels.items(), at, strict=True):
        kind: pd.CategoricalDtype = pd.CategoricalDtype(pd.Index(held))
        columns[name] = pd.Categorical.from_codes(place, dtype=kind, validate=False)
    weight = fit.patterns["weight"].to_numpy(np.float64)
    for name in others:
        if name not in levels:
            columns[name] = np.average(fit.patterns[name].to_numpy(np.float64), weights=weight)
    alike = np.full(at.shape[1], 1.0 / at.shape[1])
    return pd.DataFrame(columns | {"share": alike}, copy=False)


def _contrasts(fit: OrdinalFit) -> tuple[list[tuple[str, float]], Array]:
    """Return the statistics, the mean first, and the weights of the category probabilities."""
    k = fit.categories.size
    named, vectors = [("mean", np.nan)], [fit.scores[None, :]]
    if FEWEST_POSITIONS_FOR_TOP2 <= k <= MOST_POSITIONS:
        named.append(("top2", np.nan))
        vectors.append((np.arange(k) >= k - 2).astype(np.float64)[None, :])
    if k <= MOST_POSITIONS:
        named += [("share", float(category)) for category in fit.categories]
        vectors.append(np.eye(k))
    return named, np.concatenate(vectors)


def _rows(
    domains: pd.DataFrame, named: list[tuple[str, float]], found: tuple[Array, Array, Array]
) -> pd.DataFrame:
    """Put the statistics under each other.

    ``found`` are estimates and variances, shape (statistics, domains), and what is extrapolated.
    """
    estimate, variance, outside = found
    se = np.sqrt(np.maximum(variance, 0.0))
    low, high = estimate - Z95 * se, estimate + Z95 * se
    low[0], high[0] = np.clip(low[0], 0.0, 100.0), np.clip(high[0], 0.0, 100.0)
    share = estimate[1:]
    half = Z95 * se[1:] / (share * (1.0 - share))
    low[1:], high[1:] = expit(logit(share) - half), expit(logit(share) + half)
    words, responses = zip(*named, strict=True)
    times = len(domains)
    place = np.tile(np.arange(times), len(named))
    columns = {name: domains[name].array.take(place) for name in domains}
    columns |= {
        "statistic": pd.array(np.repeat(words, times), dtype="str"),
        "response": np.repeat(responses, times),
        "estimate": estimate.ravel(),
        "se": se.ravel(),
        "ci_low": low.ravel(),
        "ci_high": high.ravel(),
        "extrapolated": outside[place],
    }
    return pd.DataFrame(columns, copy=False)


def _extrapolated(fit: OrdinalFit, owner: Codes, shares: pd.DataFrame) -> Array:
    """Return the share of the mix with a level that the domain was never observed with.

    ``owner`` is the domain of each pattern.
    Years are not counted: an agency that pauses a year is not extrapolated by that.
    """
    others = [role for role in shares.columns if role in _levels(fit) and role != "year"]
    domains = int(owner.max()) + 1
    outside = np.zeros((domains, len(shares)), dtype=bool)
    for role in others:
        levels = _levels(fit)[role]
        seen = np.zeros((domains, len(levels)), dtype=bool)
        seen[owner, ordinal_design.encode(fit.patterns[role], levels, role)] = True
        outside |= ~seen[:, ordinal_design.encode(shares[role], levels, role)]
    return np.asarray(outside @ shares["share"].to_numpy(np.float64))

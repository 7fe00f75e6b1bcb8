"""A mixed model of published values: the trend, and the change within places."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMResults
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from betyg.data.study import Study
from betyg.errors import ConvergenceError, DesignError
from betyg.stats import fay_herriot
from betyg.stats.fay_herriot import FayHerriot

__all__ = ["PublishedFit", "fit"]

Array = NDArray[np.float64]
ENOUGH = 0.5  # share of values with an error from which errors are taken as known
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFit:
    """Trend of published values, places apart from years.

    Attributes
    ----------
    trend : DataFrame
        year, estimate (mean of an average place, 0-100), se, ci_low, ci_high; change,
        change_se, change_low, change_high (against the first year); n (places).
    within : DataFrame
        year_from, year_to, estimate (mean change of the places with a value both years), se,
        ci_low, ci_high, n (such places).
    values : DataFrame
        agency, year, direct, direct_se, direct_low, direct_high (as published; the error from n
        where no error is given), shrunken, shrunken_se, shrunken_low, shrunken_high; NaN where
        no error is known.
    sd_place, sd_rest : float
        Standard deviation between places, and within places apart from the trend (and from
        sampling, where errors are known).
    errors_known : bool
        Whether most values came with an error or n, and the fit is of Fay and Herriot's type.
    covariance : ndarray of float, shape (years, years)
        Of the trend's estimates.
    loglike : float
        Restricted log-likelihood.
    n : int
        Values.
    n_places : int
        Places.
    """

    trend: pd.DataFrame
    within: pd.DataFrame
    values: pd.DataFrame
    sd_place: float
    sd_rest: float
    errors_known: bool
    covariance: Array
    loglike: float
    n: int
    n_places: int


def fit(estimates: pd.DataFrame, survey: Study, *, item: str) -> PublishedFit:
    """Fit value ~ year + (1 | agency) to published values by REML.

    Where at least half of the values came with a standard error or a number of answers, their
    sampling errors are taken as known, and each value is shown beside what it shrinks to.

    A place that is absent one year does not move the trend, because places
    have their own level. What it may *not* be used for: bands, ranks or any comparison of
    places with each other. Values come without (or with few) numbers of answers, so how much
    of a place's deviation is sampling error cannot be told; and where the rows are a
    selection of places, the trend is that of the selection.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of kind ``published``: agency, year, item, statistic, estimate; se, n.
    survey : Study
        Totals, which are left out, and breaks: only years on one series with the last are used.
    item : str
        The published measure.

    Returns
    -------
    PublishedFit

    Raises
    ------
    DesignError
        If there are fewer than two years, or no place has values in two of them.
    ConvergenceError
        If the optimiser does not end.

    References
    ----------
    Rao & Molina (2015), Small Area Estimation, ch. 8.3.
    R counterparts: ``lme4::lmer(value ~ factor(year) + (1 | agency))``;
    ``metafor::rma.mv(value, se^2, mods = ~ factor(year), random = list(~ 1 | agency, ~ 1 | id))``.
    """
    values = estimates[
        (estimates["item"] == item)
        & (estimates["statistic"] == "mean")
        & (estimates["agency"] != "all")
        & (estimates["year"] != 0)
        & estimates["estimate"].notna()
        & ~estimates["agency"].isin(list(survey.totals))
    ]
    years = sorted(int(year) for year in values["year"].unique())
    years = [year for year in years if survey.comparable(item, year, years[-1])]
    values = values[values["year"].isin(years)]
    repeated = values.groupby("agency", observed=True)["year"].nunique()
    if len(years) < 2 or not (repeated > 1).any():
        raise DesignError(
            f"published: {item} has {len(years)} years and {int((repeated > 1).sum())} places with "
            "values in two of them; a trend needs two years and repeated places."
        )
    known = _sampling_variance(values)
    told = float(np.isfinite(known).mean()) >= ENOUGH
    fitted = _known_errors(values, years, known) if told else _one_error(values, years, item)
    return PublishedFit(
        trend=_trend(values, years, fitted.beta, fitted.covariance),
        within=_within(values, years),
        values=_side_by_side(values, known, fitted),
        sd_place=float(np.sqrt(fitted.variances[0])),
        sd_rest=float(np.sqrt(fitted.variances[1])),
        errors_known=told,
        covariance=fitted.covariance,
        loglike=fitted.loglike,
        n=len(values),
        n_places=int(repeated.size),
    )


def _sampling_variance(values: pd.DataFrame) -> Array:
    """Return the variance of each value's sampling error; NaN where nothing is known of it.

    Without a standard error n gives m (100 - m) / n: exact for a percentage, and the most that
    answers on 0-100 with the mean m can have, so an index is trusted too little, not too much.
    """
    missing = pd.Series(np.nan, index=values.index)
    mean = values["estimate"].to_numpy(np.float64)
    se = values.get("se", missing).to_numpy(np.float64)
    n = values.get("n", missing).to_numpy(np.float64)
    counted = np.where(n > 0, n, np.nan)
    return np.where(np.isnan(se), mean * (100.0 - mean) / counted, se**2)


def _columns(values: pd.DataFrame, years: list[int]) -> Array:
    """Return one column a year, so that parameters are the years' means."""
    is_year = values["year"].to_numpy()[:, None] == np.array(years)
    return np.asarray(is_year, dtype=np.float64)


def _known_errors(values: pd.DataFrame, years: list[int], known: Array) -> FayHerriot:
    place = pd.factorize(values["agency"].astype("str"))[0]
    y = values["estimate"].to_numpy(np.float64)
    return fay_herriot.fit(y, _columns(values, years), place=place, known=known)


def _one_error(values: pd.DataFrame, years: list[int], item: str) -> FayHerriot:
    """Fit without known errors: what varies within places and sampling are one term."""
    result = _mixed(values, years, item)
    between, rest = float(np.asarray(result.cov_re)[0, 0]), float(result.scale)
    nothing = np.full(len(values), np.nan)
    return FayHerriot(
        beta=np.asarray(result.fe_params, dtype=np.float64),
        covariance=_covariance(values, years, between, rest),
        variances=np.array([between, rest, np.nan]),
        loglike=float(result.llf),
        shrunken=nothing,
        se=nothing,
    )


def _side_by_side(values: pd.DataFrame, known: Array, fitted: FayHerriot) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "agency": values["agency"].astype("str"),
            "year": values["year"].astype("int16"),
            "direct": values["estimate"].astype("float64"),
            "direct_se": np.sqrt(known),
            "direct_low": np.clip(values["estimate"] - Z95 * np.sqrt(known), 0.0, 100.0),
            "direct_high": np.clip(values["estimate"] + Z95 * np.sqrt(known), 0.0, 100.0),
            "shrunken": fitted.shrunken,
            "shrunken_se": fitted.se,
            "shrunken_low": np.clip(fitted.shrunken - Z95 * fitted.se, 0.0, 100.0),
            "shrunken_high": np.clip(fitted.shrunken + Z95 * fitted.se, 0.0, 100.0),
        }
    )
    return frame.reset_index(drop=True)


def _mixed(values: pd.DataFrame, years: list[int], item: str) -> MixedLMResults:
    places = values["agency"].astype("str")
    y = values["estimate"].to_numpy(np.float64)
    model = MixedLM(y, _columns(values, years), groups=places)
    with warnings.catch_warnings():
        # Its message is about the numbers of an optimiser; ours is about the data.
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return model.fit(reml=True, method=["lbfgs", "bfgs", "powell"])
        except ConvergenceWarning as error:
            raise ConvergenceError(
                f"published: the mixed model of {item} did not converge ({error}). The places may "
                "not differ at all, or too few have several years."
            ) from error


def _covariance(values: pd.DataFrame, years: list[int], between: float, rest: float) -> Array:
    """Return (X' V^-1 X)^-1 for V = rest I + between J within places.

    MixedLM's own covariance inverts a Hessian that mixes years and variances.
    """
    present = pd.crosstab(values["agency"].astype("str"), values["year"]).reindex(columns=years)
    x = present.to_numpy(np.float64)
    shrink = between / (rest + between * x.sum(axis=1))
    information = (np.diag(x.sum(axis=0)) - (x.T * shrink) @ x) / rest
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _trend(values: pd.DataFrame, years: list[int], beta: Array, covariance: Array) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    change = beta - beta[0]
    change_se = np.sqrt(
        np.maximum(np.diag(covariance) + covariance[0, 0] - 2.0 * covariance[0], 0.0)
    )
    change_se[0] = 0.0
    counts = values.groupby("year")["agency"].nunique()
    return pd.DataFrame(
        {
            "year": np.array(years, dtype=np.int16),
            "estimate": beta,
            "se": se,
            "ci_low": beta - Z95 * se,
            "ci_high": beta + Z95 * se,
            "change": change,
            "change_se": change_se,
            "change_low": change - Z95 * change_se,
            "change_high": change + Z95 * change_se,
            "n": counts.reindex(years).to_numpy(np.int64),
        }
    )


def _within(values: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the mean change of the same places between successive years, and first to last."""
    wide = values.pivot_table(index="agency", columns="year", values="estimate", observed=True)
    pairs = [*pairwise(years), *([(years[0], years[-1])] if len(years) > 2 else [])]
    rows = []
    for before, after in pairs:
        change = (wide[after] - wide[before]).dropna().to_numpy(np.float64)
        n = change.size
        mean = float(change.mean()) if n else np.nan
        se = float(change.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        half = float(stdtrit(n - 1, 0.975)) * se if n > 1 else np.nan
        rows.append((before, after, mean, se, mean - half, mean + half, n))
    names = ["year_from", "year_to", "estimate", "se", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=names).astype({"year_from": "int16", "year_to": "int16"})

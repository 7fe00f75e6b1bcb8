"""The mixed model of published values against R's lme4 (r/mixed.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.stats import published
from witness import Agreement, check, check_twin, read

RTOL = 1e-4  # two optimisers of a flat restricted likelihood
RTOL_LOGLIKE = 1e-8


@pytest.fixture(scope="module")
def fit():
    values = read("mixed_input.csv").rename(columns={"place": "agency", "value": "estimate"})
    estimates = values.assign(item="nki", statistic="mean")
    survey = simulated.study(items={"nki": 5}, agencies=sorted(values["agency"].unique()))
    return published.fit(estimates, survey, item="nki")


@pytest.mark.parametrize("verify", [check, check_twin])
def test_trend_and_variances_equal_lmer(fit, verify):
    stored = read("mixed.csv").set_index("name")
    years = stored.index[stored.index.str.startswith("year")]
    pairs = (
        (fit.trend["estimate"], stored.loc[years, "estimate"], RTOL),
        (fit.trend["se"], stored.loc[years, "se"], RTOL),
        ([fit.sd_place], stored.loc[["sd_place"], "estimate"], RTOL),
        ([fit.sd_rest], stored.loc[["sd_rest"], "estimate"], RTOL),
        ([fit.loglike], stored.loc[["loglike"], "estimate"], RTOL_LOGLIKE),
    )
    for got, want, rtol in pairs:
        verify(Agreement(got=np.asarray(got, float), want=want.to_numpy(float), rtol=rtol))


RTOL_METAFOR = 1e-6  # where metafor's optimiser stops, the variances are right to some 5e-7
RTOL_SOLVED = 1e-8  # the same linear equations, solved twice


@pytest.fixture(scope="module")
def with_errors():
    given = read("published_input.csv")
    places = tuple(sorted(given["place"].unique()))
    survey = simulated.study(items={"nki": 5}, agencies=places)
    estimates = given.rename(columns={"place": "agency", "value": "estimate"})
    return published.fit(estimates.assign(item="nki", statistic="mean", n=0), survey, item="nki")


def stored_by(name):
    return read("published.csv").query("by == @name").set_index("name")["value"]


@pytest.mark.parametrize("verify", [check, check_twin])
def test_known_sampling_errors_as_in_metafor(with_errors, verify):
    fit, stored = with_errors, stored_by("metafor")
    years = fit.trend["year"].astype(str)
    assert fit.errors_known
    for got, want, times in (
        (fit.trend["estimate"], stored.reindex("year" + years), 1),
        (fit.trend["se"], stored.reindex("se" + years), 2),
        ([fit.sd_place**2, fit.sd_rest**2], stored.reindex(["place", "rest"]), 6),
    ):
        verify(Agreement(got=np.asarray(got), want=want.to_numpy(), rtol=times * RTOL_METAFOR))


def at(variances):
    """Return coefficients, their errors and the restricted likelihood at given variances."""
    given = read("published_input.csv")
    years, places = (pd.get_dummies(given[name]).to_numpy(float) for name in ("year", "place"))
    y, (between, rest) = given["value"].to_numpy(), variances
    covariance = between * places @ places.T + np.diag(rest + given["se"].to_numpy() ** 2)
    information = years.T @ np.linalg.solve(covariance, years)
    inverse = np.linalg.inv(information)
    beta = inverse @ years.T @ np.linalg.solve(covariance, y)
    away = y - years @ beta
    loglike = -0.5 * (
        np.linalg.slogdet(covariance)[1]
        + np.linalg.slogdet(information)[1]
        + away @ np.linalg.solve(covariance, away)
    )
    return np.concatenate([beta, np.sqrt(np.diag(inverse))]), loglike


@pytest.mark.parametrize("verify", [check, check_twin])
def test_nlme_has_the_same_model_and_stops_short_of_its_maximum(with_errors, verify):
    fit, stored = with_errors, stored_by("nlme")
    years = fit.trend["year"].astype(str)
    ours, highest = at((fit.sd_place**2, fit.sd_rest**2))
    theirs, reached = at(stored[["place", "rest"]])
    mine = fit.trend[["estimate", "se"]].to_numpy().T.ravel()
    named = [*("year" + years), *("se" + years)]
    verify(Agreement(got=mine, want=ours, rtol=RTOL_SOLVED))
    verify(Agreement(got=theirs, want=stored[named].to_numpy(), rtol=RTOL_SOLVED))
    assert 1e-4 < highest - reached < 1e-3


@pytest.mark.parametrize("verify", [check, check_twin])
def test_shrunken_values_stand_beside_the_direct_ones(with_errors, verify):
    found, given = with_errors.values, read("published_input.csv")
    assert (found["direct"] == given["value"]).all() and (
        found["direct_se"] - given["se"]
    ).abs().max() < 1e-12
    want = read("published_shrunken.csv")["shrunken"].to_numpy()
    verify(Agreement(got=found["shrunken"].to_numpy(), want=want, rtol=RTOL_METAFOR))
    assert (found["shrunken_se"] < found["direct_se"]).all()

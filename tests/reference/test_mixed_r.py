"""The mixed model of published values against R's lme4 (r/mixed.R)."""

from __future__ import annotations

import numpy as np
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

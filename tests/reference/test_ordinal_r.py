"""Cumulative link models against R: ordinal::clm, scores in survey::svyrecvar (r/ordinal.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.stats import ordinal
from betyg.stats.ordinal_sandwich import Sampling
from witness import Agreement, check, check_twin, read

RTOL = 1e-8  # Newton to the optimum on both sides
RTOL_LOGLIKE = 1e-12  # at the optimum it is flat
RTOL_SANDWICH = 1e-7  # R's scores are numerical derivatives (Richardson)
KEYS = ("agency", "year", "activity", "group")
MAIN = "response ~ agency + year + activity + group"
MODELS = {
    "logit": (MAIN, {}),
    "probit": (MAIN, {"link": "probit"}),
    "interaction": ("response ~ agency * activity + group", {}),
    "none": ("response ~ 1", {}),
}
SANDWICHES = {
    "weighted": {},
    "weighted_strata": {"sampling": Sampling(stratum="stratum")},
    "weighted_psu": {"sampling": Sampling(stratum="stratum", psu="psu")},
}


@pytest.fixture(scope="module")
def cells():
    """Cells as fine as each test needs: sums by pattern, stratum and PSU."""
    answers = read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})
    given = answers.dropna(subset="answer").rename(columns={"answer": "response"})
    keys = [*KEYS, "stratum", "psu", "response"]
    sums = given.assign(n=1, square=given["weight"] ** 2).groupby(keys)
    return sums.agg(
        n=("n", "sum"), weight_sum=("weight", "sum"), weight_sq_sum=("square", "sum")
    ).reset_index()


def like(fit, stored):
    """Put the stored terms in our order and names."""
    levels = {
        f"{role}{value}": f"{role}[{value}]"
        for role, values in fit.layout.levels.items()
        for value in values
    }
    names = [":".join(levels.get(part, part) for part in t.split(":")) for t in stored["term"]]
    return stored.set_axis(pd.Index(names)).loc[fit.params.index]


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("model", MODELS)
def test_coefficients_errors_and_likelihood_equal_clm(cells, model, verify):
    formula, options = MODELS[model]
    plain = cells.drop(columns=["weight_sum", "weight_sq_sum"])
    fit = ordinal.fit(plain, formula, **options)
    stored = like(fit, read("ordinal.csv").query("model == @model"))
    verify(Agreement(got=fit.params.to_numpy(), want=stored["estimate"].to_numpy(), rtol=RTOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=stored["se"].to_numpy(), rtol=RTOL))
    for ours, theirs in ((fit.loglike, "loglike"), (fit.aic, "aic"), (fit.bic, "bic")):
        want = stored[theirs].to_numpy()[:1]
        verify(Agreement(got=np.array([ours]), want=want, rtol=RTOL_LOGLIKE))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("model", SANDWICHES)
def test_weighted_fits_equal_clm_and_svyrecvar(cells, model, verify):
    fit = ordinal.fit(cells, MAIN, **SANDWICHES[model])
    stored = like(fit, read("ordinal.csv").query("model == @model"))
    assert fit.robust
    verify(Agreement(got=fit.params.to_numpy(), want=stored["estimate"].to_numpy(), rtol=RTOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=stored["se"].to_numpy(), rtol=RTOL_SANDWICH))

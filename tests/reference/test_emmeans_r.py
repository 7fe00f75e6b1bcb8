"""Standardised scores and shares against R's emmeans at equal weights (r/emmeans.R)."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.stats import ordinal, standardise
from witness import Agreement, check, check_twin, read

RTOL = 1e-8  # exact delta method on both sides, from two fits that agree to 1e-9
BY = (("agency",), ("year",), ("agency", "year"))


@pytest.fixture(scope="module", params=["logit", "probit"])
def fit(request):
    answers = read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})
    keys = ["agency", "year", "activity", "group", "answer"]
    cells = answers.dropna().groupby(keys).size().rename("n").reset_index()
    cells = cells.rename(columns={"answer": "response"})
    return ordinal.fit(cells, f"response ~ {' + '.join(keys[:-1])}", link=request.param)


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("by", BY, ids="-".join)
def test_mean_class_and_probabilities_equal_emmeans(fit, by, verify):
    stored = read("emmeans.csv").query("link == @fit.link")
    for role in ("agency", "year"):
        stored = stored[(stored[role] != "all") == (role in by)]
    table = standardise.margins(fit, by=by, mix="equal").table
    table = table[table["statistic"] != "top2"].fillna({"response": 0.0})
    ours = table.astype(dict.fromkeys(by, "str")).set_index([*by, "response"])
    theirs = stored.astype({"class": float}).set_index([*by, "class"])
    ours = ours.loc[theirs.index]
    mean = (ours["statistic"] == "mean").to_numpy()
    estimate = np.where(mean, ours["estimate"] / 25 + 1, ours["estimate"])
    se = np.where(mean, ours["se"] / 25, ours["se"])
    verify(Agreement(got=estimate, want=theirs["estimate"].to_numpy(), rtol=RTOL))
    verify(Agreement(got=se, want=theirs["se"].to_numpy(), rtol=RTOL))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_joint_covariance_equals_emmeans(fit, verify):
    found = standardise.margins(fit, by=("agency",), mix="equal")
    stored = read("emmeans_covariance.csv").query("link == @fit.link")
    stored = stored.drop(columns="link").to_numpy()
    verify(Agreement(got=found.covariance / 25**2, want=stored, rtol=RTOL))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize(
    ("model", "formula"),
    [("main", "grade ~ ell + mobility + stype"), ("product", "grade ~ ell + stype * mobility")],
)
def test_covariates_stand_at_their_mean_as_in_emmeans(model, formula, verify):
    schools = read("svyolr_input.csv").query("design == 'strata'").assign(n=1)
    found = standardise.margins(ordinal.fit(schools, formula), by=("stype",), mix="equal").table
    ours = found[found["statistic"] != "top2"].fillna({"response": 0.0})
    theirs = read("emmeans_covariates.csv").query("model == @model").astype({"class": float})
    theirs = theirs.set_index(["stype", "class"])
    ours = ours.set_index(["stype", "response"]).loc[theirs.index]
    mean = (ours["statistic"] == "mean").to_numpy()
    scale, shift = np.where(mean, 100 / 3, 1.0), np.where(mean, 1.0, 0.0)  # classes 1 to 4
    estimate = ours["estimate"] / scale + shift
    verify(Agreement(got=estimate, want=theirs["estimate"].to_numpy(), rtol=RTOL))
    verify(Agreement(got=ours["se"] / scale, want=theirs["se"].to_numpy(), rtol=RTOL))

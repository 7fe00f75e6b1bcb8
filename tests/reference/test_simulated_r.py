"""A survey of 10,000 with rotating agencies against stored results of R (r/simulated)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.stats import estimate, ordinal, standardise
from witness import Agreement, R, check, check_twin

RTOL = 1e-8  # clm at a gradient of 1e-9
RTOL_FORMULA = 1e-10  # the same closed formula on both sides
TERMS = ("agency", "year", "activity", "group")


@pytest.fixture(scope="module")
def answers():
    stored = pd.read_parquet(R / "simulated" / "sim_10000.parquet")
    return stored.rename(columns={"grp": "group", "w": "weight", "popsize": "population"})


@pytest.fixture(scope="module")
def cells(answers):
    sums = answers.groupby([*TERMS, "q1"]).size().rename("n").reset_index()
    return sums.rename(columns={"q1": "response"})


def stored(name):
    return json.loads((R / "simulated" / f"{name}.json").read_text())


@pytest.mark.parametrize("verify", [check, check_twin])
def test_58_parameters_equal_tight_clm(cells, verify):
    fit = ordinal.fit(cells, f"response ~ {' + '.join(TERMS)}")
    clm = stored("a_clm_cells_tight_10000")
    want = np.array([*clm["cut"].values(), *clm["coef"].values()])
    verify(Agreement(got=fit.params.to_numpy(), want=want, rtol=RTOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=np.array([*clm["se"].values()]), rtol=RTOL))
    verify(Agreement(got=np.array([fit.loglike]), want=np.array([clm["logLik"]]), rtol=1e-9))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_mean_class_and_probabilities_equal_emmeans(cells, verify):
    fit = ordinal.fit(cells, "response ~ agency + year + group")
    emmeans = stored("d_emmeans_prob_10000")
    found = standardise.margins(fit, by=("agency",), mix="equal")
    mean = emmeans["agency_meanclass"]
    verify(
        Agreement(
            got=found.means["estimate"].to_numpy() / 25 + 1,
            want=np.array(mean["mean.class"]),
            rtol=RTOL,
        )
    )
    verify(Agreement(got=found.means["se"].to_numpy() / 25, want=np.array(mean["SE"]), rtol=RTOL))
    shares = found.table[found.table["statistic"] == "share"].sort_values(["agency", "response"])
    probability = emmeans["agency_prob"]
    for ours, theirs in (("estimate", "prob"), ("se", "SE")):
        want = np.array(probability[theirs])
        verify(Agreement(got=shares[ours].to_numpy(), want=want, rtol=RTOL))


@pytest.fixture(scope="module")
def estimates(answers):
    text = answers.assign(**{role: answers[role].astype(str) for role in TERMS if role != "year"})
    survey = simulated.study(
        items={"q1": 5},
        agencies=[str(i) for i in range(21)],
        activities=[str(i) for i in range(22)],
        groups=[str(i) for i in range(5)],
        compare={"inference": "this_year"},
    )
    found = estimate.direct(simulated.respondents(text, survey), survey)
    return found[(found["activity"] == "all") & (found["group"] == "all")]


@pytest.mark.parametrize("verify", [check, check_twin])
def test_123_agency_years_equal_svyby(estimates, verify):
    by = stored("c_lin_10000")["by"]
    mean = estimates[estimates["statistic"] == "mean"].astype({"agency": "str", "year": "str"})
    rows = mean.set_index(["agency", "year"]).loc[[*zip(by["agency"], by["year"], strict=True)]]
    want = np.array(by["mean"])
    verify(Agreement(got=rows["estimate"].to_numpy() / 25 + 1, want=want, rtol=RTOL_FORMULA))
    verify(Agreement(got=rows["se"].to_numpy() / 25, want=np.array(by["se"]), rtol=RTOL_FORMULA))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_distribution_of_all_answers_equals_svymean(estimates, verify):
    factor = stored("c_lin_10000")["meanfactor"]
    everyone = (estimates["agency"] == "all") & (estimates["year"] == 0)
    shares = estimates[everyone & (estimates["statistic"] == "share")].sort_values("response")
    for ours, theirs in (("estimate", "coef"), ("se", "se")):
        want = np.array([*factor[theirs].values()])
        verify(Agreement(got=shares[ours].to_numpy(), want=want, rtol=RTOL_FORMULA))

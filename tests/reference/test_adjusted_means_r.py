"""Means at one mix against R's svyglm, on the simulated survey of r/input.R."""

from __future__ import annotations

import numpy as np
import pytest

import simulated
from betyg.stats import domains, outcome_sums
from betyg.stats.adjusted_means import adjusted_means
from betyg.stats.joint import design_of
from betyg.stats.sum_design import SumDesign
from witness import Agreement, check, check_twin, read

RTOL = 1e-9  # closed formulas on both sides; svyglm solves by iterated weighted least squares
AGENCIES, ACTIVITIES = "ABCDEF", ("plan", "farm", "water", "animal")


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("adjusted", [True, False])
@pytest.mark.parametrize("design", ["strata", "psu"])
@pytest.mark.parametrize("what", ["estimate", "se", "with_first"])
def test_means_at_one_mix_equal_svyglm(design, adjusted, what, verify):
    answers = read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})
    survey = simulated.study(items={"answer": 5}, agencies=tuple(AGENCIES), activities=ACTIVITIES)
    given = answers.drop(columns=["group"] if design == "psu" else ["group", "psu"])
    rows = simulated.respondents(given, survey)
    found = adjusted_means(
        rows, design_of(rows, survey), over=rows["agency"],
        score=25.0 * (answers["answer"].to_numpy() - 1.0),
        adjust_for=["activity"] if adjusted else [],
    )  # fmt: skip
    wanted = read("adjusted_means.csv").query("design == @design")
    wanted = wanted[wanted["adjusted"].astype(str).str.upper() == str(adjusted).upper()]
    assert list(found.names) == wanted["agency"].tolist()
    got = {"estimate": found.estimate, "se": found.se, "with_first": found.covariance[:, 0]}[what]
    verify(Agreement(got=got, want=wanted[what].to_numpy(float), rtol=RTOL, atol=1e-12))


@pytest.mark.parametrize("adjusted", [True, False])
@pytest.mark.parametrize("what", ["estimate", "se", "with_first"])
def test_means_at_one_mix_of_sums_equal_svyglm(adjusted, what):
    answers = read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})
    survey = simulated.study(items={"answer": 5}, agencies=tuple(AGENCIES), activities=ACTIVITIES)
    people = simulated.respondents(answers.drop(columns=["group", "psu"]), survey)
    sums = outcome_sums.of_rows([people], survey)
    found = adjusted_means(
        sums, SumDesign.of(sums, domains.of_rows([people]), survey), over=sums["agency"],
        score=sums["score"].to_numpy(), adjust_for=["activity"] if adjusted else [],
    )  # fmt: skip
    wanted = read("adjusted_means.csv").query("design == 'strata'")
    wanted = wanted[wanted["adjusted"].astype(str).str.upper() == str(adjusted).upper()]
    got = {"estimate": found.estimate, "se": found.se, "with_first": found.covariance[:, 0]}[what]
    check(Agreement(got=got, want=wanted[what].to_numpy(float), rtol=RTOL, atol=1e-12))

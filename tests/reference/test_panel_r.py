"""Change of respondents who come again, against R's survey (r/panel.R)."""

from __future__ import annotations

import numpy as np
import pytest

import simulated
from betyg.stats import change, estimate
from witness import Agreement, check, check_twin, read

RTOL = 1e-9  # the same closed formulas on both sides; the reference has 15 digits


def changes(panel):
    answers = read("panel_input.csv")
    survey = simulated.study(
        items={"answer": 5},
        agencies=("A", "B"),
        activities=("plan", "farm"),
        design={"panel": panel, "strata": ("agency", "year")},
    )
    named = answers.assign(stratum=answers["agency"] + "|" + answers["year"].astype(str))
    frame = simulated.respondents(named, survey).assign(respondent_id=answers["respondent"])
    estimates = estimate.direct(frame, survey)
    cells = simulated.cells_of(frame, survey)
    found = change.decompose(estimates, cells, survey, respondents=frame)
    return found.astype({"agency": "str"}).set_index("agency").loc[["A", "B"]]


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("panel", [True, False])
def test_errors_of_change_equal_svycontrast(panel, verify):
    stored, found = read("panel.csv").query("joint == @panel"), changes(panel)
    for column, name in (("raw", "change"), ("raw_se", "se"), ("like_for_like_se", "se")):
        got = found[column].to_numpy() / 25
        verify(Agreement(got=got, want=stored[name].to_numpy(), rtol=RTOL))


def test_the_parts_still_add_up_and_errors_shrink():
    joint, apart = changes(True), changes(False)
    parts = joint[["like_for_like", "mix", "entry", "exit"]].sum(axis=1)
    np.testing.assert_allclose(parts, joint["raw"], atol=1e-9)
    assert (joint["raw_se"] < 0.9 * apart["raw_se"]).all()

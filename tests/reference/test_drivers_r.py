"""LMG shares against lm() on every subset in R (r/drivers.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import products
from betyg.stats import cross_products, lmg
from betyg.stats.design import SurveyDesign
from witness import Agreement, check, check_twin, read

RTOL = 1e-9  # least squares by QR there, elimination on cross products here; 15 digits stored

THEMES = ["t1", "t2", "t3", "t4", "t5"]


def agreement(weights: str) -> Agreement:
    answers, told = read("drivers_input.csv"), read("drivers.csv").query("weights == @weights")
    weight = answers["weight"] if weights == "given" else np.ones(len(answers))
    summed = products.of_rows(
        answers[[*THEMES, "y"]].to_numpy(float),
        group=pd.factorize(answers["group"])[0].astype(np.intp),
        groups=3,
        design=SurveyDesign.of(weight=weight),
    )
    got = lmg.parts(cross_products.within(summed.totals, 6))
    return Agreement(got=got, want=told.set_index("theme")["part"][THEMES].to_numpy(), rtol=RTOL)


@pytest.mark.parametrize("weights", ["none", "given"])
def test_parts_are_those_of_all_orders_of_entry_in_r(weights):
    check(agreement(weights))


@pytest.mark.parametrize("weights", ["none", "given"])
def test_a_part_off_by_ten_tolerances_is_seen(weights):
    check_twin(agreement(weights))

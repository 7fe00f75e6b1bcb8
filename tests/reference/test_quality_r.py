"""Polychorics, omega, alpha and R-indicator against polycor, psych, lavaan and glm."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from betyg.stats import polychoric, scale_reliability
from betyg.stats.representativity import r_indicator
from betyg.stats.scale_reliability import Alpha, Omega
from witness import Agreement, check, check_twin, read

VERIFY = pytest.mark.parametrize("verify", [check, check_twin])
SETS = pytest.mark.parametrize("name", ["handling", "courtesy", "grades"])
COMPLETE = pytest.mark.parametrize("name", ["handling", "grades"])
RTOL = 1e-12  # one closed formula on both sides
MAXIMUM = 1e-6  # R's optimize stops within 1e-8 of the maximum, lavaan on its gradient
POLYCOR = 3e-5  # polycor's optimiser stops within 6e-5 of its interval
MINRES = 3e-4  # psych's minres stops early (factr 1e7) and bounds uniquenesses from below
GAUSS_NEWTON = 0.005  # relative: lavaan's slopes of the loadings take the factor as fitting
JACKKNIFE = 0.02  # relative: the jackknife is of order 1/n larger, and its ends feel outliers


def positions(name: str) -> pd.DataFrame:
    rows = read("reliability_answers.csv").query("set == @name")
    return rows.drop(columns=["set", "respondent"]).dropna(axis="columns", how="all")


def omega(name: str) -> Omega:
    return scale_reliability.omega(positions(name).astype("Int8"))


def alpha(name: str) -> Alpha:
    return scale_reliability.alpha(positions(name).to_numpy(np.float64))


def stored(name: str, what: str) -> float:
    found = read("reliability.csv").query("set == @name and what == @what")
    return float(found["value"].iloc[0])


@VERIFY
@SETS
@pytest.mark.parametrize(("witness", "atol"), [("own", MAXIMUM), ("polycor", POLYCOR)])
def test_polychoric_correlations_equal_those_of_r(name, witness, atol, verify):
    wanted = read("reliability_correlations.csv").query("set == @name")
    found = omega(name).correlations[wanted["first"] - 1, wanted["second"] - 1]
    verify(Agreement(got=found, want=wanted[witness].to_numpy(), atol=atol))


@VERIFY
@COMPLETE
def test_polychoric_correlations_equal_those_of_lavaan(name, verify):
    wanted = read("reliability_correlations.csv").query("set == @name")
    found = omega(name).correlations[wanted["first"] - 1, wanted["second"] - 1]
    verify(Agreement(got=found, want=wanted["lavaan"].to_numpy(np.float64), atol=MAXIMUM))


@VERIFY
@SETS
def test_loadings_equal_minres_of_psych(name, verify):
    found = omega(name).loadings
    wanted = [stored(name, f"loading{i + 1}") for i in range(found.size)]
    verify(Agreement(got=found, want=np.array(wanted), atol=MINRES))


@VERIFY
@SETS
def test_omega_equals_that_of_psych_loadings(name, verify):
    verify(Agreement(got=omega(name).estimate, want=stored(name, "omega"), atol=MINRES))


@VERIFY
@COMPLETE
def test_omega_equals_that_of_an_ordered_factor_in_lavaan(name, verify):
    verify(Agreement(got=omega(name).estimate, want=stored(name, "lavaan_omega"), atol=MAXIMUM))


@VERIFY
@COMPLETE
def test_covariances_of_polychoric_correlations_equal_those_of_lavaan(name, verify):
    wanted = read("reliability_covariances.csv").query("set == @name")["value"].to_numpy()
    answers = positions(name).to_numpy(np.int64) - 1
    moved = []
    for one, other in combinations(range(answers.shape[1]), 2):
        table = np.zeros((10, 10))
        np.add.at(table, (answers[:, one], answers[:, other]), 1.0)
        cells = polychoric.influence(table, polychoric.correlation(table))
        moved.append(cells[answers[:, one], answers[:, other]])
    found = np.cov(moved, bias=True).ravel()
    verify(Agreement(got=found, want=wanted, atol=MAXIMUM))


@VERIFY
@pytest.mark.parametrize(("name", "rtol"), [("handling", MAXIMUM), ("grades", GAUSS_NEWTON)])
def test_interval_of_omega_has_the_width_of_lavaan(name, rtol, verify):
    found = omega(name)  # three loadings fit any three correlations; six do not
    wide = np.log((1 - found.ci_low) / (1 - found.ci_high)) / (2 * scale_reliability.Z95)
    got = wide * (1 - found.estimate) * np.sqrt(found.n / (found.n - 1))  # as lavaan divides
    verify(Agreement(got=got, want=stored(name, "lavaan_omega_se"), rtol=rtol))


@VERIFY
@SETS
def test_alpha_equals_psych(name, verify):
    verify(Agreement(got=alpha(name).estimate, want=stored(name, "alpha"), rtol=RTOL))


@VERIFY
@SETS
def test_interval_of_alpha_has_the_width_of_a_jackknife(name, verify):
    found = alpha(name)
    wide = np.log((1 - found.ci_low) / (1 - found.ci_high)) / (2 * scale_reliability.Z95)
    got = wide * (1 - found.estimate)
    verify(Agreement(got=got, want=stored(name, "jackknife_se"), rtol=JACKKNIFE))


@VERIFY
@pytest.mark.parametrize("name", ["boards", "few", "thin"])
@pytest.mark.parametrize("what", ["unadjusted", "estimate"])
def test_r_indicator_equals_that_of_a_logistic_regression(name, what, verify):
    strata = read("representativity_strata.csv").query("set == @name").astype({"stratum": int})
    sizes = strata[["sample", "respondents", "size"]].to_numpy(np.float64).T
    found = r_indicator(sizes[0], sizes[1], size=sizes[2])
    wanted = read("representativity.csv").query("set == @name and what == @what")["value"]
    verify(Agreement(got=getattr(found, what), want=float(wanted.iloc[0]), rtol=1e-9))

"""Mixed models of a simulated survey of 10,000 against stored results of R (r/simulated)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

from betyg.stats import linear_mixed, ordinal_mixed
from witness import Agreement, R, check, check_twin

ATOL = 1e-4  # coefficients and modes: where the optimisers of clmm and glmer stop
RTOL = 1e-3  # variances, likewise; errors: they difference numerically
LOSS = 1e-5  # log-likelihood that we may be below R; we may be above
ATOL_LINEAR = 1e-6  # lmer with bobyqa at rhoend 1e-10
RTOL_LINEAR = 1e-5
ATOL_DEVIANCE = 1e-6
KEYS = ["agency", "year", "activity", "grp"]
CROSSED = ("agency", "year", "agency:year", "activity")
NAMES = {"agency:year": "ay", "residual": "Residual"}
BOTH = pytest.mark.parametrize("verify", [check, check_twin])


@pytest.fixture(scope="module")
def answers():
    return pd.read_parquet(R / "simulated" / "sim_10000.parquet")


@pytest.fixture(scope="module")
def cells(answers):
    return answers.groupby([*KEYS, "q1"]).size().reset_index(name="n")


@pytest.fixture(scope="module")
def crossed(cells):
    return ordinal_mixed.fit(cells.rename(columns={"q1": "response"}), ("grp",), random=CROSSED)


@pytest.fixture(scope="module")
def binary(cells):
    top = cells.assign(response=(cells["q1"] >= 4).astype(float))
    return ordinal_mixed.fit(top, ("grp",), random=CROSSED)


@pytest.fixture(scope="module")
def linear(answers):
    ten = answers.groupby([*KEYS, "q9"]).size().reset_index(name="n")
    return linear_mixed.fit(ten, ("grp",), random=CROSSED, outcome="q9")


def stored(name):
    return json.loads((R / "simulated" / f"{name}.json").read_text())


def numbers(table):
    return np.array([*table.values()], dtype=float)


def variances(fit, peer, **tolerance):
    want = np.array([peer["varcomp"][NAMES.get(term, term)] for term in fit.variances.index])
    return Agreement(got=fit.variances.to_numpy(), want=want, **tolerance)


def modes(fit, peer, **tolerance):
    want = {}
    for term, levels in peer["ranef"].items():
        roles = ("agency", "year") if term == "ay" else (term,)
        for level, mode in levels.items():
            parts = zip(roles, level.split(":"), strict=True)
            want[":".join(f"{role}[{value}]" for role, value in parts)] = mode
    assert len(want) == len(fit.effects)
    got = fit.effects[list(want)].to_numpy()
    return Agreement(got=got, want=numbers(want), **tolerance)


@BOTH
def test_four_crossed_terms_equal_clmm(crossed, verify):
    clmm = stored("b_clmm4cells_10000")
    want = np.concatenate([numbers(clmm["cut"]), numbers(clmm["coef"])])
    errors = numbers(clmm["se"])
    verify(Agreement(got=crossed.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=crossed.bse.to_numpy(), want=errors[: want.size], rtol=RTOL))
    spread = crossed.variance_components()["se"].to_numpy()
    largest_first = [2, 3, 0, 1]  # clmm lists agency:year, activity, agency, year
    verify(Agreement(got=spread, want=errors[want.size :][largest_first], rtol=RTOL))
    verify(variances(crossed, clmm, rtol=RTOL))
    verify(modes(crossed, clmm, atol=ATOL))


@BOTH
def test_one_random_term_beside_34_slopes_equals_clmm(cells, verify):
    ordered = cells.rename(columns={"q1": "response"})
    fit = ordinal_mixed.fit(ordered, ("grp", "year", "activity"), random=("agency",))
    clmm = stored("b_clmm1cells_10000")
    want = np.concatenate([numbers(clmm["cut"]), numbers(clmm["coef"])])
    verify(Agreement(got=fit.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=numbers(clmm["se"])[: want.size], rtol=RTOL))
    verify(variances(fit, clmm, rtol=RTOL))
    assert -LOSS <= fit.loglike - clmm["logLik"] <= 100 * LOSS


@BOTH
def test_two_categories_equal_glmer(binary, verify):
    glmer = stored("b_glmer_cells_tight_10000")
    want = numbers(glmer["fixef"]) * np.array([-1.0, 1.0, 1.0, 1.0, 1.0])  # threshold, not constant
    verify(Agreement(got=binary.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=binary.bse.to_numpy(), want=numbers(glmer["se"]), rtol=RTOL))
    verify(variances(binary, glmer, rtol=RTOL))
    verify(modes(binary, glmer, atol=ATOL))


@BOTH
def test_linear_model_equals_lmer(linear, verify):
    lmer = stored("b_lmer_sim_tight_10000")
    want = numbers(lmer["fixef"])
    verify(Agreement(got=linear.params.to_numpy(), want=want, atol=ATOL_LINEAR))
    verify(Agreement(got=linear.bse.to_numpy(), want=numbers(lmer["se"]), rtol=RTOL_LINEAR))
    verify(variances(linear, lmer, rtol=RTOL_LINEAR, atol=1e-9))
    verify(modes(linear, lmer, atol=ATOL_LINEAR))
    deviance = np.array([-2.0 * linear.loglike])
    verify(Agreement(got=deviance, want=np.array([lmer["deviance"]]), atol=ATOL_DEVIANCE))


def test_likelihood_is_not_below_clmm(crossed):
    assert -LOSS <= crossed.loglike - stored("b_clmm4cells_10000")["logLik"] <= 100 * LOSS


def test_likelihood_is_not_below_glmer(binary, cells):
    top = cells.assign(top=cells["q1"] >= 4).pivot_table(
        index=KEYS, columns="top", values="n", aggfunc="sum", fill_value=0
    )
    counts = top.to_numpy()
    ways = (gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)).sum()
    gain = binary.loglike + ways - stored("b_glmer_cells_tight_10000")["logLik"]
    assert -LOSS <= gain <= 100 * LOSS


def test_the_variance_that_lmer_puts_at_zero_is_named(linear):
    assert stored("b_lmer_sim_tight_10000")["varcomp"]["year"] == 0
    assert linear.singular == ("year",)
    assert "Singular: year" in linear.summary()

"""Mixed models on cells against R: ordinal::clmm, lme4::glmer and lmer (r/mixed_cells.R)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

from betyg.stats import linear_mixed, ordinal_mixed
from witness import Agreement, R, check, check_twin, read

ATOL = 1e-4  # coefficients and modes: where R's optimisers stop
RTOL = 1e-3  # variances, likewise
RTOL_SE = 1e-3  # clmm differences the likelihood twice, glmer takes the inner curvature
LOSS = 1e-5  # log-likelihood that we may be below R; we may be above
ATOL_LINEAR = 1e-6  # R's bobyqa at rhoend 1e-10
RTOL_LINEAR = 1e-5
ATOL_DEVIANCE = 1e-7
KEYS = ["agency", "year", "activity", "grp"]
CROSSED = ("agency", "year", "agency:year", "activity")
MODELS = {
    "logit": ("response ~ C(grp)", CROSSED, "logit"),
    "probit": ("response ~ C(grp) + year", ("agency", "activity"), "probit"),
}
BOTH = pytest.mark.parametrize("verify", [check, check_twin])


@pytest.fixture(scope="module")
def wide():
    return read("mixed_cells.csv")


@pytest.fixture(scope="module")
def peers():
    return json.loads((R / "mixed_cells.json").read_text())


def long(wide, columns):
    table = wide[[*KEYS, *columns]].set_axis([*KEYS, *range(1, len(columns) + 1)], axis=1)
    cells = table.melt(id_vars=KEYS, var_name="response", value_name="n")
    return cells.astype({"response": float})


@pytest.fixture(scope="module")
def five(wide):
    return long(wide, [f"a{k}" for k in range(1, 6)])


@pytest.fixture(scope="module")
def ten(wide):
    return long(wide, [f"b{k}" for k in range(1, 11)])


@pytest.fixture(scope="module")
def fits(five):
    return {
        name: ordinal_mixed.fit(five, formula, random=random, link=link)
        for name, (formula, random, link) in MODELS.items()
    }


@pytest.fixture(scope="module")
def binary(five):
    top = five.assign(response=(five["response"] >= 4).astype(float))
    return ordinal_mixed.fit(top, "response ~ C(grp)", random=CROSSED)


def numbers(stored):
    return np.array([*stored.values()], dtype=float)


def named(stored):
    """Name R's effects as ours."""
    found = {}
    for term, modes in stored.items():
        roles = {"ay": ("agency", "year")}.get(term, (term,))
        for level, mode in modes.items():
            parts = zip(roles, level.split(":"), strict=True)
            found[":".join(f"{role}[{value}]" for role, value in parts)] = mode
    return pd.Series(found)


def variances(fit, peer):
    names = {"agency:year": "ay", "residual": "Residual"}
    want = [peer["variances"][names.get(term, term)] for term in fit.variances.index]
    return fit.variances.to_numpy(), np.array(want)


def modes(fit, peer):
    want = named(peer["modes"])
    assert len(want) == len(fit.effects)
    return fit.effects[want.index].to_numpy(), want.to_numpy()


@BOTH
@pytest.mark.parametrize("model", MODELS)
def test_coefficients_and_variances_equal_clmm(fits, peers, model, verify):
    fit, peer = fits[model], peers[model]
    want = np.concatenate([numbers(peer["cuts"]), numbers(peer["slopes"])])
    got, sizes = variances(fit, peer)
    verify(Agreement(got=fit.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=got, want=sizes, rtol=RTOL))


@BOTH
@pytest.mark.parametrize("model", MODELS)
def test_standard_errors_equal_clmm(fits, peers, model, verify):
    fit, peer = fits[model], peers[model]
    names = {"ay": "agency:year"}
    terms = [names.get(term, term) for term in peer["variances"]]  # clmm: the largest first
    spread = fit.variance_components()["se"][terms]
    got = np.concatenate([fit.bse, spread])
    verify(Agreement(got=got, want=numbers(peer["se"]), rtol=RTOL_SE))


@BOTH
@pytest.mark.parametrize("model", MODELS)
def test_modes_and_their_conditional_variance_equal_clmm(fits, peers, model, verify):
    fit, peer = fits[model], peers[model]
    got, want = modes(fit, peer)
    verify(Agreement(got=got, want=want, atol=ATOL))
    order = named(peer["modes"]).index
    given = np.concatenate([np.array(v) for v in peer["conditional_variance"].values()])
    found = fit.random_effects()["conditional_se"][order].to_numpy() ** 2
    verify(Agreement(got=found, want=given, rtol=RTOL))


@pytest.mark.parametrize("model", MODELS)
def test_likelihood_is_not_below_clmm(fits, peers, model):
    assert fits[model].loglike >= peers[model]["loglike"] - LOSS
    assert fits[model].loglike <= peers[model]["loglike"] + 100 * LOSS


@BOTH
def test_one_random_term_beside_34_slopes_equals_clmm(five, verify):
    fit = ordinal_mixed.fit(five, "response ~ C(grp) + year + activity", random=("agency",))
    clmm = json.loads((R / "simulated" / "b_clmm1cells_10000.json").read_text())
    want = np.concatenate([numbers(clmm["cut"]), numbers(clmm["coef"])])
    verify(Agreement(got=fit.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=numbers(clmm["se"])[: want.size], rtol=RTOL_SE))
    sizes = np.array([clmm["varcomp"]["agency"]])
    verify(Agreement(got=fit.variances.to_numpy(), want=sizes, rtol=RTOL))
    assert -LOSS <= fit.loglike - clmm["logLik"] <= 100 * LOSS


@BOTH
def test_two_categories_equal_glmer(binary, peers, verify):
    peer = peers["binary"]
    got, want = variances(binary, peer)
    sign = np.array([-1.0, *np.ones(binary.params.size - 1)])  # intercept = minus threshold
    verify(Agreement(got=sign * binary.params.to_numpy(), want=numbers(peer["fixed"]), atol=ATOL))
    verify(Agreement(got=got, want=want, rtol=RTOL))
    verify(Agreement(got=binary.bse.to_numpy(), want=numbers(peer["se"]), rtol=RTOL_SE))
    ours, theirs = modes(binary, peer)
    verify(Agreement(got=ours, want=theirs, atol=ATOL))


def test_likelihood_of_two_categories_is_not_below_glmer(binary, wide, peers):
    top, below = wide["a4"] + wide["a5"], wide["a1"] + wide["a2"] + wide["a3"]
    ways = (gammaln(top + below + 1) - gammaln(top + 1) - gammaln(below + 1)).sum()
    gain = binary.loglike + ways - peers["binary"]["loglike"]
    assert -LOSS <= gain <= 100 * LOSS


@BOTH
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_linear_model_equals_lmer(ten, peers, method, verify):
    fit = linear_mixed.fit(ten, "response ~ C(grp)", random=CROSSED, method=method)
    peer = peers[method]
    got, want = variances(fit, peer)
    verify(Agreement(got=fit.params.to_numpy(), want=numbers(peer["fixed"]), atol=ATOL_LINEAR))
    verify(Agreement(got=fit.bse.to_numpy(), want=numbers(peer["se"]), rtol=RTOL_LINEAR))
    verify(Agreement(got=got, want=want, rtol=RTOL_LINEAR, atol=1e-9))
    pair = [-2.0 * fit.loglike], [-2.0 * peer["loglike"]]
    verify(Agreement(got=np.array(pair[0]), want=np.array(pair[1]), atol=ATOL_DEVIANCE))
    ours, theirs = modes(fit, peer)
    verify(Agreement(got=ours, want=theirs, atol=ATOL_LINEAR))


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_variance_that_lmer_puts_at_zero_is_named(ten, peers, method):
    fit = linear_mixed.fit(ten, "response ~ C(grp)", random=CROSSED, method=method)
    assert peers[method]["variances"]["year"] < 1e-12
    assert fit.singular == ("year",)
    assert "Singular: year" in fit.summary()

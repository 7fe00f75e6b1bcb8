"""Mixed models on data of R packages and on larger simulated surveys, against stored results of R.

clmm stops up to 1e-4 from the optimum, so the likelihood must not be below R's, and may be above.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

from betyg.stats import linear_mixed, ordinal_mixed
from witness import Agreement, R, check, check_twin

pytestmark = pytest.mark.real

PEERS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "data"
ATOL = 1e-4  # coefficients
RTOL = 1e-3  # variances, and errors by numerical derivatives
LOSS = 1e-5  # log-likelihood below the peer
ATOL_DEVIANCE = 1e-5
KEYS = ["agency", "year", "activity", "grp"]
CROSSED = ("agency", "year", "agency:year", "activity")
BOTH = pytest.mark.parametrize("verify", [check, check_twin])


def frame_of(name):
    path = PEERS / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"the data set {name} is not on this machine")
    return pd.read_parquet(path)


def stored(folder, name):
    return json.loads((R / folder / f"{name}.json").read_text())


def numbers(table):
    return np.array([*table.values()], dtype=float)


def agreements(fit, clmm, names):
    want = np.concatenate([numbers(clmm["cut"]), numbers(clmm["coef"])])
    yield Agreement(got=fit.params.to_numpy(), want=want, atol=ATOL)
    errors = numbers(clmm["se"])[: fit.params.size]
    yield Agreement(got=fit.bse.to_numpy(), want=errors, rtol=RTOL)
    sizes = np.array([clmm["varcomp"][names.get(term, term)] for term in fit.random])
    yield Agreement(got=fit.variances.to_numpy(), want=sizes, rtol=RTOL, atol=1e-10)


@BOTH
@pytest.mark.parametrize(
    ("name", "random"), [("laplace", ("judge",)), ("2re", ("judge", "bottle"))]
)
def test_wine_equals_clmm(name, random, verify):
    wine = frame_of("wine").rename(columns={"rating": "grade", "response": "scale"})
    cells = wine.rename(columns={"grade": "response"}).assign(n=1)
    fit = ordinal_mixed.fit(cells, "response ~ temp + contact", random=random)
    clmm = stored("packages", f"b_clmm_wine_{name}")
    assert fit.loglike >= clmm["logLik"] - LOSS
    for pair in agreements(fit, clmm, {}):
        verify(pair)
    assert fit.singular == random[1:]


def cells_of(size):
    answers = frame_of(f"sim_{size}")
    return answers.groupby([*KEYS, "q1"]).size().rename("n").reset_index()


@BOTH
def test_four_crossed_terms_of_100000_answers_equal_clmm(verify):
    cells = cells_of(100_000).rename(columns={"q1": "response"})
    fit = ordinal_mixed.fit(cells, "response ~ C(grp)", random=CROSSED)
    clmm = stored("simulated", "b_clmm4cells_100000")
    assert fit.loglike >= clmm["logLik"] - LOSS
    for pair in agreements(fit, clmm, {"agency:year": "ay"}):
        verify(pair)


@BOTH
def test_top_box_of_100000_answers_equals_glmer(verify):
    cells = cells_of(100_000).assign(response=lambda d: (d["q1"] >= 4).astype(float))
    fit = ordinal_mixed.fit(cells, "response ~ C(grp)", random=CROSSED)
    peer = stored("simulated", "b_glmer_cells_tight_100000")
    want = numbers(peer["fixef"]) * np.array([-1.0, 1.0, 1.0, 1.0, 1.0])
    sizes = np.array([peer["varcomp"][t.replace("agency:year", "ay")] for t in CROSSED])
    verify(Agreement(got=fit.params.to_numpy(), want=want, atol=ATOL))
    verify(Agreement(got=fit.bse.to_numpy(), want=numbers(peer["se"]), rtol=RTOL))
    verify(Agreement(got=fit.variances.to_numpy(), want=sizes, rtol=RTOL))
    counts = cells.pivot_table(
        index=KEYS, columns="response", values="n", aggfunc="sum", fill_value=0
    ).to_numpy()
    ways = (gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)).sum()
    assert fit.loglike + ways >= peer["logLik"] - LOSS


def linear_agreements(fit, peer, names):
    yield Agreement(got=fit.params.to_numpy(), want=numbers(peer["fixef"]), atol=1e-6)
    yield Agreement(got=fit.bse.to_numpy(), want=numbers(peer["se"]), rtol=5e-5)
    sizes = np.array([peer["varcomp"][names.get(t, t)] for t in fit.variances.index])
    yield Agreement(got=fit.variances.to_numpy(), want=sizes, rtol=5e-5)
    ours, theirs = -2.0 * fit.loglike, -2.0 * peer["logLik"]
    yield Agreement(got=np.array([ours]), want=np.array([theirs]), atol=ATOL_DEVIANCE)


@BOTH
def test_linear_model_of_100000_answers_equals_lmer(verify):
    answers = frame_of("sim_100000")
    cells = answers.groupby([*KEYS, "q9"]).size().rename("n").reset_index()
    fit = linear_mixed.fit(cells, "q9 ~ C(grp)", random=CROSSED)
    peer = stored("simulated", "b_lmer_sim_tight_100000")
    for pair in linear_agreements(fit, peer, {"agency:year": "ay", "residual": "Residual"}):
        verify(pair)


@BOTH
@pytest.mark.parametrize(
    ("method", "name"), [("reml", "b_lmer_InstEval_REML_tight"), ("ml", "b_lmer_InstEval_ML")]
)
def test_4128_effects_of_insteval_equal_lmer(real_data, method, name, verify):
    ratings = pd.read_csv(real_data("r_packages") / "lme4_InstEval.csv.gz").assign(n=1)
    fit = linear_mixed.fit(ratings, "y ~ service", random=("s", "d", "dept:service"), method=method)
    peer = stored("packages", name)
    for pair in linear_agreements(fit, peer, {"residual": "Residual"}):
        verify(pair)
    students = peer["ranef"]["s"]
    ours = fit.effects[[f"s[{k}]" for k in students]].to_numpy()
    verify(Agreement(got=ours, want=numbers(students), atol=1e-6))

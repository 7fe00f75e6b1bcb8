"""Errors of mixed models: closed forms, differences, and what sampling adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from betyg.errors import DesignError, ParameterError
from betyg.stats import formula, laplace, laplace_solver, linear_mixed, ordinal_mixed
from betyg.stats.ordinal_sandwich import Sampling
from witness import Agreement, check, check_twin

BOTH = pytest.mark.parametrize("verify", [check, check_twin])
STEP = 1e-4
RTOL = 1e-9  # the same dense algebra
RTOL_DIFFERENCE = 1e-5  # STEP squared, and rounding over STEP


def survey(seed=3, agencies=6, n=30):
    """Rows of four grades in two years and two groups."""
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product(
        [[f"A{a}" for a in range(agencies)], [2011, 2012], ["firm", "person"], range(n)],
        names=["agency", "year", "group", "who"],
    ).to_frame(index=False)
    own = rng.normal(0, 0.9, agencies)[rows["agency"].str[1:].astype(int)]
    grades = np.searchsorted([-1.0, 0.0, 1.0], rng.logistic(size=len(rows)) + own) + 1
    return rows.assign(response=grades, score=100 * (grades - 1) / 3, n=1)


@pytest.fixture(scope="module")
def fit():
    return ordinal_mixed.fit(survey(), "response ~ group", random=("agency", "year"))


@BOTH
def test_linear_errors_are_those_of_henderson(verify):
    """Joint covariance = sigma^2 times the inverse of the mixed model equations."""
    rows = survey()
    fit = linear_mixed.fit(rows, "score ~ group", random=("agency", "year"))
    x = np.column_stack([np.ones(len(rows)), rows["group"] == "person"])
    z = np.column_stack(
        [rows["agency"] == f"A{a}" for a in range(6)] + [rows["year"] == y for y in (2011, 2012)]
    ).astype(float)
    ratio = np.repeat(
        [fit.family.sigma**2 / fit.sds[t] ** 2 if fit.sds[t] else 1e12 for t in ("agency", "year")],
        [6, 2],
    )
    both = np.column_stack([x, z])
    whole = both.T @ both + np.diag([0.0, 0.0, *ratio])
    want = fit.family.sigma**2 * np.linalg.inv(whole)
    verify(Agreement(got=fit.cov_joint().to_numpy(), want=want, rtol=1e-6, atol=1e-8))
    listed = fit.random_effects()
    verify(Agreement(got=listed["se"].to_numpy()[:6], want=np.sqrt(np.diag(want))[2:8], rtol=RTOL))
    given = fit.family.sigma**2 * np.diag(np.linalg.inv(whole[2:, 2:]))[:6]
    verify(Agreement(got=listed["conditional_se"].to_numpy()[:6] ** 2, want=given, rtol=RTOL))


@BOTH
def test_effects_follow_parameters_and_deviations_as_stated(verify):
    rows = survey()
    fit = ordinal_mixed.fit(rows, "response ~ group", random=("agency",))
    problem = ordinal_mixed._prepared(
        rows, (formula.read("response ~ group", rows), ("agency",)), link="logit", scale_within=()
    )[2]
    at = np.concatenate([fit.params, fit.sds])

    def effects(params):
        return laplace.mode(problem, params, np.zeros(6)).effects

    moves = STEP * np.eye(at.size)
    want = np.stack([(effects(at + m) - effects(at - m)) / (2 * STEP) for m in moves], axis=1)
    verify(Agreement(got=fit.mixed.sensitivity, want=want, rtol=RTOL_DIFFERENCE, atol=1e-6))


@BOTH
def test_covariance_is_that_of_a_differenced_likelihood(verify):
    """Plain second differences of the Laplace likelihood, without any derivative of ours."""
    rows = survey()
    fit = ordinal_mixed.fit(rows, "response ~ group", random=("agency",))
    problem = ordinal_mixed._prepared(
        rows, (formula.read("response ~ group", rows), ("agency",)), link="logit", scale_within=()
    )[2]
    at = np.concatenate([fit.params, fit.sds])

    def value(params):
        return laplace.loglike(laplace.mode(problem, params, np.zeros(6)))

    h = 0.02 * np.sqrt(np.diag(fit.covariance))
    moves = np.diag(h)
    hessian = np.array(
        [
            [
                value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)
                for b in moves
            ]
            for a in moves
        ]
    ) / (4 * np.outer(h, h))
    want = np.linalg.inv(-hessian)
    scale = np.sqrt(np.outer(np.diag(want), np.diag(want)))
    verify(Agreement(got=fit.covariance / scale, want=want / scale, atol=2e-3))


@BOTH
def test_a_level_never_seen_adds_the_variance_of_its_term(fit, verify):
    new = pd.DataFrame({"agency": ["new"], "year": [2011], "group": ["firm"]})
    seen = fit.score_intervals(new, random=("year",))["se"][0]
    added = fit.score_intervals(new)["se"][0]
    cuts, effect = fit.thresholds.to_numpy(), fit.effects["year[2011]"]

    def score(eta):
        below = 1 / (1 + np.exp(eta - cuts))
        return np.diff(below, prepend=0.0, append=1.0) @ fit.scores

    slope = (score(effect + STEP) - score(effect - STEP)) / (2 * STEP)
    want = slope**2 * fit.variances["agency"]
    verify(Agreement(got=np.array([added**2 - seen**2]), want=np.array([want]), rtol=1e-6))


def test_bootstrap_samples_have_the_counts_of_the_survey_on_average():
    rows = survey().assign(psu=lambda d: d["who"] // 3)
    answers, _, problem = ordinal_mixed._prepared(
        rows,
        (formula.read("response ~ group", rows), ("agency",)),
        link="logit",
        scale_within=(),
        sampling=Sampling(stratum="agency", psu="psu"),
    )
    rng = np.random.default_rng(4)
    draws = [ordinal_mixed._resampled(answers, problem.counts.shape, rng) for _ in range(4000)]
    error = np.std(draws, axis=0, ddof=1) / np.sqrt(len(draws))
    z = (np.mean(draws, axis=0) - problem.counts)[error > 0] / error[error > 0]
    assert np.abs(z).max() < 4.5
    assert error.max() > 0


def drawn_weights(rows, sampling, draws=1, seed=4):
    """Resampled answers by PSU: each PSU is a group of its own here, with ten answers."""
    answers, _, problem = ordinal_mixed._prepared(
        rows,
        (formula.read("response ~ 1", rows), ("unit",)),
        link="logit",
        scale_within=(),
        sampling=sampling,
    )
    rng = np.random.default_rng(seed)
    shape = problem.counts.shape
    found = [ordinal_mixed._resampled(answers, shape, rng).sum(axis=1) for _ in range(draws)]
    home = answers.frame["unit"].str[0]
    return np.array(found) / answers.frame["weight"].to_numpy(), home.to_numpy()


def units(population=40.0):
    """Stratum a with 5 PSUs, b with 12, c with one."""
    rows = [
        (f"{stratum}{k}", stratum, k, 1 + who % 3, 1, population)
        for stratum, size in (("a", 5), ("b", 12), ("c", 1))
        for k in range(size)
        for who in range(9)
    ]
    return pd.DataFrame(rows, columns=["unit", "stratum", "psu", "response", "n", "population"])


def test_psus_are_drawn_within_their_strata():
    times, home = drawn_weights(units(), Sampling(stratum="stratum", psu="psu"), draws=50)
    for stratum, size in (("a", 5), ("b", 12), ("c", 1)):
        np.testing.assert_allclose(times[:, home == stratum].sum(axis=1), size, rtol=1e-12)
    whole = times[:, home == "a"] * 4 / 5
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-12)
    np.testing.assert_array_equal(times[:, home == "c"], 1.0)


@BOTH
@pytest.mark.parametrize("population", [None, "population"])
def test_a_total_varies_as_its_design_says(population, verify):
    """Closed form: a PSU's factor has variance 1 - f, and covariance -(1 - f) / (n - 1)."""
    sampling = Sampling(stratum="stratum", psu="psu", population=population)
    times, home = drawn_weights(units(), sampling, draws=8_000)
    for stratum, size in (("a", 5), ("b", 12)):
        left = 1.0 if population is None else 1.0 - size / 40.0
        found = np.cov(times[:, home == stratum].T)
        want = left * (np.eye(size) * size / (size - 1) - 1.0 / (size - 1))
        verify(Agreement(got=found, want=want, atol=0.08))  # five errors of 8,000 draws
    assert (times >= 0).all()


def test_a_bootstrap_without_psus_is_refused():
    with pytest.raises(ParameterError, match="name the column of primary sampling units"):
        ordinal_mixed.bootstrap(
            survey(),
            ordinal_mixed.fit(survey(), "response ~ group", random=("agency",)),
            sampling=Sampling(stratum="agency"),
            rng=np.random.default_rng(1),
        )


def test_linear_simulation_draws_new_units_unless_asked():
    fit = linear_mixed.fit(survey(), "score ~ group", random=("agency",))
    spread = {}
    for effects in ("new", "modes"):
        draws = [fit.simulate(np.random.default_rng(s), effects=effects) for s in range(30)]
        spread[effects] = np.std([d.groupby("agency")["score"].mean()["A0"] for d in draws])
    assert spread["new"] > 2 * spread["modes"]


def test_an_estimate_that_runs_off_is_named(fit):
    lost = pd.Series([40.0, 0.5], ["agency", "year"])
    with pytest.raises(DesignError, match="the answers separate agency: there is no finite"):
        ordinal_mixed._check_finite(replace(fit, mixed=replace(fit.mixed, sds=lost)))


def test_the_fit_itself_checks_that_nothing_has_run_off(monkeypatch):
    monkeypatch.setattr(ordinal_mixed, "DIVERGED_SE", 0.01)
    with pytest.raises(DesignError, match="separate 1|2"):
        ordinal_mixed.fit(survey(), "response ~ group", random=("agency",))


def test_singular_terms_do_not_move():
    problem = ordinal_mixed._prepared(
        survey(),
        (formula.read("response ~ 1", survey()), ("agency", "year")),
        link="logit",
        scale_within=(),
    )[2]
    optimum = laplace_solver.maximise(problem)
    known = laplace_solver.curvature(problem, optimum)
    fixed = ~optimum.estimated
    assert fixed.sum() == 1
    assert (known.covariance[fixed] == 0).all()

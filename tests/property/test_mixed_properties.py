"""What must hold of mixed models, whatever the survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betyg.stats import (
    crossed,
    formula,
    laplace,
    linear_mixed,
    ordinal_likelihood,
    ordinal_mixed,
    ordinal_third,
    standardise,
)
from betyg.stats.laplace import Problem
from betyg.stats.ordinal_sandwich import Sampling
from betyg.stats.patterns import Patterns

FAST = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 10_000)
LINKS = pytest.mark.parametrize("link", ["logit", "probit"])
STEP = 1e-3
RTOL_GRADIENT = 1e-7  # of the largest; fourth-order differences leave STEP^4
RANDOM = ("agency", "agency:year", "activity")


def problem_of(seed, link, sizes=(9, 4, 3), patterns=60, categories=4):
    """Three crossed terms, one fixed term, random counts."""
    rng = np.random.default_rng(seed)

    def codes(width):
        return rng.permutation(np.arange(patterns) % width)

    return Problem(
        counts=rng.integers(0, 5, (patterns, categories)).astype(float),
        fixed=Patterns(codes=(codes(4),), widths=(3,), size=patterns, factors=(None,)),
        random=crossed.crossed(
            Patterns(
                codes=tuple(codes(w) for w in sizes),
                widths=sizes,
                size=patterns,
                factors=(None,) * 3,
            )
        ),
        link=link,
    )


def params_of(seed, terms=3):
    rng = np.random.default_rng(seed)
    cuts = np.array([-1.0, 0.2, 1.1]) + rng.normal(0, 0.1, 3)
    return np.concatenate([cuts, rng.normal(0, 0.3, 3), rng.uniform(0.05, 1.0, terms)])


def differences(function, at):
    """Return fourth-order central differences of a function by each of its arguments."""

    def by(k):
        e = np.zeros_like(at)
        e[k] = STEP
        near, far = (function(at + s * e) - function(at - s * e) for s in (1, 2))
        return (8.0 * near - far) / (12.0 * STEP)

    return np.stack([by(k) for k in range(at.size)], axis=-1)


@LINKS
@FAST
@given(seed=SEEDS)
def test_gradient_of_the_laplace_likelihood_is_exact(link, seed):
    problem, params = problem_of(seed, link), params_of(seed)
    found = laplace.mode(problem, params, np.zeros(16))
    numeric = differences(lambda p: laplace.loglike(laplace.mode(problem, p, found.b)), params)
    exact = laplace.gradient(problem, found)
    np.testing.assert_allclose(exact, numeric, atol=RTOL_GRADIENT * np.abs(exact).max())
    for k in range(exact.size):  # the twin: ten tolerances are seen in every direction
        moved = exact.copy()
        moved[k] += 10 * RTOL_GRADIENT * np.abs(exact).max()
        assert np.abs(moved - numeric).max() > RTOL_GRADIENT * np.abs(exact).max()


@LINKS
@FAST
@given(seed=SEEDS)
def test_mode_follows_the_parameters_as_its_derivative_says(link, seed):
    problem, params = problem_of(seed, link), params_of(seed)
    found = laplace.mode(problem, params, np.zeros(16))
    numeric = differences(lambda p: laplace.mode(problem, p, found.b).b, params)
    np.testing.assert_allclose(laplace.follow(problem, found), numeric, atol=1e-6)


@LINKS
@FAST
@given(seed=SEEDS)
def test_third_derivatives_equal_differences_of_the_second(link, seed):
    problem, theta = problem_of(seed, link), params_of(seed)[:3]
    eta = np.random.default_rng(seed).normal(0, 0.7, 60)

    def second(cuts):
        return ordinal_likelihood.derivatives(cuts, eta, problem.counts, link).h_eta

    exact = ordinal_third.curvature_slopes(theta, eta, problem.counts, link)
    np.testing.assert_allclose(exact, differences(second, theta), atol=1e-8)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("sizes", [(9, 4, 3), (7, 7), (12,)])
def test_factor_equals_the_dense_matrix(sizes, dense, monkeypatch):
    if not dense:
        monkeypatch.setattr(crossed, "DENSE", -1)
    random = problem_of(1, "logit", sizes).random
    weights = np.random.default_rng(2).uniform(0, 3, 60)
    factor = random.factor(weights, np.linspace(0.2, 1.5, len(sizes)))
    z = np.zeros((60, sum(sizes)))
    for code, start in zip(random.patterns.codes, random.patterns.offsets, strict=False):
        z[np.arange(60), code + start] = factor.scale[code + start]
    whole = np.eye(sum(sizes)) + z.T @ (weights[:, None] * z)
    inverse = np.linalg.inv(whole)
    leverage, traces = factor.leverage_and_traces()
    np.testing.assert_allclose(factor.logdet, np.linalg.slogdet(whole)[1], rtol=1e-12)
    np.testing.assert_allclose(factor.inverse(), inverse, atol=1e-12)
    np.testing.assert_allclose(factor.inverse_diagonal(), np.diag(inverse), rtol=1e-12)
    np.testing.assert_allclose(leverage, ((z @ inverse) * z).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(traces, random.by_term(np.diag(inverse)), rtol=1e-12)
    np.testing.assert_allclose(factor.inverse_traces(), traces, rtol=1e-12)


def survey_of(seed, *, sd=(0.8, 0.4, 0.5), agencies=15, n=12):
    """Cells of an invented survey with known standard deviations, and grade scores."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [range(agencies), [2011, 2012, 2013], range(8), ["firm", "person"]],
        names=["agency", "year", "activity", "group"],
    ).to_frame(index=False)
    u, v, w = (rng.normal(0, s, k) for s, k in zip(sd, (agencies, 3 * agencies, 8), strict=True))
    eta = u[frame["agency"]] + v[frame["agency"] * 3 + frame["year"] - 2011]
    eta = eta + w[frame["activity"]] + 0.5 * (frame["group"] == "person")
    latent = eta.to_numpy()[:, None] + rng.logistic(size=(len(frame), n))
    grades = np.searchsorted([-1.5, -0.3, 1.2], latent) + 1
    rows = frame.loc[np.repeat(frame.index, n)].assign(response=grades.ravel(), n=1)
    keys = [*frame.columns, "response"]
    cells = rows.groupby(keys)["n"].sum().reset_index()
    return cells.assign(score=100.0 * (cells["response"] - 1) / 3)


FITS = pytest.mark.parametrize("model", [ordinal_mixed, linear_mixed])


def outcome(fit):
    return [*fit.params, *fit.sds, *fit.effects, fit.loglike]


@FITS
def test_order_of_the_cells_changes_nothing(model):
    cells = survey_of(1)
    mixed = cells.sample(frac=1.0, random_state=3)
    one, two = (model.fit(c, "response ~ group", random=RANDOM) for c in (cells, mixed))
    np.testing.assert_allclose(outcome(one), outcome(two), atol=1e-7)


@FITS
def test_rows_and_cells_give_the_same_fit(model):
    cells = survey_of(2)
    rows = cells.loc[np.repeat(cells.index, cells["n"])].assign(n=1)
    one, two = (model.fit(c, "response ~ group", random=RANDOM) for c in (cells, rows))
    np.testing.assert_allclose(outcome(one), outcome(two), atol=1e-7)


@FITS
def test_a_common_factor_on_all_weights_changes_nothing(model):
    cells = survey_of(3)
    heavy = cells.assign(weight_sum=7.0 * cells["n"], weight_sq_sum=49.0 * cells["n"])
    one, two = (model.fit(c, "response ~ group", random=RANDOM) for c in (cells, heavy))
    np.testing.assert_allclose(outcome(one), outcome(two), atol=1e-7)
    assert not two.weighted


@LINKS
def test_reversing_the_scale_mirrors_the_model(link):
    cells = survey_of(4)
    mirrored = cells.assign(response=5 - cells["response"], score=100 - cells["score"])
    one, two = (
        ordinal_mixed.fit(c, "response ~ group", random=RANDOM, link=link)
        for c in (cells, mirrored)
    )
    np.testing.assert_allclose(one.thresholds, -two.thresholds.to_numpy()[::-1], atol=1e-6)
    np.testing.assert_allclose(one.slopes, -two.slopes, atol=1e-6)
    np.testing.assert_allclose(one.effects, -two.effects, atol=1e-6)
    np.testing.assert_allclose(one.sds, two.sds, atol=1e-6)


def test_the_fit_is_a_maximum():
    cells = survey_of(5)
    fit = ordinal_mixed.fit(cells, "response ~ group", random=RANDOM)
    errors = np.sqrt(np.diag(fit.covariance))
    prepared = ordinal_mixed._prepared(
        cells, (formula.read("response ~ group", cells), RANDOM), link="logit", scale_within=()
    )
    layout, problem = prepared[1:]
    order = [fit.random.index(block.term) for block in layout.blocks]
    size = fit.params.size
    best = np.concatenate([fit.params, fit.sds.to_numpy()[order]])
    width = np.concatenate([errors[:size], errors[size:][order]])
    for k, step in enumerate(width):
        for sign in (-1.0, 1.0):
            there = best.copy()
            there[k] += sign * 0.1 * step
            value = laplace.loglike(laplace.mode(problem, there, np.zeros(fit.effects.size)))
            assert value < fit.loglike


def test_simulated_truth_is_recovered_with_honest_errors():
    """Over 30 surveys: no bias beyond chance, and errors as large as the spread."""
    found, errors = [], []
    for seed in range(30):
        fit = ordinal_mixed.fit(survey_of(100 + seed, n=4), "response ~ group", random=RANDOM)
        found.append([fit.slopes.iloc[0], *fit.sds])
        errors.append(np.sqrt(np.diag(fit.covariance))[3:])
    truth = np.array([0.5, 0.8, 0.4, 0.5])
    spread = np.std(found, axis=0, ddof=1)
    z = (np.mean(found, axis=0) - truth) / (spread / np.sqrt(30))
    # maximum likelihood takes 5-9 % off a standard deviation of 15 or 8 levels
    assert abs(z[0]) < 3.5
    assert (np.abs(np.mean(found, axis=0) - truth) < [0.03, 0.1, 0.05, 0.1]).all()
    ratio = np.mean(errors, axis=0) / spread
    assert (np.abs(np.log(ratio)) < 0.5).all(), ratio


def test_predictions_of_effects_have_honest_errors():
    """Modes miss the true effects by their stated errors, over 300 agencies."""
    missed = []
    for seed in range(500, 520):
        truth = np.random.default_rng(seed).normal(0, 0.8, 15)  # the first that survey_of draws
        fit = ordinal_mixed.fit(survey_of(seed, n=4), "response ~ group", random=RANDOM)
        agencies = [f"agency[{k}]" for k in range(15)]
        centre = np.eye(15) - 1.0 / 15  # the level of all is the thresholds'
        gap = centre @ (fit.effects[agencies].to_numpy() - truth)
        joint = fit.cov_joint().loc[agencies, agencies].to_numpy()
        missed.extend(gap / np.sqrt(np.diag(centre @ joint @ centre)))
    assert len(missed) == 300
    assert 0.85 < np.sqrt(np.mean(np.square(missed))) < 1.15


def test_bootstrap_errors_are_the_spread_of_samples_drawn_again():
    """150 clustered surveys of the same strata: their spread, and what one survey says of it."""
    rng = np.random.default_rng(12)
    own = np.array([-0.8, -0.3, 0.0, 0.4, 0.9])
    sampling = Sampling(stratum="agency", psu="psu")

    def drawn():
        unit = np.repeat(np.arange(5 * 12), 8)
        rows = pd.DataFrame({"agency": unit // 12, "psu": unit, "n": 1})
        group = unit % 2
        eta = own[unit // 12] + 0.5 * group + rng.normal(0, 0.8, 60)[unit]
        weight = np.where(rng.random(rows.shape[0]) < 0.3, 3.0, 1.0)
        grades = 1 + np.searchsorted([-1.0, 1.0], eta + rng.logistic(size=eta.size))
        weighed = rows.assign(group=np.where(group, "y", "x"), response=grades)
        weighed = weighed.assign(weight_sum=weight, weight_sq_sum=weight**2)
        keys = ["agency", "psu", "group", "response"]
        return weighed.groupby(keys, as_index=False).sum()

    fits = [ordinal_mixed.fit(drawn(), "response ~ group", random=("agency",)) for _ in range(150)]
    spread = np.std([f.slopes["group[y]"] for f in fits], ddof=1)
    told = []
    for _ in range(6):
        cells = drawn()
        fit = ordinal_mixed.fit(cells, "response ~ group", random=("agency",))
        replicates = ordinal_mixed.bootstrap(cells, fit, sampling=sampling, rng=rng, replicates=40)
        told.append(replicates["group[y]"].std())
    naive = np.mean([f.bse["group[y]"] for f in fits])
    assert np.mean(told) / spread == pytest.approx(1.0, abs=0.2)  # 6 % and 5 % are chance
    assert naive / spread < 0.8  # what taking the effective size for the answers would say


def test_standardised_scores_of_simulated_agencies_are_covered():
    """Known effects: intervals of agencies' scores hold the truth 95 times in a hundred."""
    fit = ordinal_mixed.fit(survey_of(7, n=4), "response ~ group", random=RANDOM)
    rng = np.random.default_rng(3)
    mix = fit.patterns.groupby(["year", "activity", "group"])["weight"].sum().rename("share")
    mix = mix.reset_index().assign(share=lambda d: d["share"] / d["share"].sum())
    agencies = pd.DataFrame({"agency": sorted(fit.patterns["agency"].unique())})
    grid = agencies.merge(mix, how="cross")
    inside = []
    for _ in range(40):
        effects = pd.Series(rng.normal(size=fit.effects.size) * fit.mixed.scale, fit.effects.index)
        truth = replace(fit, mixed=replace(fit.mixed, modes=effects))
        true = (truth.predict(grid, which="score") * grid["share"]).groupby(grid["agency"]).sum()
        again = ordinal_mixed.fit(
            truth.simulate(rng, effects="modes"), fit.formula, random=fit.random
        )
        found = standardise.margins(again, by=("agency",), mix=mix).means.set_index("agency")
        inside.append(((found["ci_low"] <= true) & (true <= found["ci_high"])).to_numpy())
    assert 0.91 <= np.mean(inside) <= 0.985

"""What must hold of estimates, models and changes, whatever the survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulated
from betyg.stats import (
    change_parts,
    estimate,
    formula,
    ordinal,
    ordinal_design,
    ordinal_likelihood,
    standardise,
)
from betyg.stats.ordinal_sandwich import Sampling

AGENCIES, ACTIVITIES, GROUPS = "ABC", ("plan", "farm"), ("person", "firm")
FAST = settings(max_examples=8, deadline=None)
SEEDS = st.integers(0, 10_000)
MARGINS = ((), ("agency",), ("agency", "year"), ("year", "activity"))
KEYS = ["item", "statistic", "agency", "year", "activity", "group", "response"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "n", "n_eff", "deff"]


def survey_of(**changes):
    return simulated.study(
        items={"q": 5, "r": 5},
        agencies=AGENCIES,
        activities=ACTIVITIES,
        groups=GROUPS,
        indices={"both": ("q", "r")},
        **changes,
    )


def answers_of(seed, n=160):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "agency": rng.choice(list(AGENCIES), n),
            "year": rng.choice([2011, 2012], n),
            "activity": rng.choice(ACTIVITIES, n),
            "group": rng.choice(GROUPS, n),
            "weight": rng.uniform(0.3, 4.0, n),
        }
    )
    frame["stratum"] = frame["agency"] + "|" + frame["year"].astype(str)
    effect = frame["agency"].map({"A": 0.0, "B": 0.7, "C": -0.6}) + 0.3 * (frame["year"] - 2011)
    for item in ("q", "r"):
        latent = rng.logistic(size=n) + effect
        position = 1.0 + np.searchsorted([-2.0, -0.7, 0.5, 1.8], latent)
        frame[item] = np.where(rng.random(n) < 0.05, np.nan, position)
    return frame


def direct(answers, survey):
    return estimate.direct(simulated.respondents(answers, survey), survey, by=MARGINS)


def cells_of(answers, survey, item="q"):
    cells = simulated.cells_of(simulated.respondents(answers, survey), survey)
    return cells[cells["item"] == item]


def same(left, right, columns=NUMBERS, rtol=1e-9):
    pd.testing.assert_frame_equal(left[KEYS], right[KEYS])
    for column in columns:
        np.testing.assert_allclose(left[column], right[column], rtol=rtol, atol=1e-9)


@FAST
@given(SEEDS, st.floats(1e-3, 1e3))
def test_a_common_factor_on_all_weights_changes_nothing(seed, factor):
    survey, answers = survey_of(), answers_of(seed)
    heavier = answers.assign(weight=factor * answers["weight"])
    same(direct(answers, survey), direct(heavier, survey))
    model = "response ~ agency + year"
    one, two = (ordinal.fit(cells_of(a, survey), model) for a in (answers, heavier))
    np.testing.assert_allclose(one.params, two.params, rtol=1e-7)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-6)


@FAST
@given(SEEDS)
def test_shuffling_rows_changes_nothing(seed):
    survey, answers = survey_of(), answers_of(seed)
    shuffled = answers.sample(frac=1.0, random_state=seed).reset_index(drop=True)
    same(direct(answers, survey), direct(shuffled, survey))
    cells = cells_of(answers, survey)
    mixed = cells.sample(frac=1.0, random_state=seed)
    one, two = (
        ordinal.fit(c, "response ~ agency + activity", sampling=Sampling(stratum="stratum"))
        for c in (cells, mixed)
    )
    np.testing.assert_allclose(one.params, two.params, rtol=1e-9)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-8, atol=1e-12)


@FAST
@given(SEEDS)
def test_reversing_the_scale_mirrors_means_shares_and_models(seed):
    survey, answers = survey_of(), answers_of(seed)
    reversed_ = answers.assign(q=6 - answers["q"], r=6 - answers["r"])
    up, down = direct(answers, survey), direct(reversed_, survey)
    left, right = (e[e["statistic"].isin(["mean", "share"])] for e in (up, down))
    mean = right["statistic"] == "mean"
    mirrored = right.assign(
        response=6 - right["response"],
        estimate=right["estimate"].where(~mean, 100 - right["estimate"]),
    ).sort_values(KEYS, ignore_index=True)
    same(left.sort_values(KEYS, ignore_index=True), mirrored, ["estimate", "se", "n"])
    one, two = (
        ordinal.fit(cells_of(a, survey), "response ~ agency + year") for a in (answers, reversed_)
    )
    np.testing.assert_allclose(one.slopes, -two.slopes, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.thresholds, -two.thresholds.to_numpy()[::-1], rtol=1e-6)
    scores = [standardise.margins(f, by=("agency",)).means["estimate"] for f in (one, two)]
    np.testing.assert_allclose(scores[0], 100.0 - scores[1], rtol=1e-7)


@FAST
@given(SEEDS)
def test_shares_sum_to_one_and_intervals_hold_the_estimate(seed):
    found = direct(answers_of(seed), survey_of())
    shares = found[found["statistic"] == "share"]
    sums = shares.groupby(["item", "agency", "year", "activity", "group"], observed=True)
    np.testing.assert_allclose(sums["estimate"].sum(), 1.0, rtol=1e-12)
    with_interval = found[found["ci_low"].notna()]
    assert len(with_interval) > 100
    assert (with_interval["ci_low"] <= with_interval["estimate"] + 1e-12).all()
    assert (with_interval["ci_high"] >= with_interval["estimate"] - 1e-12).all()
    assert shares["ci_low"].dropna().ge(0).all()
    assert shares["ci_high"].dropna().le(1).all()


@FAST
@given(SEEDS)
def test_an_agency_ignores_the_answers_of_the_others(seed):
    survey, answers = survey_of(), answers_of(seed)
    others = answers["agency"] != "A"
    changed = answers.assign(q=answers["q"].where(~others, 1.0))
    own = [
        e[e["agency"] == "A"].reset_index(drop=True)
        for e in (direct(answers, survey), direct(changed, survey))
    ]
    same(*own)


@FAST
@given(SEEDS)
def test_estimates_from_rows_and_from_their_own_psus_are_the_same(seed):
    survey, answers = survey_of(), answers_of(seed, n=60)
    doubled = pd.concat([answers, answers], ignore_index=True)
    doubled["psu"] = np.tile(np.arange(60), 2)
    doubled["weight"] /= 2.0
    one, two = direct(answers, survey), direct(doubled, survey)
    same(one, two, ["estimate", "se", "df"])


@FAST
@given(SEEDS)
def test_a_fit_on_cells_equals_the_fit_on_rows(seed):
    survey, answers = survey_of(), answers_of(seed)
    weighted = cells_of(answers, survey)
    ordered = simulated.respondents(answers, survey)[["activity"]]
    answers = answers.assign(activity=ordered["activity"])  # in the codebook's order
    rows = answers.dropna(subset="q").rename(columns={"q": "response"})
    rows = rows.assign(n=1, weight_sum=rows["weight"], weight_sq_sum=rows["weight"] ** 2)
    model = "response ~ agency + year + activity"
    by_cells = ordinal.fit(weighted, model, sampling=Sampling(stratum="stratum"))
    # Cells count who did not answer into their stratum; so must the rows.
    silent = answers[answers["q"].isna()].assign(n=1, kind="no_answer", response=0.0)
    silent = silent.assign(weight_sum=silent["weight"], weight_sq_sum=silent["weight"] ** 2)
    every = pd.concat([rows.assign(kind="answer"), silent], ignore_index=True)
    by_rows = ordinal.fit(every, model, sampling=Sampling(stratum="stratum"))
    np.testing.assert_allclose(by_cells.params, by_rows.params, rtol=1e-8)
    np.testing.assert_allclose(by_cells.covariance, by_rows.covariance, rtol=1e-7, atol=1e-12)
    assert by_cells.nobs == by_rows.nobs
    assert by_cells.n_missing == by_rows.n_missing == len(silent)


@FAST
@given(SEEDS, st.sampled_from(["logit", "probit"]))
def test_thresholds_increase_and_probabilities_sum_to_one(seed, link):
    fit = ordinal.fit(
        cells_of(answers_of(seed), survey_of()), "response ~ agency + year", link=link
    )
    assert (np.diff(fit.thresholds) > 0).all()
    probability = fit.predict(fit.patterns)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, rtol=1e-12)
    assert (probability > 0).all(axis=None)


@FAST
@given(SEEDS, st.sampled_from(["logit", "probit"]))
def test_analytic_derivatives_equal_finite_differences(seed, link):
    rng = np.random.default_rng(seed)
    theta = np.sort(rng.normal(0, 2, 4))
    theta += 0.3 * np.arange(4)
    eta, counts = rng.normal(0, 1, 6), rng.poisson(3, (6, 5)).astype(float)
    at = ordinal_likelihood.derivatives(theta, eta, counts, link)

    def moved(step_theta, step_eta):
        return ordinal_likelihood.derivatives(theta + step_theta, eta + step_eta, counts, link)

    h = 1e-5
    close = {"rtol": 2e-5, "atol": 2e-5}
    for k in range(4):
        step = h * (np.arange(4) == k)
        up, down = moved(step, 0.0), moved(-step, 0.0)
        np.testing.assert_allclose((up.loglike - down.loglike) / (2 * h), at.d_theta[k], **close)
        np.testing.assert_allclose((up.d_theta - down.d_theta) / (2 * h), at.h_theta[k], **close)
        np.testing.assert_allclose((up.d_eta - down.d_eta) / (2 * h), at.h_cross[:, k], **close)
    for p in range(6):
        step = h * (np.arange(6) == p)
        up, down = moved(0.0, step), moved(0.0, -step)
        np.testing.assert_allclose((up.loglike - down.loglike) / (2 * h), at.d_eta[p], **close)
        np.testing.assert_allclose((up.d_eta - down.d_eta)[p] / (2 * h), at.h_eta[p], **close)


@FAST
@given(SEEDS)
def test_block_sums_equal_the_dense_design_matrix(seed):
    rng = np.random.default_rng(seed)
    frame = answers_of(seed, 80)
    model = formula.read("q ~ agency + year + activity:group + weight:group + weight", frame)
    known = ordinal_design.coded(frame, model.variables)
    numbers = formula.values_of(model.numbers, frame)
    layout, patterns = ordinal_design.laid_out(model, known, numbers, rows=len(frame))
    x = np.stack([patterns.times(unit) for unit in np.eye(layout.width)], axis=1)
    dummies = [":weight" not in name and name != "weight" for name in layout.names]
    assert set(np.unique(x[:, dummies])) <= {0.0, 1.0}
    np.testing.assert_allclose(x[:, layout.names.index("weight")], frame["weight"])
    w, table = rng.normal(size=80), rng.normal(size=(80, 4))
    np.testing.assert_allclose(patterns.gram(w), x.T @ (w[:, None] * x), atol=1e-10)
    np.testing.assert_allclose(patterns.sums(w), x.T @ w, atol=1e-10)
    np.testing.assert_allclose(patterns.sums(table), x.T @ table, atol=1e-10)
    groups = rng.integers(0, 5, 80)
    member = (groups[:, None] == np.arange(5)).astype(float)
    sums = patterns.group_sums(w, groups, 5)
    np.testing.assert_allclose(sums, member.T @ (w[:, None] * x), atol=1e-10)


@FAST
@given(SEEDS)
def test_standardised_gradients_equal_finite_differences(seed):
    fit = ordinal.fit(cells_of(answers_of(seed), survey_of()), "response ~ agency + year")
    found = standardise.margins(fit, by=("agency",))
    gradient = []
    for at in range(fit.params.size):
        step = pd.Series(1e-5 * (np.arange(fit.params.size) == at), fit.params.index)
        ends = [
            standardise.margins(_with(fit, fit.params + side * step)).means["estimate"]
            for side in (1, -1)
        ]
        gradient.append((ends[0] - ends[1]) / 2e-5)
    jacobian = np.array(gradient).T
    np.testing.assert_allclose(found.covariance, jacobian @ fit.covariance @ jacobian.T, rtol=1e-5)


def _with(fit, params):
    return replace(fit, params=params)


@st.composite
def two_times(draw):
    cells = draw(st.integers(1, 7))
    number = st.floats(0, 100)
    sides = []
    for _ in range(2):
        share = np.array(draw(st.lists(st.floats(0.01, 1), min_size=cells, max_size=cells)))
        here = np.array(draw(st.lists(st.booleans(), min_size=cells, max_size=cells)))
        here[0] = True  # at least one cell both times
        share = np.where(here, share, 0.0)
        mean = np.array(draw(st.lists(number, min_size=cells, max_size=cells)))
        sides.append((share / share.sum(), np.where(here, mean, np.nan)))
    return sides


@settings(max_examples=200, deadline=None)
@given(two_times(), SEEDS)
def test_raw_change_is_the_sum_of_its_parts(sides, seed):
    (s1, y1), (s2, y2) = sides
    root = np.random.default_rng(seed).normal(size=(s1.size, s1.size))
    parts = change_parts.split(
        (s1, s2),
        (y1, y2),
        covariances=(root @ root.T, np.eye(s1.size)),
        dfs=(np.full(s1.size, 20.0), np.full(s1.size, 30.0)),
    )
    raw, *rest, composition = parts.estimate
    assert raw == pytest.approx(sum(rest), abs=1e-9)
    assert composition == pytest.approx(sum(rest[1:]), abs=1e-9)
    assert raw == pytest.approx(np.nansum(s2 * y2) - np.nansum(s1 * y1), abs=1e-9)
    both = ~np.isnan(y1) & ~np.isnan(y2)
    p1, p2 = s1[both] / s1[both].sum(), s2[both] / s2[both].sum()
    like, mix, entry, exit_ = rest
    assert like == pytest.approx(((p1 + p2) / 2) @ (y2[both] - y1[both]), abs=1e-9)
    assert mix == pytest.approx((p2 - p1) @ (y1[both] + y2[both]) / 2, abs=1e-9)
    assert entry == pytest.approx(_outside(s2, y2, both), abs=1e-9)
    assert exit_ == pytest.approx(-_outside(s1, y1, both), abs=1e-9)
    assert parts.shared == both.sum()


def _outside(share, mean, both):
    """(1 - S) (mean of the cells measured once - mean of the shared ones)."""
    rest = ~both & ~np.isnan(mean)
    if not rest.any():
        return 0.0
    inner = share[both] @ mean[both] / share[both].sum()
    return share[rest].sum() * (share[rest] @ mean[rest] / share[rest].sum() - inner)


def test_simulated_truth_is_recovered_with_nominal_coverage():
    """150 surveys of 900: 95 % intervals hold effects and scores in 91-99 %."""
    rng = np.random.default_rng(20121120)
    truth = {"B": 0.7, "C": -0.6}
    cuts = np.array([-2.0, -0.7, 0.5, 1.8])
    levels = np.array([0.0, 0.7, -0.6])
    expected = 25 * (1 / (1 + np.exp(cuts[None, :] - levels[:, None]))).sum(axis=1)
    hits = []
    for _ in range(150):
        agency = rng.choice(3, 900)
        response = 1.0 + np.searchsorted(cuts, levels[agency] + rng.logistic(size=900))
        frame = pd.DataFrame({"agency": np.array(list("ABC"))[agency], "response": response})
        cells = frame.groupby(["agency", "response"]).size().rename("n").reset_index()
        fit = ordinal.fit(cells, "response ~ agency")
        interval = fit.conf_int().loc[[f"agency[{a}]" for a in truth]]
        inside = [
            interval["ci_low"].to_numpy() < [*truth.values()],
            interval["ci_high"].to_numpy() > [*truth.values()],
        ]
        means = standardise.margins(fit).means
        covered = (means["ci_low"] < expected) & (means["ci_high"] > expected)
        hits.append([*(inside[0] & inside[1]), *covered])
    coverage = np.array(hits).mean(axis=0)
    assert ((coverage > 0.91) & (coverage < 0.99)).all(), coverage

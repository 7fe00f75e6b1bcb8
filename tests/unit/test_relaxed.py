"""Models with one assumption dropped: derivatives, closed forms, simulated truth, weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from betyg.errors import ParameterError
from betyg.stats import ordinal, relaxed, relaxed_likelihood, relaxed_means, standardise

MIX = pd.MultiIndex.from_product(
    [[*"ABCD"], [2011, 2012, 2013], [*"xyz"]], names=["agency", "year", "activity"]
)
FORMULA = "response ~ agency + year + activity"


def survey(rng, *, size=120, spread=(1.0, 1.0, 1.0, 1.0), cuts=(-1.5, -0.3, 0.4, 1.6)):
    """Cells of an agency x year x activity survey whose agencies may differ in spread."""
    frame = MIX.to_frame(index=False)
    code = frame["agency"].map({name: i for i, name in enumerate("ABCD")}).to_numpy()
    eta = np.array([0.0, 0.3, -0.2, 0.1])[code] + 0.1 * (frame["year"] - 2011)
    bounds = (np.array(cuts)[None, :] - eta.to_numpy()[:, None]) / np.array(spread)[code][:, None]
    below = np.concatenate([np.zeros((36, 1)), expit(bounds), np.ones((36, 1))], axis=1)
    return cells_of(frame, rng.multinomial(size, np.diff(below, axis=1)))


def cells_of(frame, counts):
    row, category = np.nonzero(counts)
    return (
        frame.iloc[row]
        .reset_index(drop=True)
        .assign(response=category + 1.0, score=25.0 * category, n=counts[row, category])
    )


@pytest.fixture(scope="module")
def cells():
    return survey(np.random.default_rng(7), size=40)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_the_model_with_every_assumption_is_that_of_ordinal(cells, link):
    held = relaxed.basis(cells, FORMULA, link=link)
    found, fit = relaxed.fit(held), ordinal.fit(cells, FORMULA, link=link)
    np.testing.assert_allclose(found.params, fit.params, rtol=1e-12)
    np.testing.assert_allclose(found.covariance, fit.covariance, rtol=1e-9, atol=1e-15)
    assert [*found.params.index] == [*fit.params.index]


def test_its_standardised_means_are_those_of_standardise(cells):
    held = relaxed.basis(cells, FORMULA)
    means = relaxed_means.means(held, relaxed.fit(held), relaxed_means.grid(held, "agency"))
    margins = standardise.margins(ordinal.fit(cells, FORMULA), by=("agency",))
    np.testing.assert_allclose(means.estimate, margins.means["estimate"], rtol=1e-12)
    np.testing.assert_allclose(means.covariance, margins.covariance, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize(("relax", "term"), [("thresholds", "agency"), ("spread", "activity")])
def test_derivatives_equal_finite_differences(cells, relax, term, link):
    some = cells[~((cells["agency"] == "B") & cells["response"].isin([2.0, 5.0]))]
    held = relaxed.basis(some, FORMULA, link=link)
    found = relaxed.fit(held, relax=relax, term=term)
    rng = np.random.default_rng(1)
    at = found.params.to_numpy() + rng.normal(scale=0.01, size=found.params.size)
    counts = held.answers.counts

    def value(params):
        return relaxed_likelihood.loglike(relaxed_likelihood.state(params, found.model), counts)

    def slope(params):
        state = relaxed_likelihood.state(params, found.model)
        return relaxed_likelihood.curve(state, found.model, counts).gradient

    step = 1e-5 * np.eye(at.size)
    by_value = [(value(at + s) - value(at - s)) / 2e-5 for s in step]
    by_slope = [(slope(at + s) - slope(at - s)) / 2e-5 for s in step]
    curve = relaxed_likelihood.curve(relaxed_likelihood.state(at, found.model), found.model, counts)
    np.testing.assert_allclose(curve.gradient, by_value, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(-curve.information, by_slope, rtol=1e-5, atol=1e-4)


def test_the_meat_is_the_sum_of_squared_scores(cells):
    held = relaxed.basis(cells, FORMULA)
    model = relaxed.fit(held, relax="spread", term="agency").model
    params = relaxed.fit(held, relax="spread", term="agency").params.to_numpy()
    state = relaxed_likelihood.state(params, model)
    total = np.zeros((params.size, params.size))
    for cell in zip(*np.nonzero(held.answers.counts), strict=True):
        one = np.zeros_like(held.answers.counts)
        one[cell] = 1.0
        score = relaxed_likelihood.curve(state, model, one).gradient
        total += held.squares[cell] * np.outer(score, score)
    meat = relaxed_likelihood.meat(state, model, held.squares)
    np.testing.assert_allclose(meat, total, rtol=1e-9, atol=1e-9)


def test_thresholds_of_its_own_give_each_agency_its_own_shares_even_where_some_are_unused():
    counts = np.array([[10, 20, 30, 40, 5], [3, 0, 9, 0, 8], [0, 0, 7, 9, 4], [6, 7, 8, 0, 0]])
    cells = cells_of(pd.DataFrame({"agency": [*"ABCD"]}), counts)
    held = relaxed.basis(cells, "response ~ agency")
    found = relaxed.fit(held, relax="thresholds", term="agency")
    share = counts / counts.sum(axis=1, keepdims=True)
    given = counts > 0
    want = float((counts[given] * np.log(share[given])).sum())
    np.testing.assert_allclose(found.loglike, want, rtol=1e-12)
    means = relaxed_means.means(held, found, relaxed_means.grid(held, "agency"))
    np.testing.assert_allclose(means.estimate, share @ np.arange(0, 101, 25), rtol=1e-7)
    variance = share @ np.arange(0, 101, 25) ** 2 - (share @ np.arange(0, 101, 25)) ** 2
    # The covariance is that of the step before the last.
    np.testing.assert_allclose(
        means.covariance, np.diag(variance / counts.sum(axis=1)), rtol=1e-4, atol=1e-9
    )
    assert found.params.index[0] == "agency[A] 1|2"


def test_a_spread_that_differs_is_found_and_one_that_does_not_is_not():
    rng = np.random.default_rng(3)
    planted = relaxed.basis(survey(rng, size=1500, spread=(1.0, 1.6, 1.0, 0.7)), FORMULA)
    found = relaxed.fit(planted, relax="spread", term="agency")
    error = (found.log_spreads - np.log([1.6, 1.0, 0.7])) / found.bse.loc[found.log_spreads.index]
    assert (error.abs() < 3.0).all()
    assert relaxed.test(planted, found).p_value < 1e-12
    even = relaxed.basis(survey(rng, size=1500), FORMULA)
    assert relaxed.test(even, relaxed.fit(even, relax="spread", term="agency")).p_value > 0.01


def test_unequal_spread_can_turn_a_sure_order_round():
    """Agency A is loved or hated, B neither: with equal spread B seems surely ahead."""
    share = np.array([[5452, 1095, 15, 88, 3350], [2925, 4135, 671, 1343, 926]])
    cells = cells_of(pd.DataFrame({"agency": ["A", "B"]}), share)
    held = relaxed.basis(cells, "response ~ agency")
    grid = relaxed_means.grid(held, "agency")
    before = relaxed_means.means(held, relaxed.fit(held), grid)
    own = relaxed.fit(held, relax="thresholds", term="agency")
    after = relaxed_means.means(held, own, grid)
    worth = relaxed_means.consequence(before, after)
    direct = share @ np.arange(0, 101, 25) / share.sum(axis=1)
    np.testing.assert_allclose(after.estimate, direct, rtol=1e-7)
    assert np.sign(np.diff(before.estimate)) == -np.sign(np.diff(direct))
    assert worth.swaps.to_numpy().tolist() == [["B", "A"]]  # B was surely above
    assert (worth.pairs, worth.sure, worth.lost) == (1, 1, 1)
    np.testing.assert_allclose(worth.size, np.abs(after.estimate - before.estimate).max())


def weighted(cells, rng):
    """Split each cell's answers over two weights, 1 and 4."""
    heavy = rng.binomial(cells["n"], 0.3)
    return cells.assign(
        weight_sum=cells["n"] + 3.0 * heavy, weight_sq_sum=cells["n"] + 15.0 * heavy
    )


def test_weighted_answers_get_the_sandwich_of_ordinal(cells):
    heavy = weighted(cells, np.random.default_rng(5))
    found = relaxed.fit(relaxed.basis(heavy, FORMULA))
    fit = ordinal.fit(heavy, FORMULA)
    n = fit.nobs
    np.testing.assert_allclose(
        found.covariance * n / (n - 1), fit.covariance, rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize(("relax", "term"), [("thresholds", "agency"), ("spread", "agency")])
def test_of_weighted_answers_the_test_keeps_its_level(relax, term):
    rng = np.random.default_rng(11)
    tests = []
    for _ in range(60):
        held = relaxed.basis(weighted(survey(rng, size=60), rng), FORMULA, scale_within=())
        tests.append(relaxed.test(held, relaxed.fit(held, relax=relax, term=term)))
    p_value = np.array([test.p_value for test in tests])
    ratio = np.mean([test.statistic / test.df for test in tests])
    np.testing.assert_allclose(ratio, 1.0, atol=0.17)  # 60 draws: three standard errors
    assert (p_value < 0.05).mean() <= 0.15
    assert 0.3 <= (p_value < 0.5).mean() <= 0.7


def test_an_unknown_term_and_the_slope_of_a_number_are_named(cells):
    held = relaxed.basis(cells.assign(size=cells["year"] - 2010.0), "response ~ agency + size")
    with pytest.raises(ParameterError, match="'agancy' is not in the model. Did you mean 'agency'"):
        relaxed.fit(held, relax="spread", term="agancy")
    with pytest.raises(ParameterError, match="'size' is the slope of a number"):
        relaxed.fit(held, relax="thresholds", term="size")

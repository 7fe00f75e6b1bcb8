"""What must hold for any comparison of units with all: coverage, order, one tier of equals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from betyg.stats import bands, ranks

RNG = 7


@pytest.mark.parametrize(("units", "surveys"), [(21, 800), (100, 170)])
@pytest.mark.parametrize("shared", [0.0, 2.0])
def test_three_to_six_in_a_hundred_honest_units_fall_outside(units, surveys, shared):
    """Also where all share an error that is larger than their own: it cancels."""
    rng = np.random.default_rng(RNG)
    outside = []
    for _ in range(surveys):
        se = np.exp(rng.normal(0.0, 0.4, units))
        noise = rng.normal(0.0, np.sqrt(4.0 + se**2)) + shared * rng.normal()
        covariance = np.diag(se**2) + shared**2
        own = ranks.own_error(covariance)
        outside.append(np.mean(bands.expected_range(70.0 + noise, own).label != "as_expected"))
    assert 0.03 <= np.mean(outside) <= 0.06


def test_intervals_against_the_mean_hold_for_all_at_once():
    rng = np.random.default_rng(RNG)
    root = rng.normal(0.3, 0.4, (21, 3))
    covariance = np.diag(rng.uniform(0.5, 4.0, 21)) + root @ root.T
    truth = rng.normal(0.0, 3.0, 21)
    wanted = truth - truth.mean()
    found = ranks.against_mean(truth, covariance, rng=rng)
    drawn = rng.multivariate_normal(truth, covariance, 4000)
    drawn = drawn - drawn.mean(axis=1, keepdims=True)
    held = (np.abs(drawn - wanted) <= found.critical * found.se).all(axis=1)
    assert 0.938 <= held.mean() <= 0.962


def test_equal_units_give_one_tier_and_nobody_a_place():
    found = ranks.standings(
        np.full(21, 70.0), np.eye(21), n=np.full(21, 100), least=20, rng=np.random.default_rng(1),
        reliable=0.0,
    )  # fmt: skip
    assert set(found["place_low"]) == {1.0} and set(found["place_high"]) == {21.0}
    gated = ranks.standings(
        np.full(21, 70.0), np.eye(21), n=np.full(21, 100), least=20, rng=np.random.default_rng(1)
    )
    assert gated["place_low"].isna().all() and set(gated["rank_reason"]) == {"reliability"}


@settings(max_examples=60, deadline=None)
@given(
    values=some.lists(
        some.tuples(some.floats(0, 100), some.floats(0.05, 20)), min_size=3, max_size=30
    )
)
def test_no_spread_is_likelier_than_the_estimate(values):
    estimate, se = np.array(values).T
    found = bands.spread(estimate, se)
    (best,) = bands.likelihood(np.array([found]), estimate, se)
    others = np.array([0.0, *np.geomspace(1e-6, 1e5, 200)])
    assert (bands.likelihood(others, estimate, se) <= best + 1e-9).all()


def test_the_order_of_units_does_not_matter():
    rng = np.random.default_rng(RNG)
    estimate, se = rng.normal(70, 3, 12), rng.uniform(0.5, 2, 12)
    turned = rng.permutation(12)
    one = bands.expected_range(estimate, se)
    other = bands.expected_range(estimate[turned], se[turned])
    np.testing.assert_allclose(one.z[turned], other.z, rtol=1e-9)

"""Differences that are judged together: no false names, whatever the reference is made of."""

import numpy as np
import pytest

from betyg.stats import apart

DRAWS = 4000
MARGIN = 3 * np.sqrt(0.05 * 0.95 / DRAWS)  # three standard errors of the simulation


@pytest.mark.parametrize(
    ("weights", "errors"),
    [
        (np.full(21, 1 / 21), np.full(21, 1.0)),
        (np.full(10, 0.1), np.repeat([0.7, 3.0], 5)),
        (np.array([0.05, 0.05, 0.9]), np.array([0.5, 0.5, 3.0])),
    ],
    ids=("alike", "some unsure", "one large and unsure"),
)
def test_where_all_are_alike_some_agency_is_named_in_at_most_five_of_a_hundred(weights, errors):
    rng = np.random.default_rng(5)
    of_mean = float(np.sqrt(((weights * errors) ** 2).sum()))
    named = 0
    for draw in rng.normal(0, errors, (DRAWS, errors.size)):
        verdict = apart.surely(draw, errors, reference=weights @ draw, reference_se=of_mean)
        named += bool(verdict.any())
    assert named / DRAWS <= 0.05 + MARGIN


def test_an_agency_that_lies_apart_is_named():
    estimate = np.append(np.zeros(20), 6.0)
    verdict = apart.surely(estimate, np.ones(21), reference=estimate.mean(), reference_se=0.22)
    assert verdict.tolist() == [0] * 20 + [1]


def test_nothing_is_sure_where_the_error_of_the_reference_is_not_known():
    verdict = apart.surely(np.array([0.0, 9.0]), np.ones(2), reference=1.0, reference_se=np.nan)
    assert verdict.tolist() == [0, 0]


def test_the_difference_of_two_independent_estimates_has_both_their_errors():
    moved = apart.between({"estimate": 60.0, "se": 3.0}, {"estimate": 70.0, "se": 4.0})
    assert (moved.value, moved.se) == (10.0, 5.0)
    np.testing.assert_allclose([moved.low, moved.high], [0.2002, 19.7998], atol=1e-4)
    assert moved.is_sure
    nearer = apart.between({"estimate": 60.5, "se": 3.0}, {"estimate": 70.0, "se": 4.0})
    assert not nearer.is_sure and nearer.low < 0 < nearer.high
    np.testing.assert_allclose(moved.found, 14.0078, atol=1e-3)  # (1.95996 + 0.84162) * 5


def test_where_all_are_alike_some_pair_is_named_in_at_most_five_of_a_hundred():
    rng, errors = np.random.default_rng(6), np.array([1.0, 1.0, 1.0, 0.5, 3.0])
    named = sum(apart.above(draw, errors).any() for draw in rng.normal(0, errors, (DRAWS, 5)))
    assert named / DRAWS <= 0.05 + MARGIN


def test_who_is_surely_above_whom_has_a_direction_and_needs_an_error():
    above = apart.above(np.array([9.0, 0.0, 8.0, 20.0]), np.array([1.0, 1.0, 1.0, np.nan]))
    expected = np.zeros((4, 4), dtype=bool)
    expected[[0, 2], [1, 1]] = True
    np.testing.assert_array_equal(above, expected)

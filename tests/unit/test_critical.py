"""Critical values: against closed forms, as exact as promised, and without jumps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from betyg.stats import critical, ranks

LEVEL = 0.95
FOUR_ERRORS = 4 * critical.ENOUGH
SEEDS = 60
HONEST = 1.0 + 3.0 / np.sqrt(2 * SEEDS)  # a standard deviation of 60 is known that well
JUMP = 1e-6  # how exactly the quantile is solved for


def largest(z):
    return np.abs(z).max(axis=0)


def of_independent(units):
    """P(|z| <= c for all) = (2 Phi(c) - 1)^units."""
    return ndtri(0.5 + 0.5 * LEVEL ** (1 / units))


def simulated(covariance, seed=1):
    rng = np.random.default_rng(seed)
    return critical.critical(covariance, largest, width=len(covariance), rng=rng, level=LEVEL)


@pytest.mark.parametrize("units", [1, 2, 5, 21, 290])
def test_of_independent_units_it_is_the_closed_form(units):
    assert abs(simulated(np.eye(units)) - of_independent(units)) < FOUR_ERRORS


@pytest.mark.parametrize("units", [2, 21, 290])
def test_its_error_is_as_small_as_promised(units):
    found = [simulated(np.eye(units), seed) for seed in range(SEEDS)]
    error = np.sqrt(np.mean((np.array(found) - of_independent(units)) ** 2))
    assert error < critical.ENOUGH * HONEST


def test_units_that_all_vary_together_are_as_one():
    found = [simulated(np.ones((21, 21)), seed) for seed in range(SEEDS)]
    error = np.sqrt(np.mean((np.array(found) - ndtri(0.975)) ** 2))
    # Here the length tells nothing, and all draws are used.
    plain = np.sqrt(LEVEL * (1 - LEVEL) / critical.DRAWS) / (2 * 0.0584)
    assert error < plain * HONEST


def test_it_does_not_jump_where_variances_are_equal():
    equal = np.diag(np.ones(21)) - 1 / 21
    noise = np.random.default_rng(2).uniform(-1e-16, 1e-16, (21, 21))
    assert abs(simulated(equal) - simulated(equal + noise + noise.T)) < JUMP
    one, other = (
        ranks.against_mean(np.arange(21.0), np.eye(21) + by, rng=np.random.default_rng(3))
        for by in (0.0, noise + noise.T)
    )
    np.testing.assert_allclose(one.low, other.low, atol=10 * JUMP)


def test_where_nothing_varies_it_is_zero():
    assert simulated(np.zeros((3, 3))) == 0.0


def test_the_root_is_symmetric_and_its_square_the_covariance():
    half = np.random.default_rng(4).normal(size=(6, 3))
    found = critical.root(half @ half.T)
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    np.testing.assert_allclose(found @ found, half @ half.T, atol=1e-12)

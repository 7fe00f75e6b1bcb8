"""What must hold for any drivers: invariances, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import products
from betyg.stats import cross_products, lmg
from betyg.stats.design import SurveyDesign

ATOL = 1e-9  # shares of R squared; the same elimination in another order
RNG = 20170602
LOADINGS = np.array([0.9, 0.7, 0.5, 0.3])
SLOPES = np.array([0.5, 0.35, 0.2, 0.1])
GROUPS = 3

counts = some.integers(1, 7)
seeds = some.integers(0, 2**32 - 1)


def some_covariance(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(3 * count + 6, count + 1)) + rng.normal(size=(3 * count + 6, 1))
    return rows.T @ rows


@given(counts, seeds)
def test_parts_are_never_negative_and_add_up_to_r_squared(count, seed):
    covariance = some_covariance(count, seed)
    parts = lmg.parts(covariance)
    assert (parts >= -ATOL).all() and parts.sum() <= 1 + ATOL
    np.testing.assert_allclose(parts.sum(), lmg.explained(covariance)[-1], atol=ATOL)


@given(counts, seeds, some.floats(1e-3, 1e3), some.booleans())
def test_the_unit_or_direction_of_a_predictor_changes_nothing(count, seed, factor, turned):
    covariance = some_covariance(count, seed)
    scale = np.ones(count + 1)
    scale[seed % (count + 1)] = -factor if turned else factor
    other = covariance * np.outer(scale, scale)
    np.testing.assert_allclose(lmg.parts(other), lmg.parts(covariance), atol=ATOL)


@given(counts, seeds)
def test_the_order_of_the_predictors_changes_nothing(count, seed):
    covariance = some_covariance(count, seed)
    order = np.random.default_rng(seed).permutation(count)
    at = [*order, count]
    moved = lmg.parts(covariance[np.ix_(at, at)])
    np.testing.assert_allclose(moved, lmg.parts(covariance)[order], atol=ATOL)


@given(counts, seeds)
def test_more_predictors_never_explain_less(count, seed):
    known = lmg.explained(some_covariance(count, seed))
    for predictor in range(count):
        without = np.arange(2**count)[(np.arange(2**count) >> predictor) & 1 == 0]
        assert (known[without | 1 << predictor] >= known[without] - ATOL).all()


def surveyed(clusters: int, rng: np.random.Generator) -> tuple[np.ndarray, SurveyDesign]:
    """Draw pairs of persons who share a part of everything, in three agencies of other levels."""
    cluster = np.repeat(np.arange(clusters), 2)
    size, count = cluster.size, LOADINGS.size
    together, alone = rng.normal(size=(clusters, count + 2))[cluster], rng.normal(size=(size, 6))
    every = np.sqrt(0.5) * together + np.sqrt(0.5) * alone
    themes = every[:, :1] * LOADINGS + every[:, 1 : count + 1]
    outcome = themes @ SLOPES + every[:, count + 1]
    agency = cluster * GROUPS // clusters
    values = np.column_stack([themes, outcome]) + 0.8 * agency[:, None]
    return values, SurveyDesign.of(weight=np.ones(size), stratum=agency, psu=cluster)


def true_shares() -> np.ndarray:
    among = np.outer(LOADINGS, LOADINGS) + np.eye(LOADINGS.size)
    against = among @ SLOPES
    whole = np.block([[among, against[:, None]], [against, SLOPES @ against + 1.0]])
    parts = lmg.parts(whole)
    return np.asarray(parts / parts.sum())


@pytest.mark.parametrize(("clusters", "surveys"), [(60, 400), (240, 400)])
def test_intervals_hold_the_true_share_about_nineteen_times_in_twenty(clusters, surveys):
    rng = np.random.default_rng(RNG)
    truth, held = true_shares(), []
    for _ in range(surveys):
        values, design = surveyed(clusters, rng)
        summed = products.of_rows(values, group=design.stratum, groups=GROUPS, design=design)
        drawn = lmg.parts(
            cross_products.within(summed.resampled(design, replicates=300, rng=rng), 5)
        )
        drawn /= drawn.sum(axis=1, keepdims=True)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        held.append((low <= truth) & (truth <= high))
    # Three errors of simulation (1.1 points each) about 95 %, and 2 points below for small samples.
    assert (np.mean(held, axis=0) >= 0.95 - 0.033 - 0.02).all()
    assert (np.mean(held, axis=0) <= 0.95 + 0.033).all()


def test_of_two_equal_themes_either_is_called_surely_above_about_as_often_as_it_may():
    rng = np.random.default_rng(RNG)
    sure = []
    for _ in range(400):
        rows = rng.normal(size=(240, 1)) + rng.normal(size=(240, 3))
        rows[:, 2] = rows[:, :2].sum(axis=1) + rng.normal(size=240)
        design = SurveyDesign.of(weight=np.ones(240))
        summed = products.of_rows(rows, group=design.stratum, groups=1, design=design)
        drawn = lmg.parts(
            cross_products.within(summed.resampled(design, replicates=300, rng=rng), 3)
        )
        above = (drawn[:, 0] > drawn[:, 1]).mean()
        sure.append(above >= 0.975 or above <= 0.025)
    assert 0.02 <= np.mean(sure) <= 0.085  # 5 % within three errors of simulation

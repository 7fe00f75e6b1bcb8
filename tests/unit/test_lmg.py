"""Shares of explained variance, and the sums and draws that they are made from."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

import products
from betyg.errors import ParameterError
from betyg.stats import cross_products, lmg
from betyg.stats.design import SurveyDesign

ATOL = 1e-10  # the same sums in another order
RNG = 20170602


def over_all_orders(covariance: np.ndarray) -> np.ndarray:
    """Return the mean addition of each predictor, order by order, by solving equations."""
    count = len(covariance) - 1

    def r_squared(chosen: tuple[int, ...]) -> float:
        at = list(chosen)
        against = covariance[at, -1]
        slope = np.linalg.solve(covariance[np.ix_(at, at)], against) if at else against
        return float(slope @ against / covariance[-1, -1])

    found = np.zeros(count)
    orders = list(itertools.permutations(range(count)))
    for order in orders:
        for place, predictor in enumerate(order):
            found[predictor] += r_squared(order[: place + 1]) - r_squared(order[:place])
    return found / len(orders)


def some_covariance(count: int, seed: int = RNG) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(40, count + 1))
    rows[:, 1:] += rows[:, :1]
    return rows.T @ rows


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_parts_are_the_mean_over_all_orders_of_entry(count):
    covariance = some_covariance(count)
    np.testing.assert_allclose(lmg.parts(covariance), over_all_orders(covariance), atol=ATOL)


def test_parts_add_up_to_r_squared_of_all():
    covariance = some_covariance(9)
    slope = np.linalg.solve(covariance[:-1, :-1], covariance[:-1, -1])
    whole = slope @ covariance[:-1, -1] / covariance[-1, -1]
    np.testing.assert_allclose(lmg.parts(covariance).sum(), whole, atol=ATOL)
    np.testing.assert_allclose(lmg.explained(covariance)[-1], whole, atol=ATOL)


def test_many_matrices_give_what_each_gives():
    every = np.stack([some_covariance(4, seed) for seed in range(6)]).reshape(2, 3, 5, 5)
    each = [lmg.parts(one) for one in every.reshape(-1, 5, 5)]
    np.testing.assert_allclose(lmg.parts(every), np.reshape(each, (2, 3, 4)), atol=ATOL)


def test_the_same_predictor_twice_shares_its_part_and_a_constant_gets_none():
    covariance = some_covariance(2)
    twice = covariance[np.ix_([0, 0, 1, 2], [0, 0, 1, 2])]
    parts = lmg.parts(twice)
    np.testing.assert_allclose(parts[0], parts[1], atol=ATOL)
    np.testing.assert_allclose(parts.sum(), lmg.parts(covariance).sum(), atol=ATOL)
    constant = np.insert(np.insert(covariance, 0, 0.0, axis=0), 0, 0.0, axis=1)
    np.testing.assert_allclose(lmg.parts(constant), [0.0, *lmg.parts(covariance)], atol=ATOL)


def test_predictors_without_correlation_get_their_squared_correlation():
    covariance = np.diag([1.0, 4.0, 9.0, 10.0])
    covariance[:3, 3] = covariance[3, :3] = [1.0, 2.0, 3.0]
    np.testing.assert_allclose(lmg.parts(covariance), [0.1, 0.1, 0.1], atol=ATOL)


def test_an_outcome_that_does_not_vary_has_no_parts():
    covariance = np.diag([1.0, 1.0, 0.0])
    assert np.isnan(lmg.parts(covariance)).all()


@pytest.mark.parametrize("count", [0, 13])
def test_none_and_too_many_predictors_are_refused(count):
    with pytest.raises(ParameterError, match=f"{count} predictors.*1 to 12.*codebook.csv"):
        lmg.parts(np.eye(count + 1))


def test_twelve_predictors_take_a_moment():
    started = time.perf_counter()
    lmg.parts(some_covariance(12))
    assert time.perf_counter() - started < 2.0


def survey_of(rows: int, seed: int = RNG) -> tuple[np.ndarray, np.ndarray, SurveyDesign]:
    rng = np.random.default_rng(seed)
    values = 50 + 10 * rng.normal(size=(rows, 3))
    values[::11, 1] = np.nan
    group = rng.integers(3, size=rows).astype(np.intp)
    design = SurveyDesign.of(
        weight=rng.uniform(0.5, 2.0, rows), stratum=group, psu=np.arange(rows) // 2
    )
    return values, group, design


def test_cross_products_are_those_of_rows_centred_in_their_group():
    values, group, design = survey_of(90)
    summed = products.of_rows(values, group=group, groups=3, design=design)
    used = ~np.isnan(values).any(axis=1)
    want = np.zeros((3, 3))
    for one in range(3):
        mine = used & (group == one)
        weight, own = design.weight[mine], values[mine]
        apart = own - weight @ own / weight.sum()
        want += apart.T @ (weight[:, None] * apart)
    got = cross_products.within(summed.totals, 3)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_sums_of_parts_of_the_data_are_the_sums_of_the_whole():
    values, group, design = survey_of(90)

    def sums(rows: slice) -> np.ndarray:
        own = SurveyDesign.of(weight=design.weight[rows])
        return products.of_rows(values[rows], group=group[rows], groups=3, design=own).totals

    np.testing.assert_allclose(sums(slice(30)) + sums(slice(30, None)), sums(slice(None)))


def test_the_bootstrap_has_the_mean_and_the_variance_of_the_design():
    values, group, design = survey_of(120)
    summed = products.of_rows(values, group=group, groups=3, design=design)
    drawn = summed.resampled(design, replicates=6000, rng=np.random.default_rng(RNG))
    used = ~np.isnan(values).any(axis=1)
    scores = np.where(used, design.weight * np.nan_to_num(values[:, 0]), 0.0)
    total, spread = drawn[:, :, 1].sum(axis=1), design.se_of_total(scores)
    np.testing.assert_allclose(total.mean(), scores.sum(), atol=5 * spread / np.sqrt(6000))
    np.testing.assert_allclose(total.std(), spread, rtol=0.05)


def test_a_stratum_that_was_taken_whole_does_not_vary():
    values, group, design = survey_of(40)
    whole = SurveyDesign.of(
        weight=design.weight, stratum=group, psu=np.arange(40),
        population=np.bincount(group)[group],
    )  # fmt: skip
    summed = products.of_rows(values, group=group, groups=3, design=whole)
    drawn = summed.resampled(whole, replicates=5, rng=np.random.default_rng(RNG))
    np.testing.assert_allclose(drawn, np.broadcast_to(summed.totals, drawn.shape))


def test_strata_of_one_psu_are_drawn_from_together_and_a_single_one_stays():
    values = np.arange(12.0).reshape(6, 2)
    group = np.zeros(6, dtype=np.intp)

    def spread(stratum: list[int]) -> float:
        design = SurveyDesign.of(weight=np.ones(6), stratum=stratum)
        summed = products.of_rows(values, group=group, groups=1, design=design)
        drawn = summed.resampled(design, replicates=50, rng=np.random.default_rng(RNG))
        return float(drawn[:, 0, 1].std())

    assert spread([0, 1, 2, 3, 4, 5]) > 0
    together, single = spread([0, 0, 0, 0, 0, 1]), spread([0, 0, 0, 0, 1, 2])
    assert together > 0 and single > 0
    one = SurveyDesign.of(weight=np.ones(1))
    summed = products.of_rows(values[:1], group=group[:1], groups=1, design=one)
    drawn = summed.resampled(one, replicates=3, rng=np.random.default_rng(RNG))
    np.testing.assert_allclose(drawn, np.broadcast_to(summed.totals, drawn.shape))

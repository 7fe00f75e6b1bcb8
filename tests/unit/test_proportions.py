"""Intervals of shares at their ends, and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.stats.proportions import korn_graubard, t_interval, t_quantile, wilson


def simple(interval, p, n):
    """An interval for a simple random sample, whose df is n - 1."""
    share = np.array([p])
    se = np.sqrt(share * (1 - share) / n)
    low, high = interval(share, se, n=np.array([float(n)]), df=np.array([n - 1.0]))
    return float(low[0]), float(high[0])


def test_korn_graubard_of_a_simple_sample_is_clopper_pearson():
    assert simple(korn_graubard, 0.3, 10) == pytest.approx((0.06673951, 0.65245285), abs=1e-8)


def test_nobody_and_everybody_have_one_sided_ends():
    assert simple(korn_graubard, 0.0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert simple(korn_graubard, 1.0, 10) == pytest.approx((0.025**0.1, 1.0))


def test_wilson_of_a_simple_sample_is_the_textbook_formula():
    low, high = simple(wilson, 0.5, 100)
    assert (low, high) == pytest.approx((0.40383153, 0.59616847), abs=1e-8)


@pytest.mark.parametrize("interval", [korn_graubard, wilson])
def test_a_full_count_has_no_interval_but_the_share(interval):
    low, high = interval(np.array([0.4]), np.array([0.0]), n=np.array([50.0]), df=np.array([49.0]))
    assert (low[0], high[0]) == (0.4, 0.4)


@pytest.mark.parametrize("interval", [korn_graubard, wilson])
def test_without_degrees_of_freedom_there_is_no_interval(interval):
    low, high = interval(np.array([0.4]), np.array([0.1]), n=np.array([2.0]), df=np.array([0.0]))
    assert np.isnan([low[0], high[0]]).all()


def test_t_quantiles_of_known_tables():
    found = t_quantile(np.array([1.0, 10.0, np.inf, 0.0]))
    np.testing.assert_allclose(found[:3], [12.7062047, 2.22813885, 1.95996398], rtol=1e-8)
    assert np.isnan(found[3])


def test_t_intervals_are_symmetric():
    low, high = t_interval(np.array([50.0]), np.array([2.0]), np.array([10.0]))
    assert high[0] - 50 == pytest.approx(50 - low[0])
    assert high[0] - 50 == pytest.approx(2 * 2.22813885)

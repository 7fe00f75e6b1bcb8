"""Sums of weights are exact: they are what math.fsum gives, in whatever parts and order."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betyg.stats.exact import ExactSums, limbs
from betyg.stats.tally import Tally, Weights

positive = st.floats(min_value=0.0, max_value=1e300, allow_nan=False)
lists = st.lists(positive, min_size=0, max_size=60)


def exact(values: list[float], parts: int = 1) -> float:
    sums = ExactSums()
    for part in np.array_split(np.array(values, dtype=np.float64), parts):
        sums.add(np.zeros(len(part), dtype=np.intp), limbs(part))
    return float(sums.rounded()[0, 0])


@given(lists, st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_a_sum_is_the_double_nearest_to_it(values, parts):
    assert exact(values, parts) == math.fsum(values)


@pytest.mark.parametrize(
    "values",
    [
        [2.0**53, 1.0],  # half-way: to the even one
        [2.0**53, 1.0, 2.0**-300],  # a trace more than half-way
        [2.0**53 + 2, 1.0],
        [1.0, 2.0**-53, 2.0**-106],
        [2.0**32 - 1, 2.0**-22] * 3,
        [5e-324, 5e-324, 1e-300],
        [0.1] * 1000,
    ],
)
def test_ties_and_traces_are_rounded_as_fsum_does(values):
    assert exact(values) == math.fsum(values)


def test_sums_stay_exact_beyond_the_rows_after_which_limbs_are_carried_over():
    rng = np.random.default_rng(3)
    values = rng.uniform(1e-9, 1e6, 300_000)
    sums, cell = ExactSums(), np.zeros(values.size, dtype=np.intp)
    for _ in range(8):
        sums.add(cell, limbs(values))
    assert sums.rounded()[0, 0] == math.fsum(np.tile(values, 8))


def tally(weight: np.ndarray, domain: np.ndarray, state: np.ndarray, size: tuple) -> Tally:
    found = Tally()
    plain = (weight == 1.0).all()
    found.add(domain, state, None if plain else Weights.of(weight), size)
    return found


def test_tallies_of_parts_are_that_of_the_whole_however_they_were_cut_and_sent():
    rng = np.random.default_rng(5)
    n = 2000
    weight = np.where(np.arange(n) < 500, 1.0, rng.lognormal(0, 3, n))
    domain, state = rng.integers(0, 7, n), rng.integers(0, 4, n)
    whole = tally(weight, domain, state, (4, 7))
    together = Tally()
    for rows in (slice(700, None), slice(0, 500), slice(500, 700)):
        part = tally(weight[rows], domain[rows], state[rows], (4, 7))
        together.absorb(pickle.loads(pickle.dumps(part)))
    for one, other in zip(whole.cells()[:2], together.cells()[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    at_domain, at_state, sums = whole.cells()
    for name, values in together.cells()[2].items():
        np.testing.assert_array_equal(values, sums[name])
    for at, (d, s) in enumerate(zip(at_domain, at_state, strict=True)):
        own = weight[(domain == d) & (state == s)]
        assert sums["weight_sum"][at] == math.fsum(own)
        assert sums["weight_sq_sum"][at] == math.fsum(own**2)


def test_states_are_renumbered_when_a_tally_is_absorbed():
    one = tally(np.array([2.0, 3.0]), np.array([0, 0]), np.array([0, 1]), (2, 1))
    other = tally(np.array([0.25, 0.5]), np.array([0, 0]), np.array([0, 1]), (2, 1))
    one.absorb(other, np.array([1, 2]))
    np.testing.assert_array_equal(one.cells()[2]["weight_sum"], [2.0, 3.25, 0.5])


def test_a_weight_that_is_no_number_is_seen_in_its_own_cell_only():
    weight = np.array([1.5, np.nan, 2.5, 1e200])
    found = tally(weight, np.array([0, 1, 2, 2]), np.zeros(4, dtype=np.intp), (1, 3))
    sums = found.cells()[2]
    np.testing.assert_array_equal(sums["weight_sum"], [1.5, np.nan, 1e200])
    np.testing.assert_array_equal(sums["weight_sq_sum"], [2.25, np.nan, np.inf])

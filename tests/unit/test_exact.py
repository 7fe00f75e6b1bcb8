"""Sums of the weights of pieces are what math.fsum gives, in whatever order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betyg.stats import exact
from betyg.stats.tally import Tally, together, with_squares

positive = st.floats(min_value=0.0, max_value=1e300, allow_nan=False)
lists = st.lists(positive, min_size=0, max_size=60)


def summed(values: list[float]) -> float:
    """Sum values beside others, from which they are kept apart."""
    codes = np.repeat([1, 0, 2], [len(values), 1, 2]).astype(np.intp)
    found = exact.by_code(codes, np.array([*values, 0.7, 1e30, 1e-30]), 4)
    assert found[[0, 3]].tolist() == [0.7, 0.0]
    return float(found[1])


@given(lists)
@settings(max_examples=300, deadline=None)
def test_a_sum_is_the_double_nearest_to_it(values):
    assert summed(values) == math.fsum(values)


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
    assert summed(values) == math.fsum(values)


def test_many_thousand_values_of_one_code_are_summed_exactly():
    values = np.random.default_rng(3).uniform(1e-9, 1e6, 2_000_000)
    found = exact.by_code(np.zeros(values.size, dtype=np.intp), values, 1)
    assert found[0] == math.fsum(values)


def test_what_is_no_number_is_seen_in_its_own_sum_only():
    found = exact.by_code(np.array([0, 1, 1, 2, 2]), np.array([1.5, np.nan, 1, np.inf, 2]), 3)
    np.testing.assert_array_equal(found, [1.5, np.nan, np.inf])


def tally(weight: np.ndarray, domain: np.ndarray, state: np.ndarray) -> Tally:
    found = Tally()
    found.add(domain, state, with_squares(weight), (7, 4))
    return found


def test_cells_of_pieces_add_up_exactly_in_whatever_order():
    rng = np.random.default_rng(5)
    n = 2000
    weight, domain, state = rng.lognormal(0, 3, n), rng.integers(0, 7, n), rng.integers(0, 4, n)
    rows = (slice(700, None), slice(0, 500), slice(500, 700))
    pieces = [tally(weight[own], domain[own], state[own]).cells() for own in rows]
    at_domain, at_state, sums = together(pieces)
    other = together(pieces[::-1])
    by_cell = {(d, s): at for at, (d, s) in enumerate(zip(*other[:2], strict=True))}
    for at, (d, s) in enumerate(zip(at_domain, at_state, strict=True)):
        of_pieces = [weight[own][(domain[own] == d) & (state[own] == s)] for own in rows]
        same = by_cell[d, s]
        assert sums["n"][at] == other[2]["n"][same] == sum(map(len, of_pieces))
        for name, power in (("weight_sum", 1), ("weight_sq_sum", 2)):
            in_turn = [float(np.cumsum([0.0, *own**power])[-1]) for own in of_pieces]
            assert sums[name][at] == other[2][name][same] == math.fsum(in_turn)
    assert at_domain.size == 28

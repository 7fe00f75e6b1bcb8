"""Numbers for codes and for their combinations."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.stats.sums import PER_CODE, joint, numbered


@pytest.mark.parametrize("largest", [3, 50, PER_CODE * 40 - 1, PER_CODE * 40, 10**15])
def test_codes_are_numbered_as_sorting_would(largest):
    codes = np.random.default_rng(1).integers(0, largest, size=40)
    codes[-1] = largest
    distinct, place = numbered(codes)
    want, inverse = np.unique(codes, return_inverse=True)
    np.testing.assert_array_equal(distinct, want)
    np.testing.assert_array_equal(place, inverse)


def test_no_code_has_no_number():
    distinct, place = numbered(np.empty(0, dtype=np.intp))
    np.testing.assert_array_equal(distinct, np.empty(0))
    np.testing.assert_array_equal(place, np.empty(0))


def test_combinations_numbered_anew_keep_their_order():
    rng = np.random.default_rng(2)
    coded = [(rng.integers(0, size, 200), size) for size in (30, 7, 40, 5)]
    whole = np.unique(joint(coded), return_inverse=True)[1]
    np.testing.assert_array_equal(numbered(joint(coded, most=200))[1], whole)

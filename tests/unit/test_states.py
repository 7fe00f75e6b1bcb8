"""Short ways to the states and indices of many rows give what the long ways give."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import simulated
from betyg.data import columns, composites

N = 500
EMPTY = {"99"}


def states(texts):
    """One state a text, and that of an empty cell."""
    return np.array([*(len(text) for text in texts), -3], dtype=np.int8)


@pytest.mark.parametrize(
    "values",
    [[1, 2, 99, 5], [-1, 127, -128], [0], [], [1, None, 99]],
    ids=["spelled as empty", "both ends", "one", "none", "null"],
)
def test_small_whole_numbers_stand_for_what_wide_ones_do(values):
    small, wide = (pa.array(values, kind) for kind in (pa.int8(), pa.int32()))
    found, want = (columns.replaced(array, EMPTY, states, {}) for array in (small, wide))
    np.testing.assert_array_equal(found, want)
    codes, texts = columns.coded(wide, EMPTY)
    np.testing.assert_array_equal(found, states(texts)[codes])


def test_an_index_looked_up_by_combination_is_that_of_each_row(monkeypatch):
    survey = simulated.study(
        items={"q": 5, "r": 10, "s": 4}, indices={"view": ("q", "r"), "all": ("q", "r", "s")}
    )
    rng = np.random.default_rng(3)
    answers = {
        item: rng.integers(-3, k + 1, N).astype(np.int8)
        for item, k in (("q", 5), ("r", 10), ("s", 4))
    }
    year = {"years": lambda: np.full(N, 2012, dtype=np.int16), "there": [2012]}
    by_combination = composites.composites(answers, **year, survey=survey)
    monkeypatch.setattr(composites, "KINDS", 0)
    row_by_row = composites.composites(answers, **year, survey=survey)
    assert by_combination.keys() == {"view", "all"}
    for name, index in by_combination.items():
        values = index.of_rows()
        assert 0 < np.isnan(values).sum() < N
        np.testing.assert_array_equal(values, row_by_row[name].of_rows())
        for one in (index, row_by_row[name]):
            np.testing.assert_array_equal(one.coded().to_numpy(), values)

"""What must hold of cleaning and cells for any survey."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

import raw_study
from betyg.data import attrition, clean, read
from betyg.data.count_cells import whole_numbers
from betyg.stats import cells

HEADER = "id,office,year,w,help,speed,overall\n"
MORE = '[cleaning]\nduplicates = "first"\nunknown_agency = "drop"\nout_of_range = "no_answer"\n'
RTOL = 1e-12  # sums of the same weights in another order

rows = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sampled_from(["03", "20", "25", "??", ""]),
        st.sampled_from(["2011", "2012"]),
        st.sampled_from(["1", "0.5", "2.25"]),
        st.sampled_from(["1", "2", "3", "4", "8", "9", "", "77"]),
        st.sampled_from(["1", "4", ""]),
        st.sampled_from(["1", "10", "99", ""]),
    ),
    min_size=1,
    max_size=40,
)


def run(lines: list[tuple]) -> tuple[clean.Cleaned, pd.DataFrame]:
    text = HEADER + "".join(",".join(map(str, line)) + "\n" for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        survey = raw_study.load(Path(folder), {"a.csv": text}, more=MORE)
        cleaned = clean.clean(read.sources(survey), survey)
    return cleaned, cells.collapse(cleaned, survey)


def distinct(lines: list[tuple]) -> list[tuple]:
    """Give each row its own respondent, so that its place in the file does not matter."""
    return [(at, *line[1:]) for at, line in enumerate(lines)]


@settings(max_examples=40, deadline=None)
@given(rows)
@example([(0, "03", "2011", "1", "8", "", "")])  # a question that nobody answered
@example([(0, "03", "2011", "1", "77", "1", "1")])  # out of range
def test_attrition_adds_up(lines):
    cleaned, _ = run(lines)
    account = cleaned.attrition.set_index("step")["n"]
    assert account["read"] == len(lines)
    assert account["kept"] == len(cleaned.respondents)
    assert account["read"] - account[list(attrition.DROPS)].sum() == account["kept"]
    assert (account >= 0).all()


@settings(max_examples=25, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_shuffling_rows_changes_nothing(lines, random):
    ordered = distinct(lines)
    shuffled = random.sample(ordered, len(ordered))
    _, before = run(ordered)
    _, after = run(shuffled)
    pd.testing.assert_frame_equal(before, after, rtol=RTOL, check_exact=False)


@settings(max_examples=25, deadline=None)
@given(rows, st.data())
def test_cells_of_parts_add_up_to_the_cells_of_the_whole(lines, data):
    lines = distinct(lines)
    at = data.draw(st.integers(0, len(lines)))
    text = [HEADER + "".join(",".join(map(str, line)) + "\n" for line in part)
            for part in (lines, lines[:at], lines[at:]) if part]  # fmt: skip
    found = []
    for part in text:
        with tempfile.TemporaryDirectory() as folder:
            survey = raw_study.load(Path(folder), {"a.csv": part}, more=MORE)
            found.append(cells.collapse(clean.clean(read.sources(survey), survey), survey))
    whole, *parts = found
    keys = ["agency", "year", "item", "kind", "response"]
    measures = ["n", "weight_sum", "weight_sq_sum"]
    joined = pd.concat(parts).groupby(keys, observed=True)[measures].sum()
    pd.testing.assert_frame_equal(
        joined, whole.groupby(keys, observed=True)[measures].sum(), rtol=RTOL, check_exact=False
    )


@given(
    st.lists(
        st.lists(st.floats(0, 500, allow_nan=False), min_size=3, max_size=3),
        min_size=1,
        max_size=20,
    )
)
def test_whole_numbers_add_up_and_are_within_one_of_the_share(table):
    shares = np.array(table)
    rounded = whole_numbers(shares)
    np.testing.assert_array_equal(rounded.sum(axis=1), np.rint(shares.sum(axis=1)))
    assert (np.abs(rounded - shares) < 1 + 1e-6).all()

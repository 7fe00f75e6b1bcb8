"""Agencies and years that share no activity are not compared, and the message says which."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tiny
from betyg.data import clean, read
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import cells, comparison, connected, formula, ordinal_design, patterns


def surveyed(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["agency", "year", "activity"])


def found(frame: pd.DataFrame) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    groups = connected.groups(frame, ["agency", "year"], "activity")
    return [(group.units, group.parts) for group in groups]


def test_units_of_no_shared_activity_are_groups_of_their_own():
    frame = surveyed(("A", 1, "x"), ("A", 2, "x"), ("B", 1, "y"))
    assert found(frame) == [(("A 1", "A 2"), ("x",)), (("B 1",), ("y",))]


def test_a_chain_of_activities_connects():
    frame = surveyed(("A", 1, "x"), ("B", 1, "x"), ("B", 1, "y"), ("C", 1, "y"))
    assert found(frame) == [(("A 1", "B 1", "C 1"), ("x", "y"))]


def test_a_model_is_aliased_just_where_there_are_groups():
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(200):
        frame = surveyed(
            *((a, y, x) for a in "AB" for y in (1, 2) for x in "xyz" if rng.random() < 0.45)
        )
        if any(frame[role].nunique() < 2 for role in frame):
            continue
        model = formula.read("response ~ agency:year + activity", frame.assign(response=1))
        layout, coded = ordinal_design.laid_out(
            model, ordinal_design.coded(frame, frame), {}, rows=len(frame)
        )
        lost = patterns.aliased(coded, layout.names)
        assert len(found(frame)) == 1 + len(lost)
        seen.add(len(lost))
    assert {0, 1} <= seen


def test_a_comparison_of_groups_is_refused_and_names_them(tmp_path):
    survey = Study.load(*tiny.responses(tmp_path, respondents=600))
    counts = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    activities = counts["activity"].astype(str).unique()
    agencies = counts["agency"].astype(str)
    last = agencies == agencies.iloc[-1]
    apart = np.where(last, counts["activity"] == activities[0], counts["activity"] != activities[0])
    with pytest.raises(
        DesignError, match="not comparable: .* fall into 2 groups that share no"
    ) as told:
        comparison.compare(counts[apart], survey)
    assert f"(activity {activities[0]})" in str(told.value)
    assert "adjust_for" in str(told.value)

"""Combinations of agency, year, activity, group and stratum, numbered as they are met."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import raw_study
from betyg.data.rows import Domains
from betyg.data.study import Study

WITH_STRATUM = raw_study.ROLES.replace("id", 'id", stratum = "id')


@pytest.fixture(params=[raw_study.ROLES, WITH_STRATUM], ids=["no strata", "strata"])
def survey(request: pytest.FixtureRequest, tmp_path: Path) -> Study:
    source = raw_study.source("a.csv", roles=request.param)
    return raw_study.load(tmp_path, {"a.csv": raw_study.FULL}, source=source)


def met(survey: Study, agencies: list[int]) -> Domains:
    """Return the combinations of rows of these agencies, each in a stratum of its own."""
    found = Domains(survey)
    agency = np.array(agencies, dtype=np.int32)
    same = np.zeros(len(agency), dtype=np.int32)
    years = np.full(len(agency), 2011, dtype=np.int16)
    found.of(agency, years, same, same, pa.array([f"s{of}" for of in agencies]))
    return found


def test_what_is_absorbed_is_numbered_as_it_was_met_and_stays_as_it_was(survey: Study) -> None:
    parts = [met(survey, [2, 0]), met(survey, [1, 0]), met(survey, [])]
    before = [copy.deepcopy(part.table()) for part in parts]
    whole = Domains(survey)
    numbers = [whole.absorb(part) for part in parts]
    whole.moved(numbers[0], 1)
    for found, expected in zip(numbers, ([0, 1], [2, 1], []), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(whole.table()["agency"], [2, 0, 1, 2, 0])
    for part, table in zip(parts, before, strict=True):
        assert len(part) == len(table)
        pd.testing.assert_frame_equal(part.table(), table)
    again = Domains(survey)
    np.testing.assert_array_equal(again.absorb(parts[0]), [0, 1])


def test_any_year_is_numbered_and_told_again(survey: Study) -> None:
    years = np.array([2011, 0, 1850, 9999, 1900, 2099, 2100, 1850, 2011], dtype=np.int16)
    agency = np.arange(len(years), dtype=np.int32) % 2
    same = np.zeros(len(years), dtype=np.int32)
    found = Domains(survey)
    for part in (slice(0, 1), slice(0, None)):  # what is in the small table, and then the others
        number = found.of(agency[part], years[part], same[part], same[part], None)
        np.testing.assert_array_equal(found.codes()["year"][number], years[part])
        np.testing.assert_array_equal(found.codes()["agency"][number], agency[part])
    whole = Domains(survey)
    np.testing.assert_array_equal(whole.absorb(found), np.arange(len(found)))
    np.testing.assert_array_equal(whole.of(agency, years, same, same, None), number)

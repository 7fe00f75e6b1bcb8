"""Agencies and years compared: what the table holds for few rounds and few agencies."""

import pandas as pd
import pytest

import tiny
from betyg.data import clean, read
from betyg.data.study import Study
from betyg.stats import cells, comparison


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    survey = Study.load(*tiny.responses(tmp_path_factory.mktemp("tiny"), respondents=600))
    return survey, cells.collapse(clean.clean(read.sources(survey), survey), survey)


def agencies_of(table: pd.DataFrame, year: int) -> pd.DataFrame:
    rows = table[(table["year"] == year) & (table["agency"] != "all")]
    return rows.drop(columns="year").reset_index(drop=True)


def test_the_only_round_has_rows_of_its_own(study):
    survey, counts = study
    year = int(counts["year"].max())
    table = comparison.compare(counts[counts["year"] == year], survey).table
    assert set(table["year"]) == {0, year}
    assert len(agencies_of(table, year)) > 1
    pd.testing.assert_frame_equal(agencies_of(table, year), agencies_of(table, 0))


def test_each_of_several_rounds_has_rows_of_its_own(study):
    survey, counts = study
    table = comparison.compare(counts, survey).table
    rounds = {int(year) for year in counts["year"]}
    assert set(table["year"]) == {0, *rounds}
    assert not table.duplicated(["agency", "year"]).any()

"""Agencies and years compared on an index of which only the counts of each question are known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tiny
from betyg.data import clean, read
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import cells as cells_of
from betyg.stats import comparison

PAIR = '\n[index.pair]\nitems = ["courtesy", "website"]\nlabel.sv = "Båda"\nlabel.en = "Both"\n'


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, pd.DataFrame]:
    root, name = tiny.counts(tmp_path_factory.mktemp("counts"), respondents=900)
    toml = root / name / "study.toml"
    text = toml.read_text("utf-8").replace('outcome = "satisfaction"', 'outcome = "pair"')
    toml.write_text(text + PAIR, encoding="utf-8")
    agencies = Path(root / name / "agencies.csv")
    rows = agencies.read_text("utf-8").splitlines()
    parents = ["parent", *("" if "norr" in row else "norr" for row in rows[1:])]
    lines = (f"{row},{parent}" for row, parent in zip(rows, parents, strict=True))
    agencies.write_text("\n".join(lines) + "\n", encoding="utf-8")
    survey = Study.load(root, name)
    return survey, cells_of.collapse(clean.clean(read.sources(survey), survey), survey)


def about(survey: Study, item: str) -> Study:
    return survey.model_copy(
        update={"compare": survey.compare.model_copy(update={"outcome": item})}
    )


def indexed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"agency": str}).set_index(["agency", "year"])


def test_the_index_is_the_mean_of_its_questions_with_the_widest_standard_error(known):
    survey, cells = known
    whole = indexed(comparison.compare(cells, survey).table)
    parts = [
        indexed(comparison.compare(cells, about(survey, item)).table).loc[whole.index]
        for item in ("courtesy", "website")
    ]
    for column in ("estimate", "se"):
        mean = (parts[0][column] + parts[1][column]) / 2
        np.testing.assert_allclose(whole[column], mean, rtol=1e-12)
    assert set(whole["outcome"]) == {"pair"}
    assert (whole["n"] == np.minimum(parts[0]["n"], parts[1]["n"])).all()
    assert (whole["extrapolated"] == 0).all()


def test_a_total_is_not_compared_and_no_agency_is_without_a_name(known):
    survey, cells = known
    table = comparison.compare(cells, survey).table
    assert table["agency"].notna().all()
    assert set(table["agency"].astype(str)) == {"mitt", "syd", "all"}


def test_a_round_that_lacks_a_question_is_left_out_and_named(known):
    survey, cells = known
    gap = (cells["item"] == "website") & (cells["agency"] == "syd") & (cells["year"] == 2012)
    compared = comparison.compare(cells[~gap], survey)
    assert ("syd", 2012) not in indexed(compared.table).index
    assert ("syd", 2011) in indexed(compared.table).index
    left = compared.left_out[["agency", "year", "reason"]].astype(str).to_numpy().tolist()
    assert left == [["syd", "2012", "a question is missing"]]


def test_the_summary_shows_the_model_of_each_question(known):
    survey, cells = known
    summary = comparison.compare(cells, survey).summary()
    assert summary.count("Cumulative logit model") == 2
    assert "website\nCumulative" in summary


def test_an_index_that_nobody_answered_is_an_error(known):
    survey, cells = known
    with pytest.raises(DesignError, match="nobody answered 'pair' from 2020 on"):
        comparison.compare(cells, survey, year_from=2020)

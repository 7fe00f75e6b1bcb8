"""Comparisons of a study that tells its primary sampling units."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import tiny
from betyg.data import clean, read
from betyg.data.study import Study
from betyg.stats import cells, clustered, comparison, ordinal


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    survey = Study.load(*tiny.responses(tmp_path_factory.mktemp("tiny"), respondents=900))
    cleaned = clean.clean(read.sources(survey), survey)
    people = cleaned.respondents
    # Respondents of one unit answer alike: neighbours in the order of their first answer.
    item = survey.items[0].item
    order = people.sort_values([*("agency", "year"), item], kind="stable").index
    psu = pd.Series(np.arange(len(people)) // 6, index=order).loc[people.index]
    return survey, people.assign(psu=psu.to_numpy()), cells.collapse(cleaned, survey)


@pytest.fixture
def in_clusters(monkeypatch):
    monkeypatch.setattr(clustered, "declared", lambda _: True)


def test_units_of_a_study_are_those_that_a_file_tells():
    told = SimpleNamespace(sources=[SimpleNamespace(columns={"psu": "kommun"})])
    untold = SimpleNamespace(sources=[SimpleNamespace(columns={"agency": "lan"})])
    assert clustered.declared(told)
    assert not clustered.declared(untold)


def test_cells_by_unit_add_up_to_the_cells(tables):
    survey, people, counts = tables
    outcome = survey.compare.outcome
    whole = counts[(counts["item"] == outcome) & (counts["kind"] == "answer")]
    found = clustered.cells_of(people, survey, item=outcome)
    keys = ["agency", "year", "activity", "group", "response"]
    sums = [
        frame.astype(dict.fromkeys(keys[:1] + keys[2:4], "str"))
        .groupby(keys)[["n", "weight_sum", "weight_sq_sum"]]
        .sum()
        for frame in (whole, found)
    ]
    pd.testing.assert_frame_equal(sums[0], sums[1], check_dtype=False)


def test_answers_that_are_alike_within_units_widen_the_errors(tables, in_clusters):
    survey, people, counts = tables
    alone = comparison.compare(counts, survey).table
    together = comparison.compare(counts, survey, respondents=people).table
    pd.testing.assert_series_equal(alone["n"], together["n"])
    np.testing.assert_allclose(alone["estimate"], together["estimate"], rtol=0.02)
    one = (alone["agency"] != "all") & (alone["year"] > 0)
    assert np.median(together.loc[one, "se"] / alone.loc[one, "se"]) > 1.2


def test_errors_are_those_of_the_model_with_the_same_sampling(tables, in_clusters):
    survey, people, counts = tables
    found = comparison.compare(counts, survey, respondents=people)
    chosen = comparison.comparable(
        clustered.cells_of(people, survey, item=survey.compare.outcome), survey
    )
    terms = ["agency", "year", *chosen.adjust_for]
    model = ordinal.fit(
        chosen.cells, f"response ~ {' + '.join(terms)}", sampling=clustered.SAMPLING
    )
    np.testing.assert_allclose(found.over_time.bse, model.bse)


def test_without_units_nothing_changes(tables):
    survey, people, counts = tables
    pd.testing.assert_frame_equal(
        comparison.compare(counts, survey).table,
        comparison.compare(counts, survey, respondents=people).table,
    )

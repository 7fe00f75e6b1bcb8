"""Cells hold what the rows say: counts, weights and scores by agency, year and answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import raw_study
import tiny
from betyg.data import clean, read
from betyg.data.study import Study
from betyg.stats import cells

COLUMNS = [
    "agency", "year", "activity", "group", "stratum", "item", "scale", "kind",
    "response", "score", "n", "weight_sum", "weight_sq_sum", "se",
]  # fmt: skip


@pytest.fixture
def survey(tmp_path):
    return Study.load(*tiny.responses(tmp_path))


@pytest.fixture
def cleaned(survey):
    return clean.clean(read.sources(survey), survey)


def test_columns_and_types_are_those_of_the_contract(cleaned, survey):
    found = cells.collapse(cleaned, survey)
    assert found.columns.tolist() == COLUMNS
    kinds = {name: str(kind) for name, kind in found.dtypes.items()}
    assert kinds["year"] == "int16"
    assert kinds["n"] == "int64"
    assert {kinds[name] for name in ("response", "score", "weight_sum", "se")} == {"float64"}
    assert found["agency"].cat.categories.tolist() == ["norr", "mitt", "syd"]
    assert found["item"].cat.categories.tolist() == [
        "courtesy", "website", "overall", "satisfaction", "theme.contact",
    ]  # fmt: skip


def test_each_item_counts_each_respondent_once(cleaned, survey):
    found = cells.collapse(cleaned, survey)
    sums = (
        found[found["scale"] != "0-100"]
        .groupby("item", observed=True)[["n", "weight_sum", "weight_sq_sum"]]
        .sum()
    )
    weight = cleaned.respondents["weight"]
    assert sums["n"].tolist() == [len(weight)] * 3
    np.testing.assert_allclose(sums["weight_sum"], weight.sum())
    np.testing.assert_allclose(sums["weight_sq_sum"], (weight**2).sum())


def test_the_weighted_mean_of_cells_is_that_of_rows(cleaned, survey):
    found = cells.collapse(cleaned, survey)
    rows = cleaned.respondents
    for index in ("satisfaction", "theme.contact"):
        own = found[found["item"] == index]
        assert (own["kind"] == "answer").all()
        given = rows[index].notna()
        np.testing.assert_allclose(
            np.average(own["score"], weights=own["weight_sum"]),
            np.average(rows.loc[given, index], weights=rows.loc[given, "weight"]),
        )


def test_missing_answers_have_no_score(cleaned, survey):
    found = cells.collapse(cleaned, survey)
    missing = found["kind"] != "answer"
    assert missing.any()
    assert found.loc[missing, "score"].isna().all()
    assert (found.loc[missing, "response"] == 0).all()
    assert found.loc[~missing, "score"].notna().all()


def test_own_scores_of_a_scale_are_used(tmp_path):
    scales = raw_study.FACTS["scales.csv"].replace("label_en\n", "label_en,score\n")
    scales = scales.replace("Mycket dåligt,Very poor", "Mycket dåligt,Very poor,0")
    scales = scales.replace("Dåligt,Poor", "Dåligt,Poor,10").replace("Bra,Good", "Bra,Good,60")
    scales = scales.replace("Mycket bra,Very good", "Mycket bra,Very good,100")
    survey = raw_study.load(tmp_path, {"a.csv": raw_study.FULL}, facts={"scales.csv": scales})
    found = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    helped = found[found["item"] == "help"].set_index("response")["score"]
    assert helped.sort_index().tolist() == [0.0, 10.0, 100.0]
    assert found.loc[found["item"] == "theme.contact", "score"].max() == (100 + 60) / 2


def test_cells_that_were_collapsed_apart_add_up(cleaned, survey):
    rows = cleaned.respondents
    parts = []
    for chosen in (rows["year"] == 2011, rows["year"] == 2012):
        part = rows[chosen].reset_index(drop=True)
        parts.append(
            cells.collapse(
                clean.Cleaned(parts=[part], counts=cleaned.counts, attrition=cleaned.attrition),
                survey,
            )
        )
    pd.testing.assert_frame_equal(cells.add(parts, survey), cells.collapse(cleaned, survey))


def test_nobody_gives_no_cells_but_all_columns(cleaned, survey):
    nobody = clean.Cleaned(
        parts=[cleaned.respondents[:0]], counts=cleaned.counts, attrition=cleaned.attrition
    )
    found = cells.collapse(nobody, survey)
    assert found.columns.tolist() == COLUMNS
    assert found.empty


def test_rounded_percentages_give_the_means_of_the_rows_within_rounding(cleaned, survey, tmp_path):
    aggregated = Study.load(*tiny.counts(tmp_path))
    theirs = cells.collapse(clean.clean(read.sources(aggregated), aggregated), aggregated)
    unweighted = clean.Cleaned(
        parts=[cleaned.respondents.assign(weight=1.0)],
        counts=cleaned.counts,
        attrition=cleaned.attrition,
    )
    ours = cells.collapse(unweighted, survey)
    for item in tiny.ITEMS:
        means = [
            np.average(own["score"], weights=own["weight_sum"])
            for found in (ours, theirs)
            for own in [found[(found["item"] == item) & (found["kind"] == "answer")]]
        ]
        assert means[0] == pytest.approx(means[1], abs=0.5)


def test_a_value_has_one_number_in_every_part_also_where_there_is_none():
    known: dict[float, int] = {}
    assert cells.in_order(np.array([50.0, np.nan, 50.0]), known).tolist() == [0, 1, 0]
    assert cells.in_order(np.array([np.nan, 25.0]), known).tolist() == [1, 2]
    assert len(known) == 3

"""FEVS 2018: 101,881 respondents with weights, against stored results of R's survey package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import study_writer

from betyg.data import clean, read
from betyg.stats import cells

pytestmark = pytest.mark.real

RTOL = 1e-9  # the same weighted mean on both sides; the reference has 15 digits
TOML = """\
[study]
title.en = "Federal Employee Viewpoint Survey"
languages = ["en"]
kind = "responses"
synthetic = false
[[source]]
file = "fevs.parquet"
year = 2018
columns = { respondent = "respondent_id", agency = "agency", weight = "weight", stratum = "level1" }
[index.satisfaction]
items = ["Q40", "Q69", "Q70", "Q71"]
label.en = "Global satisfaction"
[compare]
outcome = "satisfaction"
"""


@pytest.fixture
def cleaned(real_data, tmp_path):
    folder = real_data("us_fevs_2018_sample")
    answers = pd.read_parquet(folder / "fevs2018_sample.parquet")
    items = pd.read_csv(folder / "items.csv")
    agencies = pd.read_csv(folder / "agencies.csv", keep_default_na=False)
    agree = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]
    survey = study_writer.load(
        tmp_path,
        toml=TOML,
        tables={
            "fevs.parquet": answers,
            "codebook.csv": study_writer.codebook(
                [
                    (item, "", "agree", text)
                    for item, text in zip(items["item"], items["text"], strict=True)
                ]
            ),
            "scales.csv": study_writer.scale("agree", agree),
            "agencies.csv": agencies.set_axis(["code", "label_en"], axis=1),
        },
    )
    return survey, clean.clean(read.sources(survey), survey)


def test_rows_read_and_kept_add_up(cleaned):
    account = cleaned[1].attrition.set_index("step")["n"]
    assert account["read"] == 101_881
    assert account["read"] - account.drop(["read", "kept"]).sum() == account["kept"]
    assert len(cleaned[1].respondents) == account["kept"]


def test_weighted_percent_positive_equals_the_stored_results_of_r(cleaned, real_data):
    survey, tables = cleaned
    folder = real_data("us_fevs_2018_sample")
    stored = pd.read_csv(
        folder / "reference_percent_positive_R_survey.csv", keep_default_na=False
    ).set_index(["item", "agency"])
    found = cells.collapse(tables, survey)
    found = found[found["item"].isin(stored.index.get_level_values("item"))]
    found = found.astype({"item": "str", "agency": "str"})
    everywhere = found.assign(agency="ALL")
    both = pd.concat([found, everywhere])
    both["positive"] = both["weight_sum"].where(both["response"] >= 4, 0.0)
    sums = both.groupby(["item", "agency"])[["n", "weight_sum", "positive"]].sum()
    sums = sums.reindex(stored.index)
    np.testing.assert_array_equal(sums["n"], stored["n"])
    np.testing.assert_allclose(
        100 * sums["positive"] / sums["weight_sum"], stored["pct_pos"], rtol=RTOL
    )


def test_published_index_is_near_what_the_sample_gives(cleaned, real_data):
    survey, tables = cleaned
    published = pd.read_csv(real_data("us_fevs_2018_sample") / "published_reference.csv")
    row = published[published["quantity"].str.contains("Q63")].iloc[0]
    found = cells.collapse(tables, survey)
    item = found[found["item"] == "Q63"]
    share = item.loc[item["response"] >= 4, "weight_sum"].sum() / item["weight_sum"].sum()
    assert 100 * share == pytest.approx(row["published_value"], abs=1)

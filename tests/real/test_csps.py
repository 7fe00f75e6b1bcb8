"""Civil Service People Survey: published values only, rows of all civil servants among them."""

from __future__ import annotations

import pandas as pd
import pytest
import study_writer

from betyg.data import clean, read
from betyg.errors import DataError
from betyg.stats import cells

pytestmark = pytest.mark.real

TOML = """\
[study]
title.en = "Civil Service People Survey"
languages = ["en"]
kind = "published"
synthetic = false
[[source]]
file = "values.parquet"
unlisted_items = "drop"
drop = {{ {drop} }}
columns = {{ agency = "org_uid", year = "year", item = "measure", value = "value_published" }}
[compare]
outcome = "engagement_index"
"""
AGGREGATES = 'is_aggregate = ["1"]'


@pytest.fixture
def load(real_data, tmp_path):
    folder = real_data("uk_csps_2009_2024")
    values = pd.read_parquet(folder / "csps_org_year_measure.parquet")
    measures = pd.read_csv(folder / "measures.csv")
    places = pd.read_csv(folder / "organisations.csv", keep_default_na=False)

    def make(kind: str, drop: str = AGGREGATES):
        named = measures[measures["kind"].str.startswith(kind)]
        named = named.assign(item=named["measure"].str.replace("000.", ""))
        rows = [
            (code, "", "0-100", text)
            for code, text in zip(named["item"], named["label"], strict=True)
        ]
        agencies = pd.DataFrame({"code": places["org_uid"], "label_en": places["org_name"]})
        survey = study_writer.load(
            tmp_path,
            toml=TOML.format(drop=drop),
            tables={
                "values.parquet": values,
                "codebook.csv": study_writer.codebook(rows),
                "crosswalk.csv": named[["item"]].assign(column=named["measure"], wording="w"),
                "agencies.csv": agencies,
            },
        )
        return survey, values, named

    return make


def test_rows_read_and_kept_add_up(load):
    survey, values, named = load("index")
    cleaned = clean.clean(read.sources(survey), survey)
    account = cleaned.attrition.set_index("step")["n"]
    used = values["measure"].isin(named["measure"]) & (values["is_aggregate"] == 0)
    assert account["read"] == len(values) == 144_920
    assert account["declared not used"] == (~used).sum()
    assert account["read"] - account.drop(["read", "kept"]).sum() == account["kept"]


def test_every_published_value_is_a_cell_as_it_was_printed(load):
    survey, values, named = load("index")
    found = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    keys = ["agency", "year", "item"]
    assert (found["kind"] == "published").all()
    used = values[values["is_aggregate"] == 0].merge(named[["item", "measure"]], on="measure")
    both = found.astype({"agency": "str", "item": "str"}).merge(
        used, left_on=keys, right_on=["org_uid", "year", "item"], validate="one_to_one"
    )
    assert len(both) == len(found) == used["value_published"].notna().sum()
    assert (both["score"] == both["value_published"]).all()


def test_median_of_organisations_is_the_published_benchmark(load, real_data):
    survey, _, _ = load("index")
    found = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    published = pd.read_csv(real_data("uk_csps_2009_2024") / "published_reference.csv")
    benchmark = published[
        published["unit"].str.contains("median")
        & (published["quantity"] == "Employee engagement index")
    ].set_index("year")["published_value"]
    index = found[found["item"] == "engagement_index"]
    median = index.groupby("year")["score"].median()
    assert len(benchmark) >= 8
    assert (median.reindex(benchmark.index) - benchmark).abs().max() <= 1


def test_rows_of_all_civil_servants_must_be_declared(load):
    survey, _, _ = load("index", drop="")
    with pytest.raises(DataError, match="'CSBNCH' is no agency"):
        clean.clean(read.sources(survey), survey)

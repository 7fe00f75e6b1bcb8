"""GSS and FEVS through a study folder to estimates: against stored results of R's survey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import study_writer

from betyg.data import clean, read
from betyg.stats import cells, estimate
from witness import Agreement, check, check_twin

pytestmark = pytest.mark.real

RTOL = 1e-8  # the same closed formulas on both sides

GSS = """\
[study]
title.en = "General Social Survey"
languages = ["en"]
kind = "responses"
[[source]]
file = "gss.parquet"
[source.columns]
agency = "bigregion"
year = "year"
weight = "wtssps"
stratum = "vstrat"
psu = "psu"
[compare]
outcome = "happy"
[design]
strata = ["year", "stratum"]
"""
FEVS = """\
[study]
title.en = "Federal Employee Viewpoint Survey"
languages = ["en"]
kind = "responses"
[[source]]
file = "fevs.parquet"
year = 2018
columns = {{ respondent = "respondent_id", agency = "agency", weight = "weight"{more} }}
[compare]
outcome = "Q40"
[design]
strata = {strata}
"""
HAPPY = ["Not Too Happy", "Pretty Happy", "Very Happy"]


def estimates_of(survey, by):
    tables = clean.clean(read.sources(survey), survey)
    return estimate.table(tables.respondents, cells.collapse(tables, survey), survey, by=by)


@pytest.mark.parametrize("verify", [check, check_twin])
def test_gss_strata_and_psus_of_35_years(real_data, tmp_path, verify):
    folder = real_data("us_gss_1972_2024")
    gss = pd.read_parquet(folder / "gss_lon.parquet").astype({"happy": "str", "bigregion": "str"})
    gss = gss[gss["happy"].isin(HAPPY) & gss["wtssps"].notna()]
    stated = gss["vstrat"].notna()
    # PSUs are numbered within strata. Years before 1975 have none: each respondent is one.
    psu = gss["vstrat"].astype("str") + "/" + gss["vpsu"].astype("str")
    answers = gss.assign(
        psu=psu.where(stated, "r" + gss["id"].astype("str")),
        vstrat=gss["vstrat"].astype("str").where(stated, "none"),
    )
    regions = sorted(gss["bigregion"].unique())
    survey = study_writer.load(
        tmp_path,
        toml=GSS,
        tables={
            "gss.parquet": answers[["bigregion", "year", "wtssps", "vstrat", "psu", "happy"]],
            "codebook.csv": study_writer.codebook([("happy", "", "happy", "Happiness")]),
            "scales.csv": study_writer.scale("happy", HAPPY),
            "agencies.csv": pd.DataFrame({"code": regions, "label_en": regions}),
        },
    )
    found = estimates_of(survey, [("year",), ("agency", "year")])
    shares = found[found["statistic"] == "share"].astype({"agency": "str"})
    stored = pd.read_csv(folder / "reference_happy_R_survey.csv")
    keys = list(
        zip(
            stored["region"].replace("ALL", "all"),
            stored["year"],
            stored["category"].map(HAPPY.index) + 1.0,
            strict=True,
        )
    )
    rows = shares.set_index(["agency", "year", "response"]).loc[keys]
    assert stored["year"].nunique() >= 33
    for column, want in (("estimate", "p"), ("se", "se"), ("n", "n")):
        got = rows[column].to_numpy(float)
        verify(Agreement(got=got, want=stored[want].to_numpy(float), rtol=RTOL, atol=1e-12))
    whole = (stored["region"] == "ALL").to_numpy()  # R's df of a region are those of the whole
    got, want = rows["df"].to_numpy()[whole], stored["df"].to_numpy(float)[whole]
    verify(Agreement(got=got, want=want, rtol=RTOL))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize(
    ("strata", "more", "column"),
    [("[]", "", "se_weights"), ('["stratum"]', ', stratum = "level1"', "se_strat_level1")],
)
def test_fevs_percent_positive_of_45_agencies(real_data, tmp_path, strata, more, column, verify):
    folder = real_data("us_fevs_2018_sample")
    stored = pd.read_csv(folder / "reference_percent_positive_R_survey.csv", keep_default_na=False)
    items = list(stored["item"].unique())
    answers = pd.read_parquet(folder / "fevs2018_sample.parquet")
    agencies = pd.read_csv(folder / "agencies.csv", keep_default_na=False)
    agree = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]
    survey = study_writer.load(
        tmp_path,
        toml=FEVS.format(strata=strata, more=more),
        tables={
            "fevs.parquet": answers[["respondent_id", "agency", "weight", "level1", *items]],
            "codebook.csv": study_writer.codebook([(item, "", "agree", item) for item in items]),
            "scales.csv": study_writer.scale("agree", agree),
            "agencies.csv": agencies.set_axis(["code", "label_en"], axis=1),
        },
    )
    found = estimates_of(survey, [(), ("agency",)])
    top = found[found["statistic"] == "top2"].astype({"agency": "str", "item": "str"})
    keys = list(zip(stored["item"], stored["agency"].replace("ALL", "all"), strict=True))
    rows = top.set_index(["item", "agency"]).loc[keys]
    assert stored["agency"].nunique() == 46
    for name, want in (("estimate", "pct_pos"), ("se", column)):
        got = 100.0 * rows[name].to_numpy()
        verify(Agreement(got=got, want=stored[want].to_numpy(float), rtol=RTOL, atol=1e-10))
    np.testing.assert_array_equal(rows["n"], stored["n"])

"""insikt: the published values come through as they are, and what must not be mixed stays apart."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from betyg.data import clean, read
from betyg.data.study import Study
from betyg.errors import DataError
from betyg.stats import cells, estimate

KEY = ["municipality", "year", "area"]
UNDATED = ["as labelled", "page year only"]


@pytest.fixture(scope="module")
def raw(insikt) -> pd.DataFrame:
    return pd.read_csv(insikt.folder / "insikt_nki.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def values(insikt, insikt_cleaned) -> pd.Series:
    """Published values by place, year and item."""
    kept = insikt_cleaned.counts
    assert not kept.duplicated(["agency", "year", "item"]).any()
    index = [kept["agency"].astype(str), kept["year"].astype(int), kept["item"].astype(str)]
    return pd.Series(kept["score"].to_numpy(), index=pd.MultiIndex.from_arrays(index))


def test_every_row_is_kept_or_accounted_for(insikt_cleaned, raw):
    steps = insikt_cleaned.attrition.set_index("step")["n"]
    assert steps["read"] == len(raw) == 558
    assert steps["declared not used"] == 89
    assert steps["duplicates"] == 13
    assert steps["kept"] == len(insikt_cleaned.counts) == 456
    assert steps["unknown agency"] == steps["suppressed"] == 0


def test_every_value_that_is_kept_stands_in_the_file(insikt, values, raw):
    spelt = insikt.spellings("agency")
    items = insikt.item_spellings(2021)
    used = raw[raw["municipality"].isin(spelt) & ~raw["year_basis"].isin(UNDATED)]
    listed = {
        (spelt[row.municipality], int(row.year), items[row.area], float(row.value))
        for row in used.itertuples()
    }
    assert {(*key, value) for key, value in values.items()} == listed


def test_agencies_are_municipalities_and_the_country_is_their_total(insikt):
    assert set(insikt.totals) == {"riket"}
    assert len(insikt.agency_codes) == 108
    assert {unit.parent for unit in insikt.agencies if unit.code != "riket"} == {"riket"}


def test_means_of_groups_are_declared_and_not_used(insikt, raw):
    declared = set(insikt.sources[0].drop["municipality"])
    assert declared <= set(raw["municipality"])
    assert {"Sverige", "SBA-regionen", "Större stad (ovägt medel)"} <= declared
    assert not declared & set(insikt.spellings("agency"))


def test_sverige_is_not_mixed_into_riket(values, raw):
    quoted = raw[(raw[KEY] == ["Sverige", "2015", "total"]).all(axis="columns")]
    assert quoted["value"].tolist() == ["69"]
    assert values["riket", 2015, "nki"] == 68.4


def test_years_that_are_not_known_are_not_on_the_axis(insikt, insikt_cleaned, raw):
    assert list(insikt.sources[0].drop["year_basis"]) == UNDATED
    undated = raw[raw["year_basis"].isin(UNDATED)]
    assert set(undated["municipality"]) == {"Trosa", "Lycksele", "Askersund"}
    assert len(undated) == 5


def test_the_conflict_about_trosa_is_decided_by_the_year_rule(values, raw):
    trosa = raw[(raw[KEY] == ["Trosa", "2021", "total"]).all(axis="columns")]
    assert sorted(trosa["value"]) == ["84", "85"]
    assert values["trosa", 2021, "nki"] == 85


def test_repeats_that_remain_agree_and_none_loses_its_number_of_answers(
    insikt_cleaned, insikt, raw
):
    used = raw[raw["municipality"].isin(insikt.spellings("agency"))]
    repeated = used[~used["year_basis"].isin(UNDATED) & used.duplicated(KEY, keep=False)]
    dated = repeated[repeated.duplicated(KEY, keep=False)].groupby(KEY)
    assert (dated["value"].nunique() == 1).all()
    stated = used.loc[~used["year_basis"].isin(UNDATED), "n"].replace("", pd.NA).dropna()
    counts = insikt_cleaned.counts
    assert sorted(counts.loc[counts["n"] > 0, "n"]) == sorted(stated.astype(int))


def test_without_the_year_rule_the_conflict_stops_the_study(insikt, raw, tmp_path):
    folder = tmp_path / "insikt"
    shutil.copytree(insikt.folder, folder)
    toml = (folder / "study.toml").read_text("utf-8")
    without_rule = toml.replace('year_basis = ["as labelled", "page year only"]', "")
    strict = without_rule.replace('repeats = "last"', 'repeats = "error"')
    (folder / "study.toml").write_text(strict, "utf-8")
    units = folder / "agencies.csv"
    units.write_text(units.read_text("utf-8") + "askersund,Askersund,Askersund,riket,\n", "utf-8")
    survey = Study.load(tmp_path, "insikt")
    trosa = raw.index[
        (raw[[*KEY, "value"]] == ["Trosa", "2021", "total", "84"]).all(axis="columns")
    ]
    line = int(trosa[0]) + 2  # the header is line 1
    with pytest.raises(DataError, match="other numbers") as raised:
        clean.clean(read.sources(survey), survey)
    assert str(line) in str(raised.value)


def test_estimates_are_the_published_values_without_margins(insikt, insikt_cleaned, values):
    collapsed = cells.collapse(insikt_cleaned, insikt)
    found = estimate.table(insikt_cleaned.respondents, collapsed, insikt)
    index = [found["agency"].astype(str), found["year"].astype(int), found["item"].astype(str)]
    estimates = pd.Series(found["estimate"].to_numpy(), index=pd.MultiIndex.from_arrays(index))
    pd.testing.assert_series_equal(estimates.sort_index(), values.sort_index(), check_names=False)
    assert not (found["agency"].astype(str) == "all").any()
    assert found["se"].isna().all()


def test_a_second_source_agrees_except_about_trosa(insikt, values):
    off = {
        row.id: values[row.agency, row.year, row.item] - row.value
        for row in insikt.published
        if abs(values[row.agency, row.year, row.item] - row.value) > row.tolerance
    }
    assert len(insikt.published) == 14
    assert off == {"trosa_2021": 1.0}


def test_the_total_is_not_the_mean_of_the_areas(insikt, values):
    areas = [item.item for item in insikt.items if item.theme == "area"]
    wide = values.unstack()
    both = wide[wide["nki"].notna() & (wide[areas].notna().sum(axis="columns") >= 4)]
    assert len(both) > 10
    difference = both["nki"] - both[areas].mean(axis="columns")
    assert np.abs(difference).max() > 1.5
    assert not insikt.composites


def test_neither_bands_nor_ranks_can_be_read_off_the_study(insikt, insikt_cleaned):
    assert insikt.kind == "published"
    assert insikt.bands == ()
    stated = insikt_cleaned.counts["n"] > 0
    assert stated.mean() < 0.05  # ranks need the number of answers

"""PSES, Health Canada: rounded percentages with n, nested units, published per cent positive."""

from __future__ import annotations

import pandas as pd
import pytest
import study_writer

from betyg.data import clean, read
from betyg.stats import cells

pytestmark = pytest.mark.real

TOML = """\
[study]
title.en = "Public Service Employee Survey"
languages = ["en"]
kind = "counts"
synthetic = false
[[source]]
file = "units.csv"
values = "percent"
unlisted_items = "drop"
suppressed = [""]
columns = { agency = "unit", year = "year", item = "qid_2019", n = "n" }
[source.categories]
pct_a1 = "a1"
pct_a2 = "a2"
pct_a3 = "a3"
pct_a4 = "a4"
pct_a5 = "a5"
pct_a6 = "a6"
pct_a7 = "a7"
[compare]
outcome = "Q07"
"""
PARENTS = {"Public Service": "", "Health Canada": "Public Service", "ROEB": "Health Canada"}
ONE_ANSWER = "Q82"  # harm by the pay system: the survey counts only "not at all" as positive
WITHIN = 2  # points: percentages of categories are rounded, the published one was not


def orders(*, reverse: bool) -> pd.DataFrame:
    """Return a scale whose first code is the most positive, or, reversed, the least."""
    rows = [("a6", "", "dont_know"), ("a7", "", "not_applicable")]
    places = range(1, 6) if reverse else range(5, 0, -1)
    rows = [(f"a{code}", str(at), "answer") for code, at in enumerate(places, start=1)] + rows
    scale = pd.DataFrame(rows, columns=["code", "order", "kind"])
    name = "reversed" if reverse else "positive"
    return scale.assign(scale=name, label_en=[f"{name} {code}" for code in scale["code"]])


def code_of(unit: str) -> str:
    return unit.replace(" ", "_")


@pytest.fixture
def units(real_data):
    found = pd.read_csv(real_data("ca_pses_healthcanada_2017_2019") / "pses_hc_units.csv")
    return found.assign(code=found["unit"].map(code_of))


@pytest.fixture
def cleaned(units, tmp_path):
    scaled = units[units["answer_type"].isin([1, 2, 3])].drop_duplicates("qid_2019")
    rows = [
        (q, "", "reversed" if reverse else "positive", text)
        for q, reverse, text in zip(
            scaled["qid_2019"], scaled["is_reversed"], scaled["question_en"], strict=True
        )
    ]
    names = pd.Series(units["unit"].unique())
    agencies = pd.DataFrame(
        {
            "code": names.map(code_of),
            "label_en": names,
            "parent": [code_of(PARENTS.get(name, "ROEB")) for name in names],
        }
    )
    survey = study_writer.load(
        tmp_path,
        toml=TOML,
        tables={
            "units.csv": units,
            "codebook.csv": study_writer.codebook(rows),
            "scales.csv": pd.concat([orders(reverse=False), orders(reverse=True)]),
            "agencies.csv": agencies,
        },
    )
    return survey, clean.clean(read.sources(survey), survey)


def test_rows_read_and_kept_add_up(cleaned, units):
    account = cleaned[1].attrition.set_index("step")["n"]
    scaled = units["answer_type"].isin([1, 2, 3])
    assert account["read"] == len(units) == 5203
    assert account["declared not used"] == (~scaled).sum()
    assert account["suppressed"] == (scaled & units["n"].isna()).sum() == 8
    assert account["read"] - account.drop(["read", "kept"]).sum() == account["kept"]


def test_parents_are_totals(cleaned):
    assert cleaned[0].totals == {"Public_Service", "Health_Canada", "ROEB"}


def test_cells_add_up_to_the_published_number_of_answers(cleaned, units):
    found = cells.collapse(*reversed(cleaned))
    keys = ["agency", "year", "item"]
    sums = found.groupby(keys, observed=True)[["n", "weight_sum"]].sum().reset_index()
    both = sums.astype({"agency": "str", "item": "str"}).merge(
        units, left_on=keys, right_on=["code", "year", "qid_2019"], validate="one_to_one"
    )
    assert len(both) == cleaned[1].attrition.set_index("step")["n"]["kept"]
    assert (both["n_x"] == both["n_y"]).all()
    assert (both["weight_sum"] - both["n_y"]).abs().max() < 1e-6


def test_per_cent_positive_comes_back_within_rounding(cleaned, units):
    found = cells.collapse(*reversed(cleaned))
    answered = found[found["kind"] == "answer"]
    keys = ["agency", "year", "item"]
    total = answered.groupby(keys, observed=True)["weight_sum"].sum()
    top = answered[answered["response"] >= 4].groupby(keys, observed=True)["weight_sum"].sum()
    share = (100 * top.reindex(total.index).fillna(0) / total).rename("share").reset_index()
    both = share.astype({"agency": "str", "item": "str"}).merge(
        units, left_on=keys, right_on=["code", "year", "qid_2019"], validate="one_to_one"
    )
    gap = (both["share"] - both["pct_positive_published"]).abs()
    gap = gap[both["item"] != ONE_ANSWER]
    assert len(gap.dropna()) > 2400
    assert gap.max() < WITHIN
    assert gap.median() < 0.5

"""The crosswalk: other columns and codes in other years, scales replaced, several codes a cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

import raw_study
from betyg.data import clean, read
from betyg.errors import DataError
from betyg.stats import cells
from raw_study import FACTS, source

ROLES = '{ respondent = "id", agency = "office" }'
OLD = "id,office,F1,F2,sum\na,03,1,5,5\nb,20,4,2,1\n"
NEW = "id,office,help,speed,overall\nc,03,1,2,10\nd,20,4,3,1\n"
FIVE = FACTS["scales.csv"] + "".join(
    f"five,{i},{i},answer,Grad {i},Step {i}\n" for i in range(1, 6)
)
CROSSWALK = (
    "item,year,column,scale,recode,bridge\n"
    "help,2009,F1,,1=4|2=3|3=2|4=1,\n"
    "speed,2009,F2,,5=9,\n"
    "overall,2009,sum,five,,yes\n"
)
YEARS = source("old.csv", "year = 2009", ROLES) + source("new.csv", "year = 2010", ROLES)


def survey_of(tmp_path: Path, **facts: str):
    facts = {"scales.csv": FIVE, "crosswalk.csv": CROSSWALK} | {
        f"{name}.csv": text for name, text in facts.items()
    }
    return raw_study.load(tmp_path, {"old.csv": OLD, "new.csv": NEW}, source=YEARS, facts=facts)


def test_columns_and_codes_that_changed_are_brought_together(tmp_path):
    survey = survey_of(tmp_path)
    rows = clean.clean(read.sources(survey), survey).respondents
    assert rows["help"].tolist() == [4, 1, 1, 4]
    assert rows["speed"].fillna(0).tolist() == [0, 2, 2, 3]
    assert rows["speed.missing"].astype("str").tolist()[0] == "dont_know"


def test_a_scale_that_was_replaced_is_scored_by_the_scale_of_its_year(tmp_path):
    survey = survey_of(tmp_path)
    tables = clean.clean(read.sources(survey), survey)
    assert tables.respondents["overall"].tolist() == [5, 1, 10, 1]
    found = cells.collapse(tables, survey)
    overall = found[found["item"] == "overall"].sort_values(["year", "response"])
    assert overall["scale"].astype("str").tolist() == ["five", "five", "grade", "grade"]
    assert overall["score"].tolist() == [0.0, 100.0, 0.0, 100.0]


def test_an_item_of_one_round_is_not_asked_in_the_others(tmp_path):
    crosswalk = CROSSWALK.replace("speed,2009,F2,,5=9,\n", "speed,2009,-,,,\n")
    survey = survey_of(tmp_path, crosswalk=crosswalk)
    tables = clean.clean(read.sources(survey), survey)
    assert tables.respondents["speed.missing"].astype("str").tolist()[:2] == ["not_asked"] * 2
    found = cells.collapse(tables, survey)
    assert found.loc[found["item"] == "speed", "year"].unique().tolist() == [2010]


def test_a_column_missing_in_one_year_names_that_file_only(tmp_path):
    survey = survey_of(tmp_path, crosswalk=CROSSWALK.replace("F2", "F22"))
    with pytest.raises(DataError) as caught:
        read.sources(survey)
    assert "old.csv: column 'F22' is missing. Did you mean 'F2'?" in str(caught.value)
    assert "new.csv" not in str(caught.value)


PRAISE = FACTS["codebook.csv"] + (
    "visible,,yesno,Syns,Visible\nadvice,,yesno,Råd,Advice\n"
)  # fmt: skip


def test_several_codes_in_one_cell_become_an_item_an_option(tmp_path):
    text = "id,office,year,help,speed,overall,praise\n"
    chosen = ("13", "1;3", "3", "", '"1 ; 3"')
    text += "".join(f"{at},03,2011,1,1,1,{cell}\n" for at, cell in enumerate(chosen))
    crosswalk = (
        "item,column,contains,empty\nvisible,praise,1,0\nadvice,praise,3,\nother,praise,13,\n"
    )
    survey = raw_study.load(
        tmp_path,
        {"a.csv": text},
        source=source("a.csv", roles='{ respondent = "id", agency = "office", year = "year" }'),
        facts={
            "codebook.csv": PRAISE + "other,,yesno,Annat,Other\n",
            "crosswalk.csv": crosswalk,
        },
    )
    rows = clean.clean(read.sources(survey), survey).respondents
    assert rows["visible"].tolist() == [1, 2, 1, 1, 2]
    assert rows["advice"].fillna(0).tolist() == [1, 2, 2, 0, 2]
    assert rows["advice.missing"].astype("str").tolist()[3] == "no_answer"


def test_an_option_that_no_item_takes_is_out_of_range(tmp_path):
    text = "id,office,year,help,speed,overall,praise\na,03,2011,1,1,1,1;7\n"
    crosswalk = "item,column,contains\nvisible,praise,1\nadvice,praise,3\n"
    survey = raw_study.load(
        tmp_path,
        {"a.csv": text},
        source=source("a.csv", roles='{ respondent = "id", agency = "office", year = "year" }'),
        facts={"codebook.csv": PRAISE, "crosswalk.csv": crosswalk},
    )
    received = read.sources(survey)
    with pytest.raises(DataError, match="column 'praise': '1;7'"):
        clean.clean(received, survey)


def test_select_all_in_columns_reads_an_empty_cell_as_told(tmp_path):
    text = "id,office,year,help,speed,overall,v1\na,03,2011,1,1,1,1\nb,03,2011,1,1,1,\n"
    survey = raw_study.load(
        tmp_path,
        {"a.csv": text},
        source=source("a.csv", roles='{ respondent = "id", agency = "office", year = "year" }'),
        facts={
            "codebook.csv": PRAISE,
            "crosswalk.csv": "item,column,empty\nvisible,v1,0\nadvice,-,\n",
        },
    )
    rows = clean.clean(read.sources(survey), survey).respondents
    assert rows["visible"].tolist() == [2, 1]
    assert rows["advice.missing"].astype("str").tolist() == ["not_asked"] * 2


def services(tmp_path: Path):
    text = "id,office,year,overall,help_plan,help_djur,speed_djur\n"
    text += "a,03,2011,9,4,1,2\nb,20,2011,8,,9,3\n"
    crosswalk = "item,column,activity\nhelp,help_plan,plan\nhelp,help_djur,djur\n"
    crosswalk += "speed,speed_djur,djur\n"
    return raw_study.load(
        tmp_path,
        {"a.csv": text},
        source=source("a.csv", roles='{ respondent = "id", agency = "office", year = "year" }'),
        facts={"crosswalk.csv": crosswalk},
    )


def test_columns_of_single_services_become_rows_of_the_respondent(tmp_path):
    survey = services(tmp_path)
    rows = clean.clean(read.sources(survey), survey).respondents
    assert rows["respondent_id"].tolist() == ["a"] * 3 + ["b"] * 3
    assert rows["activity"].astype("str").tolist() == ["all", "plan", "djur"] * 2
    assert rows["psu"].tolist() == [0, 0, 0, 1, 1, 1]
    assert rows["overall"].fillna(0).tolist() == [9, 0, 0, 8, 0, 0]
    assert rows["help"].fillna(0).tolist() == [0, 4, 1, 0, 0, 0]
    assert rows["speed"].fillna(0).tolist() == [0, 0, 2, 0, 0, 3]
    kinds = rows["help.missing"].astype("str").fillna("").tolist()
    assert kinds == ["not_asked", "", "", "not_asked", "no_answer", "dont_know"]


def test_the_rows_of_a_respondent_stand_in_one_stratum(tmp_path):
    survey = services(tmp_path)
    rows = clean.clean(read.sources(survey), survey).respondents
    assert (rows.groupby("respondent_id")["stratum"].nunique() == 1).all()


def test_attrition_counts_rows_of_the_file_and_not_of_services(tmp_path):
    survey = services(tmp_path)
    account = clean.clean(read.sources(survey), survey).attrition.set_index("step")["n"]
    assert (account["read"], account["kept"]) == (2, 2)


def labelled(tmp_path: Path, labels: dict[float, str], recode: str = "") -> None:
    path = tmp_path / "made.sav"
    frame = pd.DataFrame({"id": ["a", "b"], "office": ["03", "20"], "help": [1.0, 4.0]})
    frame = frame.assign(speed=[1.0, 2.0], overall=[1.0, 10.0])
    pyreadstat.write_sav(frame, path, variable_value_labels={"help": labels})
    survey = raw_study.load(
        tmp_path,
        {"a.sav": path.read_bytes()},
        source=source("a.sav", "year = 2011", ROLES),
        facts={"crosswalk.csv": f"item,column,recode\nhelp,help,{recode}\n"},
    )
    clean.clean(read.sources(survey), survey)


@pytest.mark.parametrize(
    "labels",
    [
        {1.0: "Mycket dåligt", 4.0: "Mycket bra"},
        {1.0: "VERY POOR", 4.0: "4 very good"},
        {1.0: "Very poor", 2.0: "Poor", 3.0: "good", 4.0: "Very  good!", 9.0: "Don't know"},
    ],
)
def test_value_labels_that_agree_in_any_language_pass(tmp_path, labels):
    labelled(tmp_path, labels)


def test_reversed_value_labels_are_a_problem(tmp_path):
    with pytest.raises(DataError) as caught:
        labelled(tmp_path, {1.0: "Very good", 4.0: "Very poor"})
    said = str(caught.value)
    assert "a.sav, column 'help': value labels contradict scale 'agree'" in said
    assert "1 is 'Very good' (that is 4 in the study), in the study 'Mycket dåligt / Very" in said


def test_reversed_value_labels_that_are_recoded_pass(tmp_path):
    labelled(tmp_path, {1.0: "Very good", 4.0: "Very poor"}, "1=4|2=3|3=2|4=1")


def test_foreign_value_labels_are_settled_by_a_recode_but_not_wrong_ones(tmp_path):
    with pytest.raises(DataError, match="1 is 'Sehr schlecht'"):
        labelled(tmp_path, {1.0: "Sehr schlecht"})
    labelled(tmp_path, {1.0: "Sehr schlecht"}, "1=1")
    with pytest.raises(DataError, match="1 is 'Very good'"):
        labelled(tmp_path, {1.0: "Very good"}, "1=1")


def test_codes_that_the_file_declares_missing_are_no_answer(tmp_path):
    path = tmp_path / "made.sav"
    frame = pd.DataFrame({"id": ["a", "b"], "office": ["03", "20"], "help": [1.0, 7.0]})
    frame = frame.assign(speed=[1.0, 9.0], overall=[1.0, 2.0])
    pyreadstat.write_sav(frame, path, missing_ranges={"help": [7], "speed": [9]})
    survey = raw_study.load(
        tmp_path, {"a.sav": path.read_bytes()}, source=source("a.sav", "year = 2011", ROLES)
    )
    rows = clean.clean(read.sources(survey), survey).respondents
    assert rows["help.missing"].astype("str").tolist()[1] == "no_answer"
    assert rows["speed.missing"].astype("str").tolist()[1] == "dont_know"

"""Cleaning accounts for every row, and labels what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import raw_study
from betyg.data import clean, read
from betyg.errors import DataError
from raw_study import ROWS, source


def cleaned(tmp_path: Path, text: str, **arguments: object) -> clean.Cleaned:
    survey = raw_study.load(tmp_path, {"a.csv": text}, **arguments)
    return clean.clean(read.sources(survey), survey)


def account(tables: clean.Cleaned) -> dict[str, int]:
    return tables.attrition.set_index("step")["n"].to_dict()


def fault(tmp_path: Path, text: str, **arguments: object) -> str:
    with pytest.raises(DataError) as caught:
        cleaned(tmp_path, text, **arguments)
    return str(caught.value)


def test_answers_become_positions_and_everything_else_a_kind_of_missing(tmp_path):
    rows = cleaned(tmp_path, ROWS + "d,03,2011,1,8,,3\n").respondents
    assert rows["help"].fillna(0).tolist() == [4, 1, 0, 0]
    assert rows["help.missing"].astype("str").tolist()[2:] == ["no_answer", "not_applicable"]
    assert rows["help.missing"].isna().tolist() == [True, True, False, False]
    assert rows["speed"].fillna(0).tolist() == [3, 0, 0, 0]
    assert rows["speed.missing"].astype("str").tolist()[1:] == [
        "dont_know", "not_applicable", "no_answer",
    ]  # fmt: skip
    assert rows["overall.missing"].astype("str").tolist()[2] == "dont_know"
    assert rows["help"].dtype == "Int8"


def test_weights_with_the_other_decimal_sign_are_seen_for_what_they_are(tmp_path):
    rows = ROWS.replace(",", ";").replace("1.5", "1,5").replace(";1;4;", ";1,0;4;")
    more = source("a.csv", 'delimiter = ";"')
    said = fault(tmp_path, rows.replace(";2;;8", ";2,0;;8"), source=more)
    assert "'1,0', '1,5', '2,0' is not a number above zero" in said
    assert 'Set decimal = "," in its [[source]]: so the file writes numbers.' in said
    mixed = fault(tmp_path, rows.replace(";2;;8", ";two;;8"), source=more)
    assert "ask for it, or leave `weight` out" in mixed


def test_roles_have_the_types_of_the_contract(tmp_path):
    rows = cleaned(tmp_path, ROWS).respondents
    kinds = {name: str(kind) for name, kind in rows.dtypes.items()}
    assert kinds["respondent_id"] == "str"
    assert kinds["year"] == "int16"
    assert kinds["weight"] == kinds["population"] == "float64"
    assert kinds["psu"] == "int64"
    categories = {name for name, kind in kinds.items() if kind == "category"}
    assert {"agency", "activity", "group", "stratum", "source"} <= categories
    assert rows["agency"].cat.categories.tolist() == ["03", "20", "25"]
    assert rows["weight"].tolist() == [1.0, 1.5, 2.0]
    assert rows["activity"].astype("str").unique().tolist() == ["all"]


def test_an_agency_is_known_by_code_alias_and_label_and_without_its_zero(tmp_path):
    rows = "".join(f"{i},{name},2011,1,1,1,1\n" for i, name in enumerate(
        ["03", "C", "Uppsala", "3", "3.0", " Kopparberg "]))  # fmt: skip
    found = cleaned(tmp_path, ROWS.splitlines()[0] + "\n" + rows).respondents
    assert found["agency"].astype("str").tolist() == ["03"] * 5 + ["20"]


def test_identical_rows_of_a_respondent_are_dropped_and_counted(tmp_path):
    tables = cleaned(tmp_path, ROWS + "a,Uppsala,2011,1.0,4,3,9\n")
    assert account(tables)["duplicates"] == 1
    assert len(tables.respondents) == 3


def test_different_rows_of_a_respondent_name_both_lines(tmp_path):
    text = ROWS + "a,03,2011,1,4,3,8\n"
    said = fault(tmp_path, text)
    assert "a.csv, line 5, column 'id': respondent 'a' stands on line 2 of a.csv too" in said
    assert 'duplicates = "first"' in said
    tables = cleaned(tmp_path, text, more='[cleaning]\nduplicates = "first"\n')
    assert account(tables)["duplicates"] == 1
    assert tables.respondents["overall"].tolist()[0] == 9


def test_the_same_respondent_in_another_year_is_no_duplicate(tmp_path):
    tables = cleaned(tmp_path, ROWS + "a,03,2012,1,4,3,9\n")
    assert account(tables)["kept"] == 4
    assert tables.respondents["psu"].nunique() == 4


def test_without_a_respondent_column_equal_rows_are_different_persons(tmp_path):
    roles = '{ agency = "office", year = "year" }'
    tables = cleaned(tmp_path, ROWS + "a,03,2011,1,4,3,9\n", source=source("a.csv", roles=roles))
    assert account(tables)["kept"] == 4
    assert tables.respondents["respondent_id"].tolist()[3] == "a.csv:5"
    assert tables.respondents["weight"].tolist() == [1.0] * 4


def test_who_answers_nothing_is_dropped_but_a_dont_know_is_an_answer(tmp_path):
    tables = cleaned(tmp_path, ROWS + "d,03,2011,1,,,\ne,03,2011,1,9,,\n")
    assert account(tables)["no answer at all"] == 1
    assert tables.respondents["respondent_id"].tolist() == ["a", "b", "c", "e"]


def test_unknown_agencies_are_an_error_by_line_or_dropped_on_purpose(tmp_path):
    text = ROWS + "d,Upsala,2011,1,4,3,9\ne,,2011,1,77,3,9\nf,Upsala,2011,1,4,3,9\n"
    said = fault(tmp_path, text)
    assert "line 5, column 'office': 'Upsala' is no agency (2 rows: lines 5, 7)" in said
    assert "Did you mean 'Uppsala'?" in said
    assert "the agency is empty (1 row: line 6)" in said
    tables = cleaned(tmp_path, text, more='[cleaning]\nunknown_agency = "drop"\n')
    assert account(tables)["unknown agency"] == 3


MERGED = {
    "agencies.csv": "code,label_sv,label_en,valid_from,valid_to,successor\n"
    "03,Uppsala,Uppsala,,2011,20\n20,Dalarna,Dalarna,2011,,\n25,Norrbotten,Norrbotten,,,\n"
}


def test_the_first_and_last_year_of_an_agency_are_its_own(tmp_path):
    assert account(cleaned(tmp_path, ROWS, facts=MERGED))["kept"] == 3


def test_an_agency_in_a_year_without_it_is_an_error_or_dropped_with_a_note(tmp_path):
    text = ROWS + "d,03,2012,1,4,3,9\ne,03,2012,1,77,3,9\nf,20,2010,1,4,3,9\ng,,2010,1,4,3,9\n"
    said = fault(tmp_path, text.replace("g,,", "g,25,"), facts=MERGED)
    assert (
        "a.csv, line 5, column 'office': agency '03' stands in 2012, yet agencies.csv has it for "
        "-2011 (2 rows: lines 5, 6). Its successor is '20'. Correct the row, or valid_from and "
        'valid_to, or set unknown_agency = "drop" in [cleaning].'
    ) in said
    assert "agency '20' stands in 2010, yet agencies.csv has it for 2011- (1 row: line 7)" in said
    more = '[cleaning]\nunknown_agency = "drop"\n'
    attrition = cleaned(tmp_path, text, facts=MERGED, more=more).attrition.set_index("step")
    assert attrition["n"]["unknown agency"] == 4
    note = attrition["note"]["unknown agency"]
    assert note == "3 rows of years outside valid_from to valid_to in agencies.csv"


def test_an_activity_in_a_year_without_it_is_an_error(tmp_path):
    facts = {"activities.csv": "code,label_sv,label_en,valid_from\nplan,Planer,Plans,2012\n"}
    whole = source("a.csv", 'activity = "plan"')
    said = fault(tmp_path, ROWS, source=whole, facts=facts)
    assert "a.csv, line 2: activity 'plan' stands in 2011, yet activities.csv has it for" in said
    assert "(2 rows: lines 2, 3)" in said


def test_codes_off_the_scale_are_listed_with_count_and_first_lines(tmp_path):
    text = ROWS + "".join(f"x{i},03,2011,1,7,3,11\n" for i in range(217)) + "y,03,2011,1,x,3,1\n"
    said = fault(tmp_path, text)
    assert "'7' (217 rows: lines 5, 6, 7, 8, 9 and 212 more), 'x' (1 row: line 222)" in said
    assert "not on scale 'agree', whose codes are 1, 2, 3, 4, 8, 9" in said
    assert "'11' (217 rows" in said
    tables = cleaned(tmp_path, text, more='[cleaning]\nout_of_range = "no_answer"\n')
    assert account(tables)["out of range"] == 217 + 217 + 1
    assert account(tables)["kept"] == 221
    assert tables.respondents["help.missing"].astype("str").tolist()[3] == "no_answer"


def test_many_columns_with_the_same_fault_are_cut_short(tmp_path):
    items = [f"i{at}" for at in range(9)]
    facts = {
        "codebook.csv": "item,theme,scale,label_sv,label_en\noverall,,grade,H,O\n"
        + "".join(f"{item},,agree,{item},{item}\n" for item in items)
    }
    head = "id,office,year,w,overall," + ",".join(items) + "\n"
    said = fault(tmp_path, head + "a,03,2011,1,9" + ",7" * 9 + "\n", facts=facts)
    assert "6 problems" in said
    assert "a.csv: 4 more columns hold codes that are not on their scale." in said


def test_labels_in_the_cells_are_read_as_their_codes(tmp_path):
    tables = cleaned(tmp_path, ROWS + "d,03,2011,1,Very good,Vet inte,Betyg 7\n")
    last = tables.respondents.iloc[3]
    assert (last["help"], last["speed.missing"], last["overall"]) == (4, "dont_know", 7)


@pytest.mark.parametrize("weight", ["0", "-1", "abc", "NaN", ""])
def test_a_weight_that_is_no_positive_number_is_named_with_its_line(tmp_path, weight):
    said = fault(tmp_path, ROWS + f"d,03,2011,{weight},4,3,9\n")
    assert "a.csv, line 5, column 'w': " in said
    assert "is not a number above zero (1 row: line 5)" in said


@pytest.mark.parametrize("year", ["2011.5", "spring", "", "11-12"])
def test_a_year_that_is_no_whole_number_is_named_with_its_line(tmp_path, year):
    assert "a.csv, line 5, column 'year': " in fault(tmp_path, ROWS + f"d,03,{year},1,4,3,9\n")


def test_spelled_years_are_read_as_declared(tmp_path):
    text = ROWS.replace("2012", "Wave 2").replace("2011", "2011.0")
    tables = cleaned(tmp_path, text, source=source("a.csv", 'years = { "Wave 2" = 2012 }'))
    assert tables.respondents["year"].tolist() == [2011, 2011, 2012]


def test_decimal_commas_are_read_and_points_refused(tmp_path):
    text = ROWS.replace(",", ";").replace("1.5", "1,5")
    declared = 'delimiter = ";"\ndecimal = ","'
    tables = cleaned(tmp_path, text, source=source("a.csv", declared))
    assert tables.respondents["weight"].tolist() == [1.0, 1.5, 2.0]
    said = fault(tmp_path, ROWS.replace(",", ";"), source=source("a.csv", declared))
    assert "'1.5' is not a number" in said


def test_rows_to_keep_and_to_drop_are_counted_and_may_hold_anything(tmp_path):
    text = ROWS + "t,Whole country,2011,xx,77,77,77\nd,20,2011,1,4,4,4\n"
    tables = cleaned(tmp_path, text, source=source("a.csv", 'drop.office = ["Whole country"]'))
    assert account(tables)["declared not used"] == 1
    assert account(tables)["kept"] == 4
    tables = cleaned(tmp_path, text, source=source("a.csv", 'keep.office = ["20"]'))
    assert account(tables)["declared not used"] == 3
    assert tables.respondents["respondent_id"].tolist() == ["b", "d"]


def test_problems_of_all_files_and_kinds_come_in_one_error(tmp_path):
    both = source("a.csv") + source("b.csv")
    raw = {
        "a.csv": ROWS + "d,03,2011,0,4,3,9\n",
        "b.csv": ROWS.replace("2011", "2013") + "e,XX,x,1,77,3,9\n",
    }
    survey = raw_study.load(tmp_path, raw, source=both)
    with pytest.raises(DataError) as caught:
        clean.clean(read.sources(survey), survey)
    said = str(caught.value)
    assert "a.csv, line 5, column 'w'" in said
    assert "b.csv, line 5, column 'office': 'XX'" in said
    assert "b.csv, line 5, column 'year': 'x'" in said


def test_an_index_needs_half_of_the_items_that_were_asked(tmp_path):
    index = (
        '[index.service]\nitems = ["help", "speed", "overall"]\nlabel.sv = "S"\nlabel.en = "S"\n'
    )
    rows = cleaned(tmp_path, ROWS + "d,03,2011,1,4,9,99\n", more=index).respondents
    np.testing.assert_allclose(
        rows["service"],
        [(100 + 200 / 3 + 800 / 9) / 3, (0 + 100 / 9) / 2, np.nan, np.nan],
        atol=1e-8,
    )
    np.testing.assert_allclose(
        rows["theme.contact"], [(100 + 200 / 3) / 2, 0, np.nan, 100], atol=1e-8
    )


def test_an_index_is_given_in_a_round_that_did_not_ask_all_of_its_items(tmp_path):
    index = '[index.service]\nitems = ["help", "speed", "overall"]\n'
    index += 'label.sv = "S"\nlabel.en = "S"\n'
    facts = {"crosswalk.csv": "item,year,column\nspeed,2011,-\noverall,2011,-\n"}
    rows = cleaned(tmp_path, ROWS, more=index, facts=facts).respondents
    np.testing.assert_array_equal(rows["service"], [100.0, 0.0, np.nan])


def test_frame_gives_the_size_of_each_stratum(tmp_path):
    frame = "year,agency,activity,group,population\n2011,03,,firm,60\n2011,03,,home,40\n"
    frame += "2011,20,,,500\n2012,20,,,9\n"
    more = '[design]\nstrata = ["agency", "year"]\n'
    rows = cleaned(tmp_path, ROWS, more=more, facts={"frame.csv": frame}).respondents
    np.testing.assert_array_equal(rows["population"], [100.0, 500.0, np.nan])
    assert rows["stratum"].astype("str").tolist() == ["03|2011", "20|2011", "25|2012"]


def test_a_stratum_in_the_file_counts_within_its_year(tmp_path):
    text = "id,office,year,area,village,help,speed,overall\n"
    text += "a,03,2011,A,x,4,3,9\nb,20,2011,B,x,1,9,2\nc,25,2012,A,x,2,8,99\n"
    roles = '{ agency = "office", year = "year", stratum = "area", psu = "village" }'
    rows = cleaned(tmp_path, text, source=source("a.csv", roles=roles)).respondents
    assert rows["stratum"].astype("str").tolist() == ["2011|A", "2011|B", "2012|A"]
    assert rows["psu"].tolist() == [0, 0, 1]

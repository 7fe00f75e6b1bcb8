"""Counts and percentages by category come back as they were published; values stay as printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import raw_study
from betyg.data import clean, read
from betyg.data.count_cells import whole_numbers
from betyg.errors import DataError
from betyg.stats import cells
from raw_study import FACTS

ROLES = '{ agency = "office", year = "year", item = "question", n = "n" }'
CODES = 'categories = { c1 = "1", c2 = "2", c3 = "3", c4 = "4", dk = "9" }\n'
HEADER = "office,year,question,n,c1,c2,c3,c4,dk\n"
WIDE = HEADER + "03,2011,help,150,10,20,30,40,0\n20,2011,Speed,7,14,29,29,14,14\n"


def wide(more: str = 'values = "percent"\n', roles: str = ROLES) -> str:
    return f'[[source]]\nfile = "a.csv"\ncolumns = {roles}\n{more}{CODES}'


def tables(tmp_path: Path, text: str, source: str, **arguments: object) -> tuple:
    kind = str(arguments.pop("kind", "counts"))
    survey = raw_study.load(tmp_path, {"a.csv": text}, source=source, kind=kind, **arguments)
    return survey, clean.clean(read.sources(survey), survey)


def collapsed(tmp_path: Path, text: str, source: str, **arguments: object) -> pd.DataFrame:
    survey, cleaned = tables(tmp_path, text, source, **arguments)
    return cells.collapse(cleaned, survey)


def fault(tmp_path: Path, text: str, source: str, **arguments: object) -> str:
    with pytest.raises(DataError) as caught:
        tables(tmp_path, text, source, **arguments)
    return str(caught.value)


def of(found: pd.DataFrame, item: str) -> pd.DataFrame:
    return found[found["item"] == item].set_index(["kind", "response"])


def account(cleaned: clean.Cleaned) -> dict[str, int]:
    return cleaned.attrition.set_index("step")["n"].to_dict()


def test_percentages_become_counts_whose_shares_are_the_percentages(tmp_path):
    found = of(collapsed(tmp_path, WIDE, wide()), "help")
    assert found["weight_sum"].tolist() == [15.0, 30.0, 45.0, 60.0]
    assert found["n"].tolist() == [15, 30, 45, 60]
    assert found["weight_sq_sum"].tolist() == found["weight_sum"].tolist()
    assert found["score"].tolist() == pytest.approx([0, 100 / 3, 200 / 3, 100])


def test_rounded_percentages_give_whole_numbers_that_add_up_to_n(tmp_path):
    found = of(collapsed(tmp_path, WIDE, wide()), "speed")
    assert found["n"].tolist() == [1, 2, 2, 1, 1]
    assert found["weight_sum"].sum() == pytest.approx(7)
    assert found.index[-1] == ("dont_know", 0.0)


def test_percentages_that_add_up_to_99_or_101_still_weigh_n(tmp_path):
    text = HEADER + "03,2011,help,200,33,33,33,0,0\n20,2011,help,200,34,34,33,0,0\n"
    found = collapsed(tmp_path, text, wide())
    sums = found.groupby("agency", observed=True)[["n", "weight_sum"]].sum()
    assert sums["n"].tolist() == [200, 200]
    assert sums["weight_sum"].tolist() == pytest.approx([200, 200])
    assert found["weight_sum"].tolist()[0] == pytest.approx(200 / 3)


def test_what_is_missing_to_a_hundred_goes_to_the_remainder(tmp_path):
    text = HEADER + "03,2011,help,200,10,20,30,30,\n"
    found = of(collapsed(tmp_path, text, wide('values = "percent"\nremainder = "9"\n')), "help")
    assert found["weight_sum"].tolist() == pytest.approx([20, 40, 60, 60, 20])
    assert found.index[-1] == ("dont_know", 0.0)
    said = fault(tmp_path, text, wide())
    assert "a.csv, line 2: the percentages add up to 90 (1 row: line 2)" in said
    assert "remainder" in said


def test_rows_that_do_not_add_up_may_be_left_out_and_are_counted(tmp_path):
    text = WIDE + "25,2011,help,80,50,50,30,10,0\n"
    assert "line 4: the percentages add up to 140" in fault(tmp_path, text, wide())
    more = '[cleaning]\nout_of_range = "no_answer"\n'
    survey, cleaned = tables(tmp_path, text, wide(), more=more)
    assert (account(cleaned)["no answer at all"], account(cleaned)["kept"]) == (1, 2)
    assert "1 rows whose numbers do not add up" in cleaned.attrition["note"].tolist()
    assert set(cells.collapse(cleaned, survey)["agency"]) == {"03", "20"}


def test_fractions_and_percent_signs_are_percentages(tmp_path):
    text = HEADER + "03,2011,help,10,0.1,0.2,0.3,0.4,0\n"
    found = of(collapsed(tmp_path, text, wide('values = "fraction"\n')), "help")
    assert found["weight_sum"].tolist() == pytest.approx([1, 2, 3, 4])
    assert 'values = "fraction"' in fault(tmp_path, text, wide())
    text = HEADER + "03,2011,help,10,10%,20 %,30%,40%,\n"
    found = of(collapsed(tmp_path, text, wide()), "help")
    assert found["weight_sum"].tolist() == pytest.approx([1, 2, 3, 4])


def test_counts_stay_as_they_are_and_their_sum_is_checked_against_n(tmp_path):
    text = HEADER + '03,2011,help,"1,000",100,200,300,350,50\n'
    source = wide('values = "count"\nthousands = ","\n')
    assert of(collapsed(tmp_path, text, source), "help")["n"].tolist() == [100, 200, 300, 350, 50]
    text = text.replace("1,000", "1,001")
    assert "the counts and n differ by 1 " in fault(tmp_path, text, source)
    source = source.replace("thousands", 'remainder = "9"\nthousands')
    assert of(collapsed(tmp_path, text, source), "help")["n"].tolist()[-1] == 51


LONG = """\
office,year,question,answer,share,n
03,2011,help,Very poor,10,50
03,2011,help,2,20,50
03,2011,help,Bra,30,50
03,2011,help,4,40,50
03,2012,help,4,100,9
"""
LONG_ROLES = ROLES.replace(" }", ', category = "answer", percent = "share" }')
LONG_SOURCE = f'[[source]]\nfile = "a.csv"\ncolumns = {LONG_ROLES}\n'


def test_a_row_a_category_gives_the_same_as_a_column_a_category(tmp_path):
    found = of(collapsed(tmp_path, LONG, LONG_SOURCE), "help")
    assert found["n"].tolist() == [5, 10, 15, 20, 9]


def test_a_hidden_category_hides_the_rest_of_its_question(tmp_path):
    source = LONG_SOURCE + 'suppressed = ["*"]\n'
    survey, cleaned = tables(tmp_path, LONG.replace("Bra,30", "Bra,*"), source)
    assert account(cleaned)["suppressed"] == 4
    assert account(cleaned)["kept"] == 1
    assert cells.collapse(cleaned, survey)["year"].tolist() == [2012]


def test_unknown_categories_are_listed(tmp_path):
    said = fault(tmp_path, LONG.replace("Very poor", "Awful"), LONG_SOURCE)
    assert "column 'answer': 'Awful' (1 row: line 2): not on scale 'agree'" in said


def test_suppressed_rows_are_dropped_and_counted_and_other_texts_are_errors(tmp_path):
    text = WIDE + "25,2011,help,<10,n/a,n/a,n/a,n/a,n/a\n25,2011,speed,11,n/a,20,30,40,10\n"
    source = wide('values = "percent"\nsuppressed = ["<10", "n/a"]\n')
    survey, cleaned = tables(tmp_path, text, source)
    assert account(cleaned)["suppressed"] == 2
    assert set(cells.collapse(cleaned, survey)["agency"]) == {"03", "20"}
    said = fault(tmp_path, text, wide())
    assert "a.csv, line 4, column 'n': '<10' is not a number" in said
    assert "column 'c1': 'n/a' is not a number (2 rows: lines 4, 5)" in said


def test_a_number_for_a_category_that_the_scale_lacks_is_a_problem(tmp_path):
    facts = {"codebook.csv": FACTS["codebook.csv"] + "seen,,yesno,Syns,Seen\n"}
    text = WIDE + "03,2011,seen,10,60,40,0,,\n"
    said = fault(tmp_path, text, wide(), facts=facts)
    assert "line 4, column 'c2': has a number, yet the scale of 'seen' has no category" in said
    found = collapsed(tmp_path, text.replace("60,40", "100,0"), wide(), facts=facts)
    assert of(found, "seen")["n"].tolist() == [10]


def test_a_zero_is_a_number_where_the_remainder_is_an_answer(tmp_path):
    facts = {"codebook.csv": FACTS["codebook.csv"] + "seen,,yesno,Syns,Seen\n"}
    source = wide('values = "percent"\nremainder = "0"\n')
    text = HEADER + "03,2011,seen,40,0,,,,\n20,2011,seen,40,25,,,,\n25,2011,seen,40,,,,,\n"
    survey, cleaned = tables(tmp_path, text, source, facts=facts)
    assert account(cleaned)["no answer at all"] == 1
    found = cells.collapse(cleaned, survey)
    assert found["n"].tolist() == [40, 30, 10]
    assert found["response"].tolist() == [1.0, 1.0, 2.0]


def test_a_recode_gives_one_column_another_meaning_for_an_item(tmp_path):
    facts = {"crosswalk.csv": "item,column,recode\nspeed,,1=4|2=3|3=2|4=1\n"}
    found = collapsed(tmp_path, WIDE.replace("Speed", "speed"), wide(), facts=facts)
    assert of(found, "speed").loc[("answer", 4.0), "n"] == 1
    assert of(found, "help")["weight_sum"].tolist() == [15.0, 30.0, 45.0, 60.0]


def test_items_that_the_codebook_lacks_are_an_error_or_dropped(tmp_path):
    text = WIDE + "03,2011,spead,x,1,2,3,4,5\n"
    assert "line 4, column 'question': 'spead' is no item" in fault(tmp_path, text, wide())
    source = wide('values = "percent"\nunlisted_items = "drop"\n')
    _, cleaned = tables(tmp_path, text, source)
    assert account(cleaned)["declared not used"] == 1
    assert "not in codebook.csv" in cleaned.attrition["note"].tolist()[1]


def test_rows_of_totals_are_dropped_as_declared(tmp_path):
    text = WIDE + "All,2011,help,157,10,20,30,40,0\n"
    source = wide('values = "percent"\ndrop = { office = ["All"] }\n')
    _, cleaned = tables(tmp_path, text, source)
    assert account(cleaned) | {"read": 3, "declared not used": 1, "kept": 2} == account(cleaned)


def test_n_may_stand_in_the_frame(tmp_path):
    roles = ROLES.replace(', n = "n"', "")
    facts = {"frame.csv": "year,agency,respondents\n2011,03,150\n2011,20,7\n"}
    found = collapsed(tmp_path, WIDE, wide(roles=roles), facts=facts)
    assert found["weight_sum"].sum() == pytest.approx(157)
    facts = {"frame.csv": "year,agency,respondents\n2011,03,150\n"}
    said = fault(tmp_path, WIDE, wide(roles=roles), facts=facts)
    assert "line 3: percentages need the number of answers (1 row: line 3)" in said


def test_equal_rows_are_counted_as_duplicates_and_contradictions_named(tmp_path):
    text = WIDE + "03,2011,help,150,10,20,30,40,0\n"
    assert account(tables(tmp_path, text, wide())[1])["duplicates"] == 1
    text = WIDE + "03,2011,help,150,20,10,30,40,0\n"
    said = fault(tmp_path, text, wide())
    assert "a.csv, line 4: 03 2011 'help' has other numbers on line 2 of a.csv" in said
    more = '[cleaning]\nduplicates = "first"\n'
    assert account(tables(tmp_path, text, wide(), more=more)[1])["duplicates"] == 1


def test_rows_without_any_number_are_counted_as_no_answer(tmp_path):
    _, cleaned = tables(tmp_path, WIDE + "25,2011,help,,,,,,\n25,2011,speed,0,0,0,0,0,0\n", wide())
    assert account(cleaned)["no answer at all"] == 2


def test_whole_numbers_add_up_and_stay_within_one_of_the_share():
    table = np.array([[3.4, 3.3, 3.3], [0.5, 0.5, 0.0], [2.0, 5.0, 0.0]])
    rounded = whole_numbers(table)
    assert rounded.tolist() == [[4, 3, 3], [1, 0, 0], [2, 5, 0]]


VALUES = "place,year,area,value,n,se\nC,2011,a,61,120,1.5\nW,2011,a,58.5,,\n"
PUBLISHED = (
    '[[source]]\nfile = "a.csv"\nitem = "overall"\n'
    'columns = { agency = "place", year = "year", value = "value", n = "n", se = "se" }\n'
)
INDEX = {
    "codebook.csv": "item,theme,scale,label_sv,label_en\noverall,,0-100,Index,Index\n",
    "scales.csv": "scale,code,order,kind,label_sv,label_en\n",
}


def test_published_values_are_cells_as_printed(tmp_path):
    found = collapsed(tmp_path, VALUES, PUBLISHED, kind="published", facts=INDEX)
    assert found["score"].tolist() == [61.0, 58.5]
    assert found["n"].tolist() == [120, 0]
    assert found["se"].tolist()[0] == 1.5
    assert np.isnan(found["se"].tolist()[1])
    assert found["kind"].tolist() == ["published"] * 2
    assert found["scale"].tolist() == ["0-100"] * 2


@pytest.mark.parametrize(("rule", "value"), [("first", 61.0), ("last", 63.0)])
def test_two_published_values_are_resolved_by_the_stated_rule(tmp_path, rule, value):
    text = VALUES + "Uppsala,2011,a,63,120,1.5\n"
    said = fault(tmp_path, text, PUBLISHED, kind="published", facts=INDEX)
    assert "a.csv, line 4: 03 2011 'overall' has other numbers on line 2" in said
    more = f'[cleaning]\nrepeats = "{rule}"\n'
    found = collapsed(tmp_path, text, PUBLISHED, kind="published", facts=INDEX, more=more)
    assert found["score"].tolist() == [value, 58.5]


def test_published_fractions_are_scaled_and_values_beyond_100_refused(tmp_path):
    text = VALUES.replace("61", "0.61").replace("58.5", "0.585").replace("1.5", "0.015")
    source = PUBLISHED + 'values = "fraction"\n'
    found = collapsed(tmp_path, text, source, kind="published", facts=INDEX)
    assert found["score"].tolist() == pytest.approx([61.0, 58.5])
    assert found["se"].tolist()[0] == pytest.approx(1.5)
    said = fault(tmp_path, VALUES.replace("61", "161"), PUBLISHED, kind="published", facts=INDEX)
    assert "161 is not between 0 and 100 (1 row: line 2)" in said


def test_rows_of_years_without_their_agency_are_dropped_with_a_note(tmp_path):
    agencies = "code,label_sv,label_en,valid_to\n03,Uppsala,Uppsala,2010\n20,Dalarna,Dalarna,\n"
    facts = {"agencies.csv": agencies}
    said = fault(tmp_path, WIDE, wide(), facts=facts)
    assert "agency '03' stands in 2011, yet agencies.csv has it for -2010 (1 row: line 2)" in said
    drop = '[cleaning]\nunknown_agency = "drop"\n'
    _, cleaned = tables(tmp_path, WIDE, wide() + drop, facts=facts)
    assert account(cleaned) | {"kept": 1, "unknown agency": 1} == account(cleaned)
    notes = cleaned.attrition.set_index("step")["note"]
    assert notes["unknown agency"].startswith("1 rows of years outside valid_from to valid_to")


def test_numbers_below_zero_are_no_counts_shares_or_bases(tmp_path):
    text = HEADER + "03,2011,help,150,-3,20,30,40,13\n20,2011,Speed,-7,14,29,29,14,14\n"
    said = fault(tmp_path, text, wide())
    assert "a.csv, line 2, column 'c1': '-3' is below zero (1 row: line 2)" in said
    assert "line 3, column 'n': '-7' is below zero" in said
    assert "suppressed" in said


def test_a_number_below_zero_in_a_row_that_is_not_used_does_not_matter(tmp_path):
    text = WIDE + "03,2011,help,150,-3,20,30,40,13\n"
    drop = 'values = "percent"\ndrop = { c1 = ["-3"] }\n'
    assert not collapsed(tmp_path, text, wide(drop)).empty

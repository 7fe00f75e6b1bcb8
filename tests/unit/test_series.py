"""The crosswalk: how items look in each year, and where their series break."""

import pytest

import tiny
from betyg.data.study import Study


def load(tmp_path, rows, header="item,year,column,scale,wording,bridge"):
    root, name = tiny.responses(tmp_path)
    (root / name / "crosswalk.csv").write_text(f"{header}\n{rows}", "utf-8")
    return Study.load(root, name)


def test_item_without_a_row_has_a_column_of_its_own_name(tmp_path):
    survey = load(tmp_path, "")
    (row,) = survey.crosswalk_rows("website", 2012)
    assert (row.column, row.scale, row.recode) == ("website", None, {})
    assert survey.breaks("website") == ()
    assert survey.scale_of("website", 2012).k == 5


def test_row_of_the_year_counts_before_the_row_of_all_years(tmp_path):
    survey = load(tmp_path, "website,,w,,,\nwebsite,2012,q7,,,\n")
    assert [row.column for row in survey.crosswalk_rows("website", 2011)] == ["w"]
    assert [row.column for row in survey.crosswalk_rows("website", 2012)] == ["q7"]


def test_hyphen_means_not_asked(tmp_path):
    survey = load(tmp_path, "website,2012,-,,,\n")
    assert survey.asked("website", 2011)
    assert not survey.asked("website", 2012)
    assert survey.crosswalk_rows("website", 2012) == ()
    assert survey.asked("theme.contact", 2012)


def test_item_is_asked_between_its_years(tmp_path):
    root, name = tiny.responses(tmp_path)
    path = root / name / "codebook.csv"
    lines = path.read_text("utf-8").splitlines()
    spans = [",year_from,year_to", ",2012,", ",,2011", ",,"]
    path.write_text("\n".join(map("".join, zip(lines, spans, strict=True))), "utf-8")
    survey = Study.load(root, name)
    assert [survey.asked("courtesy", year) for year in (2011, 2012)] == [False, True]
    assert [survey.asked("website", year) for year in (2011, 2012)] == [True, False]
    assert survey.asked("overall", 1066)


def test_changed_wording_breaks_the_series(tmp_path):
    survey = load(tmp_path, "website,2011,w,,A,\nwebsite,2012,w,,B,\nwebsite,2013,w,,,\n")
    assert 2012 in survey.breaks("website")
    assert 2013 not in survey.breaks("website")
    assert not survey.comparable("website", 2011, 2012)
    assert survey.comparable("website", 2012, 2013)


def test_changed_scale_breaks_the_series(tmp_path):
    survey = load(tmp_path, "website,2012,w,grade10,,\n")
    assert survey.breaks("website") == (2012,)
    assert survey.scale_of("website", 2011).k == 5
    assert survey.scale_of("website", 2012).k == 10
    assert not survey.comparable("website", 2011, 2012)


def test_scale_of_a_single_year_is_not_that_of_the_next(tmp_path):
    survey = load(tmp_path, "website,2012,w,grade10,,\n")
    assert not survey.comparable("website", 2012, 2013)


def test_bridge_takes_the_break_back(tmp_path):
    survey = load(tmp_path, "website,2012,w,grade10,B,yes\n")
    assert survey.breaks("website") == ()
    assert survey.comparable("website", 2011, 2012)


def test_index_breaks_where_an_item_does(tmp_path):
    survey = load(tmp_path, "website,2012,w,,B,\n")
    assert survey.breaks("theme.contact") == (2012,)
    assert survey.breaks("satisfaction") == ()
    assert not survey.comparable("theme.contact", 2011, 2012)
    assert survey.comparable("satisfaction", 2011, 2012)


def test_item_is_recognised_by_code_column_and_label(tmp_path):
    survey = load(tmp_path, '"website",2012,"Hitta, på webben",,,\n')
    found = survey.item_spellings(2012)
    assert {text for text, item in found.items() if item == "website"} == {
        "website",
        "Hitta, på webben",
        "Webbplats",
        "Website",
    }
    assert "Hitta, på webben" not in survey.item_spellings(2011)


def test_answer_is_recognised_by_code_and_label(tmp_path):
    survey = load(tmp_path, "")
    found = survey.category_spellings(survey.scale_of("website"))
    assert (found["1"], found["Betyg 1"], found["Don't know"]) == ("1", "1", "99")


@pytest.mark.parametrize(
    ("cell", "recode"), [("1=5|2=4", {"1": "5", "2": "4"}), (" a = 5 ", {"a": "5"})]
)
def test_recode_is_a_list_of_pairs(tmp_path, cell, recode):
    survey = load(tmp_path, f"website,,{cell}\n", header="item,year,recode")
    assert survey.crosswalk_rows("website", 2012)[0].recode == recode

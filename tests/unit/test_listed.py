"""What study.toml lists for keep, drop and late and no row has; rows without an identifier."""

import pytest

import raw_study
from betyg.data import clean, read
from betyg.errors import DataError
from betyg.publish import tables
from betyg.publish.language import Language
from raw_study import ROWS, source


def cleaned(tmp_path, files, *sections):
    survey = raw_study.load(tmp_path, files, source="".join(sections))
    return clean.clean(read.sources(survey), survey), survey


def told(tables, step):
    rows = tables.attrition.query("step == @step")
    return dict(zip(rows["source"], zip(rows["n"], rows["note"], strict=True), strict=True))


def marked(*marks):
    head, *lines = ROWS.splitlines()
    return "\n".join(
        [f"{head},sent", *(f"{line},{mark}" for line, mark in zip(lines, marks, strict=True))]
    )


@pytest.mark.parametrize("setting", ["keep", "drop", "late"])
def test_a_value_that_no_row_of_any_file_has_is_a_mistake(tmp_path, setting):
    said = source("a.csv", f'{setting} = {{ sent = ["x", "Remindr"] }}')
    with pytest.raises(DataError) as error:
        cleaned(tmp_path, {"a.csv": marked("x", "Reminder", "y")}, said)
    assert (
        f"study.toml, [[source]] a.csv: {setting} lists 'Remindr' of column 'sent', but no row of "
        "any file has it; the column has 'Reminder', 'x', 'y'. Correct the value, or take it out "
        "of the list."
    ) in str(error.value)


def test_a_value_that_only_another_file_has_is_told_of(tmp_path):
    files = {"a.csv": marked("0", "1", "2"), "b.csv": marked("0", "1", "1").replace("\n", "\nx")}
    late = 'late = { sent = ["1", "2"] }'
    tables, _ = cleaned(tmp_path, files, source("a.csv", late), source("b.csv", late))
    assert told(tables, "unseen values") == {"b.csv": (1, "no row here has late: '2' of sent")}


def test_numbers_empty_cells_and_dropped_rows_count_as_seen(tmp_path):
    said = source("a.csv", 'drop = { sent = ["1", ""] }\nlate = { sent = ["1"] }')
    tables, _ = cleaned(tmp_path, {"a.csv": marked("0", "1.0", "")}, said)
    assert told(tables, "unseen values") == {}
    assert told(tables, "declared not used")["a.csv"][0] == 2


def test_lists_of_counts_are_looked_at_too(tmp_path):
    rows = "office,year,item,answer,n\n03,2011,help,1,4\n03,2011,help,2,4\n"
    roles = '{ agency = "office", year = "year", item = "item", category = "answer", count = "n" }'
    said = source("c.csv", 'drop = { office = ["99"] }', roles)
    survey = raw_study.load(tmp_path, {"c.csv": rows}, source=said, kind="counts")
    with pytest.raises(DataError, match="drop lists '99' of column 'office'.*the column has '03'"):
        clean.clean(read.sources(survey), survey)


def test_rows_without_an_identifier_are_counted_and_told(tmp_path):
    blank = ROWS.replace("\nb,", "\n,").replace("\nc,", "\n ,")
    made, survey = cleaned(tmp_path, {"a.csv": blank})
    n, note = told(made, "no identifier")["a.csv"]
    assert n == 2 and "taken for another person" in note
    assert made.respondents["respondent_id"].nunique() == 3
    shown = tables.attrition(made.attrition, survey, Language("sv"))
    assert "rader utan identitet" in [name.lower() for name in shown.header]


def test_where_each_row_has_an_identifier_nothing_is_told(tmp_path):
    made, _ = cleaned(tmp_path, {"a.csv": ROWS})
    assert "no identifier" not in set(made.attrition["step"])

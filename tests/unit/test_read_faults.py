"""Files that cannot be read give one error: file, line, column and remedy, never a traceback."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

import raw_study
from betyg.data import read
from betyg.errors import DataError
from raw_study import saved, source, workbook, written

ROWS = raw_study.ROWS


def fault(tmp_path: Path, raw: dict, **arguments: object) -> str:
    survey = raw_study.load(tmp_path, raw, **arguments)
    with pytest.raises(DataError) as caught:
        read.sources(survey)
    message = str(caught.value)
    assert message.startswith(f"{survey.folder}: ")
    return message


def test_wrong_encoding_names_bytes_line_and_the_encoding_that_fits(tmp_path):
    text = ROWS.replace("20,", "Gävle,").encode("cp1252")
    said = fault(tmp_path, {"a.csv": text})
    assert "a.csv, line 3: byte e4 at position" in said
    assert "as cp1252 it reads 'b,Gävle,2011" in said
    assert 'encoding = "cp1252"' in said


def test_utf8_declared_as_an_8_bit_encoding_is_noticed(tmp_path):
    text = ROWS.replace("20,", "Gävle,")
    said = fault(tmp_path, {"a.csv": text}, source=source("a.csv", 'encoding = "cp1252"'))
    assert 'Set encoding = "utf-8"' in said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_declared_as_utf8_is_noticed(tmp_path, encoding):
    assert f'encoding = "{encoding}"' in fault(tmp_path, {"a.csv": ROWS.encode(encoding)})


def test_utf8_declared_as_utf16_is_noticed(tmp_path):
    said = fault(tmp_path, {"a.csv": ROWS}, source=source("a.csv", 'encoding = "utf-16"'))
    assert 'encoding = "utf-8"' in said


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_empty_file_is_named(tmp_path, content):
    assert "a.csv: is empty." in fault(tmp_path, {"a.csv": content})


def test_header_without_rows_is_named(tmp_path):
    assert "a header and no rows" in fault(tmp_path, {"a.csv": ROWS.splitlines()[0]})


def test_missing_columns_come_together_with_names_that_are_like_them(tmp_path):
    text = ROWS.replace("office", "ofice").replace("speed", "sped").replace("overall", "sum")
    said = fault(tmp_path, {"a.csv": text})
    assert "3 problems" in said
    assert "column 'office' is missing. Did you mean 'ofice'?" in said
    assert "column 'speed' is missing. Did you mean 'sped'?" in said
    assert "The file has: id, ofice, year, w, help, sped, sum." in said
    assert "crosswalk.csv" in said


def test_item_that_was_not_asked_needs_no_column(tmp_path):
    facts = {"crosswalk.csv": "item,year,column\nspeed,2011,-\nspeed,2012,-\n"}
    survey = raw_study.load(tmp_path, {"a.csv": ROWS.replace("speed", "x")}, facts=facts)
    assert "x" not in read.sources(survey).files[0].whole().held


def test_column_that_stands_twice_is_a_problem_only_if_it_is_used(tmp_path):
    twice = "".join(line + ",same,same\n" for line in ROWS.splitlines())
    read.sources(raw_study.load(tmp_path, {"a.csv": twice}))
    said = fault(tmp_path, {"a.csv": ROWS.replace("speed", "help")})
    assert "column 'help' stands 2 times" in said


def test_ragged_rows_are_listed_by_line(tmp_path):
    text = ROWS + "d,03,2011,1\n" + "e,03,2011,1,4,3,9\n" + "f,03,2011,1,4,3,9,8\n" * 7
    said = fault(tmp_path, {"a.csv": text})
    assert "line 5: has 4 cells where the header has 7" in said
    assert "8 rows: lines 5, 7, 8, 9, 10 and 3 more" in said


def test_empty_cells_beyond_the_last_column_are_no_fault(tmp_path):
    text = ROWS.splitlines()[0] + "\n" + "".join(f"{row},,\n" for row in ROWS.splitlines()[1:])
    assert len(read.sources(raw_study.load(tmp_path, {"a.csv": text})).files[0].whole().lines) == 3


def test_nul_bytes_are_named_with_their_line(tmp_path):
    assert "line 3: holds NUL bytes" in fault(tmp_path, {"a.csv": ROWS.replace("b,", "b\0,")})


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_wrong_delimiter_suggests_the_right_one(tmp_path, mark, word):
    said = fault(tmp_path, {"a.csv": ROWS.replace(",", mark)})
    shown = "\\t" if mark == "\t" else mark
    assert f'delimiter = "{shown}" ({word})' in said


def test_unclosed_quotation_mark_is_named(tmp_path):
    said = fault(tmp_path, {"a.csv": ROWS + 'd,"03,2011,1,4,3,9\n'})
    assert "quotation mark is probably not closed" in said


@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta", ".xlsx", ".parquet"])
def test_file_cut_short_is_named_as_such(tmp_path, suffix, share):
    whole = written(tmp_path, suffix)
    said = fault(tmp_path, {f"a{suffix}": whole[: int(len(whole) * share)]})
    assert f"a{suffix}: cannot be read" in said
    assert "cut short" in said


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xlsx", ".parquet"])
def test_something_else_under_the_name_of_a_format_is_named(tmp_path, suffix):
    assert f"a{suffix}: cannot be read" in fault(tmp_path, {f"a{suffix}": b"no such file " * 9})


def test_zip_that_is_no_workbook_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "made.xlsx", "w") as made:
        made.writestr("hello.txt", "hello")
    said = fault(tmp_path, {"a.xlsx": (tmp_path / "made.xlsx").read_bytes()})
    assert "a.xlsx: cannot be read as an Excel workbook" in said


def rows() -> list[list[object]]:
    return [line.split(",") for line in ROWS.splitlines()]


def test_an_empty_sheet_is_told_by_its_name(tmp_path):
    book = workbook(rows())
    book.create_sheet("Svar 2012")
    named = source("a.xlsx", 'sheet = "Svar 2012"')
    said = fault(tmp_path, {"a.xlsx": saved(book)}, source=named)
    assert "a.xlsx, sheet 'Svar 2012': is empty." in said
    book["Svar 2012"].append(["id", "office"])
    said = fault(tmp_path, {"a.xlsx": saved(book)}, source=named)
    assert "a.xlsx, sheet 'Svar 2012': has no rows below its header." in said


def test_unknown_sheet_and_several_sheets_are_named(tmp_path):
    book = workbook(rows())
    book.create_sheet("Notes")
    said = fault(tmp_path, {"a.xlsx": saved(book)})
    assert "has 2 sheets: Data, Notes" in said
    said = fault(tmp_path, {"a.xlsx": saved(book)}, source=source("a.xlsx", 'sheet = "Dat"'))
    assert "has no sheet 'Dat'. Did you mean 'Data'?" in said


def test_formulas_that_were_never_calculated_are_an_error_by_cell(tmp_path):
    cells = rows()
    cells[2][4] = "=1+1"
    said = fault(tmp_path, {"a.xlsx": saved(workbook(cells))})
    assert "a.xlsx, cell E3: holds a formula without a stored result (1 row: row 3)" in said


def test_formulas_that_were_calculated_give_their_results(tmp_path):
    cells = rows()
    cells[2][4] = "=1+1"
    calculated = tmp_path / "calculated.xlsx"
    put_result(saved(workbook(cells)), calculated, formula="1+1", result="2")
    table = (
        read.sources(raw_study.load(tmp_path, {"a.xlsx": calculated.read_bytes()})).files[0].whole()
    )
    assert table.texts("help").to_pylist()[1] == "2"


def put_result(book: bytes, path: Path, *, formula: str, result: str) -> None:
    """Store the result of a formula in a workbook, as a spreadsheet program does."""
    path.write_bytes(book)
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    name = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
    before = f"<f>{re.escape(formula)}</f><v *(/>|></v>)".encode()
    after = f"<f>{formula}</f><v>{result}</v>".encode()
    parts[name] = re.sub(before, after, parts[name])
    with zipfile.ZipFile(path, "w") as made:
        for part, data in parts.items():
            made.writestr(part, data)
    assert openpyxl.load_workbook(path, data_only=True).active["E3"].value == int(result)


def test_faults_of_all_files_come_in_one_error(tmp_path):
    both = source("a.csv") + source("b.csv")
    said = fault(tmp_path, {"a.csv": "", "b.csv": ROWS.replace("help", "hlp")}, source=both)
    assert "2 problems" in said
    assert "a.csv: is empty" in said
    assert "b.csv: column 'help' is missing" in said

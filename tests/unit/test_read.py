"""Files of every format give the same strings, each with the line it stands on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyreadstat
import pytest

import raw_study
from betyg.data import read
from betyg.data.raw_table import RawTable
from raw_study import saved, source, typed, workbook, written


def received(tmp_path: Path, raw: dict, **arguments: object) -> RawTable:
    return read.sources(raw_study.load(tmp_path, raw, **arguments)).files[0].whole()


def strings(table: RawTable) -> dict[str, list[str]]:
    return {name: table.texts(name).fill_null("").to_pylist() for name in sorted(table.held)}


EXPECTED = {
    "help": ["4", "1", "2"],
    "id": ["a", "b", "c"],
    "office": ["03", "20", "25"],
    "overall": ["9", "2", "99"],
    "speed": ["3", "9", "8"],
    "w": ["1", "1.5", "2"],
    "year": ["2011", "2011", "2012"],
}
ROWS = raw_study.FULL


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta", ".xlsx", ".parquet"])
def test_binary_formats_give_the_strings_of_the_text_file(tmp_path, suffix):
    table = received(tmp_path, {f"a{suffix}": written(tmp_path, suffix)})
    assert strings(table) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "mac_roman"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_text_in_any_encoding_and_delimiter_reads_alike(tmp_path, encoding, delimiter):
    text = ROWS.replace("25,", "Norrbottens län Å,").replace(",", delimiter)
    shown = delimiter.replace("\t", "\\t")
    declared = f'encoding = "{encoding}"\ndelimiter = "{shown}"'
    declared += '\ndecimal = "."'
    table = received(tmp_path, {"a.csv": text.encode(encoding)}, source=source("a.csv", declared))
    assert strings(table) == EXPECTED | {"office": ["03", "20", "Norrbottens län Å"]}


def test_a_tsv_file_is_split_at_tabs_without_being_told(tmp_path):
    table = received(tmp_path, {"a.tsv": ROWS.replace(",", "\t")}, source=source("a.tsv"))
    assert strings(table) == EXPECTED


def test_lines_are_those_of_the_file_despite_blank_lines_and_breaks_in_cells(tmp_path):
    text = 'id,office,year,w,help,speed,overall,remark\n\na,03,2011,1,4,3,9,"two\nlines"\n'
    text += "\n;\nb,20,2011,1,1,1,2,none\n".replace(";", ",,,,,,,")
    table = received(tmp_path, {"a.csv": text})
    assert table.lines.tolist() == [3, 7]
    assert table.where(column="help") == "a.csv, column 'help'"


def test_line_ends_of_three_systems_read_alike(tmp_path):
    for end in ("\n", "\r\n", "\r"):
        table = received(tmp_path, {"a.csv": ROWS.replace("\n", end)})
        assert strings(table) == EXPECTED
        assert table.lines.tolist() == [2, 3, 4]


def test_rows_before_the_header_are_skipped_and_counted_as_lines(tmp_path):
    table = received(
        tmp_path, {"a.csv": "A title\n\n" + ROWS}, source=source("a.csv", "skip_rows = 2")
    )
    assert table.lines.tolist() == [4, 5, 6]
    assert strings(table) == EXPECTED


def test_decomposed_letters_and_blanks_around_cells_are_brought_to_one_form(tmp_path):
    text = ROWS.replace("25,", " Norrko\u0308ping ,")
    table = received(tmp_path, {"a.csv": text})
    assert strings(table)["office"][2] == "Norrk\u00f6ping"


def test_spellings_of_an_empty_cell_are_empty(tmp_path):
    text = ROWS.replace("2,8,99", "NA,.,99")
    table = received(tmp_path, {"a.csv": text}, source=source("a.csv", 'empty = ["", "NA", "."]'))
    assert [strings(table)[name][2] for name in ("help", "speed")] == ["", ""]


def test_only_the_columns_that_the_study_uses_are_kept(tmp_path):
    table = received(tmp_path, {"a.csv": ROWS.replace("\n", ",secret\n")})
    assert "secret" not in table.held
    assert "secret" in table.file.columns


def cells() -> list[list[object]]:
    return [line.split(",") for line in ROWS.splitlines()]


def test_the_named_sheet_is_read_and_rows_are_numbered_as_excel_does(tmp_path):
    book = workbook([["A title"], *cells()])
    book.create_sheet("Notes").append(["nothing"])
    declared = 'sheet = "Data"\nskip_rows = 1'
    table = received(tmp_path, {"a.xlsx": saved(book)}, source=source("a.xlsx", declared))
    assert strings(table) == EXPECTED
    assert table.where(np.arange(3)) == "a.xlsx, row 3"


def test_whole_numbers_of_a_worksheet_are_spelled_without_decimals(tmp_path):
    rows = cells()
    rows[1] = ["a", "03", 2011.0, 1.25, 4.0, 3, True]
    table = received(tmp_path, {"a.xlsx": saved(workbook(rows))})
    assert [values[0] for values in strings(table).values()] == [
        "4", "a", "03", "1", "3", "1.25", "2011",
    ]  # fmt: skip


def test_user_missing_codes_of_spss_are_kept_and_known(tmp_path):
    path = tmp_path / "made.sav"
    pyreadstat.write_sav(
        typed(),
        path,
        missing_ranges={"overall": [99]},
        variable_value_labels={"help": {1.0: "Very poor", 4.0: "Very good"}},
    )
    table = received(tmp_path, {"a.sav": path.read_bytes()})
    assert strings(table)["overall"] == ["9", "2", "99"]
    assert table.file.missing["overall"] == {"99"}
    assert table.file.labels["help"] == {"1": "Very poor", "4": "Very good"}


def test_extended_missing_values_of_stata_are_spelled_with_a_dot(tmp_path):
    path = tmp_path / "made.dta"
    frame = typed().astype({"overall": object})
    frame.loc[2, "overall"] = "a"
    pyreadstat.write_dta(frame, path, missing_user_values={"overall": ["a"]})
    table = received(tmp_path, {"a.dta": path.read_bytes()})
    assert strings(table)["overall"] == ["9", "2", ".a"]

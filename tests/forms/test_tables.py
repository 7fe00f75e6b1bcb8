"""The tables as files: the cells of the page, as numbers; what is hidden there is hidden here."""

import csv
import re
from html import unescape

import openpyxl
import pandas as pd
import pytest

from betyg.publish import table, table_files, whole, workbook
from betyg.publish.language import Language
from betyg.publish.table import Column, Table

EN = Language("en")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=cmd|"/c calc"!A1')


def captions(page: str) -> list[str]:
    found = re.findall(r"<caption[^>]*><span[^>]*>(.*?)</span>", page)
    return [unescape(caption) for caption in found]


def rows(path) -> list[list[str]]:
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def test_each_table_of_the_page_is_a_file_and_a_sheet(made):
    listed = rows(made["csv"] / "contents-synthetic.csv")[1:]
    assert [caption for _, caption, _ in listed] == captions(made.page)
    assert sorted(p.name for p in made["csv"].iterdir()) == sorted(
        ["contents-synthetic.csv", *(name for name, _, _ in listed)]
    )
    sheets = openpyxl.load_workbook(made["xlsx"]).worksheets[1:]
    assert [sheet["A1"].value for sheet in sheets] == captions(made.page)


def test_numbers_are_those_of_the_page_before_they_were_rounded(made):
    """Each number of a file, written as the page writes it, stands in the page's own table."""
    words = Language(made.language)
    compared = 0
    for one in made.tables:
        start = made.page.index(f'id="table-{one.name}"')
        html = unescape(made.page[start : made.page.index("</table>", start)])
        for column in one.columns:
            write = table.writer(column.kind, words, digits=0 if column.kind == "difference"
                                 and one.name.startswith("themes") else None)  # fmt: skip
            for value in column.values:
                if value is not None and column.kind != "text":
                    assert write(value) in html, (one.name, column.label, value)
                    compared += 1
    assert compared > 500


def test_csv_and_workbook_hold_the_same_cells(made):
    sheets = openpyxl.load_workbook(made["xlsx"]).worksheets[1:]
    for one, sheet in zip(made.tables, sheets, strict=True):
        header, *body = rows(made["csv"] / f"{one.name}-synthetic.csv")
        assert [cell.value for cell in sheet[4]][: len(one.columns)] == header[:-1]
        for line, written in zip(sheet.iter_rows(min_row=5, values_only=True), body, strict=True):
            for cell, text in zip(line, written[:-1], strict=False):
                same = float(text) if isinstance(cell, int | float) else text.removeprefix("'")
                assert same == ("" if cell is None else cell)


def test_what_rests_on_too_few_answers_is_empty_and_says_so():
    frame = pd.DataFrame({"label": ["a", "b"], "estimate": [61.5, 47.5], "n": [30, 3],
                          "shown": [True, False]})  # fmt: skip
    columns = [Column(source="label", label="Unit"), Column(source="n", label="n", kind="count"),
               Column(source="estimate", label="Mean", kind="score")]  # fmt: skip
    made = table.build(frame, columns, EN, name="t", caption="T").plain()
    assert made.rows == [("a", 30, 61.5), ("b", None, None)]
    assert made.remarks == ("", "too few answers to show")


def test_nothing_that_is_hidden_in_the_invented_survey_is_in_its_files(made):
    hidden = Language(made.language).text("too few answers to show")
    remarked = 0
    for one in made.tables:
        for row, remark in zip(one.rows, one.remarks, strict=True):
            if remark == hidden:
                numbers = [v for v, c in zip(row, one.columns, strict=True)
                           if c.kind not in ("text", "year")]  # fmt: skip
                assert set(numbers) == {None}
                remarked += 1
            elif remark:
                assert remark.startswith(f"{hidden}: ")
                remarked += row.count(None)
    assert remarked == made.page.count(f">{hidden}<")


@pytest.mark.parametrize("evil", FORMULAS)
def test_labels_that_look_like_formulas_stay_text(tmp_path, evil):
    one = Table(name="t", caption=evil, header=(evil, "x"), rows=((evil, evil),), note=evil,
                numeric=(False, False)).plain()  # fmt: skip
    table_files.write([one], tmp_path / "csv", language="en", synthetic=False)
    for path in (tmp_path / "csv").iterdir():
        for row in csv.reader(path.read_text("utf-8-sig").splitlines()):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)
    (tmp_path / "a.xlsx").write_bytes(
        workbook.of_tables([one], title=evil, language="en", synthetic=False)
    )
    for name, part in whole.parts((tmp_path / "a.xlsx").read_bytes()).items():
        assert not re.search(rb"<f[ >]", part), name
    for sheet in openpyxl.load_workbook(tmp_path / "a.xlsx"):
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value}
        assert kinds == {"s"}


def test_the_workbook_can_be_read_by_a_screen_reader(made):
    book = openpyxl.load_workbook(made["xlsx"])
    assert book.properties.language == made.language
    assert Language(made.language).text("synthetic data") in book.properties.title
    assert book.sheetnames[0] == Language(made.language).text("Notes")
    for number, sheet in enumerate(book.worksheets[1:], start=1):
        assert not sheet.merged_cells.ranges
        assert sheet.freeze_panes == "B5"
        (region,) = sheet.tables.values()
        assert region.displayName == f"Table{number}" and region.headerRowCount == 1
        headings = [cell.value for cell in sheet[region.ref][0]]
        assert all(headings) and len(set(headings)) == len(headings)
        assert Language(made.language).text("Synthetic data: made for demonstration.") in (
            sheet["A2"].value
        )
        last = sheet.max_row
        assert all(any(c.value is not None for c in sheet[row]) for row in range(1, last + 1))
    links = [cell.hyperlink.location for cell in book.worksheets[0]["A"] if cell.hyperlink]
    assert links == ["'{}'!A1".format(name.replace("'", "''")) for name in book.sheetnames[1:]]

"""The tables of a report as one workbook that a screen reader can read.

A sheet of notes first, then a table a sheet: title, note, one row of headings that stays in
view, no merged cells, no blank rows, nothing that a spreadsheet computes.
"""

import io
import re
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table as Region
from openpyxl.worksheet.table import TableStyleInfo

from betyg.publish import whole
from betyg.publish.language import Language
from betyg.publish.plain import Cell, Kind, PlainColumn, PlainTable

_FORMATS: dict[Kind, str] = {
    "text": "@",
    "year": "0",
    "count": "#,##0",
    "score": "0.0",
    "difference": "+0.0;-0.0;0.0",
    "share": "0.0%",
    "decimal": "0.00",
}
_TITLE, _STRONG, _PLAIN = (Font(name="Arial", size=s, bold=b) for s, b in
                           ((14, True), (11, True), (11, False)))  # fmt: skip
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_HEADINGS = 4  # the row of the headings: title, note, the way back, headings
_WIDEST, _NARROWEST = 60, 11
_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def of_tables(tables: Sequence[PlainTable], *, title: str, language: str, synthetic: bool) -> bytes:
    """Return the workbook: the same bytes each time.

    Parameters
    ----------
    title : str
        Of the report; ``synthetic`` adds in brackets that the data are.
    """
    words = Language(language)
    full = f"{title} ({words.text('synthetic data')})" if synthetic else title
    book = Workbook()
    properties = book.properties
    properties.title, properties.language, properties.creator = full, language, "betyg"
    names = _sheet_names(tables, words)
    _notes(book.active, tables, names, words, title=full, synthetic=synthetic)
    for number, (table, name) in enumerate(zip(tables, names[1:], strict=True), start=1):
        sheet = book.create_sheet(name)
        _fill(sheet, table, words, number=number, notes=names[0])
        if synthetic:
            _say(sheet, words.text("Synthetic data: made for demonstration."))
    buffer = io.BytesIO()
    book.save(buffer)
    return whole.archive(
        {name: _TIMES.sub(b"", part) if name == "docProps/core.xml" else part
         for name, part in whole.parts(buffer.getvalue()).items()}
    )  # fmt: skip


def _notes(
    sheet: Any,
    tables: Sequence[PlainTable],
    names: Sequence[str],
    words: Language,
    *,
    title: str,
    synthetic: bool,
) -> None:
    text = words.text
    told = [text("Synthetic data: made for demonstration.")] if synthetic else []
    told += [
        text("One table on each sheet, with its headings in row {row}.", row=str(_HEADINGS)),
        text("Numbers have up to six decimals. A share of 0.25 is 25%. An empty cell has no "
             "number; the last column says where there are too few answers to show one."),
    ]  # fmt: skip
    sheet.title = names[0]
    _write(sheet, 1, 1, title, _TITLE)
    for row, line in enumerate(told, start=2):
        _write(sheet, row, 1, line, _PLAIN)
    for row, (table, name) in enumerate(zip(tables, names[1:], strict=True), start=len(told) + 2):
        _link(_write(sheet, row, 1, table.caption, _PLAIN), name)
    sheet.column_dimensions["A"].width = 90


def _fill(sheet: Any, table: PlainTable, words: Language, *, number: int, notes: str) -> None:
    """Write one table: its title, its note, the way back to the notes, headings and rows."""
    remarks = PlainColumn(
        label=words.text("Remark on the row"), kind="text", values=tuple(table.remarks)
    )
    columns = (*table.columns, remarks) if any(table.remarks) else table.columns
    _write(sheet, 1, 1, table.caption, _TITLE).alignment = Alignment()
    _write(sheet, 2, 1, table.note or words.text("One table."), _PLAIN).alignment = Alignment()
    back = _write(sheet, 3, 1, words.text("Back to the notes"), _PLAIN)
    back.alignment = Alignment()
    _link(back, notes)
    for index, column in enumerate(columns, start=1):
        _write(sheet, _HEADINGS, index, column.label, _STRONG)
        for row, value in enumerate(column.values, start=_HEADINGS + 1):
            _write(sheet, row, index, value, _PLAIN).number_format = _FORMATS[column.kind]
        sheet.column_dimensions[get_column_letter(index)].width = _width(column)
    _mark(sheet, len(columns), len(table.remarks), number=number)


def _say(sheet: Any, said: str) -> None:
    """Say on a sheet, and in its print, that the data are synthetic."""
    note = sheet["A2"]
    if said not in note.value:
        note.value = f"{note.value} {said}"
        note.data_type = "s"
    sheet.oddHeader.center.text = said


def _mark(sheet: Any, columns: int, rows: int, *, number: int) -> None:
    """Name the region of the table, keep its headings in view, and repeat them in print."""
    last = f"{get_column_letter(columns)}{_HEADINGS + max(rows, 1)}"
    region = Region(displayName=f"Table{number}", ref=f"A{_HEADINGS}:{last}")
    region.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(region)
    sheet.freeze_panes = f"B{_HEADINGS + 1}"
    sheet.print_title_rows = f"{_HEADINGS}:{_HEADINGS}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0


def _write(sheet: Any, row: int, column: int, value: Cell, font: Font) -> Any:
    """Write a value; text stays text, whatever sign it begins with."""
    cell = sheet.cell(row, column)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    cell.font = font
    if isinstance(value, str):
        cell.data_type, cell.quotePrefix, cell.alignment = "s", True, _WRAPPED
    return cell


def _link(cell: Any, sheet: str) -> None:
    quoted = sheet.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!A1")
    cell.font = Font(name="Arial", size=11, underline="single", color="0B5FA5")


def _width(column: PlainColumn) -> float:
    if column.kind != "text":
        return max(_NARROWEST, max(map(len, column.label.split())) + 3)
    longest = max((len(str(v)) for v in (column.label, *column.values) if v), default=0)
    return min(_WIDEST, max(_NARROWEST, longest + 2))


def _sheet_names(tables: Sequence[PlainTable], words: Language) -> list[str]:
    """Return the names of the sheets: short, different, without signs that they may not hold."""
    wished = [f"{n} {table.caption}" for n, table in enumerate(tables, start=1)]
    plain = (re.sub(r"[\[\]:*?/\\'\x00-\x1f]", " ", name) for name in wished)
    return [words.text("Notes"), *(" ".join(name.split())[:31].rstrip() for name in plain)]

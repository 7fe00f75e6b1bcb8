"""Files as statistics departments export them, with the same bytes on every run.

Every format that stamps the time of writing into the file gets a fixed stamp instead.
"""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import pyreadstat

ValueLabels = Mapping[str, dict[int | float, str]]

_STAMP = datetime(2018, 1, 15, 9, 0)
_SAV_STAMP = b"15 Jan 1809:00:00"  # creation date and time, as in the header of a .sav file
_SAV_STAMP_AT = 92


def delimited(
    frame: pd.DataFrame,
    path: Path,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    decimal: str = ".",
) -> None:
    """Write text with a delimiter and Windows line ends; missing cells are empty."""
    frame.to_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        decimal=decimal,
        index=False,
        lineterminator="\r\n",
    )


def excel(
    frame: pd.DataFrame, path: Path, *, sheet: str = "Data", above: Sequence[str] = ()
) -> None:
    """Write a workbook with one sheet, the lines ``above`` over its header.

    Missing cells are empty.
    Written by hand: openpyxl needs a minute for 100,000 rows and stamps the time of day.
    """
    head = "".join(_cell(name) for name in frame.columns)
    columns = [_cells(frame[name]) for name in frame.columns]
    rows = [*map(_cell, above), head, *("".join(cells) for cells in zip(*columns, strict=True))]
    body = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, start=1))
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": _WORKBOOK.format(sheet=escape(sheet, {'"': "&quot;"})),
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": _SHEET.format(body=body),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            part = zipfile.ZipInfo(name)  # its date is 1 January 1980 unless one is given
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 3  # otherwise the writing platform is recorded
            archive.writestr(part, text)


def spss(
    frame: pd.DataFrame, path: Path, *, labels: Mapping[str, str], value_labels: ValueLabels
) -> None:
    """Write an SPSS file with variable and value labels; NaN is system missing."""
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=dict(labels),
        variable_value_labels=dict(value_labels),
        row_compress=True,
    )
    with path.open("r+b") as file:
        file.seek(_SAV_STAMP_AT)
        file.write(_SAV_STAMP)


def stata(
    frame: pd.DataFrame, path: Path, *, labels: Mapping[str, str], value_labels: ValueLabels
) -> None:
    """Write a Stata 14 file with variable and value labels; NA is system missing."""
    frame.to_stata(
        path,
        write_index=False,
        version=118,
        time_stamp=_STAMP,
        variable_labels=dict(labels),
        value_labels=dict(value_labels),
    )


def _cells(column: pd.Series) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    # A column holds few different values: each is turned into XML once.
    codes, values = pd.factorize(column)
    cells = np.array([*(_cell(value) for value in values), "<c/>"], dtype=object)
    return cells[codes]  # a missing value has code -1: the last one


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OOXML = "http://schemas.openxmlformats.org"
_TYPE = "application/vnd.openxmlformats"

_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_OOXML}/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{_TYPE}-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    f'ContentType="{_TYPE}-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    f'ContentType="{_TYPE}-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_WORKBOOK = (
    f'{_XML}<workbook xmlns="{_OOXML}/spreadsheetml/2006/main" '
    f'xmlns:r="{_OOXML}/officeDocument/2006/relationships">'
    '<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_SHEET = (
    f'{_XML}<worksheet xmlns="{_OOXML}/spreadsheetml/2006/main">'
    "<sheetData>{body}</sheetData></worksheet>"
)


def _relations(kind: str, target: str) -> str:
    return (
        f'{_XML}<Relationships xmlns="{_OOXML}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_OOXML}/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}"/></Relationships>'
    )

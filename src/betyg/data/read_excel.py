"""Read a worksheet of an Excel workbook as it shows itself: the stored results of formulas."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from betyg.data.codebook import normal
from betyg.data.columns import spelled
from betyg.data.raw_table import NO_ROWS, RawFile, RawTable, places
from betyg.data.rows_of_text import gather
from betyg.data.settings import Source
from betyg.errors import Problems, did_you_mean

__all__ = ["read"]

BOMB = "If it is what it should be, delete its empty rows and columns and save it anew."
LARGE, DENSE = 100_000_000, 200  # bytes of a part, and how many a byte of the file unpacks to
DAMAGED = (
    zipfile.BadZipFile,
    InvalidFileException,
    KeyError,
    OSError,
    ParseError,
    EOFError,
    ValueError,
)


def read(path: Path, source: Source, *, wanted: Set[str], problems: Problems) -> RawFile | None:
    """Read the wanted columns of one worksheet.

    Parameters
    ----------
    path : Path
        The workbook.
    source : Source
        Its declaration; ``sheet`` must be given when there are several.
    wanted : set of str
        Columns to keep; those that the sheet lacks are left for the caller to report.
    problems : Problems
        Where everything that keeps the sheet from being read is noted.

    Returns
    -------
    RawFile or None
        None if a problem was noted.
    """
    before = len(problems)
    try:
        if _is_bomb(path):
            problems.add(source.file, "unpacks to far more than any survey holds.", BOMB)
            return None
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = _sheet(book, source, problems)
        table = None if sheet is None else _table(sheet, source, wanted, problems)
        book.close()
        if table is not None:
            _check_formulas(path, table.whole(), source, problems)
    except DAMAGED as error:
        problems.add(
            source.file,
            f"cannot be read as an Excel workbook ({type(error).__name__}: {error}).",
            "It was probably cut short on its way: copy it again from where it came.",
        )
        return None
    return None if len(problems) > before else table


def _is_bomb(path: Path) -> bool:
    """Tell whether a part unpacks to a size that only repetition can give."""
    with zipfile.ZipFile(path) as packed:
        return any(
            part.file_size > LARGE and part.file_size > DENSE * part.compress_size
            for part in packed.infolist()
        )


def _sheet(book: Any, source: Source, problems: Problems) -> Any:
    names = book.sheetnames
    if source.sheet is None and len(names) > 1:
        problems.add(
            source.file,
            f"has {len(names)} sheets: {', '.join(names)}.",
            "Name the one to read: sheet = ... in its [[source]].",
        )
        return None
    name = names[0] if source.sheet is None else source.sheet
    if name not in names:
        problems.add(source.file, f"has no sheet '{name}'.", did_you_mean(name, names))
        return None
    return book[name]


def _table(sheet: Any, source: Source, wanted: Set[str], problems: Problems) -> RawFile | None:
    sheet.reset_dimensions()  # some programs write them wrong, and rows would be lost
    rows = sheet.iter_rows(values_only=True)
    for _ in range(source.skip_rows):
        next(rows, None)
    header = [normal(spelled(cell)) for cell in next(rows, ())]
    repeated = [name for name, n in Counter(header).items() if n > 1 and name in wanted]
    for name in repeated:
        problems.add(
            f"{source.file}, row {source.skip_rows + 1}",
            f"column '{name}' stands {header.count(name)} times in the header.",
            "Ask for the file with distinct names; which one is meant cannot be known.",
        )
    used = {name: at for at, name in enumerate(header) if name in wanted}
    first = source.skip_rows + 2
    parts = list(gather(_spelled(rows, used, first), used=_renumbered(used)))
    if not parts:
        what = "has no rows below its header." if any(header) else "is empty."
        problems.add(f"{source.file}, sheet '{sheet.title}'", what, NO_ROWS)
        return None
    columns = tuple(name for name in header if name)
    return RawFile(source=source, columns=columns, batches=lambda _: parts, line_word="row")


def _renumbered(used: dict[str, int]) -> dict[str, int]:
    return {name: place for place, name in enumerate(used)}


def _spelled(
    rows: Iterable[Sequence[object]], used: dict[str, int], first: int
) -> Iterator[tuple[int, list[str]]]:
    """Return the used cells of each row that is not blank, as text."""
    for line, cells in enumerate(rows, start=first):
        if any(cell is not None and cell != "" for cell in cells):
            width = len(cells)
            yield line, [spelled(cells[at]) if at < width else "" for at in used.values()]


def _check_formulas(path: Path, table: RawTable, source: Source, problems: Problems) -> None:
    """Note formulas whose results were never stored: the workbook was not saved by a spreadsheet.

    A workbook is calculated as a whole; so if any formula has its result, those that show
    nothing are empty texts and not a problem.
    """
    if not _has_formulas(path):
        return
    book = openpyxl.load_workbook(path, read_only=True)
    sheet = book[source.sheet] if source.sheet else book.worksheets[0]
    at = {int(line): row for row, line in enumerate(table.lines)}
    names = [normal(spelled(cell.value)) for cell in _row(sheet, source.skip_rows + 1)]
    without: list[tuple[int, str]] = []
    for cells in sheet.iter_rows(min_row=source.skip_rows + 2):
        for name, cell in zip(names, cells, strict=False):
            if cell.data_type != "f" or name not in table.held:
                continue
            if cell.row in at and table.coded(name)[0][at[cell.row]] >= 0:
                book.close()
                return
            without.append((cell.row, f"{get_column_letter(cell.column)}{cell.row}"))
    book.close()
    if without:
        problems.add(
            f"{source.file}, cell {without[0][1]}",
            "holds a formula without a stored result "
            f"({places([row for row, _ in without], word='row')}).",
            "Open the workbook in a spreadsheet program and save it, or paste the values.",
        )


def _row(sheet: Any, number: int) -> Sequence[Any]:
    return next(sheet.iter_rows(min_row=number, max_row=number), ())


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as book:
        parts = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
        return any(b"<f>" in data or b"<f " in data for data in map(book.read, parts))

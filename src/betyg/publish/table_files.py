"""The tables of a report as CSV: a file each, and a list of them."""

import csv
import io
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from betyg.publish.language import Language
from betyg.publish.plain import Cell, PlainTable

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute text that begins so


def write(tables: Sequence[PlainTable], folder: Path, *, language: str, synthetic: bool) -> None:
    """Write a folder of CSV files: whole, in the place of the one before.

    UTF-8 with its mark, comma, decimal point; numbers unrounded, hidden ones empty, with the
    reason in the last column. Text that a spreadsheet would take for a formula begins with an
    apostrophe.
    """
    words = Language(language)
    mark = "-synthetic" if synthetic else ""
    remark = words.text("Synthetic data: made for demonstration.") if synthetic else ""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    listed = [[words.text("File"), words.text("Table"), words.text("Remark")]]
    for table in tables:
        name = f"{table.name}{mark}.csv"
        listed.append([name, table.caption, table.note])
        (unfinished / name).write_bytes(_of_table(table, words, remark=remark))
    (unfinished / f"contents{mark}.csv").write_bytes(_csv(listed))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)


def _of_table(table: PlainTable, words: Language, *, remark: str) -> bytes:
    header = [*(column.label for column in table.columns), words.text("Remark on the row")]
    rows = [
        [*row, ". ".join(part for part in (own, remark) if part)]
        for row, own in zip(table.rows, table.remarks, strict=True)
    ]
    return _csv([header, *rows])


def _csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(
        [_harmless(cell) for cell in row] for row in rows
    )
    return buffer.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

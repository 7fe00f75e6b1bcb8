"""The rows of a delimited text: whole blocks where nothing is special, else cell by cell."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from betyg.data.raw_table import Part, places
from betyg.data.rows_of_text import gather
from betyg.data.settings import Role, Source
from betyg.errors import Problems

__all__ = ["Text", "not_split"]

BLOCK = 2**23  # signs
QUOTE, NEWLINE, RETURN = b'"\n\r'
SELDOM_REPEAT: tuple[Role, ...] = (
    "respondent",
    "psu",
    "weight",
    "count",
    "percent",
    "n",
    "value",
    "se",
)


class Text:
    """The rows below the header of a text file.

    Arrow reads a block at once, and Python's reader a cell at a time, a hundred times slower but
    with the rules for blank lines, ragged rows, line breaks in cells and faults of quotation. So
    the second takes over at the first block that needs any of them.
    """

    def __init__(self, stream: TextIO, source: Source, *, width: int, line: int) -> None:
        self.stream, self.source, self.width, self.line = stream, source, width, line
        self.rows: Rows | None = None

    def parts(self, used: Mapping[str, int], problems: Problems) -> Iterator[Part]:
        """Return the used columns; cells that cannot be split are noted."""
        while text := self.stream.read(BLOCK):
            text += self.stream.readline()
            held = plain_rows(text.encode(), self.source, used, self.width)
            if held is None:
                yield from self._by_cell(text, used, problems)
                return
            n = len(next(iter(held.values()))) if held else 0
            if n:
                yield held, np.arange(self.line + 1, self.line + n + 1, dtype=np.int32)
            self.line += text.count("\n")

    def _by_cell(self, text: str, used: Mapping[str, int], problems: Problems) -> Iterator[Part]:
        lines = itertools.chain(io.StringIO(text, newline=""), self.stream)
        reader = csv.reader(lines, delimiter=self.source.delimiter, strict=True)
        rows = Rows(reader, width=self.width, skipped=self.line)
        try:
            yield from gather(rows, used=used)
        except csv.Error as error:
            problems.add(*not_split(self.source, reader.line_num + self.line, error))
        else:
            self.rows = rows

    def report(self, problems: Problems) -> None:
        """Note the rows whose number of cells is not that of the header."""
        if self.rows is not None:
            self.rows.report(self.source, problems)


def not_split(source: Source, line: int, error: csv.Error) -> tuple[str, str, str]:
    """Return the problem of a text that cannot be split into cells."""
    return (
        f"{source.file}, line {line}",
        f"cannot be split into cells ({error}).",
        "A quotation mark is probably not closed on this line or before it.",
    )


def plain_rows(
    data: bytes, source: Source, used: Mapping[str, int], width: int
) -> dict[str, pa.Array] | None:
    """Return the used columns of a block of lines, or None if it is not plain.

    In a plain block every line is a row of as many cells as the header has, and quotation marks
    only stand around whole cells without line breaks.
    """
    body = data.rstrip(b"\r\n")
    mark = source.delimiter.encode()
    if not used or not _is_plain(body, mark):
        return None
    if not body:
        return {}
    own_types = {source.columns[role] for role in SELDOM_REPEAT if role in source.columns}
    own_types |= set(source.categories)
    words = pa.dictionary(pa.int32(), pa.string())
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(body),
            read_options=pa.csv.ReadOptions(column_names=[str(at) for at in range(width)]),
            parse_options=pa.csv.ParseOptions(
                delimiter=source.delimiter,
                quote_char='"' if b'"' in body else False,
                double_quote=False,
                ignore_empty_lines=False,
            ),
            convert_options=pa.csv.ConvertOptions(
                check_utf8=False,
                include_columns=[str(at) for at in used.values()],
                column_types={
                    str(at): pa.string() if name in own_types else words
                    for name, at in used.items()
                },
            ),
        )
    except pa.ArrowInvalid:  # a row of more or fewer cells
        return None
    if len(table) != body.count(b"\n") + 1:
        return None
    whole = table.unify_dictionaries().combine_chunks()
    return {name: whole.column(str(at)).chunk(0) for name, at in used.items()}


def _is_plain(body: bytes, mark: bytes) -> bool:
    if len(mark) > 1 or body.count(b"\r") != body.count(b"\r\n"):
        return False
    if body.startswith((b"\n", b"\r", mark, b'""')) or b"\n\n" in body or b"\n\r" in body:
        return False
    if b"\n" + mark in body or b'\n""' in body:
        blank = re.compile(rb'\n(?:""|' + re.escape(mark) + rb")*\r?(?:\n|$)")
        if blank.search(body):
            return False
    return b'"' not in body or _is_quoted_well(np.frombuffer(body, dtype=np.uint8), mark[0])


def _is_quoted_well(signs: NDArray[np.uint8], mark: int) -> bool:
    """Tell whether quotation marks come in pairs around whole cells of one line."""
    quotes = np.flatnonzero(signs == QUOTE)
    if len(quotes) % 2:
        return False
    opens, closes = quotes[::2], quotes[1::2]
    before = signs[opens[opens > 0] - 1]
    after = signs[closes[closes < len(signs) - 1] + 1]
    breaks = np.searchsorted(quotes, np.flatnonzero(signs == NEWLINE)) % 2
    return bool(
        np.isin(before, (mark, NEWLINE)).all()
        and np.isin(after, (mark, NEWLINE, RETURN)).all()
        and not breaks.any()
    )


class Rows:
    """The rows of a reader with their lines; blank ones are passed over, ragged ones noted."""

    def __init__(self, reader: Iterator[list[str]], *, width: int, skipped: int) -> None:
        self.reader = reader
        self.width = width
        self.skipped = skipped
        self.ragged: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[tuple[int, Sequence[str]]]:
        line = self.reader.line_num  # type: ignore[attr-defined]
        for cells in self.reader:
            start = line + 1 + self.skipped
            line = self.reader.line_num  # type: ignore[attr-defined]
            if len(cells) != self.width:
                if not any(cells):
                    continue
                if len(cells) < self.width or any(cells[self.width :]):
                    self.ragged.append((start, len(cells)))
                    continue
            elif not cells[0] and not any(cells):
                continue
            yield start, cells

    def report(self, source: Source, problems: Problems) -> None:
        """Note the rows whose number of cells is not that of the header."""
        if not self.ragged:
            return
        line, cells = self.ragged[0]
        problems.add(
            f"{source.file}, line {line}",
            f"has {cells} cells where the header has {self.width} "
            f"({places([at for at, _ in self.ragged])}).",
            "Look for a delimiter inside a text that is not in quotation marks, or for a "
            "line break in a cell.",
        )

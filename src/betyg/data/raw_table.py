"""A file as it was received: strings in columns, with the line that each row stands on."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data.codebook import normal
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["NO_ROWS", "SHOWN", "RawTable", "add_few", "categorical", "gather", "places", "spelled"]

NO_ROWS = "Ask for the file again, or remove its [[source]]."
SHOWN = 5  # examples of one kind of problem that a message names
BATCH = 2_000  # rows held as Python lists at a time: more would slow the garbage collector


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One source as received, reduced to the columns that the study uses.

    Parameters
    ----------
    source : Source
        The declaration of the file in ``study.toml``.
    columns : tuple of str
        Every column of the file, used or not.
    frame : DataFrame
        The used columns, each a category of strings; null where the cell is empty. Numbers of
        binary formats are spelled with all their digits, whole ones without a decimal point.
    lines : ndarray of int, shape (rows,)
        Where each row stands: line of a text file, row of a worksheet, case of other formats.
    line_word : str
        ``line``, ``row`` or ``case``.
    labels : mapping of column to {code: label}
        Value labels that the file itself carries.
    missing : mapping of column to set of codes
        Codes that the file itself declares missing.
    """

    source: Source
    columns: tuple[str, ...]
    frame: pd.DataFrame
    lines: NDArray[np.int32]
    line_word: str = "line"
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def coded(self, column: str) -> tuple[NDArray[np.intp], list[str]]:
        """Return a column as codes into its distinct values; -1 where the cell is empty."""
        held = self.frame[column].cat
        return held.codes.to_numpy().astype(np.intp), list(held.categories)

    def where(self, rows: NDArray[np.intp] | None = None, *, column: str | None = None) -> str:
        """Name the place of a problem: file, line, column."""
        parts = [self.source.file]
        if rows is not None and len(rows):
            parts.append(f"{self.line_word} {self.lines[rows[0]]}")
        if column is not None:
            parts.append(f"column '{column}'")
        return ", ".join(parts)

    def places(self, rows: NDArray[np.intp]) -> str:
        """Say how many rows and which, e.g. ``3 rows: lines 7, 9 and 12``."""
        return places(self.lines[rows].tolist(), word=self.line_word)

    def kept(self, rows: NDArray[np.bool_]) -> RawTable:
        """Return the table with only the marked rows."""
        return RawTable(
            source=self.source,
            columns=self.columns,
            frame=self.frame[rows].reset_index(drop=True),
            lines=self.lines[rows],
            line_word=self.line_word,
            labels=self.labels,
            missing=self.missing,
        )


def add_few(
    found: Sequence[tuple[str, str, str]], problems: Problems, *, file: str, more: str
) -> None:
    """Note the first problems of one kind in a file, each with place and remedy; count the rest."""
    for one in found[:SHOWN]:
        problems.add(*one)
    if len(found) > SHOWN:
        problems.add(file, f"{len(found) - SHOWN} more {more}.", "Mend these first, and try again.")


def places(lines: Sequence[int], *, word: str = "line") -> str:
    """Say how many rows and which of them, naming at most five."""
    if len(lines) == 1:
        return f"1 row: {word} {lines[0]}"
    first = ", ".join(str(line) for line in lines[:SHOWN])
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"{len(lines)} rows: {word}s {first}{more}"


def spelled(value: object) -> str:
    """Spell a cell of a binary format as a text file would hold it."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)


def categorical(
    codes: NDArray[np.integer], values: Iterable[object], *, empty: Iterable[str]
) -> pd.Categorical:
    """Return a column as a category of normalised strings, null where the cell is empty.

    Parameters
    ----------
    codes : ndarray of int
        Position of each row's value in ``values``; -1 for a cell that holds nothing.
    values : iterable
        Distinct values as read.
    empty : iterable of str
        Spellings of an empty cell.
    """
    nothing = {normal(text) for text in empty} | {""}
    texts = [normal(spelled(value)) for value in values]
    distinct = list(dict.fromkeys(text for text in texts if text not in nothing))
    position = {text: at for at, text in enumerate(distinct)}
    # One slot more, at the end, so that code -1 finds "nothing" there.
    lookup = np.array([position.get(text, -1) for text in texts] + [-1], dtype=np.int32)
    return pd.Categorical.from_codes(lookup[codes], pd.Index(distinct, dtype="str"))


def gather(
    rows: Iterable[tuple[int, Sequence[str]]], *, used: Mapping[str, int], empty: Iterable[str]
) -> tuple[pd.DataFrame, NDArray[np.int32]]:
    """Collect rows of text into a frame of categories, a batch at a time.

    Parameters
    ----------
    rows : iterable of (line, cells)
        Each row at least as wide as the largest position in ``used``.
    used : mapping of column to position
        The columns to keep.
    empty : iterable of str
        Spellings of an empty cell.

    Returns
    -------
    DataFrame, ndarray of int
        The columns, and the line of each row.
    """
    spellings = tuple(empty)
    stream = iter(rows)
    chunks: dict[str, list[pa.Array]] = {column: [] for column in used}
    lines: list[int] = []
    while batch := list(itertools.islice(stream, BATCH)):
        lines.extend(line for line, _ in batch)
        for column, at in used.items():
            chunks[column].append(pa.array([cells[at] for _, cells in batch], pa.string()))
    columns: dict[str, pd.Categorical] = {}
    for column in used:
        joined = pa.chunked_array(chunks.pop(column), pa.string()).dictionary_encode()
        coded = joined.combine_chunks()
        if isinstance(coded, pa.ChunkedArray):  # without any chunk it stays chunked
            coded = pa.array([], pa.string()).dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False)
        columns[column] = categorical(codes, coded.dictionary.to_pylist(), empty=spellings)
    numbers = np.array(lines, dtype=np.int32)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(numbers))), numbers

"""A file as it was received: columns as read, with the line that each row stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from betyg.data import columns
from betyg.data.codebook import normal
from betyg.data.columns import Codes
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = [
    "NO_ROWS",
    "ROWS",
    "SHOWN",
    "Batches",
    "Part",
    "RawFile",
    "RawTable",
    "add_few",
    "places",
]

NO_ROWS = "Ask for the file again, or remove its [[source]]."
SHOWN = 5  # examples of one kind of problem that a message names
Part = tuple[Mapping[str, pa.Array], NDArray[np.int32]]
"""Columns as read, and the line of each row."""
ROWS = 2**17  # rows of a part: its columns stay near the processor
Batches = Callable[[Set[str] | None], Iterable[Part]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """One source as received: what is known of it as a whole, and its rows in parts.

    Parameters
    ----------
    source : Source
        The declaration of the file in ``study.toml``.
    columns : tuple of str
        Every column of the file, used or not.
    batches : callable
        Reads the file from its first row to the last: an iterator of (columns as read, lines)
        each time it is called. Given names, it may leave other columns out.
    line_word : str
        ``line``, ``row`` or ``case``: what the lines number.
    labels : mapping of column to {code: label}
        Value labels that the file itself carries.
    missing : mapping of column to set of codes
        Codes that the file itself declares missing.
    pieces : callable or None
        Given about how many rows a piece should have, reads each piece as ``batches`` reads the
        whole. None where the file can only be read from its first row.
    """

    source: Source
    columns: tuple[str, ...]
    batches: Batches
    line_word: str = "line"
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pieces: Callable[[int], Sequence[Batches]] | None = None

    def cut(self, rows: int) -> list[RawFile]:
        """Return the file in pieces of about so many rows; whole where it cannot be cut."""
        if self.pieces is None:
            return [self]
        return [replace(self, batches=one) for one in self.pieces(rows)]

    def head(self) -> RawFile:
        """Return what is known of the file as a whole, without its rows."""
        return replace(self, batches=_nothing, pieces=None)

    def parts(self, only: Set[str] | None = None) -> Iterator[RawTable]:
        """Return the rows in the order of the file, some at a time; of ``only`` some columns."""
        for held, lines in self.batches(only):
            yield RawTable(file=self, held=held, lines=lines)

    def whole(self) -> RawTable:
        """Return all rows as one table."""
        return joined(self, list(self.parts()))

    def where(self, lines: NDArray[np.int32] | None = None, *, column: str | None = None) -> str:
        """Name the place of a problem: file, line, column."""
        parts = [self.source.file]
        if lines is not None and len(lines):
            parts.append(f"{self.line_word} {lines[0]}")
        if column is not None:
            parts.append(f"column '{column}'")
        return ", ".join(parts)

    def places(self, lines: NDArray[np.int32]) -> str:
        """Say how many rows and which, e.g. ``3 rows: lines 7, 9 and 12``."""
        return places(lines.tolist(), word=self.line_word)


def _nothing(only: Set[str] | None) -> Iterable[Part]:
    del only
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Rows of a file, reduced to the columns that the study uses.

    Parameters
    ----------
    file : RawFile
        Where they come from.
    held : mapping of column to Array
        The used columns as read: texts, or numbers where the format has them. Read as texts,
        numbers are spelled with all their digits, whole ones without a decimal point.
    lines : ndarray of int, shape (rows,)
        Where each row stands: line of a text file, row of a worksheet, case of other formats.
    """

    file: RawFile
    held: Mapping[str, pa.Array]
    lines: NDArray[np.int32]
    _coded: dict[str, tuple[Codes, list[str]]] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> Source:
        """The declaration of the file."""
        return self.file.source

    def empty(self) -> Set[str]:
        """Return the spellings of an empty cell."""
        return {normal(text) for text in self.source.empty}

    def coded(self, column: str) -> tuple[Codes, list[str]]:
        """Return a column as codes into its distinct values; -1 where the cell is empty."""
        if column not in self._coded:
            self._coded[column] = columns.coded(self.held[column], self.empty())
        return self._coded[column]

    def replaced(
        self,
        column: str,
        states: Callable[[Sequence[str]], NDArray[np.int8]],
        known: dict[tuple[int, int], NDArray[np.int8]],
    ) -> NDArray[np.int8]:
        """Return what the texts of a column stand for, as ``columns.replaced`` does."""
        return columns.replaced(self.held[column], self.empty(), states, known)

    def texts(self, column: str) -> pa.Array:
        """Return a column as text, null where the cell is empty."""
        codes, values = self.coded(column)
        return pa.array(values, pa.string()).take(pa.array(codes, mask=codes < 0))

    def identifiers(self, column: str) -> pa.Array:
        """Return a column of texts that seldom repeat, null where the cell is empty."""
        return columns.identifiers(self.held[column], self.empty())

    def where(self, rows: NDArray[np.intp] | None = None, *, column: str | None = None) -> str:
        """Name the place of a problem: file, line, column."""
        return self.file.where(None if rows is None else self.lines[rows], column=column)

    def places(self, rows: NDArray[np.intp]) -> str:
        """Say how many rows and which, e.g. ``3 rows: lines 7, 9 and 12``."""
        return self.file.places(self.lines[rows])

    def kept(self, rows: NDArray[np.bool_]) -> RawTable:
        """Return the table with only the marked rows."""
        if rows.all():
            return self
        mask = pa.array(rows)
        held = {name: array.filter(mask) for name, array in self.held.items()}
        return RawTable(file=self.file, held=held, lines=self.lines[rows])


def joined(file: RawFile, parts: Sequence[RawTable]) -> RawTable:
    """Put parts of a file under each other."""
    held = {name: _one([part.held[name] for part in parts]) for name in parts[0].held}
    return RawTable(file=file, held=held, lines=np.concatenate([part.lines for part in parts]))


def _one(arrays: Sequence[pa.Array]) -> pa.Array:
    if len({array.type for array in arrays}) > 1:  # texts, some of them as words of a list
        arrays = [array.cast(pa.string()) for array in arrays]
    together = pa.chunked_array(arrays).unify_dictionaries().combine_chunks()
    if isinstance(together, pa.ChunkedArray):  # without any row it stays chunked
        return pc.cast(pa.array([], pa.string()), together.type)
    return together


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

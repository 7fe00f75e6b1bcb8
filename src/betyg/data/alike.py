"""Rows that are alike in some columns: what holds for one of them holds for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import columns
from betyg.data.raw_table import RawFile, RawTable
from betyg.data.spool import Spool, batch_of, lines_of

__all__ = ["MANY", "Block", "Layout", "can_be", "gathered"]

APART = {"respondent", "weight", "psu"}  # roles that tell rows apart
GAPS = 2  # times as many numbers as there are between them: then only those that are there count
FEW = 2**14  # rows whose places are worked out together: more would crowd out the counts
MANY = 2**14  # rows of a table: for fewer it does not pay to look for those that are alike
MOST = 2**18  # combinations of values: a table of them stays near the processor
Key = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """How a column of whole numbers is coded: by itself, if need be with one less for empty cells.

    Where there are large gaps between the numbers, as before 99, by the places of the numbers.

    Attributes
    ----------
    type : DataType
        That of the column.
    values : ndarray of int64, shape (distinct numbers,)
        Rising.
    has_empty : bool
        Whether any cell is empty.
    """

    type: pa.DataType
    values: NDArray[np.int64]
    has_empty: bool

    @property
    def low(self) -> int:
        return int(self.values[0])

    @property
    def high(self) -> int:
        return int(self.values[-1])

    @property
    def has_gaps(self) -> bool:
        return self.high - self.low >= GAPS * len(self.values)

    @property
    def first(self) -> int:
        return (1 if self.has_gaps else self.low) - self.has_empty

    @property
    def size(self) -> int:
        values = len(self.values) if self.has_gaps else self.high - self.low + 1
        return values + self.has_empty

    def codes(self, table: RawTable, column: str) -> NDArray[np.integer] | None:
        array = table.held[column]
        low, high = columns.ends(array)
        if low is not None and high is not None and (low < self.low or high > self.high):
            return None
        if array.null_count and not self.has_empty:
            return None
        gone = array.is_null() if array.null_count else None
        values = (array if gone is None else array.fill_null(low or 0)).to_numpy(
            zero_copy_only=False
        )
        codes: NDArray[np.integer] = values
        if low is not None and self.has_gaps:
            place = np.zeros(self.high - self.low + 1, dtype=np.int32)
            place[self.values - self.low] = np.arange(1, len(self.values) + 1)
            codes = place.take(values.astype(np.int64) - self.low)
            if not codes.min(initial=1):
                return None
        if gone is not None:
            codes = codes.astype(np.int64)
            codes[gone.to_numpy(zero_copy_only=False)] = self.first
        return codes

    def widened(self, table: RawTable, column: str) -> _Whole | _Words:
        array = table.held[column]
        values = np.union1d(self.values, _distinct(array))
        return _of_whole(array.type, values, self.has_empty or array.null_count > 0)

    def array(self, codes: NDArray[np.integer]) -> pa.Array:
        place = codes.astype(np.int64) - self.has_empty
        gone, place = place < 0, np.maximum(place, 0)
        values = self.values[place] if self.has_gaps else place + self.low
        return pa.array(values, mask=gone).cast(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How any other column is coded: by its distinct texts, 0 where it is empty."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    first: int = 0

    @property
    def size(self) -> int:
        return len(self.numbers) + 1

    def codes(self, table: RawTable, column: str) -> Key | None:
        codes, texts = table.coded(column)
        if not self.numbers.keys() >= set(texts):
            return None
        numbers = np.array([*(self.numbers[text] for text in texts), 0], dtype=np.int32)
        return numbers.take(codes, mode="wrap")

    def widened(self, table: RawTable, column: str) -> _Words:
        numbers = dict(self.numbers)
        for text in table.coded(column)[1]:
            numbers.setdefault(text, len(numbers) + 1)
        return _Words(numbers=numbers)

    def array(self, codes: NDArray[np.integer]) -> pa.Array:
        texts = pa.array([None, *self.numbers], pa.string())
        return texts.take(pa.array(codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the values of some columns make one whole number, and back."""

    codings: Mapping[str, _Whole | _Words]

    @classmethod
    def of(cls, table: RawTable, names: Iterable[str]) -> Layout | None:
        """Return a layout for the values of a table; None if they have too many combinations."""
        codings: dict[str, _Whole | _Words] = {}
        for name in names:
            held = table.held[name]
            is_whole = _is_whole(held.type) and held.null_count < len(held)
            codings[name] = (
                _of_whole(held.type, _distinct(held), held.null_count > 0)
                if is_whole
                else _Words().widened(table, name)
            )
        return cls(codings=codings)._usable()

    @property
    def size(self) -> int:
        """How many numbers there are."""
        size = 1
        for coding in self.codings.values():
            size *= coding.size
        return size

    def widened(self, table: RawTable) -> Layout | None:
        """Return a layout for the values of a table too; None if there are too many."""
        codings = {name: one.widened(table, name) for name, one in self.codings.items()}
        return Layout(codings=codings)._usable()

    def _usable(self) -> Layout | None:
        return self if self.size <= MOST else None

    def key(self, table: RawTable) -> Key | None:
        """Return the number of each row; None where a value has no place in the layout.

        Numbers of 32 bits go round: however large they are, differences are right.
        """
        key, first = np.zeros(len(table.lines), dtype=np.int32), 0
        for name, coding in self.codings.items():
            codes = coding.codes(table, name)
            if codes is None:
                return None
            key *= np.int32(coding.size)
            np.add(key, codes, out=key, casting="same_kind")
            first = first * coding.size + coding.first
        key -= _round(first)
        return key

    def rows(self, keys: NDArray[np.integer], file: RawFile) -> RawTable:
        """Return a row for each number; they stand nowhere in the file."""
        held: dict[str, pa.Array] = {}
        rest = keys
        for name, coding in reversed([*self.codings.items()]):
            rest, codes = np.divmod(rest, coding.size)
            held[name] = coding.array(codes)
        return RawTable(file=file, held=held, lines=np.zeros(len(keys), dtype=np.int32))


def _of_whole(kind: pa.DataType, values: NDArray[np.int64], has_empty: bool) -> _Whole | _Words:
    """Return how whole numbers are coded: those far from each other by what they spell."""
    if int(values[-1]) - int(values[0]) >= columns.SPAN:
        return _Words(numbers={str(value): at for at, value in enumerate(values.tolist(), start=1)})
    return _Whole(type=kind, values=values, has_empty=has_empty)


def _distinct(array: pa.Array) -> NDArray[np.int64]:
    """Return the distinct whole numbers of a column, rising."""
    found: NDArray[np.int64] = array.unique().drop_null().cast(pa.int64()).to_numpy()
    return np.sort(found)


def _round(number: int) -> np.int32:
    """Return the last 32 bits of a whole number."""
    return np.int64(number & 0xFFFFFFFF).astype(np.int32)


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind)) and kind != pa.uint64()  # some of those are beyond int64


class Block:
    """Rows that follow each other, by the kinds that they are of.

    Attributes
    ----------
    rows : Spool
        Key and line of each row.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout, self.rows = layout, Spool()
        self._n = np.zeros(layout.size, dtype=np.int32)

    def add(self, key: Key, lines: NDArray[np.int32]) -> None:
        """Add some rows."""
        for first in range(0, len(key), FEW):
            np.add.at(self._n, key[first : first + FEW].astype(np.intp), np.int32(1))
        self.rows.append(batch_of({"key": key}, lines))

    def kinds(self, file: RawFile) -> tuple[RawTable, NDArray[np.int64]]:
        """Return a row of each kind, and how many rows are of it."""
        some = np.flatnonzero(self._n)
        return self.layout.rows(some, file), self._n[some].astype(np.int64)

    def parts(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Return the place among the kinds, and the line, of each row, part by part."""
        place = np.cumsum(self._n > 0, dtype=np.int32) - np.int32(1)
        for batch in self.rows:
            yield place.take(batch.column("key").to_numpy()), lines_of(batch)


def can_be(first: RawTable) -> bool:
    """Tell from the first part of a file whether many of its rows may be alike in all columns."""
    named = first.source.columns
    told_apart = not APART.isdisjoint(named) or bool(first.source.replicate_columns)
    return not told_apart and len(first.lines) >= MANY


def gathered(parts: Iterable[RawTable]) -> list[Block] | None:
    """Return rows by their kinds; None where they have too many combinations of values."""
    blocks: list[Block] = []
    for part in parts:
        key = blocks[-1].layout.key(part) if blocks else None
        if key is None:
            layout = blocks[-1].layout.widened(part) if blocks else Layout.of(part, part.held)
            if layout is None or (key := layout.key(part)) is None:
                return None
            blocks.append(Block(layout))
        if len(key):
            blocks[-1].add(key, part.lines)
    return blocks

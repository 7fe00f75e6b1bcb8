"""Which published numbers, bands and places moved between two versions of a report, and why.

Compared are the tables as readers see them, in machine form: what is hidden is no number here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from betyg.publish import plain
from betyg.publish.plain import Cell, PlainTable

__all__ = ["Place", "Values", "cause", "lines", "moved", "tables", "values"]

SAME = 1.5e-6  # tables carry six decimals: a difference in the last of them is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands: a table, the words that head a row, and a column."""

    table: str
    row: tuple[str, ...]
    column: str

    def __str__(self) -> str:
        return f"{self.table}: {' '.join(self.row)}, {self.column}"


Values = Mapping[Place, Cell]


def tables(notebooks: Iterable[Path]) -> list[PlainTable]:
    """Return the tables that executed notebooks show, in machine form, in order."""
    found: list[PlainTable] = []
    for path in notebooks:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                packed = output.get("data", {}).get(plain.MIME, [])
                found += [PlainTable.from_json(table) for table in packed]
    return found


def values(versions: Sequence[Sequence[PlainTable]]) -> list[Values]:
    """Return the values of each version by their place, which is the same in all of them.

    A row is known by as many of its first columns as it takes to tell the rows of its table apart.
    """
    heads: dict[str, int] = {}
    for version in versions:
        for table in version:
            heads[table.name] = max(heads.get(table.name, 1), _head(table))
    return [_of_version(version, heads) for version in versions]


def moved(old: Values, new: Values) -> list[Place]:
    """Return where the values differ, in the order of the new report, then of the old."""
    places = dict.fromkeys([*new, *old])
    return [place for place in places if not _same(old.get(place), new.get(place))]


def cause(place: Place, old: Values, alone: Mapping[str, Values], kinds: Collection[str]) -> str:
    """Return which of the kinds that differ moves a value when it alone is today's.

    Parameters
    ----------
    alone : mapping of str to values
        The report as it was but for one kind.
    kinds : collection of str
        All kinds that differ.
    """
    if len(kinds) == 1:
        return next(iter(kinds))
    moves = [kind for kind, found in alone.items() if not _same(old.get(place), found.get(place))]
    if moves:
        return " and ".join(moves)
    if untried := [kind for kind in kinds if kind not in alone]:
        return f"{' or '.join(untried)}, not tried alone"
    return f"{' and '.join(kinds)} together"


def lines(
    old: Values, new: Values, alone: Mapping[str, Values], kinds: Collection[str]
) -> list[str]:
    """Return a line for each value that moved: where, from what to what, because of what."""
    return [
        f"{place}: {_written(old.get(place))} -> {_written(new.get(place))} "
        f"({cause(place, old, alone, kinds)})"
        for place in moved(old, new)
    ]


def _head(table: PlainTable) -> int:
    rows = table.rows
    for count in range(1, len(table.columns)):
        if len({row[:count] for row in rows}) == len(rows):
            return count
    return max(1, len(table.columns) - 1)


def _of_version(version: Iterable[PlainTable], heads: Mapping[str, int]) -> Values:
    found: dict[Place, Cell] = {}
    for table in version:
        count = heads[table.name]
        for row in table.rows:
            head = tuple(str(cell) for cell in row[:count])
            for column, cell in zip(table.columns[count:], row[count:], strict=True):
                place = Place(table=table.name, row=head, column=column.label)
                while place in found:  # rows that nothing tells apart
                    place = Place(table=table.name, row=(*place.row, "again"), column=column.label)
                found[place] = cell
    return found


def _same(old: Cell, new: Cell) -> bool:
    if isinstance(old, int | float) and isinstance(new, int | float):
        return abs(old - new) <= SAME
    return old == new


def _written(cell: Cell) -> str:
    return "none" if cell in (None, "") else str(cell)

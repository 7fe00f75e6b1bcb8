"""Tables in machine form: the cells that readers see, as numbers, on their way to other files.

A notebook's output carries them beside its HTML, so that a file of numbers and the page cannot
differ: nothing is computed a second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

Kind = Literal["text", "count", "score", "difference", "share", "year", "decimal"]
Cell = str | int | float | None

MIME = "application/vnd.betyg.tables+json"
_DECIMALS = 6  # more than any estimate is sure of; fewer would spoil sums


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainColumn:
    """A column: its heading, what it holds, and a value or None for each row."""

    label: str
    kind: Kind
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTable:
    """A table as it goes to other files.

    Attributes
    ----------
    name : str
        Unique in its report; letters, digits and hyphens.
    caption, note : str
        As the page has them.
    columns : tuple of PlainColumn
        With headings that differ; hidden numbers are None.
    remarks : tuple of str
        What must be known of each row, such as that it has too few answers; mostly empty.
    """

    name: str
    caption: str
    note: str
    columns: tuple[PlainColumn, ...]
    remarks: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """The values row by row."""
        return list(zip(*(column.values for column in self.columns), strict=True))

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "PlainTable":
        """Return the table that :func:`bundle` packed."""
        columns = tuple(
            PlainColumn(label=c["label"], kind=c["kind"], values=tuple(c["values"]))
            for c in given["columns"]
        )
        return cls(
            name=given["name"],
            caption=given["caption"],
            note=given["note"],
            columns=columns,
            remarks=tuple(given["remarks"]),
        )


def bundle(tables: Iterable[PlainTable]) -> dict[str, Any]:
    """Pack tables as what a notebook's output carries beside its HTML."""
    packed = [asdict(table) for table in tables]
    return {MIME: packed} if packed else {}


def column(label: str, kind: Kind, values: Iterable[Any]) -> PlainColumn:
    """Turn values of a frame into plain ones; what is missing becomes None."""
    return PlainColumn(label=label, kind=kind, values=tuple(_cell(v, kind) for v in values))


def distinct(columns: Sequence[PlainColumn]) -> tuple[PlainColumn, ...]:
    """Return the columns with headings that differ: one that is there already gets a number."""
    taken: dict[str, int] = {}
    named = []
    for one in columns:
        taken[one.label] = count = taken.get(one.label, 0) + 1
        label = f"{one.label} ({count})" if count > 1 else one.label
        named.append(PlainColumn(label=label, kind=one.kind, values=one.values))
    return tuple(named)


def _cell(value: Any, kind: Kind) -> Cell:
    if pd.isna(value):
        return None
    if kind == "text":
        return str(value)
    number = round(float(value), _DECIMALS)
    is_whole = kind in ("year", "count", "decimal") and number.is_integer()
    return int(number) if is_whole else number + 0.0

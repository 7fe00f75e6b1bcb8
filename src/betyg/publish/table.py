"""Tables as readers see them: words and rounded numbers, with caption, scopes and units.

Rounding happens here and nowhere else. A table keeps the unrounded frame it was made from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from betyg.errors import ParameterError
from betyg.publish import disclosure, plain, sentence
from betyg.publish.language import Language, msgid
from betyg.publish.plain import Kind, PlainColumn, PlainTable

SHORT = 20  # characters that are not broken over lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    source : str
        Column of the frame; with ``interval``, the stem is ignored and its bounds are read.
    label : str
        Heading, in the reader's language.
    kind : str
        How the values are written; numbers stand to the right.
    interval : tuple of str, optional
        The two columns of an interval, written as a span.
    """

    source: str
    label: str
    kind: Kind = "text"
    digits: int | None = None
    interval: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its caption; the first column heads the rows.

    Parameters
    ----------
    name : str
        Unique on its page; letters, digits and hyphens.
    caption : str
        What the table holds.
    header : tuple of str
        Headings of the columns.
    rows : tuple of tuple of str
        Written cells, a tuple a row.
    numeric : tuple of bool
        Which columns hold numbers.
    note : str
        Sources, units and what is left out; may be empty.
    frame : DataFrame
        The numbers behind the rows, unrounded, hidden ones blank.
    columns : tuple of PlainColumn
        The same cells in machine form; none where every cell is text.
    remarks : tuple of str
        What must be known of each row in machine form; none where there is nothing to say.
    sentences : tuple of str
        Cells that make claims of their own; a page hands them on to be looked up.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    note: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    columns: tuple[PlainColumn, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = field(default=(), repr=False)
    sentences: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.caption:
            raise ParameterError(
                f"table '{self.name}': no caption. Say in one line what the table holds."
            )
        sentence.check(self.sentences)

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return plain.bundle([self.plain()]) | sentence.bundle(self.sentences)

    def plain(self) -> PlainTable:
        """Return the table in machine form."""
        texts = zip(*self.rows, strict=True) if self.rows else [() for _ in self.header]
        columns = self.columns or [
            plain.column(label, "text", cells)
            for label, cells in zip(self.header, texts, strict=True)
        ]
        return PlainTable(
            name=self.name,
            caption=self.caption,
            note=self.note,
            columns=plain.distinct(columns),
            remarks=self.remarks or ("",) * len(self.rows),
        )

    def html(self, *, caption_hidden: bool = False) -> str:
        """Write the table as HTML in a region of its own, which scrolls where it is too wide."""
        hidden = ' class="visually-hidden"' if caption_hidden else ""
        identity = f"table-{self.name}"
        head = "".join(
            f'<th scope="col"{_number_class(n)}>{escape(h)}</th>'
            for h, n in zip(self.header, self.numeric, strict=True)
        )
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        note = f'<p class="table-note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="table-region" role="group" tabindex="0" aria-labelledby="{identity}">'
            f'<table><caption id="{identity}"><span{hidden}>{escape(self.caption)}</span></caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"
        )

    def _row(self, row: Sequence[str]) -> str:
        first, *rest = row
        cells = (
            f"<td{_cell_class(cell, n)}>{escape(cell)}</td>"
            for cell, n in zip(rest, self.numeric[1:], strict=True)
        )
        return f'<th scope="row">{escape(first)}</th>' + "".join(cells)


def _cell_class(cell: str, is_number: bool) -> str:
    """Keep a few words on one line: a column of verdicts reads badly when each is broken."""
    return ' class="short"' if not is_number and len(cell) <= SHORT else _number_class(is_number)


def _number_class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def build(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    language: Language,
    *,
    name: str,
    caption: str,
    note: str = "",
) -> Table:
    """Write a frame as a table.

    Rows whose column ``shown`` is false say in words that there are too few answers.

    Parameters
    ----------
    frame : DataFrame
        Tidy, in the order of the rows, labels already in the reader's language.
    columns : sequence of Column
        What is shown, and how.
    """
    shown = frame["shown"] if "shown" in frame else pd.Series(True, index=frame.index)
    written = [_write_column(frame, column, language) for column in columns]
    numeric = tuple(column.kind not in ("text", "year") for column in columns)
    rows = tuple(
        tuple(
            cell if seen or not is_number else _hidden(i, numeric, language)
            for i, (cell, is_number) in enumerate(zip(cells, numeric, strict=True))
        )
        for cells, seen in zip(zip(*written, strict=True), shown, strict=True)
    )
    return Table(
        name=name,
        caption=caption,
        header=tuple(column.label for column in columns),
        rows=rows,
        numeric=numeric,
        note=note,
        frame=frame,
        columns=tuple(one for column in columns for one in _plain(frame, shown, column, language)),
        remarks=tuple("" if seen else disclosure.label(language) for seen in shown),
    )


def _plain(
    frame: pd.DataFrame, shown: "pd.Series[bool]", column: Column, language: Language
) -> list[PlainColumn]:
    """Return a column in machine form, an interval as its two limits."""
    if column.interval is None:
        parts = [(column.label, column.source)]
    else:
        limits = (msgid("{name}, lower limit"), msgid("{name}, upper limit"))
        named = [language.text(limit, name=column.label) for limit in limits]
        parts = list(zip(named, column.interval, strict=True))
    hides = column.kind not in ("text", "year")
    return [
        plain.column(label, column.kind, frame[source].where(shown) if hides else frame[source])
        for label, source in parts
    ]


def _hidden(position: int, numeric: tuple[bool, ...], language: Language) -> str:
    """Say it once in a row: in its first number."""
    return disclosure.label(language) if position == numeric.index(True) else ""


def _write_column(frame: pd.DataFrame, column: Column, language: Language) -> list[str]:
    write = writer(column.kind, language, digits=column.digits)
    if column.interval is None:
        return [write(value) for value in frame[column.source]]
    low, high = column.interval
    return [span(a, b, write, language) for a, b in zip(frame[low], frame[high], strict=True)]


def span(low: Any, high: Any, write: Callable[[Any], str], language: Language) -> str:
    """Write an interval; empty where it is not known."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return language.range(write(low), write(high))


def writer(kind: Kind, language: Language, *, digits: int | None = None) -> Callable[[Any], str]:
    """Return the function that writes one value of a kind; missing values become empty."""
    places = {"score": 0, "difference": 1, "share": 0, "decimal": 2} if digits is None else {}
    d = places.get(kind, digits or 0)
    writers: dict[str, Callable[[Any], str]] = {
        "text": str,
        "year": lambda x: str(int(x)),
        "count": language.integer,
        "score": lambda x: language.number(x, d),
        "decimal": lambda x: language.number(x, d),
        "difference": lambda x: language.signed(x, d),
        "share": lambda x: language.percent(x, d),
    }
    return lambda value: "" if pd.isna(value) else writers[kind](value)

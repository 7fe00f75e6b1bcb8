"""Read the roles of a raw table: which rows count, of which year, with which numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from betyg.data import columns, numbers
from betyg.data.codebook import normal
from betyg.data.raw_table import SHOWN, RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = [
    "ALL",
    "Known",
    "late",
    "quantity",
    "recoded",
    "recognised",
    "units",
    "used_rows",
    "years",
]

PLAIN = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
ALL = "all"
"""Reserved code: not about one activity or group (and, in estimates, the margin)."""


_Value = TypeVar("_Value")


class Known(dict[str, _Value]):
    """What texts mean, each worked out when it is first met: parts of a file share them."""

    def __init__(self, meaning: Callable[[str], _Value]) -> None:
        self.meaning = meaning

    def __missing__(self, text: str) -> _Value:
        found = self[text] = self.meaning(text)
        return found


def units(survey: Study, role: str) -> tuple[str, ...]:
    """Return the codes that a role can have, in the order of the study's files."""
    if role == "agency":
        return tuple(unit.code for unit in survey.agencies)
    listed = survey.activities if role == "activity" else survey.groups
    return (ALL, *(unit.code for unit in listed))


def used_rows(table: RawTable) -> NDArray[np.bool_]:
    """Mark the rows that the study uses: those to keep, less those to drop."""
    used = np.ones(len(table.lines), dtype=bool)
    for column, texts in table.source.keep.items():
        used &= _holds(table, column, texts)
    for column, texts in table.source.drop.items():
        used &= ~_holds(table, column, texts)
    return used


def late(table: RawTable) -> NDArray[np.bool_] | None:
    """Mark the rows that the source tells to have come late; None if it does not tell."""
    told = [_holds(table, column, texts) for column, texts in table.source.late.items()]
    return np.logical_or.reduce(told) if told else None


def _holds(table: RawTable, column: str, texts: Sequence[str]) -> NDArray[np.bool_]:
    codes, values = table.coded(column)
    listed = {normal(text) for text in texts}
    hit = [value in listed or numbers.whole(value) in listed for value in values]
    return np.array([*hit, "" in listed], dtype=bool)[codes]


def recognised(value: str, spellings: Mapping[str, str]) -> str | None:
    """Return the code that a raw value spells, None if it spells none.

    Spreadsheets turn 05 into 5 and 5.0: the same whole number will do if nothing else fits and
    only one code is that number.
    """
    if value in spellings:
        return spellings[value]
    number = numbers.whole(value)
    if number is None:
        return None
    same = {code for text, code in spellings.items() if numbers.whole(text) == number}
    return same.pop() if len(same) == 1 else None


def recoded(value: str, recode: Mapping[str, str]) -> str | None:
    """Return the code that a crosswalk gives a raw value, spelled as text or as a number."""
    return recode.get(value) or recode.get(numbers.whole(value) or value)


def years(table: RawTable, problems: Problems) -> NDArray[np.int16]:
    """Return each row's year; 0, and a problem, where it is not a whole number."""
    source = table.source
    if source.year is not None or "year" not in source.columns:
        return np.full(len(table.lines), source.year or 0, dtype=np.int16)
    codes, values = table.coded(source.columns["year"])
    named = {normal(text): year for text, year in source.years.items()}
    found = [named.get(value) or _year(value) for value in values]
    read = np.array([*found, 0], dtype=np.int16).take(codes, mode="wrap")
    if read.min(initial=1) > 0:
        return read
    wrong = np.flatnonzero(read == 0)
    for code in np.unique(codes[wrong])[:SHOWN]:
        rows = wrong[codes[wrong] == code]
        what = "the year is empty" if code < 0 else f"'{values[code]}' is no year"
        problems.add(
            table.where(rows, column=source.columns["year"]),
            f"{what} ({table.places(rows)}).",
            f'Say which year it is in its [[source]]: years = {{ "{values[code]}" = 2012 }}.'
            if code >= 0
            else "Fill it in, or drop these rows in its [[source]].",
        )
    return read


def _year(value: str) -> int:
    number = numbers.whole(value)
    return int(number) if number is not None and 1 <= int(number) <= 9999 else 0


def quantity(
    table: RawTable,
    column: str,
    problems: Problems,
    *,
    among: NDArray[np.bool_] | None = None,
    positive: bool = False,
    signed: bool = False,
) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where it is empty or spelled as suppressed.

    Parameters
    ----------
    table, column : RawTable, str
        Where the numbers stand.
    problems : Problems
        Other texts than numbers are noted here.
    among : ndarray of bool, optional
        The rows that matter; what others hold is not reported.
    positive : bool
        Whether each row must have a number above zero, as weights must.
    signed : bool
        Whether numbers below zero are let through; else they are noted too.
    """
    source = table.source
    plain_numbers = _as_they_are(table, column)
    if plain_numbers is not None and _is_fine(plain_numbers, positive, signed):
        return plain_numbers
    codes, values = table.coded(column)
    as_text = source.format == "csv" or source.format == "excel"
    decimal = source.decimal if as_text else "."
    hidden = {normal(text) for text in source.suppressed}
    parsed = numbers.parse(values, decimal=decimal, thousands=source.thousands)
    if source.format == "excel":  # cells of a worksheet are numbers, or texts in local spelling
        plain = numbers.parse(values)
        parsed = np.where(np.isnan(plain), parsed, plain)
    is_hidden = np.array([*(value in hidden for value in values), False], dtype=bool)[codes]
    lookup = np.append(parsed, np.nan)
    read = lookup[codes]
    bad = np.isnan(read) & ~is_hidden & ((codes >= 0) | positive)
    if positive:
        bad |= ~(read > 0)
    matter = np.ones(len(read), dtype=bool) if among is None else among
    _report_numbers(table, column, np.flatnonzero(bad & matter), positive, problems)
    if not positive and not signed:
        _report_below_zero(table, column, np.flatnonzero((read < 0) & matter), problems)
    return read


def _as_they_are(table: RawTable, column: str) -> NDArray[np.float64] | None:
    """Return a column whose cells are all numbers, and spelled as a computer does, if it is one."""
    array, source = table.held[column], table.source
    hidden = {normal(text) for text in source.suppressed} | table.empty()
    if source.format == "excel" or source.thousands or columns.has_digits(hidden):
        return None
    if pa.types.is_string(array.type) and source.format == "csv":
        if source.decimal == ",":
            if pc.any(pc.match_substring(array, ".")).as_py():
                return None
            array = pc.replace_substring(array, ",", ".")
        if not pc.all(pc.match_substring_regex(array, PLAIN)).as_py():
            return None
        array = array.cast(pa.float64())
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return None
    if array.null_count:
        array = array.cast(pa.float64()).fill_null(np.nan)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_fine(numbers: NDArray[np.float64], positive: bool, signed: bool) -> bool:
    """Tell whether numbers need no report."""
    if positive:
        return bool((numbers > 0).all() and np.isfinite(numbers).all())
    return bool(np.isfinite(numbers).all() and (signed or (numbers >= 0).all()))


def _report_below_zero(
    table: RawTable, column: str, rows: NDArray[np.intp], problems: Problems
) -> None:
    if len(rows):
        codes, values = table.coded(column)
        problems.add(
            table.where(rows, column=column),
            f"'{values[codes[rows[0]]]}' is below zero ({table.places(rows)}).",
            "If it stands for a hidden number list it in `suppressed`, if for nothing in `empty`.",
        )


def _report_numbers(
    table: RawTable, column: str, rows: NDArray[np.intp], positive: bool, problems: Problems
) -> None:
    if not len(rows):
        return
    codes, values = table.coded(column)
    distinct = [values[code] if code >= 0 else "" for code in np.unique(codes[rows])[: SHOWN + 1]]
    shown = ", ".join(f"'{value}'" if value else "an empty cell" for value in distinct[:SHOWN])
    if len(distinct) > SHOWN:
        shown += ", ..."
    wanted = "a number above zero" if positive else "a number"
    remedy = (
        "A weight tells how many persons a respondent stands for: ask for it, or leave `weight` "
        "out of columns."
        if positive
        else "List spellings of hidden numbers in `suppressed`, of nothing in `empty`; set "
        "`decimal` and `thousands` as the file writes them."
    )
    other = {".": ",", ",": "."}[table.source.decimal]
    if all(value.count(other) == 1 and value.replace(other, "").isdigit() for value in distinct):
        remedy = f'Set decimal = "{other}" in its [[source]]: so the file writes numbers.'
    problems.add(
        table.where(rows, column=column),
        f"{shown} is not {wanted} ({table.places(rows)}).",
        remedy,
    )

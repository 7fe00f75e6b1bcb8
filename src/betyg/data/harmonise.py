"""Bring the answers of every file and year to the codes of the study: the crosswalk at work.

A file's columns and codes change from year to year; crosswalk.csv says how. Here each answer
becomes a *state*: its position on the scale that the item had that year, or a kind of missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from betyg.data.codebook import CrosswalkRow, Scale
from betyg.data.numbers import whole
from betyg.data.out_of_range import OutOfRange
from betyg.data.raw_table import RawTable
from betyg.data.roles import recoded, recognised
from betyg.data.study import Study

__all__ = [
    "DONT_KNOW",
    "MISSING",
    "NOT_APPLICABLE",
    "NOT_ASKED",
    "NO_ANSWER",
    "Answering",
    "Answers",
    "answers",
    "columns",
    "state_of",
]

NOT_ASKED, DONT_KNOW, NOT_APPLICABLE, NO_ANSWER, OUTSIDE = 0, -1, -2, -3, -4
MISSING = {
    DONT_KNOW: "dont_know",
    NOT_APPLICABLE: "not_applicable",
    NO_ANSWER: "no_answer",
    NOT_ASKED: "not_asked",
}
_STATES = {kind: state for state, kind in MISSING.items()}

Answers = dict[tuple[str, str | None], NDArray[np.int8]]
"""States by item and activity; activity is None for items with one column a row."""


def columns(survey: Study, *, year: int | None) -> set[str]:
    """Return the columns that hold answers in ``year``, or in any year."""
    if year is not None:
        return {
            row.column for code in survey.item_codes for row in survey.crosswalk_rows(code, year)
        }
    return {*survey.item_codes, *(row.column for row in survey.crosswalk if row.column)}


class Answering:
    """How the answers of one file are read: what each text means for each item and year."""

    def __init__(self, survey: Study, missing: Mapping[str, frozenset[str]]) -> None:
        self.survey, self.missing = survey, missing
        self._of_year: dict[int, list[Reading]] = {}
        self._known: dict[object, Reading] = {}

    def of_year(self, year: int) -> list[Reading]:
        """Return how each item asked that year is read, in the order of the codebook."""
        if year not in self._of_year:
            self._of_year[year] = [
                self._reading(item, look, year)
                for item in self.survey.item_codes
                for look in self.survey.crosswalk_rows(item, year)
            ]
        return self._of_year[year]

    def _reading(self, item: str, look: CrosswalkRow, year: int) -> Reading:
        """Return how an item is read; years that look alike share what is known."""
        scale = self.survey.scale_of(item, year)
        key = (scale.scale, look.model_dump_json(exclude={"year", "wording", "bridge"}))
        if key not in self._known:
            self._known[key] = Reading(
                item=item,
                scale=scale,
                look=look,
                spellings=self.survey.category_spellings(scale),
                declared=self.missing.get(look.column, frozenset()),
                options=_options(self.survey, look),
            )
        return self._known[key]


def answers(
    table: RawTable,
    *,
    years: Callable[[], NDArray[np.int16]],
    there: Sequence[int],
    reading: Answering,
    outside: OutOfRange,
) -> Answers:
    """Return the state of every item in every row of a table.

    Parameters
    ----------
    table : RawTable
        Rows of a file of kind ``responses``; the columns of its years are there.
    years : callable
        Gives the year of each row, 0 where it could not be read: asked where they are not alike.
    there : sequence of int
        The years that any row has, 0 among them.
    reading : Answering
        Crosswalk and scales.
    outside : OutOfRange
        Where codes that are on no scale are noted; they count as not answered.

    Returns
    -------
    dict of (item, activity) to ndarray of int8, shape (rows,)
        1..k, or 0 not asked, -1 don't know, -2 not applicable, -3 no answer.
    """
    found: Answers = {}
    looks: dict[tuple[str, str | None], dict[int, Reading]] = {}
    for year in there:
        for one in reading.of_year(year) if year else []:
            looks.setdefault((one.item, one.look.activity), {})[year] = one
    for key, by_year in looks.items():
        found[key] = _states(table, by_year, years, outside, everywhere=len(by_year) == len(there))
    return found


def _states(
    table: RawTable,
    by_year: Mapping[int, Reading],
    years: Callable[[], NDArray[np.int16]],
    outside: OutOfRange,
    *,
    everywhere: bool,
) -> NDArray[np.int8]:
    """Return the states of one item, at once where all years of the rows read it alike."""
    readings = list({id(one): one for one in by_year.values()}.values())
    if everywhere and len(readings) == 1:
        only = readings[0]
        at_once = table.replaced(only.look.column, only.lookup, only.tables)
        if not (at_once == OUTSIDE).any():
            return at_once
    states = np.zeros(len(table.lines), dtype=np.int8)
    of_rows = years()
    for year, one in by_year.items():
        own = np.flatnonzero(of_rows == year)
        codes, values = table.coded(one.look.column)
        read = one.lookup(values)[codes[own]]
        hit = read == OUTSIDE
        outside.note(table, one.look.column, one.scale, rows=own[hit])
        states[own] = np.where(hit, np.int8(NO_ANSWER), read)
    return states


def _options(survey: Study, look: CrosswalkRow) -> frozenset[str]:
    """Return the options that any item takes from the same column of the same year."""
    return frozenset(
        row.contains
        for row in survey.crosswalk
        if row.contains is not None and (row.column or row.item) == look.column
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the cells of one column are read: item, scale, crosswalk row, spellings."""

    item: str
    scale: Scale
    look: CrosswalkRow
    spellings: Mapping[str, str]
    declared: frozenset[str]
    options: frozenset[str]
    tables: dict[tuple[int, int], NDArray[np.int8]] = field(default_factory=dict, repr=False)
    _known: dict[str, int] = field(default_factory=dict, repr=False)

    def lookup(self, values: Sequence[str]) -> NDArray[np.int8]:
        """Return the states that some cells spell, and at the end that of an empty cell."""
        known, read = self._known, self.state if self.look.contains is None else self.selection
        for value in values:
            if value not in known:
                known[value] = read(value)
        return np.array([*(known[value] for value in values), self.of_empty()], dtype=np.int8)

    def state(self, value: str) -> int:
        """Return the state that a cell spells, ``OUTSIDE`` if it spells none."""
        code = recoded(value, self.look.recode)
        if code is None:
            code = recognised(value, self.spellings)
        if code is None or code not in self.scale.by_code:
            return NO_ANSWER if value in self.declared else OUTSIDE
        return state_of(self.scale, code)

    def selection(self, value: str) -> int:
        """Return whether a cell of several codes contains this item's; highest answer for yes."""
        options = self.options
        whole_cell = self.state(value) if value not in options else OUTSIDE
        if whole_cell in (DONT_KNOW, NOT_APPLICABLE, NO_ANSWER):
            return whole_cell
        parts = {part.strip() for part in value.split(self.look.gap)} - {""}
        parts = {part if part in options else whole(part) or part for part in parts}
        if not parts <= options:
            return OUTSIDE
        return self.scale.k if self.look.contains in parts else 1

    def of_empty(self) -> int:
        """Return the state of an empty cell."""
        if self.look.empty is None:
            return NO_ANSWER
        return state_of(self.scale, self.look.empty)


def state_of(scale: Scale, code: str) -> int:
    """Return the state of a code of the scale."""
    category = scale.by_code[code]
    return category.order if category.order is not None else _STATES[category.kind]

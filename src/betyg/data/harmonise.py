"""Bring the answers of every file and year to the codes of the study: the crosswalk at work.

A file's columns and codes change from year to year; crosswalk.csv says how. Here each answer
becomes a *state*: its position on the scale that the item had that year, or a kind of missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.codebook import CrosswalkRow, Scale
from betyg.data.numbers import whole
from betyg.data.out_of_range import OutOfRange
from betyg.data.raw_table import RawTable
from betyg.data.roles import recoded, recognised, units
from betyg.data.study import Study

__all__ = [
    "DONT_KNOW",
    "MISSING",
    "NOT_APPLICABLE",
    "NOT_ASKED",
    "NO_ANSWER",
    "Answers",
    "Rows",
    "answers",
    "columns",
    "state_of",
    "wide_to_long",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Harmonised rows: their roles in a frame, and the states of their answers.

    The frame has source, row (place in the used rows of the source), respondent_id, agency,
    year, activity, group, weight, stratum, psu; units are places in `roles.units`.
    """

    roles: pd.DataFrame
    answers: Answers

    def kept(self, rows: NDArray[np.bool_]) -> Rows:
        """Return the marked rows."""
        return Rows(
            roles=self.roles[rows].reset_index(drop=True),
            answers={key: states[rows] for key, states in self.answers.items()},
        )


def columns(survey: Study, *, year: int | None) -> set[str]:
    """Return the columns that hold answers in ``year``, or in any year."""
    if year is not None:
        return {
            row.column for code in survey.item_codes for row in survey.crosswalk_rows(code, year)
        }
    return {*survey.item_codes, *(row.column for row in survey.crosswalk if row.column)}


def answers(
    table: RawTable, *, years: NDArray[np.int16], survey: Study, outside: OutOfRange
) -> Answers:
    """Return the state of every item in every row of a table.

    Parameters
    ----------
    table : RawTable
        A file of kind ``responses``; the columns of its years are there.
    years : ndarray of int, shape (rows,)
        The year of each row, 0 where it could not be read.
    survey : Study
        Crosswalk and scales.
    outside : OutOfRange
        Where codes that are on no scale are noted; they count as not answered.

    Returns
    -------
    dict of (item, activity) to ndarray of int8, shape (rows,)
        1..k, or 0 not asked, -1 don't know, -2 not applicable, -3 no answer.
    """
    found: Answers = {}
    for year in np.unique(years[years > 0]).tolist():
        rows = np.flatnonzero(years == year)
        for item in survey.item_codes:
            looks = survey.crosswalk_rows(item, year)
            for look in looks:
                key = (item, look.activity)
                if key not in found:
                    found[key] = np.zeros(len(years), dtype=np.int8)
                scale = survey.scale_of(item, year)
                found[key][rows] = _column(table, rows, look, scale, survey, outside)
    return found


def _column(
    table: RawTable,
    rows: NDArray[np.intp],
    look: CrosswalkRow,
    scale: Scale,
    survey: Study,
    outside: OutOfRange,
) -> NDArray[np.int8]:
    codes, values = table.coded(look.column)
    reading = Reading(
        scale=scale,
        look=look,
        spellings=survey.category_spellings(scale),
        declared=table.missing.get(look.column, frozenset()),
    )
    if look.contains is None:
        states = [reading.state(value) for value in values]
    else:
        options = _options(survey, look, years=None)
        states = [reading.state_of_selection(value, options) for value in values]
    lookup = np.array([*states, reading.of_empty()], dtype=np.int8)
    read: NDArray[np.int8] = lookup[codes[rows]]
    if (lookup[:-1] == OUTSIDE).any():
        hit = read == OUTSIDE
        outside.note(table, look.column, scale, rows=rows[hit])
        read = np.where(hit, np.int8(NO_ANSWER), read)
    return read


def _options(survey: Study, look: CrosswalkRow, *, years: Sequence[int] | None) -> frozenset[str]:
    """Return the options that any item takes from the same column of the same year."""
    return frozenset(
        row.contains
        for row in survey.crosswalk
        if row.contains is not None and (row.column or row.item) == look.column
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the cells of one column are read: scale, crosswalk row, spellings."""

    scale: Scale
    look: CrosswalkRow
    spellings: Mapping[str, str]
    declared: frozenset[str]

    def state(self, value: str) -> int:
        """Return the state that a cell spells, ``OUTSIDE`` if it spells none."""
        code = recoded(value, self.look.recode)
        if code is None:
            code = recognised(value, self.spellings)
        if code is None or code not in self.scale.by_code:
            return NO_ANSWER if value in self.declared else OUTSIDE
        return state_of(self.scale, code)

    def state_of_selection(self, value: str, options: frozenset[str]) -> int:
        """Return whether a cell of several codes contains this item's; highest answer for yes."""
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


def wide_to_long(rows: Rows, survey: Study) -> Rows:
    """Give each activity that a respondent was asked about a row of its own.

    The general items stay on the respondent's first row, whose activity is as received (``all``
    if the source has none). Without columns of single activities nothing changes.
    """
    activities = [code for code in units(survey, "activity") if _is_asked(rows, code)]
    if not activities:
        return rows
    parts: list[str | None] = [None, *activities] if _is_asked(rows, None) else [*activities]
    places = [_asked_rows(rows, part) for part in parts]
    order = np.lexsort((np.repeat(np.arange(len(parts)), [len(at) for at in places]),
                        np.concatenate(places)))  # fmt: skip
    frame = pd.concat(
        [_of_activity(rows.roles, at, part, survey) for at, part in zip(places, parts, strict=True)]
    )
    nothing = np.zeros(len(rows.roles), dtype=np.int8)
    answers: Answers = {
        (item, None): np.concatenate(
            [
                rows.answers.get((item, part), nothing)[at]
                for at, part in zip(places, parts, strict=True)
            ]
        )[order]
        for item in dict.fromkeys(item for item, _ in rows.answers)
    }
    return Rows(roles=frame.iloc[order].reset_index(drop=True), answers=answers)


def _is_asked(rows: Rows, activity: str | None) -> bool:
    return any(of == activity for _, of in rows.answers)


def _asked_rows(rows: Rows, activity: str | None) -> NDArray[np.intp]:
    if activity is None:
        return np.arange(len(rows.roles))
    asked = [states != NOT_ASKED for (_, of), states in rows.answers.items() if of == activity]
    return np.flatnonzero(np.logical_or.reduce(asked))


def _of_activity(
    roles: pd.DataFrame, rows: NDArray[np.intp], activity: str | None, survey: Study
) -> pd.DataFrame:
    taken = roles.iloc[rows]
    if activity is None:
        return taken
    place = units(survey, "activity").index(activity)
    return taken.assign(activity=np.int32(place))

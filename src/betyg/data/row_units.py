"""Which agency, activity and group each row of a raw table is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from betyg.data.codebook import Unit, normal
from betyg.data.raw_table import SHOWN, RawTable
from betyg.data.roles import ALL, Known, recognised, units
from betyg.data.settings import Role
from betyg.data.study import Study
from betyg.errors import Problems, did_you_mean

__all__ = ["OTHER_YEARS", "Places", "of_rows", "out_of_time"]

DROP = 'set unknown_agency = "drop" in [cleaning]'
UNKNOWN = -1
OTHER_YEARS = -2
"""Place of a unit that did not exist in the year of the row."""

FILES: Mapping[Role, str] = {
    "agency": "agencies.csv", "activity": "activities.csv", "group": "groups.csv",
}  # fmt: skip


class Places:
    """The places of agencies, activities and groups in ``roles.units``, by raw spelling."""

    def __init__(self, survey: Study) -> None:
        self.survey = survey
        self.spellings = {
            role: ({} if role == "agency" else {ALL: ALL}) | dict(survey.spellings(role))
            for role in FILES
        }
        self.known = {
            role: {code: at for at, code in enumerate(units(survey, role))} for role in FILES
        }
        self.found = {role: Known(partial(self._place, role)) for role in FILES}

    def _place(self, role: Role, value: str) -> int:
        code = recognised(value, self.spellings[role])
        return UNKNOWN if code is None else self.known[role][code]


def of_rows(
    table: RawTable, years: NDArray[np.int16], places: Places, problems: Problems
) -> dict[Role, NDArray[np.int32]]:
    """Return each row's agency, activity and group as their places in ``roles.units``.

    Below zero is an agency that cannot be told, or that did not exist that year; both are
    problems, unless ``unknown_agency = "drop"``. An activity or group that is empty is ``all``:
    not about one.
    """
    return {role: _of_role(table, role, years, places, problems) for role in FILES}


def out_of_time(n: int) -> dict[str, str]:
    """Return the attrition note on ``n`` rows dropped for the year of their agency, if any."""
    note = f"{n} rows of years outside valid_from to valid_to in agencies.csv"
    return {"unknown agency": note} if n else {}


def _of_role(
    table: RawTable, role: Role, years: NDArray[np.int16], places: Places, problems: Problems
) -> NDArray[np.int32]:
    survey = places.survey
    found = _places(table, role, places)
    wrong = _exists_in_other_years(found, years, role, survey)
    if role != "agency" or survey.cleaning.unknown_agency == "error":
        _report_unknown(table, role, found, places.spellings[role], problems)
        if wrong is not None:
            only = np.where(wrong, found, UNKNOWN)
            _report_years(table, role, only, years, survey, problems)
    return found if wrong is None else np.where(wrong, np.int32(OTHER_YEARS), found)


def _places(table: RawTable, role: Role, places: Places) -> NDArray[np.int32]:
    known = places.known[role]
    column = table.source.columns.get(role)
    if column is None:
        constant = getattr(table.source, role)
        spelling = places.spellings[role]
        only = next(iter(known)) if constant is None else spelling[normal(constant)]
        return np.full(len(table.lines), known[only], dtype=np.int32)
    codes, values = table.coded(column)
    of_empty = UNKNOWN if role == "agency" else known[ALL]
    found = places.found[role]
    lookup = np.array([*(found[value] for value in values), of_empty], dtype=np.int32)
    return lookup.take(codes, mode="wrap")


def _by_place(survey: Study, role: Role) -> Sequence[Unit | None]:
    listed = {"agency": survey.agencies, "activity": survey.activities, "group": survey.groups}
    return [*([] if role == "agency" else [None]), *listed[role]]


def _exists_in_other_years(
    places: NDArray[np.int32], years: NDArray[np.int16], role: Role, survey: Study
) -> NDArray[np.bool_] | None:
    """Mark the rows whose unit is known, but not in their year; a year of 0 is unknown itself.

    None stands for no row, where the units of the role have no years.
    """
    held = _by_place(survey, role)
    if not any(unit and (unit.valid_from or unit.valid_to) for unit in held):
        return None
    first = np.array([unit.valid_from or 1 if unit else 1 for unit in held] + [1])
    last = np.array([unit.valid_to or 9999 if unit else 9999 for unit in held] + [9999])
    return (years > 0) & ((years < first[places]) | (years > last[places]))


def _report_unknown(
    table: RawTable,
    role: Role,
    places: NDArray[np.int32],
    spellings: Mapping[str, str],
    problems: Problems,
) -> None:
    """Note the spellings of a role that the study does not know, at most five of them."""
    if places.min(initial=0) >= 0:
        return
    unknown = np.flatnonzero(places == UNKNOWN)
    if not len(unknown):
        return
    column = table.source.columns[role]
    codes, values = table.coded(column)
    distinct = np.unique(codes[unknown])
    other = f"or {DROP}" if role == "agency" else "as code or alias"
    for code in distinct[:SHOWN]:
        rows = unknown[codes[unknown] == code]
        what = f"the {role} is empty" if code < 0 else f"'{values[code]}' is no {role}"
        hint = "" if code < 0 else did_you_mean(values[code], spellings)
        problems.add(
            table.where(rows, column=column),
            f"{what} ({table.places(rows)}). {hint}".strip(),
            f"Add it to {FILES[role]}, {other}.",
        )
    if len(distinct) > SHOWN:
        problems.add(
            table.where(column=column),
            f"{len(distinct) - SHOWN} more spellings are no {role}.",
            f"Is this the right column for the {role}?",
        )


def _report_years(
    table: RawTable,
    role: Role,
    places: NDArray[np.int32],
    years: NDArray[np.int16],
    survey: Study,
    problems: Problems,
) -> None:
    """Note the units that stand in a year in which they did not exist, at most five of them."""
    held = _by_place(survey, role)
    for place in np.unique(places[places >= 0])[:SHOWN]:
        unit, rows = held[place], np.flatnonzero(places == place)
        if unit is None:
            continue
        span = f"{unit.valid_from or ''}-{unit.valid_to or ''}"
        after = unit.valid_to is not None and years[rows[0]] > unit.valid_to
        heir = f" Its successor is '{unit.successor}'." if after and unit.successor else ""
        drop = f", or {DROP}" if role == "agency" else ""
        problems.add(
            table.where(rows, column=table.source.columns.get(role)),
            f"{role} '{unit.code}' stands in {years[rows[0]]}, yet {FILES[role]} has it for "
            f"{span} ({table.places(rows)}).{heir}",
            f"Correct the row, or valid_from and valid_to{drop}.",
        )

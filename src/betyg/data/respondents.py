"""From raw tables of kind ``responses`` to one clean row a respondent (x activity)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from betyg.data import harmonise, roles, row_units, sampling, value_labels
from betyg.data.attrition import Ledger
from betyg.data.composites import composites
from betyg.data.drops import dropped
from betyg.data.harmonise import MISSING, Rows
from betyg.data.out_of_range import OutOfRange
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["table"]


def table(
    tables: Sequence[RawTable], survey: Study, *, ledger: Ledger, problems: Problems
) -> pd.DataFrame:
    """Return the respondents of all files.

    Parameters
    ----------
    tables : sequence of RawTable
        The files; with none of them the result has all columns and no row.
    survey : Study
        The study.
    ledger : Ledger
        Where the rows of each file are accounted for.
    problems : Problems
        Where everything that is wrong is noted; then the result is not to be used.

    Returns
    -------
    DataFrame
        respondent_id str, agency category, year int16, activity category, group category,
        weight float64, stratum category, psu int64, population float64, source category; for
        each item ``<item>`` Int8 (position on its scale that year) and ``<item>.missing``
        category; for each composite index its value 0-100. Rows stand in the order of the
        files; those of one respondent's activities follow the row that has the general items.
    """
    outside = [OutOfRange() for _ in tables]
    used = [raw.kept(roles.used_rows(raw)) for raw in tables]
    parts = [_harmonised(raw, at, survey, outside[at], problems) for at, raw in enumerate(used)]
    joined = _joined(parts, survey)
    why = dropped(joined, used, survey, problems)
    if len(problems):
        return pd.DataFrame()
    for at, raw in enumerate(tables):
        of_file = joined.roles["source"].to_numpy() == at
        own, agencies = why[of_file], joined.roles["agency"].to_numpy()[of_file]
        counts = {reason: int((own == reason).sum()) for reason in np.unique(own) if reason}
        counts["declared not used"] = len(raw.lines) - len(own)
        notes = row_units.out_of_time(own == "unknown agency", agencies)
        ledger.enter(raw.source.id, read=len(raw.lines), dropped=counts, notes=notes)
        ledger.remark(raw.source.id, "out of range", outside[at].n, "answers set to no answer")
    long = harmonise.wide_to_long(joined.kept(why == ""), survey)
    return _finished(long, [raw.source.id for raw in tables], survey)


def _harmonised(
    raw: RawTable, at: int, survey: Study, outside: OutOfRange, problems: Problems
) -> Rows:
    """Return the rows of one file in the study's codes."""
    years = roles.years(raw, problems)
    units = row_units.of_rows(raw, years, survey, problems)
    frame = pd.DataFrame(
        {
            "source": np.full(len(years), at, dtype=np.int32),
            "row": np.arange(len(years)),
            "respondent_id": _respondents(raw),
            "agency": units["agency"],
            "year": years,
            "activity": units["activity"],
            "group": units["group"],
            "weight": _weights(raw, problems),
            "stratum": roles.text(raw, "stratum"),
            "psu": roles.text(raw, "psu"),
        }
    )
    answers = harmonise.answers(
        raw, years=np.where(units["agency"] < 0, 0, years), survey=survey, outside=outside
    )
    value_labels.check(raw, years=years, survey=survey, problems=problems)
    if survey.cleaning.out_of_range == "error":
        outside.report(raw, problems)
    return Rows(roles=frame, answers=answers)


def _respondents(raw: RawTable) -> pd.Series:
    given = roles.text(raw, "respondent")
    made = pd.Series(raw.lines, dtype="str").radd(f"{raw.source.id}:")
    return made if given is None else given.astype("str").fillna(made)


def _weights(raw: RawTable, problems: Problems) -> np.ndarray:
    column = raw.source.columns.get("weight")
    if column is None:
        return np.ones(len(raw.lines))
    return roles.quantity(raw, column, problems, positive=True)


def _joined(parts: Sequence[Rows], survey: Study) -> Rows:
    """Put the rows of all files under each other; an item that a file lacks was not asked."""
    if not parts:
        return Rows(roles=_no_roles(), answers={})
    keys = dict.fromkeys(key for part in parts for key in part.answers)
    answers = {
        key: np.concatenate(
            [part.answers.get(key, np.zeros(len(part.roles), dtype=np.int8)) for part in parts]
        )
        for key in keys
    }
    frame = pd.concat([part.roles for part in parts], ignore_index=True)
    return Rows(roles=frame, answers=answers)


def _no_roles() -> pd.DataFrame:
    whole = dict.fromkeys(("source", "row", "agency", "activity", "group"), "int32")
    kinds = whole | {"year": "int16", "weight": "float64"}
    kinds |= dict.fromkeys(("respondent_id", "stratum", "psu"), "str")
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _finished(rows: Rows, sources: Sequence[str], survey: Study) -> pd.DataFrame:
    held = rows.roles
    frame = {
        "respondent_id": held["respondent_id"].astype("str"),
        "agency": _category(held["agency"], roles.units(survey, "agency")),
        "year": held["year"].astype("int16"),
        "activity": _category(held["activity"], roles.units(survey, "activity")),
        "group": _category(held["group"], roles.units(survey, "group")),
        "weight": held["weight"].astype("float64"),
        "stratum": sampling.strata(held, survey),
        "psu": sampling.psu(held),
        "population": sampling.population(held, survey),
        "source": _category(held["source"], sources),
    }
    asked_none = np.zeros(len(held), dtype=np.int8)
    answers = {code: rows.answers.get((code, None), asked_none) for code in survey.item_codes}
    for code, states in answers.items():
        frame |= {code: _positions(states), f"{code}.missing": _missing(states)}
    frame |= composites(answers, years=held["year"].to_numpy(), survey=survey)
    return pd.DataFrame(frame, index=pd.RangeIndex(len(held)))


def _category(places: pd.Series, codes: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(places.to_numpy(), pd.Index(list(codes), dtype="str"))


def _positions(states: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.where(states > 0, states, 1).astype(np.int8), states <= 0)


def _missing(states: np.ndarray) -> pd.Categorical:
    kinds = list(MISSING)
    place = np.full(len(states), -1, dtype=np.int8)
    for at, state in enumerate(kinds):
        place[states == state] = at
    return pd.Categorical.from_codes(place, pd.Index(list(MISSING.values()), dtype="str"))

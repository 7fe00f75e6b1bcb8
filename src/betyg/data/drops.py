"""Which rows of respondents are dropped, and why: duplicates, unknown agencies, empty rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.harmonise import NO_ANSWER, NOT_ASKED, Rows
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["dropped"]

KEY = ["respondent_id", "year", "activity"]


def dropped(
    rows: Rows, tables: Sequence[RawTable], survey: Study, problems: Problems
) -> NDArray[np.str_]:
    """Return for each row the step that drops it, or "" for a row that is kept.

    Rows of one respondent, year and activity that say the same are one row sent twice. If they
    say different things, nothing in the file tells which is right: that is a problem, unless
    ``duplicates = "first"`` decides it.
    """
    why = np.full(len(rows.roles), "", dtype="U20")
    why[_answers_nothing(rows)] = "no answer at all"
    known = rows.roles["agency"].to_numpy() >= 0
    why[~known] = "unknown agency"
    repeated = np.flatnonzero(rows.roles.duplicated(KEY, keep=False).to_numpy() & known)
    if len(repeated):
        content = _content(rows, repeated)
        twice = content.duplicated().to_numpy()
        why[repeated[twice]] = "duplicates"
        other = repeated[~twice]
        later = rows.roles.iloc[other].duplicated(KEY).to_numpy()
        if survey.cleaning.duplicates == "first":
            why[other[later]] = "duplicates"
        else:
            _report(rows, other, other[later], tables, problems)
    return why


def _answers_nothing(rows: Rows) -> NDArray[np.bool_]:
    silent = np.ones(len(rows.roles), dtype=bool)
    for states in rows.answers.values():
        silent &= (states == NO_ANSWER) | (states == NOT_ASKED)
    return silent


def _content(rows: Rows, places: NDArray[np.intp]) -> pd.DataFrame:
    said = rows.roles.iloc[places].drop(columns=["source", "row"])
    states = {str(at): states[places] for at, states in enumerate(rows.answers.values())}
    return said.assign(**states)


def _report(
    rows: Rows,
    repeated: NDArray[np.intp],
    later: NDArray[np.intp],
    tables: Sequence[RawTable],
    problems: Problems,
) -> None:
    """Note, a file, the rows whose respondent said something else before."""
    held = rows.roles
    source = held["source"].to_numpy()
    for at in np.unique(source[later]):
        own = later[source[later] == at]
        first = held.iloc[own[0]]
        same = (held.iloc[repeated][KEY] == first[KEY]).all(axis="columns").to_numpy()
        before = held.iloc[repeated[same][0]]
        other = tables[int(before["source"])]
        line = f"{other.line_word} {other.lines[int(before['row'])]} of {other.source.file}"
        table = tables[int(at)]
        in_file = held.iloc[own]["row"].to_numpy()
        problems.add(
            table.where(in_file, column=table.source.columns.get("respondent")),
            f"respondent '{first['respondent_id']}' stands on {line} too, with other answers "
            f"({table.places(in_file)}).",
            'Keep the first of each with duplicates = "first" in [cleaning]. If one respondent '
            "may answer several times, call the column `psu` instead of `respondent`.",
        )

"""Which rows of respondents are dropped, and why: duplicates, unknown agencies, empty rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import identity
from betyg.data.identity import Hash
from betyg.data.raw_table import RawFile
from betyg.data.rows import Rows, unpacked
from betyg.data.spool import Spool
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["REASONS", "UNKNOWN_AGENCY", "Places", "duplicates", "reasons"]

REASONS = ("", "duplicates", "unknown agency", "no answer at all")
DUPLICATES, UNKNOWN_AGENCY, NO_ANSWER_AT_ALL = 1, 2, 3
KEY = ["respondent", "year", "activity"]
PLACE = ["source", "line", "part", "row"]

Places = dict[int, NDArray[np.intp]]
"""Rows by the number of their part."""


def reasons(
    rows: Rows, agency: NDArray[np.int32], repeated: NDArray[np.intp] | None
) -> NDArray[np.int8]:
    """Return for each row the place in ``REASONS`` of the step that drops it, 0 for none.

    Parameters
    ----------
    rows : Rows
        Rows of one file.
    agency : ndarray of int, shape (domains,)
        Below zero where the agency cannot be told.
    repeated : ndarray of int, or None
        Rows that are dropped as duplicates.
    """
    why = np.where(rows.silent(), np.int8(NO_ANSWER_AT_ALL), np.int8(0))
    if (agency < 0).any():
        why[agency[rows.domain] < 0] = UNKNOWN_AGENCY
    if repeated is not None:
        why[repeated] = DUPLICATES
    return why


def duplicates(
    spool: Spool,
    domains: pd.DataFrame,
    files: Sequence[RawFile],
    survey: Study,
    problems: Problems,
) -> Places:
    """Return the rows that are dropped because their respondent stands before them.

    Rows of one respondent, year and activity that say the same are one row sent twice. If they
    say different things, nothing in the file tells which is right: that is a problem, unless
    ``duplicates = "first"`` decides it.
    """
    suspect = identity.twice(identity.together(_keys(spool, domains), spool.rows))
    if not len(suspect):
        return {}
    held = pd.concat(_suspects(spool, domains, suspect), ignore_index=True)
    repeated = held[held.duplicated(KEY, keep=False)]
    same = repeated.drop(columns=PLACE).duplicated().to_numpy()
    other = repeated[~same]
    later = other.duplicated(KEY).to_numpy()
    gone = [repeated[same]]
    if survey.cleaning.duplicates == "first":
        gone.append(other[later])
    else:
        _report(other, later, files, problems)
    dropped = pd.concat(gone)
    part, row = dropped["part"].to_numpy(), dropped["row"].to_numpy()
    return {int(one): np.sort(row[part == one]) for one in np.unique(part)}


def _stated(rows: Rows, domains: pd.DataFrame) -> tuple[NDArray[np.intp], Hash]:
    """Return the rows whose respondent and agency are known, and a number for their key."""
    if rows.respondent is None:
        return np.arange(0), np.zeros(0, dtype=np.uint64)
    known = domains["agency"].to_numpy()[rows.domain] >= 0
    known &= rows.respondent.is_valid().to_numpy(zero_copy_only=False)
    own = np.flatnonzero(known)
    year, activity = (domains[role].to_numpy()[rows.domain] for role in ("year", "activity"))
    return own, identity.mixed(identity.hashed(rows.respondent), year, activity)[own]


def _keys(spool: Spool, domains: pd.DataFrame) -> Iterator[Hash]:
    for rows in unpacked(spool):
        yield _stated(rows, domains)[1]


def _suspects(spool: Spool, domains: pd.DataFrame, suspect: Hash) -> Iterator[pd.DataFrame]:
    """Return the rows whose key may be another's: their key, what they say, and their place."""
    for part, rows in enumerate(unpacked(spool)):
        own, key = _stated(rows, domains)
        at = np.minimum(np.searchsorted(suspect, key), len(suspect) - 1)
        yield _frame(rows.taken(own[suspect[at] == key]), own[suspect[at] == key], part, domains)


def _frame(rows: Rows, places: NDArray[np.intp], part: int, domains: pd.DataFrame) -> pd.DataFrame:
    nothing = pa.nulls(len(places), pa.string())
    frame = {
        "source": rows.source,
        "line": rows.lines,
        "part": part,
        "row": places,
        "respondent": (rows.respondent or nothing).cast(pa.string()).to_pandas(),
        "year": domains["year"].to_numpy()[rows.domain],
        "activity": domains["activity"].to_numpy()[rows.domain],
        "domain": rows.domain,
        "weight": rows.weights(),
        "psu": nothing if rows.psu is None else rows.psu.cast(pa.string()),
    }
    states = {f"{item} {of or ''}": held for (item, of), held in rows.answers.items()}
    return pd.DataFrame(frame | states)


def _report(
    held: pd.DataFrame,
    later: NDArray[np.bool_],
    files: Sequence[RawFile],
    problems: Problems,
) -> None:
    """Note, a file, the rows whose respondent said something else before."""
    for at in np.unique(held["source"][later]).tolist():
        own = held[later & (held["source"] == at).to_numpy()]
        first = own.iloc[0]
        before = held[(held[KEY] == first[KEY]).all(axis="columns")].iloc[0]
        other, file = files[int(before["source"])], files[at]
        line = f"{other.line_word} {before['line']} of {other.source.file}"
        lines = own["line"].to_numpy()
        problems.add(
            file.where(lines, column=file.source.columns.get("respondent")),
            f"respondent '{first['respondent']}' stands on {line} too, with other answers "
            f"({file.places(lines)}).",
            'Keep the first of each with duplicates = "first" in [cleaning]. If one respondent '
            "may answer several times, call the column `psu` instead of `respondent`.",
        )

"""Which rows of respondents are dropped, and why: duplicates, unknown agencies, empty rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import identity
from betyg.data.identity import Hash
from betyg.data.raw_table import RawFile
from betyg.data.rows import Rows, unpacked
from betyg.data.study import Study
from betyg.data.workers import given
from betyg.errors import Problems

if TYPE_CHECKING:  # they are made of what is here
    from betyg.data.kept import Kept
    from betyg.data.pieces import Piece

__all__ = ["REASONS", "UNKNOWN_AGENCY", "Places", "duplicates", "reasons"]

REASONS = ("", "duplicates", "unknown agency", "no answer at all")
DUPLICATES, UNKNOWN_AGENCY, NO_ANSWER_AT_ALL = 1, 2, 3
KEY = ["respondent", "year", "activity"]
PLACE = ["source", "line", "piece", "part", "row"]

Places = dict[int, NDArray[np.intp]]
"""Rows by the number of their part."""


def reasons(
    rows: Rows, agency: NDArray[np.integer], repeated: NDArray[np.intp] | None
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
    why = rows.silent() * np.int8(NO_ANSWER_AT_ALL)
    if (agency < 0).any():
        why[agency[rows.domain] < 0] = UNKNOWN_AGENCY
    if repeated is not None:
        why[repeated] = DUPLICATES
    return why


def duplicates(
    kept: Kept, domains: pd.DataFrame, files: Sequence[RawFile], problems: Problems
) -> list[Places]:
    """Return for each piece the rows that are dropped because their respondent stands before them.

    Rows of one respondent, year and activity that say the same are one row sent twice. If they
    say different things, nothing in the file tells which is right: that is a problem, unless
    ``duplicates = "first"`` decides it.
    """
    n = len(kept.pieces)
    workers = kept.workers
    own = (kept.pieces, kept.numbers, given(domains, workers, times=n))
    keys = workers.keep(_keys, *own)
    suspect = next(workers.bring(_twice, [keys], doing="looking for duplicates"))
    if not len(suspect):
        return [{} for _ in kept.pieces]
    frames = workers.bring(_suspects, *own, [suspect] * n, doing="comparing duplicates")
    held = pd.concat(
        [frame.assign(piece=at) for at, frame in enumerate(frames) if len(frame)],
        ignore_index=True,
    )
    dropped = _repeated(held, kept.survey, files, problems)
    places = dropped[["piece", "part", "row"]].sort_values("row").groupby(["piece", "part"])["row"]
    found: list[Places] = [{} for _ in kept.pieces]
    for (piece, part), rows in places:
        found[int(str(piece))][int(str(part))] = rows.to_numpy(np.intp)
    return found


def _repeated(
    held: pd.DataFrame, survey: Study, files: Sequence[RawFile], problems: Problems
) -> pd.DataFrame:
    """Return those of some rows that are dropped, and note what cannot be decided."""
    repeated = held[held.duplicated(KEY, keep=False)]
    same = repeated.drop(columns=PLACE).duplicated().to_numpy()
    other = repeated[~same]
    later = other.duplicated(KEY).to_numpy()
    gone = [repeated[same]]
    if survey.cleaning.duplicates == "first":
        gone.append(other[later])
    else:
        _report(other, later, files, problems)
    return pd.concat(gone)


def _stated(rows: Rows, domains: pd.DataFrame) -> tuple[NDArray[np.intp], Hash]:
    """Return the rows whose respondent and agency are known, and a number for their key."""
    if rows.respondent is None:
        return np.arange(0), np.zeros(0, dtype=np.uint64)
    known = domains["agency"].to_numpy()[rows.domain] >= 0
    known &= rows.respondent.is_valid().to_numpy(zero_copy_only=False)
    own = np.flatnonzero(known)
    year, activity = (domains[role].to_numpy()[rows.domain] for role in ("year", "activity"))
    return own, identity.mixed(identity.hashed(rows.respondent), year, activity)[own]


def _keys(piece: Piece, numbers: NDArray[np.int32], domains: pd.DataFrame) -> Hash:
    keys = (_stated(rows, domains)[1] for rows in unpacked(piece.spool, numbers))
    return identity.together(keys, piece.spool.rows)


def _twice(keys: Sequence[Hash]) -> Hash:
    return identity.twice(np.concatenate(keys))


def _suspects(
    piece: Piece, numbers: NDArray[np.int32], domains: pd.DataFrame, suspect: Hash
) -> pd.DataFrame:
    """Return the rows whose key may be another's: their key, what they say, and their place."""
    frames = []
    for part, rows in enumerate(unpacked(piece.spool, numbers)):
        own, key = _stated(rows, domains)
        at = np.minimum(np.searchsorted(suspect, key), len(suspect) - 1)
        mine = own[suspect[at] == key]
        frames.append(_frame(rows.taken(mine), mine, part, domains))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


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

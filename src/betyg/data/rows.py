"""Harmonised rows: whom each is about, and the states of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data.harmonise import NO_ANSWER, NOT_ASKED, Answers
from betyg.data.numbering import Numbering
from betyg.data.roles import units
from betyg.data.spool import Spool, batch_of, lines_of
from betyg.data.study import Study

__all__ = ["REPLICATE", "Domains", "Rows", "asked_activities", "unpacked", "wide_to_long"]

REPLICATE = "replicate."
"""How the columns of replicate weights begin, before their number."""

YEARS = 10_000
FIRST, USUAL = 1900, 200  # years that are looked up in a small table; there may be others
TEXTS = 2**31
_MARK = "\0"  # between an item and its activity; no code has it


class Domains:
    """Combinations of agency, year, activity, group and stratum, numbered as they are met.

    Agency, activity and group are places in ``roles.units``; agency is below zero where it
    cannot be told.
    """

    def __init__(self, survey: Study) -> None:
        self._activities = len(units(survey, "activity")) + 2
        self._groups = len(units(survey, "group")) + 2
        self._agencies = len(units(survey, "agency")) + 2
        # The year comes first: what a few years touch of the table lies close together.
        combinations = self._agencies * self._activities * self._groups
        self._places = Numbering(USUAL * combinations)
        fits = YEARS * combinations < np.iinfo(np.int32).max  # short numbers take half the time
        self._number: np.dtype[np.integer] = np.dtype(np.int32 if fits else np.int64)
        # Without stated strata the places are the domains.
        stated = any("stratum" in source.columns for source in survey.sources)
        self._domains = Numbering() if stated else None
        self._texts: dict[str | None, int] = {None: 0}
        self._codes: dict[str, NDArray[np.integer]] = {}
        self._table: pd.DataFrame | None = None

    def of(
        self,
        agency: NDArray[np.int32],
        year: NDArray[np.int16],
        activity: NDArray[np.int32],
        group: NDArray[np.int32],
        stratum: pa.Array | None,
    ) -> NDArray[np.int32]:
        """Return the number of each row's combination."""
        key: NDArray[np.integer] = np.subtract(year, FIRST, dtype=self._number)
        for size, at in (
            (self._agencies, agency), (self._activities, activity), (self._groups, group),
        ):  # fmt: skip
            np.multiply(key, size, out=key)
            np.add(key, at, out=key)
            np.add(key, 2, out=key)
        place = self._places.of(key)
        if self._domains is None:
            return place
        if stratum is None:
            return self._domains.of(place.astype(np.int64) * TEXTS)
        words = stratum.dictionary_encode()
        numbers = [
            self._texts.setdefault(t, len(self._texts)) for t in words.dictionary.to_pylist()
        ]
        word = words.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return self._domains.of(place.astype(np.int64) * TEXTS + np.array([*numbers, 0])[word])

    def absorb(self, other: Domains) -> NDArray[np.int32]:
        """Take up the combinations of another, and return the number of each here.

        Nothing that changes is shared with the other: it may be on its way to other workers, or be
        used again.

        Parameters
        ----------
        other : Domains
            Of the same study.

        Returns
        -------
        ndarray of int, shape (domains of the other,)
            The number here of each of its combinations; new ones get the next numbers.
        """
        if not len(self):
            self._places, self._texts = other._places.copy(), dict(other._texts)
            self._domains = None if other._domains is None else other._domains.copy()
            self._codes, self._table = other._codes, other._table
            return np.arange(len(self), dtype=np.int32)
        texts = [self._texts.setdefault(text, len(self._texts)) for text in other._texts]
        key, text = other._keys()
        place = self._places.of(other._places.values)[key]
        if self._domains is None:
            return place
        return self._domains.of(place.astype(np.int64) * TEXTS + np.array(texts)[text])

    def moved(self, domain: NDArray[np.int32], activity: int) -> NDArray[np.int32]:
        """Return the numbers of the same combinations with another activity."""
        own, place = np.unique(domain, return_inverse=True)
        keys, words = self._keys()
        places, numbers = self._places.values.tolist(), []
        for key, text in zip(keys[own].tolist(), words[own].tolist(), strict=True):
            rest, group = divmod(places[key], self._groups)
            base = rest // self._activities * self._activities
            moved = self._places.number((base + activity + 2) * self._groups + group)
            if self._domains is not None:
                moved = self._domains.number(moved * TEXTS + text)
            numbers.append(moved)
        return np.array(numbers, dtype=np.int32)[place]

    def __len__(self) -> int:
        return len(self._places if self._domains is None else self._domains)

    def _keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return place and stratum of each domain."""
        if self._domains is None:
            return np.arange(len(self)), np.zeros(len(self), dtype=np.int64)
        return np.divmod(self._domains.values, TEXTS)

    def codes(self) -> Mapping[str, NDArray[np.integer]]:
        """Return agency, year, activity and group of each domain; units as their places."""
        if not self._codes or len(self._codes["year"]) < len(self):
            key, _ = self._keys()
            rest, group = np.divmod(self._places.values[key], self._groups)
            rest, activity = np.divmod(rest, self._activities)
            year, agency = np.divmod(rest, self._agencies)
            self._codes = {
                "agency": (agency - 2).astype(np.int32),
                "year": (year + FIRST).astype(np.int16),
                "activity": (activity - 2).astype(np.int32),
                "group": (group - 2).astype(np.int32),
            }
        return self._codes

    def table(self) -> pd.DataFrame:
        """Return the combinations: agency, year, activity, group, stratum."""
        if self._table is None or len(self._table) < len(self):
            _, text = self._keys()
            texts: pd.api.extensions.ExtensionArray = pd.array(list(self._texts), dtype="str")
            columns: dict[str, object] = {**self.codes(), "stratum": texts.take(text)}
            self._table = pd.DataFrame(columns, copy=False)
        return self._table


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows of one file, in the codes of the study.

    Parameters
    ----------
    source : int
        Place of the file in study.toml.
    lines : ndarray of int, shape (rows,)
        Where each stands in the file.
    domain : ndarray of int, shape (rows,)
        Whom they are about, as numbered by ``Domains``.
    weight : ndarray of float, shape (rows,), or None
        None where each weighs one.
    respondent, psu : Array or None
        As ``RawTable.identifiers`` gives them; null, or None, where not stated.
    answers : dict of (item, activity) to ndarray of int8
        States, as ``harmonise.answers`` gives them.
    replicates : dict of str to ndarray of float
        Replicate weights, by their columns in the clean table.
    late : ndarray of bool, shape (rows,), or None
        Whether each came late; None where the file does not tell.
    times : ndarray of int, shape (rows,), or None
        How many alike rows of the file each stands for; None where for itself.
    """

    source: int
    lines: NDArray[np.int32]
    domain: NDArray[np.int32]
    weight: NDArray[np.float64] | None
    respondent: pa.Array | None
    psu: pa.Array | None
    answers: Answers
    replicates: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    late: NDArray[np.bool_] | None = None
    times: NDArray[np.int64] | None = None

    def taken(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Rows:
        """Return some of the rows, by place or by mark."""
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if rows.dtype == np.bool_ and len(places) == len(rows):
            return self
        at = pa.array(places)
        return Rows(
            source=self.source,
            lines=self.lines[places],
            domain=self.domain[places],
            weight=None if self.weight is None else self.weight[places],
            respondent=None if self.respondent is None else self.respondent.take(at),
            psu=None if self.psu is None else self.psu.take(at),
            answers={key: states[places] for key, states in self.answers.items()},
            replicates={name: held[places] for name, held in self.replicates.items()},
            late=None if self.late is None else self.late[places],
            times=None if self.times is None else self.times[places],
        )

    def __len__(self) -> int:
        """How many rows of the file these are."""
        return len(self.lines) if self.times is None else int(self.times.sum())

    def weights(self) -> NDArray[np.float64]:
        """Return the weight of each row."""
        return np.ones(len(self.lines)) if self.weight is None else self.weight

    def silent(self) -> NDArray[np.bool_]:
        """Mark the rows without any answer."""
        left = np.arange(len(self.lines))
        for states in self.answers.values():
            own = states if len(left) == len(states) else states[left]
            left = left[(own == NO_ANSWER) | (own == NOT_ASKED)]
        silent = np.zeros(len(self.lines), dtype=bool)
        silent[left] = True
        return silent

    def answered(self, *, but: Set[str]) -> set[str]:
        """Return the items that any row has an answer to, of those that are not in ``but``."""
        return {
            item
            for (item, _), states in self.answers.items()
            if item not in but and ((states != NO_ANSWER) & (states != NOT_ASKED)).any()
        }

    def packed(self) -> pa.RecordBatch:
        """Return the rows in the form in which they are kept."""
        held: dict[str, object] = {"domain": self.domain}
        held |= {"weight": self.weight, "late": self.late, "times": self.times}
        held |= {"respondent": self.respondent, "psu": self.psu}
        held |= {f"{item}{_MARK}{of or ''}": states for (item, of), states in self.answers.items()}
        held |= self.replicates
        there = {name: column for name, column in held.items() if column is not None}
        return batch_of(there, self.lines, source=self.source)


def unpacked(spool: Spool, numbers: NDArray[np.int32]) -> Iterator[Rows]:
    """Return the rows that were kept, in their order, with other numbers for their domains."""
    same = np.array_equal(numbers, np.arange(len(numbers)))
    for batch in spool:
        held = {name: batch.column(name) for name in batch.schema.names}
        weight, domain = held.get("weight"), held["domain"].to_numpy()
        late, times = held.get("late"), held.get("times")
        answers: Answers = {}
        for name, states in held.items():
            item, mark, activity = name.partition(_MARK)
            if mark:
                answers[item, activity or None] = states.to_numpy()
        yield Rows(
            source=int(batch.schema.metadata[b"source"]),
            lines=lines_of(batch),
            domain=domain if same else numbers.take(domain),
            weight=None if weight is None else weight.to_numpy(),
            respondent=held.get("respondent"),
            psu=held.get("psu"),
            answers=answers,
            replicates={k: v.to_numpy() for k, v in held.items() if k.startswith(REPLICATE)},
            late=None if late is None else late.to_numpy(zero_copy_only=False),
            times=None if times is None else times.to_numpy(),
        )


def asked_activities(asked: set[tuple[str, str | None]], survey: Study) -> list[str | None]:
    """Return the activities that have rows of their own; None stands for the row as received.

    Without columns of single activities each row stays as it is.
    """
    found = {of for _, of in asked}
    activities = [code for code in units(survey, "activity") if code in found]
    return [*([None] if None in found or not activities else []), *activities]


def wide_to_long(
    rows: Rows, activities: Sequence[str | None], domains: Domains, survey: Study
) -> tuple[Rows, NDArray[np.intp] | None]:
    """Give each activity that a respondent was asked about a row of its own.

    The general items stay on the respondent's first row, whose activity is as received (``all``
    if the source has none).

    Returns
    -------
    Rows
    ndarray of int, or None
        Which of the given rows each comes from; None where they stay as they are.
    """
    if activities == [None]:
        return rows, None
    places = [_asked_rows(rows, part) for part in activities]
    parents = np.concatenate(places)
    part = np.repeat(np.arange(len(activities)), [len(at) for at in places])
    order = np.lexsort((part, parents))
    nothing = np.zeros(len(rows.lines), dtype=np.int8)
    pairs = list(zip(places, activities, strict=True))
    answers: Answers = {
        (item, None): np.concatenate(
            [rows.answers.get((item, of), nothing)[at] for at, of in pairs]
        )[order]
        for item in dict.fromkeys(item for item, _ in rows.answers)
    }
    known = units(survey, "activity")
    domain = np.concatenate(
        [
            rows.domain[at] if of is None else domains.moved(rows.domain[at], known.index(of))
            for at, of in pairs
        ]
    )[order]
    taken = rows.taken(parents[order])
    long = Rows(
        source=rows.source,
        lines=taken.lines,
        domain=domain,
        weight=taken.weight,
        respondent=taken.respondent,
        psu=taken.psu,
        answers=answers,
        replicates=taken.replicates,
        late=taken.late,
        times=taken.times,
    )
    return long, parents[order]


def _asked_rows(rows: Rows, activity: str | None) -> NDArray[np.intp]:
    if activity is None:
        return np.arange(len(rows.lines))
    asked = [states != NOT_ASKED for (_, of), states in rows.answers.items() if of == activity]
    return np.flatnonzero(np.logical_or.reduce(asked)) if asked else np.arange(0)

"""A piece of a file on its way to the codes of the study, and what is done to it where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import alike, drops, harmonise, identity, roles, value_labels
from betyg.data.alike import Block
from betyg.data.harmonise import Answering
from betyg.data.identity import Hash, Rising
from betyg.data.listed import Listed
from betyg.data.out_of_range import OutOfRange
from betyg.data.raw_table import RawFile, RawTable, joined
from betyg.data.row_units import OTHER_YEARS
from betyg.data.rows import REPLICATE, Domains, Rows, unpacked
from betyg.data.settings import Role
from betyg.data.spool import Spool
from betyg.data.study import Study
from betyg.data.whom import Whom
from betyg.errors import DataError, Problems

__all__ = [
    "Account",
    "Counts",
    "Known",
    "Piece",
    "account",
    "counts",
    "harmonised",
    "kept_kinds",
    "kept_rows",
    "units",
]

UNSTATED = 2**40  # apart from what is stated: a respondent without an identifier


class Counts:
    """How many rows stay or are dropped, and for which reason.

    Attributes
    ----------
    n : ndarray of int
        How many rows each of ``drops.REASONS`` drops, of which the first, none, counts those
        that stay; last, how many are dropped for a year in which their agency did not exist.
    in_domain : ndarray of int, shape (domains,)
        How many of those that stay are in each domain.
    """

    def __init__(self) -> None:
        self.n = np.zeros(len(drops.REASONS) + 1, dtype=np.int64)
        self.in_domain = np.zeros(0, dtype=np.int64)

    def add(self, rows: Rows, why: NDArray[np.int8], agency: NDArray[np.integer]) -> None:
        """Count some more rows, given why each is dropped and the agency of each domain."""
        times, domain = rows.times, rows.domain
        if why.any():
            self.n[:-1] += np.bincount(why, times, len(drops.REASONS)).astype(np.int64)
            unknown = rows.taken(why == drops.UNKNOWN_AGENCY)
            self.n[-1] += len(unknown.taken(agency[unknown.domain] == OTHER_YEARS))
            stay = why == 0
            domain, times = domain[stay], None if times is None else times[stay]
        else:
            self.n[0] += len(rows)
        found = np.bincount(domain, times, len(agency)).astype(np.int64, copy=False)
        found[: len(self.in_domain)] += self.in_domain
        self.in_domain = found


@dataclass(slots=True, kw_only=True)
class Account:
    """What is told of a piece; its rows stay where they are.

    Attributes
    ----------
    domains : Domains
        Those of its rows, as numbered in it.
    read, unused, outside, rows : int
        Rows of the piece; those not used; answers out of range; rows kept.
    unnamed : int
        Rows kept whose respondent is not stated, though a column states the others.
    listed : Listed
        Which of the values that the source lists occur in it.
    asked : set of (item, activity)
        What the rows have answers to, if only that there is none.
    answered : set of str
        The items that any row has an answer to.
    rising : Rising
        Whether its identifiers rise.
    states_psu, is_wrong : bool
        Whether its file states sampling units; whether anything in it is wrong.
    counts : Counts
        Of its rows, by domains as numbered in it, as if none were repeated.
    problems : Problems
        What is wrong, told of the whole file: empty for one of several pieces.
    """

    domains: Domains
    read: int = 0
    unused: int = 0
    outside: int = 0
    rows: int = 0
    unnamed: int = 0
    listed: Listed = field(default_factory=Listed)
    asked: set[tuple[str, str | None]] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    rising: Rising = field(default_factory=Rising)
    states_psu: bool = False
    is_wrong: bool = False
    counts: Counts = field(default_factory=Counts)
    problems: Problems = field(default_factory=Problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The harmonised rows of a piece, and the account of it.

    Attributes
    ----------
    account : Account
    spool : Spool
        Batches of rows.
    blocks : tuple of Block, or None
        For each batch, which of its rows each row of the file is like; None where the batches
        have a row for each.
    """

    account: Account
    spool: Spool
    blocks: tuple[Block, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a piece once all pieces are there.

    Attributes
    ----------
    numbers : ndarray of int
        The number of each of its domains among those of all pieces.
    agency : ndarray of int, shape (domains,)
        The agency of each domain of all, below zero where it cannot be told.
    repeated : Places
        Rows that are dropped as duplicates.
    """

    numbers: NDArray[np.int32]
    agency: NDArray[np.integer]
    repeated: drops.Places = field(default_factory=dict)


def harmonised(file: RawFile, at: int, piece: int, rows: int, survey: Study) -> Piece:
    """Return one of the pieces into which a file is cut, in the codes of the study.

    What is wrong is told of the file, not of a part of it: so the parts in which anything
    is wrong are put together and gone through once more. In one of several pieces it is only
    noted that something is.

    Parameters
    ----------
    file : RawFile
        The file.
    at : int
        Its place in study.toml.
    piece, rows : int
        Which piece, of about how many rows.
    survey : Study
        The study.
    """
    pieces = file.cut(rows)
    is_whole = len(pieces) == 1
    one = pieces[piece]
    try:
        parts = one.parts()
        first = [*islice(parts, 1)]
        if first and alike.can_be(first[0]):
            found = _Harmonising(one, at, survey).by_kind(chain(first, parts))
            if found is not None:
                return found
            parts, first = one.parts(), []
        return _Harmonising(one, at, survey).done(chain(first, parts), is_whole=is_whole)
    except DataError:  # the file proved damaged
        if is_whole:
            raise
        return Piece(account=Account(domains=Domains(survey), is_wrong=True), spool=Spool())


def account(piece: Piece) -> Account:
    """Return the account of a piece."""
    return piece.account


class _Harmonising:
    """Rows of one file on their way to the codes of the study, with the account of them."""

    def __init__(self, file: RawFile, at: int, survey: Study) -> None:
        self.file, self.at, self.survey = file, at, survey
        self.answering = Answering(survey, file.missing)
        self.spool = Spool()
        self.account = Account(domains=Domains(survey))
        self.whom = Whom(survey, self.account.domains)

    def by_kind(self, parts: Iterable[RawTable]) -> Piece | None:
        """Work out alike rows once; None where there are few, or where anything is odd in them."""
        noted, outside = Problems(), OutOfRange()
        blocks = alike.gathered(map(self._used, parts))
        if blocks is None:
            return None
        for block in blocks:
            table, times = block.kinds(self.file)
            self._keep(replace(self._rows(table, noted, outside), times=times))
        if len(noted) or outside.n:  # what is said of them needs the lines of all rows
            return None
        self._check_labels()
        return Piece(account=self.account, spool=self.spool, blocks=tuple(blocks))

    def _used(self, part: RawTable) -> RawTable:
        """Return the rows of a part that are used, and account for the others."""
        used = part.kept(roles.used_rows(part))
        self.account.listed.see(part)
        self.account.read += len(part.lines)
        self.account.unused += len(part.lines) - len(used.lines)
        return used

    def done(self, parts: Iterable[RawTable], *, is_whole: bool) -> Piece:
        """Work out the rows one by one."""
        told = self.account
        wrong: list[RawTable] = []
        for used in map(self._used, parts):
            noted, outside = Problems(), OutOfRange()
            rows = self._rows(used, noted, outside)
            told.outside += outside.n
            if len(noted) or (outside.n and self.survey.cleaning.out_of_range == "error"):
                wrong.append(used)
            else:
                self._keep(rows)
        told.is_wrong = bool(wrong)
        if wrong and is_whole:
            self._report(joined(self.file, wrong))
        elif not wrong:
            self._check_labels()
        return Piece(account=told, spool=self.spool)

    def _keep(self, rows: Rows) -> None:
        if not len(rows.lines):
            return
        told = self.account
        told.rows += len(rows)
        told.asked |= rows.answers.keys()
        told.answered |= rows.answered(but=told.answered)
        told.states_psu |= rows.psu is not None
        agency = told.domains.codes()["agency"]
        why = drops.reasons(rows, agency, None)
        told.counts.add(rows, why, agency)
        if rows.respondent is not None:
            told.rising.see(rows.respondent)
            if rows.respondent.null_count:
                nameless = rows.respondent.is_null().to_numpy(zero_copy_only=False)
                told.unnamed += int((nameless & (why == 0)).sum())
        self.spool.append(rows.packed())

    def _rows(self, table: RawTable, problems: Problems, outside: OutOfRange) -> Rows:
        domain, there = self.whom.of(table, problems)
        of = self.account.domains.codes()
        year = np.where(of["agency"] < 0, np.int16(0), of["year"])  # 0: unknown, or its agency
        weight = _weights(table, problems)
        answers = harmonise.answers(
            table,
            years=lambda: year[domain],
            there=np.unique(year[there]).tolist(),
            reading=self.answering,
            outside=outside,
        )
        replicates = {
            f"{REPLICATE}{at}": roles.quantity(table, column, problems)
            for at, column in enumerate(table.source.replicate_columns, start=1)
        }
        return Rows(
            source=self.at,
            lines=table.lines,
            domain=domain,
            weight=weight,
            respondent=_identifiers(table, "respondent"),
            psu=_identifiers(table, "psu"),
            answers=answers,
            replicates=replicates,
            late=roles.late(table),
        )

    def _check_labels(self) -> None:
        told = self.account
        years = set(told.domains.codes()["year"].tolist())
        value_labels.check(self.file, years=years, survey=self.survey, problems=told.problems)

    def _report(self, table: RawTable) -> None:
        outside, problems = OutOfRange(), self.account.problems
        self._keep(self._rows(table, problems, outside))
        self._check_labels()
        if self.survey.cleaning.out_of_range == "error":
            outside.report(table, problems)


def _identifiers(table: RawTable, role: Role) -> pa.Array | None:
    column = table.source.columns.get(role)
    return None if column is None else table.identifiers(column)


def _weights(table: RawTable, problems: Problems) -> NDArray[np.float64] | None:
    column = table.source.columns.get("weight")
    if column is None:
        return None
    return roles.quantity(table, column, problems, positive=True)


def rows(piece: Piece, known: Known) -> Iterator[tuple[Rows, NDArray[np.int8]]]:
    """Return the rows part by part, and for each row the reason that drops it, 0 for none."""
    for part, own in enumerate(unpacked(piece.spool, known.numbers)):
        yield own, drops.reasons(own, known.agency, known.repeated.get(part))


def kept_rows(piece: Piece, known: Known) -> Iterator[Rows]:
    """Return the rows that are not dropped."""
    if piece.blocks is None:
        yield from kept_kinds(piece, known)
        return
    kinds = rows(piece, known)
    for block, (own, why) in zip(piece.blocks, kinds, strict=True):
        for place, lines in block.parts():
            stay = why[place] == 0
            yield replace(own.taken(place[stay]), lines=lines[stay], times=None)


def kept_kinds(piece: Piece, known: Known) -> Iterator[Rows]:
    """Return the rows that are not dropped, alike ones as one if they were worked out so."""
    if piece.account.counts.n[0] == piece.account.rows and not known.repeated:
        yield from unpacked(piece.spool, known.numbers)
        return
    for own, why in rows(piece, known):
        yield own.taken(why == 0)


def counts(piece: Piece, known: Known) -> Counts:
    """Count the rows by what becomes of them, repeated ones among them, by domains of all."""
    found = Counts()
    for own, why in rows(piece, known):
        found.add(own, why, known.agency)
    return found


def units(piece: Piece, known: Known, year: NDArray[np.int16]) -> Hash:
    """Return a number for the sampling unit of each row that is not dropped, in its year."""
    return identity.together(
        (_unit(own, year) for own in kept_rows(piece, known)), piece.account.rows
    )


def _unit(own: Rows, year: NDArray[np.int16]) -> Hash:
    alone = identity.mixed(
        identity.of_numbers(own.lines), np.full(len(own.lines), UNSTATED + own.source)
    )
    for stated in (own.respondent, own.psu):
        if stated is not None:
            given = stated.is_valid().to_numpy(zero_copy_only=False)
            alone = np.where(given, identity.hashed(stated), alone)
    return identity.mixed(alone, year[own.domain])


def numbered(hashes: Sequence[Hash]) -> list[NDArray[np.int64]] | None:
    """Return the units of all pieces numbered from 0; None where each stands for one row."""
    together = np.concatenate(hashes)
    if not len(identity.twice(together.copy())):
        return None
    numbers = pd.factorize(together)[0].astype(np.int64)
    return np.split(numbers, np.cumsum([len(own) for own in hashes])[:-1])

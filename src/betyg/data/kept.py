"""What is kept of the files until all of them are read: rows in the codes of the study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import drops, identity
from betyg.data.identity import Hash, Rising
from betyg.data.raw_table import RawFile
from betyg.data.row_units import OTHER_YEARS
from betyg.data.rows import Domains, Rows, asked_activities, unpacked
from betyg.data.spool import Spool
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["Kept"]

UNSTATED = 2**40  # apart from what is stated: a respondent without an identifier


class Kept:
    """The harmonised rows of a study in the order of its files, and which of them count.

    Attributes
    ----------
    domains : Domains
        The domains of all rows.
    seen : ndarray of int
        Those of the rows that are not dropped.
    """

    def __init__(self, survey: Study, *, sources: Sequence[str]) -> None:
        self.survey, self.sources = survey, tuple(sources)
        self.domains = Domains(survey)
        self.spool = Spool()
        self.seen: NDArray[np.intp] = np.arange(0)
        self._agency = np.zeros(0, dtype=np.int32)
        self._asked: set[tuple[str, str | None]] = set()
        self._rising = Rising()
        self._states_psu = False
        self._repeated: drops.Places = {}

    def add(self, rows: Rows) -> None:
        """Keep some more rows."""
        if not len(rows.lines):
            return
        self._asked |= rows.answers.keys()
        self._states_psu |= rows.psu is not None
        if rows.respondent is not None:
            self._rising.see(rows.respondent)
        self.spool.append(rows.packed())

    def settle(self, files: Sequence[RawFile], problems: Problems) -> list[NDArray[np.int64]]:
        """Find the rows that are dropped, once all are there.

        Returns
        -------
        list of ndarray of int
            For each file how many rows each of ``drops.REASONS`` drops; last, how many of them
            for a year in which their agency did not exist.
        """
        table = self.domains.table()
        self._agency = table["agency"].to_numpy()
        if not self._rising.holds:
            self._repeated = drops.duplicates(self.spool, table, files, self.survey, problems)
        counts = [np.zeros(len(drops.REASONS) + 1, dtype=np.int64) for _ in self.sources]
        counted = np.zeros(len(table), dtype=bool)
        for rows, why in self.rows():
            if not why.any():
                counted[rows.domain] = True
                continue
            n = np.bincount(why, minlength=len(drops.REASONS))
            agency = self._agency[rows.domain[why == drops.UNKNOWN_AGENCY]]
            counts[rows.source] += [0, *n[1:], (agency == OTHER_YEARS).sum()]
            counted[rows.domain[why == 0]] = True
        self.seen = np.flatnonzero(counted)
        return counts

    def rows(self) -> Iterator[tuple[Rows, NDArray[np.int8]]]:
        """Return the rows part by part, and for each row the reason that drops it, 0 for none."""
        for part, rows in enumerate(unpacked(self.spool)):
            yield rows, drops.reasons(rows, self._agency, self._repeated.get(part))

    def clean_rows(self) -> Iterator[Rows]:
        """Return the rows that are not dropped."""
        for rows, why in self.rows():
            yield rows.taken(why == 0)

    def activities(self) -> list[str | None]:
        """Return the activities whose answers stand in columns of their own, and None."""
        return asked_activities(self._asked, self.survey)

    def units(self) -> NDArray[np.int64] | None:
        """Return the primary sampling unit of each row that is not dropped, numbered from 0.

        It is the stated one, else the respondent, whose several rows belong together. Numbers
        begin anew each year in most files, so the same one in two years is taken for two. None
        stands for a unit a row.
        """
        if self._rising.holds and not self._states_psu:
            return None
        year = self.domains.table()["year"].to_numpy()
        hashes = identity.together(
            (_unit(rows, year) for rows in self.clean_rows()), self.spool.rows
        )
        if not len(identity.twice(hashes.copy())):
            return None
        return pd.factorize(hashes)[0].astype(np.int64)


def _unit(rows: Rows, year: NDArray[np.int16]) -> Hash:
    """Return a number for the unit of each row in its year."""
    alone = identity.mixed(
        identity.of_numbers(rows.lines), np.full(len(rows.lines), UNSTATED + rows.source)
    )
    for stated in (rows.respondent, rows.psu):
        if stated is not None:
            given = stated.is_valid().to_numpy(zero_copy_only=False)
            alone = np.where(given, identity.hashed(stated), alone)
    return identity.mixed(alone, year[rows.domain])

"""What is kept of the files until all of them are read: rows in the codes of the study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import getitem, is_not
from typing import Any

import numpy as np
from numpy.typing import NDArray

from betyg.data import drops, pieces, read
from betyg.data.identity import Rising
from betyg.data.pieces import Account, Counts, Known
from betyg.data.raw_table import RawFile
from betyg.data.read import Received
from betyg.data.rows import Domains, asked_activities
from betyg.data.study import Study
from betyg.data.workers import given
from betyg.errors import Problems

__all__ = ["Kept"]


class Kept:
    """The harmonised rows of a study in the order of its files, and which of them count.

    The rows lie in pieces where they were read; what is here is what is known of all pieces.

    Attributes
    ----------
    pieces : list
        Stand-ins for the pieces, for ``workers``.
    known : list of Known
        What their rows are read with.
    domains : Domains
        The domains of all rows.
    seen : ndarray of int
        Those of the rows that are not dropped.
    firsts : ndarray of int, shape (pieces,)
        How many rows that are not dropped stand before each piece.
    """

    def __init__(self, survey: Study, received: Received) -> None:
        self.survey, self.workers = survey, received.workers
        self.sources = tuple(head.source.id for head in received.heads)
        self.pieces: list[Any] = []
        self.known: list[Known] = []
        self.accounts: list[Account] = []
        self.of_file: list[int] = []
        self.seen: NDArray[np.intp] = np.arange(0)
        self.firsts = np.zeros(0, dtype=np.int64)
        self.domains = Domains(survey)
        self._read(received)
        self.numbers = [self.domains.absorb(told.domains) for told in self.accounts]

    def _read(self, received: Received) -> None:
        """Harmonise all pieces, and once more as a whole each file in which anything is wrong."""
        places = [(at, i) for at, n in enumerate(received.pieces) for i in range(n)]
        found = self._harmonised(received, places, read.PIECE)
        wrong = {at for at, _, told in found if told.is_wrong and received.pieces[at] > 1}
        whole = iter(self._harmonised(received, [(at, 0) for at in sorted(wrong)], 2**62))
        for at, piece, told in found:
            if at in wrong:
                if at in self.of_file:
                    continue
                _, piece, told = next(whole)  # noqa: PLW2901  the file instead of its pieces
            self.of_file.append(at)
            self.pieces.append(piece)
            self.accounts.append(told)

    def _harmonised(
        self, received: Received, places: Sequence[tuple[int, int]], rows: int
    ) -> list[tuple[int, Any, Account]]:
        n = len(places)
        files = [received.files[at] for at, _ in places]
        at, piece = [at for at, _ in places], [piece for _, piece in places]
        survey = given(self.survey, self.workers, times=n)
        made = self.workers.keep(pieces.harmonised, files, at, piece, [rows] * n, survey)
        told = self.workers.bring(pieces.account, made, doing="cleaning pieces")
        return list(zip(at, made, told, strict=True))

    def settle(self, files: Sequence[RawFile], problems: Problems) -> NDArray[np.int64]:
        """Find the rows that are dropped, once all are there.

        Returns
        -------
        ndarray of int, shape (files, reasons + 1)
            How many rows each of ``drops.REASONS`` drops; the first, none, counts those that
            stay, the last those of a year in which their agency did not exist.
        """
        for told in self.accounts:
            problems.extend(told.problems)
        agency = self.domains.codes()["agency"]
        repeated: list[drops.Places] = [{} for _ in self.pieces]
        if not self._rises():
            repeated = drops.duplicates(self, self.domains.table(), files, problems)
        self.known = [
            Known(numbers=numbers, agency=agency, repeated=own)
            for numbers, own in zip(self.numbers, repeated, strict=True)
        ]
        counts = np.zeros((len(files), len(drops.REASONS) + 1), dtype=np.int64)
        stay, seen = [0], np.zeros(len(agency), dtype=bool)
        for at, (own, domains) in zip(self.of_file, self._counted(), strict=True):
            counts[at] += own
            stay.append(int(own[0]))
            seen[domains] = True
        self.firsts = np.cumsum(stay)[:-1]
        self.seen = np.flatnonzero(seen)
        return counts

    def _counted(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.intp]]]:
        """Return for each piece the count of its rows and the domains of those that stay.

        They were counted as they were read; only a piece with repeated rows is gone through again.
        """
        at = [i for i, known in enumerate(self.known) if known.repeated]
        again = ([of[i] for i in at] for of in (self.pieces, self.known))
        anew = self.workers.bring(pieces.counts, *again, doing="counting rows")
        found: dict[int, Counts] = dict(zip(at, anew, strict=True))
        for i, told in enumerate(self.accounts):
            if i in found:
                yield found[i].n, np.flatnonzero(found[i].in_domain)
            else:
                own = self.numbers[i].take(np.flatnonzero(told.counts.in_domain))
                yield told.counts.n, own.astype(np.intp)

    def activities(self) -> list[str | None]:
        """Return the activities whose answers stand in columns of their own, and None."""
        asked = {one for told in self.accounts for one in told.asked}
        return asked_activities(asked, self.survey)

    def units(self) -> list[Any]:
        """Return the primary sampling unit of each row that is not dropped, numbered from 0.

        It is the stated one, else the respondent, whose several rows belong together. Numbers
        begin anew each year in most files, so the same one in two years is taken for two. None
        stands for a unit a row; all else is stand-ins, one for each piece.
        """
        alone = [None] * len(self.pieces)
        if self._rises() and not any(told.states_psu for told in self.accounts):
            return alone
        year = self.domains.codes()["year"]
        hashes = self.workers.keep(pieces.units, self.pieces, self.known, [year] * len(self.pieces))
        numbers = self.workers.keep(pieces.numbered, [hashes])
        if not next(self.workers.bring(is_not, numbers, [None], doing="numbering units")):
            return alone
        return self.workers.keep(getitem, numbers * len(self.pieces), range(len(self.pieces)))

    def _rises(self) -> bool:
        together = Rising()
        for told in self.accounts:
            together.follow(told.rising)
        return together.holds

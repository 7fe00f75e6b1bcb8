"""Whom rows are about, worked out once for alike rows: agency, year, activity, group, stratum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.data import alike, roles, row_units
from betyg.data.alike import Layout
from betyg.data.raw_table import RawTable
from betyg.data.rows import Domains
from betyg.data.settings import Role
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["Whom"]

ROLES: tuple[Role, ...] = ("agency", "year", "activity", "group", "stratum")
UNKNOWN = -1


class Whom:
    """Domains of the rows of one file.

    Parameters
    ----------
    survey : Study
        The study.
    domains : Domains
        Where the combinations are numbered, in the order of the rows.
    """

    def __init__(self, survey: Study, domains: Domains) -> None:
        self._places, self._domains = row_units.Places(survey), domains
        self._layout: Layout | None = None
        self._is_various = False  # too many combinations to be numbered
        self._known = np.zeros(0, dtype=np.int32)  # domains by their keys in the layout

    def of(
        self, table: RawTable, problems: Problems
    ) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
        """Return the domain of each row, and those that any row has."""
        key = self._key(table)
        if key is None or self._layout is None:
            return self._worked_out(table, problems)
        occurs = np.flatnonzero(np.bincount(key, minlength=self._known.size))
        new = occurs[self._known[occurs] == UNKNOWN]
        if len(new):
            noted = Problems()
            domains, _ = self._worked_out(self._layout.rows(new, table.file), noted)
            if len(noted):  # to be told with the lines of all rows
                return self._worked_out(table, problems)
            self._known[new] = domains
        return self._known.take(key), np.unique(self._known[occurs])

    def _key(self, table: RawTable) -> NDArray[np.int32] | None:
        """Return the number of each row in the layout, which is widened for what is new."""
        if self._is_various or len(table.lines) < alike.MANY:
            return None
        key = None if self._layout is None else self._layout.key(table)
        if key is None:
            named = table.source.columns
            columns = [named[role] for role in ROLES if role in named]
            wider = (
                Layout.of(table, columns) if self._layout is None else self._layout.widened(table)
            )
            self._layout = wider
            if self._layout is None:
                self._is_various = True
                return None
            self._known = np.full(self._layout.size, UNKNOWN, dtype=np.int32)
            key = self._layout.key(table)
        return key

    def _worked_out(
        self, table: RawTable, problems: Problems
    ) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
        named = table.source.columns
        years = roles.years(table, problems)
        own = row_units.of_rows(table, years, self._places, problems)
        stratum = table.texts(named["stratum"]) if "stratum" in named else None
        domain = self._domains.of(own["agency"], years, own["activity"], own["group"], stratum)
        return domain, np.flatnonzero(np.bincount(domain))

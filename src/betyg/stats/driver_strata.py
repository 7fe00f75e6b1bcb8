"""Strata and their sampling units, as the sums for drivers are kept by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import identity
from betyg.stats.domains import are_units

__all__ = ["Met", "Strata"]

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """Years, strata and agencies together.

    Attributes
    ----------
    table : DataFrame
        year, stratum, agency, population; one row each.
    of_domain : ndarray of int, shape (domains,)
        The row of each domain.
    large : ndarray of bool, shape (rows,)
        Whether units are put together in ``groups`` groups.
    alone : bool
        Whether every respondent is a unit.
    """

    table: pd.DataFrame
    of_domain: Codes
    large: NDArray[np.bool_]
    alone: bool
    groups: int

    @classmethod
    def of(cls, domains: pd.DataFrame, named: pd.DataFrame, groups: int) -> Self:
        """Return those of some domains, and the row of each domain as it is numbered."""
        by = ["year", "stratum", "agency"]
        table = domains.drop_duplicates(by)[[*by, "population"]].reset_index(drop=True)
        units = domains.groupby("stratum", observed=True)["units"].sum()
        large = table["stratum"].map(units).to_numpy(np.int64) > groups
        keys, of = pd.MultiIndex.from_frame(table[by]), pd.MultiIndex.from_frame(named[by])
        return cls(
            table=table,
            of_domain=keys.get_indexer(of),
            large=large,
            alone=are_units(domains),
            groups=groups,
        )

    @property
    def stratum(self) -> Codes:
        """The code of each row's stratum."""
        return self.table["stratum"].cat.codes.to_numpy().astype(np.int64)

    @property
    def bound(self) -> int:
        """The number from which codes are those of single units."""
        return len(self.table) * self.groups

    def codes(self, row: Codes, psu: Codes) -> Codes:
        """Return one number for row and unit; in a large stratum for the group of the unit."""
        group = (identity.of_numbers(psu) % np.uint64(self.groups)).astype(np.int64)
        own = self.bound + psu * len(self.table) + row
        return np.where(self.large[row], row * self.groups + group, own)

    def units(self, codes: Codes) -> tuple[Codes, Codes]:
        """Return row and unit of each code; units are below zero where they are groups."""
        alone = codes >= self.bound
        psu, row = np.divmod(codes - self.bound, max(len(self.table), 1))
        of_group, group = np.divmod(codes, self.groups)
        row = np.where(alone, row, of_group)
        stratum = self.stratum[row]
        return row, np.where(alone, psu, -1 - (stratum * self.groups + group))


class Met:
    """The units that have been met, each with the stratum in which it was seen last.

    Parameters
    ----------
    every : bool
        Whether each row is a unit that was not met before.
    """

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._stratum = np.full(0, -1, dtype=np.int32)

    def new(self, stratum: Codes, psu: Codes) -> NDArray[np.bool_]:
        """Mark the first row of each unit in its stratum, over all that was asked about so far.

        A unit that comes back to a stratum after rows in another, in a later call, counts as new.

        Parameters
        ----------
        stratum, psu : ndarray of int, shape (rows,)
            Stratum and unit of each row, both numbered from 0.

        Returns
        -------
        ndarray of bool, shape (rows,)
            Whether the unit is seen in the stratum for the first time.
        """
        if self._every:
            return np.ones(len(psu), dtype=bool)
        more = int(psu.max(initial=-1)) + 1 - len(self._stratum)
        if more > 0:
            room = max(more, len(self._stratum))
            self._stratum = np.pad(self._stratum, (0, room), constant_values=-1)
        met = self._stratum.take(psu) == stratum
        self._stratum[psu] = stratum
        again = pd.DataFrame({"stratum": stratum, "psu": psu}).duplicated().to_numpy()
        return np.asarray(~(met | again))

"""How many respondents each domain has, and of which weight: what of the design adds up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.parts import Parts
from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.stats.cells import KEYS, numbered

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["SUMS", "add", "are_units", "collapse", "linked", "of_rows", "states_units"]

Array = NDArray[np.float64]

COLUMNS = ("weight", "weight_given", "weight_base", "psu", "population", "late")
SUMS = {
    "n": "sum",
    "units": "sum",
    "weight_sum": "sum",
    "weight_sq_sum": "sum",
    "smallest": "min",
    "largest": "max",
    "population": "first",
    "trimmed": "sum",
    "cut_to": "max",
    "taken": "sum",
    "given": "sum",
    "told": "sum",
    "late": "sum",
}
"""How the measures of domains add up."""

WHOLE = ("n", "units", "trimmed", "told", "late")


def collapse(cleaned: Cleaned) -> pd.DataFrame:
    """Count the respondents of a study, answers or none, part by part.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents; other kinds than ``responses`` have none, and give no row.

    Returns
    -------
    DataFrame
        agency, activity, group, stratum category; year int16; n int64 (rows); units int64 (primary
        sampling units whose first row is here: they add up to all units); weight_sum,
        weight_sq_sum, smallest, largest float64 (weights); population float64 (of the stratum, NaN
        where not known); trimmed int64 (weights that were cut), cut_to float64 (the largest that
        trimming left, NaN where it cut none), taken, given float64 (weight that was cut, and
        weight before); told, late int64 (rows of which a file tells whether the answers came
        late, and those that did). One row a domain, in the order of the study's files.
    """
    return of_rows(cleaned.parts)


def of_rows(parts: Parts | Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Count respondents that lie in tables which together are the whole, as ``collapse`` does."""
    tables, named = numbered(parts, COLUMNS)
    sums = _Sums(len(named))
    for rows in tables:
        sums.add(rows)
    return add([sums.table(named)])


def add(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up domains that were collapsed apart and share no primary sampling unit."""
    together = pd.concat(list(parts), ignore_index=True)
    sums = together.groupby(KEYS, observed=True, sort=True).agg(SUMS)
    return sums.reset_index().astype(dict.fromkeys(WHOLE, "int64"))


def are_units(domains: pd.DataFrame) -> bool:
    """Tell whether every row is a primary sampling unit of its own."""
    return int(domains["units"].sum()) == int(domains["n"].sum())


def states_units(survey: Study) -> bool:
    """Tell whether the files state sampling units: else these are the respondents."""
    return any("psu" in source.columns for source in survey.sources)


def linked(
    respondents: pd.DataFrame | Stored, domains: pd.DataFrame, survey: Study
) -> pd.DataFrame | None:
    """Return the respondents where answers of several rows go together, else None.

    They do where a sampling unit has several rows, where the study tells its units, or where the
    same respondents come again (``[design] panel``).
    """
    if are_units(domains) and not states_units(survey) and not survey.design.panel:
        return None
    return rows_of(respondents)


class _Sums:
    """What the rows so far add to each domain."""

    def __init__(self, size: int) -> None:
        self._sums = {name: np.zeros(size) for name, how in SUMS.items() if how == "sum"}
        self._smallest, self._largest = np.full(size, np.inf), np.zeros(size)
        self._population, self._cut_to = np.full(size, np.nan), np.full(size, np.nan)
        self._known = -1  # units are numbered in the order of their first rows

    def add(self, rows: pd.DataFrame) -> None:
        """Add the rows of a part."""
        domain = rows["domain"].to_numpy().astype(np.intp)
        weight = rows["weight"].to_numpy(np.float64)
        added = {"n": None, "weight_sum": weight, "weight_sq_sum": weight**2, "given": weight}
        added["units"] = self._first(rows["psu"].to_numpy()).astype(np.float64)
        if "weight_given" in rows:
            added |= self._trimmed(rows, domain)
        if "late" in rows:
            told = rows["late"].to_numpy(np.float64, na_value=np.nan)
            added |= {"told": ~np.isnan(told), "late": np.nan_to_num(told)}
        for name, values in added.items():
            self._sums[name] += np.bincount(domain, values, len(self._smallest))
        np.minimum.at(self._smallest, domain, weight)
        np.maximum.at(self._largest, domain, weight)
        self._population[domain] = rows["population"].to_numpy(np.float64)

    def _first(self, psu: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Mark the first row of each unit."""
        known = np.maximum.accumulate(np.concatenate([[self._known], psu]))
        self._known = int(known[-1])
        return psu > known[:-1]

    def _trimmed(self, rows: pd.DataFrame, domain: NDArray[np.intp]) -> dict[str, Array]:
        """Return what trimming took from each weight."""
        given, base = (rows[name].to_numpy(np.float64) for name in ("weight_given", "weight_base"))
        cut = base < given
        np.fmax.at(self._cut_to, domain[cut], base[cut])
        taken = np.maximum(given - base, 0.0)
        return {"trimmed": cut.astype(np.float64), "taken": taken, "given": given}

    def table(self, named: pd.DataFrame) -> pd.DataFrame:
        """Return the sums of the domains that have rows."""
        found = named.assign(
            **self._sums,
            smallest=self._smallest,
            largest=self._largest,
            population=self._population,
            cut_to=self._cut_to,
        )
        return found[found["n"] > 0]

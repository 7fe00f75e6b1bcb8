"""How many respondents each domain has, and of which weight: what of the design adds up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from betyg.data.parts import Parts
from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.stats.cells import KEYS

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["SUMS", "add", "are_units", "collapse", "linked", "of_rows"]

COLUMNS = ("weight", "weight_given", "weight_base", "psu", "population")
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
}
"""How the measures of domains add up."""

WHOLE = ("n", "units", "trimmed")


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
        weight before). One row a domain, in the order of the study's files.
    """
    parts = cleaned.parts
    return of_rows(parts.only([*KEYS, *COLUMNS]) if isinstance(parts, Parts) else parts)


def of_rows(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Count respondents that lie in tables which together are the whole, as ``collapse`` does."""
    found: list[pd.DataFrame] = []
    known = -1
    for rows in parts:
        found = [add([*found, _sums(rows, known)])]
        known = max(known, int(rows["psu"].max()) if len(rows) else known)
    return found[0]


def add(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up domains that were collapsed apart and share no primary sampling unit."""
    together = pd.concat(list(parts), ignore_index=True)
    sums = together.groupby(KEYS, observed=True, sort=True).agg(SUMS)
    return sums.reset_index().astype(dict.fromkeys(WHOLE, "int64"))


def are_units(domains: pd.DataFrame) -> bool:
    """Tell whether every row is a primary sampling unit of its own."""
    return int(domains["units"].sum()) == int(domains["n"].sum())


def linked(
    respondents: pd.DataFrame | Stored, domains: pd.DataFrame, survey: Study
) -> pd.DataFrame | None:
    """Return the respondents where answers of several rows go together, else None.

    They do where a sampling unit has several rows, where the study tells its units, or where the
    same respondents come again (``[design] panel``).
    """
    states_units = any("psu" in source.columns for source in survey.sources)
    if are_units(domains) and not states_units and not survey.design.panel:
        return None
    return rows_of(respondents)


def _sums(rows: pd.DataFrame, known: int) -> pd.DataFrame:
    """Return what the rows of a part add; units are numbered in the order of their first rows."""
    weight = rows["weight"].to_numpy(np.float64)
    given = rows["weight_given"].to_numpy(np.float64) if "weight_given" in rows else weight
    base = rows["weight_base"].to_numpy(np.float64) if "weight_base" in rows else weight
    psu = rows["psu"].to_numpy()
    first = ~rows["psu"].duplicated().to_numpy() & (psu > known)
    cut = base < given
    return rows[KEYS].assign(
        n=1,
        units=first.astype(np.int64),
        weight_sum=weight,
        weight_sq_sum=weight**2,
        smallest=weight,
        largest=weight,
        population=rows["population"],
        trimmed=cut.astype(np.int64),
        cut_to=np.where(cut, base, np.nan),
        taken=np.maximum(given - base, 0.0),
        given=given,
    )

"""How many persons answered: each counts once, however many activities they rated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import identity
from betyg.data.identity import Hash
from betyg.data.parts import Parts
from betyg.data.study import Study
from betyg.stats.cells import numbered
from betyg.stats.domains import are_units, states_units
from betyg.stats.sums import by_code

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["COLUMNS", "collapse", "of_domains", "of_rows"]

ALL = "all"
ROLES = ("agency", "activity", "group")
COLUMNS = ("year", *ROLES, "n")
MARGINS = tuple(
    tuple(role for role, own in zip(ROLES, chosen, strict=True) if own)
    for chosen in product((False, True), repeat=len(ROLES))
)
"""What a year is cut by, one margin after the other."""

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def collapse(cleaned: Cleaned, survey: Study, *, domains: pd.DataFrame) -> pd.DataFrame:
    """Count the persons of each year, over all and by agency, activity and group.

    Where each person has one row these are the sizes of domains. Elsewhere persons are told
    apart by their identifiers, as a sum of domains would count them again.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents; other kinds than ``responses`` have none, and give no row.
    survey : Study
        Whether its files state sampling units, which stand for more than a person.
    domains : DataFrame
        As ``domains.collapse`` returns it.

    Returns
    -------
    DataFrame
        year int16; agency, activity, group category ("all" = over all); n int64 (persons with a
        row there). A row a year and combination that has any; a row that is not about one
        agency, activity or group counts over all of them alone.
    """
    if survey.kind != "responses" or are_units(domains) and not states_units(survey):
        return of_domains(domains, survey)
    return of_rows(cleaned.parts, survey)


def of_domains(domains: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Count persons of whom each has one row, as ``collapse`` does."""
    n = domains["n"].to_numpy(np.float64)
    return _table(domains, survey, lambda code, size: by_code(code + 1, n, size + 1)[1:])


def of_rows(parts: Parts | Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Count persons in tables which together are the whole, as ``collapse`` does."""
    tables, named = numbered(parts, ["respondent_id"])
    year = named["year"].to_numpy()
    if isinstance(tables, Parts):
        pieces = list(tables.each(_met, year, doing="counting persons"))
    else:
        pieces = [_met(tables, year)]
    person, domain = (
        np.concatenate([piece[at] for piece in pieces or [_met((), year)]]) for at in (0, 1)
    )
    person = np.unique(person, return_inverse=True)[1]
    return _table(named, survey, lambda code, size: _distinct(person, code[domain], size))


def _met(
    parts: Iterable[pd.DataFrame], year: NDArray[np.integer]
) -> tuple[Hash, NDArray[np.int32]]:
    """Return a number for each person of a piece and year, with each domain they are in."""
    found = [(np.zeros(0, np.uint64), np.zeros(0, np.int32))]
    for part in parts:
        domain = part["domain"].to_numpy().astype(np.int32)
        texts = pa.array(part["respondent_id"].to_numpy(object), pa.string())
        found.append((identity.mixed(identity.hashed(texts), year[domain]), domain))
    person, domain = (np.concatenate([part[at] for part in found]) for at in (0, 1))
    order = np.lexsort((domain, person))
    person, domain = person[order], domain[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(domain) != 0) | (person[1:] != person[:-1])
    return person[new], domain[new]


def _distinct(person: Codes, code: Codes, size: int) -> Array:
    """Count the persons of each combination; rows of -1 are in none."""
    inside = code >= 0
    pairs = np.sort(person[inside] * size + code[inside])
    first = np.diff(pairs, prepend=-1) > 0
    return by_code(pairs[first] % max(size, 1), np.ones(int(first.sum())), size)


def _table(
    domains: pd.DataFrame, survey: Study, count: Callable[[Codes, int], Array]
) -> pd.DataFrame:
    """Name the combinations of each margin; ``count`` takes that of each domain, -1 for none."""
    parts = []
    for margin in MARGINS:
        by = ["year", *margin]
        outside = (domains[list(margin)].astype("str") == ALL).any(axis=1).to_numpy(bool)
        grouped = domains[~outside].groupby(by, observed=True)
        code = np.full(len(domains), -1, dtype=np.intp)
        code[~outside] = grouped.ngroup()
        named = grouped.size().index.to_frame(index=False).astype(dict.fromkeys(margin, "str"))
        parts.append(named.assign(n=count(code, len(named))))
    table = pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))
    for role, units in zip(ROLES, (survey.agencies, survey.activities, survey.groups), strict=True):
        known = [ALL, *(unit.code for unit in units)]
        table[role] = pd.Categorical(table[role].fillna(ALL), categories=known)
    table = table[table["n"] > 0].astype({"year": "int16", "n": "int64"})
    return table.sort_values(list(COLUMNS[:-1]), ignore_index=True)

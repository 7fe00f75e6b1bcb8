"""The design of the sample, row by row: stratum and size of the stratum."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import roles
from betyg.data.study import Study

__all__ = ["answered", "population", "strata", "totals"]

UNITS = ("agency", "activity", "group")


def strata_roles(rows: pd.DataFrame, survey: Study) -> tuple[str, ...]:
    """Return the roles whose combinations are the strata.

    A stratum that a file states itself counts within its year, whatever ``[design]`` says of
    others. Where activities are columns of one respondent they cannot stratify: the sample was
    drawn of respondents.
    """
    stated = survey.design.strata
    if rows["stratum"].notna().any() and "stratum" not in stated:
        return ("year", "stratum")
    if any(row.activity is not None for row in survey.crosswalk):
        return tuple(role for role in stated if role != "activity")
    return tuple(stated)


def strata(rows: pd.DataFrame, survey: Study) -> pd.Categorical:
    """Return each row's stratum: the codes of its roles, with a bar between them."""
    by = strata_roles(rows, survey)
    if not by:  # one stratum of all
        one = np.zeros(len(rows), dtype=np.int8)
        return pd.Categorical.from_codes(one, pd.Index(["all"], dtype="str"))
    key = np.zeros(len(rows), dtype=np.int64)
    words = {}
    for role in by:
        codes, words[role] = _places(rows[role], role, survey)
        key = key * len(words[role]) + codes
    key, distinct = pd.factorize(key, sort=True)
    spelt = []
    for role in reversed(by):
        distinct, at = np.divmod(distinct, len(words[role]))
        spelt.append([words[role][one] for one in at.tolist()])
    names = ["|".join(own) for own in zip(*reversed(spelt), strict=True)]
    kind: pd.CategoricalDtype = pd.CategoricalDtype(pd.Index(names, dtype="str"))
    return pd.Categorical.from_codes(key, dtype=kind, validate=False)


def _places(values: pd.Series, role: str, survey: Study) -> tuple[NDArray[np.intp], list[str]]:
    """Return the codes of a role's values, in their order, and what each is called."""
    if role in UNITS:
        return values.to_numpy(np.intp), list(roles.units(survey, role))
    texts = values.astype("str").fillna("") if role == "stratum" else values
    codes, distinct = pd.factorize(texts, sort=True)
    return codes, [str(value) for value in distinct.tolist()]


def _texts(rows: pd.DataFrame, by: Iterable[str], survey: Study) -> pd.DataFrame:
    """Return roles as ordered categories (units), numbers (year) or text (stratum)."""
    return pd.DataFrame(
        {
            role: pd.Categorical.from_codes(
                rows[role].to_numpy(),
                pd.Index(roles.units(survey, role), dtype="str"),
                ordered=True,
            )
            if role in UNITS
            else rows[role].astype("str").fillna("")
            if role == "stratum"
            else rows[role]
            for role in by
        }
    )


def population(rows: pd.DataFrame, survey: Study) -> NDArray[np.float64]:
    """Return the size of each row's stratum in the population, NaN where frame.csv is silent.

    Rows of frame.csv that name just the roles of the strata are taken as they are. Failing
    that, rows that name more (a group, say) are added up within the stratum.
    """
    return _sizes(rows, list(strata_roles(rows, survey)), survey, "population")


def answered(rows: pd.DataFrame, survey: Study) -> NDArray[np.float64]:
    """Return the number of respondents that frame.csv states for each row, NaN for none.

    The row of agency, year, activity and group counts before coarser ones, up to that of agency
    and year.
    """
    sizes = np.full(len(rows), np.nan)
    for more in (["activity", "group"], ["activity"], ["group"], []):
        exact = _sizes(rows, ["agency", "year", *more], survey, "respondents", exact=True)
        sizes = np.where(np.isnan(sizes), exact, sizes)
    return sizes


def _sizes(
    rows: pd.DataFrame, by: list[str], survey: Study, size: str, *, exact: bool = False
) -> NDArray[np.float64]:
    """Return a size of frame.csv, added up by some roles; ``exact`` rows name no other role."""
    sizes = np.full(len(rows), np.nan)
    if survey.frame.empty or rows.empty:
        return sizes
    if not by:
        return np.full(len(rows), _whole(survey, size))
    sums = totals(by, survey, size, exact=exact)
    at = sums.index.get_indexer(_index(_texts(rows, by, survey).astype("str"), by))
    return np.where(at >= 0, sums.to_numpy()[at], np.nan) if len(sums) else sizes


def _whole(survey: Study, size: str) -> float:
    """Return a size of frame.csv over all its rows, of the coarsest kind that states it."""
    frame = survey.frame
    named = (frame[[*UNITS, "stratum"]] != "").assign(year=frame["year"].notna())
    kinds = _patterns(named, frame[size].notna())
    return float(frame[kinds[0][1]][size].sum()) if kinds else float("nan")


def totals(
    by: list[str], survey: Study, size: str = "population", *, exact: bool = False
) -> pd.Series:
    """Return a size of frame.csv by roles (text; one level a role).

    Rows that name just these roles are taken as they are, else those that name more are added
    up; ``exact`` takes the former only.
    """
    frame = survey.frame
    named = (frame[[*UNITS, "stratum"]] != "").assign(year=frame["year"].notna())
    covers = named[by].all(axis="columns") & frame[size].notna()
    if exact:
        covers &= ~named.drop(columns=by).any(axis="columns")
    nothing = pd.MultiIndex.from_arrays([[] for _ in by], names=by)
    found = pd.Series([], index=nothing if len(by) > 1 else nothing.get_level_values(0))
    found = found.astype("float64")
    for _, pattern in _patterns(named, covers):
        part = frame[pattern]
        total = part.assign(**{role: part[role].astype("str") for role in by})
        sums = total.groupby(by, sort=False)[size].sum()
        found = sums if found.empty else found.combine_first(sums)
    return found


def _patterns(named: pd.DataFrame, covers: pd.Series) -> list[tuple[int, pd.Series]]:
    """Return the kinds of rows of the frame that cover the strata, the coarsest kind first."""
    kinds = named[covers].drop_duplicates()
    found = [
        (int(kind.sum()), (named == kind).all(axis="columns") & covers)
        for _, kind in kinds.iterrows()
    ]
    return sorted(found, key=lambda pair: pair[0])


def _index(texts: pd.DataFrame, by: list[str]) -> pd.Index:
    return pd.Index(texts[by[0]]) if len(by) == 1 else pd.MultiIndex.from_frame(texts[by])

"""Who took part, when, and what was asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import ParameterError, did_you_mean

__all__ = ["Participation", "of"]

ALL = "all"
ROLES = ("agency", "year", "activity", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """Rounds, agencies and activities of a survey, counted from its data.

    Attributes
    ----------
    rounds : tuple of int
        Years with answers, in order.
    agencies : mapping of int to tuple of str
        Agencies with answers in each year, in the study's order; no totals.
    activities : mapping of (str, int) to tuple of str
        Activities with answers, by agency and year.
    answered : DataFrame
        One row for each respondent (kind ``responses``) or each agency x year x activity x
        group (otherwise), with ``n``.
    """

    rounds: tuple[int, ...]
    agencies: Mapping[int, tuple[str, ...]]
    activities: Mapping[tuple[str, int], tuple[str, ...]]
    answered: pd.DataFrame

    def round_number(self, year: int) -> int:
        """Return which time the survey was made in ``year``: 1 is the first."""
        if year not in self.rounds:
            known = ", ".join(str(known) for known in self.rounds)
            raise ParameterError(f"participation: there was no round in {year}. Rounds: {known}.")
        return self.rounds.index(year) + 1

    @property
    def is_yearly(self) -> bool:
        """Whether no year was left out between the first round and the last."""
        return len(self.rounds) == self.rounds[-1] - self.rounds[0] + 1 if self.rounds else False

    def agencies_throughout(self, until: int | None = None) -> tuple[str, ...]:
        """Return the agencies that took part in every round (up to ``until``)."""
        years = [year for year in self.rounds if until is None or year <= until]
        if not years:
            return ()
        rest = [set(self.agencies[year]) for year in years]
        return tuple(agency for agency in self.agencies[years[0]] if all(agency in r for r in rest))

    def activities_in(self, year: int) -> tuple[str, ...]:
        """Return the activities that any agency was surveyed on in ``year``."""
        found = [found for (_, at), found in self.activities.items() if at == year]
        return tuple(dict.fromkeys(activity for part in found for activity in part))

    def activities_of(self, agency: str, year: int) -> tuple[str, ...]:
        """Return the activities that an agency was surveyed on in ``year``."""
        return self.activities.get((agency, year), ())

    def surveyed_before(self, agency: str, year: int) -> tuple[str, ...]:
        """Return the activities of an agency in ``year`` that it was surveyed on earlier."""
        earlier = {
            activity
            for (who, at), found in self.activities.items()
            if who == agency and at < year
            for activity in found
        }
        return tuple(one for one in self.activities_of(agency, year) if one in earlier)

    def last_surveyed(self, agency: str, year: int, activity: str) -> int | None:
        """Return the latest earlier year in which an agency was surveyed on an activity."""
        years = [
            at
            for (who, at), found in self.activities.items()
            if who == agency and at < year and activity in found
        ]
        return max(years, default=None)

    def counts(self, by: Sequence[str] = ()) -> pd.DataFrame:
        """Count respondents, each once, by some roles.

        Parameters
        ----------
        by : sequence of str
            Among agency, year, activity and group.

        Returns
        -------
        DataFrame
            The roles and ``n``; a respondent with rows on several activities counts once in
            each and once in a margin over them.
        """
        for role in by:
            if role not in ROLES:
                raise ParameterError(
                    f"participation: no role '{role}'. {did_you_mean(role, ROLES)}"
                )
        if "respondent" in self.answered.columns:
            once = self.answered.drop_duplicates([*by, "year", "respondent"]).assign(n=1)
        else:
            once = self.answered
        if not by:
            return pd.DataFrame({"n": [int(once["n"].sum())]})
        sums = once.groupby(list(by), observed=True, sort=True)["n"].sum()
        return sums.astype(np.int64).reset_index()

    def respondents(self, **where: str | int) -> int:
        """Return the number of respondents, e.g. ``respondents(year=2012, agency="08")``."""
        counts = self.counts(tuple(where)) if where else self.counts()
        for role, value in where.items():
            counts = counts[counts[role] == value]
        return int(counts["n"].sum())


def of(respondents: pd.DataFrame, cells: pd.DataFrame, survey: Study) -> Participation:
    """Count who took part in a study of any kind.

    Parameters
    ----------
    respondents, cells : DataFrame
        As written by 01_clean. For counts the respondents of a cell are those of the
        item that most were asked; for published values they are what was stated.
    survey : Study
        Order of units; totals are left out.

    Returns
    -------
    Participation
    """
    if survey.kind == "responses":
        answered = respondents[[*ROLES]].assign(respondent=respondents["respondent_id"])
    else:
        asked = cells.groupby([*ROLES, "item"], observed=True)["n"].sum().reset_index()
        answered = asked.groupby(list(ROLES), observed=True)["n"].max().reset_index()
    inside = ~answered["agency"].isin(list(survey.totals))
    answered = answered[inside].reset_index(drop=True)
    units = answered[["agency", "year", "activity"]].drop_duplicates(ignore_index=True)
    codes = {
        "agency": [unit.code for unit in survey.agencies],
        "activity": [unit.code for unit in survey.activities],
    }
    years = sorted(int(year) for year in units["year"].unique())
    return Participation(
        rounds=tuple(years),
        agencies={
            year: _in_order(units.loc[units["year"] == year, "agency"], codes["agency"])
            for year in years
        },
        activities={
            (str(agency), int(year)): found
            for (agency, year), part in _by_agency_year(units)
            if (found := _in_order(part, codes["activity"]))
        },
        answered=answered,
    )


def _by_agency_year(units: pd.DataFrame) -> list[tuple[tuple[object, int], pd.Series]]:
    years = units["year"].to_numpy()
    return [
        ((agency, int(year)), part[years[part.index] == year])
        for agency, part in units.groupby("agency", observed=True, sort=True)["activity"]
        for year in np.unique(years[part.index])
    ]


def _in_order(found: pd.Series, codes: Sequence[str]) -> tuple[str, ...]:
    present = set(found.astype("str"))
    return tuple(code for code in codes if code in present)

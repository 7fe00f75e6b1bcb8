"""Estimates among the agencies that took part in every round: nobody joins or leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from betyg.data.store import Stored
from betyg.data.study import Study
from betyg.stats import estimate
from betyg.stats.estimate_frames import arranged
from betyg.stats.outcome_sums import outcome_items

__all__ = ["agencies", "presence", "table"]

FEWEST = 2  # agencies: one alone is a line of its own


def presence(domains: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that tell who took part when: domains or, without them, cells."""
    return domains if len(domains) else cells[cells["kind"] != "no_answer"]


def agencies(present: pd.DataFrame, survey: Study, *, year: int) -> tuple[str, ...]:
    """Return the agencies with data in every round up to ``year``, in the order of agencies.csv.

    No total of others is among them.

    Parameters
    ----------
    present : DataFrame
        Columns agency, year.
    """
    past = present.loc[(present["year"] > 0) & (present["year"] <= year), ["agency", "year"]]
    pairs = past.astype({"agency": "str"}).drop_duplicates()
    rounds = pairs.groupby("agency").size()
    always = set(rounds.index[rounds == pairs["year"].nunique()])
    return tuple(code for code in survey.agency_codes if code in always)


def table(
    respondents: pd.DataFrame | Stored, cells: pd.DataFrame, survey: Study, *, domains: pd.DataFrame
) -> pd.DataFrame:
    """Estimate the headline outcome, year by year, among those who were always there.

    Parameters
    ----------
    respondents, cells, domains : DataFrame
        As written by 01_clean. Respondents are used where ``estimate.table`` uses them.
    survey : Study
        The study.

    Returns
    -------
    DataFrame
        until int16 (the last of the rounds in all of which they took part), and the columns of
        ``estimate.table``. No row of the first round, nor of one until which all took part or
        fewer than two did; none of published values.
    """
    parts: list[pd.DataFrame] = []
    made: dict[tuple[str, ...], pd.DataFrame] = {}
    present = presence(domains, cells)
    asked = survey.of_items(outcome_items(survey))
    rounds = sorted(present.loc[present["year"] > 0, "year"].unique())
    for until in [] if survey.kind == "published" else rounds[1:]:
        always = _compared(present, survey, year=until)
        if always and always not in made:
            found = estimate.table(
                respondents, cells, asked, domains=domains, by=(("year",),), among=always
            )
            made[always] = found[found["item"] == survey.compare.outcome]
        if always:
            parts.append(made[always].query("year <= @until").assign(until=np.int16(until)))
    nobody = arranged([], asked).assign(until=np.empty(0, dtype=np.int16))
    table = pd.concat(parts, ignore_index=True) if parts else nobody
    return table[["until", *table.columns.drop("until")]]


def _compared(present: pd.DataFrame, survey: Study, *, year: int) -> tuple[str, ...]:
    """Return those who were always there; none where that is everybody, or too few."""
    always = agencies(present, survey, year=year)
    return always if FEWEST <= len(always) < len(survey.agency_codes) else ()

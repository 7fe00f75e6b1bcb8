"""Clean what was received: one coding, labelled missing, every dropped row counted."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from betyg.data import aggregates, respondents
from betyg.data.attrition import Ledger
from betyg.data.read import Received
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["Cleaned", "clean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The clean tables of a study.

    Parameters
    ----------
    respondents : DataFrame
        One row a respondent (x activity), as `respondents.table` describes; without rows for
        kinds ``counts`` and ``published``.
    counts : DataFrame
        One row a cell x category, as `aggregates.table` describes; without rows for kind
        ``responses``.
    attrition : DataFrame
        source, step, n (rows), note; for each source "read" less the drops is "kept".
    """

    respondents: pd.DataFrame
    counts: pd.DataFrame
    attrition: pd.DataFrame


def clean(received: Received, survey: Study) -> Cleaned:
    """Clean the raw tables of a study.

    Parameters
    ----------
    received : Received
        The files as read.
    survey : Study
        Codes, crosswalk and the decisions of section ``[cleaning]``.

    Raises
    ------
    DataError
        If codes, units, years or numbers in any file are unknown to the study: all problems of
        all files together, each with file, line, column and remedy.
    """
    problems = Problems()
    ledger = Ledger()
    if survey.kind == "responses":
        persons = respondents.table(received.tables, survey, ledger=ledger, problems=problems)
        counts = aggregates.table((), survey, ledger=ledger, problems=problems)
    else:
        counts = aggregates.table(received.tables, survey, ledger=ledger, problems=problems)
        persons = respondents.table((), survey, ledger=ledger, problems=problems)
    problems.raise_if_any(heading=str(survey.folder))
    return Cleaned(respondents=persons, counts=counts, attrition=ledger.table())

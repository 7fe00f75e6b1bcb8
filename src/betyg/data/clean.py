"""Clean what was received: one coding, labelled missing, every dropped row counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from betyg.data import aggregates, respondents, weighting
from betyg.data.attrition import Ledger
from betyg.data.read import Received
from betyg.data.study import Study
from betyg.data.workers import HERE
from betyg.errors import Problems

__all__ = ["Cleaned", "clean"]


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """The clean tables of a study.

    Parameters
    ----------
    parts : iterable of DataFrame
        One row a respondent (x activity), as `parts.Parts` describes; without rows for kinds
        ``counts`` and ``published``.
    counts : DataFrame
        One row a cell x category, as `aggregates.table` describes; empty for kind
        ``responses``.
    attrition : DataFrame
        source, step, n (rows), note; for each source "read" less the drops is "kept".
    """

    parts: Iterable[pd.DataFrame]
    counts: pd.DataFrame
    attrition: pd.DataFrame

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """All parts as one table, which must fit into memory."""
        return pd.concat(list(self.parts), ignore_index=True)


def clean(received: Received, survey: Study) -> Cleaned:
    """Clean the raw files of a study.

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
    DesignError, ConvergenceError
        If weights cannot be calibrated to the margins of frame.csv.
    """
    problems = Problems()
    ledger = Ledger()
    counts = pd.DataFrame()
    if survey.kind == "responses":
        parts = respondents.table(received, survey, ledger=ledger, problems=problems)
    else:
        nothing = Received(heads=(), files=(), pieces=(), workers=HERE)
        parts = respondents.table(nothing, survey, ledger=ledger, problems=problems)
        counts = aggregates.table(received.files, survey, ledger=ledger, problems=problems)
    problems.raise_if_any(heading=str(survey.folder))
    weighted = weighting.weighted(parts, survey, ledger=ledger)
    return Cleaned(parts=weighted, counts=counts, attrition=ledger.table())

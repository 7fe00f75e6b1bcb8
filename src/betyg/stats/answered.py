"""Answers to the headline outcome, one by one or added up: what is drawn again in other ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.stats import outcome_sums
from betyg.stats.design import SurveyDesign
from betyg.stats.joint import DESIGN, design_of, scores_of
from betyg.stats.outcome_sums import outcome_items, top_two
from betyg.stats.sum_design import SumDesign, add_up

__all__ = ["Answered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answers to the outcome.

    Attributes
    ----------
    cells : DataFrame
        As written by 01_clean, for models of ordered answers.
    rows : DataFrame
        Respondents, with ``score`` and ``top_two`` (0-100, NaN where there is none); or, where
        each of them was drawn alone, their sums (:mod:`betyg.stats.outcome_sums`).
    sizes : DataFrame or None
        Domains, where ``rows`` are sums.
    """

    cells: pd.DataFrame
    rows: pd.DataFrame
    sizes: pd.DataFrame | None

    @classmethod
    def of(
        cls,
        respondents: pd.DataFrame | Stored,
        cells: pd.DataFrame,
        survey: Study,
        *,
        domains: pd.DataFrame | None = None,
        sums: pd.DataFrame | None = None,
    ) -> Self:
        """Choose what the answers are made of.

        Parameters
        ----------
        respondents, cells : DataFrame
            As written by 01_clean. Respondents are used where a sampling unit has several of
            them, or weights were calibrated; else sums tell all.
        survey : Study
            The study.
        domains, sums : DataFrame, optional
            As written by 01_clean (``domains.collapse``, ``outcome_sums.collapse``); without them
            respondents are used.

        Returns
        -------
        Answered
        """
        if sums is not None and domains is not None and add_up(domains, survey):
            return cls(cells=cells, rows=sums, sizes=domains)
        outcome = survey.compare.outcome
        rows = rows_of(respondents, [*DESIGN, "late", outcome, *outcome_items(survey)])
        if survey.kind == "responses":
            rows = rows.assign(
                score=scores_of(rows, outcome, survey), top_two=top_two(rows, survey)
            )
        return cls(cells=cells, rows=rows, sizes=None)

    @property
    def people(self) -> pd.DataFrame:
        """The table that has everybody who was asked: that of counts has them in its cells."""
        tables = (self.sizes, self.rows, self.cells)
        return next((table for table in tables if table is not None and len(table)), self.cells)

    def only(self, kept: Callable[[pd.DataFrame], pd.DataFrame]) -> Self:
        """Return the answers that ``kept`` returns the rows of, of each table."""
        sizes = None if self.sizes is None else kept(self.sizes)
        return replace(self, cells=kept(self.cells), rows=kept(self.rows), sizes=sizes)

    def unweighted(self) -> Self:
        """Return the answers, all of them of weight one."""
        n = self.rows["n"].astype(np.float64) if self.sizes is not None else 1.0
        count = self.cells["n"].astype(np.float64)
        return replace(
            self,
            cells=self.cells.assign(weight_sum=count, weight_sq_sum=count),
            rows=self.rows.assign(weight=n, weight_sum=n, weight_sq_sum=n),
        )

    def design(self, survey: Study) -> SurveyDesign | SumDesign:
        """Return the design of the rows.

        Raises
        ------
        DesignError
            As :class:`betyg.stats.design.SurveyDesign` does: weights that are all zero, say.
        """
        if self.sizes is None:
            return design_of(self.rows, survey)
        return SumDesign.of(self.rows, self.sizes, survey)

    def known(self) -> Self:
        """Return the answers of the years in which it is known of everybody whether it was late.

        Else files would be compared.
        """
        people = self.rows if self.sizes is None else self.sizes
        untold = people["late"].isna() if self.sizes is None else people["told"] < people["n"]
        unknown = people.loc[untold, "year"].unique()
        return self.only(lambda frame: frame[~frame["year"].isin(unknown)])

    def early(self, survey: Study) -> Self:
        """Return the answers that were not late, of the years of which all files tell."""
        known = self.known()
        early = known.rows[~known.rows["late"].to_numpy(dtype=bool)].reset_index(drop=True)
        if known.sizes is None:
            sums, sizes = outcome_sums.of_rows([early], survey), None
        else:
            left = known.sizes["n"] - known.sizes["late"]
            sums, sizes = early, known.sizes.assign(n=left)[left > 0]
        return replace(self, cells=outcome_sums.cells_of(sums, survey), rows=early, sizes=sizes)

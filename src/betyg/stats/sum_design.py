"""The design of respondents of whom only sums are left, where each of them was drawn alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.design import Strata, check_population
from betyg.stats.domains import are_units
from betyg.stats.sums import by_code, rows_by_code

__all__ = ["SumDesign", "add_up", "strata_of"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def add_up(domains: pd.DataFrame, survey: Study) -> bool:
    """Tell whether errors can be made of sums: of people drawn one by one, of plain weights."""
    return are_units(domains) and not survey.design.calibrate


def strata_of(sizes: pd.DataFrame, survey: Study) -> Strata:
    """Return the strata of some domains, with the finite population where the study wants it.

    Parameters
    ----------
    sizes : DataFrame
        Rows of the table of ``domains.collapse``.
    survey : Study
        Rule for strata of one unit, and whether the population is finite.

    Raises
    ------
    DesignError
        If a stratum is larger than its population.
    """
    place, names = pd.factorize(sizes["stratum"].astype("str"))
    population = np.full(names.size, np.inf)
    if survey.compare.inference == "this_year":
        known = sizes["population"].to_numpy(np.float64)
        population[place] = np.where(np.isnan(known), np.inf, known)
    strata = Strata(
        size=by_code(place, sizes["n"].to_numpy(np.float64), names.size),
        population=population,
        names=tuple(names),
        lonely=survey.design.lonely,
    )
    check_population(strata)
    return strata


@dataclass(frozen=True, slots=True, kw_only=True)
class SumDesign:
    """What :class:`betyg.stats.design.SurveyDesign` knows, of rows that stand for alike people.

    Attributes
    ----------
    weight, square, persons : ndarray of float, shape (rows,)
        Sums of weights and of their squares, and how many people a row stands for.
    stratum : ndarray of int, shape (rows,)
        Place among ``strata``.
    strata : Strata
        With the people of whom there is no row.
    """

    weight: Array
    square: Array
    persons: Array
    stratum: Codes
    strata: Strata

    @classmethod
    def of(cls, rows: pd.DataFrame, sizes: pd.DataFrame, survey: Study) -> Self:
        """Return the design of sums.

        Parameters
        ----------
        rows : DataFrame
            stratum, n, weight_sum, weight_sq_sum.
        sizes, survey
            As for ``strata_of``; the people behind the rows are among those of ``sizes``.
        """
        strata = strata_of(sizes, survey)
        return cls(
            weight=rows["weight_sum"].to_numpy(np.float64),
            square=rows["weight_sq_sum"].to_numpy(np.float64),
            persons=rows["n"].to_numpy(np.float64),
            stratum=pd.Index(strata.names).get_indexer(pd.Index(rows["stratum"].astype("str"))),
            strata=strata,
        )

    def degf(self, within: NDArray[np.bool_]) -> int:
        """Return people minus strata, of the rows in ``within``, shape (rows,)."""
        return int(self.persons[within].sum()) - np.unique(self.stratum[within]).size

    def covariance_of_totals(self, scores: Array) -> Array:
        """Estimate the covariance of the sums of the columns of ``scores``.

        Parameters
        ----------
        scores : ndarray of float, shape (rows, columns)
            Sums over the people of a row: its sum of weights times what they have in common.

        Returns
        -------
        ndarray of float, shape (columns, columns)

        Raises
        ------
        DesignError
            If a stratum that the scores touch holds a single person and the rule is "error".
        """
        size = self.strata.size
        touched = by_code(self.stratum, (scores != 0).any(axis=1), size.size) > 0
        factor = self.strata.factors(touched)
        share = self.square / np.where(self.weight > 0, self.weight, 1.0) ** 2
        squares = scores.T @ ((factor[self.stratum] * share)[:, None] * scores)
        totals = rows_by_code(self.stratum, scores, size.size)
        centred = np.where(size > 1, factor / np.maximum(size, 1.0), 0.0)
        return np.asarray(squares - totals.T @ (centred[:, None] * totals))

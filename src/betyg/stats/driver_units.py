"""The sums for drivers as a sample of units: their design, products and mean scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.cross_products import CrossProducts
from betyg.stats.design import SurveyDesign
from betyg.stats.estimate import MeanEstimate
from betyg.stats.sums import by_code

__all__ = ["Units"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
COUNTED = 3  # before the counts of the themes


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Sums of one round by sampling unit and agency.

    Attributes
    ----------
    design : SurveyDesign
        Of the units, or groups of units.
    unit, agency : ndarray of int, shape (entries,)
        Unit in the design; place of the agency, -1 for totals.
    counts : ndarray of int, shape (entries, 3 + 2 themes)
        As in the table.
    scores, sums : ndarray of float, shape (entries, ...)
        As in the table's ``scores`` and ``products``, groups of a stratum made of one size.
    """

    design: SurveyDesign
    unit: Codes
    agency: Codes
    counts: NDArray[np.int64]
    scores: Array
    sums: Array

    @classmethod
    def of(cls, rows: pd.DataFrame, agencies: Sequence[str], survey: Study) -> Self:
        """Return the units of a round.

        Parameters
        ----------
        rows : DataFrame
            The round's, of the table of ``driver_sums.collapse``.
        agencies : sequence of str
            Those that are compared.
        survey : Study
            Whether the population is finite, and the rule for strata of one unit.
        """
        ordered = rows.sort_values(["unit", "stratum", "agency"], kind="stable")
        stratum, names = pd.factorize(ordered["stratum"].astype("str"))
        unit = pd.MultiIndex.from_arrays([stratum, ordered["unit"]]).factorize()[0]
        units = ordered["units"].to_numpy(np.float64)
        agency = pd.Index(agencies).get_indexer(pd.Index(ordered["agency"].astype("str")))
        design = _design(ordered, (unit, stratum), tuple(names), survey)
        counts, scores, sums = (
            np.stack(ordered[name].to_list()) for name in ("counts", "scores", "products")
        )
        grouped = np.flatnonzero(ordered["unit"] < 0)
        added, even = _even(np.hstack([scores, sums]), units, (unit, stratum, agency), grouped)
        more = np.zeros((len(added), counts.shape[1]), dtype=np.int64)
        width = scores.shape[1]
        return cls(
            design=design,
            unit=np.concatenate([unit, added[:, 0]]),
            agency=np.concatenate([agency, added[:, 1]]),
            counts=np.concatenate([counts.astype(np.int64), more]),
            scores=even[:, :width],
            sums=even[:, width:],
        )

    @property
    def complete(self) -> NDArray[np.int64]:
        """Respondents with the outcome and every theme that counts, shape (entries,)."""
        return self.counts[:, 0]

    @property
    def incomplete(self) -> NDArray[np.int64]:
        """Respondents with the outcome and without some theme, shape (entries,)."""
        return self.counts[:, 1]

    def answered(self) -> NDArray[np.int64]:
        """Return how many have an outcome, and how many of them a score of each theme."""
        themes = self.scores.shape[1] // 2
        return np.asarray(
            self.counts[:, [2, *range(COUNTED + themes, COUNTED + 2 * themes)]].sum(axis=0)
        )

    def products(self, groups: int, columns: int) -> CrossProducts:
        """Return the cross products of the agencies.

        Parameters
        ----------
        groups, columns : int
            Agencies, and themes that count with the outcome.
        """
        used = np.flatnonzero((self.agency >= 0) & (self.sums != 0).any(axis=1))
        return CrossProducts(
            sums=self.sums[used],
            psu=self.unit[used],
            group=self.agency[used],
            groups=groups,
            columns=columns,
        )

    def mean(self, theme: int, inside: NDArray[np.bool_]) -> MeanEstimate:
        """Estimate the mean score of a theme in some entries, as ``estimate.domain_mean`` does."""
        themes = self.scores.shape[1] // 2
        weight, score = (
            np.where(inside, self.scores[:, at], 0.0) for at in (theme, themes + theme)
        )
        n = np.where(inside, self.counts[:, COUNTED + theme], 0)
        if not n.any():
            return MeanEstimate(estimate=np.nan, se=np.nan, n=0, df=0)
        total = weight.sum()
        mean = score.sum() / total
        residual = by_code(self.unit, (score - mean * weight) / total, self.design.psu.size)
        answered = by_code(self.unit, n, self.design.psu.size) > 0
        return MeanEstimate(
            estimate=float(mean),
            se=self.design.se_of_total(residual),
            n=int(n.sum()),
            df=self.design.degf(answered),
        )


def _design(
    rows: pd.DataFrame, codes: tuple[Codes, Codes], names: tuple[str, ...], survey: Study
) -> SurveyDesign:
    """Return the units as a sample; groups are as large a part of the population as their units."""
    unit, stratum = codes
    own = np.zeros(int(unit.max(initial=-1)) + 1, dtype=np.intp)
    own[unit] = stratum
    drawn = by_code(stratum, rows["units"].to_numpy(np.float64), len(names))
    population = np.full(len(names), np.inf)
    if survey.compare.inference == "this_year":
        known = rows["population"].to_numpy(np.float64)
        population[stratum] = np.where(np.isnan(known), np.inf, known)
    kept = by_code(own, np.ones(own.size), len(names)) / drawn
    return SurveyDesign(
        weight=np.ones(own.size),
        stratum=own,
        psu=np.arange(own.size),
        population=population * kept,
        names=names,
        lonely=survey.design.lonely,
    )


def _even(
    values: Array, units: Array, codes: tuple[Codes, Codes, Codes], grouped: Codes
) -> tuple[Codes, Array]:
    """Take from the sums of groups what comes of their unequal numbers of units.

    Chance made one group larger than another, which the sample did not: without this the sum of
    a stratum would seem to vary by its size.

    Returns
    -------
    ndarray of int, shape (added, 2)
        Unit and agency of entries that had no row.
    ndarray of float, shape (entries + added, columns)
        The sums, which add up to the same.
    """
    unit, stratum, agency = codes
    even = values.copy()
    added, more = [np.empty((0, 2), dtype=np.intp)], [even]
    for one in np.unique(stratum[grouped]).tolist():
        rows = np.flatnonzero(stratum == one)
        groups, place = np.unique(unit[rows], return_inverse=True)
        size = by_code(place, units[rows], groups.size)
        excess = (size - size.mean()) / size.sum()
        for other in np.unique(agency[rows]).tolist():
            own = agency[rows] == other
            total = values[rows[own]].sum(axis=0)
            even[rows[own]] -= excess[place[own]][:, None] * total
            rest = np.setdiff1d(np.arange(groups.size), place[own])
            added.append(np.column_stack([groups[rest], np.full(rest.size, other)]))
            more.append(-excess[rest][:, None] * total)
    return np.concatenate(added), np.concatenate(more)

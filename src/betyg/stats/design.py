"""The survey design: who stands for how many, and what was drawn together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from betyg.errors import DesignError
from betyg.stats.calibrate import Calibration
from betyg.stats.sums import by_code

__all__ = ["Lonely", "Strata", "SurveyDesign", "check_population", "check_weights"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Lonely = Literal["error", "adjust", "certainty"]

CENSUS = 1e-7  # a stratum of which a smaller share was left out is taken whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """Sampling strata: how many units each gave, out of how many.

    Attributes
    ----------
    size : ndarray of float, shape (strata,)
        PSUs in the sample, those outside the domain included.
    population : ndarray of float, shape (strata,)
        PSUs in the population; infinite without finite population correction.
    names : sequence of str
        For messages.
    lonely : {"error", "adjust", "certainty"}
        Rule for strata of one PSU.
    """

    size: Array
    population: Array
    names: Sequence[str]
    lonely: Lonely

    @property
    def left_out(self) -> Array:
        """Share of each stratum that was not drawn."""
        share = 1.0 - self.size / self.population
        return np.where(share < CENSUS, 0.0, share)

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Strata of one PSU; one that was taken whole has no variance and is never lonely."""
        return np.asarray((self.size == 1) & (self.left_out > 0))

    def factors(self, touched: NDArray[np.bool_]) -> Array:
        """Return (1 - n / N) n / (n - 1), by the rule for strata of one PSU.

        Parameters
        ----------
        touched : ndarray of bool, shape (strata,)
            Strata that contribute; only these can be an error.

        Returns
        -------
        ndarray of float, shape (strata,)

        Raises
        ------
        DesignError
            If the rule is "error" and a touched stratum is lonely.
        """
        alone = self.alone
        if self.lonely == "error" and (alone & touched).any():
            _raise_lonely([self.names[int(i)] for i in np.flatnonzero(alone & touched)])
        growth = np.where(self.size > 1, self.size / np.maximum(self.size - 1.0, 1.0), 1.0)
        factor = self.left_out * growth
        return np.where(alone & (self.lonely == "certainty"), 0.0, factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyDesign:
    """Weights, strata and primary sampling units of all respondents.

    Attributes
    ----------
    weight : ndarray of float, shape (n,)
        Members of the population that a respondent stands for.
    stratum : ndarray of int, shape (n,)
        Codes, 0..strata - 1.
    psu : ndarray of int, shape (n,)
        Codes, 0..psus - 1; a PSU lies in one stratum.
    population : ndarray of float, shape (strata,)
        PSUs in the population; infinite without finite population correction.
    names : tuple of str
        Names of the strata, for messages.
    lonely : {"error", "adjust", "certainty"}
        A stratum of one PSU: an error, centred at the total mean, or without variance
        (R: ``options(survey.lonely.psu = "fail" | "adjust" | "certainty")``).
    calibration : Calibration or None
        Where weights were calibrated: totals then vary only by what the margins do not explain.
    """

    weight: Array
    stratum: Codes
    psu: Codes
    population: Array
    names: tuple[str, ...]
    lonely: Lonely = "adjust"
    calibration: Calibration | None = None

    @classmethod
    def of(
        cls,
        *,
        weight: ArrayLike,
        stratum: ArrayLike | None = None,
        psu: ArrayLike | None = None,
        population: ArrayLike | None = None,
        lonely: Lonely = "adjust",
        calibration: Calibration | None = None,
    ) -> SurveyDesign:
        """Make a design from columns of respondents.

        Parameters
        ----------
        weight : array_like of float, shape (n,)
            Weights; not negative, at least one above zero.
        stratum : array_like, shape (n,), optional
            Labels of strata; one stratum without it.
        psu : array_like, shape (n,), optional
            Labels of primary sampling units, numbered within strata or over
            all (R: ``nest = TRUE``); each respondent is one without it.
        population : array_like of float, shape (n,), optional
            PSUs in the population of the respondent's stratum; NaN where unknown.
        lonely : {"error", "adjust", "certainty"}
            Rule for strata of one PSU.
        calibration : Calibration, optional
            Of calibrated weights.

        Returns
        -------
        SurveyDesign

        Raises
        ------
        DesignError
            If a weight is negative or missing, all are zero, or a stratum has
            more PSUs than its population.
        """
        weights = np.asarray(weight, dtype=np.float64)
        check_weights(weights, "design")
        strata, labels = _factorise(stratum, weights.size)
        if psu is None:
            units = np.arange(weights.size, dtype=np.intp)
        else:
            inner = _factorise(psu, weights.size)[0]
            width = int(inner.max(initial=0)) + 1
            units = np.unique(strata * width + inner, return_inverse=True)[1]
        names = tuple(str(label) for label in labels)
        sizes = _population(population, strata, len(names))
        design = cls(
            weight=weights,
            stratum=strata,
            psu=units,
            population=sizes,
            names=names,
            lonely=lonely,
            calibration=calibration,
        )
        check_population(design.strata)
        return design

    @property
    def persons(self) -> Array:
        """How many respondents a row stands for: one."""
        return np.ones(self.weight.size)

    @property
    def psu_stratum(self) -> Codes:
        """Stratum of each PSU."""
        stratum = np.zeros(int(self.psu.max(initial=-1)) + 1, dtype=np.intp)
        stratum[self.psu] = self.stratum
        return stratum

    @property
    def strata(self) -> Strata:
        """Sizes of the strata, in the sample and in the population."""
        own = self.psu_stratum
        size = by_code(own, np.ones(own.size), len(self.names))
        return Strata(size=size, population=self.population, names=self.names, lonely=self.lonely)

    @property
    def lonely_strata(self) -> tuple[str, ...]:
        """Strata of one PSU, of whose variance nothing is known."""
        return tuple(self.names[i] for i in np.flatnonzero(self.strata.alone))

    def degf(self, within: NDArray[np.bool_] | None = None) -> int:
        """Return PSUs minus strata, of the respondents with a weight in ``within``.

        R counterpart: ``survey::degf(subset(design, within))``.
        """
        counted = self.weight > 0 if within is None else within & (self.weight > 0)
        return np.unique(self.psu[counted]).size - np.unique(self.stratum[counted]).size

    def covariance_of_totals(self, scores: Array) -> Array:
        """Estimate the covariance of the sums of the columns of ``scores``.

        Parameters
        ----------
        scores : ndarray of float, shape (n, columns)
            Weighted; zero for respondents outside the domain.

        Returns
        -------
        ndarray of float, shape (columns, columns)

        Raises
        ------
        DesignError
            If a stratum that the scores touch holds a single PSU and the rule is "error".
        """
        own, strata = self.psu_stratum, self.strata
        if self.calibration is not None:
            scores = self.calibration.residuals(scores, self.weight)
        n_strata = strata.size.size
        touched = by_code(self.stratum, (scores != 0).any(axis=1), n_strata) > 0
        factor = strata.factors(touched)[own]
        totals = np.stack([by_code(self.psu, column, own.size) for column in scores.T], axis=1)
        means = np.stack([by_code(own, column, n_strata) for column in totals.T], axis=1)
        means = np.where(strata.size[:, None] > 1, means / strata.size[:, None], 0.0)
        deviation = totals - means[own]
        return np.asarray(deviation.T @ (factor[:, None] * deviation), dtype=np.float64)

    def se_of_total(self, scores: Array) -> float:
        """Return the standard error of the sum of ``scores``, shape (n,).

        Raises
        ------
        DesignError
            As ``covariance_of_totals``.
        """
        return float(np.sqrt(self.covariance_of_totals(scores[:, None])[0, 0]))


def _raise_lonely(names: list[str]) -> None:
    shown = ", ".join(f"'{name}'" for name in names[:8])
    more = f", ... {len(names)} in all" if len(names) > 8 else ""
    raise DesignError(
        f"design: strata {shown}{more} hold one PSU each, so their variance cannot be estimated. "
        "Choose coarser strata in study.toml, [design] strata, or lonely = 'adjust' or 'certainty'."
    )


def check_weights(weight: Array, where: str) -> None:
    """Raise DesignError if weights are missing, negative or all zero."""
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DesignError(
            f"{where}: {int(bad.sum())} weights are negative or missing (first: row {row}, "
            f"{weight[row]}). Mend the weight column, or declare the rows as not used."
        )
    if weight.size and not weight.any():
        raise DesignError(f"{where}: all weights are zero, so nobody is represented.")


def _factorise(labels: ArrayLike | None, n: int) -> tuple[Codes, list[object]]:
    if labels is None:
        return np.zeros(n, dtype=np.intp), ["all"]
    series = labels if isinstance(labels, pd.Series) else pd.Series(np.asarray(labels))
    codes, found = pd.factorize(series)
    if (codes < 0).any():
        raise DesignError(
            f"design: {int((codes < 0).sum())} respondents have no stratum or PSU "
            f"(first: row {int(np.flatnonzero(codes < 0)[0])}). Every respondent needs one."
        )
    return np.asarray(codes, dtype=np.intp), list(found)


def _population(population: ArrayLike | None, stratum: Codes, n_strata: int) -> Array:
    sizes = np.full(n_strata, np.inf)
    if population is not None:
        given = np.asarray(population, dtype=np.float64)
        known = ~np.isnan(given)
        sizes[stratum[known]] = given[known]
    return sizes


def check_population(strata: Strata) -> None:
    """Raise DesignError if a stratum has more PSUs than its population."""
    over = np.flatnonzero(strata.size > strata.population)
    if over.size:
        at = int(over[0])
        raise DesignError(
            f"design: stratum '{strata.names[at]}' has {strata.size[at]:.0f} PSUs in the sample "
            f"but {strata.population[at]:g} in the population ({over.size} such strata). "
            "Mend the population in frame.csv."
        )

"""Random effects of a fitted model: their spread, their modes and how sure those are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from betyg.stats import random_terms
from betyg.stats.crossed import Factor
from betyg.stats.ordinal_design import Layout
from betyg.stats.patterns import Patterns

__all__ = ["RandomEffects", "none"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects:
    """Effects u ~ N(0, sd^2), independent within and between terms.

    Modes are shrunk towards zero: show them as such, and never rank by them.

    Attributes
    ----------
    terms : tuple of str
        In the order asked for.
    sds : Series
        Standard deviation of each term, on the scale of the linear predictor.
    modes : Series
        Of the effects, in the order of ``layout``.
    singular : tuple of str
        Terms whose standard deviation is zero.
    conditional : Factor or None
        Factored precision of the standardised effects, given the parameters.
    unit : float
        What the factor's scale is in units of: the residual standard deviation, or one.
    sensitivity : ndarray, shape (effects, parameters of ``ModelFit.covariance``)
        How the modes follow the parameters.
    layout : Layout
        Levels of the terms, the largest term first.
    """

    terms: tuple[str, ...]
    sds: pd.Series
    modes: pd.Series
    singular: tuple[str, ...]
    conditional: Factor | None
    unit: float
    sensitivity: Array
    layout: Layout

    @property
    def levels(self) -> pd.Series:
        """Number of levels of each term."""
        known = {block.term: len(block.levels) for block in self.layout.blocks}
        return pd.Series({term: known[term] for term in self.terms}, dtype=np.int64)

    @property
    def scale(self) -> Array:
        """Standard deviation of each effect before the answers, in the order of ``modes``."""
        sds = [np.full(len(b.levels), self.sds[b.term]) for b in self.layout.blocks]
        return np.concatenate([np.zeros(0), *sds])

    def given_parameters(self) -> Array:
        """Return the covariance of the effects given answers and parameters."""
        if self.conditional is None:
            return np.zeros((0, 0))
        scale = self.unit * self.conditional.scale
        return np.asarray(scale[:, None] * self.conditional.inverse() * scale)

    def given_parameters_variance(self) -> Array:
        """Return the diagonal of ``given_parameters``, without the whole."""
        if self.conditional is None:
            return np.zeros(0)
        return (self.unit * self.conditional.scale) ** 2 * self.conditional.inverse_diagonal()

    def rows(self, frame: pd.DataFrame, asked: Sequence[str] | None) -> Patterns:
        """Return the levels of the rows of ``frame`` in the terms asked for, none in others."""
        return random_terms.rows_of(frame, self.layout, asked)

    def unseen(self, rows: Patterns, asked: Sequence[str] | None) -> Array:
        """Return for each row the variance of asked terms whose level the model never saw."""
        total = np.zeros(rows.size)
        for code, block in zip(rows.codes, self.layout.blocks, strict=True):
            if asked is None or block.term in asked:
                total[code == len(block.levels)] += self.sds[block.term] ** 2
        return total

    def components(self, se: Array, alpha: float) -> pd.DataFrame:
        """Return a row for each term: levels, variance, sd, se (of the sd), ci_low, ci_high."""
        sd = self.sds.where(self.sds > 0)
        errors = pd.Series(se, self.sds.index)
        half = np.exp(ndtri(1.0 - alpha / 2.0) * errors / sd)
        return pd.DataFrame(
            {
                "levels": self.levels,
                "variance": self.sds**2,
                "sd": self.sds,
                "se": errors.where(self.sds > 0),
                "ci_low": sd / half,
                "ci_high": sd * half,
            },
            index=list(self.terms),
        )

    def table(self, covariance: Array) -> pd.DataFrame:
        """Return a row for each effect: term, mode, conditional_se, se."""
        given = self.given_parameters_variance()
        added = ((self.sensitivity @ covariance) * self.sensitivity).sum(axis=1)
        columns = {
            "mode": self.modes.to_numpy(),
            "conditional_se": np.sqrt(given),
            "se": np.sqrt(given + added),
        }
        return random_terms.effects_table(self.layout, self.terms, columns)


def none(parameters: int) -> RandomEffects:
    """Return the random part of a model without random terms."""
    return RandomEffects(
        terms=(),
        sds=pd.Series(dtype=np.float64),
        modes=pd.Series(dtype=np.float64),
        singular=(),
        conditional=None,
        unit=1.0,
        sensitivity=np.zeros((0, parameters)),
        layout=Layout(blocks=(), levels={}, numbers={}),
    )

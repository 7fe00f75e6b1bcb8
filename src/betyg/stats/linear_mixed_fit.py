"""Result of a linear mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from betyg.stats import ordinal_design, random_terms
from betyg.stats.crossed import Factor
from betyg.stats.linear_profile import Method
from betyg.stats.ordinal_design import Layout

__all__ = ["LinearMixedFit"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearMixedFit:
    """A fitted linear mixed model: y = intercept + x @ beta + z @ u + e.

    Modes of u are shrunk towards zero: show them as such, and never rank by them.

    Attributes
    ----------
    formula : str
        The fixed part.
    terms, random : tuple of str
        Fixed terms and random intercepts.
    outcome : str
        Column that was fitted; estimates are in its units.
    method : {"reml", "ml"}
        Criterion.
    params : Series
        Intercept, then slopes.
    sds : Series
        Standard deviation of each random term.
    sigma : float
        Residual standard deviation.
    effects : Series
        Modes of the random effects.
    singular : tuple of str
        Random terms whose standard deviation is zero.
    loglike : float
        Maximised (restricted) log-likelihood.
    nobs, n_missing : int
        Answers, and respondents who gave none.
    weighted : bool
        Whether respondents had different weights; errors are then approximate.
    covariance : ndarray, shape (params, params)
        Of ``params``, at the estimated variances.
    sensitivity : ndarray, shape (effects, params)
        How the modes follow ``params``.
    conditional : Factor
        Factored precision of the effects over their standard deviations.
    layout, random_layout : Layout
        Coding of fixed and random terms; the largest random term stands first.
    patterns : DataFrame
        Observed patterns with their (scaled) ``weight``.
    """

    formula: str
    terms: tuple[str, ...]
    random: tuple[str, ...]
    outcome: str
    method: Method
    params: pd.Series
    sds: pd.Series
    sigma: float
    effects: pd.Series
    singular: tuple[str, ...]
    loglike: float
    nobs: int
    n_missing: int
    weighted: bool
    covariance: Array
    sensitivity: Array
    conditional: Factor
    layout: Layout
    random_layout: Layout
    patterns: pd.DataFrame

    @property
    def variances(self) -> pd.Series:
        """Variance of each random term, and of the ``residual``."""
        names = [*self.random, "residual"]
        return pd.Series(np.append(self.sds, self.sigma) ** 2, names, name="variance")

    @property
    def bse(self) -> pd.Series:
        """Standard errors of ``params``."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index, name="se")

    @property
    def tvalues(self) -> pd.Series:
        """Estimates divided by their standard errors."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, normal distribution."""
        return pd.Series(2.0 * ndtr(-np.abs(self.tvalues)), self.params.index, name="p")

    @property
    def aic(self) -> float:
        """Akaike's criterion; by REML it compares models of equal fixed terms only."""
        return 2.0 * (self.params.size + self.sds.size + 1) - 2.0 * self.loglike

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of answers."""
        size = self.params.size + self.sds.size + 1
        return float(np.log(self.nobs)) * size - 2.0 * self.loglike

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of intercept and slopes."""
        names = self.params.index
        return pd.DataFrame(self.covariance, index=names, columns=names)

    def cov_joint(self) -> pd.DataFrame:
        """Return the joint covariance of intercept, slopes and random effects.

        Effects are predicted: their part is the variance of mode minus effect.
        """
        scale = self.sigma * self.conditional.scale
        cross = self.covariance @ self.sensitivity.T
        within = scale[:, None] * self.conditional.inverse() * scale + self.sensitivity @ cross
        names = self.params.index.append(self.effects.index)
        total = np.block([[self.covariance, cross], [cross.T, within]])
        return pd.DataFrame(total, index=names, columns=names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return Wald intervals of ``params`` with columns ``ci_low`` and ``ci_high``."""
        half = ndtri(1.0 - alpha / 2.0) * self.bse
        return pd.DataFrame({"ci_low": self.params - half, "ci_high": self.params + half})

    def random_effects(self) -> pd.DataFrame:
        """Return a row for each random effect, terms in the order of ``random``.

        Returns
        -------
        DataFrame
            Index: the effect. ``term``, ``mode``, ``conditional_se`` (at the estimated
            ``params``) and ``se`` (of the prediction, ``params``' error included).
        """
        scale = self.sigma * self.conditional.scale
        given = scale**2 * self.conditional.inverse_diagonal()
        added = ((self.sensitivity @ self.covariance) * self.sensitivity).sum(axis=1)
        columns = {
            "mode": self.effects.to_numpy(),
            "conditional_se": np.sqrt(given),
            "se": np.sqrt(given + added),
        }
        return random_terms.effects_table(self.random_layout, self.random, columns)

    def predict(self, frame: pd.DataFrame, *, random: Sequence[str] | None = None) -> pd.Series:
        """Predict the mean for rows that hold one level of each variable.

        Parameters
        ----------
        frame : DataFrame
            A column for each variable of the fixed terms and of ``random``.
        random : sequence of str, optional
            Random terms whose modes are used, all by default. Effects left out, and those
            of levels that the model never saw, are zero.

        Raises
        ------
        DesignError
            If a fixed level is unknown to the model.
        ParameterError
            If ``random`` names no random term.
        """
        rows = random_terms.rows_of(frame, self.random_layout, random)
        values = self._fixed(frame) + rows.times(self.effects.to_numpy())
        return pd.Series(values, frame.index, name=self.outcome)

    def _fixed(self, frame: pd.DataFrame) -> Array:
        beta = self.params.to_numpy()
        return np.asarray(beta[0] + ordinal_design.collapse(frame, self.layout).times(beta[1:]))

    def simulate(
        self, rng: np.random.Generator, *, effects: Literal["new", "modes"] = "new"
    ) -> pd.DataFrame:
        """Draw a survey of the same patterns and sizes from the model, a row an answer.

        Parameters
        ----------
        rng : Generator
            Source of randomness.
        effects : {"new", "modes"}
            Draw other units from the same population, or the same units' answers again.

        Returns
        -------
        DataFrame
            Cells that ``fit`` takes: the variables, ``outcome``, ``n`` (1).
        """
        u = self.effects.to_numpy()
        if effects == "new":
            sd = [self.sds[block.term] for block in self.random_layout.blocks]
            sizes = [len(block.levels) for block in self.random_layout.blocks]
            u = rng.normal(size=u.size) * np.repeat(sd, sizes)
        mean = self._fixed(self.patterns)
        mean += random_terms.codes(self.patterns, self.random_layout).times(u)
        size = np.rint(self.patterns["weight"].to_numpy()).astype(np.intp)
        row = np.repeat(np.arange(size.size), size)
        answers = self.patterns.drop(columns="weight").iloc[row].reset_index(drop=True)
        return answers.assign(**{self.outcome: rng.normal(mean[row], self.sigma), "n": 1})

    def summary(self) -> str:
        """Return tables of the variances and of the estimates as text."""
        formula = " + ".join([self.formula, *(f"(1 | {term})" for term in self.random)])
        head = (
            f"Linear mixed model ({self.method.upper()}): {formula}\n"
            f"answers {self.nobs}   log-likelihood {self.loglike:.4f}   "
            f"AIC {self.aic:.2f}   BIC {self.bic:.2f}\n"
        )
        if self.weighted:
            head += "Weighted: the errors take each group's effective size for its answers.\n"
        if self.singular:
            head += (
                f"Singular: {', '.join(self.singular)} got variance 0; the answers show no more "
                "spread there than chance. The other errors take it as known.\n"
            )
        levels = {block.term: f"{len(block.levels)}" for block in self.random_layout.blocks}
        spread = pd.DataFrame(
            {"levels": pd.Series(levels), "variance": self.variances, "sd": self.variances**0.5},
            index=self.variances.index,
        )
        table = pd.DataFrame(
            {"coef": self.params, "std err": self.bse, "z": self.tvalues, "P>|z|": self.pvalues}
        ).join(self.conf_int())
        numbers = "{:.4f}".format
        shown = spread.to_string(float_format=numbers, na_rep="")
        return f"{head}\n{shown}\n\n{table.to_string(float_format=numbers)}"

"""The result of every model of answers: fixed or mixed, ordinal or linear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from betyg.stats import ordinal_design
from betyg.stats.families import Family, Linear, Ordinal, Which
from betyg.stats.ordinal_design import Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.random_effects import RandomEffects

__all__ = ["LinearFit", "ModelFit", "OrdinalFit"]

Array = NDArray[np.float64]
F = TypeVar("F", bound=Family)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit(Generic[F]):
    """A fitted model, in the words of statsmodels.

    The linear predictor is x @ beta + z @ u. Ordinal: link(P(Y <= k)) =
    thresholds[k] - predictor, so positive effects mean higher categories. Linear:
    y = intercept + predictor + e.

    Attributes
    ----------
    formula : str
        Outcome and fixed terms.
    terms : tuple of str
        Fixed terms.
    family : Ordinal or Linear
        What is modelled.
    params : Series
        Thresholds or intercept, then slopes.
    covariance : ndarray, shape (params, params), or (params + sds, params + sds)
        Inverse information, or the sandwich where ``robust``; of a mixed ordinal model
        with its standard deviations, zero for singular terms.
    robust : bool
        Whether ``covariance`` is the sandwich.
    mixed : RandomEffects
        Random terms; none in a fixed model.
    loglike : float
        Maximised (restricted, or Laplace's) log-likelihood, of the scaled weights where
        the answers are weighted.
    nobs, n_missing : int
        Answers, and respondents who gave none; these are left out.
    weighted : bool
        Whether respondents had different weights: then it is a pseudo-likelihood.
    scale_within : tuple of str
        Groups whose weights add up to their own effective size.
    layout : Layout
        Coding of the fixed terms.
    patterns : DataFrame
        Observed covariate patterns with their (scaled) ``weight``.
    """

    formula: str
    terms: tuple[str, ...]
    family: F
    params: pd.Series
    covariance: Array
    robust: bool
    mixed: RandomEffects
    loglike: float
    nobs: int
    n_missing: int
    weighted: bool
    scale_within: tuple[str, ...]
    layout: Layout
    patterns: pd.DataFrame

    @property
    def constants(self) -> pd.Series:
        """Thresholds, or the intercept."""
        return self.params.iloc[: self.family.constants]

    @property
    def slopes(self) -> pd.Series:
        """Fixed effects relative to the reference levels."""
        return self.params.iloc[self.family.constants :]

    @property
    def thresholds(self: ModelFit[Ordinal]) -> pd.Series:
        """Cut points of the latent scale, increasing."""
        return self.constants

    @property
    def link(self: ModelFit[Ordinal]) -> Link:
        """Distribution of the latent answer."""
        return self.family.link

    @property
    def categories(self: ModelFit[Ordinal]) -> Array:
        """Positions (or index values) that were used, increasing."""
        return self.family.categories

    @property
    def scores(self: ModelFit[Ordinal]) -> Array:
        """Scores of the categories, 0-100."""
        return self.family.scores

    @property
    def random(self) -> tuple[str, ...]:
        """Random terms."""
        return self.mixed.terms

    @property
    def sds(self) -> pd.Series:
        """Standard deviation of each random term."""
        return self.mixed.sds

    @property
    def effects(self) -> pd.Series:
        """Modes of the random effects, shrunk towards zero."""
        return self.mixed.modes

    @property
    def singular(self) -> tuple[str, ...]:
        """Random terms whose standard deviation is zero."""
        return self.mixed.singular

    @property
    def bse(self) -> pd.Series:
        """Standard errors of ``params``."""
        size = self.params.size
        return pd.Series(np.sqrt(np.diag(self.covariance)[:size]), self.params.index, name="se")

    @property
    def tvalues(self) -> pd.Series:
        """Estimates divided by their standard errors."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, normal distribution."""
        return pd.Series(2.0 * ndtr(-np.abs(self.tvalues)), self.params.index, name="p")

    @property
    def df_model(self) -> int:
        """Parameters, each standard deviation counted as one."""
        return int(self.params.size + self.sds.size + self.family.spreads)

    @property
    def aic(self) -> float:
        """Akaike's criterion; by REML it compares models of equal fixed terms only."""
        return 2.0 * self.df_model - 2.0 * self.loglike

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of answers."""
        return float(np.log(self.nobs)) * self.df_model - 2.0 * self.loglike

    @property
    def variances(self) -> pd.Series:
        """Variance of each random term, and of the ``residual`` of a linear model."""
        found = self.sds**2
        if self.family.residual_sd is not None:
            found = pd.concat([found, pd.Series({"residual": self.family.residual_sd**2})])
        return found.rename("variance")

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of ``params``."""
        names, size = self.params.index, self.params.size
        return pd.DataFrame(self.covariance[:size, :size], index=names, columns=names)

    def cov_joint(self) -> pd.DataFrame:
        """Return the joint covariance of ``params`` and the random effects.

        Effects are predicted: their part is the variance of mode minus effect.
        """
        size, turn = self.params.size, self.mixed.sensitivity
        own = self.covariance[:size, :size]
        if not self.random:
            return self.cov_params()
        cross = self.covariance[:size] @ turn.T
        within = self.mixed.given_parameters() + turn @ self.covariance @ turn.T
        names = self.params.index.append(self.effects.index)
        return pd.DataFrame(np.block([[own, cross], [cross.T, within]]), index=names, columns=names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return Wald intervals of ``params`` with columns ``ci_low`` and ``ci_high``."""
        half = ndtri(1.0 - alpha / 2.0) * self.bse
        return pd.DataFrame({"ci_low": self.params - half, "ci_high": self.params + half})

    def variance_components(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return a row for each random term, and for the ``residual`` of a linear model.

        Returns
        -------
        DataFrame
            ``levels``, ``variance``, ``sd``, ``se`` (of the sd), ``ci_low``, ``ci_high`` (of the
            sd, on the log scale so that it stays positive); NaN where the sd is zero, and
            in linear models, whose profiled likelihood gives none.
        """
        size = self.params.size
        se = np.full(self.sds.size, np.nan)
        known = np.diag(self.covariance)[size:]
        se[: known.size] = np.sqrt(known)
        table = self.mixed.components(se, alpha)
        if self.family.residual_sd is not None:
            sd = self.family.residual_sd
            table.loc["residual", ["variance", "sd"]] = sd**2, sd
            table = table.astype({"levels": "Int64"})  # the residual has none
        return table

    def random_effects(self) -> pd.DataFrame:
        """Return a row for each random effect, terms in the order asked for.

        Returns
        -------
        DataFrame
            Index: the effect, such as ``agency[08]``. ``term``, ``mode`` (shrunk),
            ``conditional_se`` (at the estimated parameters, as R's ``condVar``) and ``se`` (of
            the prediction, parameters included).
        """
        return self.mixed.table(self.covariance)

    def linear_predictor(
        self, frame: pd.DataFrame, *, random: Sequence[str] | None = None
    ) -> Array:
        """Return x @ beta + z @ u for each row of ``frame``."""
        fixed = ordinal_design.collapse(frame, self.layout).times(self.slopes.to_numpy())
        return fixed + self.mixed.rows(frame, random).times(self.effects.to_numpy())

    def predict(
        self,
        frame: pd.DataFrame,
        *,
        which: Which | None = None,
        random: Sequence[str] | None = None,
    ) -> pd.DataFrame | pd.Series:
        """Predict for rows that hold a value of each variable.

        Parameters
        ----------
        frame : DataFrame
            A column for each variable of the fixed terms and of ``random``.
        which : {"probabilities", "score"}, optional
            A column for each category, or the expected score (0-100) or value. By default
            probabilities of ordinal models and values of linear ones.
        random : sequence of str, optional
            Random terms whose modes are used, all by default. Effects left out, and those
            of levels that the model never saw, are zero: a middling unit, not the mean of all.

        Returns
        -------
        DataFrame or Series
            With the index of ``frame``.

        Raises
        ------
        DesignError
            If a fixed level is unknown to the model.
        ParameterError
            If ``random`` names no random term, or a linear model is asked for probabilities.
        """
        eta = self.linear_predictor(frame, random=random)
        constants = self.constants.to_numpy()
        linear = isinstance(self.family, Linear)
        if which == "score" or (which is None and linear):
            name = self.family.outcome if isinstance(self.family, Linear) else "score"
            return pd.Series(self.family.mean(constants, eta), frame.index, name=name)
        categories, chance = self.family.probabilities(constants, eta)
        return pd.DataFrame(chance, index=frame.index, columns=categories)

    def score_intervals(
        self, frame: pd.DataFrame, *, random: Sequence[str] | None = None, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Return expected scores with intervals from the joint covariance (delta method).

        A level that the model never saw adds the variance of its term.

        Returns
        -------
        DataFrame
            ``estimate``, ``se``, ``ci_low``, ``ci_high``: 0-100, or in the outcome's units.
        """
        eta = self.linear_predictor(frame, random=random)
        by_constant, by_eta = self.family.mean_slopes(self.constants.to_numpy(), eta)
        effects = self.mixed.rows(frame, random)
        each = np.arange(len(frame))
        fixed = ordinal_design.collapse(frame, self.layout)
        gradient = np.concatenate(
            [by_constant, *(part.group_sums(by_eta, each, each.size) for part in (fixed, effects))],
            axis=1,
        )
        variance = ((gradient @ self.cov_joint().to_numpy()) * gradient).sum(axis=1)
        variance += by_eta**2 * self.mixed.unseen(effects, random)
        estimate = self.predict(frame, which="score", random=random)
        half = ndtri(1.0 - alpha / 2.0) * np.sqrt(variance)
        low, high = (np.clip(estimate + side * half, *self.family.range) for side in (-1, 1))
        return pd.DataFrame(
            {"estimate": estimate, "se": np.sqrt(variance), "ci_low": low, "ci_high": high}
        )

    def simulate(
        self, rng: np.random.Generator, *, effects: Literal["new", "modes"] = "new"
    ) -> pd.DataFrame:
        """Draw a survey of the same patterns and sizes from the model.

        Parameters
        ----------
        rng : Generator
            Source of randomness.
        effects : {"new", "modes"}
            Draw other units from the same population, or the same units' answers again.

        Returns
        -------
        DataFrame
            Cells that ``fit`` takes: the variables, the outcome (and ``score``), ``n``. Weighted
            patterns hold their scaled weight, rounded.
        """
        u = self.effects.to_numpy(np.float64)
        if effects == "new":
            u = rng.normal(size=u.size) * self.mixed.scale
        eta = ordinal_design.collapse(self.patterns, self.layout).times(self.slopes.to_numpy())
        eta = eta + self.mixed.rows(self.patterns, None).times(u)
        sizes = np.rint(self.patterns["weight"].to_numpy()).astype(np.intp)
        row, columns = self.family.draw(rng, (self.constants.to_numpy(), eta), sizes)
        places = self.patterns.drop(columns="weight").iloc[row].reset_index(drop=True)
        return places.assign(**columns)

    def summary(self) -> str:
        """Return tables of the variances and of the estimates as text."""
        table = pd.DataFrame(
            {"coef": self.params, "std err": self.bse, "z": self.tvalues, "P>|z|": self.pvalues}
        ).join(self.conf_int())
        parts = [self._head(), table.to_string(float_format="{:.4f}".format)]
        if self.random:
            spread = self.variance_components()
            parts.insert(1, spread.to_string(float_format="{:.4f}".format, na_rep="") + "\n")
        return "\n".join(parts)

    def _head(self) -> str:
        random = "".join(f" + (1 | {term})" for term in self.random)
        laplace = ", Laplace approximation" if random and not self.family.spreads else ""
        errors = "sandwich" if self.robust else "inverse information"
        lines = [
            f"{self.family.title}{laplace}: {self.formula}{random}",
            f"answers {self.nobs}   log-likelihood {self.loglike:.4f}   "
            f"AIC {self.aic:.2f}   BIC {self.bic:.2f}   errors: {errors}",
        ]
        if self.weighted:
            within = ", ".join(self.scale_within)
            lines.append(
                "Weighted (pseudo-likelihood): weights are scaled to the effective size "
                f"(sum w)^2 / sum w^2{f' of each {within}' if within else ' of all'}, in all "
                f"{self.patterns['weight'].sum():.1f} for {self.nobs} answers."
            )
            if self.random:
                way = "; see ordinal_mixed.bootstrap" if not self.family.spreads else ""
                lines.append(f"The errors take that size for the number of answers{way}.")
        if self.singular:
            lines.append(
                f"Singular: {', '.join(self.singular)} got variance 0; the answers show no "
                "more spread there than chance. The other errors take it as known."
            )
        return "\n".join([*lines, ""])


OrdinalFit = ModelFit[Ordinal]
LinearFit = ModelFit[Linear]

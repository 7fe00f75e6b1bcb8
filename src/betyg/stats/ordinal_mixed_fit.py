"""Result of a cumulative link mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from betyg.stats import ordinal_design, ordinal_likelihood, random_terms
from betyg.stats.crossed import Factor
from betyg.stats.ordinal_design import Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.patterns import Patterns

__all__ = ["OrdinalMixedFit"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalMixedFit:
    """A fitted cumulative link mixed model.

    link(P(Y <= k)) = thresholds[k] - x @ beta - z @ u; positive beta and u mean
    higher categories. Modes of u are shrunk towards zero: show them as such,
    and never rank by them.

    Attributes
    ----------
    formula : str
        The fixed part.
    terms, random : tuple of str
        Fixed terms and random intercepts.
    link : {"logit", "probit"}
        Logistic or normal latent answers.
    categories, scores : ndarray, shape (categories,)
        Used positions (or index values), increasing, and their scores 0-100.
    params : Series
        Thresholds, then slopes, on the latent scale.
    sds : Series
        Standard deviation of each random term, latent scale.
    effects : Series
        Modes of the random effects.
    singular : tuple of str
        Random terms whose standard deviation is zero.
    loglike : float
        Laplace approximation; of the scaled weights where the answers are weighted.
    nobs, n_missing : int
        Answers, and respondents who gave none.
    weighted : bool
        Whether respondents had different weights; errors are then approximate.
    covariance : ndarray, shape (params + sds, params + sds)
        Inverse of minus the Hessian of ``loglike``; zero for singular terms.
    sensitivity : ndarray, shape (effects, params + sds)
        How the modes follow the parameters.
    conditional : Factor
        Factored curvature by the standardised effects.
    layout, random_layout : Layout
        Coding of fixed and random terms; the largest random term stands first.
    patterns : DataFrame
        Observed patterns with their (scaled) ``weight``.
    scale_within : tuple of str
        Groups whose weights kept their own effective size.
    """

    formula: str
    terms: tuple[str, ...]
    random: tuple[str, ...]
    link: Link
    categories: Array
    scores: Array
    params: pd.Series
    sds: pd.Series
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
    scale_within: tuple[str, ...]

    @property
    def thresholds(self) -> pd.Series:
        """Cut points of the latent scale, increasing."""
        return self.params.iloc[: self.categories.size - 1]

    @property
    def slopes(self) -> pd.Series:
        """Fixed effects relative to the reference levels, latent scale."""
        return self.params.iloc[self.categories.size - 1 :]

    @property
    def variances(self) -> pd.Series:
        """Variance of each random term, latent scale."""
        return (self.sds**2).rename("variance")

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
    def aic(self) -> float:
        """Akaike's criterion; each standard deviation counts as a parameter."""
        return 2.0 * (self.params.size + self.sds.size) - 2.0 * self.loglike

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of answers."""
        return float(np.log(self.nobs)) * (self.params.size + self.sds.size) - 2.0 * self.loglike

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of thresholds and slopes, the variances' uncertainty included."""
        names = self.params.index
        size = names.size
        return pd.DataFrame(self.covariance[:size, :size], index=names, columns=names)

    def cov_joint(self) -> pd.DataFrame:
        """Return the joint covariance of thresholds, slopes and random effects.

        Effects are predicted: their part is the variance of mode minus effect.
        """
        size, scale = self.params.size, self.conditional.scale
        cross = self.covariance[:size] @ self.sensitivity.T
        within = scale[:, None] * self.conditional.inverse() * scale
        within += self.sensitivity @ self.covariance @ self.sensitivity.T
        names = self.params.index.append(self.effects.index)
        total = np.block([[self.covariance[:size, :size], cross], [cross.T, within]])
        return pd.DataFrame(total, index=names, columns=names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return Wald intervals of ``params`` with columns ``ci_low`` and ``ci_high``."""
        half = ndtri(1.0 - alpha / 2.0) * self.bse
        return pd.DataFrame({"ci_low": self.params - half, "ci_high": self.params + half})

    def variance_components(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return a row for each random term.

        Returns
        -------
        DataFrame
            ``levels``, ``variance``, ``sd``, ``se`` (of the sd), ``ci_low``, ``ci_high`` (of the
            sd, on the log scale so that it stays positive; NaN where the sd is zero).
        """
        se = np.sqrt(np.diag(self.covariance)[self.params.size :])
        sd = self.sds.where(self.sds > 0)
        half = np.exp(ndtri(1.0 - alpha / 2.0) * se / sd)
        levels = {block.term: len(block.levels) for block in self.random_layout.blocks}
        return pd.DataFrame(
            {
                "levels": [levels[term] for term in self.random],
                "variance": self.variances,
                "sd": self.sds,
                "se": pd.Series(se, self.sds.index).where(self.sds > 0),
                "ci_low": sd / half,
                "ci_high": sd * half,
            }
        )

    def random_effects(self) -> pd.DataFrame:
        """Return a row for each random effect, terms in the order of ``random``.

        Returns
        -------
        DataFrame
            Index: the effect. ``term``, ``mode``, ``conditional_se`` (at the estimated
            parameters, as R's ``condVar``) and ``se`` (of the prediction, parameters included).
        """
        given = self.conditional.scale**2 * self.conditional.inverse_diagonal()
        added = ((self.sensitivity @ self.covariance) * self.sensitivity).sum(axis=1)
        columns = {
            "mode": self.effects.to_numpy(),
            "conditional_se": np.sqrt(given),
            "se": np.sqrt(given + added),
        }
        return random_terms.effects_table(self.random_layout, self.random, columns)

    def predict(
        self,
        frame: pd.DataFrame,
        *,
        which: Literal["probabilities", "score"] = "probabilities",
        random: Sequence[str] | None = None,
    ) -> pd.DataFrame | pd.Series:
        """Predict for rows that hold one level of each variable.

        Parameters
        ----------
        frame : DataFrame
            A column for each variable of the fixed terms and of ``random``.
        which : {"probabilities", "score"}
            A column for each category, or the expected score (0-100).
        random : sequence of str, optional
            Random terms whose modes are used, all by default. Effects left out, and those
            of levels that the model never saw, are zero: a middling unit, not the mean of all.

        Raises
        ------
        DesignError
            If a fixed level is unknown to the model.
        ParameterError
            If ``random`` names no random term.
        """
        eta = self._fixed(frame).times(self.slopes.to_numpy())
        eta += random_terms.rows_of(frame, self.random_layout, random).times(
            self.effects.to_numpy()
        )
        probability = ordinal_likelihood.category_probabilities(
            self.thresholds.to_numpy(), eta, self.link
        )
        if which == "score":
            return pd.Series(probability @ self.scores, frame.index, name="score")
        return pd.DataFrame(probability, index=frame.index, columns=self.categories)

    def score_intervals(
        self, frame: pd.DataFrame, *, random: Sequence[str] | None = None, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Return expected scores with intervals from the joint covariance (delta method).

        A level that the model never saw adds the variance of its term.

        Returns
        -------
        DataFrame
            ``estimate``, ``se``, ``ci_low``, ``ci_high``, 0-100.
        """
        fixed, effects = self._fixed(frame), random_terms.rows_of(frame, self.random_layout, random)
        eta = fixed.times(self.slopes.to_numpy()) + effects.times(self.effects.to_numpy())
        bounds = self.thresholds.to_numpy() - eta[:, None]
        density = ordinal_likelihood.boundary_density(bounds, self.link)
        by_cut = -density * np.diff(self.scores)
        by_eta = -by_cut.sum(axis=1)
        rows = np.arange(len(frame))
        gradient = np.concatenate(
            [
                by_cut,
                fixed.group_sums(by_eta, rows, rows.size),
                effects.group_sums(by_eta, rows, rows.size),
            ],
            axis=1,
        )
        variance = ((gradient @ self.cov_joint().to_numpy()) * gradient).sum(axis=1)
        variance += by_eta**2 * self._unseen(effects, random)
        estimate = self.predict(frame, which="score", random=random)
        half = ndtri(1.0 - alpha / 2.0) * np.sqrt(variance)
        return pd.DataFrame(
            {
                "estimate": estimate,
                "se": np.sqrt(variance),
                "ci_low": np.clip(estimate - half, self.scores[0], self.scores[-1]),
                "ci_high": np.clip(estimate + half, self.scores[0], self.scores[-1]),
            }
        )

    def _fixed(self, frame: pd.DataFrame) -> Patterns:
        return ordinal_design.collapse(frame, self.layout)

    def _unseen(self, effects: Patterns, random: Sequence[str] | None) -> Array:
        """Return for each row the variance of asked terms whose level the model never saw."""
        total = np.zeros(effects.size)
        for code, block in zip(effects.codes, self.random_layout.blocks, strict=True):
            if random is None or block.term in random:
                total[code == len(block.levels)] += self.variances[block.term]
        return total

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
            Cells that ``fit`` takes: the variables, ``response``, ``score``, ``n``. Weighted
            patterns hold their scaled weight, rounded.
        """
        sizes = [len(block.levels) for block in self.random_layout.blocks]
        u = self.effects.to_numpy()
        if effects == "new":
            sd = [self.sds[block.term] for block in self.random_layout.blocks]
            u = rng.normal(size=u.size) * np.repeat(sd, sizes)
        eta = self._fixed(self.patterns).times(self.slopes.to_numpy())
        eta += random_terms.codes(self.patterns, self.random_layout).times(u)
        probability = ordinal_likelihood.category_probabilities(
            self.thresholds.to_numpy(), eta, self.link
        )
        size = np.rint(self.patterns["weight"].to_numpy()).astype(np.int64)
        drawn = rng.multinomial(size, probability)
        row, category = np.nonzero(drawn)
        return (
            self.patterns.drop(columns="weight")
            .iloc[row]
            .reset_index(drop=True)
            .assign(
                response=self.categories[category],
                score=self.scores[category],
                n=drawn[row, category],
            )
        )

    def summary(self) -> str:
        """Return tables of the variances and of the estimates as text."""
        formula = " + ".join([self.formula, *(f"(1 | {term})" for term in self.random)])
        head = (
            f"Cumulative {self.link} mixed model (Laplace): {formula}\n"
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
        table = pd.DataFrame(
            {"coef": self.params, "std err": self.bse, "z": self.tvalues, "P>|z|": self.pvalues}
        ).join(self.conf_int())
        numbers = "{:.4f}".format
        spread = self.variance_components().to_string(float_format=numbers, na_rep="")
        return f"{head}\n{spread}\n\n{table.to_string(float_format=numbers)}"

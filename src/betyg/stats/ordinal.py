"""Cumulative link models for ordered answers, fitted to cells.

The likelihood needs only how many answers of each category a covariate
pattern got. So ten million respondents cost as much as their cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from betyg.errors import DesignError
from betyg.stats import (
    formula as formulas,
)
from betyg.stats import (
    ordinal_cells,
    ordinal_design,
    ordinal_likelihood,
    ordinal_sandwich,
    ordinal_solver,
)
from betyg.stats.ordinal_cells import Answers
from betyg.stats.ordinal_design import Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_sandwich import Sampling

__all__ = ["OrdinalFit", "fit"]

Array = NDArray[np.float64]

DIVERGED_SE = 30.0  # latent scale; a slope known to +-60 only is on its way to infinity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalFit:
    """A fitted cumulative link model.

    link(P(Y <= k)) = thresholds[k] - x @ beta; positive beta means higher categories.

    Attributes
    ----------
    formula : str
        What was fitted.
    terms : tuple of str
        Terms of the linear predictor.
    link : {"logit", "probit"}
        Logistic or normal latent answers.
    categories : ndarray, shape (categories,)
        Positions (or index values) that were used, increasing.
    scores : ndarray, shape (categories,)
        Their scores, 0-100.
    params : Series
        Thresholds, then slopes, on the latent scale.
    loglike : float
        Log-likelihood; of the scaled weights where the answers are weighted.
    nobs : int
        Answers.
    n_missing : int
        Rows' worth of respondents who gave no answer to the item; left out.
    covariance : ndarray, shape (params, params)
        Inverse information, or the sandwich for weighted answers.
    robust : bool
        Whether ``covariance`` is the sandwich.
    layout : Layout
        Coding of the terms.
    patterns : DataFrame
        Observed covariate patterns with their (scaled) ``weight``.
    """

    formula: str
    terms: tuple[str, ...]
    link: Link
    categories: Array
    scores: Array
    params: pd.Series
    loglike: float
    nobs: int
    n_missing: int
    covariance: Array
    robust: bool
    layout: Layout
    patterns: pd.DataFrame

    @property
    def thresholds(self) -> pd.Series:
        """Cut points of the latent scale, increasing."""
        return self.params.iloc[: self.categories.size - 1]

    @property
    def slopes(self) -> pd.Series:
        """Effects relative to the reference levels, latent scale."""
        return self.params.iloc[self.categories.size - 1 :]

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
        """Akaike's criterion."""
        return 2.0 * self.params.size - 2.0 * self.loglike

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return float(np.log(self.nobs)) * self.params.size - 2.0 * self.loglike

    def cov_params(self) -> pd.DataFrame:
        """Return the joint covariance of thresholds and slopes."""
        names = self.params.index
        return pd.DataFrame(self.covariance, index=names, columns=names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return Wald intervals with columns ``ci_low`` and ``ci_high``."""
        half = ndtri(1.0 - alpha / 2.0) * self.bse
        return pd.DataFrame({"ci_low": self.params - half, "ci_high": self.params + half})

    def linear_predictor(self, frame: pd.DataFrame) -> Array:
        """Return x @ beta for each row of ``frame``."""
        return ordinal_design.collapse(frame, self.layout).times(self.slopes.to_numpy())

    def predict(
        self, frame: pd.DataFrame, *, which: Literal["probabilities", "score"] = "probabilities"
    ) -> pd.DataFrame | pd.Series:
        """Predict for rows that hold one level of each variable.

        Parameters
        ----------
        frame : DataFrame
            A column for each variable of the terms.
        which : {"probabilities", "score"}
            A column for each category, or the expected score (0-100).

        Returns
        -------
        DataFrame or Series
            With the index of ``frame``.

        Raises
        ------
        DesignError
            If a level is unknown to the model.
        """
        theta = self.thresholds.to_numpy()
        probability = ordinal_likelihood.category_probabilities(
            theta, self.linear_predictor(frame), self.link
        )
        if which == "score":
            return pd.Series(probability @ self.scores, frame.index, name="score")
        return pd.DataFrame(probability, index=frame.index, columns=self.categories)

    def summary(self) -> str:
        """Return a table of the estimates as text."""
        errors = "sandwich" if self.robust else "inverse information"
        head = (
            f"Cumulative {self.link} model: {self.formula}\n"
            f"answers {self.nobs}   log-likelihood {self.loglike:.4f}   "
            f"AIC {self.aic:.2f}   BIC {self.bic:.2f}   errors: {errors}\n"
        )
        table = pd.DataFrame(
            {"coef": self.params, "std err": self.bse, "z": self.tvalues, "P>|z|": self.pvalues}
        ).join(self.conf_int())
        return head + table.to_string(float_format="{:.4f}".format)


def fit(
    cells: pd.DataFrame,
    formula: str,
    *,
    link: Link = "logit",
    scale_within: Sequence[str] = ("agency", "year"),
    sampling: Sampling | None = None,
) -> OrdinalFit:
    """Fit a cumulative link model to the cells of one item.

    Unweighted answers give maximum likelihood and the inverse information.
    Weighted answers give pseudo-likelihood: weights are scaled, within each
    group of ``scale_within``, to the group's effective size (sum w)^2 / sum w^2,
    and the covariance is the sandwich. One scale for all would give 50 answers
    with heavy weights the information of 5,000.

    Parameters
    ----------
    cells : DataFrame
        Columns: the variables of ``formula``, ``n``, and if they
        exist ``score`` (0-100), ``kind`` (rows other than ``answer`` are left out),
        ``weight_sum`` and ``weight_sq_sum``. An index's values are ordered categories too.
    formula : str
        Such as ``"response ~ agency + year + activity"``, ``"response ~ agency:year"`` or
        ``"response ~ 1"``: see ``formula.read`` for what is a level and what a number.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    scale_within : sequence of str
        Groups that keep their own effective size; ``()`` scales all by one factor.
    sampling : Sampling, optional
        Columns of strata, primary sampling units and population sizes: they make the sandwich.

    Returns
    -------
    OrdinalFit

    Raises
    ------
    DesignError
        If nobody answered, one category is used, a variable has one value, columns are
        aliased, or a level's answers all fall into an extreme category.
    ConvergenceError
        If Newton's iterations do not end.

    References
    ----------
    McCullagh (1980), J. R. Stat. Soc. B 42, 109-142; Binder (1983), Int. Stat. Rev. 51, 279-292.
    R counterparts: ``ordinal::clm``, ``MASS::polr``, weighted ``survey::svyolr``.
    """
    model = formulas.read(formula, cells)
    drawn = sampling or Sampling()
    answers = ordinal_cells.answers_of(cells, model, scale_within=scale_within, sampling=drawn)
    params, at_optimum = ordinal_solver.maximise(answers.counts, answers.patterns, link)
    covariance = ordinal_solver.inverse_information(at_optimum, answers.patterns)
    _check_finite(covariance, answers)
    robust = answers.weighted or bool(drawn)
    if robust:
        covariance = covariance @ _meat(answers, params, link) @ covariance
    return OrdinalFit(
        formula=model.text,
        terms=model.names,
        link=link,
        categories=answers.categories,
        scores=answers.scores,
        params=pd.Series(params, answers.names, name="estimate"),
        loglike=at_optimum.loglike,
        nobs=answers.nobs,
        n_missing=answers.n_missing,
        covariance=covariance,
        robust=robust,
        layout=answers.layout,
        patterns=answers.frame,
    )


def _meat(answers: Answers, params: Array, link: Link) -> Array:
    """Return the variance of the score at ``params``."""
    cuts = answers.categories.size - 1
    eta = answers.patterns.times(params[cuts:])
    bounds = ordinal_likelihood.score_weights(params[:cuts], eta, link)
    return ordinal_sandwich.meat(answers.rows, answers.patterns, bounds)


def _check_finite(covariance: Array, answers: Answers) -> None:
    """Raise if a slope has run off: separation that no single level shows."""
    error = np.sqrt(np.diag(covariance))[answers.categories.size - 1 :]
    error = error * answers.patterns.spans()
    lost = [name for name, se in zip(answers.layout.names, error, strict=True) if se > DIVERGED_SE]
    if lost:
        raise DesignError(
            f"model: the answers separate {', '.join(lost[:5])}: the effect has no finite "
            "estimate. Merge the level with a neighbour, or leave it out."
        )

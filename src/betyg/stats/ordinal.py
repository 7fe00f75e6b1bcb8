"""Cumulative link models for ordered answers, fitted to cells.

The likelihood needs only how many answers of each category a covariate
pattern got. So ten million respondents cost as much as their cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError
from betyg.stats import formula as formulas
from betyg.stats import (
    ordinal_cells,
    ordinal_likelihood,
    ordinal_sandwich,
    ordinal_solver,
    random_effects,
)
from betyg.stats.formula import Model
from betyg.stats.model_fit import ModelFit, OrdinalFit
from betyg.stats.ordinal_cells import Answers
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_sandwich import Sampling

__all__ = ["OrdinalFit", "fit"]

Array = NDArray[np.float64]

DIVERGED_SE = 30.0  # latent scale; a slope known to +-60 only is on its way to infinity


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
    ModelFit
        With thresholds and slopes; see its docstring for the sign.

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
    with ordinal_cells.named(cells):
        model = formulas.read(formula, cells)
        return _fitted(
            cells, model, link=link, scale_within=scale_within, drawn=sampling or Sampling()
        )


def _fitted(
    cells: pd.DataFrame, model: Model, *, link: Link, scale_within: Sequence[str], drawn: Sampling
) -> OrdinalFit:
    answers = ordinal_cells.answers_of(cells, model, scale_within=scale_within, sampling=drawn)
    params, at_optimum = ordinal_solver.maximise(answers.counts, answers.patterns, link)
    covariance = ordinal_solver.inverse_information(at_optimum, answers.patterns)
    _check_finite(covariance, answers)
    robust = answers.weighted or bool(drawn)
    if robust:
        covariance = covariance @ _meat(answers, params, link) @ covariance
    return ModelFit(
        formula=model.text,
        terms=model.names,
        family=answers.family(model, link),
        params=pd.Series(params, answers.names, name="estimate"),
        covariance=covariance,
        robust=robust,
        mixed=random_effects.none(params.size),
        loglike=at_optimum.loglike,
        **answers.described(),
    )


def _meat(answers: Answers, params: Array, link: Link) -> Array:
    """Return the variance of the score at ``params``."""
    cuts = answers.categories.size - 1
    eta = answers.patterns.times(params[cuts:])
    bounds = ordinal_likelihood.score_weights(params[:cuts], eta, link)
    return ordinal_sandwich.meat(answers.rows, answers.patterns, bounds)


def _check_finite(covariance: Array, answers: Answers) -> None:
    """Raise if a slope has run off: separation that no single level shows."""
    cuts = answers.categories.size - 1
    error = np.sqrt(np.diag(covariance))[cuts:] * answers.patterns.spans()
    lost = [answers.names[cuts + at] for at in np.flatnonzero(error > DIVERGED_SE)]
    if lost:
        raise DesignError(
            f"model: the answers separate {', '.join(lost[:5])}: the effect has no finite "
            "estimate. Merge the level with a neighbour, or leave it out."
        )

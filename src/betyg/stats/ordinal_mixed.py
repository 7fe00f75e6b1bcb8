"""Cumulative link mixed models on cells: fixed terms and crossed random intercepts.

Agencies, agency-years and activities borrow strength from each other, and their
variances say where the answers differ. The cost is that of the cells, not of the
respondents.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats import crossed, laplace_solver, ordinal_cells, random_terms
from betyg.stats.laplace import Problem
from betyg.stats.laplace_solver import Curvature, Optimum
from betyg.stats.ordinal_cells import Answers
from betyg.stats.ordinal_design import Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_mixed_fit import OrdinalMixedFit

__all__ = ["OrdinalMixedFit", "fit"]

Array = NDArray[np.float64]


def fit(
    cells: pd.DataFrame,
    terms: Sequence[str],
    *,
    random: Sequence[str],
    link: Link = "logit",
    scale_within: Sequence[str] = ("agency", "year"),
) -> OrdinalMixedFit:
    """Fit a cumulative link mixed model to the cells of one item by the Laplace approximation.

    link(P(Y <= k)) = thresholds[k] - x @ beta - z @ u with independent
    u ~ N(0, sd^2) in each random term; positive beta or u means higher
    categories. Two categories make it the binomial mixed model.
    A standard deviation whose likelihood falls from zero on is zero: see
    ``singular`` of the result, and the summary. Weighted answers give
    pseudo-likelihood, weights scaled to the effective size of each group of
    ``scale_within``; their standard errors take that size for the number of answers.

    Parameters
    ----------
    cells : DataFrame
        As in ``ordinal.fit``: the variables of all terms, ``response``, ``n``, and if
        they exist ``score``, ``kind``, ``weight_sum``, ``weight_sq_sum``.
    terms : sequence of str
        Fixed terms, such as ``("year", "group")``; may be empty.
    random : sequence of str
        Random intercepts, such as ``("agency", "agency:year", "activity")``; an
        interaction is one factor of the combinations that occur.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    scale_within : sequence of str
        Groups that keep their own effective size.

    Returns
    -------
    OrdinalMixedFit

    Raises
    ------
    DesignError
        If nobody answered, one category is used, fixed columns are aliased, a random
        term has one level, is fixed as well, or groups the answers as another does.
    ConvergenceError
        If the maximum is not reached, or is none.

    References
    ----------
    R counterparts: ``ordinal::clmm``, and ``lme4::glmer`` for two categories, both
    with ``nAGQ = 1``.
    """
    random_terms.check_terms(cells, terms, random)
    answers = ordinal_cells.answers_of(
        cells,
        tuple(terms),
        scale_within=scale_within,
        groups=(None, None),
        beside=random_terms.roles_of(random),
    )
    layout = random_terms.layout_of(answers.frame, random)
    problem = Problem(
        counts=answers.counts,
        fixed=answers.patterns,
        random=crossed.crossed(random_terms.codes(answers.frame, layout)),
        link=link,
    )
    optimum = laplace_solver.maximise(problem)
    known = laplace_solver.curvature(problem, optimum)
    return _result(problem, (answers, layout), tuple(random), (optimum, known), tuple(terms))


def _result(
    problem: Problem,
    design: tuple[Answers, Layout],
    random: tuple[str, ...],
    found: tuple[Optimum, Curvature],
    terms: tuple[str, ...],
) -> OrdinalMixedFit:
    """Give names to the numbers; standard deviations in the order asked for."""
    (answers, layout), (optimum, known) = design, found
    solved = [block.term for block in layout.blocks]
    first = problem.cuts + problem.slopes
    order = [*range(first), *(first + solved.index(term) for term in random)]
    params = optimum.mode.params[order]
    names = [name for block in layout.blocks for name in block.names]
    return OrdinalMixedFit(
        terms=terms,
        random=random,
        link=problem.link,
        categories=answers.categories,
        scores=answers.scores,
        params=pd.Series(params[:first], answers.names, name="estimate"),
        sds=pd.Series(params[first:], list(random), name="sd"),
        effects=pd.Series(optimum.mode.effects, names, name="mode"),
        singular=tuple(
            term for term, k in zip(random, order[first:], strict=True) if not optimum.estimated[k]
        ),
        loglike=optimum.loglike,
        nobs=answers.nobs,
        n_missing=answers.n_missing,
        weighted=answers.weighted,
        covariance=known.covariance[np.ix_(order, order)],
        sensitivity=known.sensitivity[:, order],
        conditional=optimum.mode.factor,
        layout=answers.layout,
        random_layout=layout,
        patterns=answers.frame,
    )

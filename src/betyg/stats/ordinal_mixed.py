"""Cumulative link mixed models on cells: fixed terms and crossed random intercepts.

Agencies, agency-years and activities borrow strength from each other, and their
variances say where the answers differ. The cost is that of the cells, not of the
respondents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.workers import HERE, Workers, given
from betyg.errors import DesignError, ParameterError
from betyg.stats import crossed, laplace_solver, ordinal_cells, random_terms
from betyg.stats import formula as formulas
from betyg.stats.formula import Model
from betyg.stats.laplace import Problem
from betyg.stats.laplace_solver import Curvature, Optimum
from betyg.stats.model_fit import ModelFit, OrdinalFit
from betyg.stats.ordinal_cells import Answers
from betyg.stats.ordinal_design import Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_sandwich import Sampling
from betyg.stats.random_effects import RandomEffects
from betyg.stats.sums import by_code

__all__ = ["OrdinalFit", "bootstrap", "fit"]

Array = NDArray[np.float64]

DIVERGED_SE = 30.0  # latent scale; beyond this an estimate is on its way to infinity


def fit(
    cells: pd.DataFrame,
    formula: str,
    *,
    random: Sequence[str],
    link: Link = "logit",
    scale_within: Sequence[str] = ("agency", "year"),
) -> OrdinalFit:
    """Fit a cumulative link mixed model to the cells of one item by the Laplace approximation.

    link(P(Y <= k)) = thresholds[k] - x @ beta - z @ u with independent
    u ~ N(0, sd^2) in each random term; positive beta or u means higher
    categories. Two categories make it the binomial mixed model.
    A standard deviation whose likelihood falls from zero on is zero: see
    ``singular`` of the result, and the summary. Weighted answers give
    pseudo-likelihood, weights scaled to the effective size of each group of
    ``scale_within``; their standard errors take that size for the number of answers,
    see ``bootstrap`` for those of the design.

    Parameters
    ----------
    cells : DataFrame
        As in ``ordinal.fit``: the variables of all terms, ``n``, and if
        they exist ``score``, ``kind``, ``weight_sum``, ``weight_sq_sum``.
    formula : str
        Fixed terms, such as ``"response ~ year + group"``, or ``"response ~ 1"``.
    random : sequence of str
        Random intercepts, such as ``("agency", "agency:year", "activity")``; an
        interaction is one factor of the combinations that occur.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    scale_within : sequence of str
        Groups that keep their own effective size.

    Returns
    -------
    OrdinalFit

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
    with ordinal_cells.named(cells):
        asked = (formulas.read(formula, cells), tuple(random))
        answers, layout, problem = _prepared(cells, asked, link=link, scale_within=scale_within)
        optimum = laplace_solver.maximise(problem)
        known = laplace_solver.curvature(problem, optimum)
        found = _result(problem, (answers, layout), (optimum, known), asked)
        _check_finite(found)
    return found


def bootstrap(
    cells: pd.DataFrame,
    fitted: OrdinalFit,
    *,
    sampling: Sampling,
    rng: np.random.Generator,
    replicates: int = 200,
    workers: Workers | None = None,
) -> pd.DataFrame:
    """Refit to resampled primary sampling units: standard errors for weighted answers.

    In each stratum all but one of as many PSUs are drawn with replacement and
    weighted up, so that totals have the variance that their design gives them (Rao & Wu
    1988); with a known population the weights move by the share not drawn (Rao, Wu & Yue
    1992). The scale of the weights stays that of the full sample. The spread is that of
    sampling again from the same agencies; it does not hold that other agencies might have
    been there. A stratum with one PSU stays as it is and adds nothing.

    Parameters
    ----------
    cells : DataFrame
        As given to ``fit``, with a row for each PSU's answers.
    fitted : OrdinalFit
        The model to refit.
    sampling : Sampling
        Columns of PSUs, of strata and of their population.
    rng : Generator
        Source of randomness.
    replicates : int
        Number of refits.
    workers : Workers or None
        Who refits. All samples are drawn here, so the result is the same whoever does.

    Returns
    -------
    DataFrame
        A row for each replicate: thresholds, slopes, and ``sd[term]``. Its ``std()`` are the
        standard errors, its ``cov()`` the covariance.

    Raises
    ------
    ParameterError
        If no PSU is named: cells do not tell respondents apart.
    DesignError, ConvergenceError
        As ``fit``; also if no drawn PSU has an answer in a rare category.

    References
    ----------
    Rao & Wu (1988), J. Am. Stat. Assoc. 83, 231-241; Rao, Wu & Yue (1992), Surv. Methodol. 18,
    209-217.
    """
    if sampling.psu is None:
        raise ParameterError(
            "bootstrap: name the column of primary sampling units, sampling=Sampling(psu=...). "
            "Where each respondent is one, give the cells a row and a number for each."
        )
    answers, layout, problem = _prepared(
        cells,
        (formulas.read(fitted.formula, cells), fitted.random),
        link=fitted.link,
        scale_within=fitted.scale_within,
        sampling=sampling,
    )
    if (answers.rows.stratum_size < 2).all():
        raise DesignError(
            "bootstrap: every stratum has one primary sampling unit, so there is nothing to draw "
            "from. Merge strata, or name a finer psu."
        )
    solved = [block.term for block in layout.blocks]
    first = problem.cuts + problem.slopes
    order = [*range(first), *(first + solved.index(term) for term in fitted.random)]
    samples = [_resampled(answers, problem.counts.shape, rng) for _ in range(replicates)]
    for counts in samples:
        _check_used(counts, answers)
    workers = workers or HERE
    problems = given(problem, workers, times=replicates)
    refitted = workers.bring(_refitted, problems, samples, doing="refitting to resampled units")
    drawn = [params[order] for params in refitted]
    names = [*fitted.params.index, *(f"sd[{term}]" for term in fitted.random)]
    return pd.DataFrame(np.stack(drawn), columns=names)


def _refitted(problem: Problem, counts: Array) -> Array:
    return laplace_solver.maximise(replace(problem, counts=counts)).mode.params


def _resampled(answers: Answers, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return the counts of one bootstrap sample of PSUs."""
    rows = answers.rows
    psu = np.zeros(rows.pattern.size, np.intp) if rows.psu is None else rows.psu
    home = np.zeros(1, np.intp) if rows.psu_stratum is None else rows.psu_stratum
    times = np.ones(home.size)
    for stratum, size in enumerate(rows.stratum_size.astype(np.intp)):
        if size > 1:
            drawn = rng.multinomial(size - 1, np.full(size, 1.0 / size)) * (size / (size - 1.0))
            times[home == stratum] += np.sqrt(rows.left[stratum]) * (drawn - 1.0)
    at = rows.pattern * shape[1] + rows.category
    return by_code(at, rows.weight * times[psu], shape[0] * shape[1]).reshape(shape)


def _check_used(counts: Array, answers: Answers) -> None:
    """Raise if a bootstrap sample lost a category."""
    lost = answers.categories[counts.sum(axis=0) == 0]
    if lost.size:
        raise DesignError(
            f"bootstrap: few PSUs have answers in category {lost[0]:g}, and a sample drew none of "
            "them. Merge the category with its neighbour."
        )


def _prepared(
    cells: pd.DataFrame,
    terms: tuple[Model, tuple[str, ...]],
    *,
    link: Link,
    scale_within: Sequence[str],
    sampling: Sampling | None = None,
) -> tuple[Answers, Layout, Problem]:
    """Check the terms, collapse the cells to patterns and code them."""
    model, random = terms
    random_terms.check_terms(cells, model, random)
    answers = ordinal_cells.answers_of(
        cells,
        model,
        scale_within=scale_within,
        sampling=sampling or Sampling(),
        beside=random_terms.roles_of(random),
    )
    layout = random_terms.layout_of(answers.frame, random)
    problem = Problem(
        counts=answers.counts,
        fixed=answers.patterns,
        random=crossed.crossed(random_terms.codes(answers.frame, layout)),
        link=link,
    )
    return answers, layout, problem


def _check_finite(found: OrdinalFit) -> None:
    """Raise if an estimate has run off: separation that no single level shows."""
    lost = [*found.bse.index[found.bse > DIVERGED_SE], *found.sds.index[found.sds > DIVERGED_SE]]
    if lost:
        raise DesignError(
            f"mixed model: the answers separate {', '.join(lost[:5])}: there is no finite "
            "estimate. Merge the level (or the term's levels) with neighbours, or leave it out."
        )


def _result(
    problem: Problem,
    design: tuple[Answers, Layout],
    found: tuple[Optimum, Curvature],
    asked: tuple[Model, tuple[str, ...]],
) -> OrdinalFit:
    """Give names to the numbers; standard deviations in the order asked for."""
    (answers, layout), (optimum, known), (model, random) = design, found, asked
    solved = [block.term for block in layout.blocks]
    first = problem.cuts + problem.slopes
    order = [*range(first), *(first + solved.index(term) for term in random)]
    params = optimum.mode.params[order]
    names = [name for block in layout.blocks for name in block.names]
    mixed = RandomEffects(
        terms=random,
        sds=pd.Series(params[first:], list(random), name="sd"),
        modes=pd.Series(optimum.mode.effects, names, name="mode"),
        singular=tuple(
            term for term, k in zip(random, order[first:], strict=True) if not optimum.estimated[k]
        ),
        conditional=optimum.mode.factor,
        unit=1.0,
        sensitivity=known.sensitivity[:, order],
        layout=layout,
    )
    return ModelFit(
        formula=model.text,
        terms=model.names,
        family=answers.family(model, problem.link),
        params=pd.Series(params[:first], answers.names, name="estimate"),
        covariance=known.covariance[np.ix_(order, order)],
        robust=False,
        mixed=mixed,
        loglike=optimum.loglike,
        **answers.described(),
    )

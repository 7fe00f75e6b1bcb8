"""Cumulative link models with thresholds, or a spread, of each level's own: what the checks refit.

The model of :mod:`betyg.stats.ordinal` lets a level move all thresholds alike and gives all
levels one spread. Here one term is let off one of these assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats import formula as formulas
from betyg.stats import ordinal_cells, ordinal_solver, relaxed_likelihood, relaxed_solver
from betyg.stats.ordinal_cells import Answers
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_sandwich import Sampling
from betyg.stats.patterns import Patterns
from betyg.stats.relaxed_likelihood import ABOVE, BELOW, Relaxed
from betyg.stats.sums import by_code, rows_by_code

__all__ = ["Assumption", "Basis", "LevelTest", "RelaxedFit", "arranged", "basis", "fit", "test"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Assumption = Literal["none", "thresholds", "spread"]

FEWEST = 3  # categories


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The answers, and the model with every assumption, that relaxed ones are held against.

    Attributes
    ----------
    answers : Answers
        Patterns and counts.
    squares : ndarray, shape (patterns, categories)
        Sums of squared (scaled) weights.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    params : ndarray
        Thresholds, then slopes, where all assumptions are held.
    loglike : float
        There.
    inverse : ndarray, shape (params, params)
        Inverse information.
    covariance : ndarray, shape (params, params)
        The same, or the sandwich for weighted answers.
    """

    answers: Answers
    squares: Array
    link: Link
    params: Array
    loglike: float
    inverse: Array
    covariance: Array

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the linear predictor."""
        return tuple(block.term for block in self.answers.layout.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTest:
    """Whether the levels of a term need something of their own.

    Attributes
    ----------
    statistic : float
        Likelihood ratio; of weighted answers, divided by its mean design effect.
    df : float
        Degrees of freedom; of weighted answers, those with the same variance.
    p_value : float
        Chi-squared.
    """

    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedFit:
    """A model in which one term is let off one assumption.

    link(P(Y <= k)) = (thresholds[level, k] - x @ beta) / exp(log spread); positive beta means
    higher categories.

    Attributes
    ----------
    relax : {"none", "thresholds", "spread"}
        What levels of the term have of their own.
    term : str
        The term; empty if none.
    params : Series
        Free thresholds, slopes of the other terms (of all, for a spread), log spreads.
    loglike : float
        Log-likelihood; of the scaled weights where the answers are weighted.
    covariance : ndarray, shape (params, params)
        Inverse information, or the sandwich for weighted answers.
    model : Relaxed
        Which pattern uses which parameter.
    """

    relax: Assumption
    term: str
    params: pd.Series
    loglike: float
    covariance: Array
    model: Relaxed

    @property
    def bse(self) -> pd.Series:
        """Standard errors of ``params``."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index, name="se")

    @property
    def log_spreads(self) -> pd.Series:
        """Log spread of each level against the first level of the term, latent scale."""
        return self.params.iloc[self.model.ends[1] :]


def basis(
    cells: pd.DataFrame,
    formula: str,
    *,
    link: Link = "logit",
    scale_within: Sequence[str] = ("agency", "year"),
) -> Basis:
    """Fit the model that holds every assumption; arguments and errors as ``ordinal.fit``."""
    model = formulas.read(formula, cells)
    answers = ordinal_cells.answers_of(cells, model, scale_within=scale_within, sampling=Sampling())
    params, at = ordinal_solver.maximise(answers.counts, answers.patterns, link)
    rows, shape = answers.rows, answers.counts.shape
    squares = by_code(rows.pattern * shape[1] + rows.category, rows.square, answers.counts.size)
    inverse = ordinal_solver.inverse_information(at, answers.patterns)
    held = Basis(
        answers=answers,
        squares=squares.reshape(shape),
        link=link,
        params=params,
        loglike=at.loglike,
        inverse=inverse,
        covariance=inverse,
    )
    if not answers.weighted:
        return held
    whole = _model(held, "none", "")
    meat = relaxed_likelihood.meat(relaxed_likelihood.state(params, whole), whole, held.squares)
    return replace(held, covariance=inverse @ meat @ inverse)


def fit(held: Basis, *, relax: Assumption = "none", term: str = "") -> RelaxedFit:
    """Fit the model again with one term let off one assumption.

    A category that a level never used gets probability zero there, the limit that the
    likelihood goes to, so thresholds stay finite. The likelihood need not be
    concave in the spreads: Newton's steps are damped where it is not.

    Parameters
    ----------
    held : Basis
        The answers, and the model that holds every assumption.
    relax : {"none", "thresholds", "spread"}
        What each level of ``term`` gets of its own.
    term : str
        One of ``held.terms``.

    Returns
    -------
    RelaxedFit

    Raises
    ------
    ParameterError
        If the model has no such term, or it is a number's slope.
    DesignError
        If there are two categories.
    ConvergenceError
        If Newton's iterations do not end.

    References
    ----------
    Peterson & Harrell (1990), Applied Statistics 39, 205-217; McCullagh (1980), section 6.
    R counterparts: ``ordinal::clm(nominal = ~ term)`` and ``clm(scale = ~ term)``.
    """
    if relax != "none":
        _check_term(held, term)
    model = _model(held, relax, term)
    params, loglike, covariance = held.params, held.loglike, held.covariance
    if relax != "none":
        start = _embedding(held, model, relax, term) @ held.params
        squares = held.squares if held.answers.weighted else None
        params, loglike, covariance = relaxed_solver.maximise(
            start, model, held.answers.counts, squares=squares
        )
    return RelaxedFit(
        relax=relax,
        term=term,
        params=pd.Series(params, _names(held, model, relax, term), name="estimate"),
        loglike=loglike,
        covariance=covariance,
        model=model,
    )


def _check_term(held: Basis, term: str) -> None:
    if term not in held.terms:
        raise ParameterError(
            f"relaxed model: '{term}' is not in the model. {did_you_mean(term, held.terms)}"
        )
    if held.answers.layout.blocks[held.terms.index(term)].numbers:
        raise ParameterError(
            f"relaxed model: '{term}' is the slope of a number and has no levels. Cut the number "
            "into classes to check it."
        )
    if held.answers.categories.size < FEWEST:
        raise DesignError(
            "relaxed model: two categories have one threshold, so they show neither unequal "
            f"thresholds nor unequal spread between levels of '{term}'. Leave the check out."
        )


def test(held: Basis, found: RelaxedFit) -> LevelTest:
    """Test the assumption that ``found`` is let off.

    The likelihood ratio. Of weighted answers it is a sum of chi-squared variables with
    unequal factors, so its mean and variance are matched (Rao and Scott's second order).
    Thresholds of categories that a level never used count among the degrees of freedom, as in R.

    Parameters
    ----------
    held : Basis
        Fitted with the assumption.
    found : RelaxedFit
        Fitted to the same answers without it.

    Returns
    -------
    LevelTest

    References
    ----------
    Rao & Scott (1984), Annals of Statistics 12, 46-60; Lumley & Scott (2014), Aust. N. Z. J.
    Stat. 56, 1-14. R counterparts: ``ordinal::nominal_test``, ``ordinal::scale_test``.
    """
    ratio = max(0.0, 2.0 * (found.loglike - held.loglike))
    others = held.answers.patterns.widths[held.terms.index(found.term)]
    cuts = held.answers.counts.shape[1] - 1
    df = float(others if found.relax == "spread" else others * (cuts - 1))
    factor = 1.0
    if held.answers.weighted and df > 0:
        factor, df = _moments(held, found)
    p_value = float(chdtrc(df, ratio / factor)) if df > 0 else np.nan
    return LevelTest(statistic=ratio / factor, df=df, p_value=p_value)


def _moments(held: Basis, found: RelaxedFit) -> tuple[float, float]:
    """Return factor and degrees of freedom that match mean and variance of the likelihood ratio."""
    model = found.model
    held_in = _embedding(held, model, found.relax, found.term)
    state = relaxed_likelihood.state(held_in @ held.params, model)
    information = relaxed_likelihood.curve(state, model, held.answers.counts).information
    inner = held_in @ relaxed_solver.inverse(held_in.T @ information @ held_in) @ held_in.T
    meat = relaxed_likelihood.meat(state, model, held.squares)
    product = (relaxed_solver.inverse(information) - inner) @ meat
    mean, second = float(np.trace(product)), float((product * product.T).sum())
    return second / mean, mean**2 / second


def _without(patterns: Patterns, block: int | None) -> Patterns:
    """Return the patterns without one block of columns."""
    kept = [i for i in range(len(patterns.codes)) if i != block]
    return Patterns(
        codes=tuple(patterns.codes[i] for i in kept),
        widths=tuple(patterns.widths[i] for i in kept),
        size=patterns.size,
        factors=tuple(patterns.factors[i] for i in kept),
    )


def arranged(
    patterns: Patterns, at: int | None, relax: Assumption
) -> tuple[Patterns, Codes, Codes]:
    """Return the slopes' coding, each pattern's set of thresholds, and its log spread."""
    nothing = np.zeros(patterns.size, dtype=np.intp)
    if at is None:
        return patterns, nothing, nothing
    own = patterns.codes[at]
    if relax == "spread":
        return patterns, nothing, own
    return _without(patterns, at), (own + 1) % (patterns.widths[at] + 1), nothing


def _block(held: Basis, relax: Assumption, term: str) -> int | None:
    return None if relax == "none" else held.terms.index(term)


def _model(held: Basis, relax: Assumption, term: str) -> Relaxed:
    at = _block(held, relax, term)
    slopes, level, spread = arranged(held.answers.patterns, at, relax)
    used = rows_by_code(level, held.answers.counts, int(level.max()) + 1) > 0
    return Relaxed(
        slopes=slopes,
        level=level,
        slot=_slots(used),
        spread=spread,
        n_spread=held.answers.patterns.widths[at] if at is not None and relax == "spread" else 0,
        link=held.link,
    )


def _slots(used: NDArray[np.bool_]) -> Codes:
    """Give a number to each free threshold: one between two categories used next to each other."""
    slot = np.empty((used.shape[0], used.shape[1] - 1), dtype=np.intp)
    free = 0
    for level, categories in enumerate(used):
        found = np.flatnonzero(categories)
        slot[level, : found[0]] = BELOW
        slot[level, found[-1] :] = ABOVE
        for low, high in zip(found[:-1], found[1:], strict=True):
            slot[level, low:high] = free
            free += 1
    return slot


def _embedding(held: Basis, model: Relaxed, relax: Assumption, term: str) -> Array:
    """Return the matrix that takes the parameters of the basis to those of the model."""
    cuts = held.answers.counts.shape[1] - 1
    thresholds, slopes, end = model.ends
    matrix = np.zeros((end, held.params.size))
    level, cut = np.nonzero(model.slot >= 0)
    np.add.at(matrix, (model.slot[level, cut], cut), 1.0)
    kept = np.arange(cuts, held.params.size)
    if relax == "thresholds":
        first, last = held.answers.patterns.offsets[held.terms.index(term) :][:2]
        own = cuts + first + level[level > 0] - 1
        np.add.at(matrix, (model.slot[level, cut][level > 0], own), -1.0)
        kept = np.delete(kept, slice(first, last))
    matrix[:thresholds] /= by_code(model.slot[level, cut], np.ones(level.size), thresholds)[:, None]
    matrix[np.arange(thresholds, slopes), kept] = 1.0
    return matrix


def _names(held: Basis, model: Relaxed, relax: Assumption, term: str) -> list[str]:
    layout, cuts = held.answers.layout, held.answers.names[: model.slot.shape[1]]
    at = _block(held, relax, term)
    slopes = [name for i, b in enumerate(layout.blocks) for name in b.names if i != at]
    if at is None:
        return [*cuts, *slopes]
    own = layout.blocks[at].names
    if relax == "spread":
        return [*cuts, *layout.names, *(f"log spread {name}" for name in own)]
    first = {int(s): (i, k) for (i, k), s in reversed([*np.ndenumerate(model.slot)])}
    block = layout.blocks[at]
    levels = [
        ":".join(f"{r}[{v}]" for r, v in zip(block.roles, block.baseline[0], strict=True)),
        *own,
    ]
    named = [first[s] for s in range(model.n_thresholds)]
    return [*(f"{levels[i]} {cuts[k]}" for i, k in named), *slopes]

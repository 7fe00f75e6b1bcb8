"""What an assumption is worth in index points: standardised means with it and without it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import studentized_range

from betyg.stats import ordinal_design, relaxed, relaxed_likelihood
from betyg.stats.patterns import Patterns
from betyg.stats.relaxed import Basis, RelaxedFit
from betyg.stats.sums import by_code

__all__ = ["Consequence", "Grid", "Means", "consequence", "grid", "means"]

Array = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is predicted: every level of a role at the mix of all answers.

    Attributes
    ----------
    levels : tuple
        Levels of the role that is compared.
    owner : ndarray of int, shape (rows,)
        Level of each row.
    share : ndarray, shape (rows,)
        Share of the mix; adds to one within each level.
    patterns : Patterns
        Coding of the rows.
    """

    levels: tuple[object, ...]
    owner: NDArray[np.intp]
    share: Array
    patterns: Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Standardised means of the levels of one role.

    Attributes
    ----------
    levels : tuple
        In order.
    estimate : ndarray, shape (levels,)
        Expected scores, 0-100.
    covariance : ndarray, shape (levels, levels)
        By the delta method.
    """

    levels: tuple[object, ...]
    estimate: Array
    covariance: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What changes when an assumption is dropped.

    Attributes
    ----------
    table : DataFrame
        level; held, free (mean with and without the assumption, 0-100); difference (points).
    size : float
        Largest difference, points, without sign.
    level : str
        Where it is.
    swaps : DataFrame
        first, second: the first surely above the second with the assumption, surely below without.
    pairs, sure, lost : int
        Pairs of levels; those surely different with the assumption; those of them that are not
        without it.
    """

    table: pd.DataFrame
    size: float
    level: str
    swaps: pd.DataFrame
    pairs: int
    sure: int
    lost: int


def grid(held: Basis, role: str) -> Grid:
    """Cross the observed levels of ``role`` with the mix of all answers.

    Parameters
    ----------
    held : Basis
        The model; ``role`` is one of its variables, alone in a term.
    role : str
        Such as ``"agency"``.

    Returns
    -------
    Grid
    """
    layout, patterns = held.answers.layout, held.answers.frame
    others = [name for name in (*layout.roles, *layout.covariates) if name != role]
    mix = pd.DataFrame({"weight": [1.0]})
    if others:
        mix = patterns.groupby(others, observed=True)["weight"].sum().reset_index()
    levels = layout.levels[role]
    own = pd.DataFrame({role: pd.Series(list(levels)).astype(patterns[role].dtype)})
    share = mix["weight"].to_numpy(np.float64)
    frame = own.merge(mix.drop(columns="weight"), how="cross") if others else own
    return Grid(
        levels=levels,
        owner=np.repeat(np.arange(len(levels)), len(mix)),
        share=np.tile(share / share.sum(), len(levels)),
        patterns=ordinal_design.collapse(frame, layout),
    )


def means(held: Basis, found: RelaxedFit, at: Grid) -> Means:
    """Average the predicted scores over the grid, with exact gradients.

    Parameters
    ----------
    held : Basis
        Answers that ``found`` was fitted to.
    found : RelaxedFit
        With or without an assumption.
    at : Grid
        From :func:`grid`.

    Returns
    -------
    Means
    """
    block = None if found.relax == "none" else held.terms.index(found.term)
    model = found.model.take(*relaxed.arranged(at.patterns, block, found.relax))
    state = relaxed_likelihood.state(found.params.to_numpy(), model)
    size = len(at.levels)
    estimate = by_code(at.owner, at.share * (state.probability @ held.answers.scores), size)
    dense = relaxed_likelihood.density(state, model)
    by_bound = -at.share[:, None] * dense * np.diff(held.answers.scores)
    gradient = _gradient(by_bound, state, model, at)
    return Means(
        levels=at.levels, estimate=estimate, covariance=gradient @ found.covariance @ gradient.T
    )


def _gradient(
    by_bound: Array,
    state: relaxed_likelihood.State,
    model: relaxed_likelihood.Relaxed,
    at: Grid,
) -> Array:
    """Return the derivatives of the means by the parameters, shape (levels, params)."""
    thresholds, slopes, end = model.ends
    size = len(at.levels)
    total = np.zeros((size, end))
    scaled = state.inverse_spread[:, None] * by_bound
    slot = model.slot[model.level]
    key = at.owner[:, None] * thresholds + slot
    free = slot >= 0
    total[:, :thresholds] = by_code(key[free], scaled[free], size * thresholds).reshape(size, -1)
    total[:, thresholds:slopes] = model.slopes.group_sums(-scaled.sum(axis=1), at.owner, size)
    groups = model.n_spread + 1
    of_spread = -(by_bound * state.bounds).sum(axis=1)
    sums = by_code(at.owner * groups + model.spread, of_spread, size * groups)
    total[:, slopes:] = sums.reshape(size, groups)[:, :-1]
    return total


def consequence(held: Means, free: Means) -> Consequence:
    """Set the means with an assumption beside those without it.

    Pairs are surely different beyond Tukey and Kramer's critical value, for all pairs at
    once, from the full covariance of each fit. An order is surely reversed only if
    both fits are sure, each the other way.

    Parameters
    ----------
    held, free : Means
        Of the same levels.

    Returns
    -------
    Consequence

    References
    ----------
    Liddell & Kruschke (2018), J. Exp. Soc. Psychol. 79, 328-348; Hayter (1984), Annals of
    Statistics 12, 61-75.
    """
    names = [str(level) for level in held.levels]
    first, second = np.triu_indices(len(names), 1)
    before, after = (_surely(side, first, second) for side in (held, free))
    swapped = before * after < 0
    above = np.where(before > 0, first, second)[swapped]
    below = np.where(before > 0, second, first)[swapped]
    difference = free.estimate - held.estimate
    worst = int(np.argmax(np.abs(difference)))
    label = np.asarray(names, dtype=object)
    return Consequence(
        table=pd.DataFrame(
            {
                "level": names,
                "held": held.estimate,
                "free": free.estimate,
                "difference": difference,
            }
        ),
        size=float(abs(difference[worst])),
        level=names[worst],
        swaps=pd.DataFrame({"first": label[above], "second": label[below]}),
        pairs=first.size,
        sure=int(np.count_nonzero(before)),
        lost=int(np.count_nonzero((before != 0) & (after != before))),
    )


def _surely(side: Means, first: NDArray[np.intp], second: NDArray[np.intp]) -> Array:
    """Return 1 for pairs of which the first is surely higher, -1 surely lower, 0 unsure."""
    spread = side.covariance.diagonal()
    variance = spread[first] + spread[second] - 2.0 * side.covariance[first, second]
    difference = side.estimate[first] - side.estimate[second]
    sure = np.abs(difference) > _critical(len(side.levels)) * np.sqrt(np.maximum(variance, 0.0))
    return np.where(sure, np.sign(difference), 0.0)


@functools.cache
def _critical(levels: int) -> float:
    return float(studentized_range.ppf(LEVEL, levels, np.inf) / np.sqrt(2.0))

"""Likelihood of ordered answers whose thresholds, or whose spread, differ between levels of a term.

P(Y <= k) = F((theta[level, k] - eta) / exp(zeta)): one level and no zeta make it the model of
:mod:`betyg.stats.ordinal`. Derivatives go by the bounds first, where a pattern's Hessian is
tridiagonal; the parameters then only collect sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from betyg.stats import ordinal_likelihood
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.patterns import Patterns
from betyg.stats.sums import by_code, rows_by_code

__all__ = ["Curve", "Relaxed", "State", "curve", "density", "loglike", "meat", "state"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

BELOW, ABOVE = -1, -2  # slots of cuts under or over all answers of a level
BEYOND = 1e3  # latent scale: nothing lies further out
FLOOR = 1e-150  # its square is still a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """Which parameters each pattern uses.

    Attributes
    ----------
    slopes : Patterns
        Coding of the linear predictor.
    level : ndarray of int, shape (patterns,)
        Set of thresholds.
    slot : ndarray of int, shape (levels, categories - 1)
        Parameter of each threshold. Cuts around a category that the level never used share one;
        ``BELOW`` and ``ABOVE`` stand for those outside all its answers.
    spread : ndarray of int, shape (patterns,)
        Column of the log spread; ``n_spread`` stands for none.
    n_spread : int
        Log spreads.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    """

    slopes: Patterns
    level: Codes
    slot: Codes
    spread: Codes
    n_spread: int
    link: Link

    @property
    def n_thresholds(self) -> int:
        """Free thresholds of all levels."""
        return int(self.slot.max()) + 1

    @property
    def ends(self) -> tuple[int, int, int]:
        """Where thresholds, slopes and log spreads end among the parameters."""
        slopes = self.n_thresholds + self.slopes.offsets[-1]
        return self.n_thresholds, slopes, slopes + self.n_spread

    def take(self, slopes: Patterns, level: Codes, spread: Codes) -> Relaxed:
        """Return the same parameters for other patterns."""
        return Relaxed(
            slopes=slopes,
            level=level,
            slot=self.slot,
            spread=spread,
            n_spread=self.n_spread,
            link=self.link,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Bounds and probabilities at given parameters.

    Attributes
    ----------
    bounds : ndarray, shape (patterns, categories - 1)
        (theta - eta) / spread.
    inverse_spread : ndarray, shape (patterns,)
        exp(-zeta).
    below, above : ndarray, shape (patterns, categories - 1)
        Probabilities under and over each bound.
    probability : ndarray, shape (patterns, categories)
        Rows sum to one.
    """

    bounds: Array
    inverse_spread: Array
    below: Array
    above: Array
    probability: Array

    @property
    def floored(self) -> Array:
        """Probabilities that may be squared and divided by; answers given have more."""
        return np.maximum(self.probability, FLOOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Gradient and curvature of the log-likelihood by the parameters.

    Attributes
    ----------
    gradient : ndarray, shape (params,)
        First derivative.
    information : ndarray, shape (params, params)
        Minus the second derivative.
    """

    gradient: Array
    information: Array


def state(params: Array, model: Relaxed) -> State:
    """Evaluate bounds and probabilities."""
    thresholds, slopes, _ = model.ends
    theta = np.where(model.slot == BELOW, -BEYOND, BEYOND)
    theta = np.where(model.slot >= 0, params[np.maximum(model.slot, 0)], theta)
    eta = model.slopes.times(params[thresholds:slopes])
    inverse = np.exp(-np.append(params[slopes:], 0.0)[model.spread])
    bounds = inverse[:, None] * (theta[model.level] - eta[:, None])
    below, above = ordinal_likelihood.tails(bounds, model.link)
    return State(
        bounds=bounds,
        inverse_spread=inverse,
        below=below,
        above=above,
        probability=_between(bounds, below, above),
    )


def _between(bounds: Array, below: Array, above: Array) -> Array:
    """Return the probabilities between the bounds; over the middle nothing cancels above them."""
    inner = np.where(bounds[:, :-1] > 0, -np.diff(above, axis=1), np.diff(below, axis=1))
    return np.concatenate([below[:, :1], inner, above[:, -1:]], axis=1)


def loglike(at: State, counts: Array) -> float:
    """Return the log-likelihood; minus infinity where an answer given has no probability."""
    known = np.where(counts > 0, at.probability, 1.0)
    if not (known > 0).all():
        return -np.inf
    return float((counts * np.log(known)).sum())


def density(at: State, model: Relaxed) -> Array:
    """Return the density of the latent answer at the bounds."""
    if model.link == "logit":
        return at.below * at.above
    return ordinal_likelihood.boundary_density(at.bounds, model.link)


def curve(at: State, model: Relaxed, counts: Array) -> Curve:
    """Return gradient and information, exact.

    Parameters
    ----------
    at : State
        Of the parameters.
    model : Relaxed
        Which parameters each pattern uses.
    counts : ndarray, shape (patterns, categories)
        Sums of (scaled) weights.

    Returns
    -------
    Curve
    """
    dense = density(at, model)
    bend = at.above - at.below if model.link == "logit" else -at.bounds  # derivative of log density
    by_bound = -dense * np.diff(counts / at.floored, axis=1)
    own, beside = _squared_scores(dense, at.floored, counts)
    return Curve(
        gradient=_gradient(by_bound, at, model),
        information=-_collected(bend * by_bound - own, -beside, at, model, by_bound),
    )


def meat(at: State, model: Relaxed, squares: Array) -> Array:
    """Return the sum of squared weight times outer product of scores: the sandwich's middle.

    Parameters
    ----------
    at, model
        As for :func:`curve`.
    squares : ndarray, shape (patterns, categories)
        Sums of squared (scaled) weights.

    Returns
    -------
    ndarray, shape (params, params)
    """
    own, beside = _squared_scores(density(at, model), at.floored, squares)
    return _collected(own, beside, at, model, np.zeros_like(own))


def _squared_scores(dense: Array, floored: Array, weights: Array) -> tuple[Array, Array]:
    """Return diagonal and neighbours of the weighted squared scores by the bounds."""
    ratio = weights / (floored * floored)
    own = dense * dense * (ratio[:, :-1] + ratio[:, 1:])
    return own, -dense[:, :-1] * dense[:, 1:] * ratio[:, 1:-1]


def _gradient(by_bound: Array, at: State, model: Relaxed) -> Array:
    thresholds, slopes, end = model.ends
    total = np.zeros(end)
    scaled = at.inverse_spread[:, None] * by_bound
    sums = rows_by_code(model.level, scaled, model.slot.shape[0])
    free = model.slot >= 0
    np.add.at(total, model.slot[free], sums[free])
    total[thresholds:slopes] = -model.slopes.sums(scaled.sum(axis=1))
    of_spread = -(by_bound * at.bounds).sum(axis=1)
    total[slopes:] = by_code(model.spread, of_spread, model.n_spread + 1)[:-1]
    return total


def _collected(own: Array, beside: Array, at: State, model: Relaxed, by_bound: Array) -> Array:
    """Collect tridiagonal matrices by the bounds into one by the parameters.

    ``by_bound`` adds what comes of the bounds not being linear in the log spreads.
    """
    thresholds, slopes, end = model.ends
    total = np.zeros((end, end))
    square = at.inverse_spread**2
    _add_thresholds(total, square[:, None] * own, square[:, None] * beside, model)
    rows = own.copy()
    rows[:, :-1] += beside
    rows[:, 1:] += beside
    total[thresholds:slopes, thresholds:slopes] = model.slopes.gram(square * rows.sum(axis=1))
    level, cut = np.nonzero(model.slot >= 0)
    mixed = _by_level(-square[:, None] * rows, model)[level, :, cut]
    np.add.at(total[:, thresholds:slopes], model.slot[level, cut], mixed)
    if model.n_spread:
        _add_spread(total, _times(own, beside, at.bounds) + by_bound, at, model)
    total[:slopes, slopes:] = total[slopes:, :slopes].T
    total[thresholds:slopes, :thresholds] = total[:thresholds, thresholds:slopes].T
    return total


def _times(own: Array, beside: Array, vectors: Array) -> Array:
    """Return each pattern's tridiagonal matrix times its vector."""
    product = own * vectors
    product[:, :-1] += beside * vectors[:, 1:]
    product[:, 1:] += beside * vectors[:, :-1]
    return product


def _by_level(values: Array, model: Relaxed) -> Array:
    """Return sums of the rows by level and slope, shape (levels, slopes, columns)."""
    levels, columns = model.slot.shape[0], values.shape[1]
    slopes, parts = model.slopes, []
    for code, width, own in zip(slopes.codes, slopes.widths, slopes.factors, strict=True):
        key = model.level * (width + 1) + code
        table = values if own is None else values * own[:, None]
        sums = rows_by_code(key, table, levels * (width + 1))
        parts.append(sums.reshape(levels, width + 1, columns)[:, :-1])
    return np.concatenate([np.zeros((levels, 0, columns)), *parts], axis=1)


def _add_thresholds(total: Array, own: Array, beside: Array, model: Relaxed) -> None:
    n_levels, slot = model.slot.shape[0], model.slot
    diagonal = rows_by_code(model.level, own, n_levels)
    np.add.at(total, (slot[slot >= 0],) * 2, diagonal[slot >= 0])
    if slot.shape[1] < 2:
        return
    neighbours = rows_by_code(model.level, beside, n_levels)
    both = (slot[:, :-1] >= 0) & (slot[:, 1:] >= 0)
    left, right = slot[:, :-1][both], slot[:, 1:][both]
    np.add.at(total, (left, right), neighbours[both])
    np.add.at(total, (right, left), neighbours[both])


def _add_spread(total: Array, pull: Array, at: State, model: Relaxed) -> None:
    """Add the rows of the log spreads."""
    thresholds, slopes, _ = model.ends
    groups = model.n_spread + 1
    n_levels, cuts = model.slot.shape
    scaled = at.inverse_spread[:, None] * pull
    sums = rows_by_code(model.level * groups + model.spread, -scaled, n_levels * groups)
    sums = sums.reshape(n_levels, groups, cuts)[:, :-1]
    level, cut = np.nonzero(model.slot >= 0)
    np.add.at(total[slopes:].T, model.slot[level, cut], sums[level, :, cut])
    by_slope = model.slopes.group_sums(scaled.sum(axis=1), model.spread, groups)
    total[slopes:, thresholds:slopes] = by_slope[:-1]
    own = by_code(model.spread, (pull * at.bounds).sum(axis=1), groups)[:-1]
    total[slopes:, slopes:] = np.diag(own)

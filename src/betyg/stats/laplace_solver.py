"""Maximum of the Laplace likelihood, and the curvature there.

Start: Newton in thresholds, slopes and effects together, standard deviations by
the fixed point of Schall (1991). From there quasi-Newton with the exact
gradient takes a few steps, because the metric is nearly right already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from betyg.errors import ConvergenceError
from betyg.stats import laplace, ordinal_likelihood, quasi_newton
from betyg.stats.laplace import Mode, Problem
from betyg.stats.quasi_newton import Point

__all__ = ["Curvature", "Optimum", "curvature", "maximise"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

START_SD = {"logit": 0.5, "probit": 0.3}
ROUNDS = 5  # of the fixed point
FLAT = 1e-3  # least curvature by a standard deviation: keeps the first metric definite
SMALL_SD = 0.02  # below this a standard deviation is tried at zero
NO_LOSS = 1e-7  # log-likelihood that zero may cost and still be the maximum, to rounding
DIFFERENCE = 1e-3  # of a standard error; the error of the central difference is its square


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The maximum.

    Attributes
    ----------
    mode : Mode
        Parameters and effects; standard deviations are not negative.
    loglike : float
        Laplace approximation.
    estimated : ndarray of bool, shape (params,)
        False for a standard deviation that is zero: the likelihood falls from there on.
    """

    mode: Mode
    loglike: float
    estimated: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Curvature:
    """What the estimates know.

    Attributes
    ----------
    covariance : ndarray, shape (params, params)
        Inverse of minus the Hessian of the Laplace likelihood; zero for singular terms.
    sensitivity : ndarray, shape (effects, params)
        How the mode of the effects follows the parameters.
    """

    covariance: Array
    sensitivity: Array


def maximise(problem: Problem) -> Optimum:
    """Return the maximum of the Laplace likelihood.

    Raises
    ------
    ConvergenceError
        If it is not reached.
    """

    def evaluate(params: Array, last: Mode) -> Point[Mode] | None:
        found = laplace.mode(problem, params, last.b)
        return None if found is None else _point(problem, found)

    start = laplace.mode(problem, *_start(problem))
    if start is None:
        raise ConvergenceError(
            "mixed model: the answers have no probability at the starting values. Merge "
            "categories that hardly anybody used."
        )
    best = quasi_newton.maximise(
        evaluate, _point(problem, start), lambda point: _metric(problem, point)
    )
    return _at_boundary(problem, best)


def _point(problem: Problem, found: Mode) -> Point[Mode]:
    return Point(
        params=found.params,
        value=laplace.loglike(found),
        gradient=laplace.gradient(problem, found),
        state=found,
    )


def _start(problem: Problem) -> tuple[Array, Array]:
    """Return parameters and effects near the maximum."""
    sizes = problem.random.sizes
    params = np.concatenate(
        [
            ordinal_likelihood.start_thresholds(problem.counts, problem.link),
            np.zeros(problem.slopes),
            np.full(sizes.size, START_SD[problem.link]),
        ]
    )
    here = laplace.at_effects(problem, params, np.zeros(int(sizes.sum())))
    for _ in range(ROUNDS):
        if here is None:
            break
        here = laplace.joint_step(problem, here)
        spread = problem.random.by_term(here.b**2)
        used = np.maximum(sizes - here.factor.inverse_traces(), np.finfo(float).tiny)
        theta, beta, sd = problem.parts(here.params)
        changed = sd * np.sqrt(np.clip(spread / used, 0.01, 100.0))
        params = np.concatenate([theta, beta, changed])
        here = laplace.at_effects(problem, params, here.b * np.repeat(sd / changed, sizes))
    return params, np.zeros(int(sizes.sum())) if here is None else here.b


def _metric(problem: Problem, point: Point[Mode]) -> Array:
    """Guess minus the Hessian: the effects eliminated, terms apart."""
    fixed = laplace.fixed_information(problem, point.state)
    sd = problem.parts(point.params)[2]
    free = problem.random.sizes - point.state.factor.inverse_traces()
    towards_zero = -point.gradient[fixed.shape[0] :] / np.where(sd == 0.0, 1.0, sd)
    own = 2.0 * free**2 / (problem.random.sizes * np.where(sd == 0.0, 1.0, sd) ** 2)
    total = np.zeros((point.params.size,) * 2)
    total[: fixed.shape[0], : fixed.shape[0]] = fixed
    rest = np.arange(fixed.shape[0], point.params.size)
    total[rest, rest] = own + np.maximum(towards_zero, 0.0) + FLAT
    return total


def _at_boundary(problem: Problem, best: Point[Mode]) -> Optimum:
    """Put standard deviations that gain nothing at exactly zero; make the others positive."""
    first = problem.cuts + problem.slopes
    params, here = best.params.copy(), best.state
    params[first:] = np.abs(params[first:])
    b = here.b * np.sign(here.factor.scale)
    here = _mode_at(problem, params, b)
    estimated = np.ones(params.size, dtype=np.bool_)
    for j in np.flatnonzero(params[first:] < SMALL_SD) + first:
        trial = here.params.copy()
        trial[j] = 0.0
        without = _mode_at(problem, trial, here.b)
        if laplace.loglike(without) >= best.value - NO_LOSS:
            here, estimated[j] = without, False
    return Optimum(mode=here, loglike=laplace.loglike(here), estimated=estimated)


def _mode_at(problem: Problem, params: Array, b: Array) -> Mode:
    return _found(laplace.mode(problem, params, b))


def _found(mode: Mode | None) -> Mode:
    if mode is None:
        raise ConvergenceError(
            "mixed model: an answer that was given has no probability beside the maximum. Merge "
            "categories that hardly anybody used."
        )
    return mode


def curvature(problem: Problem, optimum: Optimum) -> Curvature:
    """Return the covariance of the parameters and how the effects follow them.

    The exact gradient is differenced centrally, a thousandth of a standard error each way.

    Raises
    ------
    ConvergenceError
        If the likelihood is not curved downwards: there is no standard error.
    """
    here = optimum.mode
    directions = _directions(problem, optimum)
    turn = laplace.follow(problem, here)
    curved = np.empty((directions.shape[1],) * 2)
    for i, direction in enumerate(directions.T):
        above, below = (
            _moved(problem, here, step * direction, turn) for step in (DIFFERENCE, -DIFFERENCE)
        )
        change = laplace.gradient(problem, below) - laplace.gradient(problem, above)
        curved[i] = change @ directions / (2.0 * DIFFERENCE)
    covariance = directions @ _inverse((curved + curved.T) / 2.0) @ directions.T
    sensitivity = here.factor.scale[:, None] * turn
    term = np.repeat(np.arange(problem.random.sizes.size), problem.random.sizes)
    sensitivity[np.arange(here.b.size), problem.cuts + problem.slopes + term] += here.b
    return Curvature(covariance=covariance, sensitivity=sensitivity)


def _directions(problem: Problem, optimum: Optimum) -> Array:
    """Return directions in which the estimates are uncorrelated with variance one, nearly.

    Differences along them are well scaled even where a rare category's
    thresholds all but coincide. Singular terms do not move.
    """
    estimated = np.flatnonzero(optimum.estimated)
    metric = _metric(problem, _point(problem, optimum.mode))[np.ix_(estimated, estimated)]
    directions = np.zeros((optimum.mode.params.size, estimated.size))
    directions[estimated] = linalg.solve_triangular(
        _cholesky(metric), np.eye(estimated.size), lower=True
    ).T
    return directions


def _moved(problem: Problem, here: Mode, move: Array, turn: Array) -> Mode:
    """Return the effects with the parameters moved, where their derivative says they go.

    The mode itself lies off by the square of the step, on the same side for a
    step up and a step down: a central difference does not see it.
    """
    return _found(laplace.at_effects(problem, here.params + move, here.b + turn @ move))


def _inverse(information: Array) -> Array:
    """Invert what should be near the unit matrix."""
    _cholesky(information)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _cholesky(information: Array) -> Array:
    try:
        return np.asarray(np.linalg.cholesky(information), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(
            "mixed model: the likelihood does not fall in every direction from its maximum, so "
            "there are no standard errors. Leave out the random term with fewest levels, or merge "
            "levels whose answers are all alike."
        ) from error

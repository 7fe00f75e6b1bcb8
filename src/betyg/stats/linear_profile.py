"""Profiled likelihood of a linear mixed model on cells, with its exact gradient.

Only the relative standard deviations (random term over residual) are searched:
fixed effects, random effects and residual variance follow from them. Answers
enter by the number, mean and spread of each covariate pattern, so the cost is
free of their number.

References
----------
Bates, Maechler, Bolker & Walker (2015), J. Stat. Software 67(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from betyg.stats import quasi_newton
from betyg.stats.crossed import Crossed, Factor
from betyg.stats.patterns import Patterns
from betyg.stats.quasi_newton import Point

__all__ = ["Data", "Method", "Solution", "maximise", "solve"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Method = Literal["reml", "ml"]

START = 0.5  # relative standard deviation
ROUNDS = 3  # of the fixed point of Schall (1991)
MOST = 1e5  # relative standard deviation; beyond this no residual is left
FLAT = 1e-3  # least curvature: keeps the first metric definite
SMALL = 0.01  # below this a relative standard deviation is tried at zero
NO_LOSS = 1e-7  # log-likelihood that zero may cost and still be the maximum, to rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Answers by covariate pattern.

    Attributes
    ----------
    weight, mean : ndarray, shape (patterns,)
        Number of answers (or scaled sum of weights) and their mean.
    within : float
        Sum of squares within the patterns.
    fixed : Patterns
        Dummy columns; the constant comes before them.
    random : Crossed
        Random intercepts.
    method : {"reml", "ml"}
        Criterion.
    gram : ndarray, shape (fixed, fixed)
        X'NX.
    mixed : ndarray, shape (effects, fixed + 1)
        Z'N [X, y].
    """

    weight: Array
    mean: Array
    within: float
    fixed: Patterns
    random: Crossed
    method: Method
    gram: Array
    mixed: Array

    @property
    def df(self) -> float:
        """Answers, less the fixed effects for REML."""
        return float(self.weight.sum()) - (self.gram.shape[0] if self.method == "reml" else 0)

    def times(self, beta: Array) -> Array:
        """Return X @ beta by pattern."""
        return np.asarray(beta[0] + self.fixed.times(beta[1:]))

    def sums(self, values: Array) -> Array:
        """Return X' @ values."""
        return np.concatenate([[values.sum()], self.fixed.sums(values)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Everything that follows from the relative standard deviations.

    Attributes
    ----------
    relative : ndarray, shape (terms,)
        Standard deviations over that of the residual.
    beta : ndarray
        Constant and slopes.
    b : ndarray, shape (effects,)
        Random effects over their relative standard deviation.
    residual : ndarray, shape (patterns,)
        Sum of residuals.
    sigma2 : float
        Residual variance.
    factor : Factor
        I + S Z'NZ S with S the relative standard deviations.
    spread : ndarray, shape (effects, fixed)
        Its inverse times S Z'NX.
    inverse : ndarray, shape (fixed, fixed)
        Covariance of ``beta`` over ``sigma2``.
    loglike : float
        Profiled criterion.
    """

    relative: Array
    beta: Array
    b: Array
    residual: Array
    sigma2: float
    factor: Factor
    spread: Array
    inverse: Array
    loglike: float


def solve(data: Data, relative: Array) -> Solution:
    """Solve for fixed and random effects at given relative standard deviations."""
    factor = data.random.factor(data.weight, relative)
    cross = factor.scale[:, None] * data.mixed
    solved = factor.solve(cross)
    whole = data.gram - cross[:, :-1].T @ solved[:, :-1]
    inverse = np.asarray(np.linalg.inv(whole), dtype=np.float64)
    beta = inverse @ (data.sums(data.weight * data.mean) - cross[:, :-1].T @ solved[:, -1])
    b = solved[:, -1] - solved[:, :-1] @ beta
    gap = data.mean - data.times(beta) - data.random.patterns.times(factor.scale * b)
    residual = data.weight * gap
    squares = data.within + float(residual @ gap) + float(b @ b)
    deviance = factor.logdet + data.df * (1.0 + np.log(2.0 * np.pi * squares / data.df))
    if data.method == "reml":
        deviance += float(np.linalg.slogdet(whole)[1])
    return Solution(
        relative=relative,
        beta=beta,
        b=b,
        residual=residual,
        sigma2=squares / data.df,
        factor=factor,
        spread=solved[:, :-1],
        inverse=inverse,
        loglike=-0.5 * float(deviance),
    )


def gradient(data: Data, here: Solution, traces: Array) -> Array:
    """Return the exact gradient of the criterion by the relative standard deviations."""
    random = data.random
    used = random.sizes - traces
    if data.method == "reml":
        used = used - random.by_term(((here.spread @ here.inverse) * here.spread).sum(axis=1))
    zero = here.relative == 0.0
    shrink = np.where(zero, 0.0, used / np.where(zero, 1.0, here.relative))
    pull = random.by_term(here.b * random.patterns.sums(here.residual)) / here.sigma2
    return np.asarray(pull - shrink)


def maximise(data: Data) -> tuple[Solution, Flags]:
    """Return the solution at the maximum, and which terms have a variance above zero.

    Raises
    ------
    ConvergenceError
        If the maximum is not reached.
    """
    here = solve(data, np.full(data.random.sizes.size, START))
    for _ in range(ROUNDS):
        used = np.maximum(data.random.sizes - here.factor.inverse_traces(), np.finfo(float).tiny)
        ratio = data.random.by_term(here.b**2) / (here.sigma2 * used)
        here = solve(data, here.relative * np.sqrt(np.clip(ratio, 0.01, 100.0)))

    def evaluate(
        relative: Array, _: tuple[Solution, Array]
    ) -> Point[tuple[Solution, Array]] | None:
        if np.abs(relative).max() > MOST:
            return None
        return _point(data, solve(data, relative))

    best = quasi_newton.maximise(evaluate, _point(data, here), lambda at: _metric(data, at))
    return _at_boundary(data, best.state[0])


def _point(data: Data, found: Solution) -> Point[tuple[Solution, Array]]:
    traces = found.factor.inverse_traces()
    return Point(
        params=found.relative,
        value=found.loglike,
        gradient=gradient(data, found, traces),
        state=(found, traces),
    )


def _metric(data: Data, point: Point[tuple[Solution, Array]]) -> Array:
    """Guess minus the Hessian, terms apart."""
    sd = np.where(point.params == 0.0, 1.0, point.params)
    used = data.random.sizes - point.state[1]
    own = 2.0 * used**2 / (data.random.sizes * sd**2)
    return np.diag(own + np.maximum(-point.gradient / sd, 0.0) + FLAT)


def _at_boundary(data: Data, best: Solution) -> tuple[Solution, Flags]:
    """Put standard deviations that gain nothing at exactly zero; make the others positive."""
    here = solve(data, np.abs(best.relative))
    estimated = np.ones(here.relative.size, dtype=np.bool_)
    for j in np.flatnonzero(here.relative < SMALL):
        trial = here.relative.copy()
        trial[j] = 0.0
        without = solve(data, trial)
        if without.loglike >= best.loglike - NO_LOSS:
            here, estimated[j] = without, False
    return here, estimated

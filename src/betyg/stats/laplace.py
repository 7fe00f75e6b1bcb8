"""Laplace approximation of a cumulative link mixed model, with its exact gradient.

Effects are u = sd * b with b standard normal, so a term whose standard
deviation goes to zero meets no singular matrix: the objective is smooth and
even in ``sd``. For given (thresholds, slopes, sd) the mode of b is found by
Newton's method; the gradient follows the mode as the parameters move.

References
----------
Kristensen, Nielsen, Berg, Skaug & Bell (2016), J. Stat. Software 70(5);
Christensen (2019), Cumulative link models for ordinal regression with the R package ordinal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ConvergenceError
from betyg.stats import ordinal_likelihood, ordinal_solver, ordinal_third
from betyg.stats.crossed import Crossed, Factor
from betyg.stats.ordinal_likelihood import Derivatives, Link
from betyg.stats.patterns import Patterns

__all__ = [
    "Mode",
    "Problem",
    "fixed_information",
    "follow",
    "gradient",
    "joint_step",
    "loglike",
    "mode",
]

Array = NDArray[np.float64]

MAX_STEPS = 60
MAX_HALVINGS = 40
DECREMENT = 1e-8  # of the penalised log-likelihood; the step still taken squares what is left
SLACK = 1e-12  # relative; below this a loss of likelihood is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Data of a mixed model.

    Attributes
    ----------
    counts : ndarray, shape (patterns, categories)
        Answers, or scaled sums of weights.
    fixed : Patterns
        Dummy columns.
    random : Crossed
        Random intercepts.
    link : {"logit", "probit"}
        Distribution of the latent answer.
    """

    counts: Array
    fixed: Patterns
    random: Crossed
    link: Link

    @property
    def cuts(self) -> int:
        """Number of thresholds."""
        return int(self.counts.shape[1]) - 1

    @property
    def slopes(self) -> int:
        """Number of fixed dummy columns."""
        return self.fixed.offsets[-1]

    def parts(self, params: Array) -> tuple[Array, Array, Array]:
        """Split (thresholds, slopes, sd)."""
        cuts, end = self.cuts, self.cuts + self.slopes
        return params[:cuts], params[cuts:end], params[end:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """The most likely standardised effects at given parameters.

    Attributes
    ----------
    params : ndarray
        Thresholds, slopes, standard deviations.
    b : ndarray, shape (effects,)
        Standardised effects.
    eta : ndarray, shape (patterns,)
        Linear predictor with the effects.
    at : Derivatives
        Likelihood and derivatives at ``eta``.
    factor : Factor
        Factored curvature by ``b``.
    """

    params: Array
    b: Array
    eta: Array
    at: Derivatives
    factor: Factor

    @property
    def effects(self) -> Array:
        """Effects on the latent scale."""
        return self.factor.scale * self.b

    @property
    def penalised(self) -> float:
        """Log-likelihood given the effects, plus their log density up to a constant."""
        return self.at.loglike - 0.5 * float(self.b @ self.b)


def at_effects(problem: Problem, params: Array, b: Array) -> Mode | None:
    """Evaluate likelihood and curvature at ``b``; None where an answer given is impossible."""
    theta, beta, sd = problem.parts(params)
    if not (np.diff(theta) > 0).all():
        return None
    scale = np.repeat(sd, problem.random.sizes)
    eta = problem.fixed.times(beta) + problem.random.patterns.times(scale * b)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at = ordinal_likelihood.derivatives(theta, eta, problem.counts, problem.link)
    if not (np.isfinite(at.loglike) and np.isfinite(at.h_eta).all()):
        return None
    factor = problem.random.factor(np.maximum(-at.h_eta, 0.0), sd)
    return Mode(params=params, b=b, eta=eta, at=at, factor=factor)


def _slope(problem: Problem, here: Mode) -> Array:
    """Return the gradient of the penalised log-likelihood by ``b``."""
    return here.factor.scale * problem.random.patterns.sums(here.at.d_eta) - here.b


def mode(problem: Problem, params: Array, start: Array) -> Mode | None:
    """Return the mode of the effects; None where ``params`` are no parameters.

    Raises
    ------
    ConvergenceError
        If Newton's method does not end; the objective is concave, so this means overflow.
    """
    here = at_effects(problem, params, start)
    if here is None:
        here = at_effects(problem, params, np.zeros_like(start))
    if here is None:
        return None
    for _ in range(MAX_STEPS):
        slope = _slope(problem, here)
        step = here.factor.solve(slope)
        decrement = float(slope @ step)
        here = _advance(problem, here, (params, params), step)
        if decrement < DECREMENT:
            return here
    raise ConvergenceError(
        "mixed model: the random effects did not settle. Check that the counts of answers are of "
        "sensible size, or take fewer random terms."
    )


def _advance(problem: Problem, here: Mode, params: tuple[Array, Array], step: Array) -> Mode:
    """Take the longest of step, step / 2, ... that does not lose likelihood."""
    move = params[1] - params[0]
    least = here.penalised - SLACK * abs(here.penalised)
    for _ in range(MAX_HALVINGS):
        trial = at_effects(problem, params[0] + move, here.b + step)
        if trial is not None and trial.penalised >= least:
            return trial
        step, move = step / 2.0, move / 2.0
    raise ConvergenceError(
        "mixed model: no step raises the likelihood of the random effects. Check that the answers "
        "are ordered categories and that the counts are of sensible size."
    )


def loglike(here: Mode) -> float:
    """Return the Laplace approximation of the log-likelihood."""
    return here.penalised - 0.5 * here.factor.logdet


def gradient(problem: Problem, here: Mode) -> Array:
    """Return the exact gradient of ``loglike`` by (thresholds, slopes, sd).

    The determinant changes with the parameters directly, through the third
    derivatives of the likelihood, and through the mode.
    """
    theta, _, sd = problem.parts(here.params)
    at, random = here.at, problem.random
    leverage, traces = here.factor.leverage_and_traces()
    by_cut = ordinal_third.curvature_slopes(theta, here.eta, problem.counts, problem.link)
    by_cut *= 0.5 * leverage[:, None]
    bend = -by_cut.sum(axis=1)
    pull = here.factor.solve(here.factor.scale * random.patterns.sums(bend))
    shift = random.patterns.times(here.factor.scale * pull)
    by_eta = at.d_eta + bend + at.h_eta * shift
    slopes = random.patterns.sums(at.d_eta)
    by_sd = random.by_term(here.b * random.patterns.sums(by_eta) + pull * slopes)
    return np.concatenate(
        [
            at.d_theta + by_cut.sum(axis=0) + shift @ at.h_cross,
            problem.fixed.sums(by_eta),
            by_sd - _shrinkage(here, traces),
        ]
    )


def _shrinkage(here: Mode, traces: Array) -> Array:
    """Return half the derivative of log det A by each sd, at fixed curvature.

    This is trace(I - A^-1) / sd within the term, and zero where sd is zero.
    """
    random = here.factor.crossed
    sd = here.factor.scale[np.asarray(random.patterns.offsets[:-1])]
    own = random.sizes - traces
    return np.where(sd == 0.0, 0.0, own / np.where(sd == 0.0, 1.0, sd))


def _mixed_curvature(problem: Problem, here: Mode) -> Array:
    """Return minus the derivative of the slope by ``b`` by (thresholds, slopes)."""
    effects = problem.random.patterns
    blocks = [
        problem.fixed.group_sums(here.at.h_eta, code, width)
        for code, width in zip(effects.codes, effects.widths, strict=True)
    ]
    both = np.concatenate([effects.sums(here.at.h_cross), np.concatenate(blocks)], axis=1)
    return np.asarray(-here.factor.scale[:, None] * both)


def follow(problem: Problem, here: Mode) -> Array:
    """Return the derivative of the standardised mode by the parameters.

    Returns
    -------
    ndarray, shape (effects, thresholds + slopes + sds)
    """
    random, scale = problem.random.patterns, here.factor.scale
    slopes = random.sums(here.at.d_eta)
    by_sd = []
    for a, b in zip(random.offsets[:-1], random.offsets[1:], strict=True):
        own = np.zeros_like(here.b)
        own[a:b] = here.b[a:b]
        turn = scale * random.sums(here.at.h_eta * random.times(own))
        turn[a:b] += slopes[a:b]
        by_sd.append(turn)
    pull = np.concatenate([-_mixed_curvature(problem, here), np.stack(by_sd, axis=1)], axis=1)
    return here.factor.solve(pull)


def fixed_information(problem: Problem, here: Mode) -> Array:
    """Return the information on (thresholds, slopes) after the effects are eliminated.

    The determinant's own curvature is left out, so this is a metric for steps, not a result.
    """
    cross = _mixed_curvature(problem, here)
    whole = ordinal_solver.information(here.at, problem.fixed)
    return whole - cross.T @ here.factor.solve(cross)


def joint_step(problem: Problem, here: Mode) -> Mode:
    """Take one Newton step of the penalised log-likelihood in thresholds, slopes and effects."""
    cross = _mixed_curvature(problem, here)
    by_b = _slope(problem, here)
    spread = here.factor.solve(cross)
    whole = ordinal_solver.information(here.at, problem.fixed) - cross.T @ spread
    by_fixed = ordinal_solver.gradient(here.at, problem.fixed) - spread.T @ by_b
    move = ordinal_solver.solve(whole, by_fixed)
    step = here.factor.solve(by_b) - spread @ move
    params = here.params.copy()
    params[: move.size] += move
    return _advance(problem, here, (here.params, params), step)

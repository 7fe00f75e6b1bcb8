"""Newton's method for the fixed part of a cumulative link model.

The log-likelihood of both links is concave in (thresholds, slopes), so full
steps that are halved while they lose likelihood end at the only maximum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ConvergenceError
from betyg.stats import ordinal_likelihood
from betyg.stats.ordinal_likelihood import Derivatives, Link
from betyg.stats.patterns import Patterns

__all__ = ["gradient", "information", "inverse_information", "maximise", "solve"]

Array = NDArray[np.float64]

MAX_ITERATIONS = 60
MAX_HALVINGS = 40
DECREMENT = 1e-10  # log-likelihood (times two) left to gain; the last step squares what is left
LEFT = 1e-18  # the same after the last step, as the steps before it foretell: 1e-9 of an error
NEAR = 1.0  # within this of the top they do
SLACK = 1e-12  # relative; below this a loss of likelihood is rounding


def gradient(at: Derivatives, patterns: Patterns) -> Array:
    """Return the gradient by (thresholds, slopes)."""
    return np.concatenate([at.d_theta, patterns.sums(at.d_eta)])


def information(at: Derivatives, patterns: Patterns) -> Array:
    """Return the observed information: minus the Hessian by (thresholds, slopes)."""
    cuts = at.d_theta.size
    total = np.empty((cuts + sum(patterns.widths),) * 2)
    total[:cuts, :cuts] = -at.h_theta
    total[cuts:, :cuts] = -patterns.sums(at.h_cross)
    total[:cuts, cuts:] = total[cuts:, :cuts].T
    total[cuts:, cuts:] = -patterns.gram(at.h_eta)
    return total


def inverse_information(at: Derivatives, patterns: Patterns) -> Array:
    """Return the covariance of (thresholds, slopes) by maximum likelihood."""
    return np.asarray(np.linalg.inv(information(at, patterns)), dtype=np.float64)


def maximise(counts: Array, patterns: Patterns, link: Link) -> tuple[Array, Derivatives]:
    """Return the maximum of the likelihood and the derivatives there.

    Parameters
    ----------
    counts : ndarray, shape (patterns, categories)
        Answers, or scaled sums of weights; every category used.
    patterns : Patterns
        Coding of the patterns.
    link : {"logit", "probit"}
        Distribution of the latent answer.

    Returns
    -------
    params : ndarray
        Thresholds, then slopes.
    at : Derivatives
        At ``params``.

    Raises
    ------
    ConvergenceError
        If no step gains, or the steps do not end.
    """
    cuts = counts.shape[1] - 1
    params = np.concatenate(
        [ordinal_likelihood.start_thresholds(counts, link), np.zeros(sum(patterns.widths))]
    )
    at = ordinal_likelihood.derivatives(params[:cuts], np.zeros(1), counts, link)
    before = np.inf
    for _ in range(MAX_ITERATIONS):
        score = gradient(at, patterns)
        step = solve(information(at, patterns), score)
        decrement = float(score @ step)
        params, at = _advance(params, step, at.loglike, (counts, patterns, link))
        if decrement < DECREMENT or _is_done(decrement, before):
            return params, at
        before = decrement
    raise ConvergenceError(
        f"model: Newton's method did not end in {MAX_ITERATIONS} steps (largest slope "
        f"{np.abs(params[cuts:]).max(initial=0.0):.1f}). The answers probably separate some "
        "levels: merge small ones, or take fewer terms."
    )


def _is_done(decrement: float, before: float) -> bool:
    """Tell whether the step leaves next to nothing: each squares what is left, times a constant."""
    return before < NEAR and decrement**3 / before**2 < LEFT


def solve(matrix: Array, score: Array) -> Array:
    """Return the Newton step; a singular matrix is a ConvergenceError."""
    try:
        step = np.asarray(np.linalg.solve(matrix, score), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(
            "model: the information matrix became singular. The answers probably separate some "
            "levels: merge small ones, or take fewer terms."
        ) from error
    return step


def _advance(
    params: Array, step: Array, before: float, data: tuple[Array, Patterns, Link]
) -> tuple[Array, Derivatives]:
    """Take the longest of step, step / 2, ... that keeps order and likelihood."""
    counts, patterns, link = data
    cuts = counts.shape[1] - 1
    least = before - SLACK * abs(before)
    for _ in range(MAX_HALVINGS):
        trial = params + step
        if (np.diff(trial[:cuts]) > 0).all():
            eta = patterns.times(trial[cuts:])
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                at = ordinal_likelihood.derivatives(trial[:cuts], eta, counts, link)
            if at.loglike >= least:
                return trial, at
        step = step / 2.0
    raise ConvergenceError(
        "model: no step raises the likelihood. Check that the answers of the item are ordered "
        "categories and that the weights are of sensible size."
    )

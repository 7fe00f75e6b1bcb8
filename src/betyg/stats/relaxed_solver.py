"""Newton's method for cumulative link models that are let off an assumption."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from betyg.errors import ConvergenceError
from betyg.stats import relaxed_likelihood
from betyg.stats.relaxed_likelihood import Curve, Relaxed

__all__ = ["inverse", "maximise"]

Array = NDArray[np.float64]

MAX_ITERATIONS = 60
MAX_HALVINGS = 40
DECREMENT = 1e-10  # log-likelihood (times two) left to gain; the last step squares what is left
SLACK = 1e-12  # relative; below this a loss of likelihood is rounding
# Of the diagonal, where the likelihood is not concave.
DAMPING = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)


def maximise(
    params: Array, model: Relaxed, counts: Array, *, squares: Array | None
) -> tuple[Array, float, Array]:
    """Return parameters, log-likelihood and covariance at the maximum.

    The likelihood need not be concave in the spreads: steps are damped where it is not.

    Parameters
    ----------
    params : ndarray, shape (params,)
        Where to start: free thresholds, slopes, log spreads.
    model : Relaxed
        Which pattern uses which parameter.
    counts : ndarray, shape (patterns, categories)
        Answers, or sums of scaled weights.
    squares : ndarray, shape (patterns, categories), or None
        Sums of squared weights; None where each answer weighs one. With them the covariance is
        the sandwich.

    Raises
    ------
    ConvergenceError
        If the iterations do not end, or the information is singular.
    """
    state = relaxed_likelihood.state(params, model)
    loglike = relaxed_likelihood.loglike(state, counts)
    for _ in range(MAX_ITERATIONS):
        at = relaxed_likelihood.curve(state, model, counts)
        step = _step(at)
        decrement = float(at.gradient @ step)
        if decrement < DECREMENT:
            bread = inverse(at.information)
            if squares is None:
                return params + step, loglike, bread
            meat = relaxed_likelihood.meat(state, model, squares)
            return params + step, loglike, bread @ meat @ bread
        for _ in range(MAX_HALVINGS):
            state = relaxed_likelihood.state(params + step, model)
            trial = relaxed_likelihood.loglike(state, counts)
            if trial >= loglike - SLACK * abs(loglike):
                break
            step = step / 2.0
        else:
            raise ConvergenceError("relaxed model: no step raises the likelihood.")
        params, loglike = params + step, trial
    raise ConvergenceError(
        f"relaxed model: Newton's method did not end in {MAX_ITERATIONS} steps. The answers "
        "probably separate some levels: merge small ones, or take fewer terms."
    )


def inverse(information: Array) -> Array:
    """Return the inverse of a positive definite matrix."""
    return np.asarray(cho_solve(cho_factor(information), np.eye(len(information))), np.float64)


def _step(at: Curve) -> Array:
    """Return Newton's step, damped where the likelihood is not concave."""
    scale = np.abs(at.information.diagonal())
    for damping in DAMPING:
        try:
            factor = cho_factor(at.information + np.diag(damping * scale))
        except LinAlgError:
            continue
        return np.asarray(cho_solve(factor, at.gradient), dtype=np.float64)
    raise ConvergenceError(
        "relaxed model: the information matrix is singular. A level has too few answers for "
        "thresholds of its own: merge it with a neighbour."
    )

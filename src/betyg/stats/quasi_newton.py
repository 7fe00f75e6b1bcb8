"""Maximise a smooth function with an exact gradient and a good first metric (BFGS)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ConvergenceError

__all__ = ["Point", "maximise"]

Array = NDArray[np.float64]
State = TypeVar("State")

MAX_STEPS = 200
MAX_HALVINGS = 30
DECREMENT = 1e-11  # log-likelihood (times two) that the next step promises
ENOUGH = 1e-4  # share of the promised gain that a step must bring
SLACK = 1e-12  # relative; below this a loss is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Generic[State]):
    """A function's value and gradient, and what its evaluation leaves for the next.

    Attributes
    ----------
    params : ndarray
        Where.
    value : float
        Function value.
    gradient : ndarray
        Exact gradient.
    state : object
        Passed on to the next evaluation.
    """

    params: Array
    value: float
    gradient: Array
    state: State


def maximise(
    evaluate: Callable[[Array, State], Point[State] | None],
    start: Point[State],
    metric: Callable[[Point[State]], Array],
) -> Point[State]:
    """Return the maximum reached from ``start``.

    Parameters
    ----------
    evaluate : callable
        Function of parameters and the last state; None where there is no value.
    start : Point
        Where to begin.
    metric : callable
        Positive definite guess of minus the Hessian; asked for again when steps fail.

    Raises
    ------
    ConvergenceError
        If the steps do not end.
    """
    here, inverse = start, _inverse(metric(start))
    fresh = True
    for _ in range(MAX_STEPS):
        step = inverse @ here.gradient
        promise = float(here.gradient @ step)
        if promise < DECREMENT:
            return here
        there = _advance(evaluate, here, step, promise)
        if there is None:
            if fresh:
                break
            inverse, fresh = _inverse(metric(here)), True
            continue
        inverse, fresh = _updated(inverse, here, there), False
        here = there
    raise ConvergenceError(
        f"mixed model: the maximum of the likelihood was not reached in {MAX_STEPS} steps (log-"
        f"likelihood {here.value:.4f}). Leave out the random term with fewest levels, or merge "
        "small levels."
    )


def _advance(
    evaluate: Callable[[Array, State], Point[State] | None],
    here: Point[State],
    step: Array,
    promise: float,
) -> Point[State] | None:
    share = 1.0
    for _ in range(MAX_HALVINGS):
        there = evaluate(here.params + share * step, here.state)
        least = here.value + ENOUGH * share * promise - SLACK * abs(here.value)
        if there is not None and there.value >= least:
            return there
        share /= 2.0
    return None


def _updated(inverse: Array, here: Point[State], there: Point[State]) -> Array:
    """Return the BFGS update, or the old metric where the function curves the wrong way."""
    s, y = there.params - here.params, here.gradient - there.gradient
    curve = float(s @ y)
    if curve <= 0.0:
        return inverse
    left = np.eye(s.size) - np.outer(s, y) / curve
    return np.asarray(left @ inverse @ left.T + np.outer(s, s) / curve, dtype=np.float64)


def _inverse(matrix: Array) -> Array:
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(
            "mixed model: the answers say nothing about one of the parameters. Take fewer terms, "
            "or merge small levels."
        ) from error

"""The outer search of the mixed models."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.errors import ConvergenceError
from betyg.stats import quasi_newton
from betyg.stats.quasi_newton import Point


def search(value, gradient, start, metric=None):
    def evaluate(params, _):
        return Point(
            params=params, value=float(value(params)), gradient=gradient(params), state=None
        )

    at = np.asarray(start, dtype=float)
    guess = np.eye(at.size) if metric is None else metric
    return quasi_newton.maximise(evaluate, evaluate(at, None), lambda _: guess).params


def test_a_curved_valley_is_followed_to_its_end():
    found = search(
        lambda p: -((1 - p[0]) ** 2) - 100 * (p[1] - p[0] ** 2) ** 2,
        lambda p: np.array(
            [2 * (1 - p[0]) + 400 * p[0] * (p[1] - p[0] ** 2), -200 * (p[1] - p[0] ** 2)]
        ),
        [-1.2, 1.0],
        metric=np.array([[800.0, 480.0], [480.0, 300.0]]),
    )
    np.testing.assert_allclose(found, [1.0, 1.0], atol=1e-4)


def test_where_the_function_curves_upwards_it_still_climbs():
    found = search(
        lambda p: -((p[0] ** 2 - 1) ** 2), lambda p: -4 * p * (p**2 - 1), [0.1], metric=np.eye(1)
    )
    np.testing.assert_allclose(found, [1.0], atol=1e-5)


def test_a_function_without_a_maximum_is_refused():
    with pytest.raises(ConvergenceError, match="was not reached in 200 steps"):
        search(lambda p: p[0], lambda p: np.ones(1), [0.0])


def test_a_useless_metric_is_refused():
    with pytest.raises(ConvergenceError, match="say nothing about one of the parameters"):
        search(lambda p: -(p[0] ** 2), lambda p: -2 * p, [1.0], metric=np.zeros((1, 1)))


def test_a_wrong_gradient_does_not_pass_for_a_maximum():
    with pytest.raises(ConvergenceError):
        search(lambda p: -(p[0] ** 2), lambda p: 2 * p, [1.0])

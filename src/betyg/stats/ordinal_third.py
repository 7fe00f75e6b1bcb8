"""Third derivatives of the likelihood of ordered answers, pattern by pattern.

The Laplace approximation holds the second derivatives, so its exact gradient
needs how they change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from betyg.stats.ordinal_likelihood import Link, boundary_density, category_probabilities

__all__ = ["curvature_slopes"]

Array = NDArray[np.float64]


def curvature_slopes(theta: Array, eta: Array, counts: Array, link: Link) -> Array:
    """Return the derivatives of d2 loglike / d eta2 by each threshold.

    Probabilities depend on theta - eta only, so minus the sum over the
    thresholds is the third derivative by ``eta``.

    Parameters
    ----------
    theta : ndarray, shape (categories - 1,)
        Increasing thresholds.
    eta : ndarray, shape (patterns,)
        Linear predictor.
    counts : ndarray, shape (patterns, categories)
        Answers, or scaled sums of weights.
    link : {"logit", "probit"}
        Distribution of the latent answer.

    Returns
    -------
    ndarray, shape (patterns, categories - 1)
    """
    bounds = theta[None, :] - eta[:, None]
    probability = category_probabilities(theta, eta, link)
    safe = np.where(counts > 0, probability, 1.0)
    density = boundary_density(bounds, link)
    slope, bend = _density_derivatives(bounds, density, link)
    edge = np.zeros((eta.size, 1))
    # P of a category is F(above) - F(below); first and second derivative by eta, over P
    first = -np.diff(density, axis=1, prepend=edge, append=edge) / safe
    second = np.diff(slope, axis=1, prepend=edge, append=edge) / safe

    def by_bound(at: slice) -> Array:
        r, s = first[:, at], second[:, at]
        change = bend + 2.0 * r * slope + (2.0 * r * r - s) * density
        return counts[:, at] / safe[:, at] * change

    return by_bound(slice(None, -1)) - by_bound(slice(1, None))


def _density_derivatives(x: Array, density: Array, link: Link) -> tuple[Array, Array]:
    """Return the first and second derivative of the density."""
    if link == "logit":
        return density * (1.0 - 2.0 * expit(x)), density * (1.0 - 6.0 * density)
    return -x * density, (x * x - 1.0) * density

"""Third derivatives of the likelihood of ordered answers, pattern by pattern.

The Laplace approximation holds the second derivatives, so its exact gradient
needs how they change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.stats.ordinal_likelihood import Link, boundaries

__all__ = ["curvature_slopes"]

Array = NDArray[np.float64]


def curvature_slopes(theta: Array, eta: Array, counts: Array, link: Link) -> Array:
    """Return the derivatives of d2 loglike / d eta2 by each threshold.

    Probabilities depend on theta - eta only, so minus the sum over the
    thresholds is the third derivative by ``eta``.

    Parameters are those of ``ordinal_likelihood.derivatives``.

    Returns
    -------
    ndarray, shape (patterns, categories - 1)
    """
    bounds, probability, density, slope = boundaries(theta, eta, link)
    safe = np.where(counts > 0, probability, 1.0)
    curved = 1.0 - 6.0 * density if link == "logit" else bounds * bounds - 1.0
    bend = density * curved
    edge = np.zeros((eta.size, 1))
    # P of a category is F(above) - F(below); first and second derivative by eta, over P
    first = -np.diff(density, axis=1, prepend=edge, append=edge) / safe
    second = np.diff(slope, axis=1, prepend=edge, append=edge) / safe

    def by_bound(at: slice) -> Array:
        r, s = first[:, at], second[:, at]
        change = bend + 2.0 * r * slope + (2.0 * r * r - s) * density
        return counts[:, at] / safe[:, at] * change

    return by_bound(slice(None, -1)) - by_bound(slice(1, None))

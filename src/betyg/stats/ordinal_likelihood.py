"""Likelihood of ordered answers and its exact derivatives, pattern by pattern.

Everything here is a function of the thresholds ``theta`` and of one linear
predictor ``eta`` for each covariate pattern. It knows nothing of where ``eta``
comes from, so fixed and random effects can share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = [
    "Derivatives",
    "Link",
    "boundaries",
    "boundary_density",
    "category_probabilities",
    "derivatives",
    "probabilities",
    "score_weights",
    "start_thresholds",
    "tails",
]

Array = NDArray[np.float64]
Link = Literal["logit", "probit"]

_ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivatives:
    """Log-likelihood with its first and second derivatives.

    Attributes
    ----------
    loglike : float
        Sum over patterns and categories of count times log probability.
    d_eta : ndarray, shape (patterns,)
        First derivative by the linear predictor of each pattern.
    d_theta : ndarray, shape (categories - 1,)
        First derivative by the thresholds.
    h_eta : ndarray, shape (patterns,)
        Second derivative by the linear predictor; never positive.
    h_cross : ndarray, shape (patterns, categories - 1)
        Mixed derivative by linear predictor and threshold.
    h_theta : ndarray, shape (categories - 1, categories - 1)
        Second derivative by the thresholds, tridiagonal.
    """

    loglike: float
    d_eta: Array
    d_theta: Array
    h_eta: Array
    h_cross: Array
    h_theta: Array


def tails(x: Array, link: Link) -> tuple[Array, Array]:
    """Return the probabilities of a latent answer below x and above it, each exact when small."""
    if link == "probit":
        return ndtr(x), ndtr(-x)
    with np.errstate(over="ignore"):  # beyond any float the tail is zero
        return 1.0 / (1.0 + np.exp(-x)), 1.0 / (1.0 + np.exp(x))


def boundary_density(x: Array, link: Link) -> Array:
    """Return the density of the latent answer."""
    if link == "logit":
        below, above = tails(x, link)
        return np.asarray(below * above)
    return np.asarray(np.exp(-0.5 * x * x) / _ROOT_TWO_PI)


def category_probabilities(theta: Array, eta: Array, link: Link) -> Array:
    """Return the probability of each category for each pattern.

    P(Y <= k) = F(theta[k] - eta): a larger ``eta`` means higher categories.
    Above the middle the difference is taken between upper tails, where nothing cancels.

    Parameters
    ----------
    theta : ndarray, shape (categories - 1,)
        Increasing thresholds.
    eta : ndarray, shape (patterns,)
        Linear predictor.
    link : {"logit", "probit"}
        Distribution of the latent answer.

    Returns
    -------
    ndarray, shape (patterns, categories)
        Rows sum to one.
    """
    bounds = _bounds(theta, eta)
    return _between(bounds, *tails(bounds, link))


def probabilities(theta: Array, eta: Array, link: Link) -> tuple[Array, Array]:
    """Return the probabilities between the bounds theta - eta, and the densities there."""
    bounds = _bounds(theta, eta)
    below, above = tails(bounds, link)
    return _between(bounds, below, above), _density(bounds, below, above, link)


def _density(bounds: Array, below: Array, above: Array, link: Link) -> Array:
    return below * above if link == "logit" else boundary_density(bounds, link)


def _bounds(theta: Array, eta: Array) -> Array:
    """Return theta - eta, shape (patterns, categories - 1), in memory threshold by threshold."""
    return np.subtract.outer(theta, eta).T  # so all that is made of it runs through long columns


def _between(bounds: Array, below: Array, above: Array) -> Array:
    """Return the probabilities between the bounds from those below and above each."""
    probability = np.empty((bounds.shape[1] + 1, bounds.shape[0])).T
    probability[:, 0], probability[:, -1] = below[:, 0], above[:, -1]
    inner = np.subtract(below[:, 1:], below[:, :-1], out=probability[:, 1:-1])
    np.copyto(inner, above[:, :-1] - above[:, 1:], where=bounds[:, :-1] > 0)
    return probability


def score_weights(theta: Array, eta: Array, link: Link) -> tuple[Array, Array]:
    """Return the derivatives of log P(Y = k) by the bounds above and below category k.

    Returns
    -------
    upper, lower : ndarray, shape (patterns, categories)
        By the bound above (0 for the highest category) and by the bound
        below (0 for the lowest). Minus their sum is the derivative by ``eta``.
    """
    probability, density = probabilities(theta, eta, link)
    edge = np.zeros((eta.size, 1))
    upper = np.concatenate([density, edge], axis=1) / probability
    lower = -np.concatenate([edge, density], axis=1) / probability
    return upper, lower


def boundaries(theta: Array, eta: Array, link: Link) -> tuple[Array, Array, Array, Array]:
    """Return bounds theta - eta, probabilities between them, densities there and their slopes.

    Parameters and shapes as for ``derivatives``: what every derivative starts from.
    """
    bounds = _bounds(theta, eta)
    below, above = tails(bounds, link)
    density = _density(bounds, below, above, link)
    slope = density * (above - below) if link == "logit" else -bounds * density
    return bounds, _between(bounds, below, above), density, slope


def derivatives(theta: Array, eta: Array, counts: Array, link: Link) -> Derivatives:
    """Return the log-likelihood with exact first and second derivatives.

    The derivatives are taken by the bounds theta[k] - eta first, where the
    Hessian of a pattern is tridiagonal; sums over the bounds then give those by ``eta``.
    Where an answer given has no probability the log-likelihood is minus infinity, and the
    derivatives mean nothing.

    Parameters
    ----------
    theta : ndarray, shape (categories - 1,)
        Increasing thresholds.
    eta : ndarray, shape (patterns,) or (1,)
        Linear predictor; one of all patterns.
    counts : ndarray, shape (patterns, categories)
        Answers, or scaled sums of weights.
    link : {"logit", "probit"}
        Distribution of the latent answer.

    Returns
    -------
    Derivatives
    """
    _, probability, density, slope = boundaries(theta, eta, link)
    safe = np.where(counts > 0, probability, 1.0)
    ratio = counts / safe
    ratio2 = ratio / safe
    step = ratio[:, :-1] - ratio[:, 1:]
    gradient = density * step
    diagonal = slope * step
    diagonal -= density**2 * (ratio2[:, :-1] + ratio2[:, 1:])
    beside = density[:, :-1] * density[:, 1:] * ratio2[:, 1:-1]
    h_cross = -diagonal
    h_cross[:, :-1] -= beside
    h_cross[:, 1:] -= beside
    neighbours = beside.sum(axis=0)
    return Derivatives(
        loglike=float((counts * np.log(safe)).sum()),
        d_eta=-gradient.sum(axis=1),
        d_theta=gradient.sum(axis=0),
        h_eta=-h_cross.sum(axis=1),
        h_cross=h_cross,
        h_theta=np.diag(diagonal.sum(axis=0)) + np.diag(neighbours, 1) + np.diag(neighbours, -1),
    )


def start_thresholds(counts: Array, link: Link) -> Array:
    """Return the thresholds that fit the pooled answers: the optimum without covariates."""
    share = np.cumsum(counts.sum(axis=0))[:-1] / counts.sum()
    start: Array = ndtri(share) if link == "probit" else np.log(share / (1.0 - share))
    return start

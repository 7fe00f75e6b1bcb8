"""Published means with known sampling errors: places, years, and what is left, by REML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ConvergenceError

__all__ = ["FayHerriot", "fit"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_STEPS = 200
CLOSE = 1e-11  # of a variance: a step that small ends the iterations


@dataclass(frozen=True, slots=True, kw_only=True)
class FayHerriot:
    """The fit of y = x beta + u(place) + v + e, with the variance of e known.

    Attributes
    ----------
    beta : ndarray of float, shape (p,)
        Fixed part.
    covariance : ndarray of float, shape (p, p)
        Of ``beta``, with the variances taken as known.
    variances : ndarray of float, shape (3,)
        Of u, of v where e is known, and of v + e where it is not (NaN where there is none).
    loglike : float
        Restricted log-likelihood.
    shrunken, se : ndarray of float, shape (n,)
        Best linear unbiased prediction of x beta + u + v and its standard error; NaN where the
        variance of e is not known.
    """

    beta: Array
    covariance: Array
    variances: Array
    loglike: float
    shrunken: Array
    se: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """What one set of variances gives: the projection P, X'V^-1X, P y and the likelihood."""

    project: Array
    inverse: Array
    information: Array
    projected: Array
    loglike: float


def fit(y: Array, x: Array, *, place: Codes, known: Array) -> FayHerriot:
    """Fit by Fisher scoring of the restricted likelihood; a variance that falls to zero stays.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Values.
    x : ndarray of float, shape (n, p)
        Columns of the fixed part.
    place : ndarray of int, shape (n,)
        Place of each value.
    known : ndarray of float, shape (n,)
        Variance of e; NaN where nobody told it.

    Returns
    -------
    FayHerriot

    Raises
    ------
    ConvergenceError
        If the steps do not end.

    References
    ----------
    Rao & Molina (2015), Small Area Estimation, ch. 5-6 and 8.3.
    R counterpart: ``metafor::rma.mv(y, known, mods = ~ x, random = list(~ 1 | place, ~ 1 | id))``.
    """
    told = ~np.isnan(known)
    error = np.where(told, known, 0.0)
    shared = (place[:, None] == np.unique(place)).astype(np.float64)
    parts = [told.astype(np.float64), (~told).astype(np.float64)]
    spread = float(np.var(y - x @ np.linalg.lstsq(x, y)[0]))
    variances = np.array([spread / 2.0, *(spread / 2.0 if part.any() else 0.0 for part in parts)])
    solved = _solved(y, x, shared, parts, variances, error)
    for _ in range(MOST_STEPS):
        step = _step(solved, shared, parts, variances)
        for halving in range(40):
            tried = np.maximum(variances + step / 2.0**halving, 0.0)
            reached = _solved(y, x, shared, parts, tried, error)
            if reached.loglike >= solved.loglike - 1e-12 * abs(solved.loglike):
                break
        moved = np.abs(tried - variances).max()
        variances, solved = tried, reached
        if moved <= CLOSE * spread:
            return _finished(y, x, shared, variances, solved, told)
    raise ConvergenceError(
        "published: the variances of the mixed model did not settle in 200 steps. Few places have "
        "several years: leave some years out."
    )


def _solved(
    y: Array, x: Array, shared: Array, parts: list[Array], variances: Array, error: Array
) -> _Solved:
    diagonal = error + sum(v * part for v, part in zip(variances[1:], parts, strict=True))
    floor = 1e-10 * float(np.abs(y).max()) ** 2  # a value known exactly still needs an inverse
    inverse = _inverse(np.maximum(diagonal, floor), shared, float(variances[0]))
    weighted = inverse @ x
    information = x.T @ weighted
    solved = np.linalg.solve(information, weighted.T)
    project = inverse - weighted @ solved
    projected = project @ y
    _, logdet_x = np.linalg.slogdet(information)
    counts = shared.T @ (1.0 / np.maximum(diagonal, floor))
    logdet = np.log(np.maximum(diagonal, floor)).sum() + np.log1p(variances[0] * counts).sum()
    free = y.size - x.shape[1]
    loglike = -0.5 * (free * np.log(2 * np.pi) + logdet + logdet_x + y @ projected)
    return _Solved(
        project=project,
        inverse=inverse,
        information=information,
        projected=projected,
        loglike=float(loglike),
    )


def _inverse(diagonal: Array, shared: Array, between: float) -> Array:
    """Return the inverse of diag + between Z Z', place by place (Sherman and Morrison)."""
    scaled = shared / diagonal[:, None]
    shrink = between / (1.0 + between * scaled.sum(axis=0))
    return np.asarray(np.diag(1.0 / diagonal) - (scaled * shrink) @ scaled.T)


def _step(solved: _Solved, shared: Array, parts: list[Array], variances: Array) -> Array:
    """Return the step of Fisher scoring; variances at zero that would fall are held."""
    project, projected = solved.project, solved.projected
    near = project @ shared
    squares = project**2
    pulled = [
        float(((shared.T @ projected) ** 2).sum()) - float((shared * near).sum()),
        *(float(projected**2 @ part) - float(np.diag(project) @ part) for part in parts),
    ]
    expected = np.zeros((3, 3))
    expected[0, 0] = ((shared.T @ near) ** 2).sum()
    for i, part in enumerate(parts, start=1):
        expected[0, i] = expected[i, 0] = part @ (near**2).sum(axis=1)
        for j, other in enumerate(parts, start=1):
            expected[i, j] = part @ squares @ other
    score = np.array(pulled) / 2.0
    exists = np.array([True, *(part.any() for part in parts)])
    free = np.flatnonzero(exists & ((variances > 0) | (score > 0)))
    step = np.zeros(3)
    step[free] = np.linalg.lstsq(expected[np.ix_(free, free)] / 2.0, score[free], rcond=1e-12)[0]
    return step


def _finished(
    y: Array, x: Array, shared: Array, variances: Array, solved: _Solved, told: NDArray[np.bool_]
) -> FayHerriot:
    covariance = np.asarray(np.linalg.inv(solved.information), dtype=np.float64)
    beta = covariance @ (x.T @ (solved.inverse @ y))
    own = variances[0] * (shared @ shared.T) + np.diag(variances[1] * told)
    pull = own @ solved.inverse
    left = x - pull @ x
    mse = np.diag(own) - np.einsum("ij,ji->i", pull, own)
    mse = mse + np.einsum("ip,pq,iq->i", left, covariance, left)
    shrunken = x @ beta + pull @ (y - x @ beta)
    exists = np.array([True, told.any(), not told.all()])
    return FayHerriot(
        beta=beta,
        covariance=covariance,
        variances=np.where(exists, variances, np.nan),
        loglike=solved.loglike,
        shrunken=np.where(told, shrunken, np.nan),
        se=np.where(told, np.sqrt(np.maximum(mse, 0.0)), np.nan),
    )

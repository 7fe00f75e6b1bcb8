"""The identity that splits a change of means into that of shared cells and composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

__all__ = ["PARTS", "Parts", "split"]

Array = NDArray[np.float64]

PARTS = ("raw", "like_for_like", "mix", "entry", "exit", "composition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A change and its parts; arrays in the order of ``PARTS``, in points.

    raw = like_for_like + mix + entry + exit; composition, the last three together, is what raw
    differs by from like_for_like, and has an error of its own.

    Attributes
    ----------
    estimate, se : ndarray of float, shape (6,)
        Values and standard errors, given the shares.
    low, high : ndarray of float, shape (6,)
        95 % intervals, t with Satterthwaite's degrees of freedom.
    shared : int
        Cells that were measured both times.
    """

    estimate: Array
    se: Array
    low: Array
    high: Array
    shared: int


def split(
    shares: tuple[Array, Array],
    means: tuple[Array, Array],
    *,
    covariances: tuple[Array, Array],
    dfs: tuple[Array, Array],
    across: Array | None = None,
) -> Parts:
    """Split the change of a mean between two times.

    Every part is linear in the cell means once the shares are given. So its variance
    is exact, whatever the covariance of the means.

    Parameters
    ----------
    shares : pair of ndarray, shape (cells,)
        Share of each cell at both times, adding to one; 0 where it was not measured.
    means : pair of ndarray, shape (cells,)
        Mean of each cell; NaN where it was not measured.
    covariances : pair of ndarray, shape (cells, cells)
        Of the means of each time; rows of cells that were not measured are ignored.
    dfs : pair of ndarray, shape (cells,)
        Degrees of freedom of the cells' standard errors.
    across : ndarray, shape (cells, cells), optional
        Covariance of the means before (rows) with those after, where respondents recur.

    Returns
    -------
    Parts
        NaN throughout when no cell (of any size) was measured both times.

    References
    ----------
    Kitagawa (1955), J. Am. Stat. Assoc. 50, 1168-1194.
    """
    present = (~np.isnan(means[0]), ~np.isnan(means[1]))
    both = present[0] & present[1]
    if not (shares[0][both].sum() > 0 and shares[1][both].sum() > 0):
        nothing = np.full(len(PARTS), np.nan)
        return Parts(estimate=nothing, se=nothing, low=nothing, high=nothing, shared=0)
    weights = _weights(shares, both)
    estimate, variance, spread = np.zeros(len(PARTS)), np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for weight, mean, covariance, df, here in zip(
        weights, means, covariances, dfs, present, strict=True
    ):
        own = weight[:, here]
        within = covariance[np.ix_(here, here)]
        estimate += own @ mean[here]
        variance += np.einsum("pi,ij,pj->p", own, within, own)
        spread += _satterthwaite(own, np.diag(within), df[here])
    if across is not None:
        known = np.where(np.outer(*present), across, 0.0)
        variance += 2.0 * np.einsum("pi,ij,pj->p", weights[0], known, weights[1])
        variance = np.maximum(variance, 0.0)
    return _with_intervals(estimate, np.sqrt(variance), variance, spread, int(both.sum()))


def _weights(shares: tuple[Array, Array], both: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the weight of each cell mean in each part, for both times."""
    before, after = shares
    kept = before[both].sum(), after[both].sum()
    p1, p2 = np.where(both, before, 0.0) / kept[0], np.where(both, after, 0.0) / kept[1]
    bar, shift = (p1 + p2) / 2.0, (p2 - p1) / 2.0
    none = np.zeros_like(bar)
    new = np.where(both, 0.0, after) - after[~both].sum() * p2
    gone = -np.where(both, 0.0, before) + before[~both].sum() * p1
    first = np.stack([-before, -bar, shift, none, gone, bar - before])
    second = np.stack([after, bar, shift, new, none, after - bar])
    return first, second


def _satterthwaite(weights: Array, variances: Array, df: Array) -> Array:
    """Return the sum over cells of (weight^2 variance)^2 / df; cells without df are left out."""
    terms = (weights**2 * variances) ** 2 / np.where(df > 0, df, np.inf)
    return np.asarray(terms.sum(axis=1))


def _with_intervals(
    estimate: Array, se: Array, variance: Array, spread: Array, shared: int
) -> Parts:
    df = np.where(spread > 0, variance**2 / np.where(spread > 0, spread, 1.0), np.inf)
    critical = np.where(np.isinf(df), stdtrit(1e9, 0.975), stdtrit(np.minimum(df, 1e9), 0.975))
    half = critical * se
    return Parts(estimate=estimate, se=se, low=estimate - half, high=estimate + half, shared=shared)

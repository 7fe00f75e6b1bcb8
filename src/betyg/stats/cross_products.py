"""Weighted cross products by sampling unit: sums that add up, and their bootstrap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from betyg.stats.design import SurveyDesign
from betyg.stats.sums import rows_by_code

__all__ = ["CrossProducts", "within"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

CONSTANT = 1e-12  # share of the squares below which what varies is rounding
AT_ONCE = 4_000_000  # multiplicities held at a time: 32 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossProducts:
    """What covariances within groups need, summed over the rows of a PSU in a group.

    Attributes
    ----------
    sums : ndarray of float, shape (entries, 1 + q + q (q + 1) / 2)
        Weight; weighted sums of the q columns; of their products, upper triangle by rows.
        Sums of parts of the data are the sums of the whole.
    psu, group : ndarray of int, shape (entries,)
        Codes; each pair once.
    groups : int
        Number of groups.
    columns : int
        q.
    """

    sums: Array
    psu: Codes
    group: Codes
    groups: int
    columns: int

    @property
    def totals(self) -> Array:
        """Sums over each group, shape (groups, sums)."""
        return rows_by_code(self.group, self.sums, self.groups)

    def resampled(
        self, design: SurveyDesign, *, replicates: int, rng: np.random.Generator
    ) -> Array:
        """Draw PSUs anew within strata, and return the totals of each replicate.

        Of n PSUs in a stratum n - 1 are drawn with replacement, and their weights rescaled, so
        that the variance of a total is the design's. PSUs without an entry are drawn
        as well: how many answer is itself a matter of chance. Strata of one PSU are drawn from
        as one stratum; a single one of them stays as it is.

        Parameters
        ----------
        design : SurveyDesign
            The design in which ``psu`` counts.
        replicates : int
            Number of replicates.
        rng : Generator
            Source of the draws.

        Returns
        -------
        ndarray of float, shape (replicates, groups, sums)

        References
        ----------
        Rao, Wu & Yue (1992), Survey Methodology 18, 209-217.
        """
        drawn = np.zeros((replicates, self.groups, self.sums.shape[1]))
        entries = np.argsort(self.psu, kind="stable")
        ordered = self.psu[entries]
        for psus, kept in _strata(design):
            first, last = np.searchsorted(ordered, psus), np.searchsorted(ordered, psus, "right")
            own = np.concatenate([entries[a:b] for a, b in zip(first, last, strict=True)])
            if own.size:
                place = np.repeat(np.arange(psus.size), last - first)
                self._add(drawn, own, place, psus.size, (kept, rng))
        return drawn

    def _add(
        self,
        drawn: Array,
        own: Codes,
        place: Codes,
        size: int,
        chance: tuple[float, np.random.Generator],
    ) -> None:
        """Add what one stratum gives to every replicate."""
        kept, rng = chance
        step = max(AT_ONCE // size, 1)
        for start in range(0, len(drawn), step):
            block = drawn[start : start + step]
            factor = _multiplicities(len(block), size, kept, rng)
            for group in np.unique(self.group[own]):
                mine = self.group[own] == group
                block[:, group] += factor[:, place[mine]] @ self.sums[own[mine]]


def within(totals: Array, columns: int) -> Array:
    """Return the cross products about the mean of each group, added up over the groups.

    Parameters
    ----------
    totals : ndarray of float, shape (..., groups, sums)
        As of :class:`CrossProducts`; a group without weight adds nothing.
    columns : int
        q.

    Returns
    -------
    ndarray of float, shape (..., q, q)
        Zero, not rounding, for a column that does not vary within groups.
    """
    weight = totals[..., 0]
    mean_share = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
    first, second = totals[..., 1 : columns + 1], totals[..., columns + 1 :]
    row, column = np.triu_indices(columns)
    about = second - first[..., row] * first[..., column] * mean_share[..., None]
    found = np.empty((*totals.shape[:-2], columns, columns))
    found[..., row, column] = found[..., column, row] = about.sum(axis=-2)
    squares = second.sum(axis=-2)[..., row == column]
    varies = np.diagonal(found, axis1=-2, axis2=-1) > CONSTANT * squares
    return np.asarray(found * (varies[..., :, None] & varies[..., None, :]), dtype=np.float64)


def _strata(design: SurveyDesign) -> Iterator[tuple[Codes, float]]:
    """Yield the PSUs of each stratum and the share of it that was not drawn in the sample."""
    own, strata = design.psu_stratum, design.strata
    order = np.argsort(own, kind="stable")
    members = np.split(order, np.cumsum(strata.size.astype(np.intp))[:-1])
    alone = [psus for psus, size in zip(members, strata.size, strict=True) if size == 1]
    for psus, left_out in zip(members, strata.left_out, strict=True):
        if psus.size > 1:
            yield psus, float(left_out)
    if alone:
        yield np.concatenate(alone), 1.0


def _multiplicities(replicates: int, size: int, left_out: float, rng: np.random.Generator) -> Array:
    """Return by what each PSU's weight is multiplied, shape (replicates, size)."""
    if size == 1:
        return np.ones((replicates, 1))
    drawn = rng.integers(size, size=(replicates, size - 1)) + size * np.arange(replicates)[:, None]
    times = np.bincount(drawn.ravel(), minlength=replicates * size).reshape(replicates, size)
    spread = np.sqrt(left_out)
    return np.asarray(1.0 - spread + spread * times * (size / (size - 1)))

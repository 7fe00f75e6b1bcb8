"""Variances of many domain means at once where weights are calibrated.

The residual of a domain's scores reaches respondents outside the domain. So the totals of a PSU
are those of the domain less a sum over cells of the margins, and the square is written out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from betyg.stats.calibrate import Calibration
from betyg.stats.design import SurveyDesign
from betyg.stats.estimate_domains import Entries, Ratio, Tally, centred_squares, ratio_of
from betyg.stats.sums import by_code

__all__ = ["Calibrated", "Shared", "calibrated", "of_design"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all items share.

    Attributes
    ----------
    calibration : Calibration
        The regression on the margins.
    factor, size : ndarray of float, shape (strata,)
        Factor of each stratum's sum of squares, and its PSUs (0 where it is not centred).
    of_psu, of_stratum : sparse array, shape (PSUs, cells), (strata, cells)
        Sums of calibrated weights.
    square : ndarray of float, shape (cells, cells)
        Covariance of the sums of the cells.
    psu, stratum : ndarray of int, shape (n,)
        As in the design.
    """

    calibration: Calibration
    factor: Array
    size: Array
    of_psu: csr_array
    of_stratum: csr_array
    square: csr_array
    psu: Codes
    stratum: Codes


def of_design(design: SurveyDesign) -> Shared | None:
    """Add up the cells of the margins by PSU and stratum; None where nothing is calibrated."""
    known = design.calibration
    if known is None:
        return None
    strata = design.strata
    factor = strata.factors(np.ones(strata.size.size, dtype=bool))
    size = np.where(strata.size > 1, strata.size, np.inf)

    def summed(codes: Codes, width: int) -> csr_array:
        return csr_array((design.weight, (codes, known.cell)), shape=(width, known.cells))

    own = design.psu_stratum
    of_psu, of_stratum = summed(design.psu, own.size), summed(design.stratum, factor.size)
    square = of_psu.T @ diags_array(factor[own]) @ of_psu
    square = square - of_stratum.T @ diags_array(factor / size) @ of_stratum
    return Shared(
        calibration=known,
        factor=factor,
        size=size,
        of_psu=of_psu,
        of_stratum=of_stratum,
        square=csr_array(square),
        psu=design.psu,
        stratum=design.stratum,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """One item's entries and the cells that they share PSUs with.

    Attributes
    ----------
    shared : Shared
        What all items share.
    base : ndarray of float, shape (entries,)
        Sums of weights before calibration.
    cell : ndarray of int, shape (entries,)
        Cell of each entry.
    at, to : ndarray of int, shape (pairs,)
        Entries, and cells of the same PSU.
    product : ndarray of float, shape (pairs,)
        Sums of weight x weight of the cell in the PSU x factor of the stratum.
    """

    shared: Shared
    base: Array
    cell: Codes
    at: Codes
    to: Codes
    product: Array


def calibrated(entries: Entries, shared: Shared, weight: Array) -> Calibrated:
    """Add up, entry by entry, what the margins' cells have in common with it.

    Parameters
    ----------
    entries : Entries
        Answers to one item.
    shared : Shared
        From ``of_design``.
    weight : ndarray of float, shape (n,)
        Calibrated weights.

    Returns
    -------
    Calibrated
    """
    rows, of_row, count = entries.row, entries.of_row, entries.atom.size
    cell = np.zeros(count, dtype=np.intp)
    cell[of_row] = shared.calibration.cell[rows]
    near = shared.of_psu[shared.psu[rows]].tocoo()
    scaled = near.data * (weight * shared.factor[shared.stratum])[rows][near.coords[0]]
    shape = (count, shared.calibration.cells)
    pairs = csr_array((scaled, (of_row[near.coords[0]], near.coords[1])), shape=shape).tocoo()
    pairs.sum_duplicates()
    return Calibrated(
        shared=shared,
        base=by_code(of_row, shared.calibration.base[rows], count),
        cell=cell,
        at=np.asarray(pairs.coords[0], dtype=np.intp),
        to=np.asarray(pairs.coords[1], dtype=np.intp),
        product=pairs.data,
    )


def linearised(sums: Tally, ratio: Ratio, known: Calibrated) -> Array:
    """Estimate the variance of a statistic in every domain, margins held.

    Parameters
    ----------
    sums, ratio : Tally, Ratio
        As in ``estimate_domains.linearised``.
    known : Calibrated
        The item's entries and the margins.

    Returns
    -------
    ndarray of float, shape (domains,)
    """
    shared = known.shared
    mean, total = ratio_of(sums, ratio)
    count, cells = total.size, shared.calibration.cells
    residual = np.zeros(known.base.size)
    domain = np.full(known.base.size, -1, dtype=np.intp)
    residual[sums.entry], domain[sums.entry] = sums.residual(ratio, mean), sums.domain
    inside = np.flatnonzero(domain >= 0)

    def by_cell(cell: Codes, of: Codes, values: Array) -> Array:
        return by_code(cell * count + of, values, cells * count).reshape(cells, count)

    explained = by_cell(known.cell[inside], domain[inside], (known.base * residual)[inside])
    fitted = shared.calibration.fitted(explained)
    pair = np.flatnonzero(domain[known.at] >= 0)
    at = known.at[pair]
    common = by_cell(known.to[pair], domain[at], known.product[pair] * residual[at])
    common -= shared.of_stratum.T @ _by_stratum(sums, ratio, mean, shared)
    variance = centred_squares(sums, ratio, shared.factor)
    variance = variance - 2.0 * (fitted * common).sum(axis=0)
    variance += (fitted * (shared.square @ fitted)).sum(axis=0)
    return np.asarray(np.maximum(variance, 0.0) / np.where(total > 0, total, 1.0) ** 2)


def _by_stratum(sums: Tally, ratio: Ratio, mean: Array, shared: Shared) -> Array:
    """Return the domains' totals by stratum, times factor / size."""
    at, stratum = sums.domains.piece_domain, sums.domains.piece_stratum
    own = ratio.top - mean[at][:, None] * ratio.base
    totals = (own * sums.piece_weight).sum(axis=1) * (shared.factor / shared.size)[stratum]
    shape = (shared.factor.size, mean.size)
    return np.asarray(csr_array((totals, (stratum, at)), shape=shape).toarray())

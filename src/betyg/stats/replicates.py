"""Variance from replicates: jackknife, bootstrap, and replicate weights that came with the data.

None of them needs a matrix of respondents x replicates: leaving out a PSU changes only the sums of
the domains that it has answers in, and replicates of the bootstrap are sums over PSUs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from betyg.data.rows import REPLICATE
from betyg.data.settings import Design
from betyg.errors import DesignError
from betyg.stats.design import Strata, SurveyDesign
from betyg.stats.estimate_domains import Entries, Ratio, Tally, ratio_of
from betyg.stats.sums import by_code

__all__ = ["Replicates", "bootstrap", "delivered", "jackknife", "replicated"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

SEED = 20121120  # the same study gives the same replicates
TINY = 1e-12  # of a domain's weight: nothing is left
ROOM = 20_000_000  # numbers of replicate sums held at a time


def jackknife(sums: Tally, ratio: Ratio) -> Array:
    """Estimate the variance of a statistic in every domain by leaving out each PSU in turn.

    Parameters
    ----------
    sums : Tally
        The sums of the item, by PSU.
    ratio : Ratio
        The statistic.

    Returns
    -------
    ndarray of float, shape (domains,)
        NaN where one PSU holds the whole domain.

    Raises
    ------
    DesignError
        If a stratum of the domain holds a single PSU and the rule is "error".

    References
    ----------
    Rust & Rao (1996), Stat. Methods Med. Res. 5, 283-310.
    R counterpart: ``svyby(~y, ~domain, as.svrepdesign(design, type = "JKn"), svymean)``, and
    ``"JK1"`` without strata.
    """
    strata, at = sums.strata, sums.domains.piece_domain
    _, total = ratio_of(sums, ratio)
    touched = by_code(sums.domains.piece_stratum, sums.psus(ratio.base), strata.size.size) > 0
    scale = _scales(strata, touched)
    size, own = (of[sums.domains.piece_stratum] for of in (strata.size, scale))
    count = by_code(sums.unit_piece, np.ones(sums.unit_piece.size), size.size)
    units, empty = _left_out(sums, ratio, size, own)
    empty = np.where(count < size, empty, 0.0)

    def added(of_unit: Array, of_empty: Array, times: Array) -> Array:
        by_piece = by_code(sums.unit_piece, of_unit, size.size) + (size - count) * of_empty
        return by_code(at, times * by_piece, total.size)

    first, second = added(units, empty, own), added(units**2, empty**2, own)
    replicates = max(float(strata.size[scale > 0].sum()), 1.0)
    centre = added(units, empty, (own > 0).astype(np.float64)) / replicates
    spread = second - 2.0 * centre * first + centre**2 * float((scale * strata.size).sum())
    return np.asarray(np.where(total > 0, np.maximum(spread, 0.0), np.nan))


def _left_out(sums: Tally, ratio: Ratio, size: Array, scale: Array) -> tuple[Array, Array]:
    """Return how much the statistic moves without each PSU, and without one of no answers.

    Parameters
    ----------
    sums, ratio : Tally, Ratio
        As in ``jackknife``.
    size, scale : ndarray of float, shape (pieces,)
        PSUs of the stratum, and what its replicates count.
    """
    mean, total = ratio_of(sums, ratio)
    at = sums.domains.piece_domain
    growth = np.where(size > 1, size / np.maximum(size - 1.0, 1.0), 1.0)
    top, base = sums.piece_weight @ ratio.top, sums.piece_weight @ ratio.base
    rest = (sums.weight @ ratio.top)[at] - top, total[at] - base

    def moved(piece: Codes, own_top: Array, own_base: Array) -> Array:
        above = rest[0][piece] + growth[piece] * (top[piece] - own_top)
        below = rest[1][piece] + growth[piece] * (base[piece] - own_base)
        known = below > TINY * total[at[piece]]
        undefined = np.where(scale[piece] > 0, np.nan, 0.0)
        return np.where(known, above / np.where(known, below, 1.0) - mean[at[piece]], undefined)

    nothing = np.zeros(size.size)
    empty = np.where(base > 0, moved(np.arange(size.size), nothing, nothing), 0.0)
    return moved(sums.unit_piece, sums.unit @ ratio.top, sums.unit @ ratio.base), empty


def _scales(strata: Strata, touched: NDArray[np.bool_]) -> Array:
    """Return what each replicate of a stratum counts, by the rule for strata of one PSU."""
    strata.factors(touched)  # where lonely strata are an error, this raises it
    count = strata.size.size
    scale = strata.left_out * (strata.size - 1.0) / np.maximum(strata.size, 1.0)
    single = (count - 1.0) / count if strata.lonely == "adjust" else 0.0
    return np.where(strata.alone, single, scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicates:
    """Replicate weights, by PSU or by row.

    Attributes
    ----------
    of_row : ndarray of int, shape (rows,)
        Row of ``table`` of each respondent.
    weight : ndarray of float, shape (rows,)
        What the table is multiplied with.
    table : ndarray, shape (units, replicates)
        Replicate weights, divided by ``weight``.
    scale : float
        Of the sum of squared deviations.
    about_mean : bool
        Whether deviations are from the mean of the replicates, or from the estimate.
    """

    of_row: Codes
    weight: Array
    table: NDArray[np.float32 | np.float64]
    scale: float
    about_mean: bool = True

    @property
    def count(self) -> int:
        """Number of replicates."""
        return int(self.table.shape[1])


def bootstrap(design: SurveyDesign, *, replicates: int) -> Replicates:
    """Draw n - 1 of the n PSUs of each stratum with replacement, again and again.

    Parameters
    ----------
    design : SurveyDesign
        Strata, PSUs and weights; with a finite population the draws are shrunk.
    replicates : int
        Number of replicates.

    Returns
    -------
    Replicates

    Raises
    ------
    DesignError
        If a stratum holds a single PSU, unless the design takes that for certain.

    References
    ----------
    Rao, Wu & Yue (1992), Survey Methodology 18, 209-217.
    R counterpart: ``as.svrepdesign(design, type = "subbootstrap")``.
    """
    strata, own = design.strata, design.psu_stratum
    if strata.alone.any() and strata.lonely != "certainty":
        names = ", ".join(f"'{name}'" for name in design.lonely_strata[:8])
        raise DesignError(
            f"design: strata {names} hold one PSU each, which the bootstrap cannot draw from. "
            "Choose coarser strata in study.toml, [design] strata, or lonely = 'certainty'."
        )
    rng = np.random.default_rng(SEED)
    table = np.ones((own.size, replicates), dtype=np.float32)
    order = np.argsort(own, kind="stable")
    ends = np.cumsum(strata.size).astype(np.intp)
    for at, end in enumerate(ends):
        n = int(strata.size[at])
        if n > 1:
            drawn = rng.multinomial(n - 1, np.full(n, 1.0 / n), size=replicates).T
            shrink = np.sqrt(strata.left_out[at])
            table[order[end - n : end]] = 1.0 - shrink + shrink * n / (n - 1.0) * drawn
    return Replicates(
        of_row=design.psu, weight=design.weight, table=table, scale=1.0 / (replicates - 1.0)
    )


def delivered(respondents: pd.DataFrame, design: Design) -> Replicates:
    """Take the replicate weights that came with the data.

    Parameters
    ----------
    respondents : DataFrame
        With columns ``replicate.<number>``.
    design : Design
        Scale and centre.

    Returns
    -------
    Replicates

    Raises
    ------
    DesignError
        If there are no such columns, or a weight is missing.
    """
    names = [name for name in respondents.columns if name.startswith(REPLICATE)]
    table = respondents[names].to_numpy(np.float64)
    if len(names) < 2 or not np.isfinite(table).all():
        raise DesignError(
            f"design: {len(names)} columns of replicate weights, "
            f"{int((~np.isfinite(table)).sum())} weights are missing. Name the columns in "
            "study.toml, [[source]] replicates, of every source."
        )
    return Replicates(
        of_row=np.arange(len(respondents)),
        weight=np.ones(len(respondents)),
        table=table,
        scale=design.scale or 1.0 / (len(names) - 1.0),
        about_mean=design.centre == "mean",
    )


def replicated(
    entries: Entries, requests: Sequence[tuple[Tally, Ratio]], replicates: Replicates
) -> list[Array]:
    """Estimate the variances of statistics of one item from replicate weights.

    Parameters
    ----------
    entries : Entries
        Answers to the item.
    requests : sequence of (Tally, Ratio)
        Margins and statistics.
    replicates : Replicates
        The weights.

    Returns
    -------
    list of ndarray of float, shape (domains,)
        In the order of the requests; replicates without an answer in a domain do not count there.
    """
    sums = [np.zeros((3, tally.domains.count)) for tally, _ in requests]
    for table in _by_atom(entries, replicates):
        known: dict[int, Array] = {}
        for (tally, ratio), total in zip(requests, sums, strict=True):
            if id(tally) not in known:
                known = {id(tally): _by_domain(table, tally)}
            total += _moved(known[id(tally)], tally, ratio)
    return [_variance(total, replicates) for total in sums]


def _variance(sums: Array, replicates: Replicates) -> Array:
    count, first, second = sums
    centred = first**2 / np.maximum(count, 1.0) if replicates.about_mean else 0.0
    variance = replicates.scale * np.maximum(second - centred, 0.0)
    return np.where(count > 0, variance, np.nan)


def _by_atom(entries: Entries, replicates: Replicates) -> Iterator[Array]:
    """Yield sums of replicate weights, (atoms, features, some replicates)."""
    of_row = entries.of_row
    atom, row, width = entries.atom[of_row], entries.row, entries.features
    weight = replicates.weight[row]
    code, units = atom * width + entries.kind[of_row], replicates.of_row[row]
    if entries.value is not None:
        code, units = np.concatenate([code, code + 1]), np.concatenate([units, units])
        weight = np.concatenate([weight, weight * entries.value[of_row]])
    atoms = int(entries.atom.max(initial=0)) + 1
    shape = (atoms * width, replicates.table.shape[0])
    adder = csr_array((weight, (code, units)), shape=shape)
    step = max(ROOM // shape[0], 1)
    for start in range(0, replicates.count, step):
        part = adder @ replicates.table[:, start : start + step].astype(np.float64)
        yield part.reshape(atoms, width, -1)


def _by_domain(table: Array, tally: Tally) -> Array:
    """Add atoms up to domains."""
    atoms, width, replicates = table.shape
    domain = tally.domains.of_atom[:atoms]
    inside = np.flatnonzero(domain >= 0)
    shape = (tally.domains.count, atoms)
    adder = csr_array((np.ones(inside.size), (domain[inside], inside)), shape=shape)
    return np.asarray(adder @ table.reshape(atoms, -1)).reshape(-1, width, replicates)


def _moved(table: Array, tally: Tally, ratio: Ratio) -> Array:
    """Return how many replicates there are, and the sums of their deviations and squares."""
    mean, total = ratio_of(tally, ratio)
    base = np.einsum("dkr,k->dr", table, ratio.base)
    top = np.einsum("dkr,k->dr", table, ratio.top)
    some = (base > 0) & (total > 0)[:, None]
    full = (mean + tally.offset)[:, None]
    deviation = np.where(some, top / np.where(some, base, 1.0) - full, 0.0)
    return np.stack([some.sum(axis=1), deviation.sum(axis=1), (deviation**2).sum(axis=1)])

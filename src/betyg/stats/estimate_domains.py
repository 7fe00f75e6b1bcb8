"""Means of many domains at once, each with the variance of the whole design.

Every statistic of an item is a ratio of sums over the kinds of answers. So the rows are added
up once for each margin, by domain (and PSU) and kind; all statistics are made of these sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from betyg.stats.design import Strata
from betyg.stats.estimate_layout import Domains
from betyg.stats.sums import by_code

__all__ = [
    "DomainMeans",
    "Entries",
    "Ratio",
    "Tally",
    "centred_squares",
    "domain_means",
    "linearised",
    "ratio_of",
    "tally",
]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MANY = 16  # units a piece from which a matrix product by piece is quicker than sums of products


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Answers to one item: sums of the respondents of one atom that answered the same.

    Attributes
    ----------
    atom : ndarray of int, shape (entries,)
        Where they belong.
    row : ndarray of int, shape (rows,)
        Respondents behind the entries.
    of_row : ndarray of int, shape (rows,)
        Entry of each of these.
    row_weight : ndarray of float, shape (rows,)
        Their weights.
    n, weight, square : ndarray of float, shape (entries,)
        Respondents, sums of weights and of squared weights.
    kind : ndarray of int, shape (entries,)
        What was answered; 0 throughout where ``value`` is given.
    kinds : int
        Number of kinds.
    value : ndarray of float, shape (entries,), or None
        0-100, of a composite index.
    """

    atom: Codes
    row: Codes
    of_row: Codes
    row_weight: Array
    n: Array
    weight: Array
    square: Array
    kind: Codes
    kinds: int
    value: Array | None = None

    @property
    def features(self) -> int:
        """What is added up: a sum for each kind, or two (weights, weighted values)."""
        return self.kinds if self.value is None else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A statistic: sums of weights times ``top``, over sums of weights times ``base``.

    Attributes
    ----------
    top, base : ndarray of float, shape (features,)
        ``base`` is 1 for kinds that count, else 0.
    """

    top: Array
    base: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums of one item in the domains of one margin, by feature.

    Attributes
    ----------
    domains, strata : Domains, Strata
        The margin, and sizes and rule for lonely strata.
    entry, domain : ndarray of int, shape (kept,)
        Entries in the margin, and their domain.
    kind : ndarray of int, shape (kept,)
        As in ``Entries``.
    value : ndarray of float, shape (kept,), or None
        As in ``Entries``, less ``offset``.
    offset : ndarray of float, shape (domains,)
        What was taken off values so that their squares stay exact.
    n, weight, square : ndarray of float, shape (domains, features)
        Sums by domain.
    piece_weight : ndarray of float, shape (pieces, features)
        Sums of weights by piece.
    moment : ndarray of float, shape (pieces, features) or (pieces, features, features)
        Sums over PSUs of products of their sums; the diagonal alone where the rest is zero.
    present : ndarray of float, shape (pieces, features), or None
        Respondents by piece, where they are PSUs.
    unit : ndarray of float, shape (units, features)
        Sums of weights by PSU within piece, where PSUs are more.
    counted : dict
        What ``psus`` found before: most statistics have the same base.
    """

    domains: Domains
    strata: Strata
    entry: Codes
    domain: Codes
    kind: Codes
    value: Array | None
    offset: Array
    n: Array
    weight: Array
    square: Array
    piece_weight: Array
    moment: Array
    present: Array | None
    unit: Array
    counted: dict[bytes, Array] = field(default_factory=dict)

    def psus(self, base: Array) -> Array:
        """Return the number of PSUs of each piece with an answer that counts."""
        key = base.tobytes()
        if key not in self.counted:
            if self.present is not None:
                self.counted[key] = np.asarray(self.present @ base)
            else:
                some = (self.unit @ base) > 0
                self.counted[key] = by_code(self.unit_piece, some, self.piece_weight.shape[0])
        return self.counted[key]

    @property
    def unit_piece(self) -> Codes:
        """Piece of each unit; none where respondents are PSUs."""
        known = self.domains.unit_piece
        return np.empty(0, dtype=np.intp) if known is None else known

    def residual(self, ratio: Ratio, mean: Array) -> Array:
        """Return the deviation of each entry from the mean of its domain; 0 where it counts not."""
        table = ratio.top - mean[:, None] * ratio.base
        if self.value is None:
            return np.asarray(table[self.domain, self.kind])
        return np.asarray(table[self.domain, 0] + table[self.domain, 1] * self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainMeans:
    """Means of all domains of a margin; arrays of shape (domains,).

    Attributes
    ----------
    estimate, se : ndarray
        Mean and standard error; NaN where nobody answered. Where all answers come from one PSU
        nothing is known of the error, unless the rule for lonely strata takes it for certain.
    df : ndarray
        PSUs minus strata of the respondents in the domain.
    n : ndarray
        Answers.
    n_eff, deff : ndarray
        Kish's effective number of answers, and n / n_eff.
    """

    estimate: Array
    se: Array
    df: Array
    n: Array
    n_eff: Array
    deff: Array


def tally(entries: Entries, *, domains: Domains, strata: Strata) -> Tally:
    """Add up the entries of one item over the domains of a margin.

    Parameters
    ----------
    entries : Entries
        Answers to one item.
    domains : Domains
        The margin.
    strata : Strata
        Sizes and rule for lonely strata.

    Returns
    -------
    Tally
    """
    of_entry = domains.of_atom[entries.atom]
    kept = np.flatnonzero(of_entry >= 0)
    domain, piece = of_entry[kept], domains.piece[entries.atom[kept]]
    n, weight, square = (a[kept] for a in (entries.n, entries.weight, entries.square))
    kind, count, pieces = entries.kind[kept], domains.count, domains.piece_domain.size
    offset = np.zeros(count)
    value = None
    if entries.value is not None:
        total = by_code(domain, weight, count)
        sums = by_code(domain, weight * entries.value[kept], count)
        offset = sums / np.where(total > 0, total, 1.0)
        value = entries.value[kept] - offset[domain]

    def summed(codes: Codes, by: Array, size: int) -> Array:
        return _by_feature(codes, by, size, kind=kind, kinds=entries.kinds, value=value)

    unit, present = np.empty((0, entries.features)), None
    if domains.unit_piece is not None:
        unit = _by_unit(entries, domains, offset)
        moment = _moments(unit, domains.unit_piece, pieces)
    else:
        present, moment = summed(piece, n, pieces), summed(piece, square, pieces)
        if value is not None:
            last = by_code(piece, square * value**2, pieces)
            moment = np.stack([moment, np.stack([moment[:, 1], last], axis=1)], axis=1)
    return Tally(
        domains=domains,
        strata=strata,
        entry=kept,
        domain=domain,
        kind=kind,
        value=value,
        offset=offset,
        n=summed(domain, n, count),
        weight=summed(domain, weight, count),
        square=summed(domain, square, count),
        piece_weight=summed(piece, weight, pieces),
        moment=moment,
        present=present,
        unit=unit,
    )


def _by_feature(
    codes: Codes, by: Array, size: int, *, kind: Codes, kinds: int, value: Array | None
) -> Array:
    """Return sums, shape (size, features)."""
    if value is None:
        return by_code(codes * kinds + kind, by, size * kinds).reshape(size, kinds)
    return np.stack([by_code(codes, by, size), by_code(codes, by * value, size)], axis=1)


def _by_unit(entries: Entries, domains: Domains, offset: Array) -> Array:
    """Return the sums of weights of each PSU within each piece."""
    unit, unit_piece = domains.unit, domains.unit_piece
    if unit is None or unit_piece is None:
        return np.empty((0, entries.features))
    value = None
    if entries.value is not None:
        domain = domains.of_atom[entries.atom]
        value = np.where(domain >= 0, entries.value - offset[domain], 0.0)[entries.of_row]
    sums = _by_feature(
        unit[entries.row] + 1,  # the first is of those outside the margin
        entries.row_weight,
        unit_piece.size + 1,
        kind=entries.kind[entries.of_row],
        kinds=entries.kinds,
        value=value,
    )
    return sums[1:]


def _moments(unit: Array, unit_piece: Codes, pieces: int) -> Array:
    """Return the sums over the units of each piece of products of their columns."""
    starts = np.searchsorted(unit_piece, np.arange(pieces))
    if unit.shape[0] < MANY * pieces:
        columns = [np.add.reduceat(unit * unit[:, [k]], starts) for k in range(unit.shape[1])]
        return np.stack(columns, axis=1)
    ends = [*starts[1:], unit.shape[0]]
    blocks = (unit[start:end] for start, end in zip(starts, ends, strict=True))
    return np.stack([block.T @ block for block in blocks])


def domain_means(sums: Tally, ratio: Ratio, variance: Array) -> DomainMeans:
    """Return the statistic in every domain, with its variance.

    Parameters
    ----------
    sums, ratio : Tally, Ratio
        The sums of the item, and the statistic.
    variance : ndarray of float, shape (domains,)
        From ``linearised``, or one of ``replicates``.

    Returns
    -------
    DomainMeans
    """
    mean, total = ratio_of(sums, ratio)
    psus = sums.psus(ratio.base)
    units = by_code(sums.domains.piece_domain, psus, total.size)
    n = sums.n @ ratio.base
    some = total > 0
    # The deviations of a single PSU from its own mean add up to nothing: that is no small error.
    varies = some & ((units > 1) | (sums.strata.lonely == "certainty"))
    n_eff = total**2 / np.where(some, sums.square @ ratio.base, 1.0)
    return DomainMeans(
        estimate=np.where(some, mean + sums.offset, np.nan),
        se=np.where(varies, np.sqrt(variance), np.nan),
        df=by_code(sums.domains.piece_domain, psus - (psus > 0), total.size),
        n=n,
        n_eff=n_eff,
        deff=np.where(some, n / np.where(some, n_eff, 1.0), np.nan),
    )


def ratio_of(sums: Tally, ratio: Ratio) -> tuple[Array, Array]:
    """Return the statistic (less the offset) of each domain, and its sum of weights."""
    total = np.asarray(sums.weight @ ratio.base, dtype=np.float64)
    return (sums.weight @ ratio.top) / np.where(total > 0, total, 1.0), total


def linearised(sums: Tally, ratio: Ratio) -> Array:
    """Estimate the variance of a statistic in every domain by linearisation.

    Parameters
    ----------
    sums : Tally
        The sums of the item.
    ratio : Ratio
        The statistic.

    Returns
    -------
    ndarray of float, shape (domains,)

    Raises
    ------
    DesignError
        If a stratum holds a single PSU and the rule is "error".

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    R counterpart: ``survey::svyby(~y, ~domain, design, svymean, na.rm = TRUE)``.
    """
    total = np.asarray(sums.weight @ ratio.base, dtype=np.float64)
    variance = centred_squares(sums, ratio, _factors(sums, ratio))
    return np.asarray(variance / np.where(total > 0, total, 1.0) ** 2)


def centred_squares(sums: Tally, ratio: Ratio, factor: Array) -> Array:
    """Return the variance of the sum of residuals in every domain.

    Parameters
    ----------
    sums, ratio : Tally, Ratio
        As in ``linearised``.
    factor : ndarray of float, shape (strata,)
        Factor of each stratum's sum of squares.

    Returns
    -------
    ndarray of float, shape (domains,)
    """
    mean, total = ratio_of(sums, ratio)
    at, stratum = sums.domains.piece_domain, sums.domains.piece_stratum
    own = ratio.top - mean[at][:, None] * ratio.base
    if sums.moment.ndim == 2:
        squares = (own**2 * sums.moment).sum(axis=1)
    else:
        squares = np.einsum("pk,pkl,pl->p", own, sums.moment, own)
    totals, size = (own * sums.piece_weight).sum(axis=1), sums.strata.size[stratum]
    centred = np.where(size > 1, totals**2 / np.maximum(size, 1.0), 0.0)
    return by_code(at, factor[stratum] * np.maximum(squares - centred, 0.0), total.size)


def _factors(sums: Tally, ratio: Ratio) -> Array:
    """Return the factor of each stratum's sum of squares; an untouched stratum is no error."""
    psus = sums.psus(ratio.base)
    size = sums.strata.size.size
    return sums.strata.factors(by_code(sums.domains.piece_stratum, psus, size) > 0)

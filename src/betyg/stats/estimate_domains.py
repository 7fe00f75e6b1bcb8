"""Means of many domains at once, each with the variance of the whole design.

The linearised variance of a domain mean needs only sums by stratum and domain:
of weights, of squared weights, of residuals. So the rows are added up once, and
every margin is made of the sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from betyg.stats.design import Strata
from betyg.stats.sums import by_code

__all__ = [
    "Atoms",
    "DomainMeans",
    "Domains",
    "Entries",
    "Placed",
    "atoms_of",
    "domain_means",
    "domains_of",
    "placed",
]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """The smallest domains: combinations of the roles within a stratum.

    Attributes
    ----------
    of_row : ndarray of int, shape (rows,)
        Atom of each row.
    stratum : ndarray of int, shape (atoms,)
        Stratum of each atom.
    roles : mapping of str to ndarray of int, shape (atoms,)
        Code of each role.
    """

    of_row: Codes
    stratum: Codes
    roles: Mapping[str, Codes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Answers to one item: rows, or sums of rows of one atom that answered the same.

    Attributes
    ----------
    atom : ndarray of int, shape (entries,)
        Where they belong.
    row : ndarray of int, shape (entries,), or None
        The respondent's row, where PSUs are needed.
    n, weight, square : ndarray of float, shape (entries,)
        Respondents, sums of weights and of squared weights.
    state : ndarray of int, shape (entries,)
        Position of the answer from 1; 0 and below are kinds of missing.
    score : ndarray of float, shape (entries,)
        0-100; NaN where missing.
    """

    atom: Codes
    row: Codes | None
    n: Array
    weight: Array
    square: Array
    state: Codes
    score: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """One margin: the domains that some roles make, and how strata cut them.

    Attributes
    ----------
    roles : mapping of str to ndarray of int, shape (domains,)
        Code of each role of the margin.
    of_atom : ndarray of int, shape (atoms,)
        Domain of each atom; -1 outside all.
    piece : ndarray of int, shape (atoms,)
        Piece (stratum within domain) of each atom; -1 outside all.
    piece_domain, piece_stratum : ndarray of int, shape (pieces,)
        Where each piece belongs.
    unit : ndarray of int, shape (rows,), or None
        PSU within piece of each row; None where rows are PSUs.
    unit_piece : ndarray of int, shape (units,), or None
        Piece of each unit.
    """

    roles: Mapping[str, Codes]
    of_atom: Codes
    piece: Codes
    piece_domain: Codes
    piece_stratum: Codes
    unit: Codes | None
    unit_piece: Codes | None

    @property
    def count(self) -> int:
        """Number of domains."""
        return int(self.piece_domain.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainMeans:
    """Means of all domains of a margin; arrays of shape (domains,).

    Attributes
    ----------
    estimate, se : ndarray
        Mean and linearised standard error; NaN where nobody answered.
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


def _combined(codes: Sequence[Codes]) -> NDArray[np.int64]:
    key = np.zeros(codes[0].size, dtype=np.int64)
    for code in codes:
        key = key * (int(code.max(initial=0)) + 1) + code
    return key


def atoms_of(stratum: Codes, roles: Mapping[str, Codes]) -> Atoms:
    """Give a number to each combination of stratum and roles that occurs among the rows."""
    key = _combined([stratum, *roles.values()])
    _, first, of_row = np.unique(key, return_index=True, return_inverse=True)
    return Atoms(
        of_row=of_row,
        stratum=stratum[first],
        roles={role: codes[first] for role, codes in roles.items()},
    )


def domains_of(
    atoms: Atoms, margin: Sequence[str], *, inside: NDArray[np.bool_], psu: Codes | None
) -> Domains:
    """Lay out the domains of a margin.

    Parameters
    ----------
    atoms : Atoms
        The smallest domains.
    margin : sequence of str
        Roles; none of them gives the one domain of all.
    inside : ndarray of bool, shape (atoms,)
        Atoms that count in this margin.
    psu : ndarray of int, shape (rows,), or None
        PSU of each row; None where rows are PSUs.

    Returns
    -------
    Domains
    """
    chosen = np.flatnonzero(inside)
    key = _combined([np.zeros(chosen.size, np.intp), *(atoms.roles[r][chosen] for r in margin)])
    _, first, domain = np.unique(key, return_index=True, return_inverse=True)
    stratum = atoms.stratum[chosen]
    _, at, piece = np.unique(_combined([domain, stratum]), return_index=True, return_inverse=True)
    of_atom, piece_of_atom = (np.full(inside.size, -1, dtype=np.intp) for _ in range(2))
    of_atom[chosen], piece_of_atom[chosen] = domain, piece
    unit, unit_piece = _units(atoms.of_row, piece_of_atom, psu)
    return Domains(
        roles={role: atoms.roles[role][chosen][first] for role in margin},
        of_atom=of_atom,
        piece=piece_of_atom,
        piece_domain=domain[at],
        piece_stratum=stratum[at],
        unit=unit,
        unit_piece=unit_piece,
    )


def _units(
    of_row: Codes, piece: Codes, psu: Codes | None
) -> tuple[Codes, Codes] | tuple[None, None]:
    """Give PSUs within pieces a number; rows outside all pieces get -1."""
    if psu is None:
        return None, None
    own = piece[of_row]
    chosen = np.flatnonzero(own >= 0)
    key = own[chosen].astype(np.int64) * (int(psu.max(initial=0)) + 1) + psu[chosen]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    unit = np.full(own.size, -1, dtype=np.intp)
    unit[chosen] = inverse
    return unit, own[chosen][first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Who counts in the domains of a margin: the same for all statistics of an item.

    Attributes
    ----------
    kept, domain, piece : ndarray of int, shape (kept,)
        Entries that count, and where they belong.
    unit : ndarray of int, shape (kept,), or None
        PSU within piece; None where respondents are PSUs.
    weight, square : ndarray of float, shape (kept,)
        Sums of weights and of squared weights.
    factor, size : ndarray of float, shape (pieces,)
        Factor of the sum of squares, and PSUs of the whole stratum.
    total, n, n_eff, df : ndarray of float, shape (domains,)
        Weight, answers, their effective number, and degrees of freedom.
    domains : Domains
        The margin.
    """

    kept: Codes
    domain: Codes
    piece: Codes
    unit: Codes | None
    weight: Array
    square: Array
    factor: Array
    size: Array
    total: Array
    n: Array
    n_eff: Array
    df: Array
    domains: Domains


def placed(
    entries: Entries, counted: NDArray[np.bool_], *, domains: Domains, strata: Strata
) -> Placed:
    """Find the domain of every entry that counts.

    Parameters
    ----------
    entries : Entries
        Answers to one item.
    counted : ndarray of bool, shape (entries,)
        Those in the base; the others count in the size of their stratum only.
    domains : Domains
        The margin.
    strata : Strata
        Sizes and rule for lonely strata.

    Returns
    -------
    Placed

    Raises
    ------
    DesignError
        If a stratum holds a single PSU and the rule is "error".
    """
    kept = np.flatnonzero(counted & (domains.of_atom[entries.atom] >= 0))
    domain, piece = domains.of_atom[entries.atom[kept]], domains.piece[entries.atom[kept]]
    weight, square, n = (a[kept] for a in (entries.weight, entries.square, entries.n))
    unit = None
    if domains.unit is not None and entries.row is not None:
        unit = domains.unit[entries.row[kept]]
    psus = _psus(n, piece, unit, domains)
    count = domains.count
    total = by_code(domain, weight, count)
    touched = by_code(domains.piece_stratum, psus, strata.size.size) > 0
    squares = by_code(domain, square, count)
    return Placed(
        kept=kept,
        domain=domain,
        piece=piece,
        unit=unit,
        weight=weight,
        square=square,
        factor=strata.factors(touched)[domains.piece_stratum],
        size=strata.size[domains.piece_stratum],
        total=total,
        n=by_code(domain, n, count),
        n_eff=total**2 / np.where(total > 0, squares, 1.0),
        df=by_code(domains.piece_domain, psus - (psus > 0), count),
        domains=domains,
    )


def _psus(n: Array, piece: Codes, unit: Codes | None, domains: Domains) -> Array:
    """Return the number of PSUs of each piece that have an entry."""
    size = domains.piece_domain.size
    if unit is None or domains.unit_piece is None:
        return by_code(piece, n, size)
    present = by_code(unit, n, domains.unit_piece.size) > 0
    return by_code(domains.unit_piece, present, size)


def domain_means(values: Array, base: Placed) -> DomainMeans:
    """Estimate the mean of ``values`` in every domain.

    Parameters
    ----------
    values : ndarray of float, shape (entries,)
        What to average.
    base : Placed
        Who counts, and where.

    Returns
    -------
    DomainMeans

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    R counterpart: ``survey::svyby(~y, ~domain, design, svymean, na.rm = TRUE)``.
    """
    y = values[base.kept]
    some = base.total > 0
    safe = np.where(some, base.total, 1.0)
    mean = by_code(base.domain, base.weight * y, safe.size) / safe
    squares, sums = _spread(base, y - mean[base.domain])
    centred = np.where(base.size > 1, sums**2 / np.maximum(base.size, 1.0), 0.0)
    spread = base.factor * np.maximum(squares - centred, 0.0)
    variance = by_code(base.domains.piece_domain, spread, safe.size)
    return DomainMeans(
        estimate=np.where(some, mean, np.nan),
        se=np.where(some, np.sqrt(variance) / safe, np.nan),
        df=base.df,
        n=base.n,
        n_eff=base.n_eff,
        deff=np.where(some, base.n / np.where(some, base.n_eff, 1.0), np.nan),
    )


def _spread(base: Placed, residual: Array) -> tuple[Array, Array]:
    """Return the sum of squares and the sum of the PSUs' totals, piece by piece."""
    size, unit_piece = base.size.size, base.domains.unit_piece
    weighted = base.weight * residual
    if base.unit is None or unit_piece is None:
        squares = by_code(base.piece, base.square * residual**2, size)
        return squares, by_code(base.piece, weighted, size)
    totals = by_code(base.unit, weighted, unit_piece.size)
    return by_code(unit_piece, totals**2, size), by_code(unit_piece, totals, size)

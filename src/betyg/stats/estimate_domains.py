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

__all__ = ["Atoms", "DomainMeans", "Domains", "Entries", "atoms_of", "domain_means", "domains_of"]

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


def domain_means(
    entries: Entries, values: Array, *, domains: Domains, strata: Strata
) -> DomainMeans:
    """Estimate the mean of ``values`` in every domain.

    Entries with a NaN value are outside all domains; they count in the size of their stratum.

    Parameters
    ----------
    entries : Entries
        Answers to one item.
    values : ndarray of float, shape (entries,)
        What to average; NaN to leave out.
    domains : Domains
        The margin.
    strata : Strata
        Sizes and rule for lonely strata.

    Returns
    -------
    DomainMeans

    Raises
    ------
    DesignError
        If a stratum holds a single PSU and the rule is "error".

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    R counterpart: ``survey::svyby(~y, ~domain, design, svymean, na.rm = TRUE)``.
    """
    kept = np.flatnonzero(~np.isnan(values) & (domains.of_atom[entries.atom] >= 0))
    domain, piece = domains.of_atom[entries.atom[kept]], domains.piece[entries.atom[kept]]
    y, w, n = values[kept], entries.weight[kept], entries.n[kept]
    count = domains.count
    total = by_code(domain, w, count)
    answers = by_code(domain, n, count)
    safe = np.where(total > 0, total, 1.0)
    mean = by_code(domain, w * y, count) / safe
    residual = y - mean[domain]
    squares, sums, units = _spread(entries, kept, residual, piece, domains)
    strata_of_piece = domains.piece_stratum
    touched = by_code(strata_of_piece, units, strata.size.size) > 0
    size = strata.size[strata_of_piece]
    centred = np.where(size > 1, sums**2 / np.maximum(size, 1.0), 0.0)
    variance = by_code(
        domains.piece_domain,
        strata.factors(touched)[strata_of_piece] * np.maximum(squares - centred, 0.0),
        count,
    )
    some = total > 0
    effective = total**2 / np.where(some, by_code(domain, entries.square[kept], count), 1.0)
    df = by_code(domains.piece_domain, units - (units > 0), count)
    return DomainMeans(
        estimate=np.where(some, mean, np.nan),
        se=np.where(some, np.sqrt(variance) / safe, np.nan),
        df=df,
        n=answers,
        n_eff=effective,
        deff=np.where(some, answers / np.where(some, effective, 1.0), np.nan),
    )


def _spread(
    entries: Entries, kept: Codes, residual: Array, piece: Codes, domains: Domains
) -> tuple[Array, Array, Array]:
    """Return sum of squares, sum and number of the PSUs' totals, piece by piece."""
    size = domains.piece_domain.size
    w, n = entries.weight[kept], entries.n[kept]
    if domains.unit is None or domains.unit_piece is None or entries.row is None:
        squares = by_code(piece, entries.square[kept] * residual**2, size)
        return squares, by_code(piece, w * residual, size), by_code(piece, n, size)
    unit = domains.unit[entries.row[kept]]
    n_units = domains.unit_piece.size
    totals = by_code(unit, w * residual, n_units)
    present = by_code(unit, n, n_units) > 0
    return (
        by_code(domains.unit_piece, totals**2, size),
        by_code(domains.unit_piece, totals, size),
        by_code(domains.unit_piece, present, size),
    )

"""The domains of a margin: how roles, strata and primary sampling units cut the respondents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from betyg.stats.sums import joint, numbered, one_of_each

__all__ = ["Atoms", "Domains", "atoms_of", "domains_of"]

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
class Domains:
    """One margin: the domains that some roles make, and how strata cut them.

    Attributes
    ----------
    roles : mapping of str to ndarray of int, shape (domains,)
        Code of each role of the margin.
    of_atom : ndarray of int, shape (atoms,)
        Domain of each atom; -1 outside all.
    piece : ndarray of int, shape (atoms,)
        Piece (domain within stratum) of each atom; -1 outside all.
    piece_domain, piece_stratum : ndarray of int, shape (pieces,)
        Where each piece belongs.
    unit : ndarray of int, shape (rows,), or None
        PSU within piece of each row; None where rows are PSUs. Numbered piece by piece.
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


def _combined(codes: Sequence[Codes]) -> Codes:
    return joint(((code, int(code.max(initial=0)) + 1) for code in codes), most=codes[0].size)


def atoms_of(stratum: Codes, roles: Mapping[str, Codes]) -> Atoms:
    """Give a number to each combination of stratum and roles that occurs among the rows."""
    distinct, of_row = numbered(_combined([stratum, *roles.values()]))
    one = one_of_each(of_row, distinct.size)
    return Atoms(
        of_row=of_row,
        stratum=stratum[one],
        roles={role: codes[one] for role, codes in roles.items()},
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
        PSU of each row, in ascending order; None where rows are PSUs.

    Returns
    -------
    Domains
    """
    chosen = np.flatnonzero(inside)
    key = _combined([np.zeros(chosen.size, np.intp), *(atoms.roles[r][chosen] for r in margin)])
    _, first, domain = np.unique(key, return_index=True, return_inverse=True)
    stratum = atoms.stratum[chosen]
    _, at, piece = np.unique(_combined([stratum, domain]), return_index=True, return_inverse=True)
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
    rows = chosen[_counting_sort(own[chosen])]
    of_unit, of_psu = own[rows], psu[rows]
    begins = np.ones(rows.size, dtype=bool)
    begins[1:] = (of_unit[1:] != of_unit[:-1]) | (of_psu[1:] != of_psu[:-1])
    unit = np.full(own.size, -1, dtype=np.intp)
    unit[rows] = np.cumsum(begins) - 1
    return unit, of_unit[begins]


def _counting_sort(codes: Codes) -> Codes:
    """Return the stable order of the codes, in linear time."""
    n = codes.size
    width = int(codes.max(initial=0)) + 1
    marks = csr_array((np.ones(n, dtype=np.int8), codes, np.arange(n + 1)), shape=(n, width))
    return np.asarray(marks.tocsc().indices, dtype=np.intp)

"""Which agencies and years can be compared: those that a chain of shared activities connects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from betyg.errors import DesignError
from betyg.stats.ordinal_cells import pattern_codes

__all__ = ["Group", "check", "groups"]

NAMED = 4  # of a group in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Units that share parts of the mix, directly or by way of each other.

    Attributes
    ----------
    units : tuple of str
        Such as ``"01 2012"``, in order.
    parts : tuple of str
        The parts (activities, say) that they were surveyed on.
    """

    units: tuple[str, ...]
    parts: tuple[str, ...]


def groups(cells: pd.DataFrame, units: Sequence[str], through: str) -> tuple[Group, ...]:
    """Tell the units apart that no chain of shared parts connects, the largest group first.

    A unit and a part are joined where there is an answer. Between two groups every difference
    may be one of the units or one of the parts: no model can tell.

    Parameters
    ----------
    cells : DataFrame
        With answers only.
    units : sequence of str
        The columns that make a unit, such as agency and year.
    through : str
        The column of the parts, such as activity.

    Returns
    -------
    tuple of Group
        One where everything is connected.

    References
    ----------
    Searle (1987), Linear Models for Unbalanced Data, section 5.3 (connected data).
    """
    (unit, first), (part, of_part) = (pattern_codes(cells, by) for by in (units, [through]))
    size = first.size + of_part.size
    edges = coo_array((np.ones(len(cells)), (unit, first.size + part)), shape=(size, size))
    count, group = connected_components(edges, directed=False)
    names = np.array([" ".join(map(str, row)) for row in cells[[*units]].iloc[first].to_numpy()])
    parts = cells[through].iloc[of_part].astype("str").to_numpy()
    found = [
        Group(
            units=tuple(names[group[: first.size] == at].tolist()),
            parts=tuple(parts[group[first.size :] == at].tolist()),
        )
        for at in range(count)
    ]
    return tuple(sorted(found, key=lambda one: -len(one.units)))


def check(cells: pd.DataFrame, units: Sequence[str], mix: Sequence[str]) -> None:
    """Refuse to compare units that share no part of the mix.

    Raises
    ------
    DesignError
        Names the groups that are connected within and not between.
    """
    for role in mix:
        found = groups(cells, units, role)
        if len(found) > 1:
            told = "; ".join(_told(group, role) for group in found[:NAMED])
            raise DesignError(
                f"comparison: not comparable: {' and '.join(units)} fall into {len(found)} groups "
                f"that share no {role}, so a difference between them may be one of {role}: {told}. "
                f"Leave groups out, join what is alike in the files of the study, or take '{role}' "
                "out of adjust_for in study.toml, section [compare]."
            )


def _told(group: Group, role: str) -> str:
    return f"{_listed(group.units)} ({role} {_listed(group.parts)})"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"

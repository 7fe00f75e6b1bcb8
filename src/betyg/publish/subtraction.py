"""Small numbers of persons that could be worked out from the larger ones beside them.

How many answered is told by agency and group, in the report over all agencies and in a brief of
each. What to leave out is therefore decided once, for the table of both with its totals: decided
on each page, what one leaves out could be had from the others.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from betyg.data.study import Study
from betyg.errors import ConvergenceError
from betyg.publish.naming import ALL

_MOVED = 1e-6  # of a person: what the solver rounds


def told(people: pd.DataFrame, survey: Study, *, year: int) -> pd.DataFrame:
    """Return the persons of each agency and group that may be told on all pages together.

    Parameters
    ----------
    people : DataFrame
        people.parquet.

    Returns
    -------
    DataFrame
        float, a row an agency and a column a group ("all" = over all); totals that are somebody's
        parent are left out. NaN where the number is too small, where a smaller one would follow
        from it, and where there is none.
    """
    counts = _table(people, survey, year=year)
    beside = np.maximum(_unknown(counts.to_numpy()), 0.0)
    kept = ~hidden(beside, show=survey.disclosure.show)[1:, 1:] & (counts > 0)
    return counts.where(kept)


def _table(people: pd.DataFrame, survey: Study, *, year: int) -> pd.DataFrame:
    """Return the persons by agency and group, over all in the last row and column."""
    rows = people[(people["year"] == year) & (people["activity"] == ALL)]
    wide = rows.astype({"agency": "str", "group": "str"}).pivot(
        index="agency", columns="group", values="n"
    )
    groups = [unit.code for unit in survey.groups if not survey.is_total(unit.code)]
    return wide.reindex(
        index=[*survey.agency_codes, ALL], columns=[*groups, ALL], fill_value=0
    ).fillna(0.0)  # fmt: skip


def _unknown(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set persons of no agency and of no group before the others: nothing tells how many."""
    by_group = np.column_stack([counts[:, -1] - counts[:, :-1].sum(axis=1), counts])
    return np.vstack([by_group[-1] - by_group[:-1].sum(axis=0), by_group])


def hidden(counts: NDArray[np.float64], *, show: int) -> NDArray[np.bool_]:
    """Choose the cells of a table that are left out, so that no small one can be worked out.

    Whoever knows all other cells, and that of an empty one nobody answered, cannot tell of a
    small one that it is below ``show``. For each, the cheapest way in which it could be as large
    with all that is told unchanged is found, and the cells on that way are left out: a rectangle
    with the fewest persons or, where there is none, the solution of a linear program.

    Parameters
    ----------
    counts : ndarray of float, shape (rows, columns)
        Persons. The last row and column are totals; the first are not told in any case.
    show : int
        The fewest persons for a number to be shown.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        Small cells, those that are left out beside them, and the first row and column.

    Raises
    ------
    ConvergenceError
        If no way is found.

    References
    ----------
    Kelly, Golden & Assad (1992), Cell suppression: disclosure protection for sensitive tabular
    data, Networks 22, 397-417.
    """
    small = (counts > 0) & (counts < show)
    small[0, :] = small[:, 0] = False
    if small[-1, -1]:
        return np.ones(counts.shape, dtype=bool)
    out = small.copy()
    out[0, :] = out[:, 0] = True
    told = np.where(small, np.inf, counts)[1:-1, -1]
    told[told == 0] = np.inf
    if small[:-1, -1].any() and counts[-1, -1] - told[told < np.inf].sum() < show:
        out[1 + told.argmin(), -1] = True  # as the table of response rates does
    for at in sorted(zip(*np.nonzero(small), strict=True), key=lambda at: -counts[at]):
        cost, by = np.where(out, 0.0, counts), show - counts[at]
        found = _rectangle(counts, cost, at, by)
        for cell in found or zip(*np.nonzero(_moved(counts, cost, at, by)), strict=True):
            out[cell] = True
    return out


def _rectangle(
    counts: NDArray[np.float64], cost: NDArray[np.float64], at: tuple[int, int], by: float
) -> list[tuple[int, int]]:
    """Find the cheapest rectangle on which one cell grows, two shrink and the last grows.

    Empty where no two are large enough, or where the cell is a total.
    """
    if at[0] == len(counts) - 1 or at[1] == counts.shape[1] - 1:
        return []
    shrinks = np.where(counts >= by, cost, np.inf)
    grows = np.where(counts > 0, cost, np.inf)
    all_three = grows + shrinks[:, [at[1]]] + shrinks[[at[0]], :]
    all_three[[at[0], -1], :] = all_three[:, [at[1], -1]] = np.inf
    row, column = (int(k) for k in np.unravel_index(all_three.argmin(), all_three.shape))
    return [(at[0], column), (row, at[1]), (row, column)] if all_three.min() < np.inf else []


def _lines(rows: int, columns: int) -> sparse.csr_array:
    """Return what adds up: the cells of each column and row, less their total."""
    down = np.append(np.ones(rows - 1), -1.0)
    across = np.append(np.ones(columns - 1), -1.0)
    return sparse.csr_array(sparse.vstack([
        sparse.kron(down[None, :], sparse.eye_array(columns)),
        sparse.kron(sparse.eye_array(rows), across[None, :]),
    ]))  # fmt: skip


def _moved(
    counts: NDArray[np.float64],
    cost: NDArray[np.float64],
    at: tuple[int, int],
    by: float,
) -> NDArray[np.bool_]:
    """Find the cheapest cells that change where one grows and all lines still add up."""
    most = np.where(counts > 0, np.inf, 0.0)
    least = counts.copy()
    most[-1, -1] = least[-1, -1] = 0.0  # that all together is told is never in question
    upper, lower = np.stack([most, least]), np.zeros((2, *counts.shape))
    upper[0][at] = lower[0][at] = by
    upper[1][at] = 0.0
    lines = _lines(*counts.shape)
    found = milp(
        np.tile(cost.ravel(), 2),
        constraints=LinearConstraint(sparse.hstack([lines, -lines]), 0.0, 0.0),
        bounds=Bounds(lower.ravel(), upper.ravel()),
    )
    if not found.success:
        raise ConvergenceError(
            f"persons by agency and group: no way is found to hide the {counts[at]:g} in row "
            f"{at[0]}, column {at[1]}: {found.message} Look whether the table people adds up: "
            "build 01_clean anew."
        )
    return np.asarray((found.x.reshape(2, *counts.shape) > _MOVED).any(axis=0))

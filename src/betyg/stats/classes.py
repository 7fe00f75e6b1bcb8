"""Categories merged until none is sparse: tests on counts need some answers in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats.ordinal_cells import given_answers
from betyg.stats.sums import by_code

__all__ = ["merge"]

Array = NDArray[np.float64]

EXPECTED = 5.0  # answers in each class
FEW = 0.2  # of the levels may expect fewer
MOST_POSITIONS = 11  # more are the values of an index
MOST_CLASSES = 12  # of an index


def merge(cells: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """Merge neighbouring categories until four levels in five expect five answers in each.

    A cumulative model that holds for the categories holds for the merged ones, with fewer
    thresholds and the same slopes (McCullagh 1980), so a test on the merged ones is valid.

    Parameters
    ----------
    cells : DataFrame
        As for ``ordinal.fit``, with ``score``.
    roles : sequence of str
        Variables whose levels count.

    Returns
    -------
    DataFrame
        Answers only; ``response`` is the lowest position of the class, ``score`` the mean of its
        answers. One class may be all that is left.

    References
    ----------
    Cochran (1954), Biometrics 10, 417-451.
    """
    given = given_answers(cells, "response")
    weight = given["weight_sum"].to_numpy(np.float64)
    positions, code = np.unique(given["response"].to_numpy(np.float64), return_inverse=True)
    share = by_code(code, weight, positions.size) / weight.sum()
    totals = [given.groupby(role, observed=True)["n"].sum() for role in roles]
    sizes = [float(np.quantile(total.to_numpy(np.float64), FEW)) for total in totals]
    least = EXPECTED / min(sizes, default=float(given["n"].sum()))
    if positions.size > MOST_POSITIONS:
        least = max(least, 1.0 / MOST_CLASSES)
    found = _classes(share, least)
    mean = by_code(found[code], weight * given["score"].to_numpy(np.float64), positions.size)
    mean /= np.maximum(by_code(found[code], weight, positions.size), np.finfo(np.float64).tiny)
    lowest = positions[np.searchsorted(found, np.arange(found[-1] + 1))]
    return given.assign(response=lowest[found[code]], score=mean[found[code]])


def _classes(share: Array, least: float) -> NDArray[np.intp]:
    """Return the class of each category: filled from below, a poor rest joins the last."""
    found = np.zeros(share.size, dtype=np.intp)
    filled, current = 0.0, 0
    for category, own in enumerate(share):
        if filled >= least:
            filled, current = 0.0, current + 1
        filled += own
        found[category] = current
    if filled < least and current > 0:
        found[found == current] = current - 1
    return found

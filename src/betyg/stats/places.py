"""Places: who is surely above whom, and which places are shared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats import detectable
from betyg.stats.compare import Pairwise

__all__ = ["order"]

Array = NDArray[np.float64]
Z95 = 1.959963984540054


def order(
    compared: Pairwise,
    *,
    margin: float,
    n: NDArray[np.int64] | None = None,
    role: str = "name",
) -> pd.DataFrame:
    """Return what can be said of the order of the means.

    The rank of a mean lies between one plus those surely above it and the
    number of all less those surely below it, for all means at once. A place is shared only
    by means of which no two are surely different, no two differ by more than ``margin``,
    and all of which are surely apart from every other mean. Where neither that nor a
    place of one's own holds, ``place`` is missing and only the range of ranks counts.

    Parameters
    ----------
    compared : Pairwise
        All differences.
    margin : float
        Points of difference that do not matter.
    n : ndarray of int, shape (means,), optional
        Answers behind each mean.
    role : str
        Name of the first column: what the means are of.

    Returns
    -------
    DataFrame
        The ``role``; estimate, se, ci_low, ci_high (each mean's own 95 % interval); n;
        place_low, place_high (range of ranks, 1 is best); place (Int64, missing where it is not
        settled); shared; surely_best; found (the difference from the highest mean, in points,
        that would be found four times in five; NaN for that mean). The highest mean first.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Rev. Econ. Stud. 91, 476-518.
    """
    above = compared.surely_above()
    ranked = np.argsort(-compared.estimate, kind="stable")
    lowest = 1 + above.sum(axis=0)
    highest = len(compared.names) - above.sum(axis=1)
    place, shared = _shared_places(compared.estimate, above, ranked, margin)
    frame = pd.DataFrame(
        {
            role: compared.names,
            "estimate": compared.estimate,
            "se": compared.se,
            "ci_low": compared.estimate - Z95 * compared.se,
            "ci_high": compared.estimate + Z95 * compared.se,
            "place_low": lowest,
            "place_high": highest,
            "place": pd.array(place, dtype="Int64"),
            "shared": shared,
            "surely_best": highest == 1,
            "found": _found(compared, compared.names[int(ranked[0])]),
        }
    )
    if n is not None:
        frame.insert(5, "n", n)
    return frame.iloc[ranked].reset_index(drop=True)


def _found(compared: Pairwise, top: str) -> Array:
    pairs = compared.table
    se = dict.fromkeys(compared.names, np.nan)
    for first, second, own in zip(pairs["first"], pairs["second"], pairs["se"], strict=True):
        if top in (first, second):
            se[second if first == top else first] = own
    return detectable.smallest(np.array(list(se.values())), critical=compared.critical)


def _shared_places(
    estimate: Array, above: NDArray[np.bool_], ranked: NDArray[np.intp], margin: float
) -> tuple[list[int | None], NDArray[np.bool_]]:
    """Cut the order where everyone before is surely above everyone after."""
    count = ranked.size
    place: list[int | None] = [None] * count
    shared = np.zeros(count, dtype=bool)
    start = 0
    for end in range(1, count + 1):
        if end < count and not above[np.ix_(ranked[:end], ranked[end:])].all():
            continue
        block = ranked[start:end]
        undecided = not above[np.ix_(block, block)].any()
        if undecided and np.ptp(estimate[block]) <= margin:
            for member in block:
                place[member] = start + 1
            shared[block] = block.size > 1
        start = end
    return place, shared

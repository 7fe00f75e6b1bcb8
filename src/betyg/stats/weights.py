"""The weights themselves: how unequal they are, and what trimming did to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.stats.domains import SUMS

__all__ = ["SPREAD", "spread", "table"]

SPREAD = ("n", "smallest", "largest", "weight_sum", "weight_sq_sum")
"""Columns of domains that tell how unequal weights are."""


def table(domains: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Describe the weights of each year, and of each agency in it.

    Parameters
    ----------
    domains : DataFrame
        As written by 01_clean.
    survey : Study
        Order of the agencies.

    Returns
    -------
    DataFrame
        year int16; agency category ("all" = over all); n int64; mean, smallest, largest float64
        (weights); deff float64 (Kish's 1 + cv^2 of the weights); n_eff float64 (n / deff);
        trimmed int64 (weights that were cut); cut_to float64 (the largest weight that trimming
        left, NaN where it cut none); moved float64 (share of the weight that was cut, 0-1).

    References
    ----------
    Kish (1992), J. Off. Stat. 8, 183-200.
    """
    held = domains.assign(agency=domains["agency"].astype("str"))
    both = pd.concat([held.assign(agency="all"), held], ignore_index=True)
    order = ["all", *(unit.code for unit in survey.agencies)]
    both["agency"] = pd.Categorical(both["agency"], categories=order)
    by = both.groupby(["year", "agency"], observed=True)
    sums = by.agg({name: how for name, how in SUMS.items() if name != "population"})
    mean = sums["weight_sum"] / sums["n"]
    square = sums["weight_sq_sum"] / sums["n"]
    deff = square / np.where(mean > 0, mean, np.nan) ** 2
    found = sums.assign(
        mean=mean, deff=deff, n_eff=sums["n"] / deff, moved=sums["taken"] / sums["given"]
    )
    names = ["n", "mean", "smallest", "largest", "deff", "n_eff", "trimmed", "cut_to", "moved"]
    return found[names].reset_index()


def spread(domains: pd.DataFrame) -> tuple[float, float, float]:
    """Return the least weight, the largest, and Kish's factor of the variance.

    Parameters
    ----------
    domains : DataFrame
        Columns ``SPREAD``, a row or more.
    """
    n, weight, square = (float(domains[of].sum()) for of in ("n", "weight_sum", "weight_sq_sum"))
    return (
        float(domains["smallest"].min()), float(domains["largest"].max()), n * square / weight**2,
    )  # fmt: skip

"""Composite indices where only counts of each item are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.stats.proportions import t_interval

__all__ = ["composites"]

KEYS = ["agency", "year", "activity", "group"]


def composites(estimates: pd.DataFrame, survey: Study) -> Iterator[pd.DataFrame]:
    """Average the means of the items of each composite index, domain by domain.

    Without respondents the correlation of two items is unknown. The mean of their
    standard errors is the largest that the index can have, and is what is given.

    Parameters
    ----------
    estimates : DataFrame
        Estimates of the items.
    survey : Study
        The indices.

    Yields
    ------
    DataFrame
        Estimates of one index; ``n`` is that of the item with the fewest answers. A domain has
        none if fewer than ``min_answered`` of the items asked there have a mean.
    """
    means = estimates[estimates["statistic"] == "mean"]
    for index in survey.composites:
        yield _composite(means[means["item"].isin(list(index.items))], index, survey)


def _composite(means: pd.DataFrame, index: Index, survey: Study) -> pd.DataFrame:
    of_index = means.groupby(KEYS, observed=True, sort=False)
    frame = of_index.agg(
        estimate=("estimate", "mean"),
        se=("se", lambda se: se.mean(skipna=False)),
        df=("df", "min"),
        n=("n", "min"),
        n_eff=("n_eff", "min"),
        deff=("deff", "max"),
        items=("item", "size"),
    ).reset_index()
    asked = frame["year"].map(lambda year: _asked(index, int(year), survey))
    enough = frame[frame["items"] >= index.min_answered * asked].drop(columns="items")
    estimate, se, df = (enough[name].to_numpy(np.float64) for name in ("estimate", "se", "df"))
    low, high = t_interval(estimate, se, df)
    return enough.assign(
        item=index.name,
        statistic="mean",
        response=np.nan,
        ci_low=np.clip(low, 0.0, 100.0),
        ci_high=np.clip(high, 0.0, 100.0),
    )


def _asked(index: Index, year: int, survey: Study) -> int:
    """Return how many of the items were asked in a year; over all years (0), all of them."""
    return sum(year == 0 or survey.asked(item, year) for item in index.items)

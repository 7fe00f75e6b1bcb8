"""The weights themselves: how unequal they are, and what trimming did to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from betyg.data.study import Study

__all__ = ["table"]


def table(respondents: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Describe the weights of each year, and of each agency in it.

    Parameters
    ----------
    respondents : DataFrame
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
    held = respondents[["year", "agency", "weight"]].assign(
        agency=respondents["agency"].astype("str")
    )
    given = respondents.get("weight_given", respondents["weight"])
    trimmed = respondents.get("weight_base", respondents["weight"])
    held = held.assign(
        given=given,
        square=held["weight"] ** 2,
        cut=trimmed < given,
        taken=(given - trimmed).clip(lower=0.0),
        at=trimmed.where(trimmed < given),
    )
    both = pd.concat([held.assign(agency="all"), held], ignore_index=True)
    order = ["all", *(unit.code for unit in survey.agencies)]
    both["agency"] = pd.Categorical(both["agency"], categories=order)
    sums = both.groupby(["year", "agency"], observed=True).agg(
        n=("weight", "size"),
        mean=("weight", "mean"),
        smallest=("weight", "min"),
        largest=("weight", "max"),
        square=("square", "mean"),
        trimmed=("cut", "sum"),
        cut_to=("at", "max"),
        taken=("taken", "sum"),
        given=("given", "sum"),
    )
    deff = sums["square"] / np.where(sums["mean"] > 0, sums["mean"], np.nan) ** 2
    found = sums.assign(deff=deff, n_eff=sums["n"] / deff, moved=sums["taken"] / sums["given"])
    names = ["n", "mean", "smallest", "largest", "deff", "n_eff", "trimmed", "cut_to", "moved"]
    return found[names].reset_index()

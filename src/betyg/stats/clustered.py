"""Cells that keep their primary sampling units, for models whose errors must know of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.stats.joint import scores_of
from betyg.stats.ordinal_sandwich import Sampling

__all__ = ["SAMPLING", "cells_of", "declared"]

SAMPLING = Sampling(stratum="stratum", psu="psu")
KEYS = ("agency", "year", "activity", "group", "stratum", "psu")


def declared(survey: Study) -> bool:
    """Say whether a file of the study tells the primary sampling units."""
    return any("psu" in source.columns for source in survey.sources)


def cells_of(respondents: pd.DataFrame, survey: Study, *, item: str) -> pd.DataFrame:
    """Count the answers to one item as ``cells.parquet`` does, but by primary sampling unit.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    item : str
        Item or composite index.

    Returns
    -------
    DataFrame
        agency, year, activity, group, stratum, psu; item, kind ("answer"); response (position on
        the scale, or the value of an index), score (0-100); n, weight_sum, weight_sq_sum.
    """
    score = scores_of(respondents, item, survey)
    composite = item in {index.name for index in survey.composites}
    response = score if composite else respondents[item].to_numpy(np.float64, na_value=np.nan)
    weight = respondents["weight"].to_numpy(np.float64)
    rows = respondents[list(KEYS)].assign(
        response=response, score=score, n=1, weight_sum=weight, weight_sq_sum=weight**2
    )
    counted = (
        rows[np.isfinite(score)]
        .groupby([*KEYS, "response", "score"], observed=True, sort=False)[
            ["n", "weight_sum", "weight_sq_sum"]
        ]
        .sum()
        .reset_index()
    )
    return counted.assign(item=item, kind="answer")

"""Answers altered for the twins: each function returns a copy."""

from __future__ import annotations

import lansstyrelserna_statements as say
import numpy as np
import pandas as pd

from betyg.data.composites import composites
from betyg.data.study import Study


def altered(answers: pd.DataFrame, item: str, steps: int, **where: object) -> pd.DataFrame:
    """Move answers up or down the five grades, within their ends."""
    rows = say.chosen(answers, **where).index
    changed = answers.copy()
    changed.loc[rows, item] = (changed.loc[rows, item] + steps).clip(1, 5)
    return changed


def without(answers: pd.DataFrame, **where: object) -> pd.DataFrame:
    return answers.drop(index=say.chosen(answers, **where).index)


def rows(
    answers: pd.DataFrame, *, year: int | None = None, activity: str = "all", agency: str = ""
) -> np.ndarray:
    chosen = (answers["activity"] == activity).to_numpy()
    if year is not None:
        chosen = chosen & (answers["year"] == year).to_numpy()
    if agency:
        chosen = chosen & (answers["agency"] == agency).to_numpy()
    return chosen


def moved(answers: pd.DataFrame, item: str, chosen: np.ndarray, steps: int, k: int) -> pd.DataFrame:
    """Move the chosen answers up or down the scale, within its ends."""
    changed = answers.copy()
    changed.loc[chosen, item] = (changed.loc[chosen, item] + steps).clip(1, k)
    return changed


def forgotten(answers: pd.DataFrame, theme: str, year: int, every: int) -> pd.DataFrame:
    """Unmention a theme in the open answers of all but each ``every``-th who mentioned it."""
    mentioned = np.flatnonzero(rows(answers, year=year) & (answers[theme] == 2).fillna(False))
    changed = answers.copy()
    keep = mentioned[::every]
    changed.loc[changed.index[np.setdiff1d(mentioned, keep)], theme] = 1
    return changed


def swapped(answers: pd.DataFrame, item: str, year: int, pair: tuple[str, str]) -> pd.DataFrame:
    """Give the answers about one service to the other, and the other way round."""
    changed = answers.copy()
    first, second = (np.flatnonzero(rows(answers, year=year, activity=name)) for name in pair)
    for column in (item, f"{item}.missing"):
        at = changed.columns.get_loc(column)
        changed.iloc[first, at] = answers.iloc[second, at].array
        changed.iloc[second, at] = answers.iloc[first, at].array
    return changed


def recomposed(answers: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Compute the indices anew from answers that were altered."""
    states = {
        item: np.where(
            answers[f"{item}.missing"] == "not_asked", 0, answers[item].fillna(-1).to_numpy(np.int8)
        )
        for item in survey.item_codes
    }
    years = answers["year"].to_numpy(np.int16)
    found = composites(states, years=lambda: years, there=[*np.unique(years)], survey=survey)
    return answers.assign(**{name: index.of_rows() for name, index in found.items()})

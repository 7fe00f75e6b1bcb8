"""Composite indices: the mean score of several items, respondent by respondent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from betyg.data.study import Study

__all__ = ["composites"]

DIGITS = 9  # the order of additions must not make two values of one
"""Values are rounded here, so that equal answers in another order give the same value."""


def composites(
    answers: Mapping[str, NDArray[np.int8]], *, years: NDArray[np.int16], survey: Study
) -> dict[str, NDArray[np.float64]]:
    """Return every composite index of the study, 0-100, NaN where too few items were answered.

    Parameters
    ----------
    answers : mapping of item to ndarray of int8, shape (rows,)
        States: 1..k answers, 0 not asked, below 0 missing.
    years : ndarray of int, shape (rows,)
        The year decides which scale an item has.
    survey : Study
        Indices and scales.

    Notes
    -----
    The share answered is out of the items that were *asked* in that row (METHODS section 1): a
    round without one of the items is not a round of people who refused it.
    """
    scores: dict[str, NDArray[np.float64]] = {}
    found: dict[str, NDArray[np.float64]] = {}
    for index in survey.composites:
        for item in index.items:
            if item not in scores:
                scores[item] = _scores(item, answers[item], years, survey)
        found[index.name] = _mean(
            [scores[item] for item in index.items],
            [answers[item] != 0 for item in index.items],
            index.min_answered,
        )
    return found


def _scores(
    item: str, states: NDArray[np.int8], years: NDArray[np.int16], survey: Study
) -> NDArray[np.float64]:
    """Return the score 0-100 of each answer, NaN for any kind of missing."""
    there = np.flatnonzero(np.bincount(years, minlength=1)).tolist()
    by_year = {year: survey.scale_of(item, year).scores for year in there}
    position = np.maximum(states, 0)
    if len(set(by_year.values())) == 1:
        return np.array([np.nan, *by_year[there[0]]])[position]
    scores = np.full(len(states), np.nan)
    for year in there:
        rows = np.flatnonzero(years == year)
        scores[rows] = np.array([np.nan, *by_year[year]])[position[rows]]
    return scores


def _mean(
    scores: Sequence[NDArray[np.float64]], asked: Sequence[NDArray[np.bool_]], least: float
) -> NDArray[np.float64]:
    total = np.zeros(len(scores[0]))
    answered = np.zeros(len(scores[0]))
    for score in scores:
        given = ~np.isnan(score)
        total += np.where(given, score, 0.0)
        answered += given
    needed = least * np.sum(asked, axis=0)
    enough = (answered > 0) & (answered >= needed - 1e-9)
    mean = np.divide(total, answered, out=np.full(len(total), np.nan), where=enough)
    return np.asarray(np.round(mean, DIGITS))

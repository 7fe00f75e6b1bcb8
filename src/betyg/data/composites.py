"""Composite indices: the mean score of several items, respondent by respondent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from betyg.data.harmonise import MISSING
from betyg.data.study import Study

__all__ = ["composites"]

DIGITS = 9  # the order of additions must not make two values of one
"""Values are rounded here, so that equal answers in another order give the same value."""
STATES_OF_NONE = len(MISSING)  # from below zero to "not asked"
KINDS = 2**14  # of combinations of states that are worked out before they are met


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
    found = {index.name: np.empty(len(years)) for index in survey.composites}
    there = np.flatnonzero(np.bincount(years, minlength=1)).tolist()
    for index in survey.composites:
        alike: dict[tuple[tuple[float, ...], ...], list[int]] = {}
        for year in there:
            scales = tuple(survey.scale_of(item, year).scores for item in index.items)
            alike.setdefault(scales, []).append(year)
        for scales, own in alike.items():
            rows = slice(None) if len(alike) == 1 else np.flatnonzero(np.isin(years, own))
            states = [answers[item][rows] for item in index.items]
            found[index.name][rows] = _values(states, scales, index.min_answered)
    return found


def _values(
    states: Sequence[NDArray[np.int8]], scales: Sequence[tuple[float, ...]], least: float
) -> NDArray[np.float64]:
    """Return the index of each row, worked out once for alike rows where there are few kinds."""
    scores = [np.array([np.nan, *own]) for own in scales]
    kinds = [len(own) + STATES_OF_NONE for own in scales]
    if math.prod(kinds) > KINDS:
        of_rows = [own[np.maximum(held, 0)] for own, held in zip(scores, states, strict=True)]
        return _mean(of_rows, [held != 0 for held in states], least)
    each = np.indices(kinds).reshape(len(kinds), -1) - STATES_OF_NONE + 1
    by_kind = [own[np.maximum(held, 0)] for own, held in zip(scores, each, strict=True)]
    values = _mean(by_kind, [held != 0 for held in each], least)
    kind = np.zeros(len(states[0]), dtype=np.int16)
    for held, n in zip(states, kinds, strict=True):
        kind = kind * np.int16(n) + held + np.int16(STATES_OF_NONE - 1)
    return values[kind]


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

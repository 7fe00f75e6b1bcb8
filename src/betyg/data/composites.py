"""Composite indices: the mean score of several items, respondent by respondent."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.harmonise import MISSING
from betyg.data.study import Study

__all__ = ["Index", "composites"]

DIGITS = 9  # the order of additions must not make two values of one
"""Values are rounded here, so that equal answers in another order give the same value."""
STATES_OF_NONE = len(MISSING)  # from below zero to "not asked"
KINDS = 2**14  # of combinations of states that are worked out before they are met


class Index(NamedTuple):
    """Values of an index, 0-100, NaN where too few items were answered, and which is each row's.

    Attributes
    ----------
    place : ndarray of int, shape (rows,)
    values : ndarray of float
        Some may be there twice, or be no row's.
    """

    place: NDArray[np.integer]
    values: NDArray[np.float64]

    def of_rows(self) -> NDArray[np.float64]:
        """Return the value of each row."""
        return self.values.take(self.place)

    def coded(self) -> pd.Categorical:
        """Return the values of the rows as places in the distinct ones."""
        distinct, place = np.unique(self.values, return_inverse=True)
        codes = np.where(np.isnan(self.values), -1, place).astype(np.min_scalar_type(-place.size))
        kinds = pd.CategoricalDtype(pd.Index(distinct[~np.isnan(distinct)]))
        return pd.Categorical.from_codes(codes.take(self.place), dtype=kinds, validate=False)


def composites(
    answers: Mapping[str, NDArray[np.int8]],
    *,
    years: Callable[[], NDArray[np.int16]],
    there: Collection[int],
    survey: Study,
) -> dict[str, Index]:
    """Return every composite index of the study.

    Parameters
    ----------
    answers : mapping of item to ndarray of int8, shape (rows,)
        States: 1..k answers, 0 not asked, below 0 missing.
    years : callable
        Gives the year of each row, which decides the scale of an item: asked where scales differ.
    there : collection of int
        The years that there can be.
    survey : Study
        Indices and scales.

    Notes
    -----
    The share answered is out of the items that were *asked* in that row (METHODS section 1): a
    round without one of the items is not a round of people who refused it.
    """
    found: dict[str, Index] = {}
    for index in survey.composites:
        alike: dict[tuple[tuple[float, ...], ...], list[int]] = {}
        for year in there:
            scales = tuple(survey.scale_of(item, year).scores for item in index.items)
            alike.setdefault(scales, []).append(year)
        states = [answers[item] for item in index.items]
        if len(alike) == 1:
            found[index.name] = _of_rows(states, next(iter(alike)), index.min_answered)
        else:
            found[index.name] = _by_year(states, alike, years(), index.min_answered)
    return found


def _by_year(
    states: Sequence[NDArray[np.int8]],
    alike: Mapping[tuple[tuple[float, ...], ...], Collection[int]],
    years: NDArray[np.int16],
    least: float,
) -> Index:
    """Return the index of each row, given the years that have the same scales."""
    place, values = np.zeros(len(years), dtype=np.int32), np.zeros(0)
    for scales, own in alike.items():
        rows = np.flatnonzero(np.isin(years, [*own]))
        of = _of_rows([held[rows] for held in states], scales, least)
        place[rows] = of.place + np.int32(len(values))
        values = np.concatenate([values, of.values])
    return Index(place, values)


def _of_rows(
    states: Sequence[NDArray[np.int8]], scales: Sequence[tuple[float, ...]], least: float
) -> Index:
    """Return the index of each row, worked out once for alike rows where there are few kinds."""
    scores = [np.array([np.nan, *own]) for own in scales]
    kinds = [len(own) + STATES_OF_NONE for own in scales]
    if math.prod(kinds) > KINDS:
        of_rows = [own[np.maximum(held, 0)] for own, held in zip(scores, states, strict=True)]
        place, values = pd.factorize(
            _mean(of_rows, [held != 0 for held in states], least), use_na_sentinel=False
        )
        return Index(place, values)
    each = np.indices(kinds).reshape(len(kinds), -1) - STATES_OF_NONE + 1
    by_kind = [own[np.maximum(held, 0)] for own, held in zip(scores, each, strict=True)]
    values = _mean(by_kind, [held != 0 for held in each], least)
    kind: NDArray[np.int16] = np.zeros(len(states[0]), dtype=np.int16)
    for held, n in zip(states, kinds, strict=True):
        kind = kind * np.int16(n) + held + np.int16(STATES_OF_NONE - 1)
    return Index(kind, values)


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

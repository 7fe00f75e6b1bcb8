"""Other sensible ways to compute the mean of every agency in a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import comparison, ordinal, standardise
from betyg.stats.adjusted_means import adjusted_means
from betyg.stats.answer_patterns import FEWEST_POSITIONS
from betyg.stats.comparison import Comparable
from betyg.stats.joint import scores_of

__all__ = ["MEASURES", "Means", "Way", "means", "top_two", "ways"]

Array = NDArray[np.float64]
Measure = Literal["ordinal", "mean", "top2"]
MEASURES: tuple[Measure, ...] = ("ordinal", "mean", "top2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The measure; with weights or without; at one common mix or as answered; of all or early."""

    measure: Measure
    weighted: bool
    adjusted: bool
    late: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Means of agencies in rounds, 0-100, with their joint covariance.

    Attributes
    ----------
    keys : tuple of (str, int)
        Agency and year of each mean.
    estimate : ndarray of float, shape (means,)
    covariance : ndarray of float, shape (means, means)
    """

    keys: tuple[tuple[str, int], ...]
    estimate: Array
    covariance: Array


def ways(respondents: pd.DataFrame, cells: pd.DataFrame, survey: Study) -> Iterator[Way]:
    """Yield the ways that can differ in a study: at most twelve, and as many without late answers.

    Without weights, without a case mix, or without two highest answers there are fewer. Of
    counts only the ordinal model is fitted, and beside it stands the mean of which changes are
    made; of published values, and of an index of which only counts are known, there is no other
    way.
    """
    counted = survey.kind == "counts" and isinstance(survey.item(survey.compare.outcome), Index)
    if survey.kind == "published" or counted:
        return
    measures = MEASURES if survey.kind == "responses" else MEASURES[:1]
    if survey.kind == "responses" and np.isnan(top_two(respondents, survey)).all():
        measures = MEASURES[:2]
    weights = [True, False] if (cells["weight_sum"] != cells["n"]).any() else [True]
    mixes = [True, False] if survey.compare.adjust_for else [False]
    late = [True, False] if survey.tells_late and respondents["late"].any() else [True]
    for measure, weighted, adjusted, all_answers in product(measures, weights, mixes, late):
        yield Way(measure=measure, weighted=weighted, adjusted=adjusted, late=all_answers)
    if survey.kind == "counts":
        yield Way(measure="mean", weighted=True, adjusted=mixes[0])


def means(way: Way, respondents: pd.DataFrame, cells: pd.DataFrame, survey: Study) -> Means:
    """Estimate the mean of every agency in every year of the rows, in one way.

    Parameters
    ----------
    way : Way
        How.
    respondents, cells : DataFrame
        As written by 01_clean, of the years and answers that are wanted.
    survey : Study
        The study.

    Returns
    -------
    Means
        Without rounds under the base, or in which everybody gave the same answer.

    Raises
    ------
    DesignError
        If this way gives no estimate: nobody answered, or agencies share no part of the mix.
    ConvergenceError
        If the ordinal model is not found.
    """
    if not way.adjusted:
        plain = survey.compare.model_copy(update={"adjust_for": ()})
        survey = survey.model_copy(update={"compare": plain})
    if not way.weighted:
        n = cells["n"].astype(np.float64)
        cells = cells.assign(weight_sum=n, weight_sq_sum=n)
        respondents = respondents.assign(weight=1.0)
    chosen = comparison.comparable(cells, survey)
    if way.measure == "ordinal":
        return _ordinal(chosen)
    if survey.kind == "counts":
        raise DesignError("ways: means of counts have no joint errors, which bands need.")
    return _linear(chosen, respondents, survey, way.measure)


def _ordinal(chosen: Comparable) -> Means:
    by = [role for role in ("agency", "year") if chosen.cells[role].nunique() > 1] or ["agency"]
    terms = (":".join(by), *chosen.adjust_for)
    fit = ordinal.fit(chosen.cells, f"response ~ {' + '.join(terms)}")
    found = standardise.margins(fit, by=by)
    one = {role: chosen.cells[role].iloc[0] for role in ("agency", "year") if role not in by}
    named = found.means.assign(**one)
    return Means(
        keys=tuple((str(a), int(y)) for a, y in zip(named["agency"], named["year"], strict=True)),
        estimate=named["estimate"].to_numpy(np.float64),
        covariance=found.covariance,
    )


def _linear(
    chosen: Comparable, respondents: pd.DataFrame, survey: Study, measure: Measure
) -> Means:
    placed, keys = (
        pd.MultiIndex.from_frame(frame[["agency", "year"]].astype({"agency": "str"}))
        for frame in (chosen.cells, respondents)
    )
    rows = respondents[keys.isin(placed)].reset_index(drop=True)
    outcome = survey.compare.outcome
    score = top_two(rows, survey) if measure == "top2" else scores_of(rows, outcome, survey)
    over = rows["agency"].astype("str") + "|" + rows["year"].astype("str")
    joint = adjusted_means(rows, survey, score=score, over=over, adjust_for=chosen.adjust_for)
    named = [name.rsplit("|", 1) for name in joint.names]
    return Means(
        keys=tuple((agency, int(year)) for agency, year in named),
        estimate=joint.estimate,
        covariance=joint.covariance,
    )


def top_two(respondents: pd.DataFrame, survey: Study) -> Array:
    """Return 100 where the answer to the outcome is among the two highest, else 0.

    Of an index: the share of the items answered, where the index itself has a value. Items of
    three positions or fewer have no two highest.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where there is no answer.
    """
    outcome = survey.item(survey.compare.outcome)
    items = outcome.items if isinstance(outcome, Index) else (outcome.item,)
    high, answered = np.zeros(len(respondents)), np.zeros(len(respondents))
    years = respondents["year"].to_numpy()
    for item in items:
        position = respondents[item].to_numpy(dtype=np.int64, na_value=0)
        for year in np.unique(years).tolist():
            k = survey.scale_of(item, year).k
            given = (years == year) & (position > 0) & (k >= FEWEST_POSITIONS)
            answered += given
            high += given & (position >= k - 1)
    share = np.divide(100.0 * high, answered, out=np.full(len(high), np.nan), where=answered > 0)
    known = ~np.isnan(scores_of(respondents, survey.compare.outcome, survey))
    return np.where(known, share, np.nan)

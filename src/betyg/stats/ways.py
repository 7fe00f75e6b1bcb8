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
from betyg.stats.answered import Answered
from betyg.stats.comparison import Comparable

__all__ = ["MEASURES", "Means", "Way", "means", "ways"]

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


def ways(answers: Answered, survey: Study, *, early: bool = False) -> Iterator[Way]:
    """Yield the ways that can differ in a study: at most twelve, and as many without late answers.

    Without weights, without a case mix, or without two highest answers there are fewer. Of
    counts only the ordinal model is fitted, and beside it stands the mean of which changes are
    made; of published values, and of an index of which only counts are known, there is no other
    way. Late answers are left out where ``early`` says that others are known.
    """
    counted = survey.kind == "counts" and isinstance(survey.item(survey.compare.outcome), Index)
    if survey.kind == "published" or counted:
        return
    measures = MEASURES if survey.kind == "responses" else MEASURES[:1]
    if survey.kind == "responses" and answers.rows["top_two"].isna().all():
        measures = MEASURES[:2]
    cells = answers.cells
    weights = [True, False] if (cells["weight_sum"] != cells["n"]).any() else [True]
    mixes = [True, False] if survey.compare.adjust_for else [False]
    late = [True, False] if early else [True]
    for measure, weighted, adjusted, all_answers in product(measures, weights, mixes, late):
        yield Way(measure=measure, weighted=weighted, adjusted=adjusted, late=all_answers)
    if survey.kind == "counts":
        yield Way(measure="mean", weighted=True, adjusted=mixes[0])


def means(way: Way, answers: Answered, survey: Study) -> Means:
    """Estimate the mean of every agency in every year of the answers, in one way.

    Parameters
    ----------
    way : Way
        How.
    answers : Answered
        Those of the years that are wanted, late ones or not.
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
    used = answers if way.weighted else answers.unweighted()
    chosen = comparison.comparable(used.cells, survey)
    if way.measure == "ordinal":
        return _ordinal(chosen)
    if survey.kind == "counts":
        raise DesignError("ways: means of counts have no joint errors, which bands need.")
    return _linear(chosen, used, survey, "top_two" if way.measure == "top2" else "score")


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


def _linear(chosen: Comparable, answers: Answered, survey: Study, score: str) -> Means:
    rounds = ["agency", "year"]
    placed = pd.MultiIndex.from_frame(chosen.cells[rounds].astype({"agency": "str"}))

    def of_placed(frame: pd.DataFrame) -> pd.DataFrame:
        keys = pd.MultiIndex.from_frame(frame[rounds].astype({"agency": "str"}))
        return frame[keys.isin(placed)].reset_index(drop=True)

    own = answers.only(of_placed)
    joint = adjusted_means(
        own.rows,
        own.design(survey),
        score=own.rows[score].to_numpy(np.float64),
        over=own.rows["agency"].astype("str") + "|" + own.rows["year"].astype("str"),
        adjust_for=chosen.adjust_for,
    )
    named = [name.rsplit("|", 1) for name in joint.names]
    return Means(
        keys=tuple((agency, int(year)) for agency, year in named),
        estimate=joint.estimate,
        covariance=joint.covariance,
    )

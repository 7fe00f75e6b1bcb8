"""Means of several items, groups or services of the same respondents, with their covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.errors import DesignError, ParameterError
from betyg.stats.calibrate import Calibration, calibration
from betyg.stats.design import SurveyDesign, check_weights
from betyg.stats.sum_design import SumDesign

__all__ = [
    "DESIGN",
    "JointMeans",
    "design_of",
    "joint_items",
    "joint_levels",
    "joint_means",
    "joint_of",
    "scores_of",
    "several_a_unit",
]

Array = NDArray[np.float64]

DESIGN = (
    "agency", "year", "activity", "group", "weight", "weight_base", "stratum", "psu", "population",
)  # fmt: skip
"""What the design of respondents is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMeans:
    """Means that share respondents.

    Attributes
    ----------
    names : tuple of str
        What each mean is of.
    estimate : ndarray of float, shape (means,)
        Mean scores, 0-100.
    covariance : ndarray of float, shape (means, means)
        Design-based, joint.
    n : ndarray of int, shape (means,)
        Answers.
    df : int
        PSUs minus strata.
    """

    names: tuple[str, ...]
    estimate: Array
    covariance: Array
    n: NDArray[np.int64]
    df: int

    @property
    def se(self) -> Array:
        """Standard errors."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def covariance_frame(self) -> pd.DataFrame:
        """The covariance with names."""
        return pd.DataFrame(self.covariance, index=list(self.names), columns=list(self.names))


def scores_of(respondents: pd.DataFrame, item: str, survey: Study) -> Array:
    """Return the score 0-100 of each row's answer to an item or composite index, else NaN."""
    if item in {index.name for index in survey.composites}:
        return respondents[item].to_numpy(np.float64)
    position = respondents[item].to_numpy(dtype=np.int64, na_value=0)
    years = respondents["year"].to_numpy()
    score = np.full(position.size, np.nan)
    for year in np.unique(years).tolist():
        rows = np.flatnonzero((years == year) & (position > 0))
        score[rows] = np.asarray(survey.scale_of(item, year).scores)[position[rows] - 1]
    return score


def several_a_unit(respondents: pd.DataFrame) -> bool:
    """Tell whether a sampling unit has several rows; numbers that rise are there once each."""
    psu = respondents["psu"].to_numpy()
    return not (psu[1:] > psu[:-1]).all() and pd.unique(psu).size < psu.size


def design_of(respondents: pd.DataFrame, survey: Study) -> SurveyDesign:
    """Return the design of respondents, with the finite population where the study wants it."""
    finite = survey.compare.inference == "this_year"
    by_psu = several_a_unit(respondents)
    weight = respondents["weight"].to_numpy(np.float64)
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        first = respondents.iloc[int(bad[0])]
        check_weights(weight, f"weights, {first['agency']} {first['year']}")
    return SurveyDesign.of(
        weight=weight,
        stratum=respondents["stratum"],
        psu=respondents["psu"] if by_psu else None,
        population=respondents["population"].to_numpy() if finite else None,
        lonely=survey.design.lonely,
        calibration=_calibration(respondents, survey),
    )


def _calibration(respondents: pd.DataFrame, survey: Study) -> Calibration | None:
    """Return the regression on the margins that 01_clean raked to, each within its year."""
    if not survey.design.calibrate:
        return None
    year = respondents["year"].to_numpy()
    margins = [
        pd.factorize(pd.MultiIndex.from_arrays([year, *(respondents[role] for role in margin)]))[0]
        for margin in survey.design.calibrate
    ]
    return calibration(margins, respondents["weight_base"].to_numpy(np.float64))


def joint_means(
    respondents: pd.DataFrame, survey: Study, *, item: str, over: str | pd.Series
) -> JointMeans:
    """Estimate the mean score of an item in each level of a role, jointly.

    Parameters
    ----------
    respondents : DataFrame
        Rows to be used, e.g. of one year; ``n`` counts their answers.
    survey : Study
        The study.
    item : str
        Item or composite index.
    over : str or Series
        Role (``"activity"``, ``"group"``, ``"agency"``) whose levels are compared, or labels
        of the rows.

    Returns
    -------
    JointMeans
        Levels without an answer, the rows of no activity (or group), and totals are left out.

    Raises
    ------
    DesignError
        If nobody answered.
    """
    labels = respondents[over] if isinstance(over, str) else over
    scores = scores_of(respondents, item, survey)
    return joint_levels(labels, scores, design_of(respondents, survey), survey, about=item)


def joint_levels(
    labels: pd.Series,
    scores: Array,
    design: SurveyDesign | SumDesign,
    survey: Study,
    *,
    about: str,
) -> JointMeans:
    """Estimate the mean of the scores in each level of a role, as ``joint_means`` does.

    Parameters
    ----------
    labels : Series
        Level of each row of the design.
    scores : ndarray of float, shape (rows,)
        NaN where there is none.
    design : SurveyDesign or SumDesign
        Design of respondents, or of sums of alike ones.
    survey : Study
        Its totals.
    about : str
        What the scores are of, for messages.
    """
    names = _levels(labels[~np.isnan(scores)], survey)
    level = pd.Index(names).get_indexer(pd.Index(labels.astype("str")))
    columns = np.where(level[:, None] == np.arange(len(names)), scores[:, None], np.nan)
    return joint_of(columns, tuple(names), design, about)


def joint_items(respondents: pd.DataFrame, survey: Study, *, items: Sequence[str]) -> JointMeans:
    """Estimate the mean scores of several items, jointly.

    Parameters
    ----------
    respondents : DataFrame
        Rows to be used, e.g. of one year.
    survey : Study
        The study.
    items : sequence of str
        Items or composite indices.

    Returns
    -------
    JointMeans
        Items that nobody answered are left out.

    Raises
    ------
    DesignError
        If nobody answered any.
    ParameterError
        If no item is named.
    """
    if not items:
        raise ParameterError("joint means: name at least one item.")
    columns = np.stack([scores_of(respondents, item, survey) for item in items], axis=1)
    some = np.asarray(~np.isnan(columns).all(axis=0))
    names = tuple(item for item, keep in zip(items, some, strict=True) if keep)
    return joint_of(columns[:, some], names, design_of(respondents, survey), ", ".join(items))


def _levels(labels: pd.Series, survey: Study) -> list[str]:
    used = labels.cat.remove_unused_categories().cat.categories if _is_category(labels) else None
    found = list(used) if used is not None else sorted(labels.unique())
    return [str(name) for name in found if name != "all" and name not in survey.totals]


def _is_category(labels: pd.Series) -> bool:
    return isinstance(labels.dtype, pd.CategoricalDtype)


def joint_of(
    columns: Array, names: tuple[str, ...], design: SurveyDesign | SumDesign, about: str
) -> JointMeans:
    """Estimate the means of the columns, NaN where a respondent does not count.

    Raises
    ------
    DesignError
        If nobody counts in any.
    """
    given: NDArray[np.bool_] = ~np.isnan(columns) & (design.weight > 0)[:, None]
    if not names or not given.any():
        raise DesignError(f"joint means: nobody answered {about} here. Choose other rows.")
    weight = np.where(given, design.weight[:, None], 0.0)
    values = np.where(given, columns, 0.0)
    total = weight.sum(axis=0)
    mean = (weight * values).sum(axis=0) / total
    scores = weight * (values - mean) / total
    return JointMeans(
        names=names,
        estimate=mean,
        covariance=design.covariance_of_totals(scores),
        n=(design.persons @ given).astype(np.int64),
        df=design.degf(np.asarray(given.any(axis=1))),
    )

"""Means of agencies and rounds at one common mix, by least squares with the survey's design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError
from betyg.stats.design import SurveyDesign
from betyg.stats.joint import JointMeans
from betyg.stats.sum_design import SumDesign

__all__ = ["adjusted_means"]

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # times its size: what matrix_rank takes for zero


def adjusted_means(
    rows: pd.DataFrame,
    design: SurveyDesign | SumDesign,
    *,
    score: Array,
    over: pd.Series,
    adjust_for: Sequence[str] = (),
) -> JointMeans:
    """Estimate the mean score of each domain at the mix of all answers, jointly.

    A linear model with an effect for each domain and for each level of ``adjust_for``: the
    plain counterpart of the ordinal model, which takes the steps of the scale as equal.
    Without ``adjust_for`` these are the weighted means. Roles may tell the same twice, as an
    agency does whose answers are all of one group, if the domains can be compared all the same.

    Parameters
    ----------
    rows : DataFrame
        Respondents, or sums of alike ones: roles of the case mix are read.
    design : SurveyDesign or SumDesign
        Design of these rows; it is kept whole.
    score : ndarray of float, shape (n,)
        NaN where there is none.
    over : Series
        Domain of each row; every row belongs to one.
    adjust_for : sequence of str
        Roles of the case mix.

    Returns
    -------
    JointMeans
        The domains in the order of their names.

    Raises
    ------
    DesignError
        If nobody answered, or the domains share too few levels of the mix to be compared.

    References
    ----------
    R counterpart: ``survey::svyglm(score ~ domain + mix)`` and ``emmeans`` with the observed mix.
    """
    given = ~np.isnan(score) & (design.weight > 0)
    if not given.any():
        raise DesignError("adjusted means: nobody answered here. Choose other rows.")
    weight = np.where(given, design.weight, 0.0)
    labels = over.to_numpy(dtype=str)
    names = np.unique(labels[given])
    domain = _marks(labels, names)
    mix = [_levels(rows[role].to_numpy(dtype=str), given) for role in adjust_for]
    model = np.concatenate([domain, *mix], axis=1)
    information = model.T @ (weight[:, None] * model)
    if not _are_told_apart(information, names.size):
        raise DesignError(
            f"adjusted means: the domains share too few of {', '.join(adjust_for)} to be compared "
            "at one mix. Leave one out of [compare] adjust_for in study.toml."
        )
    inverse = np.linalg.pinv(information, rcond=len(information) * EPS, hermitian=True)
    value = np.where(given, score, 0.0)
    slopes = inverse @ (model.T @ (weight * value))
    common = weight @ model[:, names.size :] / weight.sum()
    means = np.concatenate([np.eye(names.size), np.tile(common, (names.size, 1))], axis=1)
    residual = weight * (value - model @ slopes)
    return JointMeans(
        names=tuple(str(name) for name in names),
        estimate=means @ slopes,
        covariance=design.covariance_of_totals(residual[:, None] * (model @ (inverse @ means.T))),
        n=(design.persons[given] @ domain[given]).astype(np.int64),
        df=design.degf(given),
    )


def _levels(labels: NDArray[np.str_], given: NDArray[np.bool_]) -> Array:
    """Return a column for each level but the first of those that were observed."""
    return _marks(labels, np.unique(labels[given])[1:])


def _are_told_apart(information: Array, domains: int) -> bool:
    """Say whether all contrasts of the domains can be estimated: no mix tells one of them."""
    whole = np.zeros((len(information) - domains + 1, len(information)))
    whole[0, :domains], whole[1:, domains:] = 1.0, np.eye(len(information) - domains)
    of_mix = np.linalg.matrix_rank(whole @ information @ whole.T, hermitian=True)
    return bool(np.linalg.matrix_rank(information, hermitian=True) == of_mix + domains - 1)


def _marks(labels: NDArray[np.str_], names: NDArray[np.str_]) -> Array:
    """Return a column for each name: one in its rows."""
    place = pd.Index(names).get_indexer(pd.Index(labels))
    return np.asarray(place[:, None] == np.arange(names.size), dtype=np.float64)

"""Variance of the score of a cumulative link model: the middle of the sandwich.

All respondents of one cell have the same score vector. So sums of weights and
of squared weights give the design-based variance exactly, without their rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError, did_you_mean
from betyg.stats.patterns import Patterns
from betyg.stats.sums import by_code

__all__ = ["Rows", "Sampling", "meat", "rows_of"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Columns of the cells that say how respondents were drawn.

    Attributes
    ----------
    stratum : str, optional
        Sampling strata: scores are centred within them.
    psu : str, optional
        Primary sampling units, numbered within strata or not; by default each respondent.
    population : str, optional
        Units (PSUs, or respondents) of the stratum in the population: the variance gets
        the finite population correction. Leave it out to speak of how agencies perform
        rather than of this year's users.
    """

    stratum: str | None = None
    psu: str | None = None
    population: str | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is known of the design."""
        return any((self.stratum, self.psu, self.population))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Cells of answers: one category of one pattern (of one stratum and PSU) a row.

    Attributes
    ----------
    pattern, category : ndarray of int, shape (rows,)
        Positions in the table of counts.
    weight, square : ndarray, shape (rows,)
        Scaled sums of weights and of squared weights.
    stratum : ndarray of int, shape (rows,)
        Codes of the sampling strata.
    stratum_size : ndarray, shape (strata,)
        PSUs of each stratum, those without an answer included.
    left : ndarray, shape (strata,)
        Share of the stratum's population that was not drawn; one without correction.
    psu : ndarray of int, shape (rows,), or None
        Codes; None where each respondent is a PSU.
    psu_stratum : ndarray of int, shape (psus,), or None
        Stratum of each PSU.
    """

    pattern: Codes
    category: Codes
    weight: Array
    square: Array
    stratum: Codes
    stratum_size: Array
    left: Array
    psu: Codes | None
    psu_stratum: Codes | None


def rows_of(
    cells: pd.DataFrame,
    given: pd.Index,
    coded: tuple[Codes, Codes, Array, Array],
    sampling: Sampling,
) -> Rows:
    """Attach strata and PSUs to the answers.

    Parameters
    ----------
    cells : DataFrame
        All cells of the item, index 0..rows - 1; rows without an answer count
        towards the size of their stratum.
    given : Index
        Rows of ``cells`` that are answers.
    coded : tuple of ndarray
        Pattern, category, weight and squared weight of the answers.
    sampling : Sampling
        Columns of strata, PSUs and populations.

    Returns
    -------
    Rows

    Raises
    ------
    DesignError
        If a column is unknown or has gaps, or a stratum's population varies or is too small.
    """
    stratum = _codes(cells, sampling.stratum)
    size = by_code(stratum, cells["n"].to_numpy(np.float64), int(stratum.max()) + 1)
    psu = psu_stratum = None
    if sampling.psu is not None:
        label = _codes(cells, sampling.psu)
        units, psu = np.unique(stratum * (label.max() + 1) + label, return_inverse=True)
        psu_stratum = units // (label.max() + 1)
        size = by_code(psu_stratum, np.ones(units.size), size.size)
    if size.sum() < 2:
        raise DesignError(
            "model: there is one primary sampling unit in all, so nothing says how samples vary. "
            "Name a finer psu, or leave the design out."
        )
    pattern, category, weight, square = coded
    return Rows(
        pattern=pattern,
        category=category,
        weight=weight,
        square=square,
        stratum=stratum[given],
        stratum_size=size,
        left=_left(cells, sampling, stratum, size),
        psu=None if psu is None else psu[given],
        psu_stratum=psu_stratum,
    )


def _codes(cells: pd.DataFrame, name: str | None) -> Codes:
    if name is None:
        return np.zeros(len(cells), dtype=np.intp)
    if name not in cells.columns:
        raise DesignError(f"model: there is no '{name}'. {did_you_mean(name, cells.columns)}")
    codes = np.asarray(pd.factorize(cells[name])[0], dtype=np.intp)
    if (codes < 0).any():
        raise DesignError(
            f"model: '{name}' is missing in {int((codes < 0).sum())} of {len(cells)} cells. Say "
            "how those respondents were drawn, or leave the design out."
        )
    return codes


def _left(cells: pd.DataFrame, sampling: Sampling, stratum: Codes, size: Array) -> Array:
    """Return the share of each stratum's population that was not drawn."""
    name = sampling.population
    if name is None:
        return np.ones(size.size)
    _codes(cells, name)
    table = cells[name].groupby(stratum).agg(["min", "max"]).to_numpy(np.float64)
    wrong = (table[:, 0] != table[:, 1]) | (table[:, 0] < size)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        named = (
            "" if sampling.stratum is None else f" {cells[sampling.stratum][stratum == at].iloc[0]}"
        )
        raise DesignError(
            f"model: stratum{named} has '{name}' {table[at, 0]:g} to {table[at, 1]:g} for "
            f"{size[at]:g} units drawn. Give it one number, at least as large as the sample."
        )
    return np.asarray(1.0 - size / table[:, 0])


def meat(rows: Rows, patterns: Patterns, bounds: tuple[Array, Array]) -> Array:
    """Return the variance of the sum of scores, centred within strata.

    A stratum of one PSU is centred at the total of all scores, which is zero
    (R: ``options(survey.lonely.psu = "adjust")``). Where the population is known, each
    stratum counts by the share that was not drawn.

    Parameters
    ----------
    rows : Rows
        Cells of answers.
    patterns : Patterns
        Coding of the patterns.
    bounds : tuple of ndarray, each of shape (patterns, categories)
        Derivatives of log P by the bounds above and below a category.

    Returns
    -------
    ndarray, shape (params, params)
    """
    upper, lower = (bound[rows.pattern, rows.category] for bound in bounds)
    several = rows.stratum_size > 1
    grow = np.where(several, rows.stratum_size / np.maximum(rows.stratum_size - 1, 1), 1.0)
    grow = grow * rows.left
    if rows.psu is None or rows.psu_stratum is None:
        squares = _within_cells(rows, patterns, (upper, lower), grow[rows.stratum])
        sums = _score_sums(rows, patterns, (upper, lower), rows.stratum)
    else:
        by_psu = _score_sums(rows, patterns, (upper, lower), rows.psu)
        factor = grow[rows.psu_stratum]
        squares = by_psu.T @ (factor[:, None] * by_psu)
        sums = _score_sums(rows, patterns, (upper, lower), rows.psu_stratum[rows.psu])
    centre = np.where(several, grow / rows.stratum_size, 0.0)[: sums.shape[0]]
    total: Array = squares - sums.T @ (centre[:, None] * sums)
    return total


def _score_sums(
    rows: Rows, patterns: Patterns, scores: tuple[Array, Array], groups: Codes
) -> Array:
    """Return weighted sums of score vectors by group, shape (groups, params)."""
    upper, lower = scores
    n_groups, n_categories = int(groups.max()) + 1, int(rows.category.max()) + 1
    size = n_groups * n_categories
    at = groups * n_categories + rows.category
    above = by_code(at, rows.weight * upper, size).reshape(n_groups, n_categories)[:, :-1]
    below = by_code(at, rows.weight * lower, size).reshape(n_groups, n_categories)[:, 1:]
    slopes = patterns.take(rows.pattern).group_sums(
        -rows.weight * (upper + lower), groups, n_groups
    )
    return np.concatenate([above + below, slopes], axis=1)


def _within_cells(
    rows: Rows, patterns: Patterns, scores: tuple[Array, Array], factor: Array
) -> Array:
    """Return the sum of squared weight times outer product of scores, block by block."""
    upper, lower = scores
    eta = -(upper + lower)
    square = rows.square * factor
    cuts = int(rows.category.max())

    def by_category(values: Array) -> Array:
        return by_code(rows.category, values, cuts + 1)

    beside = by_category(square * upper * lower)[1:-1]
    own = by_category(square * upper**2)[:-1] + by_category(square * lower**2)[1:]
    cross = np.zeros((rows.category.size, cuts + 1))
    np.put_along_axis(cross, rows.category[:, None], (square * eta * upper)[:, None], axis=1)
    down = np.zeros_like(cross)
    np.put_along_axis(down, rows.category[:, None], (square * eta * lower)[:, None], axis=1)
    expanded = patterns.take(rows.pattern)
    mixed = expanded.sums(cross[:, :-1] + down[:, 1:])
    corner = np.diag(own) + np.diag(beside, 1) + np.diag(beside, -1)
    return np.block([[corner, mixed.T], [mixed, expanded.gram(square * eta**2)]])

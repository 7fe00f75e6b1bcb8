"""Difference in differences: did the agencies that a measure concerns change more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from betyg.errors import DesignError

__all__ = ["EventEffect", "effect"]

Array = NDArray[np.float64]
ALL = "all"
PERMUTATIONS = 9_999
EXACT = 20_000  # up to so many splits of the agencies all of them are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEffect:
    """Change of the affected agencies minus change of the others, in points.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        Difference of mean changes; 95 % interval from the spread between agencies (Welch).
    p_value : float
        Share of the splits of the agencies into such groups with at least so large a
        difference, either way.
    n_affected, n_others : int
        Agencies with a comparable change.
    year_from, year_to : int
        The change.
    placebo : float
        The same difference over the years before the measure, where nothing can have
        worked yet; NaN without such years.
    placebo_p_value : float
        Its p-value.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    n_affected: int
    n_others: int
    year_from: int
    year_to: int
    placebo: float
    placebo_p_value: float


def effect(
    changes: pd.DataFrame,
    affected: Collection[str],
    *,
    years: tuple[int, int],
    rng: np.random.Generator,
    placebo_years: tuple[int, int] | None = None,
    part: str = "like_for_like",
) -> EventEffect:
    """Estimate a difference in differences between agencies.

    The agency is the unit: what happened to it apart from the measure is noise
    that respondents do not average out. Agencies were not drawn by lot, so this describes
    a difference and does not show its cause.

    Parameters
    ----------
    changes : DataFrame
        As returned by ``change.decompose`` with these pairs of years.
    affected : collection of str
        Codes of the agencies that the measure concerns.
    years : (int, int)
        A year before the measure can have worked, and one after.
    rng : Generator
        For the permutations, where there are too many to try all.
    placebo_years : (int, int), optional
        Two years before the measure.
    part : str
        The part of the change to compare.

    Returns
    -------
    EventEffect

    Raises
    ------
    DesignError
        If either group has fewer than two agencies with a comparable change.
    """
    values, mine = _changes(changes, affected, years, part)
    if mine.sum() < 2 or (~mine).sum() < 2:
        raise DesignError(
            f"event: {int(mine.sum())} affected and {int((~mine).sum())} other agencies have a "
            f"comparable change from {years[0]} to {years[1]}; two of each are needed. Choose "
            "other years, or say that the effect cannot be estimated."
        )
    groups = values[mine], values[~mine]
    variances = [float(group.var(ddof=1)) / group.size for group in groups]
    se = float(np.sqrt(sum(variances)))
    df = sum(variances) ** 2 / max(
        sum(v**2 / (g.size - 1) for v, g in zip(variances, groups, strict=True)), 1e-300
    )
    estimate = float(groups[0].mean() - groups[1].mean())
    half = float(stdtrit(max(df, 1.0), 0.975)) * se
    placebo, placebo_p = _placebo(changes, affected, placebo_years, part, rng)
    return EventEffect(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=_permutation_p(values, mine, rng),
        n_affected=groups[0].size,
        n_others=groups[1].size,
        year_from=years[0],
        year_to=years[1],
        placebo=placebo,
        placebo_p_value=placebo_p,
    )


def _changes(
    changes: pd.DataFrame, affected: Collection[str], years: tuple[int, int], part: str
) -> tuple[Array, NDArray[np.bool_]]:
    """Return comparable changes by agency, and which of them are affected."""
    rows = changes[
        (changes["year_from"] == years[0])
        & (changes["year_to"] == years[1])
        & (changes["agency"] != ALL)
        & changes["comparable"]
    ]
    mine = rows["agency"].astype("str").isin(list(affected)).to_numpy()
    return rows[part].to_numpy(np.float64), mine


def _placebo(
    changes: pd.DataFrame,
    affected: Collection[str],
    years: tuple[int, int] | None,
    part: str,
    rng: np.random.Generator,
) -> tuple[float, float]:
    if years is None:
        return np.nan, np.nan
    values, mine = _changes(changes, affected, years, part)
    if not mine.any() or mine.all():
        return np.nan, np.nan
    return float(values[mine].mean() - values[~mine].mean()), _permutation_p(values, mine, rng)


def _permutation_p(values: Array, mine: NDArray[np.bool_], rng: np.random.Generator) -> float:
    """Return the share of splits with at least so large a difference, this one included."""
    n, k = values.size, int(mine.sum())
    if comb(n, k) <= EXACT:
        chosen = np.array(list(combinations(range(n), k)))
        sums = values[chosen].sum(axis=1)
    else:
        shuffled = rng.permuted(np.tile(values, (PERMUTATIONS, 1)), axis=1)
        sums = np.append(shuffled[:, :k].sum(axis=1), values[mine].sum())
    differences = np.abs(sums / k - (values.sum() - sums) / (n - k))
    observed = abs(values[mine].mean() - values[~mine].mean())
    return float((differences >= observed * (1.0 - 1e-9) - 1e-12).mean())

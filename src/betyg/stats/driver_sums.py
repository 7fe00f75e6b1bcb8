"""What the search for drivers needs of the respondents: cross products that add up.

Drivers need how the answers of one person go together, which cells have lost. Sums over sampling
units of weighted scores and of their products hold it, and are few: in a stratum of many units
these are put together at random into groups, each of which stands for a unit from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import identity
from betyg.data.numbering import Numbering
from betyg.data.parts import Parts
from betyg.data.study import Study
from betyg.stats.joint import scores_of
from betyg.stats.predictors import predictors

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["COLUMNS", "GROUPS", "collapse", "kept_themes", "of_rows"]

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
_Asked = Mapping[int, Mapping[str, Sequence[str]]]

GROUPS = 256
"""Units a stratum may keep; of more as many groups are made.

A variance of 256 groups has itself a standard error of 9 per cent, a standard error one of 4.
"""
COLUMNS = (
    "year",
    "stratum",
    "population",
    "agency",
    "unit",
    "units",
    "counts",
    "scores",
    "products",
)
LEAST_ANSWERED = 0.5  # of those with an index; a theme that fewer met would drop the rest


def collapse(cleaned: Cleaned, survey: Study, *, domains: pd.DataFrame) -> pd.DataFrame:
    """Add up scores and their products by sampling unit, part by part.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents; other kinds than ``responses`` have none, and give no row.
    survey : Study
        The outcome, and what may go with it.
    domains : DataFrame
        As ``domains.collapse`` returns it: how many units each stratum has.

    Returns
    -------
    DataFrame
        year int16; stratum, agency category; population float64 (of the stratum); unit int64 (a
        sampling unit, or below zero a group of them); units int64 (how many); counts, list of
        int64 (rows with all scores; with the outcome but without some theme; with the outcome;
        then for each theme those with a score, and those with a score and the outcome); scores,
        list of float64 (for each theme: weights of those with a score, and weighted scores);
        products, list of float64 (of the rows with all scores: weights, weighted scores of the
        themes and the outcome, weighted products of each two, the upper triangle by rows).
        One row a year, unit and agency; units without any answer too.
    """
    parts = cleaned.parts
    if survey.kind != "responses":
        return _table([])
    if isinstance(parts, Parts):
        parts = parts.only(_columns(survey, domains))
    return of_rows(parts, survey, domains=domains)


def of_rows(
    parts: Parts | Iterable[pd.DataFrame],
    survey: Study,
    *,
    domains: pd.DataFrame,
    groups: int = GROUPS,
) -> pd.DataFrame:
    """Add up respondents that lie in tables which together are the whole, as ``collapse`` does.

    They are gone through twice: who counts depends on which themes most have answered.
    """
    years = [int(year) for year in sorted(domains["year"].unique())]
    asked: _Asked = {year: dict(predictors(survey, year).items) for year in years}
    answered = {year: np.zeros(1 + len(themes), np.int64) for year, themes in asked.items()}
    for found in _each(parts, _answered, asked, survey):
        answered = {year: n + found[year] for year, n in answered.items()}
    kept = {year: kept_themes(asked[year], n) for year, n in answered.items()}
    units = domains.groupby("stratum", observed=True)["units"].sum()
    large = frozenset(str(name) for name in units.index[units > groups])
    sums = {year: _Sums(tuple(asked[year]), kept[year]) for year in years}
    for summed in _each(parts, _summed, asked, kept, survey, (large, groups)):
        for year, more in summed.items():
            sums[year].absorb(more)
    return _table([one.table(year) for year, one in sums.items()])


def _each(parts: Parts | Iterable[pd.DataFrame], work: Callable[..., Any], *more: object) -> Any:
    """Do the work where the tables lie."""
    if isinstance(parts, Parts):
        return parts.each(work, *more, doing="adding up scores")
    return [work(parts, *more)]


def _answered(parts: Iterable[pd.DataFrame], asked: _Asked, survey: Study) -> Mapping[int, Codes]:
    found = {year: np.zeros(1 + len(themes), np.int64) for year, themes in asked.items()}
    for year, rows in _by_year(parts):
        found[year] += _Scored.of(rows, asked[year], survey).answered()
    return found


def _summed(
    parts: Iterable[pd.DataFrame],
    asked: _Asked,
    kept: Mapping[int, tuple[str, ...]],
    survey: Study,
    among: tuple[frozenset[str], int],
) -> Mapping[int, _Sums]:
    sums = {year: _Sums(tuple(asked[year]), kept[year]) for year in asked}
    for year, rows in _by_year(parts):
        sums[year].add(rows, _units_of(rows, *among), _Scored.of(rows, asked[year], survey))
    return sums


def kept_themes(themes: Iterable[str], answered: Codes) -> tuple[str, ...]:
    """Return the themes that at least half of those with an outcome have a score of.

    Parameters
    ----------
    themes : iterable of str
        All that were asked.
    answered : ndarray of int, shape (1 + themes,)
        Rows with an outcome; and for each theme those with a score too.
    """
    least = LEAST_ANSWERED * max(int(answered[0]), 1)
    return tuple(theme for theme, n in zip(themes, answered[1:], strict=True) if n >= least)


def _columns(survey: Study, domains: pd.DataFrame) -> list[str]:
    outcome = survey.compare.outcome
    years = [int(year) for year in domains["year"].unique()]
    items = {i for year in years for part in predictors(survey, year).items.values() for i in part}
    missing = [f"{item}.missing" for item in items]
    return ["agency", "year", "stratum", "psu", "weight", "population", outcome, *items, *missing]


def _by_year(parts: Iterable[pd.DataFrame]) -> Iterator[tuple[int, pd.DataFrame]]:
    for rows in parts:
        years = rows["year"].to_numpy()
        for year in np.unique(years).tolist():
            yield year, rows[years == year]


def _units_of(rows: pd.DataFrame, large: frozenset[str], groups: int) -> Codes:
    """Return the unit of each row; in a large stratum the group that its unit falls into."""
    psu = rows["psu"].to_numpy().astype(np.int64)
    strata = rows["stratum"].cat
    among = np.array([str(name) in large for name in strata.categories] + [False])
    code = strata.codes.to_numpy().astype(np.int64)
    group = (identity.of_numbers(psu) % np.uint64(groups)).astype(np.int64)
    return np.where(among[code], -1 - (code * groups + group), psu)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """Scores 0-100 of some rows of one year: the themes' in columns, and the outcome's."""

    themes: Array
    outcome: Array

    @classmethod
    def of(cls, rows: pd.DataFrame, asked: Mapping[str, Sequence[str]], survey: Study) -> _Scored:
        themes = [_theme_score(rows, items, survey) for items in asked.values()]
        empty = np.empty((len(rows), 0))
        return cls(
            themes=np.column_stack(themes) if themes else empty,
            outcome=scores_of(rows, survey.compare.outcome, survey),
        )

    def answered(self) -> Codes:
        """Count the rows with an outcome, and those with a theme's score as well."""
        known = ~np.isnan(self.outcome)
        return np.append(known.sum(), (~np.isnan(self.themes) & known[:, None]).sum(axis=0))


def _theme_score(rows: pd.DataFrame, items: Sequence[str], survey: Study) -> Array:
    """Return the mean score of the items, NaN where fewer than half of those asked have one."""
    if len(items) == 1:
        return scores_of(rows, items[0], survey)
    scores = np.column_stack([scores_of(rows, item, survey) for item in items])
    asked = sum((rows[item].notna() | (rows[f"{item}.missing"] != "not_asked")) for item in items)
    given = ~np.isnan(scores)
    answered = given.sum(axis=1)
    enough = (answered > 0) & (answered >= LEAST_ANSWERED * np.asarray(asked))
    total = np.where(given, scores, 0.0).sum(axis=1)
    mean = np.divide(total, answered, out=np.full(len(rows), np.nan), where=enough)
    return np.asarray(mean, dtype=np.float64)


class _Sums:
    """The sums of one year so far, by stratum, unit and agency."""

    def __init__(self, themes: tuple[str, ...], kept: tuple[str, ...]) -> None:
        self._themes, self._kept = themes, kept
        self._keys: list[pd.DataFrame] = []
        self._places = Numbering(1)  # keys are far apart
        self._sums = np.zeros((0, 0))

    def add(self, rows: pd.DataFrame, unit: Codes, scored: _Scored) -> None:
        """Add some rows."""
        keys = rows[["stratum", "population", "agency"]].assign(unit=unit)
        new = ~rows[["stratum", "psu"]].duplicated().to_numpy()
        weight = rows["weight"].to_numpy(np.float64)
        self._put(keys, [new, *self._numbers(scored, weight)])

    def absorb(self, other: _Sums) -> None:
        """Add what was added up elsewhere."""
        if other._keys:
            self._put(pd.concat(other._keys), other._sums[:, : len(other._places.values)])

    def _put(self, keys: pd.DataFrame, numbers: Iterable[NDArray[np.generic]]) -> None:
        """Add numbers, each an array by row, to the entries of the rows."""
        known = len(self._places.values)
        place = self._places.of(_code(keys)).astype(np.intp)
        size = len(self._places.values)
        if size > known:
            first = np.flatnonzero(place >= known)
            first = first[np.unique(place[first], return_index=True)[1]]
            self._keys.append(keys.iloc[first])
        self._grow(size)
        for at, values in enumerate(numbers):
            self._sums[at, :size] += np.bincount(place, values, size)

    def _grow(self, size: int) -> None:
        themes, kept = len(self._themes), len(self._kept) + 1
        columns = 4 + 4 * themes + 1 + kept + kept * (kept + 1) // 2
        have = self._sums.shape[1]
        if size > have:
            larger = np.zeros((columns, max(size, 2 * have)))
            larger[: len(self._sums), :have] = self._sums
            self._sums = larger

    def _numbers(self, scored: _Scored, weight: Array) -> Iterator[NDArray[np.generic]]:
        """Yield what each row adds: counts, weights and weighted scores, weighted products."""
        chosen = [scored.themes[:, self._themes.index(theme)] for theme in self._kept]
        values = [*chosen, scored.outcome]
        given = [~np.isnan(score) for score in scored.themes.T]
        known = ~np.isnan(scored.outcome)
        complete = np.logical_and.reduce([~np.isnan(value) for value in values])
        yield from (complete, known & ~complete, known, *given, *(one & known for one in given))
        yield from (weight * one for one in given)
        for one, score in zip(given, scored.themes.T, strict=True):
            yield weight * np.where(one, score, 0.0)
        full = [np.where(complete, value, 0.0) for value in values]
        yield weight * complete
        yield from (weight * value for value in full)
        for at, value in enumerate(full):
            yield from (weight * (value * other) for other in full[at:])

    def table(self, year: int) -> pd.DataFrame:
        """Return the sums as a table."""
        if not self._keys:
            return pd.DataFrame()
        keys = pd.concat(self._keys, ignore_index=True)
        order = np.argsort(_code(keys), kind="stable")
        numbers = self._sums[:, : len(keys)].T[order]
        keys = keys.iloc[order].reset_index(drop=True)
        themes = len(self._themes)
        ends = [1, 4 + 2 * themes, 4 + 4 * themes]
        units, counts, scores, products = np.split(numbers, ends, axis=1)
        alone = keys["unit"].to_numpy() >= 0
        return keys.assign(
            year=np.int16(year),
            units=np.where(alone, 1, units[:, 0]).astype(np.int64),
            counts=list(counts.astype(np.int64)),
            scores=list(scores),
            products=list(products),
        )


def _code(keys: pd.DataFrame) -> Codes:
    """Return one number, not below zero, for unit, stratum and agency."""
    unit = keys["unit"].to_numpy()
    code = np.where(unit < 0, -2 * unit - 1, 2 * unit)
    for column in ("stratum", "agency"):
        of = keys[column].cat
        code = code * len(of.categories) + of.codes.to_numpy()
    return np.asarray(code, dtype=np.int64)


def _table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not any(map(len, parts)):
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]

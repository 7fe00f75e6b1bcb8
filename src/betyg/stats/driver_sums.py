"""What the search for drivers needs of the respondents: cross products that add up.

Drivers need how the answers of one person go together, which cells have lost. Sums over sampling
units of weighted scores and of their products hold it, and are few: in a stratum of many units
these are put together at random into groups, each of which stands for a unit from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.harmonise import MISSING, NOT_ASKED
from betyg.data.numbering import Numbering
from betyg.data.parts import STATE, Parts, states_of
from betyg.data.study import Study
from betyg.stats.cells import in_order, numbered
from betyg.stats.driver_products import Products, Rows
from betyg.stats.driver_strata import Met, Strata
from betyg.stats.joint import scores_of
from betyg.stats.predictors import predictors

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["COLUMNS", "GROUPS", "collapse", "kept_themes", "of_rows"]

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

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
LOWEST = len(MISSING) - 1  # states from below zero count from here
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
    rounds = _rounds(survey, domains)
    parts, named = numbered(parts, _columns(rounds, survey))
    strata = Strata.of(domains, named, groups)
    answered = {
        year: np.zeros(1 + len(one.asked), np.int64) for one in rounds for year in one.years
    }
    for found in _each(parts, _answered, rounds, strata, survey):
        answered = {year: n + found[year] for year, n in answered.items()}
    kept = _kept(rounds, answered)
    sums = [_Sums(one, strata) for one in kept]
    for summed in _each(parts, _summed, kept, strata, survey):
        for one, more in zip(sums, summed, strict=True):
            one.absorb(more)
    return _table([one.table(strata) for one in sums])


def _each(parts: Parts | Iterable[pd.DataFrame], work: Callable[..., Any], *more: object) -> Any:
    """Do the work where the tables lie."""
    if isinstance(parts, Parts):
        return parts.each(work, *more, doing="adding up scores")
    return [work(parts, *more)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Years in which the same was asked, on the same scales: the items of each theme."""

    years: tuple[int, ...]
    asked: Mapping[str, Sequence[str]]
    kept: tuple[str, ...] = ()


def _rounds(survey: Study, domains: pd.DataFrame) -> list[_Round]:
    alike: dict[object, tuple[Mapping[str, Sequence[str]], list[int]]] = {}
    for year in sorted(int(one) for one in domains["year"].unique()):
        asked = predictors(survey, year).items
        items = [item for part in asked.values() for item in part]
        scales = tuple(survey.scale_of(item, year).scores for item in items)
        alike.setdefault((tuple(asked.items()), scales), (asked, []))[1].append(year)
    return [_Round(years=tuple(years), asked=asked) for asked, years in alike.values()]


def _kept(rounds: Iterable[_Round], answered: Mapping[int, Codes]) -> list[_Round]:
    """Return the rounds by the themes that most have answered."""
    return [
        _Round(years=tuple(years), asked=one.asked, kept=kept)
        for one in rounds
        for kept, years in _gathered({y: kept_themes(one.asked, answered[y]) for y in one.years})
    ]


def _gathered(kept: Mapping[int, tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[int]]]:
    return [(own, [y for y in kept if kept[y] == own]) for own in dict.fromkeys(kept.values())]


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


def _columns(rounds: Iterable[_Round], survey: Study) -> list[str]:
    items = {item for one in rounds for part in one.asked.values() for item in part}
    outcome = survey.compare.outcome
    return ["year", "psu", "weight", outcome, *(f"{item}{STATE}" for item in sorted(items))]


def _of_years(rows: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Return the rows of some years."""
    own = np.isin(rows["year"].to_numpy(), years)
    return rows if own.all() else rows[own]


def _answered(
    parts: Iterable[pd.DataFrame], rounds: Sequence[_Round], strata: Strata, survey: Study
) -> Mapping[int, Codes]:
    """Count for each year the rows with an outcome, and those with a theme's score as well."""
    del strata
    found = {year: np.zeros(1 + len(one.asked), np.int64) for one in rounds for year in one.years}
    for part in parts:
        for one in rounds:
            rows = _of_years(part, one.years)
            known = ~np.isnan(scores_of(rows, survey.compare.outcome, survey))
            year = np.where(known, rows["year"].to_numpy(), np.int16(0))
            with_theme = [np.where(_given(rows, items), year, 0) for items in one.asked.values()]
            counts = [np.bincount(of, minlength=max(one.years) + 1) for of in (year, *with_theme)]
            for own in one.years:
                found[own] += np.array([n[own] for n in counts])
    return found


def _given(rows: pd.DataFrame, items: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the rows that have a score of a theme: half of the items that were asked."""
    if len(items) == 1:
        return states_of(rows, items[0]) > 0
    states = [states_of(rows, item) for item in items]
    asked = np.sum([one != NOT_ASKED for one in states], axis=0)
    answered = np.sum([one > 0 for one in states], axis=0)
    return np.asarray((answered > 0) & (answered >= LEAST_ANSWERED * asked))


def _by_state(item: str, year: int, survey: Study) -> Array:
    """Return the score of each state; of those below zero, at the end, none."""
    return np.array([np.nan, *survey.scale_of(item, year).scores, np.nan, np.nan, np.nan])


def _theme_scores(rows: pd.DataFrame, items: Sequence[str], year: int, survey: Study) -> Array:
    """Return the mean score of the items, NaN where fewer than half of those asked have one."""
    scores = np.column_stack([_by_state(i, year, survey)[states_of(rows, i)] for i in items])
    given = ~np.isnan(scores)
    total = np.where(given, scores, 0.0).sum(axis=1)
    mean = np.full(len(rows), np.nan)
    np.divide(total, given.sum(axis=1), out=mean, where=_given(rows, items))
    return mean


class _Coded:
    """Scores of the themes as codes: of one item its states, of several in the order met."""

    def __init__(self, one: _Round, survey: Study) -> None:
        self._items, self._year, self._survey = list(one.asked.values()), one.years[0], survey
        self._known: list[dict[float, int]] = [{} for _ in self._items]
        self.scores = np.zeros((0, len(self._items)))

    def of(self, rows: pd.DataFrame) -> NDArray[np.int32]:
        """Return the code of each row's score of each theme, shape (rows, themes)."""
        codes = np.empty((len(rows), len(self._items)), dtype=np.int32)
        for theme, (items, known) in enumerate(zip(self._items, self._known, strict=True)):
            if len(items) == 1:
                codes[:, theme] = states_of(rows, items[0])
                codes[:, theme] += LOWEST
            else:
                scores = _theme_scores(rows, items, self._year, self._survey)
                codes[:, theme] = in_order(scores, known)
        columns = [self._meaning(*own) for own in zip(self._items, self._known, strict=True)]
        self.scores = np.full((max(map(len, columns), default=0), len(columns)), np.nan)
        for theme, column in enumerate(columns):
            self.scores[: len(column), theme] = column
        return codes

    def _meaning(self, items: Sequence[str], known: Mapping[float, int]) -> Array:
        if len(items) > 1:
            return np.array(list(known), dtype=np.float64)
        return np.roll(_by_state(items[0], self._year, self._survey), LOWEST)


def _summed(
    parts: Iterable[pd.DataFrame], rounds: Sequence[_Round], strata: Strata, survey: Study
) -> list[_Sums]:
    sums = [_Sums(one, strata) for one in rounds]
    coded = [_Coded(one, survey) for one in rounds]
    outcome = survey.compare.outcome
    for part in parts:
        for one, codes in zip(sums, coded, strict=True):
            rows = _of_years(part, one.years)
            one.add(rows, strata, codes, scores_of(rows, outcome, survey))
    for one in sums:
        one.settle()
    return sums


class _Sums:
    """The sums of a round so far, by stratum, unit and agency."""

    def __init__(self, one: _Round, strata: Strata) -> None:
        self.years = one.years
        kept = [list(one.asked).index(theme) for theme in one.kept]
        self._products = Products(len(one.asked), kept, int(strata.large.sum()) * strata.groups)
        self._places = Numbering(strata.bound)
        self._met = Met(every=strata.alone)

    def add(self, rows: pd.DataFrame, strata: Strata, coded: _Coded, outcome: Array) -> None:
        """Add some rows of its years."""
        row = strata.of_domain[rows["domain"].to_numpy()]
        psu = rows["psu"].to_numpy().astype(np.int64)
        themes = coded.of(rows)
        self._products.scored(coded.scores)
        self._products.add(
            Rows(
                place=self._numbers(strata.codes(row, psu), strata.bound),
                new=self._met.new(strata.stratum.take(row), psu),
                weight=rows["weight"].to_numpy(np.float64),
                outcome=outcome,
                themes=themes,
            )
        )

    def settle(self) -> None:
        """Add up what was added."""
        self._products.settle()

    def absorb(self, other: _Sums) -> None:
        """Add what was added up elsewhere."""
        if not len(self._places):
            self._places, self._products = other._places, other._products
            return
        codes = other._places.values
        self._products.absorb(other._products, self._numbers(codes, bound=0))

    def _numbers(self, codes: Codes, bound: int) -> NDArray[np.int32]:
        """Return the place of each code; those of groups lie close together."""
        far = codes >= bound
        if not far.any() or far.all():
            return self._places.of(codes)
        found = np.empty(len(codes), dtype=np.int32)
        found[~far], found[far] = self._places.of(codes[~far]), self._places.of(codes[far])
        return found

    def table(self, strata: Strata) -> pd.DataFrame:
        """Return the sums as a table."""
        codes = self._places.values
        row, unit = strata.units(codes)
        keys = strata.table.iloc[row].assign(unit=unit)
        order = np.lexsort((_code(keys), keys["year"]))
        counts, scores, products = (
            sums.take(order, axis=0) for sums in self._products.table(len(codes))
        )
        alone = unit[order] >= 0
        return keys.iloc[order].assign(
            units=np.where(alone, 1, counts[:, 0]).astype(np.int64),
            counts=list(counts[:, 1:].astype(np.int64)),
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
    together = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return together.sort_values("year", kind="stable", ignore_index=True)

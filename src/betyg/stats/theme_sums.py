"""Sums of scores of the questions of a theme and of their products, stratum by stratum.

The questions of a theme are ordered within persons: what makes one person stricter than another
drops out. For that cells are too little, as they have lost who gave which two answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.parts import STATE, Parts, states_of
from betyg.data.study import Study
from betyg.stats.asked import same_scale, together
from betyg.stats.cells import numbered
from betyg.stats.domains import are_units
from betyg.stats.joint import JointMeans
from betyg.stats.sum_design import strata_of

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["COLUMNS", "collapse", "joint", "of_rows"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

COLUMNS = ("theme", "year", "stratum", "population", "n", "counts", "sums", "products")


def collapse(cleaned: Cleaned, survey: Study, *, domains: pd.DataFrame) -> pd.DataFrame:
    """Add up the scores of each theme's questions and their products, part by part.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents; other kinds than ``responses`` have none, and give no row.
    survey : Study
        The study.
    domains : DataFrame
        As ``domains.collapse`` returns it. Where a sampling unit has several rows these go
        together, which only the rows tell, and there is no row here.

    Returns
    -------
    DataFrame
        theme str; year int16; stratum str; population float64 (of the stratum); n int64 (those
        who answered any question of the theme); counts, list of int64 (answers to each);
        sums, list of float64 (weights of those who answered each, and their weighted scores);
        products, list of float64 (of 1 and the score of each question, 0 where there is none, the
        products of each two times the squared weight: the upper triangle by rows).
    """
    if survey.kind != "responses" or not are_units(domains):
        return of_rows([], survey)
    return of_rows(cleaned.parts, survey)


def of_rows(parts: Parts | Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Add up respondents that lie in tables which together are the whole, as ``collapse`` does."""
    themes = together(survey)
    if not isinstance(parts, Parts):
        parts = list(parts)
    if not themes or not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    states = [f"{item}{STATE}" for items in themes.values() for item in items]
    tables, named = numbered(parts, ["weight", "population", *states])
    if isinstance(tables, Parts):
        pieces = iter(tables.each(_add, named, themes, survey, doing="adding up themes"))
    else:
        pieces = iter([_add(tables, named, themes, survey)])
    found: _Sums = next(pieces, _Sums(named, themes, survey))
    for piece in pieces:
        found.absorb(piece)
    return found.table()


def _add(
    parts: Iterable[pd.DataFrame],
    named: pd.DataFrame,
    themes: Mapping[str, Sequence[str]],
    survey: Study,
) -> _Sums:
    """Add up the tables of a piece."""
    found = _Sums(named, themes, survey)
    for part in parts:
        found.add(part)
    return found


class _Sums:
    """The sums of each theme so far, by stratum of a year."""

    def __init__(
        self, named: pd.DataFrame, themes: Mapping[str, Sequence[str]], survey: Study
    ) -> None:
        by = named[["year", "stratum"]].astype({"stratum": "str"})
        known = by.dropna().drop_duplicates()  # some domains have no row, and no stratum
        self._strata = known.sort_values(["year", "stratum"], ignore_index=True)
        keys = pd.MultiIndex.from_frame(self._strata)
        self._place = keys.get_indexer(pd.MultiIndex.from_frame(by))
        self._population = np.full(len(self._strata), np.nan)
        self._year = pd.factorize(self._strata["year"])[0]
        years = [int(year) for year in self._strata["year"].unique()]
        self._themes = themes
        self._scores = {
            theme: [_scores(item, years, survey) for item in items]
            for theme, items in themes.items()
        }
        size = {theme: (len(self._strata), len(items)) for theme, items in themes.items()}
        self._n = {theme: np.zeros(n, np.int64) for theme, (n, _) in size.items()}
        self._counts = {theme: np.zeros(own, np.int64) for theme, own in size.items()}
        self._sums = {theme: np.zeros((n, 2 * k)) for theme, (n, k) in size.items()}
        self._products = {theme: np.zeros((n, 2 * k, 2 * k)) for theme, (n, k) in size.items()}

    def add(self, part: pd.DataFrame) -> None:
        """Add some rows, those of a stratum together."""
        place = self._place.take(part["domain"].to_numpy())
        self._population[place] = part["population"].to_numpy(np.float64)
        few = np.min_scalar_type(len(self._strata))  # short numbers are sorted in no time
        order = np.argsort(place.astype(few), kind="stable")
        place, weight = place.take(order), part["weight"].to_numpy(np.float64).take(order)
        year = self._year.take(place)
        for theme, items in self._themes.items():
            states = [np.maximum(states_of(part, item).take(order), np.int8(0)) for item in items]
            scores = np.column_stack(
                [of[year, own] for of, own in zip(self._scores[theme], states, strict=True)]
            )
            self._add_up(theme, place, weight, scores)

    def _add_up(self, theme: str, place: NDArray[np.integer], weight: Array, scores: Array) -> None:
        given = ~np.isnan(scores)
        columns = np.hstack([given, np.where(given, scores, 0.0)])
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        at = place[starts]
        self._n[theme][at] += np.add.reduceat(given.any(axis=1), starts, dtype=np.int64)
        self._counts[theme][at] += np.add.reduceat(given, starts, dtype=np.int64)
        weighted = weight[:, None] * columns
        self._sums[theme][at] += np.add.reduceat(weighted, starts)
        products = self._products[theme]
        for own, start, end in zip(at, starts, [*starts[1:], len(place)], strict=True):
            block = weighted[start:end]
            products[own] += block.T @ block

    def absorb(self, other: _Sums) -> None:
        """Add what was added up elsewhere."""
        known = ~np.isnan(other._population)
        self._population[known] = other._population[known]
        for theme in self._themes:
            self._n[theme] += other._n[theme]
            self._counts[theme] += other._counts[theme]
            self._sums[theme] += other._sums[theme]
            self._products[theme] += other._products[theme]

    def table(self) -> pd.DataFrame:
        """Return the sums as a table."""
        parts = []
        for theme, items in self._themes.items():
            some = np.flatnonzero(self._n[theme])
            upper = np.triu_indices(2 * len(items))
            rows = self._strata.take(some).assign(
                theme=theme,
                population=self._population[some],
                n=self._n[theme][some],
                counts=list(self._counts[theme][some]),
                sums=list(self._sums[theme][some]),
                products=list(self._products[theme][some][:, upper[0], upper[1]]),
            )
            parts.append(rows[list(COLUMNS)])
        return pd.concat(parts, ignore_index=True)


def _scores(item: str, years: Sequence[int], survey: Study) -> Array:
    """Return the score of each state in each year; 0 stands for no answer."""
    of = [survey.scale_of(item, year).scores if survey.asked(item, year) else () for year in years]
    found = np.full((len(years), 1 + max(map(len, of))), np.nan)
    for row, scores in zip(found, of, strict=True):
        row[1 : 1 + len(scores)] = scores
    return found


def joint(sums: pd.DataFrame, survey: Study) -> Iterator[tuple[str, int, JointMeans]]:
    """Yield the mean scores of each theme's questions in each year, jointly.

    Those who answered any of the questions are the sample, as of
    :func:`betyg.stats.joint.joint_items`.

    Parameters
    ----------
    sums : DataFrame
        As ``collapse`` returns it.
    survey : Study
        Rule for strata of one person, and whether the population is finite.

    Yields
    ------
    str, int, JointMeans
        Theme and year; themes of too few answered questions, or of several scales, are left out.
    """
    for theme, items in together(survey).items():
        for year, rows in sums[sums["theme"] == theme].groupby("year", sort=True):
            counts = np.stack(rows["counts"].to_list()).sum(axis=0)
            asked = np.flatnonzero(counts)
            names = tuple(items[at] for at in asked)
            if same_scale(names, int(str(year)), survey):
                means, covariance = _means(rows, asked, len(items), survey)
                yield (
                    theme,
                    int(str(year)),
                    JointMeans(
                        names=names, estimate=means, covariance=covariance, n=counts[asked],
                        df=int(rows["n"].sum()) - len(rows),
                    ),
                )  # fmt: skip


def _means(rows: pd.DataFrame, asked: Codes, items: int, survey: Study) -> tuple[Array, Array]:
    """Return the means of the questions that were asked, and their covariance."""
    sums = np.stack(rows["sums"].to_list())
    weight, score = (sums.sum(axis=0)[asked + shift] for shift in (0, items))
    means = score / weight
    residual = np.zeros((2 * items, asked.size))
    residual[asked, np.arange(asked.size)] = -means / weight
    residual[asked + items, np.arange(asked.size)] = 1.0 / weight
    products = np.zeros((len(rows), 2 * items, 2 * items))
    row, column = np.triu_indices(2 * items)
    products[:, row, column] = products[:, column, row] = np.stack(rows["products"].to_list())
    squares, totals = residual.T @ products @ residual, sums @ residual
    strata = strata_of(rows, survey)
    factor = strata.factors(np.asarray(squares.any(axis=(1, 2))))
    centred = np.where(strata.size > 1, factor / np.maximum(strata.size, 1.0), 0.0)
    covariance = np.tensordot(factor, squares, 1) - totals.T @ (centred[:, None] * totals)
    return means, np.asarray(covariance)

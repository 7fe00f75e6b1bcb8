"""Patterns of answers, counted: how one person's answers hang together, which cells have lost.

What a person answered to the questions of an index is one of so many patterns, and how many gave
each adds up. Where there are too many patterns to count them, the answers of some respondents,
drawn at random, are kept instead: reliability needs no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.parts import STATE, Parts, states_of
from betyg.data.study import Study
from betyg.stats.answer_patterns import FEWEST_ALIKE, FEWEST_POSITIONS, batteries
from betyg.stats.cells import numbered
from betyg.stats.domains import are_units
from betyg.stats.pattern_tallies import Counted, Drawn, Found
from betyg.stats.scale_reliability import FEWEST_ITEMS

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["ANSWER", "KINDS", "MOST", "collapse", "of_rows", "scales"]

ALL = "all"
ANSWER = "answer_"
"""How the columns of a pattern begin, before the number of the answer."""
KINDS = ("ends", "answers")
COLUMNS = ("kind", "year", "agency", "item", "n")
MOST = 2**16
"""Patterns that are counted; where there can be more, as many respondents of a year are kept.

Of 65,536 respondents an alpha of 0.8 is known to within 0.003.
"""


def collapse(cleaned: Cleaned, survey: Study, *, domains: pd.DataFrame) -> pd.DataFrame:
    """Count the patterns of answers, part by part.

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
        kind category ("ends" or "answers"); year int16; agency, item category; n int64; answer_1,
        answer_2, ... int8 (positions, 0 for none). "ends": the lowest and the highest answer of
        those who answered five questions or more on a scale (``item``), by agency. "answers":
        the answers to the questions of an index or theme (``item``) in their order, of all
        agencies but totals; where ``MOST`` patterns are not enough for all that can be,
        those of at most ``MOST`` respondents of the year, drawn at random.
    """
    if survey.kind != "responses" or not are_units(domains):
        return of_rows([], survey)
    return of_rows(cleaned.parts, survey)


def of_rows(
    parts: Parts | Iterable[pd.DataFrame], survey: Study, *, most: int = MOST
) -> pd.DataFrame:
    """Count the patterns in tables which together are the whole, as ``collapse`` does."""
    if not isinstance(parts, Parts):
        parts = list(parts)
        if not parts:
            return _table([], survey)
    tables, named = numbered(parts, ["year", "psu", *(f"{i}{STATE}" for i in survey.item_codes)])
    rounds = _rounds(survey, sorted(int(year) for year in named["year"].unique()))
    more = (rounds, named, survey, most)
    if isinstance(tables, Parts):
        pieces = iter(tables.each(_count, *more, doing="counting patterns"))
    else:
        pieces = iter([_count(tables, *more)])
    found: list[_Patterns] = next(pieces, [])
    for piece in pieces:
        for own, other in zip(found, piece, strict=True):
            own.absorb(other)
    return _table([part for own in found for part in own.tables()], survey)


def scales(year: int, survey: Study) -> dict[str, list[str]]:
    """Return the items, asked in a year, of each index and of each theme without one.

    Those of fewer than four positions are left out; so are indices and themes of too few items.
    """
    parts = {index.name: index.items for index in survey.composites}
    for theme in survey.themes:
        items = tuple(item.item for item in survey.items if item.theme == theme.theme)
        parts.setdefault(f"theme.{theme.theme}", items)
    graded = {
        name: [
            item
            for item in items
            if survey.asked(item, year) and survey.scale_of(item, year).k >= FEWEST_POSITIONS
        ]
        for name, items in parts.items()
    }
    once = {tuple(items): name for name, items in reversed(graded.items())}
    return {
        name: items
        for name, items in graded.items()
        if len(items) >= FEWEST_ITEMS and once[tuple(items)] == name
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Years in which the same was asked, on the same scales.

    Attributes
    ----------
    years : tuple of int
    batteries, scales : mapping of str to tuple of str
        The items of each scale of answers, and of each index or theme.
    positions : mapping of str to int
        How many positions the scale of each item has.
    """

    years: tuple[int, ...]
    batteries: Mapping[str, Sequence[str]]
    scales: Mapping[str, Sequence[str]]
    positions: Mapping[str, int]


def _rounds(survey: Study, years: Sequence[int]) -> list[_Round]:
    alike: dict[str, _Round] = {}
    for year in years:
        asked = (batteries(year, survey), scales(year, survey))
        items = {item for part in asked for own in part.values() for item in own}
        positions = {item: survey.scale_of(item, year).k for item in sorted(items)}
        key = repr((asked, positions))
        known = alike[key].years if key in alike else ()
        alike[key] = _Round(
            years=(*known, year), batteries=asked[0], scales=asked[1], positions=positions
        )
    return list(alike.values())


def _count(
    parts: Iterable[pd.DataFrame],
    rounds: Sequence[_Round],
    named: pd.DataFrame,
    survey: Study,
    most: int,
) -> list[_Patterns]:
    """Count the patterns in the tables of a piece, round by round."""
    found = [_Patterns(one, named, survey, most) for one in rounds]
    for part in parts:
        for own in found:
            own.add(part)
    return found


class _Patterns:
    """The patterns of a round so far."""

    def __init__(self, one: _Round, named: pd.DataFrame, survey: Study, most: int) -> None:
        self._round, self._agencies = one, named["agency"].cat.categories
        year = pd.Index(one.years).get_indexer(pd.Index(named["year"]))
        inside = (year >= 0) & ~named["agency"].isin(list(survey.totals)).to_numpy()
        agency = named["agency"].cat.codes.to_numpy()
        self._year, self._place = year, np.where(inside, year * len(self._agencies) + agency, -1)
        positions = {
            name: [one.positions[item] for item in items] for name, items in one.scales.items()
        }
        few = {name for name, own in positions.items() if math.prod(k + 1 for k in own) <= most}
        n = len(one.years)
        self._ends = {
            scale: Counted(
                n * len(self._agencies), 2 * [max(one.positions[item] for item in items)]
            )
            for scale, items in one.batteries.items()
        }
        self._counted = {name: Counted(n, positions[name]) for name in positions if name in few}
        self._drawn = {
            name: Drawn(n, most, own) for name, own in positions.items() if name not in few
        }

    @property
    def _answers(self) -> dict[str, Counted | Drawn]:
        return {**self._counted, **self._drawn}

    def add(self, part: pd.DataFrame) -> None:
        """Count the rows of its years."""
        domain = part["domain"].to_numpy()
        own = np.flatnonzero(self._place.take(domain) >= 0)
        domain, unit = domain.take(own), part["psu"].to_numpy().take(own)
        states = {
            item: np.maximum(states_of(part, item).take(own), np.int8(0))
            for item in self._round.positions
        }
        place, year = self._place.take(domain), self._year.take(domain)
        for scale, items in self._round.batteries.items():
            low, high, n = _ends([states[item] for item in items])
            enough = np.flatnonzero(n >= FEWEST_ALIKE)
            self._ends[scale].add(place.take(enough), [low.take(enough), high.take(enough)], unit)
        for name, answers in self._answers.items():
            answers.add(year, [states[item] for item in self._round.scales[name]], unit)

    def absorb(self, other: _Patterns) -> None:
        """Add what was counted elsewhere."""
        for scale, ends in self._ends.items():
            ends.absorb(other._ends[scale])
        for name, counted in self._counted.items():
            counted.absorb(other._counted[name])
        for name, drawn in self._drawn.items():
            drawn.absorb(other._drawn[name])

    def tables(self) -> Iterator[pd.DataFrame]:
        """Yield the patterns of each scale of answers, and of each index or theme."""
        years = np.array(self._round.years, dtype=np.int16)
        places = pd.DataFrame(
            {
                "year": np.repeat(years, len(self._agencies)),
                "agency": np.tile(self._agencies, years.size),
            }
        )
        for scale, ends in self._ends.items():
            yield _named(ends.found(), places).assign(kind="ends", item=scale)
        for name, answers in self._answers.items():
            whole = pd.DataFrame({"year": years, "agency": ALL})
            yield _named(answers.found(), whole).assign(kind="answers", item=name)


def _ends(
    states: Sequence[NDArray[np.int8]],
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int16]]:
    """Return the lowest and the highest answer of each row, and how many there are."""
    none = np.int8(np.iinfo(np.int8).max)
    low = np.full(len(states[0]), none)
    high, n = np.zeros_like(low), np.zeros(len(low), dtype=np.int16)
    for own in states:
        given = own > 0
        np.minimum(low, np.where(given, own, none), out=low)
        np.maximum(high, own, out=high)
        n += given
    return low, high, n


def _named(found: Found, owners: pd.DataFrame) -> pd.DataFrame:
    """Return patterns with their owners."""
    owner, answers, n = found
    columns = {f"{ANSWER}{at}": own for at, own in enumerate(answers.T, start=1)}
    return owners.take(owner).reset_index(drop=True).assign(n=n, **columns)


def _table(parts: Sequence[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Put the patterns together; a pattern of fewer questions has none in the last columns."""
    width = max((part.shape[1] for part in parts), default=0) - len(COLUMNS)
    answers = [f"{ANSWER}{at}" for at in range(1, width + 1)]
    columns = [*COLUMNS, *answers]
    same = [part.reindex(columns=columns, fill_value=np.int8(0)) for part in parts]
    table = pd.concat(same or [pd.DataFrame(columns=columns)], ignore_index=True)
    scales = [*survey.scale_names, *(index.name for index in survey.composites)]
    names = [*scales, *(f"theme.{theme.theme}" for theme in survey.themes)]
    known = {"kind": KINDS, "agency": [*(unit.code for unit in survey.agencies), ALL]}
    known |= {"item": list(dict.fromkeys(names))}
    kinds = {name: pd.Categorical(table[name], categories=list(of)) for name, of in known.items()}
    typed = table.assign(**kinds).astype({"year": "int16", "n": "int64"})
    return typed.sort_values(["kind", "year", "agency", "item"], kind="stable", ignore_index=True)

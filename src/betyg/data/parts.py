"""Clean respondents as tables, part by part: a study may be larger than the memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from betyg.data import pieces, roles, sampling
from betyg.data.columns import translated
from betyg.data.composites import composites
from betyg.data.harmonise import MISSING, NO_ANSWER
from betyg.data.kept import Kept
from betyg.data.pieces import Known, Piece
from betyg.data.rows import Rows, wide_to_long
from betyg.data.workers import given

__all__ = ["STATE", "TIMES", "Parts", "states_of", "values_of"]

STATE = ".state"
"""How a column of states ends, after its item or index; it is made only where asked for."""

TIMES = "times"
"""How many respondents a row stands for: where it is asked for, alike ones may come as one."""

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
UNITS = ("agency", "activity", "group")


class Parts:
    """One row a respondent (x activity), in tables that together are the whole.

    Columns: respondent_id str, agency category, year int16, activity category, group category,
    weight float64, stratum category, psu int64, population float64, source category; for each
    item ``<item>`` Int8 (position on its scale that year) and ``<item>.missing`` category; for
    each composite index its value 0-100; ``replicate.<number>`` float64 where the files have
    replicate weights; late boolean where a file tells it, NA in the rows of others. Rows stand in
    the order of the files; those of one respondent's activities follow the row that has the
    general items. Going through the parts again gives the same tables.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._tables = _Tables(kept)

    def only(self, columns: Collection[str]) -> Parts:
        """Return the same parts with some of the columns: others are not made."""
        some = copy(self)
        some._tables = self._tables.only(columns)
        return some

    def __iter__(self) -> Iterator[pd.DataFrame]:
        any_row = False
        for tables in self.each(iter, doing="writing respondents"):
            for table in tables:
                any_row = True
                yield table
        if not any_row:
            yield self._tables.without_rows()

    def each(self, function: Callable[..., Any], *more: object, doing: str) -> Iterator[Any]:
        """Give the tables of each piece to a function, where the piece lies.

        Parameters
        ----------
        function : callable
            Takes an iterator of tables, and ``more``.
        more : object
            Further arguments.
        doing : str
            What those who wait are told.

        Yields
        ------
        object
            What the function returns for each piece, in the order of the files.
        """
        kept, n = self._kept, len(self._kept.pieces)
        units = kept.units() if self._tables.wants("psu") else [None] * n
        return kept.workers.bring(
            _of_piece, kept.pieces, kept.known, units, kept.firsts.tolist(),
            given((self._tables, function, more), kept.workers, times=n), doing=doing,
        )  # fmt: skip

    def domains(self) -> pd.DataFrame:
        """Return agency, year, activity, group and stratum by the column ``domain``.

        That column numbers their combinations; it is made only where it is asked for.
        """
        return self._tables.domains()


def _of_piece(
    piece: Piece,
    known: Known,
    units: NDArray[np.int64] | None,
    first: int,
    work: tuple[_Tables, Callable[..., Any], tuple[object, ...]],
) -> object:
    tables, function, more = work
    return function(tables.of(piece, known, units, first), *more)


class _Tables:
    """Makes tables of rows: with what is known of all pieces, and nothing of where they lie."""

    def __init__(self, kept: Kept) -> None:
        self._survey, self._sources = kept.survey, kept.sources
        self._activities = kept.activities()
        self._columns: Collection[str] | None = None
        used = [kept.seen]
        for activity in self._activities:
            if activity is not None:
                place = roles.units(self._survey, "activity").index(activity)
                used.append(kept.domains.moved(kept.seen.astype(np.int32), place).astype(np.intp))
        # Domains that rows can have are all numbered now; some of them no row has.
        self._all = kept.domains
        self._used = np.unique(np.concatenate(used)) if used[1:] else kept.seen
        self._domains = kept.domains.table()

    def only(self, columns: Collection[str]) -> _Tables:
        """Return what makes some of the columns, and knows what this knows."""
        some = copy(self)
        some._columns = frozenset(columns)
        return some

    def of(
        self, piece: Piece, known: Known, units: NDArray[np.int64] | None, first: int
    ) -> Iterator[pd.DataFrame]:
        """Return the tables of a piece, before which stand so many rows that are not dropped."""
        begin = 0
        kept = pieces.kept_kinds if self._asks(TIMES) else pieces.kept_rows
        for rows in kept(piece, known):
            place = slice(begin, begin + len(rows.lines))
            begin = place.stop
            long, parents = wide_to_long(rows, self._activities, self._all, self._survey)
            if len(long.lines):
                yield self._frame(long, partial(_units, units, first, place, parents))

    def without_rows(self) -> pd.DataFrame:
        """Return a table without any row."""
        return self._frame(_no_rows(), partial(np.arange, 0))

    def domains(self) -> pd.DataFrame:
        kinds = {role: _category(self._all.codes()[role], self._kinds[role]) for role in UNITS}
        columns = {**kinds, "year": self._year, "stratum": self._stratum}
        return pd.DataFrame({role: columns[role] for role in self._domains.columns}, copy=False)

    def wants(self, column: str) -> bool:
        """Say whether a column is asked for."""
        return self._columns is None or column in self._columns

    def _asks(self, column: str) -> bool:
        """Say whether a column is asked for by name: it is not made otherwise."""
        return self._columns is not None and column in self._columns

    def _frame(self, rows: Rows, psu: Callable[[], NDArray[np.int64]]) -> pd.DataFrame:
        columns: dict[str, Callable[[], object]] = {
            "respondent_id": lambda: self._respondents(rows),
            "agency": lambda: self._unit("agency", rows),
            "year": lambda: self._year[rows.domain],
            "activity": lambda: self._unit("activity", rows),
            "group": lambda: self._unit("group", rows),
            "weight": rows.weights,
            "stratum": lambda: _category(self._stratum.codes[rows.domain], self._stratum.dtype),
            "psu": psu,
            "population": lambda: self._population[rows.domain],
            "source": lambda: self._source(rows),
        }
        frame = {name: make() for name, make in columns.items() if self.wants(name)}
        if self._survey.tells_late and self.wants("late"):
            frame["late"] = _late(rows)
        if self._asks(TIMES) and rows.times is not None:
            frame[TIMES] = rows.times
        if self._asks("domain"):
            frame["domain"] = rows.domain
        frame |= {name: held for name, held in rows.replicates.items() if self.wants(name)}
        return pd.DataFrame(frame | self._answers(rows), copy=False)

    def _answers(self, rows: Rows) -> dict[str, object]:
        asked_none = np.zeros(len(rows.lines), dtype=np.int8)
        survey = self._survey
        answers = {code: rows.answers.get((code, None), asked_none) for code in survey.item_codes}
        found: dict[str, object] = {}
        for code, states in answers.items():
            if self.wants(code):
                found[code] = _positions(states)
            if self.wants(f"{code}.missing"):
                found[f"{code}.missing"] = _category(translated(states, _MISSING_PLACE), _MISSING)
            if self._asks(f"{code}{STATE}"):
                found[f"{code}{STATE}"] = states
        return found | self._indices(answers, rows)

    def _indices(self, answers: Mapping[str, NDArray[np.int8]], rows: Rows) -> dict[str, object]:
        names = [index.name for index in self._survey.composites]
        if not any(self.wants(name) or self._asks(f"{name}{STATE}") for name in names):
            return {}
        indices = composites(
            answers,
            years=lambda: self._year[rows.domain],
            there=self._years,
            survey=self._survey,
        )
        found: dict[str, object] = {}
        for name, index in indices.items():
            if self.wants(name):
                found[name] = index.of_rows()
            if self._asks(f"{name}{STATE}"):
                found[f"{name}{STATE}"] = index.coded()
        return found

    def _respondents(self, rows: Rows) -> object:
        """Return the identifiers, made of file and line where there is none."""
        stated = rows.respondent
        texts = pa.nulls(len(rows.lines), pa.string()) if stated is None else stated
        texts = texts.cast(pa.string())
        if texts.null_count:
            lines = pa.array(rows.lines).cast(pa.string())
            prefix = f"{self._sources[rows.source]}:"
            texts = pc.coalesce(texts, pc.binary_join_element_wise(prefix, lines, ""))
        return pd.array(texts.cast(pa.large_string()), dtype=TEXT)

    def _unit(self, role: str, rows: Rows) -> pd.Categorical:
        return _category(self._places[role][rows.domain], self._kinds[role])

    def _source(self, rows: Rows) -> pd.Categorical:
        return _category(np.full(len(rows.lines), rows.source), self._files)

    @cached_property
    def _files(self) -> pd.CategoricalDtype:
        return _kind(self._sources)

    @cached_property
    def _kinds(self) -> Mapping[str, pd.CategoricalDtype]:
        """Return the categories of units."""
        return {role: _kind(roles.units(self._survey, role)) for role in UNITS}

    @cached_property
    def _places(self) -> Mapping[str, NDArray[np.integer]]:
        return {
            role: self._domains[role]
            .to_numpy()
            .astype(np.min_scalar_type(-len(roles.units(survey, role))))
            for survey in (self._survey,)
            for role in UNITS
        }

    @cached_property
    def _year(self) -> NDArray[np.int16]:
        return self._domains["year"].to_numpy()

    @cached_property
    def _years(self) -> list[int]:
        return [int(year) for year in np.unique(self._year[self._used])]

    @cached_property
    def _stratum(self) -> pd.Categorical:
        table, used = self._domains, self._used
        found = sampling.strata(table.iloc[used], self._survey)
        codes = np.full(len(table), -1, dtype=np.int32)
        codes[used] = found.codes
        return _category(codes, found.dtype)

    @cached_property
    def _population(self) -> NDArray[np.float64]:
        table, used = self._domains, self._used
        sizes = np.full(len(table), np.nan)
        sizes[used] = sampling.population(table.iloc[used], self._survey)
        return sizes


_MISSING = pd.CategoricalDtype(pd.Index(list(MISSING.values()), dtype="str"))
_MISSING_PLACE = np.full(256, -1, dtype=np.int8)
_MISSING_PLACE[list(MISSING)] = range(len(MISSING))  # states below zero count from the end


def states_of(rows: pd.DataFrame, item: str) -> NDArray[np.int8]:
    """Return the states of the answers to an item, as ``harmonise.answers`` gives them.

    Parameters
    ----------
    rows : DataFrame
        Respondents, with the states or with ``<item>`` and ``<item>.missing``.
    item : str
        The item.
    """
    if f"{item}{STATE}" in rows:
        return rows[f"{item}{STATE}"].to_numpy(np.int8)
    position = rows[item].to_numpy(np.int8, na_value=0)
    missing = rows[f"{item}.missing"].cat
    kinds = {kind: state for state, kind in MISSING.items()}
    state = np.array([*(kinds[one] for one in missing.categories), NO_ANSWER], dtype=np.int8)
    return np.where(position > 0, position, state[missing.codes.to_numpy()])


def values_of(rows: pd.DataFrame, index: str) -> pd.Categorical:
    """Return the values of a composite index of respondents, as ``Index.coded`` gives them."""
    column = f"{index}{STATE}" if f"{index}{STATE}" in rows else index
    found: pd.Categorical = rows[column].astype("category").array
    return found


def _kind(names: Iterable[str]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(list(names), dtype="str"))


def _category(codes: NDArray[np.integer], kinds: pd.CategoricalDtype) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, dtype=kinds, validate=False)


def _positions(states: NDArray[np.int8]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.maximum(states, np.int8(1)), states <= 0)


def _units(
    units: NDArray[np.int64] | None, first: int, place: slice, parents: NDArray[np.intp] | None
) -> NDArray[np.int64]:
    """Return the units of some rows of a piece, of which ``first`` is the number of the first."""
    own = np.arange(first + place.start, first + place.stop) if units is None else units[place]
    return own if parents is None else own[parents]


def _late(rows: Rows) -> pd.arrays.BooleanArray:
    told = np.zeros(len(rows.lines), dtype=bool) if rows.late is None else rows.late
    return pd.arrays.BooleanArray(told, np.full(len(told), rows.late is None))


def _no_rows() -> Rows:
    none = np.zeros(0, dtype=np.int32)
    return Rows(
        source=0, lines=none, domain=none, weight=None, respondent=None, psu=None, answers={}
    )

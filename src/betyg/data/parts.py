"""Clean respondents as tables, part by part: a study may be larger than the memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from betyg.data import roles, sampling
from betyg.data.composites import composites
from betyg.data.harmonise import MISSING
from betyg.data.kept import Kept
from betyg.data.rows import Rows, wide_to_long

__all__ = ["Parts"]

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
UNITS = ("agency", "activity", "group")


class Parts:
    """One row a respondent (x activity), in tables that together are the whole.

    Columns: respondent_id str, agency category, year int16, activity category, group category,
    weight float64, stratum category, psu int64, population float64, source category; for each
    item ``<item>`` Int8 (position on its scale that year) and ``<item>.missing`` category; for
    each composite index its value 0-100; ``replicate.<number>`` float64 where the files have
    replicate weights. Rows stand in the order of the files; those of one
    respondent's activities follow the row that has the general items. Going through the parts
    again gives the same tables.
    """

    def __init__(self, kept: Kept, columns: Collection[str] | None = None) -> None:
        self._kept, self._survey = kept, kept.survey
        self._columns = columns

    def only(self, columns: Collection[str]) -> Parts:
        """Return the same parts with some of the columns: others are not made."""
        return Parts(self._kept, frozenset(columns))

    def __iter__(self) -> Iterator[pd.DataFrame]:
        activities = self._kept.activities()
        units = self._kept.units() if self._wants("psu") else None
        first, any_row = 0, False
        for rows in self._kept.clean_rows():
            n = len(rows.lines)
            unit = np.arange(first, first + n) if units is None else units[first : first + n]
            first += n
            long, parents = wide_to_long(rows, activities, self._kept.domains, self._survey)
            if len(parents):
                any_row = True
                yield self._frame(long, unit[parents])
        if not any_row:
            yield self._frame(_no_rows(), np.arange(0))

    def domains(self) -> pd.DataFrame:
        """Return agency, year, activity, group and stratum by the column ``domain``.

        That column numbers their combinations; it is made only where it is asked for.
        """
        table, _ = self._domains
        kinds = {role: _category(table[role].to_numpy(), self._kinds[role]) for role in UNITS}
        columns = {**kinds, "year": self._year, "stratum": self._stratum}
        return pd.DataFrame({role: columns[role] for role in table.columns})

    def _wants(self, column: str) -> bool:
        return self._columns is None or column in self._columns

    def _frame(self, rows: Rows, psu: NDArray[np.int64]) -> pd.DataFrame:
        columns: dict[str, Callable[[], object]] = {
            "respondent_id": lambda: self._respondents(rows),
            "agency": lambda: self._unit("agency", rows),
            "year": lambda: self._year[rows.domain],
            "activity": lambda: self._unit("activity", rows),
            "group": lambda: self._unit("group", rows),
            "weight": rows.weights,
            "stratum": lambda: _category(self._stratum.codes[rows.domain], self._stratum.dtype),
            "psu": lambda: psu,
            "population": lambda: self._population[rows.domain],
            "source": lambda: self._source(rows),
        }
        frame = {name: make() for name, make in columns.items() if self._wants(name)}
        if self._columns is not None and "domain" in self._columns:
            frame["domain"] = rows.domain
        frame |= {name: held for name, held in rows.replicates.items() if self._wants(name)}
        return pd.DataFrame(frame | self._answers(rows), copy=False)

    def _answers(self, rows: Rows) -> dict[str, object]:
        asked_none = np.zeros(len(rows.lines), dtype=np.int8)
        survey = self._survey
        answers = {code: rows.answers.get((code, None), asked_none) for code in survey.item_codes}
        found: dict[str, object] = {}
        for code, states in answers.items():
            if self._wants(code):
                found[code] = _positions(states)
            if self._wants(f"{code}.missing"):
                found[f"{code}.missing"] = _category(_MISSING_PLACE[states], _MISSING)
        if any(self._wants(index.name) for index in survey.composites):
            values = composites(answers, years=self._year[rows.domain], survey=survey)
            found |= {name: held for name, held in values.items() if self._wants(name)}
        return found

    def _respondents(self, rows: Rows) -> object:
        """Return the identifiers, made of file and line where there is none."""
        stated = rows.respondent
        texts = pa.nulls(len(rows.lines), pa.string()) if stated is None else stated
        texts = texts.cast(pa.string())
        if texts.null_count:
            lines = pa.array(rows.lines).cast(pa.string())
            prefix = f"{self._kept.sources[rows.source]}:"
            texts = pc.coalesce(texts, pc.binary_join_element_wise(prefix, lines, ""))
        return pd.array(texts.cast(pa.large_string()), dtype=TEXT)

    def _unit(self, role: str, rows: Rows) -> pd.Categorical:
        return _category(self._places[role][rows.domain], self._kinds[role])

    def _source(self, rows: Rows) -> pd.Categorical:
        return _category(np.full(len(rows.lines), rows.source), self._kinds["source"])

    @cached_property
    def _kinds(self) -> Mapping[str, pd.CategoricalDtype]:
        """Return the categories of units and files."""
        codes = {role: roles.units(self._survey, role) for role in UNITS}
        codes["source"] = self._kept.sources
        return {
            role: pd.CategoricalDtype(pd.Index(list(known), dtype="str"))
            for role, known in codes.items()
        }

    @cached_property
    def _domains(self) -> tuple[pd.DataFrame, NDArray[np.intp]]:
        """Return all domains that rows can have, and which of them any row has."""
        seen = self._kept.seen
        used = [seen]
        for activity in self._kept.activities():
            if activity is not None:
                place = roles.units(self._survey, "activity").index(activity)
                used.append(self._kept.domains.moved(seen.astype(np.int32), place).astype(np.intp))
        return self._kept.domains.table(), np.unique(np.concatenate(used))

    @cached_property
    def _places(self) -> Mapping[str, NDArray[np.integer]]:
        table, _ = self._domains
        return {
            role: table[role].to_numpy().astype(np.min_scalar_type(-len(roles.units(survey, role))))
            for survey in (self._survey,)
            for role in UNITS
        }

    @cached_property
    def _year(self) -> NDArray[np.int16]:
        return self._domains[0]["year"].to_numpy()

    @cached_property
    def _stratum(self) -> pd.Categorical:
        table, used = self._domains
        found = sampling.strata(table.iloc[used], self._survey)
        codes = np.full(len(table), -1, dtype=np.int32)
        codes[used] = found.codes
        return _category(codes, found.dtype)

    @cached_property
    def _population(self) -> NDArray[np.float64]:
        table, used = self._domains
        sizes = np.full(len(table), np.nan)
        sizes[used] = sampling.population(table.iloc[used], self._survey)
        return sizes


_MISSING = pd.CategoricalDtype(pd.Index(list(MISSING.values()), dtype="str"))
_MISSING_PLACE = np.full(256, -1, dtype=np.int8)
_MISSING_PLACE[list(MISSING)] = range(len(MISSING))  # states below zero count from the end


def _category(codes: NDArray[np.integer], kinds: pd.CategoricalDtype) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, dtype=kinds, validate=False)


def _positions(states: NDArray[np.int8]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.where(states > 0, states, np.int8(1)), states <= 0)


def _no_rows() -> Rows:
    none = np.zeros(0, dtype=np.int32)
    return Rows(
        source=0, lines=none, domain=none, weight=None, respondent=None, psu=None, answers={}
    )

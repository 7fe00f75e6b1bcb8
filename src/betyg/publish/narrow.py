"""The stored tables of a study, narrowed to the rows that claims are about."""

from collections.abc import Callable, Collection, Mapping
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import store
from betyg.data.study import Study
from betyg.publish.claims import Condition

ALWAYS: Final = 9999  # a year that nothing ends in
OPS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip

Where = tuple[Condition, ...]
Positions = NDArray[np.intp]


class Tables:
    """The tables of one study: each is read once, and only the columns that are asked for.

    A page asks hundreds of times for a few rows of tables with a hundred thousand: they are
    narrowed by position, a column at a time, and only what is left becomes a frame.

    Parameters
    ----------
    folder : str or Path
        Where the tables are stored.
    survey : Study
        The study.
    columns : mapping of str to collection of str
        What will be asked for, by table.
    agencies : mapping of str to collection of str or None
        About whom, by table; None for all.
    """

    def __init__(
        self,
        folder: str | Path,
        survey: Study,
        columns: Mapping[str, Collection[str]],
        agencies: Mapping[str, Collection[str] | None],
    ) -> None:
        self.survey = survey
        self._folder = folder
        self._wanted = columns
        self._agencies = agencies
        self._read: dict[str, pd.DataFrame] = {}
        self._columns: dict[tuple[str, str], _Column] = {}
        self._found: dict[tuple[str, Where], Positions] = {}

    def rows(self, table: str, where: Where) -> pd.DataFrame:
        """Return the rows that fulfil all conditions."""
        return self._frame(table).take(self.positions(table, where))

    def only(self, table: str, where: Where, columns: Collection[str]) -> dict[str, Any] | None:
        """Return some columns, if the table has them, of the one row that fulfils all conditions.

        Returns
        -------
        dict of str to value, or None
            None where there is no such row, or more than one.
        """
        at = self.positions(table, where)
        if at.size != 1:
            return None
        there = self._frame(table).columns
        return {name: self._column(table, name).at(at[0]) for name in columns if name in there}

    def distinct(self, table: str, columns: Collection[str], at: Positions) -> int:
        """Return how many different values columns have at some positions, the missing left out."""
        codes = [self._column(table, name).codes()[at] for name in columns]
        known = np.all([own >= 0 for own in codes], axis=0)
        number = np.zeros(at.size, dtype=np.int64)
        for own in codes:
            number = number * (int(own.max(initial=0)) + 1) + own
        return np.unique(number[known]).size

    def lacking(self, table: str, columns: Collection[str]) -> list[str]:
        """Return which of some columns the table does not have."""
        return [] if table == "study" else sorted({*columns} - {*self._frame(table).columns})

    def count(self, table: str, where: Where) -> int:
        """Return how many rows fulfil all conditions."""
        return self.positions(table, where).size

    def positions(self, table: str, where: Where) -> Positions:
        """Return the places of the rows that fulfil all conditions, in rising order."""
        key = (table, where)
        if key not in self._found:
            if where:  # what was narrowed before is used again
                before = self.positions(table, where[:-1])
                self._found[key] = before[self._fulfilled(table, where[-1], before)]
            else:
                self._found[key] = np.arange(len(self._frame(table)))
        return self._found[key]

    def _fulfilled(self, table: str, condition: Condition, at: Positions) -> NDArray[np.bool_]:
        """Return which rows fulfil a condition."""
        name, op, wanted = condition
        return self._column(table, name).fulfilled(op, wanted, at)

    def _column(self, table: str, name: str) -> "_Column":
        key = (table, name)
        if key not in self._columns:
            self._columns[key] = _Column(self._frame(table)[name])
        return self._columns[key]

    def _frame(self, table: str) -> pd.DataFrame:
        if table not in self._read:
            self._read[table] = (
                _units(self.survey, table.removeprefix("study."))
                if table.startswith("study.")
                else store.read(
                    table,
                    self._folder,
                    columns=self._wanted[table],
                    agency=self._agencies[table],
                )
            )
        return self._read[table]


class _Column:
    """The values of a column; where they are names, a few that stand for many rows."""

    def __init__(self, values: "pd.Series[Any]") -> None:
        self.names: NDArray[np.object_] | None = None
        if isinstance(values.dtype, pd.CategoricalDtype):
            self.values = values.cat.codes.to_numpy()
            self.names = np.array(values.cat.categories, dtype=object)
        elif isinstance(values.dtype, np.dtype) and values.dtype != object:
            self.values = values.to_numpy()
        else:
            self.values, names = pd.factorize(values)
            self.names = np.array(names, dtype=object)

    def at(self, position: int) -> Any:
        """Return the value at a position; NaN where none is known."""
        value = self.values[position]
        if self.names is None:
            return value.item()
        return self.names[value] if value >= 0 else np.nan

    def codes(self) -> NDArray[np.int64]:
        """Return a number for each value, the same for the same; -1 where it is missing."""
        if self.names is None:
            return np.asarray(pd.factorize(self.values)[0], dtype=np.int64)
        return self.values.astype(np.int64)

    def fulfilled(self, op: str, wanted: Any, at: Positions) -> NDArray[np.bool_]:
        """Return which rows at some positions fulfil a condition."""
        here = self.values[at]
        if self.names is None:
            return _fitting(here, op, wanted)
        missing = op == "!="  # what is missing is not what is wanted
        fitting: NDArray[np.bool_] = np.append(_fitting(self.names, op, wanted), missing)
        return fitting[here]


def _fitting(values: NDArray[Any], op: str, wanted: Any) -> NDArray[np.bool_]:
    found = np.isin(values, list(wanted)) if op == "in" else OPS[op](values, wanted)
    return np.broadcast_to(np.asarray(found, dtype=bool), values.shape)


def _units(survey: Study, kind: str) -> pd.DataFrame:
    """Return the units that the study's files declare, and when there were any."""
    units = getattr(survey, kind)
    return pd.DataFrame({
        "code": [unit.code for unit in units],
        "valid_from": [unit.valid_from or 0 for unit in units],
        "valid_to": [unit.valid_to or ALWAYS for unit in units],
        "total": [survey.is_total(unit.code) for unit in units],
    })  # fmt: skip

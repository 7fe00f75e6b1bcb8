"""Codes that no scale knows: collected over a file, then reported or counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.data.codebook import Scale
from betyg.data.raw_table import SHOWN, RawTable, add_few
from betyg.errors import Problems

__all__ = ["OutOfRange"]

REMEDY = (
    "Add the code to scales.csv, map it in column recode of crosswalk.csv, or set "
    'out_of_range = "no_answer" in [cleaning].'
)


class OutOfRange:
    """The cells of one file whose code is not on the item's scale."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], tuple[Scale, list[NDArray[np.intp]]]] = {}
        self.n = 0

    def note(self, table: RawTable, column: str, scale: Scale, *, rows: NDArray[np.intp]) -> None:
        """Note the rows in which a column holds a code that the scale does not have."""
        if len(rows):
            self._cells.setdefault((column, scale.scale), (scale, []))[1].append(rows)
            self.n += len(rows)

    def report(self, table: RawTable, problems: Problems) -> None:
        """Note one problem a column: the codes, how often, and where they stand first."""
        found: list[tuple[str, str, str]] = []
        for (column, _), (scale, chunks) in self._cells.items():
            rows = np.unique(np.concatenate(chunks))
            codes, values = table.coded(column)
            distinct, n = np.unique(codes[rows], return_counts=True)
            order = np.argsort(-n, kind="stable")
            shown = [
                f"'{values[code]}' ({table.places(rows[codes[rows] == code])})"
                for code in distinct[order][:SHOWN]
            ]
            more = f" and {len(distinct) - SHOWN} more codes" if len(distinct) > SHOWN else ""
            known = ", ".join(category.code for category in scale.categories)
            where = table.where(rows, column=column)
            what = f"{', '.join(shown)}{more}: not on scale '{scale.scale}'"
            found.append((where, f"{what}, whose codes are {known}.", REMEDY))
        more = "columns hold codes that are not on their scale"
        add_few(found, problems, file=table.source.file, more=more)

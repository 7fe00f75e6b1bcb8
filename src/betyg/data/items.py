"""Which item a row of an aggregated file is about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.raw_table import SHOWN, RawTable
from betyg.data.roles import recognised
from betyg.data.study import Study
from betyg.errors import Problems, did_you_mean

__all__ = ["item_codes"]


def item_codes(
    table: RawTable, years: NDArray[np.int16], survey: Study, problems: Problems
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return each row's item, and whether the codebook has none of that name.

    Rows of unlisted items are problems, unless the source says ``unlisted_items = "drop"``.
    """
    column = table.source.columns.get("item")
    if column is None:
        items = pd.Series(table.source.item, index=range(len(years)), dtype="str")
        return items, np.zeros(len(years), dtype=bool)
    codes, values = table.coded(column)
    found = np.full(len(years), "", dtype=object)
    for year in np.unique(years[years > 0]).tolist():
        spellings = survey.item_spellings(year)
        lookup = [recognised(value, spellings) or "" for value in values]
        rows = np.flatnonzero(years == year)
        found[rows] = np.array([*lookup, ""], dtype=object)[codes[rows]]
    unlisted = (found == "") & (years > 0)
    if table.source.unlisted_items == "error":
        _report(table, column, np.flatnonzero(unlisted), survey, problems)
    return pd.Series(found, dtype="str"), unlisted


def _report(
    table: RawTable, column: str, rows: NDArray[np.intp], survey: Study, problems: Problems
) -> None:
    codes, values = table.coded(column)
    distinct = np.unique(codes[rows])
    for code in distinct[:SHOWN]:
        own = rows[codes[rows] == code]
        what = "the item is empty" if code < 0 else f"'{values[code]}' is no item"
        hint = "" if code < 0 else did_you_mean(values[code], survey.item_codes) + " "
        more = f" and {len(distinct) - SHOWN} more spellings" if len(distinct) > SHOWN else ""
        problems.add(
            table.where(own, column=column),
            f"{what} ({table.places(own)}){more}.",
            f"{hint}Add it to codebook.csv, name it in column `column` of crosswalk.csv, or set "
            'unlisted_items = "drop" in its [[source]].',
        )

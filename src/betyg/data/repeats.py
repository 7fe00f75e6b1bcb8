"""Rows of aggregated files that give the same figure twice, or two figures for one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["repeats"]

KEY = ["agency", "year", "activity", "group", "item", "category"]


def repeats(
    rows: pd.DataFrame, tables: Sequence[RawTable], survey: Study, problems: Problems
) -> NDArray[np.str_]:
    """Return the step that drops each row, with duplicates now among them.

    Parameters
    ----------
    rows : DataFrame
        Keys, ``content`` (equal numbers have equal content) and ``why`` (the step that has
        dropped the row already, or "").
    tables : sequence of RawTable
        For the places in messages.
    survey : Study
        ``[cleaning]`` says what becomes of two different figures for one thing: ``repeats`` for
        kind published, ``duplicates`` for kind counts.
    problems : Problems
        Where conflicts are noted.
    """
    why = rows["why"].to_numpy().astype("U20")
    usable = np.flatnonzero(why == "")
    held = rows.iloc[usable]
    rule = survey.cleaning.repeats if survey.kind == "published" else survey.cleaning.duplicates
    keep: Literal["first", "last"] = "last" if rule == "last" else "first"
    same = held.duplicated([*KEY, "content"], keep=keep).to_numpy()
    why[usable[same]] = "duplicates"
    usable, held = usable[~same], held[~same]
    other = held.duplicated(KEY, keep=keep).to_numpy()
    if rule != "error":
        why[usable[other]] = "duplicates"
    elif other.any():
        _report(held, np.flatnonzero(other), tables, survey, problems)
    return why


def _report(
    held: pd.DataFrame,
    later: NDArray[np.intp],
    tables: Sequence[RawTable],
    survey: Study,
    problems: Problems,
) -> None:
    """Note, a file, the rows that contradict an earlier one."""
    rule = "repeats" if survey.kind == "published" else "duplicates"
    source = held["source"].to_numpy()
    for at in np.unique(source[later]):
        own = held.iloc[later[source[later] == at]]
        first = own.iloc[0]
        same = (held[KEY] == first[KEY]).all(axis="columns").to_numpy()
        before = held[same].iloc[0]
        other, table = tables[int(before["source"])], tables[int(at)]
        line = f"{other.file.line_word} {other.lines[int(before['row'])]} of {other.source.file}"
        agency = survey.agencies[int(first["agency"])].code
        places = own["row"].to_numpy()
        problems.add(
            table.where(places),
            f"{agency} {first['year']} '{first['item']}' has other numbers on {line} "
            f"({table.places(places)}).",
            f'Drop the row that is wrong, or set {rule} = "first" in [cleaning].',
        )

"""Kind ``published``: only a value 0-100 for each agency and year, with or without n and error."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import roles
from betyg.data.counts import Held, content, hidden
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["cells", "numbers"]


def numbers(raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems) -> Held:
    """Return which rows have no value, or a hidden one, and what makes two rows equal."""
    value = _values(raw, problems)
    outside = np.flatnonzero((value < 0) | (value > 100))
    if len(outside):
        column = raw.source.columns["value"]
        problems.add(
            raw.where(outside, column=column),
            f"{value[outside[0]]:g} is not between 0 and 100 ({raw.places(outside)}).",
            'Values are scores or percentages 0-100; values = "fraction" reads 0-1.',
        )
    n, se = _optional(raw, "n", problems), _optional(raw, "se", problems)
    suppressed = hidden(raw, raw.source.columns["value"])
    return Held(
        category=pd.Series("", index=range(len(rows)), dtype="str"),
        content=content([value, n, se]),
        suppressed=suppressed,
        empty=np.isnan(value) & ~suppressed,
    )


def cells(raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems) -> pd.DataFrame:
    """Return one cell a published value.

    Every value weighs one: what it stands for is not known. ``n`` is 0 where it was not
    published.
    """
    places = rows["row"].to_numpy()
    value = _values(raw, problems)[places]
    n = np.nan_to_num(_optional(raw, "n", problems)[places])
    kinds = rows[["item", "year"]].drop_duplicates().itertuples(index=False)
    scale = {(item, year): survey.scale_of(item, int(year)).scale for item, year in kinds}
    return rows.assign(
        scale=[scale[key] for key in zip(rows["item"], rows["year"], strict=True)],
        kind="published",
        response=value,
        score=value,
        n=np.rint(n).astype(np.int64),
        weight_sum=1.0,
        weight_sq_sum=1.0,
        se=_optional(raw, "se", problems)[places] * _factor(raw),
    )


def _factor(raw: RawTable) -> float:
    return 100.0 if raw.source.values == "fraction" else 1.0


def _values(raw: RawTable, problems: Problems) -> NDArray[np.float64]:
    return roles.quantity(raw, raw.source.columns["value"], problems) * _factor(raw)


def _optional(raw: RawTable, role: Literal["n", "se"], problems: Problems) -> NDArray[np.float64]:
    column = raw.source.columns.get(role)
    if column is None:
        return np.full(len(raw.lines), np.nan)
    return roles.quantity(raw, column, problems)

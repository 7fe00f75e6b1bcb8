"""Kind ``published``: only a value 0-100 for each agency and year, with or without n and error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from betyg.data import roles
from betyg.data.counts import Held, hidden, optional
from betyg.data.raw_table import RawTable
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["cells", "numbers"]


def numbers(raw: RawTable, rows: pd.DataFrame, survey: Study, problems: Problems) -> Held:
    """Return the values of a file; rows that have a ``why`` may hold anything."""
    among = (rows["why"] == "").to_numpy()
    factor = 100.0 if raw.source.values == "fraction" else 1.0
    column = raw.source.columns["value"]
    value = roles.quantity(raw, column, problems, among=among, signed=True) * factor
    outside = np.flatnonzero(((value < 0) | (value > 100)) & among)
    if len(outside):
        problems.add(
            raw.where(outside, column=column),
            f"{value[outside[0]]:g} is not between 0 and 100 ({raw.places(outside)}).",
            'Values are scores or percentages 0-100; values = "fraction" reads 0-1.',
        )
    suppressed = hidden(raw, column)
    se = optional(raw, "se", among, problems) * factor
    return Held(
        values=np.column_stack([value, se]),
        n=optional(raw, "n", among, problems),
        category=pd.Series("", index=range(len(rows)), dtype="str"),
        suppressed=suppressed,
        empty=np.isnan(value) & ~suppressed,
    )


def cells(
    raw: RawTable, held: Held, rows: pd.DataFrame, survey: Study, problems: Problems
) -> pd.DataFrame:
    """Return one cell a published value.

    Every value weighs one: what it stands for is not known. ``n`` is 0 where it was not
    published.
    """
    places = rows["row"].to_numpy()
    value, se = held.values[places].T
    kinds = rows[["item", "year"]].drop_duplicates().itertuples(index=False)
    scale = {(item, year): survey.scale_of(item, int(year)).scale for item, year in kinds}
    return rows.assign(
        scale=[scale[key] for key in zip(rows["item"], rows["year"], strict=True)],
        kind="published",
        response=value,
        score=value,
        n=np.rint(np.nan_to_num(held.n[places])).astype(np.int64),
        weight_sum=1.0,
        weight_sq_sum=1.0,
        se=se,
    )

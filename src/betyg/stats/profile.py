"""What each agency is good at, theme by theme at one common mix: ``profiles.parquet``.

A theme in which all agencies are rated low says nothing about one of them. So each theme gets a
comparison of its own, at one common mix, and an agency's value stands beside the range that is
expected of an agency like the others.
"""

from __future__ import annotations

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import comparison

__all__ = ["outcomes", "themes"]

FEWEST_ANSWERS = 4  # categories of a grade; three are a direction (better, same, worse)


def outcomes(cells: pd.DataFrame, survey: Study) -> tuple[str, ...]:
    """Return what an agency's profile is made of: the indices of themes or, without, the grades.

    Items that are asked for each activity by itself belong to the activities, not to the agency.
    """
    present = set(cells.loc[cells["kind"] == "answer", "item"].astype(str))
    indices = tuple(f"theme.{theme.theme}" for theme in survey.themes)
    if found := tuple(code for code in indices if code in present):
        return found
    per_activity = {row.item for row in survey.crosswalk if row.activity}
    latest = int(cells["year"].max()) if len(cells) else 0
    return tuple(
        item.item
        for item in survey.items
        if item.item in present
        and item.item not in per_activity
        and survey.scale_of(item.item, latest).k >= FEWEST_ANSWERS
    )


def themes(
    cells: pd.DataFrame,
    survey: Study,
    *,
    year_from: int = 0,
    respondents: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compare the agencies on each theme, round by round.

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    year_from : int
        First year used; 0 takes all.
    respondents : DataFrame, optional
        As for :func:`betyg.stats.comparison.compare`.

    Returns
    -------
    DataFrame
        The columns of ``comparisons.parquet``, one row an agency, year and outcome. A theme that
        cannot be compared (agencies without a common activity, one agency) has no rows; of
        published values there are none at all.
    """
    found = [pd.DataFrame(columns=[*comparison.COLUMNS])]
    if survey.kind != "published":
        for outcome in outcomes(cells, survey):
            try:
                compared = comparison.compare(
                    cells,
                    comparison.about(outcome, survey),
                    year_from=year_from,
                    respondents=respondents,
                )
            except DesignError:
                continue
            rows = compared.table
            found.append(rows[(rows["agency"] != "all") & (rows["year"] > 0)])
    return pd.concat(found[1:] or found, ignore_index=True)

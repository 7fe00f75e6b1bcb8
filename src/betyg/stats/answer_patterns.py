"""Patterns that make answers worth less: all alike, or all at an end of the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from betyg.data.study import Study

__all__ = ["FEWEST_ALIKE", "FEWEST_POSITIONS", "batteries", "ends", "extremes", "straight_lining"]

ALL = "all"
FEWEST_ALIKE = 5  # a few equal answers are no pattern
FEWEST_POSITIONS = 4  # with three, equal answers and answers at an end are what one expects


def straight_lining(ends: pd.DataFrame) -> pd.DataFrame:
    """Find who gave one and the same answer to every question on the same scale.

    A respondent counts who gave five answers or more on a scale of four positions or more.
    Equal answers may be meant: the share is an upper bound of careless answering.

    Parameters
    ----------
    ends : DataFrame
        From ``ends``, or the rows of that kind of ``pattern_counts.collapse``: year, agency,
        item (the scale), answer_1 and answer_2 (the lowest and the highest answer), n.

    Returns
    -------
    DataFrame
        year int16; agency str ("all" = over all); item str (name of the scale); n int64
        (respondents who count); estimate float64 (share of them, 0-1).
    """
    texts = ends.astype({"agency": "str", "item": "str"})
    alike = texts["n"].where(texts["answer_1"] == texts["answer_2"], 0)
    both = pd.concat([texts.assign(alike=alike), texts.assign(alike=alike, agency=ALL)])
    sums = both.groupby(["year", "item", "agency"], sort=True)[["n", "alike"]].sum().reset_index()
    found = sums.assign(estimate=sums["alike"] / sums["n"])
    columns = ["year", "agency", "item", "n", "estimate"]
    return found[columns].astype({"year": "int16", "n": "int64", "estimate": "float64"})


def ends(respondents: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Return the lowest and the highest answer of each respondent on each scale.

    Rows of one respondent's activities are taken together, in the first one's agency. Totals, and
    those of fewer than five answers, are left out.
    """
    inside = respondents[~respondents["agency"].isin(list(survey.totals))]
    columns = ["year", "agency", "item", "answer_1", "answer_2", "n"]
    parts = [
        _ends(rows, items).assign(year=year, item=scale, n=1)
        for year, rows in inside.groupby("year", sort=True)
        for scale, items in batteries(int(str(year)), survey).items()
    ]
    return pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)


def batteries(year: int, survey: Study) -> dict[str, list[str]]:
    """Return the items that were asked in a year by scale, where it is long enough."""
    found: dict[str, list[str]] = {}
    for item in survey.item_codes:
        if survey.asked(item, year) and survey.scale_of(item, year).k >= FEWEST_POSITIONS:
            found.setdefault(survey.scale_of(item, year).scale, []).append(item)
    return found


def _ends(rows: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return agency, lowest and highest answer of those with enough answers."""
    answers = rows[list(items)].astype("float64")
    each = pd.DataFrame(
        {
            "respondent": rows["respondent_id"],
            "agency": rows["agency"].astype("str"),
            "answer_1": answers.min(axis="columns"),
            "answer_2": answers.max(axis="columns"),
            "n": answers.notna().sum(axis="columns"),
        }
    )
    whole = each.groupby("respondent", sort=False).agg(
        agency=("agency", "first"), answer_1=("answer_1", "min"), answer_2=("answer_2", "max"),
        n=("n", "sum"),
    )  # fmt: skip
    return whole[whole["n"] >= FEWEST_ALIKE]


def extremes(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Find the shares of answers at the lowest and at the highest end of the scale.

    Where many are at an end, what lies beyond cannot be told apart, and differences look
    smaller than they are.

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean. Totals are not counted: their parts are.
    survey : Study
        Scales of the items, by year; those of three positions or fewer are left out.

    Returns
    -------
    DataFrame
        year int16; agency str ("all" = over all); item str; n int64 (answers, or values of an
        index); floor, ceiling float64 (weighted shares, 0-1).
    """
    total = cells[["agency", "activity", "group"]].isin(list(survey.totals)).any(axis="columns")
    kept = cells[(cells["kind"] == "answer") & ~total & _graded(cells, survey)]
    texts = kept.astype({"agency": "str", "item": "str"})
    weight = texts["weight_sum"]
    ends = texts.assign(
        floor=weight.where(texts["score"] == 0.0, 0.0),
        ceiling=weight.where(texts["score"] == 100.0, 0.0),
    )
    both = pd.concat([ends, ends.assign(agency=ALL)])
    sums = both.groupby(["year", "agency", "item"], sort=True)[
        ["n", "weight_sum", "floor", "ceiling"]
    ].sum()
    shares = sums[["floor", "ceiling"]].div(sums["weight_sum"], axis="index")
    return shares.assign(n=sums["n"]).reset_index().astype({"year": "int16", "n": "int64"})


def _graded(cells: pd.DataFrame, survey: Study) -> pd.Series:
    """Mark cells of composite indices and of items with enough positions."""
    named = cells[["item", "year"]].drop_duplicates()
    composite = {index.name for index in survey.composites}
    wide = np.array(
        [
            str(item) in composite or survey.scale_of(str(item), int(year)).k >= FEWEST_POSITIONS
            for item, year in zip(named["item"], named["year"], strict=True)
        ],
        dtype=bool,
    )
    keys = pd.MultiIndex.from_frame(named[wide].astype({"item": "str"}))
    of_cells = pd.MultiIndex.from_arrays([cells["item"].astype("str"), cells["year"]])
    return pd.Series(of_cells.isin(keys), index=cells.index)

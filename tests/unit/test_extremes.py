"""Highest and lowest are said of one only where that is sure."""

import numpy as np
import pytest

from betyg.publish import extremes
from betyg.publish.language import Language
from betyg.publish.sentence import claims_of, stating

EN, SV, FI = (Language(code) for code in ("en", "sv", "fi"))
SAME = {"year": 2012, "item": "x", "statistic": "mean", "activity": "all", "group": "all"}


def rows(*estimates, se=1.0):
    return [
        {**SAME, "agency": chr(65 + at), "estimate": float(estimate), "se": se, "shown": True}
        for at, estimate in enumerate(estimates)
    ]


def ends(given, language=EN):
    def label(row):
        return stating(f"{row['agency']} {language.number(row['estimate'])}")

    return extremes.ends(extremes.compared(given, "agency"), language, label=label)


def test_one_that_is_surely_beyond_all_others_is_named():
    assert ends(rows(70, 90, 50)) == "highest B 90, lowest C 50"


def test_those_that_cannot_be_told_apart_share_the_end():
    assert ends(rows(70, 90, 91, 50)) == "highest one of C 91 and B 90, lowest D 50"
    assert ends(rows(70, 90, 91, 50), SV) == "högst någon av C 91 och B 90, lägst D 50"
    assert ends(rows(70, 90, 91, 50), FI) == "korkein jokin näistä: C 91 ja B 90, matalin D 50"


def test_more_than_four_are_counted():
    said = ends(rows(90, 90.2, 90.4, 90.6, 90.9, 50))
    assert said == "highest one of 5, 90–91, lowest F 50"


@pytest.mark.parametrize("se", [1.0, np.nan])
def test_where_no_difference_is_sure_nobody_is_highest(se):
    said = ends(rows(66.1, 66.2, 66.4, se=se))
    assert said == "which is highest and which lowest is not sure, 66"
    assert sorted(claim.kind for claim in claims_of(said)) == [
        "may_be_highest", "may_be_lowest", "value", "value",
    ]  # fmt: skip


def test_the_lowest_few_are_those_surely_below_each_of_the_rest():
    found = extremes.compared(rows(90, 60, 59, 80), "agency")
    assert [row["agency"] for row in found.surely_lowest(2)] == ["B", "C"]
    assert [row["agency"] for row in found.surely_lowest(1)] == []

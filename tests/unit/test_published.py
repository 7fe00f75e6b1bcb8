"""The mixed model of published values: what it refuses, and what it may be trusted with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.codebook import CrosswalkRow, Unit
from betyg.errors import DesignError
from betyg.stats import published

PLACES = tuple(f"p{i:02d}" for i in range(30))


def estimates_of(rows):
    frame = pd.DataFrame(rows, columns=["agency", "year", "estimate"])
    return frame.assign(item="nki", statistic="mean")


def survey_of(**changes):
    return simulated.study(items={"nki": 5}, agencies=PLACES, **changes)


def drawn(years=(2011, 2012, 2014), seed=1):
    """Places with levels of their own, two points more each round; good places come late."""
    rng = np.random.default_rng(seed)
    level = np.sort(rng.normal(60, 8, len(PLACES)))
    return estimates_of(
        (place, year, level[i] + 2 * at + rng.normal(0, 1))
        for i, place in enumerate(PLACES)
        for at, year in enumerate(years)
        if rng.random() < 0.2 + 0.6 * (at / 2 if i > 15 else 1 - at / 2)
    )


def test_the_trend_is_not_fooled_by_who_is_there():
    estimates = drawn()
    fit = published.fit(estimates, survey_of(), item="nki")
    naive = estimates.groupby("year")["estimate"].mean()
    change = fit.trend.set_index("year").loc[2014]
    assert naive[2014] - naive[2011] > 8
    assert change["change_low"] < 4 < change["change_high"]
    assert abs(change["change"] - 4) < 2
    assert fit.trend["change"].iloc[0] == 0
    assert fit.sd_place == pytest.approx(8, rel=0.4)
    assert fit.sd_rest == pytest.approx(1, rel=0.5)


def test_change_within_places_is_a_paired_difference():
    estimates = drawn()
    row = published.fit(estimates, survey_of(), item="nki").within.iloc[0]
    wide = estimates.pivot(index="agency", columns="year", values="estimate")
    change = (wide[2012] - wide[2011]).dropna()
    assert row["n"] == change.size
    assert row["estimate"] == pytest.approx(change.mean())
    assert row["se"] == pytest.approx(change.std() / np.sqrt(change.size))


def test_a_total_is_no_place():
    estimates = drawn()
    whole = estimates_of([("riket", y, 50.0) for y in (2011, 2012, 2014)])
    survey = survey_of()
    units = (Unit(code="riket", label={"en": "all"}),) + tuple(
        unit.model_copy(update={"parent": "riket"}) for unit in survey.agencies
    )
    with_total = survey.model_copy(update={"agencies": units})
    fit = published.fit(pd.concat([estimates, whole]), with_total, item="nki")
    plain = published.fit(estimates, survey, item="nki")
    pd.testing.assert_frame_equal(fit.trend, plain.trend)


def test_years_before_a_break_are_left_out():
    rows = tuple(CrosswalkRow(item="nki", year=y, wording=w) for y, w in ((2011, "a"), (2012, "b")))
    fit = published.fit(drawn(), survey_of(crosswalk=rows), item="nki")
    assert list(fit.trend["year"]) == [2012, 2014]


@pytest.mark.parametrize(
    "rows",
    [
        [("p00", 2012, 60.0), ("p01", 2012, 61.0)],
        [("p00", 2011, 60.0), ("p01", 2012, 61.0)],
        [],
    ],
    ids=["one year", "no place twice", "nothing"],
)
def test_without_repeated_places_there_is_no_trend(rows):
    with pytest.raises(DesignError, match="a trend needs two years and repeated places"):
        published.fit(estimates_of(rows), survey_of(), item="nki")


def test_values_with_their_number_of_answers_stand_beside_what_the_model_makes_of_them():
    counted = drawn().assign(n=[40 + 17 * (at % 9) for at in range(len(drawn()))])
    found = published.fit(counted, survey_of(), item="nki").values
    assert found["direct"].between(found["direct_low"], found["direct_high"]).all()
    assert found["shrunken"].between(found["shrunken_low"], found["shrunken_high"]).all()
    narrower = found["shrunken_high"] - found["shrunken_low"] < (
        found["direct_high"] - found["direct_low"]
    )
    assert narrower.all()

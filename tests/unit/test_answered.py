"""Conclusions drawn again from sums of answers are those drawn from the answers one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.settings import Source
from betyg.errors import DesignError
from betyg.stats import (
    change,
    comparison,
    domains,
    estimate,
    late,
    outcome_sums,
    robustness,
    ways,
)
from betyg.stats.answered import Answered
from betyg.stats.ways import Way

RTOL = 1e-9  # the same sums, added up in another order
N = 900


def survey_of(*, tells=True, outcome="view", inference="performance", **design):
    source = Source(file="a.csv", format="csv", late={"letter": ("reminder",)} if tells else {})
    return simulated.study(
        items={"q": 5, "r": 4, "s": 3},
        agencies=tuple("ABCD"),
        activities=("plan", "farm"),
        groups=("old", "young"),
        indices={"view": ("q", "r", "s")},
        compare={
            "outcome": outcome, "inference": inference, "adjust_for": ["activity", "group"],
        },
        design=design,
        sources=(source,),
    )  # fmt: skip


def people_of(survey, **columns):
    rng = np.random.default_rng(11)
    agency, year = rng.choice(list("ABCD"), N), rng.choice([2010, 2011, 2012], N)
    activity = rng.choice(["plan", "farm"], N)
    activity = np.where((agency == "A") & (year == 2011), "plan", activity)  # not farm in both
    mood = rng.normal(size=N) + 1.5 * (agency == "B")
    given = {
        "agency": agency, "year": year, "activity": activity,
        "group": rng.choice(["old", "young"], N),
        "weight": np.round(0.5 + 2 * rng.random(N), 3),
        "stratum": [f"{a}|{y}" for a, y in zip(agency, year, strict=True)],
        "population": np.where(year == 2011, 1000.0, np.nan),
    }  # fmt: skip
    for item, k in (("q", 5), ("r", 4), ("s", 3)):
        answer = np.clip(np.round((k + 1) / 2 + mood + rng.normal(size=N)), 1, k)
        given[item] = np.where(rng.random(N) < 0.1, np.nan, answer)
    people = simulated.respondents(pd.DataFrame(given | columns), survey)
    if survey.tells_late:
        told = pd.array(rng.random(N) < 0.3, dtype="boolean")
        told[(year == 2010) & (agency == "C")] = pd.NA
        people["late"] = told
    return people


def both_ways(people, survey):
    """Return the answers one by one, and added up: those without respondents."""
    cells = simulated.cells_of(people, survey)
    sums, sizes = outcome_sums.of_rows([people], survey), domains.of_rows([people])
    nobody = people.iloc[:0]
    return (
        Answered.of(people, cells, survey),
        Answered.of(nobody, cells, survey, domains=sizes, sums=sums),
    )


def means_of(answers, way, survey):
    try:
        return ways.means(way, answers if way.late else answers.early(survey), survey)
    except DesignError as error:
        return str(error)


@pytest.mark.parametrize("inference", ["performance", "this_year"])
@pytest.mark.parametrize("outcome", ["view", "q"])
def test_every_way_has_the_means_of_the_rows(outcome, inference):
    survey = survey_of(outcome=outcome, inference=inference)
    one_by_one, added = both_ways(people_of(survey), survey)
    assert added.sizes is not None and one_by_one.sizes is None
    chosen = list(ways.ways(one_by_one, survey, early=True))
    assert len(chosen) == 24 and chosen == list(ways.ways(added, survey, early=True))
    for way in chosen:
        want, got = (means_of(answers, way, survey) for answers in (one_by_one, added))
        assert got.keys == want.keys and len(got.keys) >= 7, way
        np.testing.assert_allclose(got.estimate, want.estimate, rtol=RTOL)
        np.testing.assert_allclose(got.covariance, want.covariance, rtol=RTOL, atol=RTOL)


def test_the_panel_of_robustness_needs_no_row(drawn):
    survey, one_by_one, added, reported = drawn
    want = robustness.panel(one_by_one, survey, **reported)
    assert set(want["late"]) == {True, False} and set(want["conclusion"]) == {
        "band", "change", "first",
    }  # fmt: skip
    pd.testing.assert_frame_equal(robustness.panel(added, survey, **reported), want)


@pytest.fixture(scope="module")
def drawn():
    """A study with late answers, its answers, and what is reported of them."""
    survey = survey_of()
    people = people_of(survey)
    cells = simulated.cells_of(people, survey)
    table = estimate.table(people, cells, survey)
    reported = {
        "comparisons": comparison.compare(cells, survey).table.assign(band="much_lower"),
        "changes": change.decompose(table, cells, survey),
    }
    return survey, *both_ways(people, survey), reported


def test_late_answers_are_compared_with_early_ones_from_sums_as_from_rows(drawn):
    survey, one_by_one, added, _ = drawn
    want = late.table(one_by_one, survey)
    assert want["year"].tolist() == [2011, 2012] and want["shown"].all()
    pd.testing.assert_frame_equal(late.table(added, survey), want, rtol=RTOL)


def test_of_a_single_person_in_a_stratum_sums_tell_what_rows_do():
    for rule in ("adjust", "certainty", "error"):
        survey = survey_of(lonely=rule)
        people = people_of(survey)
        alone = people["agency"].eq("D") & people["year"].eq(2012)
        people["stratum"] = people["stratum"].astype("str")
        people.loc[alone.idxmax(), "stratum"] = "alone"
        answers = both_ways(people, survey)
        way = Way(measure="mean", weighted=True, adjusted=True)
        want, got = (means_of(own, way, survey) for own in answers)
        if rule == "error":
            assert want == got and "strata 'alone' hold one PSU" in want
        else:
            np.testing.assert_allclose(got.covariance, want.covariance, rtol=RTOL, atol=RTOL)


def test_where_units_have_several_rows_or_weights_were_calibrated_rows_are_used():
    survey = survey_of()
    pairs = people_of(survey, psu=np.arange(N) // 2)
    raked = survey_of(calibrate=[["agency"]])
    for people, own in ((pairs, survey), (people_of(raked), raked)):
        sums, sizes = outcome_sums.of_rows([people], own), domains.of_rows([people])
        cells = simulated.cells_of(people, own)
        found = Answered.of(people, cells, own, domains=sizes, sums=sums)
        assert found.sizes is None and len(found.rows) == N


def test_sums_of_parts_are_those_of_the_whole():
    survey = survey_of()
    people = people_of(survey)
    cut = [people.iloc[400:], people.iloc[:400]]
    whole = outcome_sums.of_rows([people], survey)
    pd.testing.assert_frame_equal(outcome_sums.of_rows(cut, survey), whole, rtol=RTOL)
    assert whole["n"].sum() == people["view"].notna().sum()
    assert set(whole["late"].unique()) == {True, False, pd.NA}


def test_top_two_of_an_index_are_those_of_its_items_with_four_positions():
    survey = survey_of()
    people = people_of(survey, q=np.full(N, 4.0), r=np.full(N, 2.0), s=np.full(N, 3.0))
    found = outcome_sums.of_rows([people], survey)
    np.testing.assert_allclose(found["top_two"], 50.0)

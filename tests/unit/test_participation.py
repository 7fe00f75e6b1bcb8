"""Rounds, agencies and activities, counted."""

from __future__ import annotations

import pandas as pd
import pytest

import simulated
from betyg.data.codebook import Unit
from betyg.errors import ParameterError
from betyg.stats import participation

ROWS = [
    ("A", 2010, "plan", "p1"), ("A", 2010, "farm", "p1"), ("A", 2012, "plan", "p1"),
    ("A", 2012, "water", "p2"), ("B", 2012, "plan", "p3"), ("T", 2012, "plan", "p4"),
]  # fmt: skip


def taken_part(kind="responses"):
    units = tuple(
        Unit(code=c, parent=p, label={"en": c}) for c, p in (("B", "T"), ("A", "T"), ("T", None))
    )
    survey = simulated.study(
        items={"q": 5}, activities=("plan", "farm", "water"), groups=("x", "y"), agencies=("A",)
    ).model_copy(update={"agencies": units})
    answers = pd.DataFrame(ROWS, columns=["agency", "year", "activity", "respondent"])
    answers["group"] = ["x", "x", "x", "y", "y", "y"]
    frame = simulated.respondents(answers.assign(q=3), survey)
    frame["respondent_id"] = answers["respondent"]
    cells = simulated.cells_of(frame, survey)
    return participation.of(frame, cells, survey.model_copy(update={"kind": kind}))


def test_rounds_are_the_years_with_answers():
    part = taken_part()
    assert part.rounds == (2010, 2012)
    assert part.round_number(2012) == 2
    assert not part.is_yearly
    with pytest.raises(ParameterError, match="no round in 2011. Rounds: 2010, 2012"):
        part.round_number(2011)


def test_agencies_stand_in_the_order_of_the_study_without_totals():
    part = taken_part()
    assert part.agencies[2012] == ("B", "A")
    assert part.agencies_throughout() == ("A",)
    assert part.agencies_throughout(until=2010) == ("A",)
    assert part.agencies_throughout(until=2009) == ()


def test_activities_surveyed_before_are_those_of_the_same_agency():
    part = taken_part()
    assert part.activities_of("A", 2012) == ("plan", "water")
    assert part.surveyed_before("A", 2012) == ("plan",)
    assert part.surveyed_before("B", 2012) == ()
    assert part.last_surveyed("A", 2012, "plan") == 2010
    assert part.last_surveyed("A", 2012, "water") is None
    assert set(part.activities_in(2012)) == {"plan", "water"}


def test_a_person_counts_once_a_year_and_once_in_each_activity():
    part = taken_part()
    assert part.respondents(year=2010) == 1
    assert part.respondents(year=2010, activity="farm") == 1
    assert part.respondents() == 4
    by_group = part.counts(("year", "group"))
    assert list(by_group["n"]) == [1, 1, 2]


def test_counts_stand_for_their_respondents():
    part = taken_part("counts")
    assert part.rounds == (2010, 2012)
    assert part.respondents(agency="A", year=2012) == 2


def test_an_unknown_role_is_named():
    with pytest.raises(ParameterError, match="no role 'groups'. Did you mean 'group'"):
        taken_part().counts(("groups",))

"""How many persons answered, where each has a row and where some have several."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.clean import Cleaned
from betyg.stats import domains, people

AGENCIES, ACTIVITIES, GROUPS = ("A", "B", "C"), ("plan", "farm"), ("firm", "town")
ROLES = ("agency", "activity", "group")


def survey_of(**changes):
    return simulated.study(
        items={"q": 5}, agencies=AGENCIES, activities=ACTIVITIES, groups=GROUPS, **changes
    )


def rows_of(n=500, *, persons=500):
    """Rows of so many persons, of whom one may stand in several agencies, years and groups."""
    rng = np.random.default_rng(11)
    who = rng.integers(0, persons, n) if persons < n else np.arange(n)
    given = {
        "agency": rng.choice(AGENCIES, n),
        "year": rng.choice([2011, 2012], n),
        "activity": rng.choice(["all", *ACTIVITIES], n),
        "group": rng.choice(["all", *GROUPS], n),
        "stratum": rng.choice(["s", "t"], n),
        "q": 3,
        "psu": who,
    }
    rows = simulated.respondents(pd.DataFrame(given), survey_of())
    return rows.assign(respondent_id=who.astype(str))


def counted(rows, **at):
    """Count by hand: the persons of the rows that have these values."""
    chosen = np.logical_and.reduce([rows[role] == value for role, value in at.items()])
    return rows.loc[chosen, "respondent_id"].nunique()


@pytest.mark.parametrize("persons", [500, 130])
def test_each_person_counts_once_in_every_margin(persons):
    rows = rows_of(persons=persons)
    found = people.of_rows([rows[:200], rows[200:]], survey_of())
    assert not found.duplicated(["year", *ROLES]).any()
    for row in found.to_dict("records"):
        at = {role: row[role] for role in ROLES if row[role] != "all"}
        assert row["n"] == counted(rows, year=row["year"], **at)
    expected = 1 + 3 + 2 + 2 + 3 * 2 + 3 * 2 + 2 * 2 + 3 * 2 * 2
    assert found.groupby("year").size().tolist() == [expected] * 2


def test_sizes_of_domains_tell_the_same_where_each_person_has_a_row():
    rows, survey = rows_of(), survey_of()
    sizes = domains.of_rows([rows])
    pd.testing.assert_frame_equal(
        people.of_domains(sizes, survey), people.of_rows([rows], survey), check_dtype=True
    )


def test_rows_are_gone_through_only_where_a_person_has_several():
    survey, once, several = survey_of(), rows_of(), rows_of(persons=130)
    nothing = pd.DataFrame()
    for rows, parts in ((once, None), (several, [several])):
        cleaned = Cleaned(parts=parts, counts=nothing, attrition=nothing)
        found = people.collapse(cleaned, survey, domains=domains.of_rows([rows]))
        pd.testing.assert_frame_equal(found, people.of_rows([rows], survey))


def test_where_the_files_state_units_persons_are_told_apart_by_their_identifiers():
    pair = rows_of().assign(respondent_id=(np.arange(500) // 2).astype(str))
    stated = type("Source", (), {"columns": {"psu": "home"}})()
    survey = survey_of().model_copy(update={"sources": (stated,)})
    cleaned = Cleaned(parts=[pair], counts=pd.DataFrame(), attrition=pd.DataFrame())
    found = people.collapse(cleaned, survey, domains=domains.of_rows([pair]))
    pd.testing.assert_frame_equal(found, people.of_rows([pair], survey))
    assert found["n"].sum() < people.of_domains(domains.of_rows([pair]), survey)["n"].sum()


def test_without_respondents_nobody_is_counted():
    survey = survey_of(kind="counts")
    none = domains.of_rows([rows_of()[:0]])
    cleaned = Cleaned(parts=None, counts=pd.DataFrame(), attrition=pd.DataFrame())
    found = people.collapse(cleaned, survey, domains=none)
    assert found.empty and tuple(found.columns) == people.COLUMNS

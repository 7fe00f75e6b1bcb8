"""What was published beside the release K1-K14 is about: percentages, trends of 2020 and 2022."""

from __future__ import annotations

import kommunforbundet_statements as say
import numpy as np
import pytest

from betyg.stats import cells, estimate


@pytest.fixture(scope="module")
def estimates(association, association_cleaned):
    collapsed = cells.collapse(association_cleaned, association)
    return estimate.table(association_cleaned.respondents, collapsed, association)


def share(estimates, survey, row) -> float:
    """Share of the published codes, from the table that the report reads."""
    scale = survey.scale_of(row.item, row.year)
    positions = {scale.by_code[code].order for code in row.categories}
    chosen = estimates[
        (estimates["item"] == row.item)
        & (estimates["year"] == row.year)
        & (estimates["statistic"] == "share")
        & (estimates[["agency", "activity", "group"]].astype(str) == "all").all(axis="columns")
    ]
    return float(chosen.loc[chosen["response"].isin(positions), "estimate"].sum())


def test_every_published_number_comes_out_of_the_estimates(association, estimates, answers):
    assert {row.statistic for row in association.published} == {"respondents", "share"}
    for row in association.published:
        if row.statistic == "share":
            found = share(estimates, association, row)
        else:
            found = say.persons(answers, row.year)
        assert found == pytest.approx(row.value, abs=row.tolerance), row.id


def test_percentages_are_the_same_of_all_respondents_as_of_those_who_answered(association, answers):
    for row in association.published:
        if row.statistic != "share":
            continue
        scale = association.scale_of(row.item, row.year)
        positions = {scale.by_code[code].order for code in row.categories}
        given = say.general(answers, row.year)[row.item]
        of_all = given.isin(positions).to_numpy().sum() / len(given)
        assert of_all == pytest.approx(row.value, abs=row.tolerance), row.id


def test_ten_more_who_recommend_are_noticed(association, answers):
    row = next(row for row in association.published if row.id == "recommend_2022")
    undecided = np.flatnonzero(
        (answers["year"] == 2022) & (answers["recommend"] == 3).fillna(False)
    )
    answers.iloc[undecided[:10], answers.columns.get_loc("recommend")] = 5
    more = share(estimate.direct(answers, association, by=(("year",),)), association, row)
    assert more != pytest.approx(row.value, abs=row.tolerance)


def test_the_new_wording_of_2022_forbids_a_change_in_recommendation(association):
    assert association.breaks("recommend") == (2022,)
    assert association.comparable("recommend", 2020, 2021)
    assert not association.comparable("recommend", 2021, 2022)
    assert association.comparable("view", 2020, 2022)


def test_2020_most_praise_for_service_and_most_to_develop_in_advocacy(answers, association):
    assert say.best(say.themes(answers, association, "praise", 2020)) == "praise_service"
    assert say.best(say.themes(answers, association, "wish", 2020)) == "wish_advocacy"


def test_2022_advocacy_and_advice_are_the_most_important(answers, association):
    compared = say.services(answers, association, "importance", 2022)
    places = say.place(compared, margin=association.compare.margin)
    assert (places["advocacy"], places["advice"]) == (1, 2)


def test_2022_advice_is_surely_easier_to_reach_than_the_year_before(answers, association):
    assert say.change(answers, association, "advice_reach", (2021, 2022))[1] > 0
    persons = (answers["year"] == 2022) & (answers["activity"] == "all")
    lower = (answers.loc[persons, "advice_reach"] - 1).clip(1, 5)
    answers.loc[persons, "advice_reach"] = lower
    assert say.change(answers, association, "advice_reach", (2021, 2022))[1] < 0


def test_2022_advice_is_expert(answers):
    assert say.top_two(answers, "advice_expert", 2022, 5) > 0.8


def test_2022_visibility_and_the_role_as_forerunner_are_to_be_developed(answers, association):
    named = {"wish_visibility", "wish_forerunner"}
    assert say.leading(say.themes(answers, association, "wish", 2022)) == named


@pytest.mark.parametrize(
    ("item", "years"),
    [
        ("compared", [2021, 2022]),
        ("advice_reach", [2021, 2022]),
        ("advice_expert", [2022]),
        ("praise_corona", [2021, 2022]),
        ("recommend", [2020, 2021, 2022]),
    ],
)
def test_items_have_answers_in_the_rounds_that_asked_them(association, answers, item, years):
    answered = answers.loc[answers[item].notna(), "year"]
    assert sorted(int(year) for year in answered.unique()) == years
    assert [year for year in (2020, 2021, 2022) if association.asked(item, year)] == years


def test_development_projects_are_rated_from_2021(answers, association):
    assert "projects" not in say.services(answers, association, "importance", 2020).names
    assert "projects" in say.services(answers, association, "importance", 2021).names


def test_response_rates_allow_a_comparison(association, answers):
    asked = association.frame.groupby("year")["sample"].sum()
    for year in (2020, 2021, 2022):
        rate = len(say.general(answers, year)) / asked[year]
        assert association.disclosure.response_rate < rate < 0.6

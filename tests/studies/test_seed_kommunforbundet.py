"""Statements K1-K14 come out of the cleaned data, and change when the data behind them change.

Each statement has two tests: what the data give, and a twin that alters the answers behind it.
"""

from __future__ import annotations

import kommunforbundet_statements as say
import numpy as np
import pandas as pd
import pytest
from alter import forgotten, moved, rows, swapped

from betyg.stats import compare

ROLES = {"director", "official", "elected", "contract"}


def test_k1_the_survey_is_made_every_year_among_officials_and_representatives(answers, association):
    assert say.rounds(answers) == [2020, 2021, 2022]
    assert all(set(say.by_role(answers, year)) == ROLES for year in say.rounds(answers))


def test_k1_fails_without_a_round_or_without_the_elected(answers, association):
    assert say.rounds(answers[answers["year"] != 2021]) == [2020, 2022]
    officials = answers[answers["group"] != "elected"]
    assert set(say.by_role(officials, 2021)) == ROLES - {"elected"}


def test_k2_347_persons_in_four_roles_answered(answers, association):
    by_role = {"director": 84, "official": 132, "elected": 90, "contract": 41}
    assert say.by_role(answers, 2021) == by_role
    assert say.persons(answers, 2021) == 347


def test_k2_counts_persons_not_rows(answers, association):
    one = answers.loc[rows(answers, year=2021), "respondent_id"].iloc[0]
    others = answers[answers["respondent_id"] != one]
    assert say.persons(others, 2021) == 346
    assert len(answers[answers["year"] == 2021]) > 347


def test_k3_25_percent_say_better_64_as_good_and_the_rest_is_counted(answers):
    worse, same, better = say.shares(answers, "compared", 2021).values()
    assert (round(100 * better), round(100 * same)) == (25, 64)
    assert round(100 * worse) == 10
    assert round(100 * say.unknown(answers, "compared", 2021)) == 1
    assert better + same + worse == pytest.approx(1)


def test_k3_every_share_has_an_interval(answers, association):
    found = say.estimated(answers, association, "compared", 2021).query("statistic == 'share'")
    counted = say.shares(answers, "compared", 2021)
    assert found["estimate"].tolist() == pytest.approx(list(counted.values()))
    assert (found["ci_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["ci_high"]).all()
    assert (found["ci_high"] - found["ci_low"]).between(0.04, 0.12).all()


def test_k3_moves_with_ten_answers(answers):
    same = np.flatnonzero(rows(answers, year=2021) & (answers["compared"] == 2).fillna(False))
    chosen = np.isin(np.arange(len(answers)), same[:10])
    assert (
        round(100 * say.shares(moved(answers, "compared", chosen, 1, 3), "compared", 2021)[3]) == 28
    )


def test_k4_praise_is_for_visibility_statements_and_networks(answers, association):
    named = {"praise_visibility", "praise_statements", "praise_networks"}
    assert named <= say.leading(say.themes(answers, association, "praise", 2021))
    assert not named & say.leading(say.themes(answers, association, "praise", 2020))


def test_k4_a_theme_that_fewer_mention_is_no_longer_praised(answers, association):
    changed = forgotten(answers, "praise_visibility", 2021, every=4)
    assert "praise_visibility" not in say.leading(say.themes(changed, association, "praise", 2021))


def test_k5_wishes_are_experts_easier_to_reach_and_faster_advice(answers, association):
    assert say.leading(say.themes(answers, association, "wish", 2021)) == {
        "wish_experts",
        "wish_faster",
    }


def test_k5_a_wish_that_fewer_have_is_not_named(answers, association):
    changed = forgotten(answers, "wish_faster", 2021, every=3)
    assert say.leading(say.themes(changed, association, "wish", 2021)) == {"wish_experts"}


def test_k6_advocacy_first_advice_second_networks_and_information_share_third(answers, association):
    places = say.place(
        say.services(answers, association, "importance", 2021), margin=association.compare.margin
    )
    assert places == {
        "advocacy": 1,
        "advice": 2,
        "networks": 3,
        "information": 3,
        "training": 5,
        "projects": 6,
    }


def test_k6_the_third_place_is_not_shared_when_one_falls_behind(answers, association):
    chosen = rows(answers, year=2021, activity="networks")
    changed = moved(answers, "importance", chosen & (np.arange(len(answers)) % 4 == 0), -1, 5)
    places = say.place(
        say.services(changed, association, "importance", 2021), margin=association.compare.margin
    )
    assert (places["information"], places["networks"]) == (3, 4)


def test_k6_no_place_is_shared_by_those_too_unlike_for_the_margin(answers, association):
    places = say.place(say.services(answers, association, "importance", 2021), margin=0.1)
    assert places["networks"] is None
    assert places["advice"] == 2


def test_k7_trust_has_the_best_grade_of_six_factors(answers, association):
    assert say.best(say.factors(answers, association, 2021)) == "trust"


def test_k7_another_factor_can_be_best(answers, association):
    changed = answers.copy()
    changed[["trust", "guide"]] = answers[["guide", "trust"]].to_numpy()
    assert say.best(say.factors(changed, association, 2021)) == "guide"


def test_k7_names_none_where_the_highest_mean_is_not_surely_the_best(answers, association):
    lower = moved(answers, "trust", rows(answers, year=2021), -1, 7)
    assert say.best(say.factors(lower, association, 2021)) is None


def test_k8_all_groups_share_the_view_that_it_knows_the_municipalities(answers, association):
    assert say.equivalent(answers, association, "knows", 2021).equivalent
    agreeing = say.top_two(answers, "knows", 2021, 5)
    assert agreeing > 0.8


def test_k8_holds_even_for_all_pairs_at_once(answers, association):
    possible = say.largest_possible(answers, association, "knows", 2021)
    assert say.equivalent(answers, association, "knows", 2021).bound < possible
    assert possible < association.compare.margin


def test_k8_is_not_said_when_one_group_thinks_otherwise(answers, association):
    chosen = rows(answers, year=2021, agency="large") & (np.arange(len(answers)) % 4 == 0)
    changed = moved(answers, "knows", chosen, -1, 5)
    assert not say.equivalent(changed, association, "knows", 2021).equivalent


def test_k8_is_not_said_of_groups_too_small_to_tell(answers, association):
    few = answers[rows(answers, year=2021)].groupby("agency", observed=True).head(15)
    assert not say.equivalent(few, association, "knows", 2021).equivalent


def test_k9_only_the_large_cities_have_become_surely_more_positive(answers, association):
    low = {
        name: say.change(answers, association, "view", (2020, 2021), agency=name)[1]
        for name in association.agency_codes
    }
    assert [name for name, end in low.items() if end > 0] == ["large"]


def test_k9_is_not_sure_without_most_of_the_rise(answers, association):
    answers.loc[rows(answers, year=2021, agency="large"), "view"] -= 8
    rise, low, _ = say.change(answers, association, "view", (2020, 2021), agency="large")
    assert rise > 0 > low


@pytest.mark.parametrize("item", ["known", "significance"])
def test_k10_advice_is_surely_above_every_other_service(answers, association, item):
    compared = say.services(answers, association, item, 2021)
    assert say.best(compared) == "advice"
    pairs = compared.table
    low = pd.concat(
        [
            pairs.loc[pairs["first"] == "advice", "ci_low"],
            -pairs.loc[pairs["second"] == "advice", "ci_high"],
        ]
    )
    assert len(low) == 5
    assert low.min() > 3  # points: "clearly", the nearest service included


@pytest.mark.parametrize("item", ["known", "significance"])
def test_k10_is_seen_within_the_respondents(answers, association, item):
    rated = answers[answers["year"] == 2021]
    within = compare.paired(rated, association, item=item, first="advice")
    assert within.ci_low > 10
    assert within.n > 300
    changed = swapped(answers, item, 2021, ("advice", "projects"))
    rated = changed[changed["year"] == 2021]
    assert compare.paired(rated, association, item=item, first="advice").ci_high < 0


@pytest.mark.parametrize("item", ["known", "significance"])
def test_k10_follows_the_answers_to_another_service(answers, association, item):
    changed = swapped(answers, item, 2021, ("advice", "advocacy"))
    assert say.best(say.services(changed, association, item, 2021)) == "advocacy"


def test_k11_advocacy_is_still_the_most_important(answers, association):
    first = [
        say.best(say.services(answers, association, "importance", year))
        for year in (2020, 2021, 2022)
    ]
    assert first == ["advocacy"] * 3


def test_k11_says_still_only_if_it_was_so_before(answers, association):
    changed = swapped(answers, "importance", 2020, ("advice", "advocacy"))
    first = [
        say.best(say.services(changed, association, "importance", year))
        for year in (2020, 2021, 2022)
    ]
    assert first == ["advice", "advocacy", "advocacy"]


def test_k12_measures_during_the_corona_crisis_are_praised_most(answers, association):
    praise = say.themes(answers, association, "praise", 2021)
    assert say.highest(praise) == "praise_corona"
    assert "praise_corona" in say.leading(praise)


def test_k12_another_theme_can_be_praised_most(answers, association):
    changed = forgotten(answers, "praise_corona", 2021, every=2)
    assert say.highest(say.themes(changed, association, "praise", 2021)) == "praise_visibility"


def test_k13_trust_is_great_the_whole_interval_in_the_band_high(answers, association):
    assert say.band(*say.interval(answers, association, "trust", 2021), association) == "high"


def test_k13_names_another_band_for_other_grades(answers, association):
    lower = moved(answers, "trust", rows(answers, year=2021), -1, 7)
    assert say.band(*say.interval(lower, association, "trust", 2021), association) == "fair"


def test_k13_names_no_band_when_the_interval_crosses_into_another(answers, association):
    most = rows(answers, year=2021) & (answers.groupby("activity").cumcount() % 4 > 0)
    lower = moved(answers, "trust", most, -1, 7)
    low, high = say.interval(lower, association, "trust", 2021)
    assert low < 70 < high
    assert say.band(low, high, association) is None


def test_k14_networks_were_developed_and_that_was_praised_more_than_before(answers, association):
    assert [(event.year, event.label["en"]) for event in association.events] == [
        (2021, "The municipal networks were developed")
    ]
    assert "praise_networks" in say.leading(say.themes(answers, association, "praise", 2021))
    assert say.change(answers, association, "praise_networks", (2020, 2021))[1] > 0


def test_k14_is_not_said_when_no_more_praise_it_than_before(answers, association):
    changed = forgotten(answers, "praise_networks", 2021, every=2)
    assert "praise_networks" not in say.leading(say.themes(changed, association, "praise", 2021))
    assert say.change(changed, association, "praise_networks", (2020, 2021))[1] < 0

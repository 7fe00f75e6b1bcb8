"""Every published number of the boards' survey, and what was said to be high or low."""

from __future__ import annotations

import lansstyrelserna_statements as say
import pandas as pd
import pytest

from betyg.data.codebook import Published
from betyg.data.study import Study

VASTRA_GOTALAND_2013 = {
    "Ärenden enligt 2 kap. lagen om kulturminnen",
    "Anmälan om vattenverksamhet",
    "Stöd till landsbygdsutvecklingsåtgärder, företagsstöd",
    "Stöd till jordbruket",
    "Tillstånd för- och kontroll av bevakningsföretag",
    "Prövning av miljöfarlig verksamhet",
    "Tillstånd till verksamhet med sällskapsdjur, hästar och pälsdjur",
    "Uppföljning av kommunernas uppgifter i krishanteringssystemet",
    "Statlig kontroll av strandskyddsdispenser",
    "Anmälan om ändring av tillståndspliktig verksamhet för miljöfarlig verksamhet",
    "Samordning och uppföljning av jämställdhetsintegrering i länet",
    "Överklagande av kommuns beslut om bygglov",
    "Överklagande av kommuns beslut om detaljplaner",
    "Tillsyn över överförmyndarverksamheten i länet",
    "Projektstöd inom landsbygdsutveckling",
    "Leaderstöd inom landsbygdsutveckling",
}
GAVLEBORG_2017 = {
    "Jakt och viltvård",
    "Livsmedel och djurskydd",
    "Kulturmiljö",
    "Skydd av områden och arter",
    "Samråd för skydd av naturen",
    "Miljöfarlig verksamhet",
    "Klimatinvesteringsstöd",
}
HARD = {"website", "right_person"}
HIGH = 70.0  # the band of the study


@pytest.fixture(scope="module")
def survey(boards):
    return boards


@pytest.fixture(scope="module")
def answers(boards_cleaned):
    return boards_cleaned.respondents


def derived(row: Published, answers: pd.DataFrame) -> float:
    """Derive one row of published.csv by counting, or as a plain mean in one stratum."""
    agency, activity = row.agency or "", row.activity or ""
    part = say.chosen(answers, year=row.year, agency=agency, activity=activity)
    return {
        "respondents": lambda: len(part),
        "rounds": lambda: len(say.rounds(answers, row.year)),
        "agencies": lambda: part["agency"].nunique(),
        "agencies_all_years": lambda: len(say.since_the_start(answers, row.year)),
        "activities": lambda: part["activity"].nunique(),
        "activities_repeated": lambda: len(say.surveyed_before(answers, row.year, agency)),
        "mean": lambda: part[row.item].mean(),
        "mean_of_agencies": lambda: part.groupby("agency", observed=True)[row.item].mean().mean(),
    }[row.statistic]()


def holds(row: Published, answers: pd.DataFrame) -> bool:
    found = derived(row, answers)
    if row.relation == "=":
        return abs(found - row.value) <= row.tolerance
    return found > row.value if row.relation == ">" else found < row.value


def test_every_published_number_holds(survey, answers):
    assert len(survey.published) == 24
    assert [row.id for row in survey.published if not holds(row, answers)] == []


def test_no_published_number_holds_in_other_data(survey, answers):
    """Without a year, two boards, two activities and half the interviews; indices fall."""
    fewer = without_much(answers)
    assert [row.id for row in survey.published if holds(row, fewer)] == ["interviews_2016"]
    more = pd.concat([answers, answers])
    assert not holds(row_of(survey, "interviews_2016"), more)


def without_much(answers: pd.DataFrame) -> pd.DataFrame:
    gone = answers["year"].isin([2010]) | answers["agency"].isin(["E", "H"])
    gone |= answers["activity"].isin(["bygglov", "jakt"])
    fewer = answers[~gone].iloc[::2].copy()
    fewer["nki"] = (fewer["nki"] - 5).clip(lower=0)
    return fewer


def row_of(survey: Study, name: str) -> Published:
    return next(row for row in survey.published if row.id == name)


def test_interviews_are_just_over_and_just_under_the_round_numbers(answers):
    assert 10_000 < len(say.chosen(answers, year=2013)) < 10_500
    assert 4_900 < len(say.chosen(answers, year=2016)) < 5_000


def names(survey: Study, codes: set[str]) -> list[set[str]]:
    units = [unit for unit in survey.activities if unit.code in codes]
    return [{unit.label["sv"], *unit.aliases} for unit in units]


@pytest.mark.parametrize(
    ("year", "agency", "published"),
    [(2013, "O", VASTRA_GOTALAND_2013), (2017, "X", GAVLEBORG_2017)],
)
def test_the_activities_are_those_on_the_published_list(survey, answers, year, agency, published):
    surveyed = names(survey, say.activities(answers, year, agency))
    assert len(surveyed) == len(published)
    assert all(len(spellings & published) == 1 for spellings in surveyed)


def test_a_question_is_asked_from_its_first_year_on(survey, answers):
    for item, first in (("website", 2009), ("right_person", 2009), ("accessibility", 2013)):
        given = answers.groupby("year")[item].count()
        assert (given[given.index >= first] > 0).all()
        assert (given[given.index < first] == 0).all()
        assert survey.asked(item, first)
        assert not survey.asked(item, first - 1) or first == 2009


def test_website_and_right_person_are_lowest_at_every_board_in_every_year(survey, answers):
    for year in range(2009, 2018):
        for board, means in say.grades(answers, survey, year=year).groupby("agency"):
            assert say.lowest(means, 2) == HARD, (year, board)


def test_courtesy_is_highest_in_the_country_every_year(survey, answers):
    for year in range(2009, 2018):
        assert say.highest(say.grades(answers, survey, year=year, by=())) == {"courtesy"}


def test_farm_support_2010(survey, answers):
    farm = say.chosen(answers, activity="jordbruksstod")
    index = say.chosen(farm, year=2010).groupby("agency", observed=True)["nki"].mean()
    assert set(index.nlargest(2).index) == {"G", "U"}
    assert set(index.nsmallest(2).index) == {"H", "C"}
    means = say.grades(farm, survey, year=2010)
    for item in ("engaged", "interested"):
        best = means[means["item"] == item].nlargest(1, "estimate")
        assert set(best["agency"]) == {"U"}


def test_vastra_gotaland_2013_graded_high_and_low(survey, answers):
    means = say.grades(say.chosen(answers, agency="O"), survey, year=2013)
    high = {"courtesy", "accessibility", "engaged", "interested"}
    assert say.highest(means, 4) == high
    assert all(say.surely_at_least(means, item, HIGH) for item in high)
    assert say.lowest(means, 2) == HARD  # though accessibility on the whole is high


def test_vastra_gotaland_2016_graded_high_and_low(survey, answers):
    means = say.grades(say.chosen(answers, agency="O"), survey, year=2016)
    for item in ("courtesy", "engaged", "plain_decisions", "handling_time"):
        assert say.surely_at_least(means, item, HIGH)
    assert say.lowest(means, 2) == HARD


def test_five_kinds_of_respondents(survey, answers):
    assert set(answers["group"].astype(str)) == {unit.code for unit in survey.groups}
    assert len(survey.groups) == 5


def test_what_is_wrong_in_the_files_is_found_and_counted(boards_cleaned):
    steps = boards_cleaned.attrition.groupby("step")["n"].sum()
    assert steps["duplicates"] == 14 + 31 + 9 + 12
    assert steps["unknown agency"] == 6 + 4
    assert steps["no answer at all"] == 130
    assert steps["out of range"] == 9
    lost = steps[["duplicates", "unknown agency", "no answer at all"]].sum()
    assert steps["read"] - lost == steps["kept"] == 54_852


def test_the_series_about_information_breaks_once_and_that_about_knowledge_does_not(survey):
    assert not survey.comparable("information", 2011, 2012)
    assert survey.comparable("information", 2012, 2017)
    assert survey.comparable("competence", 2009, 2017)

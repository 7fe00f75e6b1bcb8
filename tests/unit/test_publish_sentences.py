"""Sentences: what they say follows the frame, in every language."""

import numpy as np
import pandas as pd
import pytest

import invented
from betyg.data.codebook import Category, Item, Scale, Unit
from betyg.data.settings import Compare
from betyg.errors import DataError
from betyg.publish import (
    about_change,
    about_choices,
    about_order,
    about_results,
    about_survey,
    causal,
    prose,
)
from betyg.publish.language import Language
from betyg.stats import people

SV, FI, EN = (Language(code) for code in ("sv", "fi", "en"))
LANGUAGES = [SV, FI, EN]
KRONOBERG = "06"


@pytest.fixture(scope="module")
def survey():
    groups = (Unit(code="firms", label=invented.words("Företag", "Yritykset", "Firms")),
              Unit(code="towns", label=invented.words("Kommuner", "Kunnat", "Towns")))  # fmt: skip
    return invented.study(groups=groups, compare=Compare(outcome="nki", adjust_for=("activity",)))


@pytest.fixture(scope="module")
def estimates():
    return invented.estimates()


def respondents() -> pd.DataFrame:
    """Rounds 2009-2012; boards 1-9 in all of them, all 21 in 2012; Kronoberg as in its release."""
    rows = []
    for year in range(2009, 2013):
        for code in range(1, 22 if year == 2012 else 10):
            served = ["plans", "farm", "nature", "permits"] if year == 2012 else ["plans", "farm"]
            served += ["permits"] if year == 2011 else []
            for activity in served:
                for k in range(3):
                    group = "firms" if k else "towns"
                    rows.append((f"{year}-{code}-{activity}-{k}", year, f"{code:02d}", activity,
                                 group))  # fmt: skip
    return pd.DataFrame(rows, columns=["respondent_id", "year", "agency", "activity", "group"])


def counted(rows: pd.DataFrame, survey) -> pd.DataFrame:
    """Count the persons, as 01_clean does."""
    return people.of_rows([rows.assign(stratum="all")], survey)


def test_rounds_are_counted_in_words(survey):
    rows = respondents()
    assert "the fourth round, made every year since 2009" in about_survey.rounds(
        rows, survey, EN, year=2012
    )
    without = rows[rows["year"] != 2010]
    assert "third round since 2009, though not every year" in about_survey.rounds(
        without, survey, EN, year=2012
    )
    with pytest.raises(DataError, match=r"no data of 2020.*2009"):
        about_survey.rounds(rows, survey, EN, year=2020)


def test_who_takes_part_and_since_when(survey):
    rows = respondents()
    said = about_survey.taking_part(rows, survey, SV, year=2012, agency=KRONOBERG)
    assert said == ("Samtliga 21 deltar 2012. Kronobergs län är en av nio som varit med i varje "
                    "omgång sedan 2009.")  # fmt: skip
    gone = rows[~((rows["year"] == 2010) & (rows["agency"] == KRONOBERG))]
    changed = about_survey.taking_part(gone, survey, SV, year=2012, agency=KRONOBERG)
    assert "Åtta av dem har varit med" in changed


def test_those_who_take_part_are_called_what_the_study_calls_many_of_them(survey):
    boards = invented.words("länsstyrelser", "lääninhallitukset", "county boards")
    services = invented.words("verksamheter", "toiminnot", "fields")
    named = survey.model_copy(update={"labels": {"agencies": boards, "activities": services}})
    said = about_survey.taking_part(respondents(), named, SV, year=2012)
    assert said.startswith("Samtliga 21 länsstyrelser deltar 2012. Nio av dem")
    assert "9 of 21 county boards. All of them have" in about_survey.taking_part(
        respondents(), named, EN, year=2011
    )
    assert about_survey.taking_part(respondents(), named, FI, year=2012).startswith(
        "Lääninhallitukset: kaikki 21 ovat mukana"
    )
    said = about_survey.activities(respondents(), named, EN, year=2012, limit=1)
    assert said == "4 fields were surveyed in 2012: Detailed plans and 3 more."


def test_the_selection_of_a_year_is_what_everybody_was_asked_about(survey):
    rows = respondents()
    assert about_survey.selection(rows, survey, EN, year=2012) == ""  # the same four at all
    fewer = rows.drop(rows.query("year == 2012 and agency == '01' and activity == 'farm'").index)
    said = about_survey.selection(fewer, survey, EN, year=2012)
    assert said == ("In focus in 2012, surveyed at all who took part: Detailed plans, Nature "
                    "protection, and Appeals of permits.")  # fmt: skip
    early = fewer.query("year < 2012").assign(activity="farm")
    said = about_survey.selection(pd.concat([early, fewer.query("activity != 'farm'")]), survey, EN,
                                  year=2012)  # fmt: skip
    assert said == ""


def test_activities_of_an_agency_and_which_were_surveyed_before(survey):
    rows = respondents()
    said = about_survey.activities_of(rows, survey, EN, agency=KRONOBERG, year=2012)
    assert said == ("Surveyed before, so that results can be followed over time: Detailed plans, "
                    "Farm support, and Appeals of permits.")  # fmt: skip
    rows = rows.drop(rows.query("year == 2012 and agency == '06' and activity == 'farm'").index)
    said = about_survey.activities_of(rows, survey, EN, agency=KRONOBERG, year=2012)
    assert said.startswith("Three of the activities of 2012 concern Kronobergs län. Two of them")
    assert "Nature" not in said
    never = rows[(rows["year"] == 2012)]
    assert "None of them was surveyed there before" in about_survey.activities_of(
        never, survey, EN, agency=KRONOBERG, year=2012
    )


def test_respondents_are_counted_once_though_they_rate_several_activities(survey):
    rows = respondents()
    twice = pd.concat([rows, rows.assign(activity="nature")])
    said = about_survey.answered(counted(twice, survey), survey, SV, year=2012)
    assert said == "252 personer svarade 2012. Grupp: Företag 168 och Kommuner 84."


def test_too_few_respondents_are_not_counted_out(survey):
    few = respondents().query("year == 2012 and agency == '06' and activity == 'plans'")
    said = about_survey.answered(counted(few, survey), survey, SV, year=2012)
    assert said == "För få svar för att redovisas."


@pytest.mark.parametrize(("kept", "listed"), [(7, "Företag 168 och Kommuner 7"), (6, "")])
def test_no_group_is_left_out_whose_size_subtraction_would_tell(survey, kept, listed):
    rows = respondents().query("year == 2012")
    towns = rows.index[rows["group"] == "towns"]
    said = about_survey.answered(counted(rows.drop(towns[kept:]), survey), survey, SV, year=2012)
    assert said == f"{168 + kept} personer svarade 2012." + (f" Grupp: {listed}." if listed else "")


def test_the_smallest_group_is_left_out_with_one_that_is_too_small(survey):
    third = survey.groups[0].model_copy(update={"code": "schools"})
    three = survey.model_copy(update={"groups": (*survey.groups, third)})
    rows = respondents().query("year == 2012")
    towns = rows.index[rows["group"] == "towns"]
    rows = rows.assign(group=rows["group"].mask(rows.index.isin(towns[:40]), "schools"))
    said = about_survey.answered(counted(rows.drop(towns[46:]), three), three, SV, year=2012)
    assert said == "214 personer svarade 2012.", "the six towns would follow from the rest"


def of_activities(values: dict[str, float]) -> pd.DataFrame:
    base = invented.estimates(years=(2017,)).iloc[[0]]
    rows = [base.assign(agency=KRONOBERG, item="theme.treatment", activity=a, estimate=v,
                        ci_low=v - 4, ci_high=v + 4, n=50) for a, v in values.items()]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_high_in_every_activity_is_said_only_where_it_is_sure_in_each(survey):
    high = of_activities({"plans": 82.0, "farm": 79.0})
    said = about_results.high_everywhere(
        high, survey, EN, item="theme.treatment", year=2017, least=70, agency=KRONOBERG
    )
    assert "gets high marks for “Courtesy” in every surveyed activity 2017: 79–82 of 100" in said
    unsure = of_activities({"plans": 82.0, "farm": 73.0})
    said = about_results.high_everywhere(
        unsure, survey, EN, item="theme.treatment", year=2017, least=70, agency=KRONOBERG
    )
    assert "surely above 70 in 1 of 2 activities" in said and "every" not in said


def test_an_activity_that_is_hidden_is_not_said_to_get_high_marks(survey):
    rows = of_activities({"plans": 82.0, "farm": 79.0, "nature": 20.0})
    rows["n"] = rows["n"].mask(rows["activity"] == "nature", 5)
    given = {"item": "theme.treatment", "year": 2017, "least": 70, "agency": KRONOBERG}
    said = about_results.high_everywhere(rows, survey, EN, **given)
    assert "every" not in said and "surely above 70 in 2 of 2 activities" in said


def test_the_lowest_questions_come_with_their_share_of_low_answers(survey, estimates):
    said = about_results.lowest(estimates, survey, EN, year=2017)
    assert said.index("reach the right person") < said.index("information on the website")
    assert said.count("give one of the two lowest answers") == 2
    better = estimates.copy()
    better.loc[better["item"] == "person", "estimate"] += 40
    assert "reach the right person" not in about_results.lowest(better, survey, EN, year=2017)


def test_a_three_way_question_shows_all_of_the_rest(survey, estimates):
    said = about_results.shares(estimates, survey, SV, item="better", year=2017)
    for label in ("”Förbättrats” ", "”Lika bra” ", "”Försämrats” ", "av de svarande vet ej"):
        assert label in said


def test_a_level_is_named_by_the_band_that_holds_its_whole_interval(survey, estimates):
    said = about_results.level(estimates, survey, EN, item="nki", year=2017)
    assert said == "Satisfaction index: 73 (72–73) of 100, high."
    wide = estimates.assign(ci_low=estimates["estimate"] - 8)
    assert "between pass and high" in about_results.level(wide, survey, EN, item="nki", year=2017)


def test_what_is_mentioned_most_comes_first():
    yes_no = Scale.build("mentioned", [
        Category(scale="mentioned", code=c, order=o, label=invented.words(c, c, c))
        for o, c in enumerate(("no", "yes"))
    ])  # fmt: skip
    names = {"praise_a": "Synligheten", "praise_b": "Nätverken"}
    survey = invented.study(
        items=tuple(Item(item=i, theme="praise", scale="mentioned",
                         label=invented.words(n, n, n)) for i, n in names.items()),
        scales=invented.scales() | {"mentioned": yes_no},
        indices=(), compare=Compare(outcome="praise_a"),
    )  # fmt: skip
    base = invented.estimates(years=(2017,)).iloc[[0]]
    rows = pd.concat([
        base.assign(item=i, statistic="share", response=2.0, estimate=s, ci_low=s - 0.05,
                    ci_high=s + 0.05) for i, s in {"praise_a": 0.2, "praise_b": 0.3}.items()
    ])  # fmt: skip
    said = about_choices.mentioned(rows, survey, SV, theme="praise", year=2017)
    assert said.index("Nätverken") < said.index("Synligheten")
    assert "”Nätverken” 30\u00a0% (25–35)" in said
    said = about_choices.mentioned(rows, survey, SV, theme="praise", year=2017, ahead=1)
    assert said.endswith("”Nätverken” 30\u00a0% (25–35). Säkert oftare än den återstående.")


def row_of_changes(**changes: object) -> pd.DataFrame:
    frame = invented.changes().iloc[[0]].assign(n_shared=3, comparable=True, reason="", **changes)
    return frame


def like_for_like(frame: pd.DataFrame, survey, language: Language = EN) -> str:
    return about_change.like_for_like(
        frame, survey, language, agency="01", outcome="nki", years=(2016, 2017)
    )


def test_a_change_is_a_rise_only_where_its_interval_says_so(survey):
    rise = row_of_changes(like_for_like=4.0, like_for_like_low=1.0, like_for_like_high=7.0,
                          raw=4.5, raw_low=1.5, raw_high=7.5, differs=False)  # fmt: skip
    assert like_for_like(rise, survey).endswith(
        ": +4.0 points (+1.0 to +7.0) in the 3 activities surveyed in both years, a sure rise."
    )
    unsure = rise.assign(like_for_like_low=-1.0, like_for_like_se=2.0)  # half of 8, and 0.84 errors
    said = like_for_like(unsure, survey)
    assert "no sure change (a change of 5.7 is found four times in five)" in said
    assert "rise" not in said.replace("no sure", "")


def test_a_rise_that_is_sure_alone_is_not_called_sure_where_the_figure_does_not(survey):
    frame = invented.changes().assign(comparable=True, answers_to=280, differs=False,
                                      raw_low=0.1, raw_high=4.9)  # fmt: skip
    others = frame["agency"] != "01"
    for part, value in {"": 0.0, "_low": -2.4, "_high": 2.4}.items():
        frame.loc[others, f"like_for_like{part}"] = value
        frame.loc[~others, f"like_for_like{part}"] = value + 2.6
    assert like_for_like(frame, survey).endswith("a rise, sure only where it is judged by itself.")
    assert like_for_like(frame[~others], survey).endswith("a sure rise.")
    far = frame.copy()
    for part, value in {"": 9.0, "_low": 6.6, "_high": 11.4}.items():
        far.loc[~others, f"like_for_like{part}"] = value
    assert like_for_like(far, survey).endswith("a sure rise.")


def test_a_value_without_an_error_is_not_compared_with_its_error(survey, estimates):
    blind = estimates.assign(se=estimates["se"].mask(estimates["year"] == 2017))
    said = about_change.between(blind, survey, EN, item="nki", years=(2009, 2017))
    assert said.endswith("69 in 2009, 73 in 2017; how sure is not known.")


def test_mix_is_called_mix_and_what_cannot_be_compared_has_no_number(survey):
    mixed = row_of_changes(raw=5.0, raw_low=2.6, raw_high=7.4, like_for_like=0.2, differs=True,
                           like_for_like_low=-2.2, like_for_like_high=2.6, composition=4.8,
                           composition_low=2.4, composition_high=7.2)  # fmt: skip
    assert (
        "The raw change is +5.0 points; the difference, +4.8 points (+2.4 to +7.2), is one of mix"
        in like_for_like(mixed, survey)
    )
    unsure = like_for_like(mixed.assign(differs=False), survey)
    assert "The raw change is +5.0 points; it also reflects what was surveyed" in unsure
    assert "difference" not in unsure
    alike = mixed.assign(raw=0.4, raw_low=-2.0, raw_high=2.8, differs=False)
    assert "raw change" not in like_for_like(alike, survey)
    apart = mixed.assign(comparable=False, reason="no_shared_activity")
    said = like_for_like(apart, survey, SV)
    assert said.endswith("ej jämförbar: ingen verksamhet båda åren.")
    assert "5,0" not in said
    small = mixed.assign(answers_to=4)
    assert "too few answers" in like_for_like(small, survey)


def test_years_across_a_changed_question_are_not_compared(survey, estimates):
    said = about_change.between(estimates, survey, EN, item="website", years=(2012, 2017))
    assert said.endswith("not comparable: the question changed.")
    said = about_change.between(estimates, survey, EN, item="nki", years=(2009, 2017))
    assert "69 in 2009, 73 in 2017; +3.2 points" in said and "a sure rise" in said


def test_how_many_lie_surely_above_what_counts_as_high(survey, estimates):
    said = about_results.of_theme(estimates, survey, EN, theme="treatment", year=2017, least=60)
    assert said.endswith("All 3 lie surely above 60.")
    said = about_results.across_agencies(
        estimates, survey, EN, item="theme.treatment", year=2017, least=80
    )
    assert (
        "of 100 over all; highest one of 17" in said
        and " of 20." in said.split("Surely above 80: ")[1]
    )


def found(**changes: object) -> dict[str, object]:
    return {"year_from": 2012, "year_to": 2014, "estimate": 2.1, "ci_low": -0.5, "ci_high": 4.7,
            "p_value": 0.14, "n_affected": 12, "n_others": 9, "placebo": -0.3,
            "placebo_p_value": 0.8} | changes  # fmt: skip


def test_around_an_event_nothing_is_said_of_causes():
    for language in LANGUAGES:
        said = about_change.around_event(language, event="X", item="Y", found=found())
        causal.refuse(said)
        assert "+2,1" in said.replace("+2.1", "+2,1")


def test_around_an_event_the_rounds_before_are_told_where_there_were_two():
    said = about_change.around_event(EN, event="X", item="Y", found=found(p_value=0.001))
    assert "at the 12 concerned, less that at the 9 others: +2.1 points (−0.5 to +4.7)" in said
    assert "less than 1% of cases" in said
    assert "gives −0.3 points; random divisions give as much in 80% of cases" in said
    without = found(placebo=np.nan, placebo_p_value=np.nan)
    assert "before the measure" not in about_change.around_event(
        EN, event="X", item="Y", found=without
    )


def test_a_title_that_names_the_year_is_not_given_it_again(survey):
    rows = pd.DataFrame({"year": [2016, 2017], "agency": "06"})
    named = survey.model_copy(update={"title": {**survey.title, "en": "Users 2017"}})
    assert about_survey.rounds(rows, named, EN, year=2017).startswith("Users 2017: the second")
    assert (
        about_survey.rounds(rows[:1], named, EN, year=2016) == "Users 2017 2016: the first round."
    )


def test_places_that_are_shared_are_named_together(survey):
    said = about_order.places(invented.places(), survey, SV, what="betydelse", year=2021)
    assert said.startswith("”Betydelse” 2021. Första plats: Detaljplaner; andra plats:")
    assert "delad tredje plats: Naturskydd och Överklagande av lovärenden." in said


def test_the_best_grade_is_sure_or_has_rivals(survey):
    ranked = invented.places()
    said = about_order.best(ranked, survey, EN, year=2021, of="activity")
    assert "surely above the others" in said
    unsure = ranked.assign(place_high=[2, 2, 4, 4], place_low=[1, 1, 3, 3])
    said = about_order.best(unsure, survey, EN, year=2021, of="activity")
    assert "of 100, high; which grade is best is not sure, for “Farm support” may be as" in said
    assert "A difference of 5.5 is found four times in five. The others: “Farm" in said


def test_the_first_ones_are_ahead_of_each_of_the_rest():
    ranked = invented.places()
    assert about_order.ahead(ranked) == 2
    assert about_order.ahead(ranked.assign(place_high=4)) == 0
    assert about_order.ahead(ranked.assign(place_high=[1, 2, 3, 4]), at_most=1) == 1


def test_still_first_needs_every_round(survey):
    each = pd.concat([invented.places().assign(year=y) for y in (2020, 2021)], ignore_index=True)
    said = about_order.first_every_year(each, survey, EN)
    assert said == "“Detailed plans” is still in first place in 2021, as in every round since 2020."
    each.loc[0, "place_high"] = 2
    assert about_order.first_every_year(each, survey, EN).endswith("first place in 2021.")
    open_ = each.assign(place_high=2, place_low=1, found=[np.nan, 4.0, 5.0, 6.0] * 2)
    assert about_order.first_every_year(open_, survey, EN) == (
        "No one is surely first in 2021. A difference of 4.0–6.0 is found four times in five."
    )


def test_a_shared_view_needs_the_interval_inside_the_margin():
    inside = {"item": "x", "year": 2021, "agencies": 4, "largest": 3.1, "bound": 4.8, "margin": 5.0}
    values = {"what": "X", "groups": "4 groups"}
    assert "shared by all 4 groups" in about_order.same_everywhere(EN, found=inside, **values)
    wider = inside | {"bound": 5.2}
    assert "cannot be said" in about_order.same_everywhere(EN, found=wider, **values)


def test_clearly_better_known_needs_every_paired_difference(survey):
    pairs = pd.DataFrame({"activity": ["farm", "nature"], "difference": [8.0, 12.0],
                          "ci_low": [5.0, 9.0], "ci_high": [11.0, 15.0], "se": 1.5,
                          "n": 300})  # fmt: skip
    said = about_order.apart_from_others(pairs, survey, EN, item="nki", unit="plans")
    assert "“Detailed plans” lies surely above each of the 2 others; nearest is “Farm" in said
    pairs.loc[0, "ci_low"] = -1.0
    said = about_order.apart_from_others(pairs, survey, EN, item="nki", unit="plans")
    assert "surely above 1 of the 2 others" in said
    assert said.endswith("A difference of 7.3 is found four times in five.")  # 12 / 2 + 0.84 * 1.5


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda speech: speech.code)
def test_every_sentence_is_made_in_every_language_without_gaps(survey, estimates, language):
    rows = respondents()
    made = [
        about_survey.rounds(rows, survey, language, year=2012),
        about_survey.taking_part(rows, survey, language, year=2011),
        about_survey.activities(rows, survey, language, year=2012),
        about_survey.groups_asked(survey, language),
        *about_survey.events(survey, language, year_from=2009, year_to=2017),
        about_results.of_theme(estimates, survey, language, theme="treatment", year=2017),
        about_results.themes(estimates, survey, language, year=2017),
        about_results.across_agencies(estimates, survey, language, item="nki", year=2017),
        about_order.same_everywhere(
            language, what="X", found={"largest": 1, "bound": 9, "margin": 5}, groups="3"
        ),
    ]  # fmt: skip
    for sentence in made:
        assert len(sentence) > 15 and sentence.endswith(".")
        assert "{" not in sentence and "nan" not in sentence.split()
        causal.refuse(sentence)


def test_prose_takes_labels_as_text_and_leaves_out_what_is_empty():
    made = prose.bullets("<b>a</b>", "", "c")._repr_html_()
    assert made == '<ul class="generated"><li>&lt;b&gt;a&lt;/b&gt;</li><li>c</li></ul>'
    assert prose.paragraph("")._repr_html_() == ""
    assert np.all([prose.paragraph("a", "b")._repr_html_().count("<p") == 1])

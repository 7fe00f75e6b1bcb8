"""The brief says the surest thing first, and nothing about whom too few answered for."""

import re

import numpy as np
import pandas as pd
import pytest

import invented
from betyg.publish import brief
from betyg.publish.language import NO_BREAK, Language, available
from betyg.publish.sentence import claims_of

WHO = "06"
YEAR = 2017
LEVELS = {"engaged": 82, "interested": 78, "open": 74, "time": 66, "skill": 76, "website": 55,
          "person": 52, "plain": 70, "nki": 72}  # fmt: skip


def grades(levels: dict[str, float], *, shown: bool = True, half: float = 2.0) -> pd.DataFrame:
    """What the agency got in its round, item by item."""
    rows = [
        {"agency": WHO, "year": YEAR, "item": item, "activity": "all", "group": "all",
         "statistic": "mean", "response": np.nan, "estimate": value, "se": half / 2, "df": 99.0,
         "ci_low": value - half, "ci_high": value + half, "n": 120 if shown else 5, "n_eff": 100.0,
         "deff": 1.0, "shown": shown}
        for item, value in levels.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def profiles(*apart: float, band: str = "higher", shown: bool = True) -> pd.DataFrame:
    """The agency's themes: how far each lies from the mean of all, 3 points up and down."""
    rows = [
        {"agency": WHO, "year": YEAR, "outcome": f"theme.{theme}", "estimate": 70 + by,
         "ci_low": 67 + by, "ci_high": 73 + by, "from_mean": by, "from_mean_low": by - 3,
         "from_mean_high": by + 3, "band": band, "shown": shown, "n": 120, "se": 1.5,
         "expected": band, "expected_low": 66.0, "expected_high": 74.0}
        for theme, by in zip(invented.THEMES, apart, strict=False)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def page(language: str = "en", *, estimates=None, changes=None, comparisons=None, since=2016):
    """The edition of the agency's brief, of tables of which most are made for one sentence."""
    cells = pd.DataFrame(
        [{"agency": WHO, "year": year, "activity": activity, "group": "all", "kind": "answer",
          "n": 60} for year in range(since, YEAR + 1) for activity in ("plans", "farm")]
    )  # fmt: skip
    empty = pd.DataFrame({"agency": [], "year": [], "shown": []})
    none = pd.DataFrame({"agency": [], "year_from": [], "year_to": [], "outcome": []})
    return brief.edition(
        invented.study(), Language(language), agency=WHO, cells=cells,
        domains=empty, people=empty,
        estimates=grades(LEVELS) if estimates is None else estimates,
        changes=none if changes is None else changes,
        comparisons=empty if comparisons is None else comparisons, within=empty,
    )  # fmt: skip


def changed(by: float, **other: object) -> pd.DataFrame:
    """A change of the agency since the round before, 2.4 points up and down."""
    row = invented.changes().iloc[[0]].assign(
        agency=WHO, like_for_like=by, like_for_like_low=by - 2.4, like_for_like_high=by + 2.4,
        comparable=True, reason="", differs=False, shown=True,
    )  # fmt: skip
    return row.assign(**other)


def said(shown: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", shown._repr_html_()).split()).replace(NO_BREAK, " ")


HIGHER = {"en": "gets higher marks than the average for “Courtesy”",
          "sv": "högre betyg än genomsnittet", "fi": "keskimääräistä korkeampia"}  # fmt: skip
LOWER = {"en": "gets lower marks than the average for “Courtesy”",
         "sv": "lägre betyg än genomsnittet", "fi": "keskimääräistä matalampia"}  # fmt: skip


@pytest.mark.parametrize("language", available())
@pytest.mark.parametrize(("by", "words"), [(9.0, HIGHER), (-9.0, LOWER)], ids=["above", "below"])
def test_a_theme_surely_apart_from_the_mean_of_all_is_the_headline(language, by, words):
    headline = said(brief.headline(page(language), profiles(by)))
    assert words[language] in headline
    assert ("9,0" if language != "en" else "9.0") in headline
    assert f"{70 + by:.0f} ({67 + by:.0f}–{73 + by:.0f})" in headline


def test_an_apartness_that_is_usual_is_called_so():
    usual = said(brief.headline(page(), profiles(9.0, band="as_expected")))
    assert "It still lies within the expected range" in usual
    assert "expected" not in said(brief.headline(page(), profiles(9.0)))


def test_the_surest_of_several_findings_is_the_headline():
    assert "Handling" in said(brief.headline(page(), profiles(4.0, 9.0, 5.0)))
    assert "a sure rise" in said(brief.headline(page(changes=changed(12.0)), profiles(4.0)))
    assert "Courtesy" in said(brief.headline(page(changes=changed(3.0)), profiles(9.0)))


@pytest.mark.parametrize(
    "changes", [changed(1.0), changed(9.0, shown=False), changed(9.0, comparable=False)],
    ids=["unsure", "hidden", "not comparable"],
)  # fmt: skip
def test_without_a_sure_finding_the_headline_is_the_level(changes):
    headline = said(brief.headline(page(changes=changes), profiles(1.0)))
    assert headline.startswith("Satisfaction index: 72 (70–74) of 100")


def test_a_hidden_theme_is_no_headline():
    assert "Courtesy" not in said(brief.headline(page(), profiles(9.0, shown=False)))


def test_a_theme_high_in_every_activity_comes_before_the_level():
    levels = grades({"theme.treatment": 80.0, "nki": 64.0})
    each = [grades({"theme.treatment": 78.0}).assign(activity=a) for a in ("plans", "farm")]
    estimates = pd.concat([levels, *each], ignore_index=True)
    headline = said(brief.headline(page(estimates=estimates), profiles(1.0)))
    assert "“Courtesy” in every surveyed activity" in headline
    assert "surely above 62" in headline
    estimates.loc[estimates["activity"] == "farm", "ci_low"] = 61.0
    headline = said(brief.headline(page(estimates=estimates), profiles(1.0)))
    assert headline.startswith("Satisfaction index")


def test_praise_is_the_three_highest_and_criticism_the_lowest():
    edition = page()
    praised, criticised = said(brief.praised(edition)), said(brief.criticised(edition))
    assert edition.high == 62
    assert re.findall(r": (\d+) \(", praised) == ["82", "78", "76"]
    assert re.findall(r": (\d+) \(", criticised) == ["52", "55"]


@pytest.mark.parametrize("language", available())
def test_nothing_surely_high_or_low_is_said_in_words(language):
    high = f"{page().high:.0f}"
    level = dict.fromkeys(LEVELS, float(high))
    edition = page(language, estimates=grades(level))
    assert high in said(brief.praised(edition)) and "<li>" not in said(brief.praised(edition))
    assert "<ul" not in brief.praised(edition)._repr_html_()
    assert "<ul" not in brief.criticised(edition)._repr_html_()
    assert said(brief.praised(edition)) != said(brief.criticised(edition))


@pytest.mark.parametrize("language", available())
def test_of_an_agency_with_too_few_answers_nothing_is_told(language):
    edition = page(language, estimates=grades(LEVELS, shown=False))
    hidden = profiles(9.0, shown=False)
    told = " ".join(
        [said(brief.headline(edition, hidden)), said(brief.praised(edition)),
         said(brief.criticised(edition)), said(brief.certainty(edition)),
         brief.themes(edition, hidden)._repr_html_()]
    )  # fmt: skip
    numbers = set(re.findall(r"\d+", told))
    assert numbers <= {f"{edition.high:.0f}", "100", "0"}


@pytest.mark.parametrize("language", available())
def test_the_first_round_has_nothing_to_be_set_against(language):
    edition = page(language, since=YEAR)
    assert brief.changed(edition)._repr_html_().startswith("<p")
    assert "<figure" not in brief.trend(edition)._repr_html_()


def test_the_certainty_tells_margin_and_what_would_have_been_found():
    row = {
        "agency": WHO,
        "year": YEAR,
        "shown": True,
        "n": 120,
        "se": 1.0,
        "from_mean_se": 1.0,
        "ci_low": 70.0,
        "ci_high": 74.0,
        "from_mean": 2.0,
        "from_mean_low": -1.0,
        "from_mean_high": 5.0,
    }
    told = said(brief.certainty(page(comparisons=pd.DataFrame([row]))))
    assert "120 answers." in told
    assert "margin of error of 2.0 points" in told
    assert "A difference of 3.8 points" in told  # 3 + 0.8416, four times in five


def test_an_agency_without_answers_up_to_the_round_is_named():
    with pytest.raises(brief.ParameterError, match="07 has no answers"):
        brief.edition(invented.study(), Language("en"), agency="07", cells=page().cells)


@pytest.mark.parametrize("part", [brief.praised, brief.criticised])
def test_of_whom_too_few_answered_no_question_is_said_to_lie_anywhere(part):
    shown = part(page(estimates=grades(LEVELS, shown=False)))
    assert said(shown) == "Too few answers to show."
    assert not [claim for text in shown.sentences for claim in claims_of(text)]

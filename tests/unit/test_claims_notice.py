"""A sentence on all, none, most or least fails when a row that it does not name is altered."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import invented
import simulated
from betyg.data import store
from betyg.data.settings import Source
from betyg.publish import (
    about_late,
    about_model,
    about_quality,
    about_results,
    about_robustness,
    about_survey,
    agencies,
    change,
    disclosure,
    evidence,
    heatmap,
    response,
    sentence,
    tables,
)
from betyg.publish.language import Language
from betyg.publish.sentence import claims_of
from betyg.stats import fit_checks, quality

EN = Language("en")


def kept(said, frame, name, folder, survey):
    """Say whether a table carries every claim of a sentence."""
    store.write(frame, name, folder)
    claims = claims_of(said)
    assert claims, said
    known = evidence.tables_for(claims, folder, survey)
    return all(evidence.evaluate(claim, known).holds for claim in claims)


def altered(frame, changes, **at):
    """Return a frame with changes in the one row that is so."""
    chosen = pd.Series(True, index=frame.index)
    for column, value in at.items():
        chosen &= frame[column] == value
    assert chosen.sum() == 1
    return frame.assign(
        **{column: frame[column].mask(chosen, value) for column, value in changes.items()}
    )


CHECKS = pd.DataFrame([
    dict.fromkeys(fit_checks.COLUMNS, 0) | {
        "item": item, "check": check, "term": "agency", "level": "B", "p_value": 0.5,
        "size": 0.31, "pairs": 6, "sure": 4, "lost": lost, "swaps": swaps, "verdict": "not_seen",
    }
    for item, check, lost, swaps in (
        ("q1", "spread", 1, 2), ("q1", "proportional", 0, 0), ("q1", "distribution", 0, 0))
])  # fmt: skip


@pytest.mark.parametrize(("lost", "swaps", "words", "wrong"), [
    (0, 0, "every sure difference stays", {"lost": 1}),
    (1, 0, "at most 1", {"lost": 2}),
    (1, 2, "2 sure orders", {"swaps": 3}),
    (0, 0, "no value moves by more than 0.4", {"size": 0.7}),
])  # fmt: skip
def test_what_the_model_is_worth(lost, swaps, words, wrong, tmp_path):
    survey = simulated.study(items={"q1": 5, "q2": 5})
    checks = altered(CHECKS, {"lost": lost, "swaps": swaps}, check="spread")
    (said,) = [s for s in about_model.checked(checks, survey, EN) if words in s]
    assert kept(said, checks, "fit_checks", tmp_path, survey)
    other = altered(checks, wrong, check="proportional")
    assert not kept(said, other, "fit_checks", tmp_path, survey)


TIPPED = pd.DataFrame({
    "year": 2017, "agency": ["01", "02"], "band": "as_expected", "lower_by": [4.0, 30.0],
    "higher_by": [20.0, 25.0], "band_if_lower": "lower", "band_if_higher": "higher",
    "response_rate": 0.5, "n": 90, "shown": True,
})  # fmt: skip


@pytest.mark.parametrize("side", ["lower_by", "higher_by"])
def test_who_is_nearest_to_another_verdict(side, tmp_path):
    survey = invented.study()
    said = about_quality.tipping(TIPPED, survey, EN, year=2017)
    assert "4.0 points lower" in said
    assert kept(said, TIPPED, "tipping", tmp_path, survey)
    other = altered(TIPPED, {side: 1.0}, agency="02")
    assert not kept(said, other, "tipping", tmp_path, survey)


@pytest.mark.parametrize(("early", "words"), [
    ([], "The data of this round do not tell late answers from early ones."),
    (["band", "change"], "Each also without the late answers."),
    (["band"], "Also without the late answers, where both rounds tell which they were."),
])  # fmt: skip
def test_which_conclusions_were_also_drawn_without_late_answers(early, words):
    survey = invented.study()
    ways = pd.DataFrame([
        {"year": 2017, "conclusion": conclusion, "agency": "01", "reported": reported,
         "late": late, "holds": False if late or conclusion in early else pd.NA}
        for conclusion, reported in (("band", "higher"), ("change", "rise"))
        for late in ((True, False) if early else (True,))
    ]).astype({"holds": "boolean"})  # fmt: skip
    others = ways.assign(year=2016, late=False)
    changes = invented.changes(survey).assign(shown=True)
    made = about_robustness.doubtful(pd.concat([ways, others]), changes, survey, EN, year=2017)
    assert words in made.note


LATE = pd.DataFrame({
    "year": [2016, 2017], "n_early": 300, "n_late": 200, "early": 61.0, "late": 65.0,
    "difference": 4.0, "difference_low": 1.0, "difference_high": 7.0, "difference_se": 1.5,
    "mix": "agency,activity", "shown": True, "reason": "",
})  # fmt: skip


@pytest.mark.parametrize(("low", "words", "wrong"), [
    (1.0, "A sure difference between late and early answers to ", {"difference_low": -1.0}),
    (-1.0, "No sure difference between late and early answers to ", {"difference_low": 0.5}),
])  # fmt: skip
def test_whether_late_answers_differ(low, words, wrong, tmp_path):
    survey = invented.study()
    frame = LATE.assign(difference_low=low)
    none = pd.DataFrame(columns=list(quality.COLUMNS))
    (said,) = about_late.sentences(frame, none, survey, EN, year=2017)
    assert said.startswith(words) and f"+4.0 points ({low:+.1f} to +7.0)".replace("-", "−") in said
    assert kept(said, frame, "late", tmp_path, survey)
    assert not kept(said, altered(frame, wrong, year=2017), "late", tmp_path, survey)
    assert kept(said, altered(frame, wrong, year=2016), "late", tmp_path, survey)


@pytest.mark.parametrize(("hidden", "words"), [
    ({"n_late": 3}, ["Too few answers to compare late ones with early ones."]),
    ({"reason": "x"}, ["Late and early answers cannot be compared: no unit has both."]),
    ({"n_late": 0, "reason": "x"}, []),
])  # fmt: skip
def test_why_late_answers_are_not_compared(hidden, words):
    none = pd.DataFrame(columns=list(quality.COLUMNS))
    frame = LATE.assign(shown=False, **hidden)
    assert about_late.sentences(frame, none, invented.study(), EN, year=2017) == words


def test_how_many_answered_late(tmp_path):
    sent = Source(file="a.csv", format="csv", late={"Reminders": ("1", "2")})
    before = Source(file="b.csv", format="csv", year=2016, late={"Wave": ("3",)})
    survey = invented.study(sources=(before, sent, sent))
    share = pd.DataFrame([dict.fromkeys(quality.COLUMNS, "all") | {
        "measure": "late", "year": 2017, "estimate": 0.48, "ci_low": 0.4, "ci_high": 0.55,
        "n": 500, "shown": True, "reason": "",
    }])  # fmt: skip
    (said,) = about_late.sentences(LATE.iloc[:0], share, survey, EN, year=2017)
    assert (
        str(said) == "48% of the respondents answered late (column “Reminders” of the file: 1, 2)."
    )
    sentence.check([said])
    assert kept(said, share, "quality", tmp_path, survey)
    assert not kept(said, share.assign(estimate=0.58), "quality", tmp_path, survey)


def test_which_conclusion_is_least_firm(tmp_path):
    survey = invented.study()
    ways = pd.DataFrame({
        "year": 2017, "conclusion": "band", "agency": ["01"] * 4 + ["02"] * 4,
        "reported": "higher", "way": list("abcd") * 2,
        "holds": [True, True, False, False, True, True, True, False],
    })  # fmt: skip
    changes = invented.changes(survey).assign(shown=True)
    said = about_robustness.conclusions(ways, changes, survey, EN, year=2017)
    assert said.endswith(
        "The conclusions are where each stands against the expected range; how high the values are "
        "is not among them."
    )
    assert "holds in 2 of 4" in said
    assert kept(said, ways, "robustness", tmp_path, survey)
    fewer = ways.assign(holds=ways["holds"].where(ways["agency"] == "01", False))
    assert not kept(said, fewer, "robustness", tmp_path, survey)


def test_which_activities_were_surveyed(tmp_path):
    survey = invented.study()
    codes = [unit.code for unit in survey.activities][:3]
    cells = pd.DataFrame({"year": 2017, "agency": "01", "activity": codes[:2], "kind": "answer"})
    said = about_survey.activities(cells, survey, EN, year=2017)
    assert kept(said, cells, "cells", tmp_path, survey)
    another = cells.assign(activity=[codes[0], codes[2]])  # as many, but not these
    assert not kept(said, another, "cells", tmp_path, survey)


def test_the_cells_of_the_facts_box_are_looked_up(tmp_path):
    survey = invented.study()
    codes = [unit.code for unit in survey.activities][:2]
    cells = pd.DataFrame({"year": 2017, "agency": "01", "activity": codes, "kind": "answer"})
    box = tables.facts(cells, pd.DataFrame(), survey, EN, year=2017)
    assert len(box.sentences) >= 4
    assert all(kept(said, cells, "cells", tmp_path, survey) for said in box.sentences)
    earlier = pd.concat([cells, cells.assign(year=2016)])
    assert not all(kept(said, earlier, "cells", tmp_path, survey) for said in box.sentences)


def test_how_many_cells_of_the_map_lie_surely_apart_from_the_mean(tmp_path):
    survey, frame = invented.study(), invented.estimates()
    said = heatmap.differences(frame, survey, EN, year=2017).title
    assert re.match(r"Surely above the mean of all: \d+; surely below: \d+ \(all", said)
    assert kept(said, frame, "estimates", tmp_path, survey)
    shown = frame[(frame["year"] == 2017) & (frame["statistic"] == "mean") & frame["shown"]]
    whole = (shown[["activity", "group"]] == "all").all(axis="columns")
    own = shown[whole & (shown["agency"] != "all") & shown["item"].str.startswith("theme.")]
    unnamed = own.sort_values("estimate").iloc[len(own) // 2]
    other = frame.assign(estimate=frame["estimate"].mask(frame.index == unnamed.name, 99.0))
    assert not kept(said, other, "estimates", tmp_path, survey)


MORE = {"estimate": 99.0, "ci_low": 98.0, "ci_high": 100.0, "se": 0.5}


def other_agency(frame, code="99", **changes):
    """Return a frame with one agency more than there was when the sentence was written."""
    first = frame[frame["agency"] == "01"]
    return pd.concat([frame, first.assign(agency=code, **changes)], ignore_index=True)


def test_from_which_agency_to_which_a_question_goes(tmp_path):
    survey, frame = invented.study(), invented.estimates(years=(2017,))
    said = about_results.across_agencies(frame, survey, EN, item="website", year=2017, least=60)
    assert kept(said, frame, "estimates", tmp_path, survey)
    assert not kept(said, other_agency(frame, **MORE), "estimates", tmp_path, survey)


def test_how_many_agencies_lie_above_the_mean(tmp_path):
    survey, frame = invented.study(), invented.estimates(years=(2017,))
    said = agencies.compared(frame, survey, EN, item="website", year=2017).title
    assert "surely above the mean of all" in said
    assert kept(said, frame, "estimates", tmp_path, survey)
    assert not kept(said, other_agency(frame, **MORE), "estimates", tmp_path, survey)


def test_where_most_answered(tmp_path):
    rates = pd.DataFrame({
        "measure": "response_rate", "year": 2017, "agency": ["01", "02", "all"], "activity": "all",
        "group": "all", "item": "all", "estimate": [0.6, 0.35, 0.4333], "ci_low": 0.3,
        "ci_high": 0.7, "n": [100, 200, 300], "shown": True, "reason": "",
    })  # fmt: skip
    survey = invented.study()
    said = response.rates(rates, survey, EN, year=2017).title
    assert kept(said, rates, "quality", tmp_path, survey)
    other = other_agency(rates, estimate=0.9)
    assert not kept(said, other, "quality", tmp_path, survey)


def test_how_many_changes_are_sure(tmp_path):
    survey = invented.study()
    frame = invented.changes(survey)
    frame["shown"] = disclosure.hide(frame, show=survey.disclosure.show)["shown"]
    frame["comparable"] = frame["comparable"].astype(bool)
    pair = {"outcome": "nki", "year_from": 2016, "year_to": 2017}
    said = change.compared(frame, survey, EN, **pair).title
    assert kept(said, frame, "changes", tmp_path, survey)
    code = frame.loc[frame["comparable"], "agency"].iloc[0]
    other = pd.concat([frame, frame[frame["agency"] == code].assign(agency="99")])
    assert not kept(said, other, "changes", tmp_path, survey)

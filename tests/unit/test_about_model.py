"""What a reader is told of the model's fit, in each case."""

from __future__ import annotations

import pandas as pd
import pytest

import simulated
from betyg.publish import about_model
from betyg.publish.language import Language
from betyg.stats import fit_checks

SURVEY = simulated.study(items={"q1": 5, "q2": 5})


def checks(*changes):
    """A row for each dictionary; what it does not say is a check without a departure."""
    plain = dict.fromkeys(fit_checks.COLUMNS, 0) | {
        "item": "q1", "check": "spread", "term": "agency", "level": "B", "p_value": 0.5,
        "size": 0.31, "pairs": 6, "sure": 4, "verdict": "not_seen",
    }  # fmt: skip
    return pd.DataFrame([plain | change for change in changes], columns=[*fit_checks.COLUMNS])


def told(*changes, language="en"):
    return " ".join(about_model.checked(checks(*changes), SURVEY, Language(language)))


def test_what_holds_is_said_with_its_size_rounded_up():
    text = told({}, {"check": "distribution", "size": 0.42})
    assert "Of 2 checks 0 show a departure; about 0 would by chance alone." in text
    assert "no value moves by more than 0.4 points, and every sure difference stays" in text
    assert "nowhere more than 0.5 points from the mean that the model expects" in text


def test_differences_that_would_be_lost_are_counted():
    text = told({}, {"lost": 1, "verdict": "small", "size": 0.9})
    assert "No order depends on these assumptions" in text
    assert "Of 4 sure differences between two units, at most 1 would no longer be sure." in text


def test_losses_are_those_of_the_outcome_where_it_has_a_model_of_its_own():
    other = {"item": "q2", "lost": 3, "verdict": "small", "size": 2.0}
    assert "every sure difference stays" in told({}, other)
    text = told(other, {"item": "q3", "lost": 2})
    assert "at most 3 would" in text and "more than 2.0 points" in text


def test_a_comparison_that_hangs_on_an_assumption_is_said_to():
    text = told({}, {"swaps": 2, "verdict": "matters", "size": 6.02})
    assert "The comparison depends on this" in text
    assert "moves by up to 6.1 points, and 2 sure orders between two units turn round" in text
    assert "No order depends" not in text and "No conclusion depends" not in text


def test_what_could_not_be_checked_is_named_and_nothing_is_said_of_published_values():
    lost = {"item": "q2", "check": "model", "verdict": "not_checked"}
    assert told(lost) == "Not checked, as too few answered or all gave one answer: “q2”."
    assert told() == ""


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_each_language_has_its_own_words(language):
    for change in ({}, {"lost": 1}, {"swaps": 1, "verdict": "matters"}):
        text = told(change, language=language)
        assert text and "model " not in text and "points" not in text

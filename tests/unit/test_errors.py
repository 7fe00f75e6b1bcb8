"""Errors say what is wrong, where, and how to mend it: all of it at once."""

import pytest

from betyg.errors import (
    ConvergenceError,
    DataError,
    DesignError,
    ParameterError,
    Problems,
    SurveyError,
    did_you_mean,
)

TWELVE = [f"item{number}" for number in range(12)]


def test_no_problem_raises_nothing():
    problems = Problems()
    problems.raise_if_any(heading="study.toml")
    assert len(problems) == 0


def test_one_problem_is_said_in_the_singular():
    problems = Problems()
    problems.add("line 3", "'a' is unknown.", "Did you mean 'b'?")
    with pytest.raises(DataError) as caught:
        problems.raise_if_any(heading="scales.csv")
    assert (
        str(caught.value) == "scales.csv: 1 problem\n  - line 3: 'a' is unknown. Did you mean 'b'?"
    )


def test_problems_come_in_order_and_once():
    problems = Problems()
    for what in ("second line.", "first line.", "second line."):
        problems.add("a.csv", what)
    with pytest.raises(DesignError) as caught:
        problems.raise_if_any(DesignError, heading="raw")
    assert str(caught.value) == "raw: 2 problems\n  - a.csv: second line.\n  - a.csv: first line."
    assert [problem.what for problem in problems] == ["second line.", "first line."]


@pytest.mark.parametrize("kind", [DataError, DesignError, ParameterError, ConvergenceError])
def test_every_error_is_a_survey_error(kind):
    assert issubclass(kind, SurveyError)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("word", "options", "said"),
    [
        ("nkii", ["nki", "nui"], "Did you mean 'nki'?"),
        ("NORR", ["Norr", "Syd"], "Did you mean 'Norr'?"),
        ("xyz", ["nki", "trust"], "Known: nki, trust."),
        ("xyz", [], ""),
        (
            "q",
            [f"item{i}" for i in range(12)],
            f"Known: {', '.join(f'item{i}' for i in range(12))}.",
        ),
        (
            "q",
            [f"item{i}" for i in range(13)],
            f"Known: {', '.join(f'item{i}' for i in range(12))}, ... (13 in all).",
        ),
    ],
)
def test_remedy_names_the_likeliest_option_or_all(word, options, said):
    assert did_you_mean(word, options) == said

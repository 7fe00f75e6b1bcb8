"""Small numbers do not get out: not as text, not as a coordinate."""

import numpy as np
import pandas as pd
import pytest

import invented
from betyg.publish import about_results, agencies, disclosure, heatmap, prose, tables
from betyg.publish.language import Language

SWEDISH = Language("sv")
SMALL = "08"  # the invented board with four answers


@pytest.fixture(scope="module")
def survey():
    return invented.study()


@pytest.fixture(scope="module")
def large_enough(survey):
    """What is published where the base of the small board is just as large as it must be."""
    return made(survey, planted(survey, value=91.2, n=7, marked=True))


def planted(survey, *, value: float, n: int, marked: bool) -> pd.DataFrame:
    """The invented estimates with another value and base of the small board."""
    frame = invented.estimates(survey)
    small = frame["agency"] == SMALL
    for column, moved in {"estimate": 0, "ci_low": -2, "ci_high": 2}.items():
        frame.loc[small, column] = value + moved
    frame.loc[small, "n"] = n
    return frame.assign(shown=frame["n"] >= 7 if marked else True)


def made(survey, estimates: pd.DataFrame) -> list[str]:
    return [
        shown._repr_html_()
        for shown in (
            agencies.compared(estimates, survey, SWEDISH, item="nki", year=2017),
            agencies.compared(estimates, survey, SWEDISH, item="nki", year=2017, emphasis=SMALL),
            heatmap.differences(estimates, survey, SWEDISH, year=2017),
            tables.estimates(estimates, survey, SWEDISH, year=2017, agency=SMALL),
            prose.paragraph(
                about_results.level(estimates, survey, SWEDISH, item="nki", year=2017,
                                    agency=SMALL),
                about_results.across_agencies(estimates, survey, SWEDISH, item="nki", year=2017),
            ),
        )
    ]  # fmt: skip


def test_hide_blanks_every_number_of_a_small_base():
    frame = pd.DataFrame({"year": [2017] * 3, "n": [6, 7, 0], "estimate": [1.0, 2.0, 3.0],
                          "some_new_number": [4, 5, 6], "shown": [True, True, False]})  # fmt: skip
    hidden = disclosure.hide(frame, show=7)
    assert hidden["shown"].tolist() == [False, True, False]
    for column in ("n", "estimate", "some_new_number"):
        np.testing.assert_array_equal(hidden[column].isna(), [True, False, True])
    assert hidden["year"].tolist() == [2017] * 3
    assert frame["estimate"].notna().all(), "the caller's frame is left alone"


def test_a_published_number_without_a_base_is_shown():
    frame = pd.DataFrame({"n": [0], "estimate": [72.0], "shown": [True]})
    assert disclosure.hide(frame, show=7)["estimate"].tolist() == [72.0]


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "not marked by an earlier step"])
def test_nothing_that_is_published_depends_on_a_hidden_number(survey, large_enough, marked):
    one = made(survey, planted(survey, value=33.37, n=4, marked=marked))
    other = made(survey, planted(survey, value=91.2, n=6, marked=marked))
    assert one == other
    assert all(seen != hidden for seen, hidden in zip(large_enough, other, strict=True))


def test_a_small_base_is_named_in_words(survey):
    estimates = invented.estimates(survey)
    figure = agencies.compared(estimates, survey, SWEDISH, item="nki", year=2017)
    assert "För få svar för att redovisas: Gotlands län." in figure.note
    row = next(row for row in figure.table.rows if row[0] == "Gotlands län")
    assert row[1:] == ("för få svar för att redovisas", "", "")

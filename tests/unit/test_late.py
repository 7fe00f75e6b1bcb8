"""Late answers against early ones, at one mix; and what is known of whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import raw_study
from betyg.data import clean, read
from betyg.data.settings import Source
from betyg.errors import DataError
from betyg.stats import domains, late, outcome_sums, quality
from betyg.stats.answered import Answered
from raw_study import ROWS, source
from simulated import cells_of, respondents, study

TELLS = (Source(file="a.csv", format="csv", late={"sent": ("1",)}),)
EXACT = 1e-9
DRAWS = 300
COVERED = 0.04  # three standard errors of a share of 0.95 in 300 draws
SHIFT = -0.2  # what late answers lack, in steps


def surveyed(rows: pd.DataFrame, told: object = None, **changes: object):
    """Return a study and its respondents, whose column late is ``told``."""
    survey = study(items={"a": 5}, agencies=("A", "B", "C"), sources=TELLS, **changes)
    marks = rows["late"] if told is None else told
    return survey, respondents(rows, survey).assign(late=pd.array(list(marks), dtype="boolean"))


def confounded(rng: np.random.Generator, *, shift: float, n: int = 900):
    """Draw answers of three agencies: where they are best, most answer late."""
    place = np.arange(n) % 3
    marks = rng.random(n) < np.array([0.2, 0.4, 0.7])[place]
    mean = np.array([2.4, 3.0, 3.6])[place] + shift * marks
    low = np.floor(mean)
    answer = low + (rng.random(n) < mean - low) + rng.choice([-1, 0, 1], n)
    return pd.DataFrame({"a": answer, "agency": np.array(list("ABC"))[place], "late": marks})


def compared(people: pd.DataFrame, survey) -> pd.DataFrame:
    """Compare late answers with early ones, from sums as from rows."""
    cells = cells_of(people, survey)
    sums, sizes = outcome_sums.of_rows([people], survey), domains.of_rows([people])
    added = Answered.of(people.iloc[:0], cells, survey, domains=sizes, sums=sums)
    found = late.table(Answered.of(people, cells, survey), survey)
    pd.testing.assert_frame_equal(late.table(added, survey), found, rtol=EXACT)
    return found


def test_a_difference_that_was_planted_is_found_whatever_the_agencies_that_wait():
    rng = np.random.default_rng(17)
    found, plain = [], []
    for _ in range(DRAWS):
        rows = confounded(rng, shift=SHIFT)
        survey, people = surveyed(rows)
        answers = Answered.of(people, people[["year", "agency"]], survey)  # no cell is needed
        found += late.table(answers, survey).to_dict("records")
        means = rows.groupby("late")["a"].mean()
        plain.append(25 * (means[True] - means[False]))
    told = pd.DataFrame(found)
    error = told["difference"].std() / np.sqrt(DRAWS)
    assert abs(told["difference"].mean() - 25 * SHIFT) < 3 * error
    inside = (told["difference_low"] <= 25 * SHIFT) & (told["difference_high"] >= 25 * SHIFT)
    np.testing.assert_allclose(inside.mean(), 0.95, atol=COVERED)
    np.testing.assert_allclose(told["difference_se"].mean(), told["difference"].std(), rtol=0.15)
    assert np.mean(plain) > 5  # as answered, late answers seem better than early ones


def test_in_one_agency_it_is_the_difference_of_two_means_with_the_error_of_two_samples():
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"a": rng.integers(1, 6, 90), "late": np.arange(90) < 30})
    survey, people = surveyed(rows)
    [told] = compared(people, survey).to_dict("records")
    scores = 25.0 * (rows["a"].to_numpy(float) - 1)
    late_ones, early_ones = scores[:30], scores[30:]
    np.testing.assert_allclose(told["late"], late_ones.mean(), rtol=EXACT)
    np.testing.assert_allclose(told["early"], early_ones.mean(), rtol=EXACT)
    np.testing.assert_allclose(told["difference"], told["late"] - told["early"], rtol=EXACT)
    variance = late_ones.var() / 30 + early_ones.var() / 60
    np.testing.assert_allclose(told["difference_se"], np.sqrt(variance * 90 / 89), rtol=EXACT)
    assert (told["n_late"], told["n_early"], told["mix"], told["shown"]) == (30, 60, "agency", True)
    assert told["reason"] == ""


def test_answers_are_compared_within_the_finest_mix_that_early_and_late_ones_share():
    rows = confounded(np.random.default_rng(5), shift=0.0)
    of_both = rows.assign(activity=np.random.default_rng(6).choice(["x", "y"], len(rows)))
    apart = rows.assign(activity=np.where(rows["late"], "x", "y"))
    for frame, mix in ((of_both, "agency,activity"), (apart, "agency")):
        survey, people = surveyed(
            frame, activities=("x", "y"), compare={"adjust_for": ["activity"]}
        )
        [told] = compared(people, survey).to_dict("records")
        assert (told["mix"], told["reason"]) == (mix, "")


def test_a_round_of_which_one_file_tells_nothing_is_left_out():
    rows = confounded(np.random.default_rng(7), shift=0.0)
    rows["year"] = np.where(np.arange(len(rows)) < 450, 2011, 2012)
    told = rows["late"].astype("boolean").mask(np.arange(len(rows)) == 3)
    survey, people = surveyed(rows, told)
    assert compared(people, survey)["year"].tolist() == [2012]
    early = Answered.of(people, cells_of(people, survey), survey).early(survey)
    assert set(early.rows["year"]) == {2012}
    assert len(early.rows) == early.cells["n"].sum() == int((~rows["late"][450:]).sum())
    shares = late.shares(people)
    assert set(shares["year"]) == {2012}
    pd.testing.assert_frame_equal(late.shares(domains.of_rows([people])), shares)


@pytest.mark.parametrize("marks", [True, False])
def test_if_all_are_late_or_none_is_there_is_no_difference_but_a_reason(marks):
    rows = confounded(np.random.default_rng(8), shift=0.0)
    survey, people = surveyed(rows, [marks] * len(rows))
    [told] = compared(people, survey).to_dict("records")
    assert np.isnan(told["difference"]) and not told["shown"]
    assert told["reason"] == "All answers are late, or none is."


def test_if_early_and_late_answers_share_no_agency_the_reason_says_so():
    rows = confounded(np.random.default_rng(8), shift=0.0)
    survey, people = surveyed(rows, rows["agency"] == "A")
    [told] = compared(people, survey).to_dict("records")
    assert not told["shown"] and told["reason"] == "No agency has both late and early answers."


def test_a_role_that_the_agency_tells_already_takes_no_other_out_of_the_mix():
    rows = confounded(np.random.default_rng(5), shift=SHIFT)
    rows["activity"] = np.random.default_rng(6).choice(["x", "y"], len(rows))
    rows["group"] = rows["agency"].map({"A": "p", "B": "q", "C": "q"})
    roles = {"activities": ("x", "y"), "groups": ("p", "q")}
    found = [
        compared(*reversed(surveyed(rows, compare={"adjust_for": mix}, **roles)))
        for mix in (["activity", "group"], ["activity"])
    ]
    assert [told["mix"].item() for told in found] == ["agency,activity,group", "agency,activity"]
    numbers = [told.select_dtypes("number") for told in found]
    pd.testing.assert_frame_equal(*numbers, rtol=EXACT)


def test_a_difference_of_fewer_answers_than_may_be_shown_is_not_shown():
    rows = pd.DataFrame({"a": [1, 2, 3, 4, 5] * 8, "late": [True] * 3 + [False] * 37})
    survey, people = surveyed(rows)
    [told] = compared(people, survey).to_dict("records")
    assert np.isfinite(told["difference"]) and not told["shown"]


def test_a_study_whose_files_do_not_tell_has_no_row():
    survey = study(items={"a": 5})
    found = compared(respondents(pd.DataFrame({"a": [1, 2]}), survey), survey)
    assert found.empty and tuple(found.columns) == late.COLUMNS


def test_a_study_without_respondents_has_no_row():
    survey, people = surveyed(pd.DataFrame({"a": [1.0], "late": [True]}))
    assert compared(people.iloc[:0], survey).empty


def test_a_respondent_with_two_activities_is_late_once():
    rows = pd.DataFrame({"a": [1, 2, 3, 4], "activity": ["x", "y", "x", "x"],
                         "late": [True, True, False, True]})  # fmt: skip
    survey, people = surveyed(rows, activities=("x", "y"))
    people["respondent_id"] = ["1", "1", "2", "3"]
    shares = late.shares(people).set_index("agency")
    np.testing.assert_allclose(shares.loc["all", ["n", "late"]].to_list(), [3, 2 / 3])
    told = quality.table(people, cells_of(people, survey), survey).query("measure == 'late'")
    assert told["agency"].tolist() == ["A", "all"] and (told["n"] == 3).all()
    assert (told["ci_low"] < 2 / 3).all() and (told["ci_high"] > 2 / 3).all()


def test_late_is_what_the_file_says_and_unknown_in_files_that_say_nothing(tmp_path):
    marked = "\n".join(f"{line},{sent}" for line, sent in zip(
        ROWS.splitlines(), ["sent", "0", "1", " 2 "], strict=True))  # fmt: skip
    files = {"a.csv": marked, "b.csv": ROWS.replace("\na", "\nd").replace("\nb", "\ne")}
    said = source("a.csv", 'late = { sent = ["1", "2"] }') + source("b.csv")
    survey = raw_study.load(tmp_path, files, source=said)
    rows = clean.clean(read.sources(survey), survey).respondents.set_index("respondent_id")["late"]
    assert str(rows.dtype) == "boolean"
    assert rows[["a", "b"]].tolist() == [False, True]
    assert rows[["d", "e"]].isna().all()


def test_a_study_that_says_nothing_of_late_answers_has_no_such_column(tmp_path):
    survey = raw_study.load(tmp_path, {"a.csv": ROWS})
    assert "late" not in clean.clean(read.sources(survey), survey).respondents


def test_a_column_that_the_file_lacks_is_told_of(tmp_path):
    survey = raw_study.load(
        tmp_path, {"a.csv": ROWS}, source=source("a.csv", 'late = { remindrs = ["1"] }')
    )
    with pytest.raises(DataError, match="remindrs"):
        clean.clean(read.sources(survey), survey)

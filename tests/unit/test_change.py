"""Changes when activities rotate: by hand, across breaks, without overlap, with dependent cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.codebook import CrosswalkRow, FrameRow
from betyg.errors import DataError
from betyg.stats import change, estimate

PARTS = ["raw", "like_for_like", "mix", "entry", "exit", "composition"]


def survey_of(**changes):
    given = {
        "items": {"q": 5},
        "agencies": ("A", "B"),
        "activities": ("plan", "farm", "water"),
        "compare": {"adjust_for": ("activity",)},
    }
    return simulated.study(**(given | changes))


def answers_of(cells, agency="A"):
    """Respondents from (year, activity, answers)."""
    rows = [(agency, year, activity, q) for year, activity, given in cells for q in given]
    frame = pd.DataFrame(rows, columns=["agency", "year", "activity", "q"])
    return frame.assign(stratum=frame[["agency", "year", "activity"]].astype(str).agg("|".join, 1))


def decompose(answers, survey, **options):
    frame = simulated.respondents(answers, survey)
    cells = simulated.cells_of(frame, survey)
    return change.decompose(estimate.direct(frame, survey), cells, survey, **options)


ROTATING = [
    (2011, "plan", [1, 3, 2, 2]),
    (2011, "farm", [5, 5, 4, 4]),
    (2012, "plan", [2, 4, 3, 3, 3, 3]),
    (2012, "water", [1, 1]),
]


def test_the_parts_by_hand():
    row = decompose(answers_of(ROTATING), survey_of()).iloc[0]
    before, after = (25 + 87.5) / 2, (6 * 50 + 2 * 0) / 8
    assert row["raw"] == pytest.approx(after - before)
    assert row["like_for_like"] == pytest.approx(50 - 25)
    assert row["mix"] == pytest.approx(0)
    assert row["entry"] == pytest.approx(2 / 8 * (0 - 50))
    assert row["exit"] == pytest.approx(-0.5 * (87.5 - 25))
    assert (row["n_shared"], row["n_from"], row["n_to"]) == (1, 2, 2)
    assert (row["answers_from"], row["answers_to"]) == (8, 8)
    assert row["comparable"]
    assert row["reason"] == ""
    assert row["shares"] == "design"
    assert row["shown"]


def test_the_error_of_like_for_like_is_that_of_the_shared_cells():
    answers = answers_of(ROTATING)
    row = decompose(answers, survey_of()).iloc[0]
    plans = [25 * (np.array(g) - 1) for _, activity, g in ROTATING if activity == "plan"]
    by_hand = np.sqrt(sum(p.var(ddof=1) / p.size for p in plans))
    assert row["like_for_like_se"] == pytest.approx(by_hand)
    assert row["like_for_like_low"] < row["like_for_like"] < row["like_for_like_high"]


def test_the_error_of_composition_is_that_of_the_difference_of_raw_and_like_for_like():
    row = decompose(answers_of(ROTATING), survey_of()).iloc[0]
    assert row["composition"] == pytest.approx(row["raw"] - row["like_for_like"])
    # Shares 1/2, 1/2 and 3/4, 1/4 less 1 for the only shared cell, plan; water has no spread.
    weights = (0.5, -0.5, -0.25, 0.25)
    scores = [25 * (np.array(given) - 1) for *_, given in ROTATING]
    by_hand = sum(w**2 * s.var(ddof=1) / s.size for w, s in zip(weights, scores, strict=True))
    assert row["composition_se"] == pytest.approx(np.sqrt(by_hand))


def test_one_sure_change_and_one_that_is_not_are_not_told_apart_by_that():
    cells = [
        (2011, "plan", [3, 4, 4, 5] * 12), (2011, "farm", [4, 5, 4, 5] * 4),
        (2012, "plan", [3, 4, 3, 5] * 12), (2012, "water", [3, 4, 3, 5] * 4),
    ]  # fmt: skip
    row = decompose(answers_of(cells), survey_of()).iloc[0]
    assert row["raw_high"] < 0 < row["like_for_like_high"]
    assert row["composition_low"] < 0 < row["composition_high"]
    assert not row["differs"]


def test_a_better_agency_with_a_worse_mix_differs():
    cells = [
        (2011, "plan", [1, 2] * 10), (2011, "farm", [4, 5] * 60),
        (2012, "plan", [2, 3] * 60), (2012, "farm", [5, 5, 5, 4] * 5),
    ]  # fmt: skip
    row = decompose(answers_of(cells), survey_of()).iloc[0]
    assert row["raw"] < 0 < row["like_for_like"]
    assert row["mix"] < 0
    assert row["differs"]


def test_without_a_shared_activity_no_number_is_given():
    cells = [(2011, "farm", [5, 5, 4, 4]), (2012, "plan", [2, 4, 3, 3])]
    row = decompose(answers_of(cells), survey_of()).iloc[0]
    assert not row["comparable"]
    assert row["reason"] == change.NO_OVERLAP
    assert row[PARTS].isna().all()
    assert not row["differs"]


def test_a_change_of_wording_ends_the_series():
    rows = tuple(CrosswalkRow(item="q", year=y, wording=w) for y, w in ((2011, "a"), (2012, "b")))
    row = decompose(answers_of(ROTATING), survey_of(crosswalk=rows)).iloc[0]
    assert (row["comparable"], row["reason"]) == (False, change.BREAK)
    assert row[PARTS].isna().all()


def test_shares_of_the_frame_are_used_where_every_cell_is_in_it():
    sizes = {(2011, "plan"): 30, (2011, "farm"): 10, (2012, "plan"): 90, (2012, "water"): 10}
    rows = tuple(
        FrameRow(agency="A", year=y, activity=a, population=n) for (y, a), n in sizes.items()
    )
    row = decompose(answers_of(ROTATING), survey_of(frame_rows=rows)).iloc[0]
    assert row["shares"] == "frame"
    assert row["raw"] == pytest.approx(0.9 * 50 + 0.1 * 0 - (0.75 * 25 + 0.25 * 87.5))
    short = decompose(answers_of(ROTATING), survey_of(frame_rows=rows[:3])).iloc[0]
    assert short["shares"] == "design"


def test_all_agencies_together_are_compared_agency_by_agency():
    both = pd.concat(
        [answers_of(ROTATING), answers_of([(2012, "plan", [5] * 8)], agency="B")],
        ignore_index=True,
    )
    found = decompose(both, survey_of()).set_index("agency")
    assert list(found.index) == ["A", "all"]
    assert found.loc["all", "like_for_like"] == pytest.approx(found.loc["A", "like_for_like"])
    assert found.loc["all", "entry"] != pytest.approx(found.loc["A", "entry"])


def test_pairs_are_successive_rounds_and_first_with_last():
    cells = [(year, "plan", [2, 3, 4]) for year in (2009, 2011, 2012)]
    found = decompose(answers_of(cells), survey_of())
    pairs = list(zip(found["year_from"], found["year_to"], strict=True))
    assert pairs == [(2009, 2011), (2009, 2012), (2011, 2012)]
    chosen = decompose(answers_of(cells), survey_of(), pairs=[(2009, 2012), (2010, 2012)])
    assert list(chosen["year_from"]) == [2009]


def test_without_activities_the_change_is_all_like_for_like():
    survey = simulated.study(items={"q": 5}, agencies=("A",), compare={"adjust_for": ("activity",)})
    cells = [(2011, "all", [1, 2, 3]), (2012, "all", [3, 4, 5])]
    row = decompose(answers_of(cells), survey).iloc[0]
    assert row["like_for_like"] == row["raw"] == pytest.approx(50)
    assert (row["mix"], row["entry"], row["exit"]) == (0, 0, 0)


def test_a_cell_of_one_answer_borrows_the_variance_of_the_others():
    cells = [
        (2011, "plan", [1, 3, 2, 2]), (2011, "farm", [4]),
        (2012, "plan", [2, 4, 3, 3]), (2012, "farm", [5]),
    ]  # fmt: skip
    row = decompose(answers_of(cells), survey_of()).iloc[0]
    plan = 25**2 * np.var([1, 3, 2, 2], ddof=1)
    single = 0.2**2 * plan + 0.8**2 * plan / 4
    assert row["raw_se"] == pytest.approx(np.sqrt(2 * single))


def test_respondents_who_rate_several_activities_are_dependent():
    rng = np.random.default_rng(3)
    rows = []
    for person in range(200):
        year, mood = 2011 + person % 2, rng.integers(1, 6)
        rows += [("A", year, a, mood, person) for a in ("plan", "farm")]
    answers = pd.DataFrame(rows, columns=["agency", "year", "activity", "q", "psu"])
    answers["stratum"] = answers["year"].astype(str)
    survey = survey_of(design={"strata": ("agency", "year")})
    apart = decompose(answers, survey).iloc[0]
    frame = simulated.respondents(answers, survey)
    joint = change.decompose(
        estimate.direct(frame, survey), simulated.cells_of(frame, survey), survey, respondents=frame
    ).iloc[0]
    assert joint["raw"] == pytest.approx(apart["raw"])
    one = answers.drop_duplicates("psu").groupby("year")["q"]
    by_hand = 25 * np.sqrt((one.var() / one.size()).sum())
    assert joint["raw_se"] == pytest.approx(by_hand, rel=0.02)
    assert apart["raw_se"] < 0.8 * joint["raw_se"]


def test_estimates_without_the_outcome_are_refused():
    survey = survey_of()
    frame = simulated.respondents(answers_of(ROTATING), survey)
    cells = simulated.cells_of(frame, survey)
    with pytest.raises(DataError, match="no mean of 'q' by agency and year"):
        change.decompose(estimate.direct(frame, survey, by=[()]), cells, survey)


def test_single_answers_have_no_error_and_so_no_change():
    cells = [(year, f"a{at}", [at % 5 + 1]) for year in (2011, 2012) for at in range(8)]
    survey = survey_of(activities=tuple(f"a{at}" for at in range(8)))
    row = decompose(answers_of(cells), survey).iloc[0]
    assert (row["comparable"], row["reason"]) == (False, change.NO_ERROR)
    assert np.isnan(
        row[[f"{part}{end}" for part in PARTS for end in ("", "_se")]].astype(float)
    ).all()


def test_single_answers_take_the_variance_of_cells_with_several():
    cells = [(2011, "plan", [3]), (2012, "plan", [4]), (2012, "farm", [1, 5, 2, 4])]
    row = decompose(answers_of(cells), survey_of()).iloc[0]
    assert row["comparable"]
    assert row["like_for_like_se"] > 0

"""Direct estimates of awkward surveys: empty, one row, nobody answered, totals, breaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.codebook import CrosswalkRow, Unit
from betyg.errors import DesignError, ParameterError
from betyg.stats import estimate
from betyg.stats.design import SurveyDesign
from betyg.stats.estimate_frames import COLUMNS

AGENCIES = ("A", "B")


def survey_of(**changes):
    given = {"items": {"q": 5}, "agencies": AGENCIES, "activities": ("plan", "farm")}
    return simulated.study(**(given | changes))


def direct(answers, survey, **options):
    return estimate.direct(simulated.respondents(pd.DataFrame(answers), survey), survey, **options)


def one(found, statistic="mean", response=None, **where):
    full = {"agency": "all", "year": 0, "activity": "all", "group": "all"} | where
    chosen = found["statistic"] == statistic
    if response is not None:
        chosen &= found["response"] == response
    for role, value in full.items():
        chosen &= found[role] == value
    assert chosen.sum() == 1
    return found[chosen].iloc[0]


def test_no_respondents_give_an_empty_frame_with_all_columns():
    survey = survey_of()
    found = direct({"agency": [], "year": [], "q": []}, survey)
    assert list(found.columns) == COLUMNS
    assert found.empty


def test_one_respondent_has_a_mean_but_no_interval_and_is_not_shown():
    row = one(direct({"agency": ["A"], "q": [4]}, survey_of()))
    assert row["estimate"] == 75.0
    assert row["n"] == 1
    assert np.isnan(row["ci_low"])
    assert not row["shown"]


def test_items_that_nobody_answered_have_no_row_but_their_dont_knows_do():
    answers = {"agency": ["A", "B"], "q": [np.nan, np.nan], "q.missing": ["dont_know", "no_answer"]}
    found = direct(answers, survey_of())
    assert set(found["statistic"]) == {"dont_know"}
    assert one(found, "dont_know")["estimate"] == pytest.approx(0.5)


def test_dont_know_is_a_share_of_those_asked():
    answers = {
        "agency": ["A"] * 4,
        "q": [1, 5, np.nan, np.nan],
        "q.missing": [None, None, "dont_know", "not_asked"],
    }
    row = one(direct(answers, survey_of()), "dont_know")
    assert row["n"] == 3
    assert row["estimate"] == pytest.approx(1 / 3)


def test_means_shares_and_top_two_are_weighted():
    answers = {"agency": ["A", "A", "B"], "q": [1, 5, 4], "weight": [1.0, 3.0, 4.0]}
    found = direct(answers, survey_of())
    assert one(found)["estimate"] == pytest.approx((0 + 3 * 100 + 4 * 75) / 8)
    assert one(found, "top2")["estimate"] == pytest.approx(7 / 8)
    assert one(found, "share", 1, agency="A")["estimate"] == pytest.approx(1 / 4)
    row = one(found)
    assert row["n_eff"] == pytest.approx(64 / 26)
    assert row["deff"] == pytest.approx(3 * 26 / 64)


def test_the_same_answer_from_everybody_has_no_error_at_all():
    found = direct(
        {"agency": ["A"] * 9, "q": [3] * 9, "weight": np.linspace(0.1, 1, 9)}, survey_of()
    )
    assert one(found)["se"] == pytest.approx(0.0, abs=1e-12)
    share = one(found, "share", 3)
    assert share["estimate"] == pytest.approx(1.0)
    assert 0.5 < share["ci_low"] < 1.0
    assert share["ci_high"] == 1.0


def test_a_total_has_its_own_estimate_and_is_in_no_margin():
    units = (Unit(code="T", label={"en": "T"}),) + tuple(
        Unit(code=c, parent="T", label={"en": c}) for c in AGENCIES
    )
    survey = simulated.study(items={"q": 5}).model_copy(update={"agencies": units})
    found = direct({"agency": ["A", "B", "T"], "q": [1, 2, 5]}, survey)
    assert one(found)["n"] == 2
    assert one(found)["estimate"] == pytest.approx(12.5)
    assert one(found, agency="T")["estimate"] == 100.0


def test_rows_about_no_activity_belong_to_the_margin_only():
    answers = {"agency": ["A"] * 3, "activity": ["all", "plan", "plan"], "q": [1, 5, 5]}
    found = direct(answers, survey_of())
    assert one(found, agency="A", year=2012)["n"] == 3
    assert one(found, agency="A", year=2012, activity="plan")["n"] == 2


def test_years_across_a_change_of_wording_are_not_summed_up():
    rows = (
        CrosswalkRow(item="q", year=2011, wording="a"),
        CrosswalkRow(item="q", year=2012, wording="b"),
    )
    answers = {"agency": ["A"] * 4, "year": [2011, 2011, 2012, 2012], "q": [1, 2, 4, 5]}
    broken = direct(answers, survey_of(crosswalk=rows))
    assert set(broken["year"]) == {2011, 2012}
    assert 0 in set(direct(answers, survey_of())["year"])


def test_a_population_counts_only_for_this_years_users():
    answers = {"agency": ["A"] * 4, "q": [1, 2, 4, 5], "population": [5.0] * 4}
    drawn = one(direct(answers, survey_of()))["se"]
    finite = one(direct(answers, survey_of(compare={"inference": "this_year"})))["se"]
    assert finite == pytest.approx(drawn * np.sqrt(1 - 4 / 5))


def test_the_lonely_rule_of_the_study_is_kept():
    answers = {"agency": ["A", "A", "B"], "stratum": ["A", "A", "B"], "q": [1, 3, 5]}
    with pytest.raises(DesignError, match="strata 'B' hold one PSU"):
        direct(answers, survey_of(design={"lonely": "error"}))
    assert one(direct(answers, survey_of(design={"lonely": "certainty"})))["se"] > 0


def test_an_unknown_margin_is_named():
    with pytest.raises(ParameterError, match="'region' makes no margin. Known: agency, year"):
        direct({"agency": ["A"], "q": [1]}, survey_of(), by=[("region",)])


def test_small_bases_are_marked():
    answers = {"agency": ["A"] * 7 + ["B"] * 6, "q": [1, 2, 3, 4, 5, 1, 2] * 1 + [3] * 6}
    found = direct(answers, survey_of())
    assert one(found, agency="A")["shown"]
    assert not one(found, agency="B")["shown"]


def test_a_composite_index_is_averaged_like_an_item_without_shares():
    survey = simulated.study(
        items={"q": 5, "r": 5}, agencies=AGENCIES, indices={"both": ("q", "r")}
    )
    found = direct({"agency": ["A", "B"], "q": [1, 5], "r": [5, 5]}, survey)
    of_index = found[found["item"] == "both"]
    assert one(of_index)["estimate"] == pytest.approx(75.0)
    assert set(of_index["statistic"]) == {"mean"}


def test_the_vectorised_mean_equals_the_single_one():
    rng = np.random.default_rng(5)
    answers = pd.DataFrame(
        {
            "agency": rng.choice(["A", "B"], 60),
            "q": rng.integers(1, 6, 60),
            "weight": rng.random(60),
        }
    )
    row = one(direct(answers, survey_of()), agency="A")
    single = estimate.domain_mean(
        response=25.0 * (answers["q"].to_numpy() - 1),
        in_domain=(answers["agency"] == "A").to_numpy(),
        design=SurveyDesign.of(weight=answers["weight"]),
    )
    assert row["estimate"] == pytest.approx(single.estimate, rel=1e-12)
    assert row["se"] == pytest.approx(single.se, rel=1e-12)
    assert row["df"] == single.df


def test_a_domain_nobody_answered_in_is_nan():
    found = estimate.domain_mean(
        response=np.array([np.nan, 1.0]),
        in_domain=np.array([True, False]),
        design=SurveyDesign.of(weight=[1, 1]),
    )
    assert np.isnan(found.estimate)
    assert found.n == 0


def counts_of(survey, **answers):
    """Cells of kind counts from respondents who are all alike in weight."""
    frame = simulated.respondents(pd.DataFrame(answers), survey)
    return simulated.cells_of(frame, survey)


def test_counts_give_the_estimates_of_their_respondents():
    survey = survey_of(design={"strata": ("agency", "year", "activity")})
    rng = np.random.default_rng(2)
    answers = pd.DataFrame(
        {"agency": rng.choice(["A", "B"], 80), "activity": rng.choice(["plan", "farm"], 80),
         "q": rng.integers(1, 6, 80)}
    )  # fmt: skip
    answers["stratum"] = answers["agency"] + answers["activity"]
    frame = simulated.respondents(answers, survey)
    from_rows = estimate.direct(frame, survey)
    counted = survey.model_copy(update={"kind": "counts"})
    from_counts = estimate.from_cells(simulated.cells_of(frame, survey), counted)
    pd.testing.assert_frame_equal(from_rows, from_counts, rtol=1e-12, atol=1e-12)


def test_a_composite_of_counts_has_the_mean_of_the_items_and_an_error_not_below_the_truth():
    survey = simulated.study(
        items={"q": 5, "r": 5}, agencies=AGENCIES, indices={"both": ("q", "r")}
    )
    rng = np.random.default_rng(3)
    frame = simulated.respondents(
        pd.DataFrame(
            {"agency": ["A"] * 50, "q": rng.integers(1, 6, 50), "r": rng.integers(1, 6, 50)}
        ),
        survey,
    )
    true = one(estimate.direct(frame, survey).query("item == 'both'"))
    cells = simulated.cells_of(frame, survey).query("item != 'both'")
    counted = survey.model_copy(update={"kind": "counts"})
    found = one(estimate.from_cells(cells, counted).query("item == 'both'"))
    assert found["estimate"] == pytest.approx(true["estimate"])
    assert found["se"] >= true["se"]


def test_published_values_stand_as_they_are():
    survey = survey_of().model_copy(update={"kind": "published"})
    cells = pd.DataFrame(
        {"agency": AGENCIES, "year": [2012, 2012], "activity": "all", "group": "all", "item": "q",
         "kind": "published", "score": [61.5, 70.0], "n": [0, 5], "se": [np.nan, 2.0]}
    )  # fmt: skip
    found = estimate.table(pd.DataFrame(), cells, survey).set_index("agency")
    assert found.loc["A", "estimate"] == 61.5
    assert found.loc["A", "shown"]
    assert not found.loc["B", "shown"]
    assert found.loc["B", "ci_high"] == pytest.approx(70 + 1.96 * 2, abs=1e-3)


def test_an_agency_that_a_count_says_nothing_of_is_left_out_in_silence():
    survey = survey_of()
    cells = counts_of(survey, agency=["A"] * 8 + ["B"], q=[1, 2, 3, 4, 5, 1, 2, 3, np.nan])
    found = estimate.from_cells(cells, survey.model_copy(update={"kind": "counts"}))
    assert "B" not in set(found.loc[found["statistic"] == "mean", "agency"])


def test_a_weight_below_zero_names_agency_and_year():
    survey = simulated.study(items={"q": 5})
    answers = pd.DataFrame({"agency": ["A", "B"], "year": [2012, 2013], "weight": [1.0, -1.0]})
    with pytest.raises(DesignError, match=r"weights, B 2013: 1 weights are negative"):
        estimate.direct(simulated.respondents(answers, survey), survey)


def test_a_round_of_one_psu_is_refused_by_agency_and_year():
    n = 40
    answers = {
        "agency": np.repeat(["A", "B"], n // 2),
        "q": np.arange(n) % 5 + 1,
        "psu": np.r_[np.zeros(n // 2), np.arange(n // 2) + 1].astype(int),
    }
    with pytest.raises(DesignError, match=r"one PSU in A \d{4}, so nothing .*Leave psu out"):
        direct(answers, survey_of())
    row = one(direct(answers, survey_of(design={"lonely": "certainty"})), agency="B")
    assert row["se"] > 0


@pytest.mark.parametrize(("lonely", "known"), [("adjust", False), ("certainty", True)])
def test_a_domain_of_one_psu_has_no_error_unless_it_is_taken_for_certain(lonely, known):
    answers = {
        "agency": "A",
        "activity": ["x"] * 8 + ["y"] * 8,
        "q": np.tile([1, 2, 4, 5], 4),
        "psu": [0] * 8 + [1, 1, 2, 2, 3, 3, 4, 4],
    }
    survey = survey_of(activities=("x", "y"), design={"lonely": lonely, "strata": ("agency",)})
    found = estimate.direct(
        simulated.respondents(pd.DataFrame(answers), survey), survey, by=[("agency", "activity")]
    )
    row = one(found, agency="A", activity="x")
    assert row["df"] == 0
    assert np.isfinite(row["se"]) == known
    assert np.isnan(row["ci_low"])
    assert one(found, agency="A", activity="y")["se"] > 0

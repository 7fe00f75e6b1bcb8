"""Response, missing answers, patterns, reliability and representativity: small and odd surveys."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.data.codebook import FrameRow, Theme
from betyg.data.settings import Source
from betyg.errors import DataError, DesignError
from betyg.stats import (
    answer_patterns,
    polychoric,
    quality,
    representativity,
    response,
    scale_reliability,
)
from simulated import cells_of, respondents, study, words

ITEMS = {"a": 5, "b": 5, "c": 5, "d": 5, "e": 5}
SIMULATED = 0.02  # three standard errors of a coverage of 0.95 over 1,000 surveys
FEW_SURVEYS = 0.89  # three standard errors below 0.95 over 120 surveys
CLOSED = 1e-12
PRINTED = 5e-5  # four decimals


def asked(*rows: dict[str, object]) -> tuple[FrameRow, ...]:
    return tuple(FrameRow(**({"year": 2012} | row)) for row in rows)


def survey_of(n: int = 60, *, seed: int = 1, **changes: object):
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    answers = pd.DataFrame(
        {item: np.clip(np.round(3 + mood + rng.normal(size=n)), 1, 5) for item in ITEMS}
        | {"agency": np.where(np.arange(n) % 3, "A", "B")}
    )
    survey = study(items=ITEMS, indices={"index": ("a", "b", "c")}, **changes)
    return answers, survey


def test_response_rate_is_answered_over_asked_by_stratum_agency_and_year():
    answers, survey = survey_of(
        activities=("x", "y"),
        frame_rows=asked(
            {"agency": "A", "activity": "x", "sample": 40},
            {"agency": "A", "activity": "y", "sample": 40},
            {"agency": "B", "activity": "x", "sample": 50},
        ),
    )
    answers["activity"] = np.where((answers["agency"] == "A") & (answers.index % 2 == 0), "y", "x")
    found = response.rates(respondents(answers, survey), survey)
    found = found.set_index(["agency", "activity"])["rate"]
    np.testing.assert_allclose(found["A", "x"], 20 / 40)
    np.testing.assert_allclose(found["A", "all"], 40 / 80)
    np.testing.assert_allclose(found["all", "all"], 60 / 130)


def test_a_respondent_with_rows_on_two_activities_answers_once():
    answers, survey = survey_of(
        activities=("x", "y"), frame_rows=asked({"agency": "A", "sample": 80})
    )
    rows = respondents(answers, survey)
    twice = pd.concat([rows.assign(activity="x"), rows.assign(activity="y")])
    found = response.rates(twice, survey).query("agency == 'A'")
    np.testing.assert_array_equal(found["respondents"], [40])


def test_the_interval_of_a_response_rate_is_wilsons():
    # Newcombe (1998), Stat. Med. 17, 857-872, Table I: 81 of 263, score method.
    answers, survey = survey_of(frame_rows=asked({"agency": "A", "sample": 263, "respondents": 81}))
    rows = respondents(answers, survey)
    found = quality.table(rows, cells_of(rows, survey), survey)
    rate = found[(found["measure"] == "response_rate") & (found["agency"] == "A")]
    np.testing.assert_allclose(rate[["ci_low", "ci_high"]], [[0.2553, 0.3662]], atol=PRINTED)


def test_whom_the_frame_states_as_respondents_counts_before_the_data():
    answers, survey = survey_of(frame_rows=asked({"agency": "A", "sample": 80, "respondents": 70}))
    found = response.rates(respondents(answers, survey), survey)
    np.testing.assert_allclose(found["rate"], 70 / 80)


def test_parts_of_a_sample_are_not_counted_beside_the_whole():
    answers, survey = survey_of(
        groups=("x", "y"),
        frame_rows=asked(
            {"agency": "A", "sample": 80},
            {"agency": "A", "group": "x", "sample": 50},
            {"agency": "A", "group": "y", "sample": 30},
        ),
    )
    answers["group"] = "x"
    found = response.rates(respondents(answers, survey), survey)
    np.testing.assert_array_equal(found.query("group == 'all'")["sample"], [80, 80])


def test_a_stratum_of_which_nobody_was_asked_has_no_rate():
    answers, survey = survey_of(
        frame_rows=asked({"agency": "A", "sample": 80}, {"agency": "B", "sample": 0})
    )
    found = response.rates(respondents(answers, survey), survey)
    assert set(found["agency"]) == {"A", "all"}


def test_more_answers_than_persons_asked_are_an_error_that_names_the_agency():
    answers, survey = survey_of(frame_rows=asked({"agency": "A", "sample": 10}))
    with pytest.raises(DataError, match=r"frame.csv: in 2012 \(A\) 40 answered, but 10 were asked"):
        response.rates(respondents(answers, survey), survey)


def test_without_a_frame_there_are_no_rates_and_no_r_indicator():
    answers, survey = survey_of()
    rows = respondents(answers, survey)
    assert response.rates(rows, survey).empty
    found = quality.table(rows, cells_of(rows, survey), survey)
    assert not set(found["measure"]) & {"response_rate", "r_indicator"}


def test_missing_answers_add_up_to_those_asked():
    answers, survey = survey_of()
    answers.loc[:9, "a"] = np.nan
    answers["a.missing"] = np.where(answers.index < 4, "dont_know", "not_asked")
    rows = respondents(answers, survey)
    found = response.missingness(cells_of(rows, survey), survey)
    whole = found[(found["agency"] == "all") & (found["item"] == "a")]
    np.testing.assert_array_equal(whole["asked"], [54])
    np.testing.assert_allclose(whole["dont_know"], [4 / 54])
    np.testing.assert_allclose(found[list(response.KINDS)].sum(axis=1), 1.0)


def test_straight_liners_are_those_with_one_answer_to_five_questions():
    answers, survey = survey_of()
    answers.loc[0, list(ITEMS)] = 3
    answers.loc[1, list(ITEMS)] = [3, 3, 3, 3, np.nan]
    answers.loc[2:, "a"] = 1
    answers.loc[2:, "b"] = 2
    rows = respondents(answers, survey)
    found = answer_patterns.straight_lining(answer_patterns.ends(rows, survey))
    whole = found[found["agency"] == "all"]
    np.testing.assert_array_equal(whole["n"], [59])
    np.testing.assert_allclose(whole["estimate"], [1 / 59])


def test_floor_and_ceiling_are_weighted_shares_of_the_ends():
    answers, survey = survey_of()
    answers["a"] = np.where(answers.index < 6, 1, np.where(answers.index < 30, 5, 3))
    answers["weight"] = np.where(answers.index < 6, 2.0, 1.0)
    rows = respondents(answers, survey)
    found = answer_patterns.extremes(cells_of(rows, survey), survey)
    whole = found[(found["agency"] == "all") & (found["item"] == "a")]
    np.testing.assert_allclose(whole[["floor", "ceiling"]], [[12 / 66, 24 / 66]])


def test_alpha_of_parallel_items_is_spearman_brown():
    rng = np.random.default_rng(3)
    q, _ = np.linalg.qr(rng.normal(size=(50, 4)) - 0)
    base = q - q.mean(axis=0)
    base = np.linalg.qr(base)[0]
    r = 0.6
    items = np.sqrt(r) * base[:, :1] + np.sqrt(1 - r) * base[:, 1:]
    found = scale_reliability.alpha(items).estimate
    np.testing.assert_allclose(found, 3 * r / (1 + 2 * r), rtol=CLOSED)


def test_interval_of_alpha_covers_the_truth_though_grades_pile_up():
    rng = np.random.default_rng(4)
    big = _piled(rng, 400_000)
    truth = scale_reliability.alpha(big).estimate
    covered = 0
    for _ in range(1000):
        found = scale_reliability.alpha(_piled(rng, 200))
        covered += found.ci_low <= truth <= found.ci_high
    np.testing.assert_allclose(covered / 1000, 0.95, atol=SIMULATED)


def _piled(rng: np.random.Generator, n: int) -> np.ndarray:
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, 4))
    return np.digitize(latent, [-2.5, -1.5, -0.8, 0.2]).astype(float)


def test_rows_of_one_respondent_widen_the_interval_of_alpha():
    scores = _piled(np.random.default_rng(5), 200)
    twice = np.concatenate([scores, scores])
    once = scale_reliability.alpha(scores)
    found = scale_reliability.alpha(twice, np.tile(np.arange(200), 2))
    np.testing.assert_allclose(
        [found.ci_low, found.ci_high], [once.ci_low, once.ci_high], rtol=CLOSED
    )


LOADINGS = np.array([0.9, 0.8, 0.7, 0.6])


def simulated(n, rng):
    latent = rng.normal(size=(n, 1)) * LOADINGS
    latent = latent + rng.normal(size=latent.shape) * np.sqrt(1 - LOADINGS**2)
    return pd.DataFrame(np.digitize(latent, [-1.5, -0.5, 1.0]) + 1, columns=list("abcd"))


def test_omega_recovers_simulated_loadings():
    found = scale_reliability.omega(simulated(60_000, np.random.default_rng(6)))
    np.testing.assert_allclose(found.loadings, LOADINGS, atol=0.01)  # 3 errors of 60,000 answers


def test_interval_of_omega_holds_the_truth_in_ninety_five_of_a_hundred_surveys():
    rng, truth = np.random.default_rng(12), 9.0 / (9.0 + (1 - LOADINGS**2).sum())
    kept = 0
    for _ in range(200):
        answers = simulated(1000, rng)
        found = scale_reliability.omega(
            answers.where(rng.random(answers.shape) > 0.1).astype("Int8")
        )
        kept += found.ci_low <= truth <= found.ci_high
    assert 0.91 <= kept / 200 <= 0.99  # three errors of 200 surveys


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("k", "shared"), [(10, 0.86), (5, 0.9), (5, 0.95)])
def test_interval_of_omega_holds_where_far_corners_of_the_tables_are_empty(k, shared):
    rng = np.random.default_rng(k)
    ends = np.linspace(-2.2, 2.2, k + 1)[1:-1]
    truth = 9 * shared / (9 * shared + 3 * (1 - shared))
    inside = []
    for _ in range(120):
        common = rng.normal(size=(600, 1))
        latent = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=(600, 3))
        found = scale_reliability.omega(pd.DataFrame(np.digitize(latent, ends) + 1))
        inside.append(found.ci_low <= truth <= found.ci_high)
    assert np.mean(inside) > FEW_SURVEYS


def test_respondents_with_several_rows_do_not_narrow_the_interval_of_omega():
    answers = simulated(500, np.random.default_rng(4))
    twice, unit = pd.concat([answers, answers]), np.tile(np.arange(500), 2)
    once, same = scale_reliability.omega(answers), scale_reliability.omega(twice, unit)
    np.testing.assert_allclose([same.ci_low, same.ci_high], [once.ci_low, once.ci_high], atol=1e-9)


def test_omega_with_a_loading_of_one_has_no_interval():
    rng = np.random.default_rng(3)
    latent = rng.normal(size=(400, 3))
    latent[:, 1:] = 0.6 * latent[:, [0]] + [0.8, 0.8] * latent[:, 1:]
    latent[:, 2] -= 0.3 * latent[:, 1]
    found = scale_reliability.omega(pd.DataFrame(np.digitize(latent, [-1.0, 0.0, 1.0]) + 1))
    assert (
        found.loadings.max() == pytest.approx(1.0) and np.isnan([found.ci_low, found.ci_high]).all()
    )


def test_mirroring_a_question_mirrors_its_correlation():
    table = np.array([[30.0, 10, 5], [10, 20, 12], [2, 9, 40]])
    up, down = polychoric.correlation(table), polychoric.correlation(table[::-1])
    np.testing.assert_allclose(up, -down, atol=1e-7)


def test_reliability_of_two_items_is_refused():
    with pytest.raises(DesignError, match="2 items. At least 3 are needed"):
        scale_reliability.alpha(np.ones((20, 2)))


def test_reliability_of_nine_respondents_is_refused():
    with pytest.raises(DesignError, match="9 respondents answered all items"):
        scale_reliability.alpha(np.random.default_rng(1).normal(size=(9, 3)))


def test_same_answers_from_everybody_are_named_with_their_item():
    answers, survey = survey_of()
    answers["b"] = 3
    found = quality.table(*_tables(answers, survey), survey)
    omega = found[found["measure"] == "omega"].iloc[0]
    assert omega["item"] == "index" and np.isnan(omega["estimate"]) and not omega["shown"]
    assert (
        "omega, a with b: polychoric correlation: a question has one and the same"
        in (omega["reason"])
    )
    answers[["a", "c"]] = 3
    alpha = quality.table(*_tables(answers, survey), survey).query("measure == 'alpha'").iloc[0]
    assert "everybody's answers have the same sum" in alpha["reason"]


def _tables(answers: pd.DataFrame, survey) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = respondents(answers, survey)
    return rows, cells_of(rows, survey)


def test_identical_questions_are_one_question():
    with pytest.raises(DesignError, match="agree \\(or disagree\\) all but perfectly"):
        polychoric.correlation(np.diag([10.0, 20, 30]))


def test_quality_holds_each_measure_once_in_each_margin():
    answers, survey = survey_of(
        frame_rows=asked({"agency": "A", "sample": 80}, {"agency": "B", "sample": 40}),
        themes=(Theme(theme="t", index=False, label=words("t")),),
        sources=(Source(file="a.csv", format="csv", late={"sent": ("1",)}),),
    )
    rows, cells = _tables(answers, survey)
    late = pd.array(np.arange(len(rows)) % 2 == 0, dtype="boolean")
    found = quality.table(rows.assign(late=late), cells, survey)
    keys = ["measure", "year", "agency", "activity", "group", "item"]
    assert not found.duplicated(keys).any()
    assert set(found["measure"]) == set(quality.MEASURES)
    assert tuple(found.columns) == quality.COLUMNS
    assert found.loc[found["reason"] == "", "estimate"].notna().all()


def test_a_study_without_answers_has_an_empty_quality_table():
    _, survey = survey_of()
    empty = respondents(pd.DataFrame(index=range(0)), survey)
    found = quality.table(empty, cells_of(empty, survey), survey)
    assert found.empty and tuple(found.columns) == quality.COLUMNS


def test_equal_rates_give_an_r_indicator_of_one():
    sample = np.array([100.0, 200, 300])
    found = representativity.r_indicator(sample, sample / 2)
    np.testing.assert_allclose([found.estimate, found.unadjusted], 1.0)
    assert found.ci_low < 1.0


def test_r_indicator_of_two_strata_in_closed_form():
    found = representativity.r_indicator(np.array([1e8, 1e8]), np.array([0.4e8, 0.6e8]))
    np.testing.assert_allclose(found.estimate, 1 - 2 * 0.1, rtol=1e-6)


@pytest.mark.parametrize(("strata", "spread"), [(21, 0.05), (60, 0.1)])
def test_interval_of_the_r_indicator_covers_the_truth(strata, spread):
    rng = np.random.default_rng(strata)
    n = rng.integers(30, 120, strata).astype(float)
    chance = np.clip(0.5 + spread * rng.standard_normal(strata), 0.05, 0.95)
    truth = 1 - 2 * np.sqrt(np.average((chance - np.average(chance, weights=n)) ** 2, weights=n))
    drawn = [rng.binomial(n.astype(int), chance).astype(float) for _ in range(1000)]
    found = [representativity.r_indicator(n, answered) for answered in drawn]
    covered = np.mean([one.ci_low <= truth <= one.ci_high for one in found])
    np.testing.assert_allclose(covered, 0.95, atol=SIMULATED)
    np.testing.assert_allclose(np.mean([one.estimate for one in found]), truth, atol=0.012)


def test_r_indicator_of_one_stratum_is_refused():
    with pytest.raises(DesignError, match="1 strata with a sample"):
        representativity.r_indicator(np.array([10.0, 0]), np.array([5.0, 0]))


def test_r_indicator_refuses_a_missing_number():
    with pytest.raises(DesignError, match="missing or impossible"):
        representativity.r_indicator(np.array([10.0, np.nan]), np.array([5.0, 1]))

"""Cumulative link mixed models: results, predictions, and what is refused in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.errors import ConvergenceError, DataError, DesignError, ParameterError
from betyg.stats import linear_mixed, ordinal_mixed
from betyg.stats.ordinal_sandwich import Sampling
from witness import Agreement, check

BOTH = pytest.mark.parametrize("model", [ordinal_mixed, linear_mixed])
RANDOM = ("agency", "agency:year")
BY_AGENCY = Sampling(stratum="agency", psu="psu")


def survey(*, agencies=6, n=40, sd=0.8, years=(2011, 2012), seed=3):
    """Cells of three grades."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"A{a}", year, k + 1, count)
        for a, u in enumerate(rng.normal(0, sd, agencies))
        for year in years
        for k, count in enumerate(
            np.bincount(
                np.searchsorted([-1.0, 1.0], rng.logistic(size=n) + u + 0.3 * (year - 2011)),
                minlength=3,
            )
        )
    ]
    cells = pd.DataFrame(rows, columns=["agency", "year", "response", "n"])
    return cells.assign(item="trust", kind="answer", score=50.0 * (cells["response"] - 1))


@pytest.fixture(scope="module")
def fit():
    return ordinal_mixed.fit(survey(), "response ~ year", random=RANDOM)


def refusal(model, cells, terms, random, error=DesignError):
    outcome = "response" if model is ordinal_mixed else "score"
    with pytest.raises(error) as caught:
        model.fit(cells, f"{outcome} ~ {terms}", random=random)
    return str(caught.value)


@BOTH
def test_no_random_term_is_refused(model):
    assert "no random term was named" in refusal(model, survey(), "1", ())


@BOTH
def test_an_unknown_random_term_is_named_with_a_suggestion(model):
    said = refusal(model, survey(), "1", ("agnecy",))
    assert "there is no 'agnecy'" in said
    assert "Did you mean 'agency'" in said


@BOTH
def test_a_random_term_with_one_level_is_named(model):
    cells = survey().query("agency == 'A0'")
    said = refusal(model, cells, "year", ("agency",))
    assert "'agency' has a single level" in said
    assert "Leave 'agency' out of the random terms" in said


@BOTH
@pytest.mark.parametrize("fixed", ["agency", "agency:year"])
def test_a_term_that_is_fixed_already_is_named(model, fixed):
    said = refusal(model, survey(), fixed, ("agency",))
    assert f"'agency' is random, but the fixed term '{fixed}' already" in said


@BOTH
def test_a_term_named_twice_is_named(model):
    said = refusal(model, survey(), "1", ("agency:year", "year:agency"))
    assert "'year:agency' is named twice" in said


@BOTH
def test_terms_that_group_alike_are_named(model):
    cells = survey()
    said = refusal(model, cells.assign(board=cells["agency"].str.lower()), "1", ("agency", "board"))
    assert "'agency' and 'board' group the answers alike" in said


def test_one_category_used_is_named_with_item_agency_and_year():
    said = refusal(ordinal_mixed, survey().query("response == 2"), "1", ("agency",))
    assert "item trust, agency A0 to A5, year 2011 to 2012: model: all answers are in one" in said


def test_values_that_do_not_vary_are_refused():
    said = refusal(linear_mixed, survey().query("response == 2"), "1", ("agency",))
    assert "the values do not vary" in said


@BOTH
def test_nobody_answered_is_named(model):
    said = refusal(model, survey().assign(kind="dont_know"), "1", ("agency",))
    assert "item trust, agency A0 to A5, year 2011 to 2012: model: there are no answers" in said


@BOTH
def test_an_agency_without_a_name_is_refused(model):
    cells = survey()
    cells = cells.assign(agency=cells["agency"].where(cells["agency"] != "A1"))
    assert "'agency' is missing in 5 of 34 rows" in refusal(model, cells, "1", ("agency",))


@BOTH
@pytest.mark.parametrize("weight", [-1.0, np.nan])
def test_weights_that_are_none_are_refused(model, weight):
    cells = survey().assign(weight_sum=weight, weight_sq_sum=1.0)
    said = refusal(model, cells, "1", ("agency",), DataError)
    assert "'weight_sum' is " in said
    assert "in 34 of 34 cells, first for item trust, agency A0, year 2011" in said


def test_an_aliased_fixed_term_is_named():
    cells = survey()
    cells = cells.assign(round=cells["year"] - 2010)
    assert "round[2] cannot be told apart" in refusal(
        ordinal_mixed, cells, "year + C(round)", ("agency",)
    )


def test_agencies_that_separate_the_answers_give_no_estimate():
    cells = survey()
    cells = cells.assign(response=np.where(cells["agency"] < "A3", 1, 2)).drop(columns="score")
    said = refusal(ordinal_mixed, cells, "1", ("agency",), (DesignError, ConvergenceError))
    assert "mixed model" in said
    assert "merge" in said.lower()


def test_values_that_agencies_decide_leave_no_residual():
    cells = survey()
    cells = cells.assign(score=np.where(cells["agency"] < "A3", 0.0, 100.0))
    assert "do not vary within the levels of 'agency'" in refusal(
        linear_mixed, cells, "1", ("agency",)
    )


def test_a_level_for_every_answer_is_no_random_term():
    cells = survey().query("response == 2 and year == 2011").assign(n=1, score=np.arange(6.0))
    assert "'agency' has as many levels as there are answers (6)" in refusal(
        linear_mixed, cells, "1", ("agency",)
    )


def test_a_missing_value_of_the_outcome_is_refused():
    cells = survey()
    cells = cells.assign(score=cells["score"].where(cells["response"] != 2))
    said = refusal(linear_mixed, cells, "1", ("agency",), DataError)
    assert "'score' is no number in 12 of 34 cells, first for item trust, agency A0" in said


def test_an_unknown_outcome_is_named():
    with pytest.raises(DesignError, match="there is no 'scroe'"):
        linear_mixed.fit(survey(), "scroe ~ 1", random=("agency",))


@BOTH
def test_a_variance_of_zero_is_said(model):
    alike = (
        survey().query("year == 2011").assign(n=lambda d: d["response"].map({1: 9, 2: 20, 3: 9}))
    )
    cells = pd.concat([alike, alike.assign(year=2012, n=alike["n"] + alike["response"])])
    fit = model.fit(cells, "response ~ year", random=RANDOM)
    assert fit.singular == RANDOM
    assert (fit.sds == 0).all()
    assert (fit.effects == 0).all()
    assert "Singular: agency, agency:year got variance 0" in fit.summary()
    assert np.isfinite(fit.bse).all()


@BOTH
def test_a_variance_above_zero_is_not_called_singular(model):
    fit = model.fit(survey(), "response ~ year", random=("agency",))
    assert fit.singular == ()
    assert "Singular" not in fit.summary()


def test_probabilities_sum_to_one_and_give_the_score(fit):
    rows = survey()
    chance = fit.predict(rows)
    assert list(chance.columns) == [1, 2, 3]
    np.testing.assert_allclose(chance.sum(axis=1), 1.0, rtol=1e-12)
    score = fit.predict(rows, which="score")
    np.testing.assert_allclose(score, chance @ [0.0, 50.0, 100.0], rtol=1e-12)


def test_without_random_terms_agencies_are_alike(fit):
    score = fit.predict(survey(), which="score", random=())
    assert score[survey()["year"] == 2011].nunique() == 1


def test_modes_move_the_prediction_as_they_should(fit):
    both = pd.DataFrame({"agency": ["A0", "A1"], "year": [2011, 2011]})
    score = fit.predict(both, which="score")
    higher = fit.effects["agency[A1]"] > fit.effects["agency[A0]"]
    assert (score[1] > score[0]) == higher


def test_a_new_agency_is_a_middling_one_with_a_wider_interval(fit):
    rows = pd.DataFrame({"agency": ["A0", "new"], "year": [2011, 2011]})
    middling = fit.predict(rows, which="score", random=())
    intervals = fit.score_intervals(rows)
    np.testing.assert_allclose(intervals["estimate"][1], middling[1], rtol=1e-12)
    assert intervals["se"][1] > 2.0 * intervals["se"][0]
    assert (intervals["ci_low"] < intervals["estimate"]).all()
    assert (intervals["estimate"] < intervals["ci_high"]).all()


def test_a_fixed_level_that_is_new_is_refused(fit):
    with pytest.raises(DesignError, match="year '2020' is not among its levels"):
        fit.predict(pd.DataFrame({"agency": ["A0"], "year": [2020]}))


def test_an_unknown_random_term_to_predict_with_is_refused(fit):
    with pytest.raises(ParameterError, match="'agnecy' is no random term. Did you mean 'agency'"):
        fit.predict(survey(), random=("agnecy",))


def test_intervals_follow_the_joint_covariance():
    """Numerical gradient of the score by every parameter and effect, times the covariance."""
    fit = ordinal_mixed.fit(survey(), "response ~ year", random=("agency",))
    row = pd.DataFrame({"agency": ["A2"], "year": [2012]})
    names = [*fit.params.index, *fit.effects.index]
    at = np.concatenate([fit.params, fit.effects])

    def score(values):
        cuts, slope, effect = values[:2], values[2], values[names.index("agency[A2]")]
        chance = np.diff(1 / (1 + np.exp(slope + effect - cuts)), prepend=0.0, append=1.0)
        return chance @ fit.scores

    steps = 1e-6 * np.eye(at.size)
    gradient = np.array([(score(at + e) - score(at - e)) / 2e-6 for e in steps])
    se = np.sqrt(gradient @ fit.cov_joint().to_numpy() @ gradient)
    check(Agreement(got=fit.score_intervals(row)["se"].to_numpy(), want=np.array([se]), rtol=1e-7))


def test_a_simulated_survey_can_be_fitted_again(fit):
    rng = np.random.default_rng(5)
    again = fit.simulate(rng, effects="modes")
    assert again["n"].sum() == fit.nobs
    refit = ordinal_mixed.fit(again, "response ~ year", random=RANDOM)
    assert abs(refit.slopes.iloc[0] - fit.slopes.iloc[0]) < 4 * fit.bse.iloc[-1]


def test_simulated_units_are_new_unless_asked(fit):
    draws = [
        fit.simulate(np.random.default_rng(seed), effects=effects)
        for effects in ("new", "modes")
        for seed in range(20)
    ]
    means = [
        (d.assign(t=d["score"] * d["n"]).groupby("agency")["t"].sum()["A0"]) / 80 for d in draws
    ]
    assert np.std(means[:20]) > 2 * np.std(means[20:])


def test_a_category_that_hardly_anybody_used_spoils_no_error():
    """Two thresholds nearly coincide; the other errors are those without the category."""
    many = survey().assign(n=lambda d: 100_000 * d["n"])
    rare = pd.concat([many, many.iloc[[1]].assign(response=2.5, score=75.0, n=1)])
    plain, with_it = (
        ordinal_mixed.fit(c, "response ~ year", random=("agency",)) for c in (many, rare)
    )
    got, want = with_it.bse[["1|2", "year[2012]"]], plain.bse[["1|2", "year[2012]"]]
    check(Agreement(got=got.to_numpy(), want=want.to_numpy(), rtol=1e-4))
    check(
        Agreement(got=with_it.bse.iloc[[1, 2]].to_numpy(), want=plain.bse.iloc[[1, 1]], rtol=1e-4)
    )


def test_variance_components_have_intervals_that_hold_them(fit):
    fit = ordinal_mixed.fit(survey(), "response ~ year", random=("agency",))
    row = fit.variance_components().loc["agency"]
    assert 0 < row["ci_low"] < row["sd"] < row["ci_high"]
    assert row["levels"] == 6


def test_effects_are_listed_in_the_order_asked_for():
    fit = ordinal_mixed.fit(survey(), "response ~ 1", random=("agency", "agency:year"))
    listed = fit.random_effects()
    assert list(listed["term"].unique()) == ["agency", "agency:year"]
    assert (listed["se"] >= listed["conditional_se"]).all()
    np.testing.assert_allclose(listed["mode"], fit.effects[listed.index])


def test_weighted_answers_say_so(fit):
    cells = survey()
    square = cells["n"] * (7.0 + cells["response"])
    heavy = cells.assign(weight_sum=2.0 * cells["n"], weight_sq_sum=square)
    weighted = ordinal_mixed.fit(heavy, "response ~ year", random=("agency",))
    assert weighted.weighted
    assert "Weighted" in weighted.summary()
    assert "Weighted" not in fit.summary()


def test_effective_size_decides_the_errors():
    cells = survey()
    half = cells.assign(weight_sum=2.0 * cells["n"], weight_sq_sum=8.0 * cells["n"])
    plain, light = (
        ordinal_mixed.fit(c, "response ~ year", random=("agency",)) for c in (cells, half)
    )
    ratio = light.bse["year[2012]"] / plain.bse["year[2012]"]
    check(Agreement(got=np.array([ratio]), want=np.array([np.sqrt(2.0)]), rtol=0.02))


def clustered(seed=1):
    """Answers of 12 respondents in each of 10 PSUs in each of 8 strata (agencies)."""
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product(
        [[f"A{a}" for a in range(8)], range(10), range(12)], names=["agency", "psu", "who"]
    ).to_frame(index=False)
    shared = rng.normal(0, 1.0, 80)[rows.index // 12]
    grades = np.searchsorted([-1.0, 1.0], rng.logistic(size=len(rows)) + shared) + 1
    rows = rows.assign(response=grades, group=np.where(rows["psu"] < 5, "x", "y"), n=1)
    return rows.groupby(["agency", "psu", "group", "response"])["n"].sum().reset_index()


def test_bootstrap_of_psus_sees_the_clusters():
    cells = clustered()
    fit = ordinal_mixed.fit(cells, "response ~ group", random=("agency",))
    replicates = ordinal_mixed.bootstrap(
        cells, fit, sampling=BY_AGENCY, rng=np.random.default_rng(2), replicates=40
    )
    assert list(replicates.columns) == [*fit.params.index, "sd[agency]"]
    ratio = replicates.std()["group[y]"] / fit.bse["group[y]"]
    assert 1.2 < ratio < 2.6  # the design effect of the clusters is about 3


def test_bootstrap_is_reproducible():
    cells = clustered()
    fit = ordinal_mixed.fit(cells, "response ~ group", random=("agency",))
    one, two = (
        ordinal_mixed.bootstrap(
            cells, fit, sampling=BY_AGENCY, rng=np.random.default_rng(7), replicates=2
        )
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, two)


def test_linear_predictions_add_up():
    fit = linear_mixed.fit(survey(), "score ~ year", random=("agency",))
    row = pd.DataFrame({"agency": ["A2", "new"], "year": [2012, 2012]})
    mean = fit.params["intercept"] + fit.params["year[2012]"]
    np.testing.assert_allclose(fit.predict(row), [mean + fit.effects["agency[A2]"], mean])
    np.testing.assert_allclose(fit.predict(row, random=()), [mean, mean])


def test_linear_simulation_has_the_spread_of_the_model():
    fit = linear_mixed.fit(survey(n=400), "score ~ year", random=("agency",))
    again = fit.simulate(np.random.default_rng(1), effects="modes")
    assert again["n"].sum() == fit.nobs
    refit = linear_mixed.fit(again, "score ~ year", random=("agency",))
    assert abs(refit.family.sigma / fit.family.sigma - 1) < 0.05


def test_balanced_one_way_layout_has_the_closed_form():
    """ANOVA estimates are REML in a balanced one-way layout."""
    rng = np.random.default_rng(4)
    y = rng.normal(0, 2.0, 8)[:, None] + rng.normal(0, 3.0, (8, 15))
    cells = pd.DataFrame({"agency": np.repeat(np.arange(8), 15), "score": y.ravel(), "n": 1})
    fit = linear_mixed.fit(cells, "score ~ 1", random=("agency",))
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / (8 * 14)
    between = 15 * y.mean(axis=1).var(ddof=1)
    want = np.array([(between - within) / 15, within, np.sqrt(between / 120), y.mean()])
    got = np.array([*fit.variances, fit.bse.iloc[0], fit.params.iloc[0]])
    check(Agreement(got=got, want=want, rtol=1e-6))

"""Cumulative link models where they cannot be fitted, and what a fit can be asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.errors import ConvergenceError, DataError, DesignError
from betyg.stats import formula, ordinal, ordinal_cells, ordinal_design, ordinal_solver


def cells_of(answers, **columns):
    """Cells from (agency, response, n), with further columns."""
    frame = pd.DataFrame(answers, columns=["agency", "response", "n"])
    return frame.assign(item="overall", year=2012, **columns)


EVEN = [("A", 1, 5), ("A", 2, 6), ("A", 3, 4), ("B", 1, 2), ("B", 2, 5), ("B", 3, 9)]


def test_two_categories_are_a_logistic_regression():
    fit = ordinal.fit(
        cells_of([("A", 1, 30), ("A", 2, 10), ("B", 1, 20), ("B", 2, 20)]), "response ~ agency"
    )
    assert fit.thresholds["1|2"] == pytest.approx(np.log(3))
    assert fit.slopes["agency[B]"] == pytest.approx(np.log(3))
    assert fit.bse["agency[B]"] == pytest.approx(np.sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20))


def test_without_terms_the_fit_is_the_distribution():
    fit = ordinal.fit(cells_of(EVEN), "response ~ 1")
    share = fit.predict(pd.DataFrame(index=[0])).to_numpy()[0]
    np.testing.assert_allclose(share, np.array([7, 11, 13]) / 31, rtol=1e-9)
    assert fit.loglike == pytest.approx(np.array([7, 11, 13]) @ np.log(np.array([7, 11, 13]) / 31))


def test_the_result_speaks_statsmodels():
    fit = ordinal.fit(cells_of(EVEN), "response ~ agency")
    assert list(fit.params.index) == ["1|2", "2|3", "agency[B]"]
    np.testing.assert_allclose(fit.bse**2, np.diag(fit.cov_params()))
    interval = fit.conf_int()
    np.testing.assert_allclose(interval.mean(axis=1), fit.params)
    np.testing.assert_allclose((interval["ci_high"] - fit.params) / fit.bse, 1.959964, rtol=1e-6)
    assert fit.aic == pytest.approx(-2 * fit.loglike + 6)
    assert fit.bic == pytest.approx(-2 * fit.loglike + 3 * np.log(31))
    assert fit.nobs == 31
    assert (fit.pvalues < 0.2)["agency[B]"]
    assert "agency[B]" in fit.summary()
    assert "inverse information" in fit.summary()


def test_the_expected_score_is_between_the_ends_and_higher_for_better_agencies():
    fit = ordinal.fit(cells_of(EVEN, score=[0, 50, 100] * 2), "response ~ agency")
    score = fit.predict(pd.DataFrame({"agency": ["A", "B"]}), which="score")
    assert 0 < score[0] < score[1] < 100
    probability = fit.predict(pd.DataFrame({"agency": ["A", "B"]}))
    np.testing.assert_allclose(probability.to_numpy() @ [0, 50, 100], score)


def test_an_unknown_level_is_named():
    fit = ordinal.fit(cells_of(EVEN), "response ~ agency")
    with pytest.raises(DesignError, match=r"agency 'C' is not among its levels \(A, B\)"):
        fit.predict(pd.DataFrame({"agency": ["C"]}))


def test_one_category_is_refused_and_the_item_named():
    with pytest.raises(DesignError, match="item overall, agency A to B, year 2012: model: all ans"):
        ordinal.fit(cells_of([("A", 3, 4), ("B", 3, 4)]), "response ~ agency")


@pytest.mark.parametrize("kind", ["dont_know", "no_answer"])
def test_nobody_answered(kind):
    with pytest.raises(DesignError, match="item overall, agency A to B, year 2012: model: there"):
        ordinal.fit(cells_of(EVEN, kind=kind), "response ~ agency")


def test_no_cells_at_all():
    with pytest.raises(DesignError, match="there are no answers"):
        ordinal.fit(cells_of([]), "response ~ agency")


def test_missing_answers_are_left_out_and_counted():
    silent = pd.concat([cells_of(EVEN, kind="answer"), cells_of([("A", 0, 12)], kind="dont_know")])
    fit = ordinal.fit(silent, "response ~ agency")
    plain = ordinal.fit(cells_of(EVEN), "response ~ agency")
    np.testing.assert_allclose(fit.params, plain.params)
    assert (fit.n_missing, plain.n_missing) == (12, 0)


def test_an_unused_category_is_no_threshold():
    fit = ordinal.fit(cells_of([(a, 2 * r, n) for a, r, n in EVEN]), "response ~ agency")
    assert list(fit.thresholds.index) == ["2|4", "4|6"]


def test_one_agency_is_refused_with_a_remedy():
    with pytest.raises(DesignError, match="agency has the single value A.*Leave 'agency' out"):
        ordinal.fit(cells_of(EVEN[:3]), "response ~ agency")


def test_an_unknown_term_is_named():
    with pytest.raises(DesignError, match="there is no 'agencies'. Did you mean 'agency'"):
        ordinal.fit(cells_of(EVEN), "response ~ agencies")


@pytest.mark.parametrize(("end", "word"), [(1, "lowest"), (3, "highest")])
@pytest.mark.parametrize("who", ["A", "C"])
def test_an_agency_with_three_answers_at_one_end_is_named(who, end, word):
    others = [(a, r, n) for a, r, n in [*EVEN, ("C", 2, 3)] if a != who]
    with pytest.raises(
        DesignError, match=rf"agency {who}: all answers .weight 3. are in the {word}"
    ):
        ordinal.fit(cells_of([*others, (who, end, 3)]), "response ~ agency")


def test_three_answers_in_the_middle_are_fitted():
    fit = ordinal.fit(cells_of([*EVEN, ("C", 2, 3)]), "response ~ agency")
    assert np.isfinite(fit.bse["agency[C]"])


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_separation_that_no_single_level_shows_is_an_error_too(link):
    rows = [
        ("A", "x", 1, 5), ("A", "y", 1, 4), ("A", "y", 2, 6),
        ("B", "x", 1, 3), ("B", "x", 2, 7), ("B", "y", 2, 5),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["agency", "group", "response", "n"])
    with pytest.raises((DesignError, ConvergenceError), match="separate"):
        ordinal.fit(frame, "response ~ agency + group", link=link)


def test_terms_that_cannot_be_told_apart_are_named():
    with pytest.raises(DesignError, match=r"group\[b\] cannot be told apart"):
        ordinal.fit(cells_of(EVEN, group=["a"] * 3 + ["b"] * 3), "response ~ agency + group")


def test_agencies_that_no_activity_connects_are_named():
    rows = [(a, k, r, 3 + r) for a, k in (("A", "x"), ("B", "x"), ("C", "y"), ("D", "y"))
            for r in (1, 2, 3)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["agency", "activity", "response", "n"])
    with pytest.raises(DesignError, match=r"activity\[y\] cannot be told apart"):
        ordinal.fit(frame, "response ~ agency + activity")


def test_an_interaction_beside_one_main_effect_is_an_effect_within_its_levels():
    within = ordinal.fit(crossed(), "response ~ agency + agency:year")
    both = ordinal.fit(crossed(), "response ~ agency * year")
    assert list(within.slopes.index)[1:] == ["agency[A]:year[2012]", "agency[B]:year[2012]"]
    assert within.loglike == pytest.approx(both.loglike, abs=1e-9)
    own = both.slopes["year[2012]"]
    assert within.slopes["agency[A]:year[2012]"] == pytest.approx(own, abs=1e-7)


def crossed():
    rows = [
        (a, t, r, 2 + (i * r + j) % 5)
        for i, a in enumerate("AB")
        for j, t in enumerate((2011, 2012))
        for r in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=["agency", "year", "response", "n"])


def test_an_interaction_alone_is_the_same_model_as_with_both_main_effects():
    alone = ordinal.fit(crossed(), "response ~ agency:year")
    both = ordinal.fit(crossed(), "response ~ agency + year + agency:year")
    assert alone.loglike == pytest.approx(both.loglike, abs=1e-9)
    where = alone.patterns[["agency", "year"]]
    np.testing.assert_allclose(alone.predict(where), both.predict(where), rtol=1e-7)


def test_a_combination_that_never_occurred_is_not_predicted():
    some = crossed().query("not (agency == 'B' and year == 2012)")
    fit = ordinal.fit(some, "response ~ agency:year")
    with pytest.raises(DesignError, match="agency B, year 2012 together"):
        fit.predict(pd.DataFrame({"agency": ["B"], "year": [2012]}))


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_impossible_weights_are_refused(bad):
    weight = np.array([5.0, 6, 4, 2, 5, bad])
    with pytest.raises(DataError, match="'weight_sum' is .* in 1 of 6 cells, first for .*agency B"):
        ordinal.fit(cells_of(EVEN, weight_sum=weight, weight_sq_sum=weight), "response ~ agency")


def test_weights_of_zero_are_nobody():
    with pytest.raises(DesignError, match="no answers with a weight above zero"):
        ordinal.fit(cells_of(EVEN, weight_sum=0.0, weight_sq_sum=0.0), "response ~ agency")


def test_weights_that_are_all_alike_are_no_weights():
    n = np.array([n for _, _, n in EVEN], dtype=float)
    fit = ordinal.fit(cells_of(EVEN, weight_sum=3 * n, weight_sq_sum=9 * n), "response ~ agency")
    plain = ordinal.fit(cells_of(EVEN), "response ~ agency")
    assert not fit.robust
    np.testing.assert_allclose(fit.covariance, plain.covariance)


def test_counts_made_from_rounded_shares_are_no_weights():
    n = np.array([n for _, _, n in EVEN], dtype=float) + [0.4, -0.4, 0.0, 0.3, -0.3, 0.1]
    assert not ordinal.fit(
        cells_of(EVEN, weight_sum=n, weight_sq_sum=n), "response ~ agency"
    ).robust


def test_each_agency_year_keeps_its_own_effective_size():
    n = np.array([n for _, _, n in EVEN], dtype=float)
    heavy = np.where(np.arange(6) < 3, 100.0, 1.0)  # agency A: a hundred times the weight
    weighted = cells_of(EVEN, weight_sum=heavy * n, weight_sq_sum=heavy**2 * n)
    local = ordinal.fit(weighted, "response ~ agency")
    np.testing.assert_allclose(local.patterns["weight"], [15.0, 16.0])
    pooled = ordinal.fit(weighted, "response ~ agency", scale_within=())
    assert pooled.patterns["weight"][0] == pytest.approx(
        100 * pooled.patterns["weight"][1] * 15 / 16
    )


def test_numbers_are_ordered_by_size_and_codes_as_the_codebook_has_them():
    frame = cells_of(EVEN)
    frame["agency"] = pd.Categorical(frame["agency"], categories=["B", "unused", "A"])
    assert ordinal.fit(frame, "response ~ agency").slopes.index[0] == "agency[A]"
    assert ordinal_design.observed_levels(pd.Series([10, 9, 10])) == (9, 10)


def test_an_index_is_an_ordered_answer_too():
    rng = np.random.default_rng(4)
    values = np.round(rng.normal(60, 20, 300).clip(0, 100) * 27 / 100) * 100 / 27
    frame = pd.DataFrame({"agency": rng.choice(["A", "B"], 300), "response": values, "n": 1})
    cells = frame.assign(response=frame["response"] + 4 * (frame["agency"] == "B"))
    cells = cells.assign(score=cells["response"].clip(0, 100))
    fit = ordinal.fit(
        cells.groupby(["agency", "response", "score"], as_index=False).sum(), "response ~ agency"
    )
    assert fit.categories.size > 25
    assert fit.slopes["agency[B]"] > 0


def test_iterations_that_do_not_end_are_an_error(monkeypatch):
    monkeypatch.setattr(ordinal_solver, "MAX_ITERATIONS", 1)
    with pytest.raises(ConvergenceError, match="did not end in 1 steps"):
        ordinal.fit(cells_of(EVEN), "response ~ agency")


def test_a_start_far_away_is_halved_back():
    """A level of one answer in ten thousand at the far end still converges."""
    rows = [("A", 1, 9000), ("A", 2, 900), ("A", 3, 100), ("B", 1, 1), ("B", 2, 1), ("B", 3, 5000)]
    fit = ordinal.fit(cells_of(rows), "response ~ agency")
    assert fit.slopes["agency[B]"] > 8
    assert fit.bse["agency[B]"] < 2


@pytest.mark.parametrize("n", [60, 2000])
@pytest.mark.parametrize("link", ["logit", "probit"])
def test_newton_stops_only_where_a_further_step_would_change_nothing(link, n):
    rng = np.random.default_rng(n)
    agency, group = rng.integers(0, 4, n), rng.integers(0, 3, n)
    grade = np.searchsorted([-1.0, 0.2, 1.1], 0.6 * agency - 0.8 * group + rng.logistic(size=n))
    cells = pd.DataFrame({"agency": agency, "group": group, "response": grade + 1.0, "n": 1})
    model = formula.read("response ~ agency + group", cells)
    asked = {"scale_within": (), "sampling": ordinal.Sampling()}
    answers = ordinal_cells.answers_of(cells, model, **asked)
    _, at = ordinal_solver.maximise(answers.counts, answers.patterns, link)
    score = ordinal_solver.gradient(at, answers.patterns)
    step = ordinal_solver.solve(ordinal_solver.information(at, answers.patterns), score)
    assert score @ step < 1e-17, "3e-9 of a standard error"

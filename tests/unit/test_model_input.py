"""Data that cannot carry a model: what is wrong, where, and what to do, and never a warning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.errors import ConvergenceError, DataError, DesignError, SurveyError
from betyg.stats import comparison, linear_mixed, ordinal, ordinal_mixed
from betyg.stats.ordinal_sandwich import Sampling

ALL = "item trust, agency A to E, year 2011 to 2012: "
MODELS = {
    "ordinal": lambda c: ordinal.fit(c, "response ~ agency + year"),
    "mixed": lambda c: ordinal_mixed.fit(c, "response ~ year", random=("agency",)),
    "linear": lambda c: linear_mixed.fit(c, "score ~ year", random=("agency",)),
}
EVERY = pytest.mark.parametrize("model", MODELS)


def survey(agencies="ABCDE", years=(2011, 2012), n=40):
    """Cells of four grades, two groups; agencies differ."""
    rng = np.random.default_rng(6)
    rows = [
        (agency, year, group, grade + 1, count)
        for at, agency in enumerate(agencies)
        for year in years
        for group in ("firm", "person")
        for grade, count in enumerate(
            np.bincount(
                np.searchsorted([-1.0, 0.0, 1.2], rng.logistic(size=n) + 0.5 * (at - 2)),
                minlength=4,
            )
        )
    ]
    frame = pd.DataFrame(rows, columns=["agency", "year", "group", "response", "n"])
    return frame.assign(item="trust", kind="answer", score=100 * (frame["response"] - 1) / 3)


def with_three(grade):
    """Agency E has three answers in all."""
    kept = survey().query("agency != 'E'")
    three = kept.iloc[[0]].assign(agency="E", response=grade, score=100 * (grade - 1) / 3, n=3)
    return pd.concat([kept, three], ignore_index=True)


def said(model, cells, error=DesignError):
    """Return the message; pytest makes an error of every warning."""
    with pytest.raises(error) as caught:
        MODELS[model](cells)
    assert isinstance(caught.value, SurveyError)
    return str(caught.value)


@EVERY
def test_one_agency(model):
    text = said(model, survey("A"))
    assert text.startswith("item trust, agency A, year 2011 to 2012: ")
    assert ("agency has the single value A" in text) == (model == "ordinal")
    assert ("'agency' has a single level" in text) == (model != "ordinal")
    assert "Leave 'agency' out of the" in text


@EVERY
def test_one_year(model):
    text = said(model, survey(years=(2011,)))
    assert text.startswith("item trust, agency A to E, year 2011: ")
    assert "year has the single value 2011" in text
    assert "Leave 'year' out of the terms." in text


@EVERY
def test_one_category_is_used(model):
    text = said(model, survey().query("response == 2"))
    assert text.startswith(ALL)
    told = {"linear": "the values do not vary"}.get(model, "all answers are in one category (2)")
    assert told in text
    assert "Leave the item out" in text


def test_an_agency_with_three_answers_at_the_end_has_no_effect_of_its_own():
    text = said("ordinal", with_three(4))
    assert text.startswith(ALL)
    assert "agency E: all answers (weight 3) are in the highest category" in text
    assert "Merge the level with a neighbour, or leave it out." in text


@pytest.mark.parametrize("model", ["mixed", "linear"])
def test_an_agency_with_three_answers_borrows_from_the_others(model):
    effects = MODELS[model](with_three(4)).random_effects()
    assert effects["se"]["agency[E]"] == effects["se"].max()
    assert np.isfinite(effects.drop(columns="term").to_numpy()).all()


@pytest.mark.parametrize("model", MODELS)
def test_an_agency_with_three_answers_in_the_middle_is_fitted(model):
    assert np.isfinite(MODELS[model](with_three(2)).bse).all()


@EVERY
def test_perfect_separation(model):
    high = survey()["agency"] > "B"
    cells = survey().assign(response=np.where(high, 2, 1), score=np.where(high, 100.0, 0.0))
    text = said(model, cells, (DesignError, ConvergenceError))
    assert text.startswith(ALL)
    assert {
        "ordinal": "agency A: all answers (weight 160) are in the lowest category",
        "mixed": "the answers separate agency: there is no finite estimate. Merge the level",
        "linear": "the values do not vary within the levels of 'agency'",
    }[model] in text


@EVERY
def test_all_weights_are_zero(model):
    text = said(model, survey().assign(weight_sum=0.0, weight_sq_sum=0.0))
    assert text == ALL + "model: there are no answers with a weight above zero. Leave the item out."


@EVERY
@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"weight_sum": -1.0, "weight_sq_sum": 1.0}, "'weight_sum' is negative"),
        ({"weight_sum": np.nan, "weight_sq_sum": 1.0}, "'weight_sum' is no number"),
        ({"weight_sum": 1.0, "weight_sq_sum": np.inf}, "'weight_sq_sum' is no number"),
        (
            {"weight_sum": 9.0, "weight_sq_sum": 0.0},
            "'weight_sq_sum' is zero in 80 cells",
        ),
    ],
)
def test_weights_that_cannot_be(model, weights, told):
    text = said(model, survey().assign(n=2, **weights), DataError)
    assert text.startswith(ALL)
    assert told in text
    assert "first for item trust, agency A, year 2011. " in text


@EVERY
def test_squares_of_weights_are_needed(model):
    text = said(model, survey().assign(weight_sum=1.0))
    assert "there is no 'weight_sq_sum'" in text


@EVERY
@pytest.mark.parametrize("column", ["n", "response", "score"])
@pytest.mark.parametrize("value", [np.nan, np.inf, "much"])
def test_numbers_that_are_none(model, column, value):
    if model == "linear" and column == "response":
        column = "score"
    text = said(model, survey().assign(**{column: value}), DataError)
    assert text.startswith(ALL)
    assert f"'{column}' is no number in 80 of 80 cells, first for item trust, agency A" in text
    assert "Mend those cells, leave them out, or mark them in 'kind' as no answer." in text


@EVERY
def test_a_negative_number_of_answers(model):
    assert "'n' is negative in 80 of 80 cells" in said(model, survey().assign(n=-1), DataError)


@EVERY
def test_nan_everywhere(model):
    cells = survey()
    text = said(model, cells.assign(**dict.fromkeys(cells.columns, np.nan)), DataError)
    assert "'n' is no number in 80 of 80 cells" in text


@EVERY
@pytest.mark.parametrize("role", ["agency", "year"])
def test_a_role_with_gaps(model, role):
    cells = survey()
    text = said(model, cells.assign(**{role: cells[role].where(cells.index > 3)}))
    assert f"'{role}' is missing in 4 of 80 rows" in text


@EVERY
def test_no_cells(model):
    assert "there are no answers" in said(model, survey().iloc[:0])


@EVERY
@pytest.mark.parametrize("column", ["agency", "n"])
def test_a_column_that_is_not_there(model, column):
    assert f"there is no '{column}'" in said(model, survey().drop(columns=column))


@EVERY
def test_agencies_of_two_kinds_of_code_do_not_stop_the_model(model):
    cells = survey()
    cells["agency"] = cells["agency"].map(lambda a: 1 if a == "A" else a)
    assert np.isfinite(MODELS[model](cells).bse).all()


def test_a_stratum_with_one_psu_is_centred_at_the_mean_of_all():
    """As R's survey.lonely.psu = "adjust": it adds to the variance, and is no error."""
    cells = survey().assign(psu=lambda d: d.groupby("agency").cumcount() % 8)
    lonely = cells.assign(psu=cells["psu"].where(cells["agency"] != "C", 0))
    sampling = Sampling(stratum="agency", psu="psu")
    fit = ordinal.fit(lonely, "response ~ agency + group", sampling=sampling)
    assert (fit.bse > 0).all()


def test_one_psu_in_all():
    with pytest.raises(DesignError, match="there is one primary sampling unit in all"):
        ordinal.fit(survey().assign(psu=1), "response ~ agency", sampling=Sampling(psu="psu"))


def test_strata_that_all_have_one_psu_have_nothing_to_draw_from():
    cells = survey().assign(psu=lambda d: d["agency"])
    fit = MODELS["mixed"](cells)
    with pytest.raises(DesignError, match="every stratum has one primary sampling unit"):
        ordinal_mixed.bootstrap(
            cells,
            fit,
            sampling=Sampling(stratum="agency", psu="psu"),
            rng=np.random.default_rng(1),
        )


def test_a_variance_of_zero_is_an_estimate_with_a_note():
    alike = pd.concat([survey("C").assign(agency=agency) for agency in "ABCDE"])
    for model in ("mixed", "linear"):
        fit = MODELS[model](alike)
        assert fit.singular == ("agency",)
        assert "Singular: agency got variance 0" in fit.summary()
        assert fit.variances["agency"] == 0.0


def compared(cells, **settings):
    study = simulated.study(
        items={"trust": 4},
        agencies="ABCDE",
        groups=("firm", "person"),
        compare={"outcome": "trust", "adjust_for": ("group",)},
        **settings,
    )
    activity = pd.Categorical(["none"] * len(cells))
    return comparison.compare(cells.assign(activity=activity), study)


def test_comparison_of_one_agency_is_one_of_its_years():
    table = compared(survey("A")).table
    assert set(table["agency"].astype(str)) == {"all"}  # the mean of all agencies is the agency


def test_comparison_in_one_year_is_one_of_agencies():
    table = compared(survey(years=(2011,))).table
    assert (table["agency"].astype(str).value_counts()[list("ABCDE")] >= 1).all()
    assert np.isfinite(table["se"]).all()


def test_comparison_of_one_agency_in_one_year_says_that_there_is_none():
    found = compared(survey("A", years=(2011,)))
    assert found.table.empty
    assert "there is nothing to compare" in found.summary()


def test_comparison_leaves_an_agency_with_three_answers_out_and_says_so():
    found = compared(with_three(4))
    assert found.left_out[["agency", "n"]].astype(str).to_numpy().tolist() == [["E", "3"]]
    assert "E" not in set(found.table["agency"].astype(str))


@pytest.mark.parametrize(
    ("cells", "error", "told"),
    [
        (
            survey().query("response == 2"),
            DesignError,
            "no agency can be placed by 'trust' in any year: all gave one answer (10)",
        ),
        (survey().assign(kind="dont_know"), DesignError, "nobody answered 'trust'"),
        (
            survey().assign(weight_sum=0.0, weight_sq_sum=0.0),
            DesignError,
            ALL + "model: there are no answers with a weight above zero",
        ),
        (
            survey().assign(weight_sum=-1.0, weight_sq_sum=1.0),
            DataError,
            ALL + "model: 'weight_sum' is negative in 80 of 80 cells",
        ),
        (
            survey().assign(response=np.nan),
            DataError,
            "'response' is missing in 80 of 80 cells of answers to 'trust'",
        ),
        (survey().assign(n=np.nan), DataError, "'n' is missing in 80 of 80 cells"),
        (survey().assign(agency=np.nan), DataError, "'agency' is missing in 80 of 80 cells"),
        (survey().iloc[:0], DesignError, "nobody answered 'trust'"),
    ],
)
def test_comparison_of_what_cannot_be_compared(cells, error, told):
    with pytest.raises(error) as caught:
        compared(cells)
    assert told in str(caught.value)

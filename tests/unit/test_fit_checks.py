"""The table of checks: what it says of sound, spoilt and impossible input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.errors import DesignError
from betyg.stats import classes, comparison, fit_checks, ordinal

AGENCIES, YEARS, GROUPS = [*"ABCD"], [2011, 2012], [*"xy"]
CUTS = np.array([-1.5, -0.3, 0.4, 1.6])


def respondents(*, size=60, spread=None, agencies=AGENCIES, years=YEARS):
    rng = np.random.default_rng(23)
    index = pd.MultiIndex.from_product([agencies, years, GROUPS], names=["agency", "year", "group"])
    frame = index.to_frame(index=False)
    frame = frame.iloc[np.repeat(np.arange(len(frame)), size)].reset_index(drop=True)
    eta = frame["agency"].map({"A": 0.0, "B": 0.5, "C": -0.4, "D": 0.1}).to_numpy()
    scale = np.where(frame["agency"] == "B", spread or 1.0, 1.0)
    for item in ("q1", "q2"):
        latent = eta + scale * rng.logistic(size=len(frame))
        frame[item] = 1.0 + np.searchsorted(CUTS, latent)
    return frame


def study(**changes):
    given = {
        "items": {"q1": 5, "q2": 5},
        "agencies": AGENCIES,
        "groups": GROUPS,
        "compare": {"outcome": "q1", "adjust_for": ["group"]},
    }
    return simulated.study(**(given | changes))


INDEX = {
    "indices": {"index": ("q1", "q2")},
    "compare": {"outcome": "index", "adjust_for": ["group"]},
}


def cells_of(frame, survey):
    return simulated.cells_of(simulated.respondents(frame, survey), survey)


def test_every_term_and_the_distribution_is_checked_for_the_index_and_its_questions():
    survey = study(**INDEX)
    found = fit_checks.table(cells_of(respondents(), survey), survey)
    assert tuple(found.columns) == fit_checks.COLUMNS
    terms = [*["agency", "year", "group"] * 2, "", "agency:year"]
    for item in ("index", "q1", "q2"):
        own = found[found["item"] == item]
        assert own["term"].tolist() == terms
        assert own["check"].tolist() == ["proportional"] * 3 + ["spread"] * 3 + ["distribution"] * 2
    assert set(found["verdict"]) <= {"not_seen", "small"}
    assert (found["n"] == 960).all() and (found.loc[found["pairs"] > 0, "pairs"] == 6).all()
    assert found["statistic"].notna().all() and found["p_value"].between(0, 1).all()


def test_a_planted_spread_is_found_and_weighed():
    survey = study()
    cells = cells_of(respondents(size=900, spread=3.0), survey)
    found = fit_checks.table(cells, survey).set_index(["check", "term"])
    row = found.loc["spread", "agency"]
    assert row["level"] == "B" and row["p_value"] < 1e-50
    margin = fit_checks.table(cells, study(compare={"outcome": "q1", "margin": row["size"] - 0.1}))
    assert row["verdict"] == "small"
    assert margin.set_index(["check", "term"]).loc["spread", "agency"]["verdict"] == "matters"
    assert found.loc["distribution", "agency:year"]["verdict"] == "small"
    assert found.loc["distribution", "agency:year"]["level"] == "B"


def test_observed_shares_stand_beside_expected_ones():
    survey = study(**INDEX)
    found = fit_checks.shares(cells_of(respondents(), survey), survey)
    assert set(found["item"]) == {"index", "q1", "q2"}
    sums = found.groupby(["item", "agency"], observed=True)[["observed", "expected"]].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-9)


@pytest.mark.parametrize(
    ("agencies", "years", "terms"),
    [(["A"], YEARS, {"year", "group", ""}), (AGENCIES, [2012], {"agency", "group", ""})],
)
def test_with_one_agency_or_one_year_the_rest_is_checked(agencies, years, terms):
    survey = study()
    found = fit_checks.table(cells_of(respondents(agencies=agencies, years=years), survey), survey)
    assert set(found["term"]) == terms


def test_one_agency_in_one_year_gives_no_rows_but_the_columns():
    survey = study()
    cells = cells_of(respondents(agencies=["A"], years=[2012]), survey)
    found = fit_checks.table(cells, survey)
    assert len(found) == 0 and tuple(found.columns) == fit_checks.COLUMNS
    assert found["p_value"].dtype == "float64" and found["verdict"].dtype == "str"
    assert len(fit_checks.shares(cells, survey)) == 0


@pytest.mark.parametrize("spoilt", [np.nan, 3.0], ids=["nobody answered", "one category"])
def test_a_question_without_a_model_says_so_and_the_others_are_checked(spoilt):
    survey = study(**INDEX)
    found = fit_checks.table(cells_of(respondents().assign(q2=spoilt), survey), survey)
    assert found.loc[found["item"] == "q2", ["check", "verdict"]].values.tolist() == [
        ["model", "not_checked"]
    ]
    assert (found["item"] == "q1").sum() == 8


def test_published_values_have_no_answers_to_check():
    survey = study(kind="published")
    found = fit_checks.table(pd.DataFrame(), survey)
    assert len(found) == 0 and tuple(found.columns) == fit_checks.COLUMNS


def test_merged_classes_are_few_enough_and_keep_order_mean_and_slopes():
    survey = study()
    chosen = comparison.comparable(cells_of(respondents(size=12), survey), survey)
    merged = classes.merge(chosen.cells, ("agency", "year"))
    assert merged["n"].sum() == 192
    mean = [np.average(frame["score"], weights=frame["n"]) for frame in (chosen.cells, merged)]
    np.testing.assert_allclose(mean[0], mean[1], rtol=1e-12)
    share = merged.groupby("response")["n"].sum() / 192
    smallest = merged.groupby("agency", observed=True)["n"].sum().min()
    assert share.min() * smallest >= classes.EXPECTED
    assert merged.groupby("response")["score"].nunique().eq(1).all()
    many = pd.DataFrame({"agency": "A", "response": np.arange(101.0), "n": 50})
    fine = classes.merge(many.assign(score=many["response"]), ("agency",))
    assert 8 <= fine["response"].nunique() <= classes.MOST_CLASSES


def test_slopes_hardly_move_when_categories_are_merged():
    survey = study()
    chosen = comparison.comparable(cells_of(respondents(size=400), survey), survey)
    two = chosen.cells.assign(response=np.where(chosen.cells["response"] > 3, 4.0, 1.0), score=0.0)
    fits = [
        ordinal.fit(cells.drop(columns="score"), "response ~ agency + year + group")
        for cells in (chosen.cells, two)
    ]
    difference = fits[0].slopes - fits[1].slopes
    assert (difference.abs() < 3.0 * fits[1].bse[difference.index]).all()


def test_two_categories_show_neither_assumption_and_are_said_not_to_be_checked():
    survey = study()
    frame = respondents()
    found = fit_checks.table(cells_of(frame.assign(q1=1.0 + (frame["q1"] > 3)), survey), survey)
    dropped = found[found["check"] != "distribution"]
    assert (dropped["verdict"] == "not_checked").all() and dropped["size"].isna().all()
    assert len(dropped) == 6 and (found["classes"] == 2).all()


def test_an_outcome_that_nobody_answered_is_named():
    survey = study()
    frame = respondents().assign(q1=np.nan)
    with pytest.raises(DesignError, match="nobody answered 'q1'"):
        comparison.compare(cells_of(frame, survey), survey)
    found = fit_checks.table(cells_of(frame, survey), survey)
    assert found[["item", "check", "verdict"]].values.tolist() == [["q1", "model", "not_checked"]]

"""Standardised predictions: the mix, what is extrapolated, and what cannot be asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.errors import DesignError, ParameterError
from betyg.stats import ordinal, standardise


def cells_of(pairs, seed=1):
    """Cells in which agencies were surveyed on these activities only."""
    rng = np.random.default_rng(seed)
    rows = [
        (agency, activity, year, response, int(rng.integers(2, 15)))
        for agency, activity in pairs
        for year in (2011, 2012)
        for response in (1, 2, 3, 4)
    ]
    return pd.DataFrame(rows, columns=["agency", "activity", "year", "response", "n"])


FULL = [(a, k) for a in "ABC" for k in ("plan", "farm")]
FORMULA = "response ~ agency + year + activity"


@pytest.fixture(scope="module")
def fit():
    return ordinal.fit(cells_of(FULL), FORMULA)


def test_a_mix_of_one_activity_is_the_prediction_for_it(fit):
    mix = pd.DataFrame({"activity": ["farm"], "share": [3.0]})
    found = standardise.margins(fit, by=("agency", "year"), mix=mix).means
    plain = fit.predict(found[["agency", "year"]].assign(activity="farm"), which="score")
    np.testing.assert_allclose(found["estimate"], plain)


def test_the_observed_mix_is_the_same_for_every_agency(fit):
    found = standardise.margins(fit, by=("agency",)).means
    weight = fit.patterns.groupby(["year", "activity"])["weight"].sum().reset_index()
    by_hand = [
        np.average(fit.predict(weight.assign(agency=a), which="score"), weights=weight["weight"])
        for a in found["agency"]
    ]
    np.testing.assert_allclose(found["estimate"], by_hand)


def test_shares_of_an_agency_sum_to_one_and_give_its_mean(fit):
    table = standardise.margins(fit, by=("agency",)).table
    shares = table[table["statistic"] == "share"].pivot(
        index="agency", columns="response", values="estimate"
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    means = table[table["statistic"] == "mean"].set_index("agency")["estimate"]
    np.testing.assert_allclose(shares.to_numpy() @ fit.scores, means)
    top = table[table["statistic"] == "top2"].set_index("agency")["estimate"]
    np.testing.assert_allclose(shares[[3.0, 4.0]].sum(axis=1), top)


def test_an_activity_that_an_agency_never_had_is_extrapolated():
    fit = ordinal.fit(cells_of([p for p in FULL if p != ("C", "farm")]), FORMULA)
    mix = pd.DataFrame({"year": 2012, "activity": ["plan", "farm"], "share": [0.7, 0.3]})
    found = standardise.margins(fit, by=("agency",), mix=mix).means.set_index("agency")
    np.testing.assert_allclose(found["extrapolated"], [0.0, 0.0, 0.3])


def test_intervals_of_shares_stay_inside_and_hold_the_share(fit):
    table = standardise.margins(fit, by=("agency", "year")).table
    shares = table[table["statistic"] == "share"]
    assert ((shares["ci_low"] > 0) & (shares["ci_low"] < shares["estimate"])).all()
    assert ((shares["estimate"] < shares["ci_high"]) & (shares["ci_high"] < 1)).all()


def test_the_covariance_is_that_of_the_means_in_their_order(fit):
    found = standardise.margins(fit, by=("agency", "year"))
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), found.means["se"])
    np.testing.assert_allclose(found.covariance, found.covariance.T)
    assert found.covariance[0, 1] != 0


def test_a_model_by_agency_and_year_has_no_single_agency_effect():
    fit = ordinal.fit(cells_of(FULL), "response ~ agency:year + activity")
    with pytest.raises(DesignError, match=r"Ask for by=\('agency', 'year'\)"):
        standardise.margins(fit, by=("agency",))
    assert len(standardise.margins(fit, by=("agency", "year")).means) == 6


def test_what_is_not_in_the_model_is_named(fit):
    with pytest.raises(ParameterError, match="'group' is not in the model"):
        standardise.margins(fit, by=("group",))


def test_a_mix_that_lacks_a_variable_is_named(fit):
    mix = pd.DataFrame({"activity": ["plan"], "share": [1.0]})
    with pytest.raises(ParameterError, match="the mix has no column year"):
        standardise.margins(fit, by=("agency",), mix=mix)


def test_a_model_of_agencies_alone_needs_no_mix():
    fit = ordinal.fit(cells_of(FULL), "response ~ agency")
    found = standardise.margins(fit).means
    np.testing.assert_allclose(
        found["estimate"], fit.predict(found[["agency"]], which="score"), rtol=1e-12
    )


def test_values_of_an_index_have_no_shares():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"agency": rng.choice(["A", "B"], 400), "response": rng.integers(0, 28, 400), "n": 1}
    )
    fit = ordinal.fit(
        frame.groupby(["agency", "response"], as_index=False).sum(), "response ~ agency"
    )
    assert set(standardise.margins(fit).table["statistic"]) == {"mean"}

"""Standardised predictions: the mix, what is extrapolated, and what cannot be asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from betyg.errors import DesignError, ParameterError
from betyg.stats import ordinal, ordinal_mixed, standardise


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


def rotating(seed=2, agencies=8):
    """Agencies with their own effect on each activity; the last never had the last activity."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.6, agencies)
    both = rng.normal(0, 0.5, (agencies, 3))
    rows = [
        (f"A{a}", f"k{k}", year, grade + 1, count)
        for a in range(agencies)
        for k in range(3)
        for year in (2011, 2012)
        for grade, count in enumerate(
            np.bincount(
                np.searchsorted([-1.0, 0.2, 1.2], rng.logistic(size=40) + own[a] + both[a, k]),
                minlength=4,
            )
        )
        if (a, k) != (agencies - 1, 2)
    ]
    return pd.DataFrame(rows, columns=["agency", "activity", "year", "response", "n"])


@pytest.fixture(scope="module")
def mixed():
    return ordinal_mixed.fit(
        rotating(), "response ~ year + activity", random=("agency", "agency:activity")
    )


def test_margins_of_a_mixed_model_are_its_predictions_averaged(mixed):
    mix = pd.DataFrame({"activity": ["k0", "k1"], "share": [0.3, 0.7]})
    found = standardise.margins(mixed, by=("agency", "year"), mix=mix).means
    rows = found[["agency", "year"]].merge(mix, how="cross")
    score = mixed.predict(rows, which="score") * rows["share"]
    want = score.groupby([rows["agency"], rows["year"]]).sum()
    np.testing.assert_allclose(found["estimate"], want, rtol=1e-12)
    one = standardise.margins(
        mixed, by=("agency", "year"), mix=mix.iloc[[0]]
    ).means  # one row each: the intervals of the fit itself
    alone = mixed.score_intervals(one[["agency", "year"]].assign(activity="k0"))
    np.testing.assert_allclose(one["se"], alone["se"], rtol=1e-9)


def test_an_activity_that_an_agency_never_had_carries_the_variance_of_its_term(mixed):
    mix = pd.DataFrame({"activity": ["k1", "k2"], "share": [0.25, 0.75]})
    found = standardise.margins(mixed, by=("agency", "year"), mix=mix)
    means = found.means.set_index(["agency", "year"])
    np.testing.assert_allclose(means["extrapolated"]["A7"], 0.75)
    assert (means["extrapolated"].drop("A7") == 0).all()
    known = replace(mixed, mixed=replace(mixed.mixed, sds=mixed.sds * [1.0, 0.0]))
    less = standardise.margins(known, by=("agency", "year"), mix=mix)
    slope = [
        0.75 * mixed.family.mean_slopes(
            mixed.thresholds.to_numpy(),
            mixed.linear_predictor(
                pd.DataFrame({"agency": ["A7"], "activity": ["k2"], "year": [year]})
            ),
        )[1][0]
        for year in (2011, 2012)
    ]  # fmt: skip
    at = np.flatnonzero(found.means["agency"] == "A7")
    added = (found.covariance - less.covariance)[np.ix_(at, at)]
    want = np.outer(slope, slope) * mixed.variances["agency:activity"]
    np.testing.assert_allclose(added, want, rtol=1e-9)  # one effect, shared by both years
    others = np.delete(np.arange(len(found.means)), at)
    np.testing.assert_allclose(
        found.covariance[np.ix_(others, others)], less.covariance[np.ix_(others, others)]
    )


@pytest.mark.parametrize("by", [("year",), ("agency", "year")])
def test_gradients_by_effects_are_those_of_the_prediction(mixed, by):
    """The joint covariance through differences of the margins themselves."""
    found = standardise.margins(mixed, by=by, mix="equal")
    names = [*mixed.params.index, *mixed.effects.index]
    columns = []
    for name in names:
        ends = [
            standardise.margins(moved(mixed, name, side * 1e-5), by=by, mix="equal").means
            for side in (1, -1)
        ]
        columns.append((ends[0]["estimate"] - ends[1]["estimate"]) / 2e-5)
    jacobian = np.array(columns).T
    seen = [d != "A7" for d in found.means["agency"]] if "agency" in by else []
    want = jacobian @ mixed.cov_joint().to_numpy() @ jacobian.T
    np.testing.assert_allclose(
        found.covariance[np.ix_(seen, seen)], want[np.ix_(seen, seen)], rtol=1e-5, atol=1e-7
    )
    assert (np.diag(found.covariance) >= np.diag(want) - 1e-9).all()


def moved(fit, name, by):
    if name in fit.params.index:
        return replace(fit, params=fit.params + by * (fit.params.index == name))
    modes = fit.effects + by * (fit.effects.index == name)
    return replace(fit, mixed=replace(fit.mixed, modes=modes))


def test_shares_of_a_mixed_model_add_to_one(mixed):
    table = standardise.margins(mixed, by=("agency",)).table
    shares = table[table["statistic"] == "share"]
    np.testing.assert_allclose(shares.groupby("agency")["estimate"].sum(), 1.0, rtol=1e-12)

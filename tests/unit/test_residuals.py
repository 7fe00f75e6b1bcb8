"""Residuals: flat under the model, planted misfit found, closed forms, nothing left to test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from statsmodels.stats.multitest import multipletests

from betyg.errors import ParameterError
from betyg.stats import apart, relaxed, residuals

AGENCIES, YEARS = [*"ABCDEF"], [2011, 2012, 2013]
CUTS = np.array([-1.5, -0.3, 0.4, 1.6])
FORMULA = "response ~ agency + year"


def survey(rng, *, size=150, spread=None, heavy=False):
    index = pd.MultiIndex.from_product(
        [AGENCIES, YEARS, [*"xyz"]], names=["agency", "year", "part"]
    )
    frame = index.to_frame(index=False)
    code = frame["agency"].map({name: i for i, name in enumerate(AGENCIES)}).to_numpy()
    eta = 0.2 * (code - 2.5) + 0.1 * (frame["year"].to_numpy() - 2012)
    scale = np.ones(len(frame)) if spread is None else spread(frame)
    below = expit((CUTS[None, :] - eta[:, None]) / scale[:, None])
    ends = np.concatenate([np.zeros((eta.size, 1)), below, np.ones((eta.size, 1))], axis=1)
    counts = rng.multinomial(size, np.diff(ends, axis=1))
    row, category = np.nonzero(counts)
    n = counts[row, category]
    cells = frame.iloc[row].reset_index(drop=True).assign(response=category + 1.0, n=n)
    if not heavy:
        return cells
    more = rng.binomial(n, 0.3)
    return cells.assign(weight_sum=n + 3.0 * more, weight_sq_sum=n + 15.0 * more)


@pytest.mark.parametrize("heavy", [False, True])
def test_under_the_model_residuals_are_standard_normal_and_p_values_uniform(heavy):
    rng = np.random.default_rng(17)
    drawn = [relaxed.basis(survey(rng, heavy=heavy), FORMULA) for _ in range(30)]
    by_round = [residuals.pit(held, by=("agency", "year")) for held in drawn]
    by_agency = [residuals.shares(held, by=("agency",)) for held in drawn]
    for found in (by_round, by_agency):
        spread = np.concatenate([one.table["residual"] for one in found]).std()
        np.testing.assert_allclose(spread, 1.0, atol=0.05)
        p_value = np.concatenate([one.tests["p_value"] for one in found])
        for level, tolerance in ((0.05, 0.03), (0.5, 0.08)):  # a little cautious
            np.testing.assert_allclose((p_value < level).mean(), level, atol=tolerance)
    whole = np.array([residuals.pit(held).tests["p_value"].iloc[0] for held in drawn])
    assert (whole < 0.05).mean() < 0.2  # 30 draws: four standard errors


def test_agencies_whose_answers_spread_more_are_found_and_named():
    planted = survey(
        np.random.default_rng(2),
        size=600,
        spread=lambda frame: np.where(frame["agency"] == "C", 2.0, 1.0),
    )
    found = residuals.pit(relaxed.basis(planted, FORMULA), by=("agency",))
    assert found.tests.loc[found.tests["p_holm"].idxmin(), "agency"] == "C"
    assert found.tests["p_holm"].min() < 1e-20
    of_c = found.table[found.table["agency"] == "C"]
    assert of_c["residual"].iloc[[0, -1]].min() > 4.0, "the ends stand out: a trough"


def test_histogram_is_that_of_the_definition():
    cells = pd.DataFrame({"response": [1.0, 2.0], "n": [30, 70]})
    found = residuals.pit(relaxed.basis(cells, "response ~ 1"))
    np.testing.assert_allclose(found.table["observed"], 0.1, rtol=1e-9)
    skewed = survey(np.random.default_rng(5))
    held = relaxed.basis(skewed, FORMULA)
    table = residuals.pit(held, by=("agency",)).table
    np.testing.assert_allclose(table.groupby("agency")["observed"].sum(), 1.0, rtol=1e-12)
    np.testing.assert_allclose(table["expected"], 0.1, rtol=1e-12)
    ends = np.arange(0, 1.01, 0.1)
    np.testing.assert_allclose(table["low"].to_numpy().reshape(6, 10)[0], ends[:-1], atol=1e-12)


def test_observed_shares_and_means_are_those_of_the_answers():
    cells = survey(np.random.default_rng(8))
    held = relaxed.basis(cells, FORMULA)
    table = residuals.shares(held).table.pivot(
        index="agency", columns="response", values="observed"
    )
    counts = cells.pivot_table(
        index="agency", columns="response", values="n", aggfunc="sum", fill_value=0
    )
    direct = counts.div(counts.sum(axis=1), axis=0)
    np.testing.assert_allclose(table, direct, rtol=1e-12)
    means = residuals.means(held).set_index("agency")
    np.testing.assert_allclose(means["observed"], direct @ np.arange(0, 101, 25), rtol=1e-12)
    # The score of an agency's slope is zero, and its mean nearly is.
    np.testing.assert_allclose(means["observed"], means["expected"], atol=1.0)


def test_a_model_that_fits_exactly_has_nothing_to_test():
    cells = pd.DataFrame(
        {"agency": [*"AABB"], "response": [1.0, 2.0, 1.0, 2.0], "n": [30, 70, 40, 60]}
    )
    tests = residuals.shares(relaxed.basis(cells, "response ~ agency")).tests
    np.testing.assert_allclose(tests["df"], 0.0)
    assert tests["p_value"].isna().all() and tests["p_holm"].isna().all()


def test_p_values_are_adjusted_as_by_statsmodels():
    p_value = np.array([0.04, 0.001, np.nan, 0.2, 0.01])
    want = multipletests(p_value[[0, 1, 3, 4]], method="holm")[1]
    np.testing.assert_allclose(apart.holm(p_value)[[0, 1, 3, 4]], want, rtol=1e-12)
    assert np.isnan(apart.holm(p_value)[2])


def test_an_unknown_variable_is_named():
    held = relaxed.basis(survey(np.random.default_rng(1)), FORMULA)
    with pytest.raises(ParameterError, match="residuals: 'agenzy' is not in the model"):
        residuals.pit(held, by=("agenzy",))

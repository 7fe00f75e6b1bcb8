"""What every fit can be asked, fixed or mixed, ordinal or linear."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.errors import ParameterError
from betyg.stats import linear_mixed, ordinal, ordinal_mixed

Z95 = 1.959963984540054
STEP = 1e-5


def cells(seed=11, n=40):
    """Cells of four grades: eight agencies, two years, a covariate."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.7, 8)
    rows = [
        (f"A{a}", year, float(size), grade + 1, count)
        for a in range(8)
        for year in (2011, 2012)
        for size in (1, 2, 4)
        for grade, count in enumerate(
            np.bincount(
                np.searchsorted([-1.0, 0.3, 1.5], rng.logistic(size=n) + own[a] + 0.2 * size),
                minlength=4,
            )
        )
    ]
    frame = pd.DataFrame(rows, columns=["agency", "year", "size", "response", "n"])
    return frame.assign(score=100 * (frame["response"] - 1) / 3)


FITS = {
    "fixed": lambda c: ordinal.fit(c, "response ~ year + size"),
    "mixed": lambda c: ordinal_mixed.fit(c, "response ~ year + size", random=("agency",)),
    "linear": lambda c: linear_mixed.fit(c, "score ~ year + size", random=("agency",)),
}


@pytest.fixture(scope="module", params=FITS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def fit(kind):
    return FITS[kind](cells())


def test_errors_and_intervals_come_from_the_covariance(fit):
    np.testing.assert_allclose(fit.bse**2, np.diag(fit.cov_params()), rtol=1e-12)
    interval = fit.conf_int()
    np.testing.assert_allclose(interval.mean(axis=1), fit.params, rtol=1e-12)
    np.testing.assert_allclose((interval["ci_high"] - fit.params) / fit.bse, Z95, rtol=1e-12)
    assert list(fit.conf_int(0.5).columns) == ["ci_low", "ci_high"]


def test_the_joint_covariance_holds_estimates_and_effects(fit):
    joint = fit.cov_joint()
    assert list(joint.index) == [*fit.params.index, *fit.effects.index]
    size = fit.params.size
    np.testing.assert_allclose(joint.iloc[:size, :size], fit.cov_params(), rtol=1e-12)
    np.testing.assert_allclose(joint, joint.T, rtol=1e-9, atol=1e-12)
    assert np.linalg.eigvalsh(joint.to_numpy()).min() > 0


def test_random_effects_have_their_variances_from_the_joint_covariance(fit):
    listed = fit.random_effects()
    names = list(fit.effects.index)
    assert sorted(listed.index) == sorted(names)
    assert list(listed.columns) == ["term", "mode", "conditional_se", "se"]
    variance = np.diag(fit.cov_joint().loc[names, names].to_numpy())
    np.testing.assert_allclose(listed["se"].loc[names] ** 2, variance, rtol=1e-9)
    assert (listed["conditional_se"] < listed["se"]).all()


def test_criteria_count_every_parameter(fit, kind):
    parameters = fit.params.size + {"fixed": 0, "mixed": 1, "linear": 2}[kind]
    assert fit.aic == pytest.approx(2 * parameters - 2 * fit.loglike)
    assert fit.bic == pytest.approx(np.log(fit.nobs) * parameters - 2 * fit.loglike)


def test_intervals_of_scores_are_the_delta_method_on_the_prediction(fit):
    rows = pd.DataFrame({"agency": ["A3"], "year": [2012], "size": [2.0]})
    estimate = fit.score_intervals(rows).iloc[0]
    assert estimate["estimate"] == pytest.approx(fit.predict(rows, which="score")[0])
    at = np.concatenate([fit.params, fit.effects])

    def score(values):
        constants, slopes = values[: fit.family.constants], values[fit.family.constants :]
        names = [*fit.slopes.index, *fit.effects.index]
        own = dict(zip(names, slopes, strict=True))
        eta = own["year[2012]"] + 2.0 * own["size"] + own.get("agency[A3]", 0.0)
        return fit.family.mean(constants, np.array([eta]))[0]

    moves = STEP * np.eye(at.size)
    slope = np.array([(score(at + m) - score(at - m)) / (2 * STEP) for m in moves])
    want = np.sqrt(slope @ fit.cov_joint().to_numpy() @ slope)
    assert estimate["se"] == pytest.approx(want, rel=1e-6)


def test_a_simulated_survey_gives_the_model_back(fit, kind):
    again = FITS[kind](fit.simulate(np.random.default_rng(1), effects="modes"))
    z = (again.slopes - fit.slopes) / fit.bse[fit.slopes.index]
    assert np.abs(z).max() < 3.5
    assert again.nobs == fit.nobs


def test_the_summary_names_the_model_and_each_estimate(fit):
    text = fit.summary()
    assert fit.formula in text
    assert all(name in text for name in fit.params.index)
    assert all(f"(1 | {term})" in text for term in fit.random)
    assert "Weighted" not in text


@pytest.mark.parametrize("kind", FITS)
def test_weights_are_never_taken_for_counts_in_silence(kind):
    heavy = cells()
    heavy = heavy.assign(weight_sum=3.0 * heavy["n"], weight_sq_sum=18.0 * heavy["n"])
    fit = FITS[kind](heavy)
    text = fit.summary()
    assert fit.weighted
    assert "effective size (sum w)^2 / sum w^2 of each agency, year" in text
    assert f"in all {fit.nobs / 2:.1f} for {fit.nobs} answers" in text
    assert ("see ordinal_mixed.bootstrap" in text) == (kind == "mixed")
    assert ("errors: sandwich" in text) == (kind == "fixed")


def test_a_linear_model_gives_no_probabilities():
    fit = FITS["linear"](cells())
    with pytest.raises(ParameterError, match="a linear model of 'score' gives no probabilities"):
        fit.predict(cells(), which="probabilities")
    pd.testing.assert_series_equal(fit.predict(cells()), fit.predict(cells(), which="score"))


def test_the_residual_is_a_variance_component_of_a_linear_model():
    fit = FITS["linear"](cells())
    found = fit.variance_components()
    assert list(found.index) == ["agency", "residual"]
    assert found.loc["residual", "sd"] == fit.family.sigma
    assert found.loc["agency", "levels"] == 8

"""Expected range and mean contrasts against metafor and multcomp; rank sets: multiple-inference."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.stats import bands, compare, places, ranks
from witness import Agreement, check, check_twin, read

VERIFY = pytest.mark.parametrize("verify", [check, check_twin])
RTOL = 1e-10  # both stand on the root of the same derivative, metafor within 1e-13
DRAWN = 0.035  # three standard errors of a quantile of 20,000 draws, and mvtnorm's own 0.0005


def given(name: str) -> tuple[np.ndarray, np.ndarray]:
    units = read("ranks_units.csv").query("set == @name")
    listed = read("ranks_covariances.csv").query("set == @name")
    covariance = np.zeros((len(units), len(units)))
    covariance[listed["first"] - 1, listed["second"] - 1] = listed["covariance"]
    return units["estimate"].to_numpy(), covariance


def stored(name: str, what: str) -> float:
    return float(read("ranks.csv").query("set == @name and what == @what")["value"].iloc[0])


@VERIFY
@pytest.mark.parametrize("name", ["boards", "equal", "few", "many"])
def test_target_equals_metafor(name, verify):
    estimate, covariance = given(name)
    found = bands.expected_range(estimate, np.sqrt(np.diag(covariance)))
    verify(Agreement(got=found.target, want=stored(name, "target"), rtol=RTOL))


@VERIFY
@pytest.mark.parametrize("name", ["boards", "many"])
def test_variance_between_units_equals_reml_of_metafor(name, verify):
    estimate, covariance = given(name)
    found = bands.spread(estimate, np.sqrt(np.diag(covariance)))
    verify(Agreement(got=found, want=stored(name, "tau2"), rtol=RTOL))


@pytest.mark.parametrize("name", ["equal", "few"])
def test_variance_is_zero_where_metafor_says_zero(name):
    estimate, covariance = given(name)
    assert stored(name, "tau2") == 0.0
    assert bands.spread(estimate, np.sqrt(np.diag(covariance))) == 0.0


@VERIFY
@pytest.mark.parametrize("name", ["boards", "equal", "few"])
def test_critical_value_against_the_mean_equals_multcomp(name, verify):
    found = ranks.against_mean(*given(name), rng=np.random.default_rng(1))
    verify(Agreement(got=found.critical, want=stored(name, "mean"), atol=DRAWN))


@pytest.mark.parametrize("name", ["boards", "equal", "few"])
def test_places_equal_those_of_multiple_inference(name):
    estimate, covariance = given(name)
    names = [str(unit) for unit in range(1, len(estimate) + 1)]
    pairs = compare.pairwise(names, estimate, covariance, rng=np.random.default_rng(1))
    ours = places.order(pairs, margin=0.0, role="unit").set_index("unit").loc[names]
    theirs = read("ranks_sets.csv").query("set == @name")
    np.testing.assert_array_equal(ours["place_low"], theirs["low"])
    np.testing.assert_array_equal(ours["place_high"], theirs["high"])
    if name == "boards":
        assert (theirs["high"] - theirs["low"]).min() < 20, "a witness that could disagree"

"""Random effects beside fixed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from betyg.errors import DesignError, ParameterError
from betyg.stats import modes, ordinal, ordinal_mixed

AGENCIES = [f"{i:02}" for i in range(24)]


def survey(*, sd, few=()):
    rng = np.random.default_rng(4)
    frame = pd.MultiIndex.from_product([AGENCIES, [*"xy"]], names=["agency", "group"]).to_frame(
        index=False
    )
    code = frame["agency"].astype(int).to_numpy()
    eta = sd * rng.normal(size=len(AGENCIES))[code] + 0.3 * (frame["group"] == "y").to_numpy()
    below = expit(np.array([-1.0, 0.2, 1.3])[None, :] - eta[:, None])
    ends = np.concatenate([np.zeros((eta.size, 1)), below, np.ones((eta.size, 1))], axis=1)
    counts = rng.multinomial(np.where(np.isin(code, few), 6, 150), np.diff(ends, axis=1))
    row, category = np.nonzero(counts)
    cells = frame.iloc[row].reset_index(drop=True)
    return cells.assign(response=category + 1.0, n=counts[row, category])


@pytest.fixture(scope="module")
def fits():
    cells = survey(sd=0.6, few=(3, 7))
    mixed = ordinal_mixed.fit(cells, "response ~ group", random=("agency",))
    return mixed, ordinal.fit(cells, "response ~ group + agency")


def test_modes_are_shrunk_and_more_so_where_answers_are_few(fits):
    table = modes.beside(*fits, term="agency").set_index("level")
    assert [*table.columns] == [
        "shrunk", "shrunk_low", "shrunk_high", "estimate", "ci_low", "ci_high",
    ]  # fmt: skip
    assert table["estimate"].is_monotonic_decreasing
    away = table[table["estimate"].abs() > 0.5]
    kept = away["shrunk"] / away["estimate"]
    few = ["agency[03]", "agency[07]"]
    rest = kept.drop(few, errors="ignore")
    assert rest.between(0.7, 1.1).all()
    width = table["shrunk_high"] - table["shrunk_low"]
    assert (width[few] < (table["ci_high"] - table["ci_low"])[few]).all()


def test_fixed_effects_are_centred_with_their_covariance(fits):
    table = modes.beside(*fits, term="agency").set_index("level")
    np.testing.assert_allclose(table["estimate"].mean(), 0.0, atol=1e-12)
    effects = fits[1].slopes.filter(like="agency")
    np.testing.assert_allclose(table.loc["agency[00]", "estimate"], -effects.sum() / 24, rtol=1e-9)
    own = fits[1].cov_params().loc[effects.index, effects.index].to_numpy()
    se = np.sqrt(own.sum()) / 24
    half = (table["ci_high"] - table["ci_low"])["agency[00]"] / 2
    np.testing.assert_allclose(half, norm.ppf(0.975) * se, rtol=1e-9)


def test_a_term_that_is_missing_or_of_other_levels_is_named(fits):
    with pytest.raises(ParameterError, match="the mixed model has no such term, 'year'"):
        modes.beside(*fits, term="year")
    one = survey(sd=0.0).query("agency == '00'")
    even = pd.concat([one.assign(agency=name) for name in AGENCIES])
    mixed = ordinal_mixed.fit(even, "response ~ group", random=("agency",))
    assert mixed.singular == ("agency",)
    with pytest.raises(DesignError, match="different levels of agency"):
        other = ordinal.fit(even[even["agency"] != "05"], "response ~ group + agency")
        modes.beside(mixed, other, term="agency")

"""Assumptions of the ordered model, term by term, against ordinal (r/checks.R)."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.stats import relaxed
from witness import Agreement, check, check_twin, read

RTOL = 1e-7  # of likelihood ratios: clm stops at gradients of 1e-6
RTOL_TIGHT = 1e-6  # of parameters: scale = ~ agency at gradients of 1e-8, log spreads near zero
RTOL_LOGLIKE = 1e-11
TERMS = ("agency", "year", "activity", "group")
KINDS = {"nominal": "thresholds", "scale": "spread"}


@pytest.fixture(scope="module")
def cells():
    wide = read("mixed_cells.csv").rename(columns={"grp": "group"})
    counts = wide.melt([*TERMS], [f"a{k}" for k in range(1, 6)], "response", "n")
    return counts[counts["n"] > 0].assign(response=lambda c: c["response"].str[1:].astype(float))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("kind", KINDS)
def test_each_term_is_tested_as_by_nominal_test_and_scale_test(cells, kind, verify):
    stored = read("checks.csv").replace({"term": {"grp": "group"}}).query("kind == @kind")
    held = relaxed.basis(cells, f"response ~ {' + '.join(TERMS)}")
    fits = [relaxed.fit(held, relax=KINDS[kind], term=term) for term in stored["term"]]
    tests = [relaxed.test(held, found) for found in fits]
    loglike = np.array([found.loglike for found in fits])
    verify(Agreement(got=loglike, want=stored["loglike"].to_numpy(), rtol=RTOL_LOGLIKE))
    for name in ("statistic", "df", "p_value"):
        got = np.array([getattr(test, name) for test in tests])
        verify(Agreement(got=got, want=stored[name].to_numpy(), rtol=RTOL))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_a_spread_for_each_agency_equals_clm_with_scale(cells, verify):
    stored = read("checks_scale.csv")
    held = relaxed.basis(cells, "response ~ agency + year + group")
    found = relaxed.fit(held, relax="spread", term="agency")
    for got, name in ((found.params, "estimate"), (found.bse, "se")):
        want = stored[name].to_numpy()
        verify(Agreement(got=got.to_numpy(), want=want, rtol=RTOL_TIGHT, atol=RTOL_TIGHT))

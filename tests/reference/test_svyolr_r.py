"""Weighted models with covariates and finite populations against survey::svyolr (r/svyolr.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from betyg.errors import DesignError
from betyg.stats import ordinal
from betyg.stats.ordinal_sandwich import Sampling
from witness import Agreement, check, check_twin, read

# svyolr minimises by optim(BFGS), which by default stops when the likelihood changes by less than
# 1e-8 (relative), and differences its Hessian by 1e-3: as it comes it is 2e-4 of a standard
# error, and 3e-4 of the errors, away from the optimum that Newton's method reaches. Told to go on
# (reltol 1e-16, differences of 1e-5) it comes to 1.2e-7 of a standard error and 3e-8 of the errors.
ATOL = {"tight": 3e-7, "default": 4e-4}  # in standard errors
RTOL_SE = {"tight": 1e-7, "default": 4e-4}
FORMULAS = {
    "main": ("grade ~ ell + mobility + stype", "logit"),
    "product": ("grade ~ ell + stype * mobility", "logit"),
    "probit": ("grade ~ np.log(ell + 1) + stype", "probit"),
}
DESIGNS = {
    "strata": Sampling(stratum="stype"),
    "strata_fpc": Sampling(stratum="stype", population="fpc"),
    "clusters": Sampling(psu="dnum"),
    "clusters_fpc": Sampling(psu="dnum", population="fpc"),
}


def schools(design):
    rows = read("svyolr_input.csv").query("design == @design").reset_index(drop=True)
    return rows.assign(n=1, weight_sum=rows["pw"], weight_sq_sum=rows["pw"] ** 2)


def fitted(design, model):
    formula, link = FORMULAS[model]
    return ordinal.fit(
        schools(design.partition("_")[0]),
        formula,
        link=link,
        scale_within=(),
        sampling=DESIGNS[design],
    )


def stored(design, model, stop, names):
    """Return R's numbers in our order and by our names."""
    rows = read("svyolr.csv").query("design == @design and model == @model and stop == @stop")
    spelt = rows["term"].str.replace(r"stype([HM])", r"stype[\1]", regex=True)
    spelt = spelt.replace({"log(ell + 1)": "np.log(ell + 1)"})
    spelt = spelt.str.replace(r"(.*):(stype.*)", r"\2:\1", regex=True)
    return rows.set_axis(pd.Index(spelt)).loc[names]


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("stop", ["tight", "default"])
@pytest.mark.parametrize("model", FORMULAS)
@pytest.mark.parametrize("design", DESIGNS)
def test_coefficients_and_sandwich_errors_equal_svyolr(design, model, stop, verify):
    fit = fitted(design, model)
    peer = stored(design, model, stop, fit.params.index)
    want, errors = (peer[column].to_numpy(np.float64) for column in ("estimate", "se"))
    # by the standard error: a coefficient near zero has no relative accuracy
    verify(Agreement(got=fit.params.to_numpy() / errors, want=want / errors, atol=ATOL[stop]))
    verify(Agreement(got=fit.bse.to_numpy(), want=errors, rtol=RTOL_SE[stop]))


def test_a_sample_of_everybody_has_no_error():
    rows = schools("strata").assign(fpc=lambda d: d.groupby("stype")["n"].transform("sum"))
    fit = ordinal.fit(rows, "grade ~ stype", sampling=Sampling(stratum="stype", population="fpc"))
    np.testing.assert_array_equal(fit.bse, 0.0)


@pytest.mark.parametrize(
    ("fpc", "said"),
    [
        ([10.0] * 200, "stratum E has 'fpc' 10 to 10 for 100 units drawn"),
        (np.arange(200) + 500.0, "Give it one number"),
        ([np.nan] * 200, "'fpc' is missing in 200 of 200 cells"),
    ],
)
def test_a_population_that_cannot_be_is_named(fpc, said):
    with pytest.raises(DesignError) as caught:
        ordinal.fit(
            schools("strata").assign(fpc=fpc), "grade ~ ell", sampling=DESIGNS["strata_fpc"]
        )
    assert said in str(caught.value)


def test_a_column_of_the_design_that_is_none_is_named():
    with pytest.raises(DesignError, match="there is no 'stpye'. Did you mean 'stype'"):
        ordinal.fit(schools("strata"), "grade ~ ell", sampling=Sampling(stratum="stpye"))

"""Data sets of R packages against stored results of R; GSS with strata and clusters."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from betyg.stats import estimate, ordinal, relaxed
from betyg.stats.design import SurveyDesign
from witness import Agreement, R, check, check_twin

pytestmark = pytest.mark.real

PEERS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "data"
RTOL = 1e-8
RTOL_FORMULA = 1e-10
RTOL_LIMIT = 1e-5  # clm stops on the way where a threshold runs to minus infinity


def frame_of(name):
    path = PEERS / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"the data set {name} of an R package is not on this machine")
    return pd.read_parquet(path)


def stored(name):
    return json.loads((R / "packages" / f"{name}.json").read_text())


def ordered(values, levels):
    return pd.Categorical(values, categories=levels)


def agreements(fit, clm):
    want = np.array([*clm["cut"].values(), *clm["coef"].values()])
    yield Agreement(got=fit.params.to_numpy(), want=want, rtol=RTOL)
    yield Agreement(got=fit.bse.to_numpy(), want=np.array([*clm["se"].values()]), rtol=RTOL)
    yield Agreement(got=np.array([fit.loglike]), want=np.array([clm["logLik"]]), rtol=1e-9)


def wine_cells():
    wine = frame_of("wine")
    cells = wine.groupby(["temp", "contact", "rating"]).size().rename("n").reset_index()
    return cells.rename(columns={"rating": "response"})


def housing_cells():
    housing = frame_of("housing").rename(columns={"Freq": "n"})
    return housing.assign(
        response=housing["Sat"].map({"Low": 1, "Medium": 2, "High": 3}),
        Infl=ordered(housing["Infl"], ["Low", "Medium", "High"]),
        Type=ordered(housing["Type"], ["Tower", "Apartment", "Atrium", "Terrace"]),
        Cont=ordered(housing["Cont"], ["Low", "High"]),
    )


@pytest.mark.parametrize("verify", [check, check_twin])
def test_wine_equals_clm(verify):
    fit = ordinal.fit(wine_cells(), "response ~ temp + contact")
    for pair in agreements(fit, stored("a_clm_wine")):
        verify(pair)


@pytest.mark.parametrize("verify", [check, check_twin])
def test_housing_equals_clm(verify):
    fit = ordinal.fit(housing_cells(), "response ~ Infl + Type + Cont")
    for pair in agreements(fit, stored("a_clm_housing")):
        verify(pair)


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("data", ["wine", "housing"])
def test_assumptions_are_tested_as_by_nominal_test_and_scale_test(data, verify):
    cells = {"wine": wine_cells, "housing": housing_cells}[data]()
    tested = pd.read_csv(R / "packages" / "checks.csv").query("data == @data")
    held = relaxed.basis(cells, f"response ~ {' + '.join(tested['term'].unique())}")
    kinds = tested["kind"].map({"nominal": "thresholds", "scale": "spread"})
    found = [
        relaxed.test(held, relaxed.fit(held, relax=kind, term=term))
        for kind, term in zip(kinds, tested["term"], strict=True)
    ]
    for name in ("statistic", "df", "p_value"):
        got = np.array([getattr(test, name) for test in found])
        verify(Agreement(got=got, want=tested[name].to_numpy(), rtol=RTOL_LIMIT))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_apistrat_with_strata_and_finite_population_equals_svymean_and_svyby(verify):
    schools, api = frame_of("apistrat"), stored("c_api")
    design = SurveyDesign.of(
        weight=schools["pw"], stratum=schools["stype"], population=schools["fpc"]
    )
    response = schools["api00"].to_numpy(float)
    domains = [np.ones(len(schools), dtype=bool)]
    domains += [(schools["sch.wide"] == level).to_numpy() for level in api["strat_by"]["lev"]]
    found = [estimate.domain_mean(response=response, in_domain=d, design=design) for d in domains]
    mean = [api["strat_mean"]["coef"]["api00"], *api["strat_by"]["mean"]]
    se = [api["strat_mean"]["se"][0], *api["strat_by"]["se"]]
    for got, want in (([m.estimate for m in found], mean), ([m.se for m in found], se)):
        verify(Agreement(got=np.array(got), want=np.array(want), rtol=RTOL_FORMULA))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_apiclus1_with_clusters_equals_svymean(verify):
    schools, mean = frame_of("apiclus1"), stored("c_api")["clus1_mean"]
    design = SurveyDesign.of(weight=schools["pw"], psu=schools["dnum"], population=schools["fpc"])
    found = estimate.domain_mean(
        response=schools["api00"].to_numpy(float),
        in_domain=np.ones(len(schools), dtype=bool),
        design=design,
    )
    got, want = [found.estimate, found.se], [mean["coef"]["api00"], mean["se"][0]]
    verify(Agreement(got=np.array(got), want=np.array(want), rtol=RTOL_FORMULA))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_gss_by_year_and_region_equals_svymean(real_data, verify):
    folder = real_data("us_gss_1972_2024")
    gss = pd.read_parquet(folder / "gss_lon.parquet")
    stored = pd.read_csv(folder / "reference_happy_R_survey.csv")
    got, want = [], []
    for (year, designed), rows in stored.groupby(["year", "design"]):
        part = gss[(gss["year"] == year) & gss["happy"].notna() & gss["wtssps"].notna()]
        clustered = designed == "strata+psu"
        design = SurveyDesign.of(
            weight=part["wtssps"],
            stratum=part["vstrat"].astype(int) if clustered else None,
            psu=part["vpsu"].astype(int) if clustered else None,
        )
        for row in rows.itertuples():
            here = (part["bigregion"] == row.region).to_numpy() | (row.region == "ALL")
            yes = (part["happy"] == row.category).to_numpy(float)
            m = estimate.domain_mean(response=yes, in_domain=here, design=design)
            whole = row.region == "ALL"  # R's df there are of the domain only in the whole
            got.append([m.estimate, m.se, m.n, m.df if whole else 1.0])
            want.append([row.p, row.se, row.n, row.df if whole else 1.0])
    verify(Agreement(got=np.array(got), want=np.array(want), rtol=RTOL))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_fevs_percent_positive_by_agency_equals_svymean(real_data, verify):
    folder = real_data("us_fevs_2018_sample")
    answers = pd.read_parquet(folder / "fevs2018_sample.parquet")
    stored = pd.read_csv(folder / "reference_percent_positive_R_survey.csv", keep_default_na=False)
    designs = {
        "se_weights": SurveyDesign.of(weight=answers["weight"]),
        "se_strat_level1": SurveyDesign.of(weight=answers["weight"], stratum=answers["level1"]),
    }
    got, want = [], []
    for row in stored[stored["agency"].isin(["ALL", "AF", "AM", "TR"])].itertuples():
        here = (answers["agency"] == row.agency).to_numpy() | (row.agency == "ALL")
        yes = 100.0 * (answers[row.item] >= 4).to_numpy(float)
        for name, design in designs.items():
            m = estimate.domain_mean(response=yes, in_domain=here, design=design)
            got.append([m.estimate, m.se])
            want.append([row.pct_pos, float(getattr(row, name))])
    verify(Agreement(got=np.array(got), want=np.array(want), rtol=RTOL))

"""Domain estimates against R's survey package, on a simulated survey (r/input.R, r/survey.R)."""

from __future__ import annotations

import numpy as np
import pytest

import simulated
from betyg.stats import estimate
from betyg.stats.design import SurveyDesign
from witness import Agreement, check, check_twin, read

RTOL = 1e-10  # the same closed formulas on both sides; the reference has 15 digits
RTOL_INTERVAL = 1e-8  # two implementations of the inverse of the incomplete beta function
ROUNDING = 1e-12  # of a standard error that is nought in exact numbers

DESIGNS = ("weights", "strata", "strata_fpc", "psu", "psu_fpc")
AGENCIES, ACTIVITIES = "ABCDEF", ("plan", "farm", "water", "animal")


@pytest.fixture(scope="module")
def answers():
    return read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})


def design_of(answers, name, lonely):
    population = {"strata_fpc": "population", "psu_fpc": "population_psu"}.get(name)
    return SurveyDesign.of(
        weight=answers["weight"],
        stratum=None if name == "weights" else answers["stratum"],
        psu=answers["psu"] if name.startswith("psu") else None,
        population=answers[population] if population else None,
        lonely=lonely,
    )


def inside(answers, row):
    chosen = np.ones(len(answers), dtype=bool)
    for role, none in (("agency", ""), ("year", 0), ("activity", "")):
        if row[role] != none:
            chosen &= (answers[role] == row[role]).to_numpy()
    return chosen


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("lonely", ["adjust", "certainty"])
@pytest.mark.parametrize("name", DESIGNS)
def test_domain_means_equal_svymean(answers, name, lonely, verify):
    stored = read("survey_means.csv").query("design == @name and lonely == @lonely")
    design = design_of(answers, name, lonely)
    found = [
        estimate.domain_mean(
            response=answers["answer"].to_numpy(), in_domain=inside(answers, row), design=design
        )
        for _, row in stored.iterrows()
    ]
    for column, atol in (("mean", 0.0), ("se", 1e-13), ("df", 1e-9), ("n", 1e-9)):
        got = [getattr(one, "estimate" if column == "mean" else column) for one in found]
        verify(Agreement(got=got, want=stored[column].to_numpy(), rtol=RTOL, atol=atol))


def as_survey(answers, name):
    finite = name.endswith("fpc")
    survey = simulated.study(
        items={"answer": 5},
        agencies=AGENCIES,
        activities=ACTIVITIES,
        groups=("person", "firm", "public"),
        compare={"inference": "this_year" if finite else "performance"},
    )
    plain = answers.drop(columns=["stratum"] if name == "weights" else [])
    plain = plain.drop(columns=[] if name.startswith("psu") else ["psu"])
    if name == "psu_fpc":
        plain = plain.assign(population=plain["population_psu"])
    frame = simulated.respondents(plain, survey)
    if name.startswith("psu"):
        nested = answers["stratum"] + "/" + answers["psu"].astype(str)
        frame = frame.assign(psu=nested.astype("category").cat.codes.astype("int64"))
    return frame, survey


def rows_like(stored, estimates):
    """The estimates of the stored domains, in their order."""
    keys = ["agency", "year", "activity"]
    named = stored.assign(
        agency=stored["agency"].replace("", "all"), activity=stored["activity"].replace("", "all")
    )
    plain = estimates.astype(dict.fromkeys(["agency", "activity", "group"], "str"))
    plain = plain[plain["group"] == "all"].set_index(keys)
    return plain.loc[list(named[keys].itertuples(index=False, name=None))]


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("name", DESIGNS)
def test_all_domains_at_once_equal_svyby(answers, name, verify):
    frame, survey = as_survey(answers, name)
    found = estimate.direct(frame, survey)
    stored = read("survey_means.csv").query("design == @name and lonely == 'adjust'")
    rows = rows_like(stored, found[found["statistic"] == "mean"])
    single = ((stored["df"] == 0) & (stored["se"] < ROUNDING)).to_numpy()
    assert rows["se"].isna().to_numpy()[single].all()  # R says 0 of a domain of one PSU
    for got, want in (
        (rows["estimate"] / 25 + 1, stored["mean"]),
        (rows["se"][~single] / 25, stored["se"][~single]),
        (rows["df"], stored["df"]),
        (rows["n"], stored["n"]),
    ):
        verify(Agreement(got=got.to_numpy(float), want=want.to_numpy(), rtol=RTOL, atol=1e-12))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("what", ["top", "lowest"])
@pytest.mark.parametrize("name", DESIGNS)
def test_shares_and_their_intervals_equal_svyciprop(answers, name, what, verify):
    frame, survey = as_survey(answers, name)
    found = estimate.direct(frame, survey)
    stored = read("survey_shares.csv").query("design == @name and what == @what")
    chosen = (
        found["statistic"] == "top2"
        if what == "top"
        else (found["statistic"] == "share") & (found["response"] == 1)
    )
    rows = rows_like(stored, found[chosen])
    for column, want, rtol in (
        ("estimate", "share", RTOL),
        ("se", "se", RTOL),
        ("ci_low", "low", RTOL_INTERVAL),
        ("ci_high", "high", RTOL_INTERVAL),
    ):
        pair = Agreement(
            got=rows[column].to_numpy(), want=stored[want].to_numpy(), rtol=rtol, atol=1e-12
        )
        verify(pair)

"""Jackknife, replicate weights and calibrated weights against R (r/input.R, r/replicates.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data import raking
from betyg.stats import estimate
from betyg.stats.calibrate import calibration
from betyg.stats.design import SurveyDesign
from witness import Agreement, R, check, check_twin, read

RTOL = 1e-9  # the same formulas on both sides; the reference has 15 digits
RTOL_RAKED = 1e-8  # both rake until the margins are met to 1e-11
RTOL_IPF = 1e-7  # R's rake ends when no count moves by 1e-10, and projects ten times only

AGENCIES, ACTIVITIES, GROUPS = "ABCDEF", ("plan", "farm", "water", "animal"), (
    "person", "firm", "public",
)  # fmt: skip
MARGINS = (("agency",), ("group",), ("activity",))


@pytest.fixture(scope="module")
def answers():
    return read("input.csv").replace({"answer": {"": np.nan}}).astype({"answer": float})


def study(design, *, finite=False):
    return simulated.study(
        items={"answer": 5},
        agencies=AGENCIES,
        activities=ACTIVITIES,
        groups=GROUPS,
        indices={"satisfaction": ("answer",)},
        compare={"inference": "this_year" if finite else "performance"},
        design=design,
    )


def as_survey(answers, survey, *, clustered, strata=True, finite=False):
    plain = answers.drop(columns=["psu"] + ([] if strata else ["stratum"]))
    if finite:
        plain = plain.assign(population=plain["population_psu"])
    frame = simulated.respondents(plain, survey)
    if clustered:
        nested = answers["stratum"] + "/" + answers["psu"].astype(str)
        frame = frame.assign(psu=nested.astype("category").cat.codes.astype("int64"))
    return frame


def rows_like(stored, found, *, item="answer", statistic="mean"):
    """The estimates of the stored domains, in their order."""
    keys = ["agency", "year", "activity"]
    named = stored.assign(
        agency=stored["agency"].replace("", "all"), activity=stored["activity"].replace("", "all")
    )
    plain = found.astype(dict.fromkeys(["agency", "activity", "group", "item"], "str"))
    plain = plain[(plain["group"] == "all") & (plain["item"] == item)]
    plain = plain[plain["statistic"] == statistic].set_index(keys)
    return plain.loc[list(named[keys].itertuples(index=False, name=None))]


def agreements(stored, found, rtol):
    """Means and shares of the item, and of an index of nothing else, and all their errors."""
    for item, statistic, name, scale in (
        ("answer", "mean", "mean", 25.0),
        ("satisfaction", "mean", "mean", 25.0),
        ("answer", "top2", "top", 1.0),
    ):
        rows = rows_like(stored, found, item=item, statistic=statistic)
        se = stored["se" if name == "mean" else "top_se"].to_numpy(float)
        shift = 1.0 if name == "mean" else 0.0
        got = rows["estimate"].to_numpy() / scale + shift
        yield Agreement(got=got, want=stored[name].to_numpy(float), rtol=rtol)
        known = ~np.isnan(se) & (se > 1e-12)
        got = rows["se"].to_numpy()[known] / scale
        yield Agreement(got=got, want=se[known], rtol=rtol, atol=1e-14)


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("lonely", ["adjust", "certainty"])
@pytest.mark.parametrize("name", ["jk1", "jkn", "jkn_fpc"])
def test_jackknife_equals_svrepdesign(answers, name, lonely, verify):
    stored = read("replicate_means.csv").query("design == @name and lonely == @lonely")
    finite = name == "jkn_fpc"
    survey = study({"variance": "jackknife", "lonely": lonely}, finite=finite)
    frame = as_survey(answers, survey, clustered=name != "jk1", strata=name != "jk1", finite=finite)
    for pair in agreements(stored, estimate.direct(frame, survey), RTOL):
        verify(pair)


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("centre", ["mean", "estimate"])
def test_delivered_replicate_weights_equal_svrepdesign(answers, centre, verify):
    stored = read("replicate_means.csv").query("design == @name", local_dict={
        "name": f"delivered_{centre}"
    })  # fmt: skip
    alone = (answers["agency"] == "F") & (answers["year"] == 2011)
    kept = answers[~alone].reset_index(drop=True)
    survey = study({"variance": "delivered", "centre": centre, "scale": 1 / 29})
    frame = as_survey(kept, survey, clustered=False)
    weights = read("replicate_weights.csv")
    frame = frame.assign(
        **{f"replicate.{at}": weights[f"rw{at:02d}"].to_numpy() for at in range(1, 31)}
    )
    for pair in agreements(stored, estimate.direct(frame, survey), RTOL):
        verify(pair)


def margins_of(answers, roles):
    return [pd.factorize(answers[role] + "|" + answers["year"].astype(str))[0] for role in roles]


def raked(answers, roles, cap=np.inf):
    """The weights, year by year, as 01_clean makes them."""
    stored = read("calibrate_margins.csv").set_index(["margin", "key"])["population"]
    weight = np.zeros(len(answers))
    for year in (2010, 2011, 2012):
        rows = np.flatnonzero(answers["year"] == year)
        part = answers.iloc[rows]
        codes, totals = [], []
        for role in roles:
            code, names = pd.factorize(part[role] + f"|{year}")
            codes.append(code)
            totals.append(stored[role].reindex(names).to_numpy(float))
        most = cap * totals[0].sum() / rows.size
        weight[rows] = raking.rake(part["weight"].to_numpy(), codes, totals, cap=most)
    return weight


WAYS = {
    "post": (("group",), np.inf, RTOL_RAKED),
    "calibrate": (("agency", "group", "activity"), np.inf, RTOL_RAKED),
    "capped": (("agency", "group", "activity"), 5.0, RTOL_RAKED),
    "rake": (("agency", "group", "activity"), np.inf, RTOL_IPF),
}


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("way", WAYS)
def test_weights_equal_those_of_survey(answers, way, verify):
    roles, cap, rtol = WAYS[way]
    want = read("calibrate_weights.csv")[way].to_numpy(float)
    verify(Agreement(got=raked(answers, roles, cap), want=want, rtol=rtol))


@pytest.mark.parametrize("verify", [check, check_twin])
def test_trimmed_weights_equal_trimweights(answers, verify):
    weight = answers["weight"].to_numpy()
    want = read("calibrate_weights.csv")["trimmed"].to_numpy(float)
    assert (want != weight).sum() > 3
    verify(Agreement(got=raking.trim(weight, 3 * weight.mean()), want=want, rtol=RTOL_RAKED))


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize("name", ["strata", "psu", "psu_fpc"])
@pytest.mark.parametrize("way", ["post", "calibrate", "capped"])
def test_errors_know_of_the_margins_as_in_survey(answers, way, name, verify):
    stored = read("calibrate_means.csv").query("way == @way and design == @name")
    roles, cap, rtol = WAYS[way]
    finite = name == "psu_fpc"
    survey = study({"calibrate": tuple((role,) for role in roles)}, finite=finite)
    plain = answers if name != "strata" else answers.assign(population=np.nan)
    frame = as_survey(plain, survey, clustered=name != "strata", finite=finite)
    frame = frame.assign(weight=raked(answers, roles, cap), weight_base=answers["weight"])
    for pair in agreements(stored, estimate.direct(frame, survey), rtol):
        verify(pair)


@pytest.mark.parametrize("verify", [check, check_twin])
@pytest.mark.parametrize(("way", "base"), [("calibrate", True), ("rake", False)])
def test_one_mean_at_a_time_equals_svymean(answers, way, base, verify):
    stored = read("calibrate_means.csv").query("way == @way and design == 'psu'").iloc[:8]
    weight = raked(answers, WAYS[way][0])
    # survey::rake takes the plain means of categories, survey::calibrate the weighted regression.
    own = answers["weight"].to_numpy() if base else np.ones(len(answers))
    known = calibration(margins_of(answers, WAYS[way][0]), own)
    design = SurveyDesign.of(
        weight=weight, stratum=answers["stratum"], psu=answers["psu"], calibration=known
    )
    found = [
        estimate.domain_mean(
            response=answers["answer"].to_numpy(),
            in_domain=((row["agency"] in ("", *answers["agency"])) & (
                (answers["agency"] == row["agency"]) | (row["agency"] == "")
            ) & ((answers["year"] == row["year"]) | (row["year"] == 0))).to_numpy(),
            design=design,
        )
        for _, row in stored.iterrows()
    ]  # fmt: skip
    rtol = WAYS[way][2]
    verify(Agreement(got=[m.se for m in found], want=stored["se"].to_numpy(), rtol=rtol))


def test_r_wrote_what_is_read_here():
    script = (R / "replicates.R").read_text()
    assert "calibrate_means.csv" in script and "replicate_means.csv" in script

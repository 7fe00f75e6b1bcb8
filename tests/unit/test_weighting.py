"""From study.toml to estimates: trimmed and calibrated weights, replicates, Wilson intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tiny
from betyg.data import clean, raking, read
from betyg.data.study import Study
from betyg.data.sums import write_sums
from betyg.errors import ConvergenceError, DataError, DesignError
from betyg.stats import cells, domains, estimate, proportions, weights

RTOL = 1e-9  # raking ends when every total is met to 1e-11

AGENCY = {"norr": 900.0, "mitt": 600.0, "syd": 500.0}
ACTIVITY = {"plan": 1200.0, "djur": 800.0}


def frame_of(agency=AGENCY, activity=ACTIVITY):
    rows = [
        {"year": year, role: code, "population": n}
        for role, margin in (("agency", agency), ("activity", activity))
        for year in (2011, 2012)
        for code, n in margin.items()
    ]
    return pd.DataFrame(rows)


def written(tmp_path, design, *, frame=None, replicates=0, source=""):
    root, name = tiny.responses(tmp_path, respondents=240)
    folder = root / name
    toml = (folder / "study.toml").read_text("utf-8")
    if source:
        toml = toml.replace('encoding = "cp1252"\n', f'encoding = "cp1252"\n{source}\n')
    (folder / "study.toml").write_text(f"{toml}\n[design]\n{design}\n", "utf-8")
    if frame is not None:
        frame.to_csv(folder / "frame.csv", index=False)
    if replicates:
        answers = pd.read_csv(folder / "answers.csv", sep=";", dtype=str, encoding="cp1252")
        weight = answers["VIKT"].str.replace(",", ".").astype(float).to_numpy()
        drawn = np.random.default_rng(5).integers(0, 3, (len(answers), replicates))
        for at in range(replicates):
            answers[f"rw{at + 1:02d}"] = [
                f"{x:.4f}".replace(".", ",") for x in weight * drawn[:, at]
            ]
        answers.to_csv(folder / "answers.csv", sep=";", index=False, encoding="cp1252")
    agencies = (folder / "agencies.csv").read_text("utf-8")
    (folder / "agencies.csv").write_text(agencies + "closed,Stängt,Closed\n", "utf-8")
    write_sums(folder)
    return Study.load(root, name)


def cleaned(survey):
    return clean.clean(read.sources(survey), survey)


def estimates(survey, tables):
    return estimate.table(tables.respondents, cells.collapse(tables, survey), survey)


def overall(found, **where):
    chosen = found[(found["item"] == "overall") & (found["statistic"] == "mean")]
    for role in ("agency", "activity", "group"):
        chosen = chosen[chosen[role] == where.get(role, "all")]
    return chosen[chosen["year"] == where.get("year", 2012)].iloc[0]


def test_weights_add_up_to_every_margin_of_every_year(tmp_path):
    survey = written(tmp_path, 'calibrate = [["agency"], ["activity"]]', frame=frame_of())
    tables = cleaned(survey)
    for role, population in (("agency", AGENCY), ("activity", ACTIVITY)):
        sums = tables.respondents.groupby(["year", role], observed=True)["weight"].sum()
        for year in (2011, 2012):
            got = sums[year].reindex(list(population)).to_numpy()
            np.testing.assert_allclose(got, list(population.values()), rtol=RTOL)
    counted = cells.collapse(tables, survey)
    item = counted[(counted["item"] == "overall") & (counted["year"] == 2012)]
    assert item["weight_sum"].sum() == pytest.approx(2000, rel=RTOL)


def test_errors_of_a_calibrated_study_are_those_of_the_residuals(tmp_path):
    survey = written(
        tmp_path, 'strata = []\ncalibrate = [["agency"], ["activity"]]', frame=frame_of()
    )
    tables = cleaned(survey)
    found = estimates(survey, tables)
    blind = survey.model_copy(update={"design": survey.design.model_copy(update={"calibrate": ()})})
    without = estimates(blind, tables)
    assert overall(found)["estimate"] == pytest.approx(overall(without)["estimate"], rel=1e-12)
    # Agencies differ: knowing their sizes must help.
    assert overall(found)["se"] < overall(without)["se"]
    # One post-stratum's own mean gains nothing from its size.
    norr = [overall(one, agency="norr")["se"] for one in (found, without)]
    assert norr[0] == pytest.approx(norr[1], rel=0.1)


def test_margins_that_do_not_fit_are_named_together(tmp_path):
    agency = {"norr": 900.0, "mitt": 0.0, "syd": 600.0, "closed": 500.0}
    survey = written(tmp_path, 'calibrate = [["agency"]]', frame=frame_of(agency))
    with pytest.raises(DesignError) as caught:
        cleaned(survey)
    said = str(caught.value)
    assert "calibrate, 2011: 2 problems" in said
    assert "agency 'mitt': has respondents, but a population of 0" in said
    assert "agency 'closed': has a population of 500 and no respondent" in said


def test_a_category_without_population_is_named(tmp_path):
    frame = frame_of({"norr": 900.0, "mitt": 600.0})
    survey = written(tmp_path, 'calibrate = [["agency"]]', frame=frame)
    with pytest.raises(DesignError, match="'syd': has respondents, but frame.csv states no"):
        cleaned(survey)


def test_margins_of_different_size_are_refused(tmp_path):
    frame = frame_of(activity={"plan": 1200.0, "djur": 700.0})
    survey = written(tmp_path, 'calibrate = [["agency"], ["activity"]]', frame=frame)
    with pytest.raises(DesignError, match=r"different populations: agency 2000, activity 1900"):
        cleaned(survey)


def test_margins_that_no_weights_meet_do_not_converge():
    codes = [np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])]
    totals = [np.array([60.0, 40.0]), np.array([50.0, 50.0])]
    with pytest.raises(ConvergenceError, match="miss a total by"):
        raking.rake(np.ones(4), codes, totals, cap=np.inf)


def test_trimming_is_reported_and_kept_by_raking(tmp_path):
    design = 'trim = 1.6\ncalibrate = [["agency"], ["activity"]]'
    survey = written(tmp_path, design, frame=frame_of())
    tables = cleaned(survey)
    people = tables.respondents
    for year in (2011, 2012):
        own = people[people["year"] == year]
        assert own["weight"].max() <= 1.6 * own["weight"].mean() * (1 + 1e-9)
        assert own["weight_base"].max() <= 1.6 * own["weight_given"].mean() * (1 + 1e-9)
        assert own["weight_base"].sum() == pytest.approx(own["weight_given"].sum())
    sums = people[people["year"] == 2012].groupby("agency", observed=True)["weight"].sum()
    np.testing.assert_allclose(sums.reindex(list(AGENCY)), list(AGENCY.values()), rtol=RTOL)
    line = tables.attrition.set_index("step").loc["trimmed weights"]
    assert line["n"] == (people["weight_base"] < people["weight_given"]).sum() > 0
    assert "1.6 times the mean of their year" in line["note"] and "% of the weight" in line["note"]


def test_a_cap_that_a_category_cannot_keep_is_an_error(tmp_path):
    frame = frame_of({"norr": 1800.0, "mitt": 150.0, "syd": 50.0})
    survey = written(tmp_path, 'trim = 1.5\ncalibrate = [["agency"]]', frame=frame)
    with pytest.raises(DesignError, match=r"'norr' has \d+ respondents for 1800 .* Raise"):
        cleaned(survey)


def test_nothing_is_trimmed_that_was_not_asked_for(tmp_path):
    tables = cleaned(written(tmp_path, 'lonely = "adjust"'))
    assert "weight_base" not in tables.respondents
    assert "trimmed weights" not in set(tables.attrition["step"])


@pytest.mark.parametrize("how", ["jackknife", "bootstrap"])
def test_a_study_chooses_its_replicates(tmp_path, how):
    survey = written(tmp_path, f'variance = "{how}"\nreplicates = 400')
    tables = cleaned(survey)
    found = estimates(survey, tables)
    plain = survey.design.model_copy(update={"variance": "linearised"})
    linear = estimates(survey.model_copy(update={"design": plain}), tables)
    pd.testing.assert_frame_equal(
        found[["item", "statistic", "estimate", "n", "df"]],
        linear[["item", "statistic", "estimate", "n", "df"]],
    )
    both = (found["n"] > 25) & (linear["se"] > 0)
    ratio = found.loc[both, "se"] / linear.loc[both, "se"]
    assert both.sum() > 50 and not (ratio == 1).all()
    # 400 draws: the error of a standard error is some 3.5 %.
    assert abs(ratio.median() - 1) < (0.01 if how == "jackknife" else 0.03)
    assert estimates(survey, tables).equals(found)


def test_delivered_weights_come_with_the_file(tmp_path):
    source = 'replicates = "rw{01..40}"'
    design = 'variance = "delivered"\nscale = 0.1\ncentre = "estimate"'
    survey = written(tmp_path, design, replicates=40, source=source)
    tables = cleaned(survey)
    row = overall(estimates(survey, tables))
    people = tables.respondents[tables.respondents["year"] == 2012]
    score = (people["overall"].astype(float) - 1) / 9 * 100
    given = score.notna()
    table = people.filter(like="replicate.")[given].to_numpy()
    assert table.shape[1] == 40
    thetas = (table * score[given].to_numpy()[:, None]).sum(axis=0) / table.sum(axis=0)
    want = np.sqrt(0.1 * ((thetas - row["estimate"]) ** 2).sum())
    assert row["se"] == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize(
    ("design", "source", "said"),
    [
        ('variance = "delivered"', "", "columns of replicate weights are missing"),
        ("trim = 3", 'replicates = "rw{1..9}"', "named, but not used"),
        ('variance = "jackknife"\ncalibrate = [["agency"]]', "", "know nothing of the margins"),
        ('calibrate = [["agency"]]', "", "frame.csv states no population"),
        ('calibrate = [["group"]]', "", "no source gives 'group'"),
        ("trim = 0.5", "", "trim"),
    ],
)
def test_designs_that_do_not_go_together_are_refused(tmp_path, design, source, said):
    with pytest.raises(DataError, match=said):
        written(tmp_path, design, source=source)


def test_wilson_intervals_on_request(tmp_path):
    survey = written(tmp_path, 'shares = "wilson"')
    found = estimates(survey, cleaned(survey))
    rows = found[(found["statistic"] == "top2") & (found["df"] > 0)]
    low, high = proportions.wilson(
        *(rows[name].to_numpy() for name in ("estimate", "se")),
        n=rows["n"].to_numpy(),
        df=rows["df"].to_numpy(),
    )
    np.testing.assert_array_equal(rows["ci_low"], low)
    np.testing.assert_array_equal(rows["ci_high"], high)


def test_the_table_of_weights_shows_their_range_and_what_they_cost(tmp_path):
    survey = written(tmp_path, "trim = 1.6")
    people = cleaned(survey).respondents
    found = weights.table(domains.of_rows([people]), survey).set_index(["year", "agency"])
    row, own = (
        found.loc[(2012, "norr")],
        people.query("year == 2012 and agency == 'norr'")["weight"],
    )
    assert (row["n"], row["smallest"], row["largest"]) == (len(own), own.min(), own.max())
    assert row["n_eff"] == pytest.approx(own.sum() ** 2 / (own**2).sum())
    assert row["deff"] == pytest.approx(1 + own.var(ddof=0) / own.mean() ** 2)
    assert found.loc[(2012, "all"), "trimmed"] > 0
    assert 0 < found.loc[(2012, "all"), "moved"] < 0.2

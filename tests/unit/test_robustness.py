"""Tipping points, detectable differences and conclusions drawn in other ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri, stdtrit

from betyg.data.settings import Source
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import (
    bands,
    change,
    compare,
    comparison,
    detectable,
    estimate,
    outcome_sums,
    ranks,
    robustness,
    tipping,
    ways,
)
from betyg.stats.answered import Answered
from simulated import cells_of, respondents, study

DRAWS = 20_000
POWER = 0.03  # what may lack of, or exceed, four times in five
VALUES = np.array([70.0, 66, 73, 68, 61, 75, 69, 72, 71, 67, 70, 74, 65, 69, 68, 70])
SE = np.tile([1.0, 1.2, 0.8, 1.5], 4)


def label_at(unit: int, shift: float) -> str:
    moved = VALUES.copy()
    moved[unit] += shift
    return str(bands.expected_range(moved, SE).label[unit])


@pytest.mark.parametrize("rate", [0.3, 0.8])
def test_the_band_changes_just_beyond_the_tipping_point(rate):
    found = tipping.points(VALUES, SE, np.full(VALUES.size, rate))
    start = bands.expected_range(VALUES, SE).label
    assert found["lower_by"].notna().any() and found["higher_by"].notna().any()
    for unit, row in enumerate(found.to_dict("records")):
        for by, sign, after in (
            (row["lower_by"], -1, row["band_if_lower"]),
            (row["higher_by"], 1, row["band_if_higher"]),
        ):
            if np.isfinite(by):
                assert label_at(unit, sign * (1 - rate) * by * 0.999) == start[unit]
                assert label_at(unit, sign * (1 - rate) * by * 1.001) == after


def test_where_no_value_is_given_none_on_the_scale_changes_the_band():
    found = tipping.points(VALUES, SE, np.full(VALUES.size, 0.9))
    none = np.flatnonzero(found["lower_by"].isna())
    assert none.size
    for unit in none:
        assert label_at(int(unit), -0.1 * VALUES[unit]) == label_at(int(unit), 0.0)


def test_tipping_point_of_one_among_many_is_its_distance_to_the_edge_over_non_response():
    rng = np.random.default_rng(2)
    values, se = rng.normal(60, 4, 2000), np.full(2000, 1.0)
    expected = bands.expected_range(values, se)
    unit = int(np.argmin(np.abs(expected.z - 1.0)))
    found = tipping.points(
        values[[unit, *range(400)]], se[:401], np.append(0.5, np.full(400, np.nan))
    )
    few = bands.expected_range(values[[unit, *range(400)]], se[:401])
    closed = (values[unit] - few.low[0]) / 0.5
    # One unit of 401 moves the range itself by about a hundredth of its own distance.
    np.testing.assert_allclose(found["lower_by"][0], closed, rtol=0.03)
    assert found["lower_by"][0] > closed


def test_where_all_answered_nobody_is_left_to_change_a_band():
    found = tipping.points(VALUES, SE, np.ones(VALUES.size))
    assert found[["lower_by", "higher_by"]].isna().all(axis=None)


def test_an_unknown_response_rate_gives_no_tipping_point():
    found = tipping.points(VALUES, SE, np.full(VALUES.size, np.nan))
    assert found[["lower_by", "higher_by"]].isna().all(axis=None)


@pytest.mark.parametrize("rate", [0.0, 1.2, -0.1])
def test_an_impossible_response_rate_is_refused(rate):
    with pytest.raises(DesignError, match="a response rate is not above 0 and at most 1"):
        tipping.points(VALUES, SE, np.full(VALUES.size, rate))


def test_tipping_points_of_a_study_use_the_errors_behind_its_bands():
    spread = np.diag(SE**2) + 0.4
    told = ranks.standings(
        VALUES, spread, n=np.full(16, 50), least=20, rng=np.random.default_rng(1)
    )
    agencies = [f"a{i}" for i in range(16)]
    comparisons = told.assign(agency=agencies, year=2012, estimate=VALUES, n=50, shown=True)
    rates = pd.DataFrame(
        {"measure": "response_rate", "agency": agencies, "year": 2012, "activity": "all",
         "group": "all", "estimate": 0.5}
    )  # fmt: skip
    found = tipping.tipping_points(comparisons, rates)
    wanted = tipping.points(VALUES, ranks.own_error(spread), np.full(16, 0.5))
    np.testing.assert_allclose(found["lower_by"], wanted["lower_by"], rtol=1e-5)
    assert tipping.tipping_points(comparisons, rates.iloc[:0]).empty
    assert tuple(found.columns) == tipping.COLUMNS


def test_a_single_difference_of_the_detectable_size_is_found_four_times_in_five():
    size = detectable.smallest(1.0, critical=float(ndtri(0.975)))
    drawn = np.random.default_rng(1).normal(size, 1.0, DRAWS)
    np.testing.assert_allclose(np.mean(np.abs(drawn) > 1.96), 0.8, atol=POWER)


def test_detectable_size_is_read_from_an_interval():
    np.testing.assert_allclose(
        detectable.from_interval(-5.0, 1.0, 1.2), detectable.smallest(1.2, critical=3 / 1.2)
    )


def test_a_difference_from_the_mean_of_the_detectable_size_is_found_four_times_in_five():
    rng = np.random.default_rng(3)
    covariance = np.diag(np.linspace(0.5, 3.0, 12)) + 0.3
    equal = ranks.against_mean(np.zeros(12), covariance, rng=rng)
    root = np.linalg.cholesky(covariance)
    for unit in (0, 11):
        size = detectable.smallest(equal.se[unit], critical=equal.critical)
        truth = np.zeros(12)
        truth[unit] = size * 12 / 11  # so that it lies ``size`` above the mean of all
        drawn = truth + rng.standard_normal((DRAWS, 12)) @ root.T
        apart = drawn[:, unit] - drawn.mean(axis=1)
        np.testing.assert_allclose(
            np.mean(np.abs(apart) > equal.critical * equal.se[unit]), 0.8, atol=POWER
        )


@pytest.mark.parametrize("n", [100, 1000])
def test_a_change_between_rounds_of_the_detectable_size_is_found_four_times_in_five(n):
    rng = np.random.default_rng(n)
    critical = float(stdtrit(2 * n - 2, 0.975))
    # What one survey prints varies with its own error: the middle of many is judged.
    usual = float(np.median(_change(rng, n, 0.0, times=200)[1]))
    printed = detectable.smallest(usual, critical=critical)
    apart, se = _change(rng, n, printed, times=4000)
    np.testing.assert_allclose(np.mean(np.abs(apart) > critical * se), 0.8, atol=POWER)


def _change(rng: np.random.Generator, n: int, truth: float, *, times: int):
    """Draw answers 0, 25, ... 100 of two rounds: the change of the mean and its error."""
    before = 25.0 * rng.integers(0, 5, (times, n))
    after = 25.0 * np.clip(rng.integers(0, 5, (times, n)), 0, 4) + truth
    se = np.sqrt(before.var(axis=1, ddof=1) / n + after.var(axis=1, ddof=1) / n)
    return after.mean(axis=1) - before.mean(axis=1), se


def test_a_paired_difference_of_the_detectable_size_is_found_four_times_in_five():
    rng = np.random.default_rng(5)
    survey = study(items={"a": 5}, activities=("x", "y"))
    taste = rng.integers(1, 5, 300)
    rows = respondents(
        pd.DataFrame(
            {
                "a": np.concatenate([taste, taste + rng.integers(-1, 2, 300) * (taste > 1)]),
                "activity": np.repeat(["x", "y"], 300),
                "psu": np.tile(np.arange(300), 2),
            }
        ),
        survey,
    )
    found = compare.paired(rows, survey, item="a", first="y", second="x")
    printed = detectable.from_interval(found.ci_low, found.ci_high, found.se)
    critical = float(stdtrit(found.df, 0.975))
    own = 25.0 * (rows["a"].to_numpy(float)[300:] - rows["a"].to_numpy(float)[:300])
    drawn = rng.choice(own, (4000, 300)) - own.mean() + printed
    se = drawn.std(axis=1, ddof=1) / np.sqrt(300)
    np.testing.assert_allclose(np.mean(np.abs(drawn.mean(axis=1)) > critical * se), 0.8, atol=POWER)


def survey_and_rows(**changes: object):
    survey = study(
        items={"a": 5, "b": 5},
        agencies=tuple("ABCDEF"),
        activities=("x", "y"),
        indices={"index": ("a", "b")},
        compare={"outcome": "index", "adjust_for": ["activity"]},
        **changes,
    )
    rng = np.random.default_rng(9)
    n = 1800
    agency = np.array(list("ABCDEF"))[np.arange(n) % 6]
    mood = rng.normal(size=n) + np.where(agency == "A", 1.2, 0.0)
    answers = pd.DataFrame(
        {item: np.clip(np.round(3 + mood + 0.7 * rng.normal(size=n)), 1, 5) for item in "ab"}
        | {
            "agency": agency,
            "year": np.where(np.arange(n) % 4 < 2, 2011, 2012),
            "activity": rng.choice(["x", "y"], n),
            "weight": rng.uniform(0.5, 2.0, n),
        }
    )
    return survey, respondents(answers, survey)


@dataclass(frozen=True)
class Drawn:
    """A survey, its respondents, and the conclusions drawn from them."""

    survey: Study
    rows: pd.DataFrame
    cells: pd.DataFrame
    compared: pd.DataFrame
    changes: pd.DataFrame

    def again(self, rows: pd.DataFrame | None = None, **changes: pd.DataFrame) -> pd.DataFrame:
        """Draw the conclusions in all ways, from these or from other respondents."""
        known = {"comparisons": self.compared, "changes": self.changes} | changes
        own = self.rows if rows is None else rows
        answers = Answered.of(own, cells_of(own, self.survey), self.survey)
        return robustness.panel(answers, self.survey, **known)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    survey, rows = survey_and_rows()
    cells = cells_of(rows, survey)
    table = estimate.table(rows, cells, survey)
    return Drawn(
        survey, rows, cells, comparison.compare(cells, survey).table,
        change.decompose(table, cells, survey, respondents=rows),
    )  # fmt: skip


@pytest.fixture(scope="module")
def panel(drawn: Drawn) -> pd.DataFrame:
    return drawn.again()


def test_what_is_plain_holds_in_all_twelve_ways(panel):
    counted = panel.groupby(["conclusion", "agency"])["holds"].agg(["sum", "size"])
    assert counted.loc[("first", "all")].tolist() == [12, 12]
    assert (counted["size"] == 12).all()
    assert set(panel["conclusion"]) == set(robustness.CONCLUSIONS)
    assert tuple(panel.columns) == robustness.COLUMNS


def test_the_way_in_which_a_change_is_reported_is_among_the_ways(drawn):
    sure = drawn.changes.assign(like_for_like_low=1.0, like_for_like_high=9.0)  # found nowhere else
    found = drawn.again(changes=sure)
    told = found[found["conclusion"] == "change"]
    own = (told["measure"] == "mean") & told["weighted"] & told["adjusted"]
    assert own.any() and told.loc[own, "holds"].all()
    assert not told.loc[~own, "holds"].all()


def test_the_way_in_which_bands_and_the_first_are_reported_is_among_the_ways(drawn):
    other = drawn.compared.assign(
        place_high=drawn.compared.groupby("year")["estimate"].rank(),  # the lowest is the first
        band=drawn.compared["band"].replace("as_expected", "much_lower"),
    )
    found = drawn.again(comparisons=other)
    told = found[found["conclusion"].isin(["band", "first"])]
    own = (told["measure"] == "ordinal") & told["weighted"] & told["adjusted"]
    assert own.any() and told.loc[own, "holds"].all()
    assert not told.loc[~own & (told["conclusion"] == "first"), "holds"].any()
    assert not told.loc[~own, "holds"].all()


def test_a_change_of_counts_is_among_the_ways_as_it_is_reported(drawn):
    survey, one = drawn.survey, {"outcome": "a"}
    compare = survey.compare.model_copy(update=one)
    counts = survey.model_copy(update={"kind": "counts", "compare": compare})
    rows = drawn.rows.iloc[:0]
    table = estimate.from_cells(drawn.cells, counts)
    found = robustness.panel(
        Answered.of(rows, drawn.cells, counts), counts,
        comparisons=comparison.compare(drawn.cells, counts, standing=True).table,
        changes=change.decompose(table, drawn.cells, counts),
    )  # fmt: skip
    means = found[found["measure"] == "mean"]
    changes = means["conclusion"] == "change"
    assert means.loc[changes, "holds"].all() and changes.any()
    assert means.loc[~changes, "holds"].isna().all()


def test_ways_that_cannot_differ_are_not_counted_twice():
    survey, rows = survey_and_rows()
    equal = rows.assign(weight=1.0)
    plain = survey.model_copy(
        update={"compare": survey.compare.model_copy(update={"adjust_for": ()})}
    )
    for people, own, n in ((rows, survey, 12), (equal, survey, 6), (equal, plain, 3)):
        answers = Answered.of(people, cells_of(people, own), own)
        assert len(list(ways.ways(answers, own))) == n


def test_where_late_answers_are_told_each_conclusion_is_drawn_without_them_too(drawn, panel):
    told = (Source(file="a.csv", format="csv", late={"sent": ("1",)}),)
    survey = drawn.survey.model_copy(update={"sources": told})
    marks = np.random.default_rng(4).random(len(drawn.rows)) < 0.6
    marked = drawn.rows.assign(late=pd.array(marks, dtype="boolean"))
    found = replace(drawn, survey=survey).again(marked)
    ways_of = ["conclusion", "agency", "measure", "weighted", "adjusted"]
    of_all, early = (found[found["late"] == late].set_index(ways_of) for late in (True, False))
    pd.testing.assert_frame_equal(
        of_all[["found", "holds"]], panel.set_index(ways_of)[["found", "holds"]]
    )
    alone = drawn.again(marked[~marks].drop(columns="late")).set_index(ways_of)
    own = (early.index.get_level_values("measure") == "ordinal") | (
        early.index.get_level_values("conclusion") == "change"
    )  # as reported where all answers count
    same = early["found"] == alone["found"]
    assert same[~own].all() and same.mean() > 0.8
    assert not (early["holds"] == of_all["holds"]).all()


def test_of_a_round_that_does_not_tell_nothing_is_drawn_without_late_answers(drawn):
    told = (Source(file="a.csv", format="csv", late={"sent": ("1",)}),)
    survey = drawn.survey.model_copy(update={"sources": told})
    marks = pd.array(np.random.default_rng(6).random(len(drawn.rows)) < 0.3, dtype="boolean")
    marks[drawn.rows["year"].to_numpy() == 2011] = pd.NA
    found = replace(drawn, survey=survey).again(drawn.rows.assign(late=marks))
    early = found[~found["late"]]
    changes = early["conclusion"] == "change"
    assert early.loc[changes, "holds"].isna().all() and changes.any()
    assert early.loc[~changes, "holds"].notna().all()


def test_where_nobody_in_the_latest_round_was_early_late_answers_are_not_left_out(drawn, panel):
    told = (Source(file="a.csv", format="csv", late={"sent": ("1",)}),)
    survey = drawn.survey.model_copy(update={"sources": told})
    marks = pd.array(drawn.rows["year"].to_numpy() == 2012, dtype="boolean")
    found = replace(drawn, survey=survey).again(drawn.rows.assign(late=marks))
    assert found["late"].all() and len(found) == len(panel)


def test_a_way_without_an_estimate_is_counted_neither_for_nor_against(drawn, panel):
    rows = drawn.rows
    split = rows.assign(  # agencies share no activity: no common mix can be estimated
        activity=pd.Categorical(
            np.where(rows["agency"].isin(["A", "B", "C"]), "x", "y"),
            categories=rows["activity"].cat.categories,
        )
    )
    found = drawn.again(split)
    lost = found[found["found"] == ""]
    assert lost["adjusted"].all() and lost["holds"].isna().all() and len(lost)
    assert len(found) == len(panel)


def test_top_two_of_an_index_is_the_share_of_its_items():
    survey, rows = survey_and_rows()
    rows.loc[:2, "a"] = [5, 4, 3]
    rows.loc[:2, "b"] = [5, 1, pd.NA]
    rows.loc[2, "index"] = 50.0
    np.testing.assert_allclose(outcome_sums.top_two(rows, survey)[:3], [100.0, 50.0, 0.0])


def test_without_a_round_there_is_no_panel():
    survey, rows = survey_and_rows()
    empty = rows.iloc[:0]
    compared = pd.DataFrame(columns=[*comparison.COLUMNS])
    changes = pd.DataFrame(columns=[*change.COLUMNS])
    answers = Answered.of(empty, cells_of(rows, survey).iloc[:0], survey)
    found = robustness.panel(answers, survey, comparisons=compared, changes=changes)
    assert found.empty and tuple(found.columns) == robustness.COLUMNS


def test_power_is_the_one_that_is_promised():
    np.testing.assert_allclose(ndtr(detectable.BEYOND), detectable.POWER)


def test_where_no_agency_is_given_a_band_the_other_conclusions_stand():
    survey, rows = survey_and_rows()
    cells = cells_of(rows, survey)
    compared = comparison.compare(cells, survey).table.assign(band="")
    table = estimate.table(rows, cells, survey)
    changes = change.decompose(table, cells, survey, respondents=rows)
    answers = Answered.of(rows, cells, survey)
    found = robustness.panel(answers, survey, comparisons=compared, changes=changes)
    assert set(found["conclusion"]) == {"change", "first"}
    assert set(found["year"]) == {2012}

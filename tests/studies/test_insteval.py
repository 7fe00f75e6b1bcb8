"""insteval: the fetched ratings, and R's means of them by department and period.

The ratings are not in the repository. They are taken from where `make fetch` put them, or from a
copy of the R data set beside the repository; without either the tests are skipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from betyg.data import clean, read
from betyg.data.study import Study
from betyg.errors import DataError
from betyg.stats import cells, estimate

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "data" / "raw" / "insteval"
FETCHED = STUDY / "ratings.csv"
BESIDE = ROOT / ".." / "shared" / "data" / "r_packages" / "lme4_InstEval.csv.gz"
R_MEANS = ROOT / "tests" / "reference" / "insteval_dept_by_lectage.csv"  # R 4.2.2, lme4 1.1-31
RTOL = 1e-12  # the same sums of whole numbers on both sides
COLUMNS = ["rownames", "s", "d", "studage", "lectage", "service", "dept", "y"]


def not_fetched(folder: Path) -> Path:
    """The study without its raw file, as it is after cloning."""
    root = folder / "raw"
    shutil.copytree(STUDY, root / "insteval", ignore=shutil.ignore_patterns("ratings.csv"))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    found = not_fetched(tmp_path_factory.mktemp("insteval"))
    target = found / "insteval" / "ratings.csv"
    if FETCHED.is_file():
        shutil.copy(FETCHED, target)
    elif BESIDE.is_file():
        ratings = pd.read_csv(BESIDE, dtype=str)
        numbered = ratings.assign(rownames=np.arange(1, len(ratings) + 1))
        numbered[COLUMNS].to_csv(target, index=False, lineterminator="\n")
    else:
        pytest.skip("the ratings are not here: make fetch STUDY=insteval writes them")
    return found


@pytest.fixture(scope="module")
def survey(root):
    return Study.load(root, "insteval")


@pytest.fixture(scope="module")
def cleaned(survey):
    return clean.clean(read.sources(survey), survey)


def test_without_its_raw_file_the_study_says_how_to_get_it(tmp_path):
    with pytest.raises(DataError, match="make fetch STUDY=insteval"):
        Study.load(not_fetched(tmp_path), "insteval")


def test_every_unit_is_named_in_the_facts():
    means = pd.read_csv(R_MEANS, dtype=str)
    agencies = pd.read_csv(STUDY / "agencies.csv", dtype=str)
    assert set(means["dept"]) == set(agencies["code"])


@pytest.mark.real
def test_all_ratings_are_kept_and_students_are_the_sampling_units(survey, cleaned):
    attrition = cleaned.attrition.set_index("step")["n"]
    assert (attrition["read"], attrition["kept"]) == (73_421, 73_421)
    ratings = cleaned.respondents
    assert ratings["respondent_id"].is_unique
    assert ratings["psu"].nunique() < len(ratings) / 6
    per_period = pd.read_csv(survey.folder / "ratings.csv").groupby("lectage")["s"].nunique()
    assert ratings.groupby("year")["psu"].nunique().tolist() == per_period.tolist()


@pytest.mark.real
def test_means_and_top_two_shares_equal_those_of_r(survey, cleaned):
    expected = pd.read_csv(R_MEANS, dtype={"dept": str})
    found = estimate.table(
        cleaned.respondents,
        cells.collapse(cleaned, survey),
        survey,
        by=(("agency", "year"),),
    )
    for statistic, column in (("mean", "mean"), ("top2", "top2")):
        values = _by_cell(found, statistic).loc[list(_cells(expected))]
        theirs = expected[column].to_numpy()
        ours = 1 + values["estimate"] / 25 if statistic == "mean" else values["estimate"]
        np.testing.assert_allclose(ours, theirs, rtol=RTOL)
        np.testing.assert_array_equal(values["n"], expected["n"])
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(ours, theirs * (1 + 10 * RTOL), rtol=RTOL)


@pytest.mark.real
def test_a_students_ratings_go_together(survey, cleaned):
    by_student = estimate.direct(cleaned.respondents, survey, by=(("year",),))
    alone = cleaned.respondents.assign(psu=np.arange(len(cleaned.respondents)))
    by_rating = estimate.direct(alone, survey, by=(("year",),))
    chosen = by_student["statistic"] == "mean"
    assert (by_student.loc[chosen, "se"] > 1.05 * by_rating.loc[chosen, "se"]).all()


def _cells(frame: pd.DataFrame) -> zip:
    return zip(frame["dept"], frame["lectage"], strict=True)


def _by_cell(found: pd.DataFrame, statistic: str) -> pd.DataFrame:
    chosen = found[found["statistic"] == statistic]
    keys = pd.MultiIndex.from_arrays([chosen["agency"].astype(str), chosen["year"].astype(int)])
    return chosen.set_index(keys)

"""The generator of kommunforbundet: the same bytes, the plan kept to the last answer."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from betyg.data import clean, read
from betyg.data.study import Study
from betyg.data.synthetic import draws, kommunforbundet
from betyg.data.synthetic.kommunforbundet import plan
from betyg.data.synthetic.kommunforbundet.answers import draw
from betyg.data.synthetic.kommunforbundet.files import EXPORTS

RAW = Path(__file__).parents[2] / "data" / "raw"
STUDY = RAW / "kommunforbundet"
TRUTH = Path(__file__).parents[1] / "truth" / "kommunforbundet.json"
HALF_A_STEP = 0.5  # a mean of n answers on k steps can be planned to half of 100 / ((k - 1) n)


def content(path: Path) -> object:
    """The bytes of a file; of a workbook its parts, since their compression varies with zlib."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {part.filename: (part.date_time, archive.read(part)) for part in archive.infolist()}


@pytest.fixture(scope="module")
def other_seed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kommunforbundet")
    kommunforbundet.generate(folder, seed=7)
    return folder


def test_the_files_of_the_repository_are_rebuilt_byte_for_byte(tmp_path):
    kommunforbundet.generate(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kommunforbundet.WRITTEN)
    for name in kommunforbundet.WRITTEN:
        if name != "SHA256SUMS":
            assert content(tmp_path / name) == content(STUDY / name), name


def test_another_seed_gives_other_answers(other_seed):
    for name in kommunforbundet.WRITTEN:
        assert content(other_seed / name) != content(STUDY / name), name


def test_the_stored_truth_is_the_plan():
    assert json.loads(TRUTH.read_text("utf-8")) == json.loads(json.dumps(kommunforbundet.truth()))


@pytest.mark.parametrize("seed", [kommunforbundet.SEED, 1, 2, 3])
@pytest.mark.parametrize("year", plan.YEARS)
def test_every_group_has_its_planned_mean_under_every_seed(year, seed):
    drawn = draw(year, seed=seed)
    for column in plan.columns(year):
        if plan.is_exact(column, year):
            continue
        k = plan.SCALES[column.partition(".")[0]]
        for agency, answers in drawn.groupby("agency")[column]:
            given = answers[answers > 0]
            step = 100 / (k - 1) / len(given)
            found = draws.mean_score(given.to_numpy(), k)
            assert abs(found - plan.mean(column, year, agency)) <= (HALF_A_STEP + 1e-9) * step


@pytest.mark.parametrize("seed", [kommunforbundet.SEED, 1, 2, 3])
@pytest.mark.parametrize("year", plan.YEARS)
def test_published_counts_are_exact_under_every_seed(year, seed):
    drawn = draw(year, seed=seed)
    assert drawn["agency"].value_counts().to_dict() == plan.SIZES[year]
    for item in plan.EXACT:
        if plan.is_exact(item, year):
            counts, unknown = plan.EXACT[item][year]
            found = drawn[item].value_counts()
            assert [found[place] for place in range(1, len(counts) + 1)] == list(counts)
            assert found[draws.DONT_KNOW] == unknown
    mentioned = kommunforbundet.truth()["mentioned"]
    for theme, by_year in mentioned.items():
        assert int(drawn[theme].sum()) == by_year.get(str(year), 0)


def test_answers_of_one_person_go_together():
    drawn = draw(2021, seed=kommunforbundet.SEED)[["trust", "overall"]]
    given = drawn[(drawn > 0).all(axis=1)]
    assert 0.2 < np.corrcoef(given["trust"], given["overall"])[0, 1] < 0.5


@pytest.mark.parametrize("year", plan.YEARS)
def test_cleaning_gives_back_what_was_drawn(year, association_respondents):
    drawn = draw(year, seed=kommunforbundet.SEED)
    cleaned = association_respondents[association_respondents["year"] == year]
    persons = cleaned[cleaned["activity"] == "all"]
    assert persons["agency"].astype(str).tolist() == drawn["agency"].tolist()
    assert persons["group"].astype(str).tolist() == drawn["role"].tolist()
    for column in plan.columns(year):
        item, _, service = column.partition(".")
        found = cleaned[cleaned["activity"] == (service or "all")]
        expected = drawn[column].where(drawn[column] > 0)
        np.testing.assert_array_equal(
            found[item].astype("Float64").to_numpy(dtype=float, na_value=np.nan), expected
        )
        unknown = (found[f"{item}.missing"] == "dont_know").to_numpy()
        np.testing.assert_array_equal(unknown, drawn[column] == draws.DONT_KNOW)
    for theme in (name for name in drawn if name.startswith(("praise_", "wish_"))):
        if drawn[theme].any():
            np.testing.assert_array_equal(persons[theme].to_numpy(dtype=int) == 2, drawn[theme])


@pytest.fixture(scope="module")
def association_respondents() -> pd.DataFrame:
    survey = Study.load(RAW, "kommunforbundet")
    return clean.clean(read.sources(survey), survey).respondents


def test_the_mess_is_found_and_counted():
    survey = Study.load(RAW, "kommunforbundet")
    attrition = clean.clean(read.sources(survey), survey).attrition
    found = attrition.pivot(index="source", columns="step", values="n")
    for year, source in zip(plan.YEARS, (s.file for s in survey.sources), strict=True):
        mess = plan.MESS[year]
        assert found.loc[source, "duplicates"] == mess["repeated"] + mess["changed"]
        assert found.loc[source, "declared not used"] == mess["test"] + mess["unfinished"]
        assert found.loc[source, "kept"] == sum(plan.SIZES[year].values())
        assert found["out of range"].fillna(0)[source] == mess["out_of_range"]


def test_every_year_has_an_export():
    assert tuple(sorted(EXPORTS)) == plan.YEARS

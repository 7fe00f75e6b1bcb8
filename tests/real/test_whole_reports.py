"""From the files of others to the finished report, by make and the notebooks as they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import study_writer

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
AGREE = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]
THEMES = {  # a part of the questionnaire's 71 items: three themes and the published index
    "Q1": "work", "Q4": "work", "Q11": "work",
    "Q47": "supervisor", "Q48": "supervisor", "Q51": "supervisor",
    "Q53": "leaders", "Q54": "leaders", "Q61": "leaders",
    "Q40": "satisfaction", "Q69": "satisfaction", "Q70": "satisfaction", "Q71": "satisfaction",
}  # fmt: skip
TOML = """\
[study]
title.en = "Federal Employee Viewpoint Survey 2018, a sample"
languages = ["en"]
kind = "responses"
synthetic = false
labels.agency.en = "Agency"
[[source]]
file = "fevs.parquet"
year = 2018
[source.columns]
respondent = "respondent_id"
agency = "agency"
weight = "weight"
group = "supervisor"
[index.satisfaction]
items = ["Q40", "Q69", "Q70", "Q71"]
label.en = "Global satisfaction"
[compare]
outcome = "satisfaction"
adjust_for = ["group"]
"""
GROUPS = {"manager": "Supervisor/Manager/Senior Leader", "staff": "Non-Supervisor/Team Leader"}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a scratch copy of the repository, with the Python of this test."""
    world = os.environ | {"PYTHONPATH": str(folder / "src")}
    return subprocess.run(
        ["make", f"VENV={sys.prefix}", *arguments],
        cwd=folder,
        env=world,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The report of 101,881 federal employees, built once, with the brief of one agency."""
    data = ROOT.parent / "shared" / "data" / "us_fevs_2018_sample"
    if not data.exists():
        pytest.skip("the data set us_fevs_2018_sample is not on this machine")
    folder = tmp_path_factory.mktemp("fevs")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("src", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    answers = pd.read_parquet(data / "fevs2018_sample.parquet")
    items = pd.read_csv(data / "items.csv").set_index("item")["text"]
    agencies = pd.read_csv(data / "agencies.csv", keep_default_na=False)
    study_writer.load(
        folder / "data",
        toml=TOML,
        tables={
            "fevs.parquet": answers[["respondent_id", "agency", "weight", "supervisor", *THEMES]],
            "codebook.csv": study_writer.codebook(
                [(item, theme, "agree", items[item]) for item, theme in THEMES.items()]
            ),
            "scales.csv": study_writer.scale("agree", AGREE),
            "agencies.csv": agencies.set_axis(["code", "label_en"], axis=1),
            "groups.csv": pd.DataFrame(
                {"code": GROUPS.keys(), "label_en": GROUPS.values(), "aliases": GROUPS.values()}
            ),
        },
    )
    for wanted in (["reports/real/real-report-en.html"], ["report", "PARAMS=agency=HS"]):
        said = make(folder, *wanted)
        assert said.returncode == 0, said.stdout + said.stderr
    return folder


def table(built, name: str) -> pd.DataFrame:
    return pd.read_parquet(built / f"data/processed/real/{name}.parquet")


def test_45_agencies_are_compared_with_bands_and_places(built):
    compared = table(built, "comparisons")
    agencies = compared[(compared["agency"] != "all") & (compared["year"] == 2018)]
    assert len(agencies) == 45
    assert np.isfinite(agencies["from_mean"]).all()
    ranked = agencies[agencies["rank_reason"] == ""]
    assert (ranked["place_low"] <= ranked["place_high"]).all()
    assert len(ranked) > 30
    assert agencies["band"].isin(["lower", "much_lower", "higher", "much_higher"]).mean() < 0.25


def test_published_index_is_near_what_the_report_says(built):
    estimates = table(built, "estimates")
    margin = (estimates["agency"] == "all") & (estimates["group"] == "all")
    margin &= estimates["year"] == 2018
    row = estimates[
        margin & (estimates["item"] == "satisfaction") & (estimates["statistic"] == "mean")
    ]
    # The published 64 is a percentage of positive answers; the mean of scores lies beside it.
    assert len(row) == 1
    assert 60 < row["estimate"].item() < 70


def test_the_report_and_the_brief_are_whole(built):
    pages = sorted(path.name for path in built.glob("reports/real/**/*.html"))
    assert "real-report-en.html" in pages
    assert "real-brief-HS-en.html" in pages
    assert not any("synthetic" in page for page in pages)
    text = next(built.glob("reports/real/**/real-report-en.html")).read_text("utf-8")
    assert "Synthetic" not in text
    assert "Traceback" not in text


def test_a_second_make_does_nothing(built):
    said = make(built, "report", "PARAMS=agency=HS")
    assert "everything is up to date" in said.stdout

"""make on a study whose raw file lies on a web server: it sees each change of the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from toy import ROOT, Project, ran
from web_server import Served, moved_to, serving

STUDY = "data/raw/one"


@pytest.fixture
def web() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path, "one")
    (found.folder / "notebooks" / "05_report.ipynb").unlink()
    shutil.copy(ROOT / "notebooks" / "01_clean.ipynb", found.folder / "notebooks")
    return found


def built(project: Project) -> dict[str, bytes]:
    return project.built("data/processed/one/cells.parquet")


def test_make_reads_a_file_on_a_web_server_and_sees_it_change(
    project: Project, web: Served
) -> None:
    assert project.make("data").returncode == 0
    here = built(project)
    url = moved_to(web, project.folder / STUDY)
    unlisted = project.make("data")
    assert unlisted.returncode == 2
    assert f"REMOTE.csv: '{url}' is not listed. `make sums STUDY=one`" in unlisted.stderr
    assert f"{STUDY}/REMOTE.csv written." in project.make("sums", "STUDY=one").stdout

    done = project.make("data")
    assert ran(done) == {"one preflight", "one 01_clean"}, done.stderr
    assert built(project) == here
    assert ran(project.make("data")) == set()


def test_make_builds_of_no_other_version_than_was_accepted(project: Project, web: Served) -> None:
    url = moved_to(web, project.folder / STUDY)
    assert project.make("sums", "STUDY=one").returncode == 0
    assert project.make("data").returncode == 0
    here, held = built(project), web.files["answers.csv"]

    web.files["answers.csv"] = held * 2
    told = f"{url}: has changed since `make sums`: then "
    assert told in project.make("why").stdout
    assert told in project.make("status").stdout
    changed = project.make("data")
    assert changed.returncode == 2
    assert f"{STUDY}: 1 problem\n  - {told}" in changed.stderr
    assert built(project) == here

    assert project.make("sums", "STUDY=one").returncode == 0
    assert f"    {url} changed: {len(held)} bytes, " in project.make("why").stdout
    twice = project.make("data")
    assert f"  - {url}, line " in twice.stderr and "Traceback" not in twice.stderr
    assert built(project) == here


def test_make_says_which_study_cannot_be_reached_and_builds_the_others(
    tmp_path: Path, web: Served
) -> None:
    project = Project(tmp_path, "one", "two")
    (project.folder / "notebooks" / "05_report.ipynb").unlink()
    shutil.copy(ROOT / "notebooks" / "01_clean.ipynb", project.folder / "notebooks")
    url = moved_to(web, project.folder / STUDY)
    assert project.make("sums", "STUDY=one").returncode == 0
    web.status["answers.csv"] = 503
    done = project.make("data")
    assert done.returncode == 2
    assert ran(done) == {"two preflight", "two 01_clean"}
    assert f"{STUDY}: 1 problem\n  - {url}: cannot be reached (HTTP Error 503" in done.stderr
    assert "Is this machine online" in done.stderr
    assert "cannot be reached" in project.make("status").stdout

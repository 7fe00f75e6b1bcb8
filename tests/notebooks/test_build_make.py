"""make in a scratch copy of the repository: what it runs, what it leaves alone, what it says."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from betyg.build import client
from toy import CLEAN, REPORT, Project, ran, write_notebook

ONE = {"one preflight", "one 01_clean", "one 05_report-sv"}
FRONT = "reports/one/index.html"
PAGE = "reports/one/one-report-sv-synthetic.html"
QUICK = 0.5  # seconds that a make may take in which nothing is to be done
FORMS = (
    PAGE.replace(".html", ".pdf"),
    PAGE.replace(".html", ".docx"),
    "reports/one/one-report-tables-sv-synthetic.xlsx",
)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two studies, built once in Swedish; nobody changes this one."""
    project = Project(tmp_path_factory.mktemp("make"), "one", "two")
    result = project.make("-j2", "report", "LANGUAGE=sv")
    assert result.returncode == 0, result.stderr
    assert ran(result) == ONE | {line.replace("one", "two") for line in ONE}
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, to be changed."""
    copy = object.__new__(Project)
    copy.folder = tmp_path / "copy"
    shutil.copytree(finished.folder, copy.folder)
    return copy


def work_of_children() -> float:
    """Return the seconds of work that all ended processes have done, waiting apart."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def report(project: Project, *arguments: str) -> set[str]:
    result = project.make("-j2", "report", "LANGUAGE=sv", *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return ran(result)


def said(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Check an error: its exit code, its words, and that it is no traceback."""
    assert result.returncode == 2, result.stdout + result.stderr
    for part in parts:
        assert part in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_make_does_nothing_and_says_so(project: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.folder.glob("reports/**/*")}
    time.sleep(2.1)  # until what was copied may be taken from memory
    project.make("report", "LANGUAGE=sv")
    used = [work_of_children()]
    for _ in range(3):
        result = project.make("report", "LANGUAGE=sv")
        used.append(work_of_children())
    assert min(np.diff(used)) < QUICK
    assert result.stdout == "make report: everything is up to date.\n"
    assert result.stderr == ""
    after = {path: path.stat().st_mtime_ns for path in project.folder.glob("reports/**/*")}
    assert after == before


def test_two_makes_at_once_give_the_bytes_of_one(finished: Project, project: Project) -> None:
    shutil.rmtree(project.folder / "build/one")
    command = ["report", "LANGUAGE=sv", "STUDY=one"]
    both = [project.start(*command) for _ in range(2)]
    said = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert any("another make is at it, waiting for it" in errors for _, errors in said), said
    assert project.built(PAGE) == finished.built(PAGE)
    assert not list(project.folder.rglob("*.failed.ipynb"))


def test_pages_of_a_language_that_was_given_up_are_removed(project: Project) -> None:
    english = project.folder / PAGE.replace("-sv-", "-en-")
    result = project.make("-j2", "report", "STUDY=one")
    assert result.returncode == 0, result.stderr
    assert english.exists()
    report(project, "STUDY=one")  # LANGUAGE=sv is a part of the plan: English stays
    assert english.exists()
    edit(
        project.folder / "data/raw/one/study.toml", 'languages = ["sv", "en"]', 'languages = ["sv"]'
    )
    result = project.make("report", "STUDY=one")
    assert result.returncode == 0, result.stderr
    assert f"{english.relative_to(project.folder)}: removed, the study no longer" in result.stderr
    assert sorted(project.built("reports/one/**/*")) == sorted([
        "reports/one/notebooks/01_clean.ipynb", "reports/one/notebooks/05_report-sv.ipynb", PAGE,
        *FORMS, "reports/one/tables/report-sv-synthetic/contents-synthetic.csv", FRONT,
        "reports/one/claims/report-sv.json", "reports/one/manifest.json",
    ])  # fmt: skip
    assert b"report-en" not in project.built(FRONT)[FRONT]


def test_a_page_links_to_its_other_forms_and_they_are_there(finished: Project) -> None:
    page = finished.folder / PAGE
    links = re.findall(r'<li><a href="([^#"]+)">', page.read_text("utf-8"))
    assert len(links) == 4
    assert all((page.parent / link).is_file() for link in links)
    assert set(FORMS) <= {str((page.parent / x).relative_to(finished.folder)) for x in links}


def test_a_form_that_is_gone_is_made_again_and_the_page_with_it(project: Project) -> None:
    for form in (*FORMS, "reports/one/tables/report-sv-synthetic"):
        before = project.built("reports/one/**/*")
        path = project.folder / form
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert report(project, "STUDY=one") == set()
        assert project.built("reports/one/**/*") == before


def test_words_are_put_in_without_running_anything(project: Project) -> None:
    edit(project.folder / "notebooks/05_report.ipynb", "## Svar", "## Resultat")
    assert report(project, "STUDY=one") == set()
    assert b"Resultat" in project.built(PAGE)[PAGE]


def test_a_table_that_came_out_the_same_runs_nothing_after_it(project: Project) -> None:
    edit(project.folder / "notebooks/01_clean.ipynb", "# From", "# Out of")
    edit(project.folder / "notebooks/01_clean.ipynb", "import pandas", "import math, pandas")
    assert report(project, "STUDY=one") == {"one 01_clean"}
    assert report(project, "STUDY=one") == set()


def test_a_changed_table_runs_what_reads_it(project: Project) -> None:
    old, new = "store.write(answers,", "store.write(answers[1:],"
    edit(project.folder / "notebooks/01_clean.ipynb", old, new)
    assert report(project, "STUDY=one") == {"one 01_clean", "one 05_report-sv"}


@pytest.mark.parametrize("damage", ["deleted", "truncated"])
def test_a_table_that_is_not_as_it_was_written_is_made_again(project: Project, damage: str) -> None:
    table = project.folder / "data/processed/one/answers.parquet"
    whole = table.read_bytes()
    table.unlink()
    if damage == "truncated":
        table.write_bytes(whole[:-20])
    assert "one 01_clean" in report(project, "STUDY=one")
    assert table.read_bytes() == whole


def test_a_write_call_that_is_taken_out_stops_the_build(project: Project) -> None:
    before = project.built("reports/**/*")
    write_notebook(project.folder / "notebooks/01_clean.ipynb", CLEAN[:-1])
    result = project.make("report")
    said(result, "05_report.ipynb reads table 'answers', which no notebook writes")
    assert project.built("reports/**/*") == before


def test_one_study_that_fails_does_not_stop_the_other(project: Project) -> None:
    with (project.folder / "data/raw/one/answers.csv").open("ab") as file:
        file.write(b"\r\n")
    edit(project.folder / "data/raw/two/SOURCE.md", "a", "b")
    before = project.built("reports/one/*")
    result = project.make("report", "LANGUAGE=sv")
    said(result, "data/raw/one", "'answers.csv' has changed", "make sums STUDY=one")
    assert ran(result) == {line.replace("one", "two") for line in ONE}
    assert project.built("reports/one/*") == before
    assert project.make("sums", "STUDY=one").returncode == 0
    assert project.make("preflight", "STUDY=one").returncode == 0


def test_a_study_toml_that_cannot_be_read_stops_its_own_study_only(project: Project) -> None:
    (project.folder / "data/raw/one/study.toml").write_text("[study\n")
    edit(project.folder / "data/raw/two/SOURCE.md", "a", "b")
    result = project.make("report", "LANGUAGE=sv")
    said(result, "study.toml")
    assert "two 05_report-sv" in ran(result)


def test_a_failing_cell_is_told_and_only_the_rest_runs_when_it_is_mended(project: Project) -> None:
    notebook = project.folder / "notebooks/05_report.ipynb"
    edit(notebook, "Markdown(f", "Markdwn(f")
    before = project.built("reports/**/*")
    result = project.make("report", "LANGUAGE=sv", "STUDY=one")
    said(result, "stopped in cell 7 of 7", "NameError: name 'Markdwn' is not defined")
    said(result, "build/one/05_report-sv.failed.ipynb", "make report STUDY=one")
    assert project.built("reports/**/*") == before
    edit(notebook, "Markdwn(f", "Markdown(f")
    assert report(project, "STUDY=one") == set(), "the last result is that of this code"
    assert project.built("reports/**/*") == before


def test_other_parameters_stand_beside_the_canonical_report(project: Project) -> None:
    before = project.built("reports/one/*")
    assert report(project, "STUDY=one", "PARAMS=year_from=2012") == {"one 05_report-sv"}
    page = "reports/one/variants/year_from=2012/one-report-sv-synthetic.html"
    assert b"2012: " in project.built(page)[page]
    assert project.built("reports/one/*") == before
    assert report(project, "STUDY=one", "PARAMS=year_from=2012") == set()
    assert report(project, "STUDY=one") == set()


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("PARAMS=yer_from=2012", "Did you mean 'year_from'?"),
        ("PARAMS=year_from=soon", "year_from is declared as int, but 'soon' is a str"),
        ("STUDY=onne", "Did you mean 'one'?"),
        ("LANGUAGE=de", "Choose from: en, sv."),
    ],
)
def test_a_wrong_choice_is_refused_with_the_right_ones(
    finished: Project, argument: str, part: str
) -> None:
    said(finished.make("report", argument), part)


def test_a_study_gives_values_to_a_notebook(project: Project) -> None:
    toml = project.folder / "data/raw/one/study.toml"
    toml.write_text(toml.read_text("utf-8") + "\n[parameters.05_report]\nyear_from = 2012\n")
    report(project, "STUDY=one")
    assert b"2012: " in project.built(PAGE)[PAGE]
    edit(toml, "year_from = 2012", "yer_from = 2012")
    said(
        project.make("report", "STUDY=one"),
        "study.toml [parameters.05_report]",
        "Did you mean 'year_from'?",
    )


def test_a_desktops_language_setting_chooses_nothing(project: Project) -> None:
    result = project.make("report", "STUDY=one", LANGUAGE="de_DE:de")
    assert result.returncode == 0
    assert ran(result) == {"one 05_report-en"}


def test_an_added_notebook_runs_with_the_others(project: Project) -> None:
    cells = [CLEAN[1], ("code", "print(study)"), ("code", "!echo from the shell")]
    write_notebook(project.folder / "notebooks/03b_my_check.ipynb", cells)
    assert report(project, "STUDY=two") == {"two 03b_my_check"}
    kept = json.loads((project.folder / "reports/two/notebooks/03b_my_check.ipynb").read_text())
    assert kept["cells"][2]["outputs"][0]["text"] == "two\n"


def test_a_notebook_with_a_space_in_its_name_is_told_of(project: Project) -> None:
    write_notebook(project.folder / "notebooks/03 check.ipynb", REPORT)
    result = project.make("report", "LANGUAGE=sv")
    assert result.returncode == 0
    assert "03 check.ipynb: not run" in result.stderr
    assert "03_check.ipynb" in result.stderr


def test_a_missing_translation_is_told_and_stops_nothing(project: Project) -> None:
    write_notebook(project.folder / "notebooks/05_report.ipynb", [*REPORT[:4], *REPORT[5:]])
    result = project.make("preflight", "STUDY=one")
    assert result.returncode == 0
    assert "05_report.ipynb, cell 4: text for readers in sv, none in en" in result.stderr


def test_one_at_a_time_in_another_folder_without_copies_of_a_warm_python_gives_the_same_bytes(
    finished: Project, tmp_path: Path
) -> None:
    serial = Project(tmp_path / "another", "one")
    result = serial.make("-j1", "report", "LANGUAGE=sv", BETYG_IS_WARM="1")
    assert not (serial.folder / "build/warm").exists()
    assert (finished.folder / "build/warm").exists() == (sys.platform == "linux")
    assert result.returncode == 0, result.stderr
    assert serial.built("reports/one/**/*") == finished.built("reports/one/**/*")
    assert serial.built("data/processed/**/*") == finished.built("data/processed/one/**/*")


def test_preflight_alone_begins_no_python_for_what_would_follow(tmp_path: Path) -> None:
    project = Project(tmp_path / "one", "one")
    world = {name: value for name, value in os.environ.items() if name != "BETYG_MAKE"}
    world["PYTHONPATH"] = str(project.folder / "src")
    for goal, begins in (("preflight", False), ("data", sys.platform == "linux")):
        command = ["make", f"VENV={sys.prefix}", goal]
        subprocess.run(command, cwd=project.folder, env=world, check=True, capture_output=True)
        assert (project.folder / "build/one/preflight.ok").exists()
        assert (project.folder / "build" / client.PLACE).exists() == begins


def test_make_alone_lists_the_targets_and_sets_nothing_up(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for target in ("help", "clean"):
        assert project.make("VENV=", target).returncode == 0
    assert "make report" in project.make("VENV=").stdout
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "build").exists()


def test_a_missing_python_is_told_before_anything_is_written(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 15))):
        old = tmp_path / "bin" / name
        old.parent.mkdir(exist_ok=True)
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
        old.chmod(0o755)
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    result = project.make("VENV=", "report", PATH=path, CONDA_DEFAULT_ENV="")
    said(result, "betyg needs Python 3.11 or later", "found: Python 3.9.2")
    assert not (tmp_path / ".venv").exists()


def test_new_needs_a_name_and_begins_a_study(tmp_path: Path) -> None:
    project = Project(tmp_path)
    said(project.make("new"), "make new STUDY=name")
    assert project.make("new", "STUDY=users_2026").returncode == 0
    assert (tmp_path / "data/raw/users_2026/study.toml").exists()
    refused = project.make("new", "STUDY=Min enkät")
    said(refused, "'Min enkät' cannot be a study's name.", "make new STUDY=min_enkat.")
    said(project.make("sums", "STUDY=--help me"), "there is no study '--help me'")
    said(project.make("new", 'STUDY="; touch spoilt; "'), "cannot be a study's name")
    assert not (tmp_path / "spoilt").exists()

"""A full disk, a folder that cannot be written, a table cut short, a clock gone wrong."""

import contextlib
import io
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from betyg.build import manifest
from faulty import built, everything, other_answers
from toy import Project, ran

AGAIN = "What was made before is as it was; then run the same command again."
LARGEST = 12_000  # bytes: the keys and the notebooks are smaller, the page and its forms larger
CHANCE = 5  # letters: shorter words stand in packed files by chance
PARTS = ("build", "reports", "data", "notebooks", "src")
YEARS = {"1980": 315532800, "2099": 4070908800}  # seconds since 1970


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something on a folder, as only the user root may; in CI that must work."""
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        told = f"only root can mount what this test needs: {done.stderr.strip()}"
        pytest.fail(told) if os.environ.get("CI") and os.geteuid() == 0 else pytest.skip(told)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left of the disk on which a folder lies."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 4096)
    return ballast


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no process that is started here write a file of more than ``size`` bytes."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def stops(project: Project, other: Project, said: str, **environment: str) -> None:
    """Check a make that cannot write: what it says, and that each file is old or new, and whole."""
    before, whole = everything(project), everything(other)
    result = project.make("-j2", "report", **environment)
    assert result.returncode == 2, result.stdout
    assert said in result.stderr
    assert AGAIN in result.stderr
    assert "Traceback" not in result.stderr
    left = everything(project)
    assert left.keys() == before.keys()
    assert all(left[name] in (before[name], whole.get(name)) for name in left)


def goes_on(project: Project, other: Project) -> None:
    built(project)
    assert everything(project) == everything(other)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk in memory")
@pytest.mark.parametrize("part", ["build", "reports"])
def test_a_full_disk_is_told_and_nothing_is_lost(
    project: Project, other: Project, tmp_path: Path, part: str
) -> None:
    other_answers(project)
    folder = project.folder / part
    aside = folder.rename(tmp_path / "aside")
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        ballast = fill(folder)
        stops(project, other, ": No space left on device. Make room on the disk.")
        ballast.unlink()
        goes_on(project, other)


def test_a_file_that_may_not_grow_is_told_and_nothing_is_lost(
    project: Project, other: Project
) -> None:
    other_answers(project)
    with largest_file(LARGEST):
        stops(project, other, ": File too large. Make room on the disk.", BETYG_IS_WARM="1")
    goes_on(project, other)


def test_reports_that_may_not_be_written_are_told_by_name_and_nothing_is_lost(
    project: Project, other: Project
) -> None:
    other_answers(project)
    folder = project.folder / "reports"
    with contextlib.ExitStack() as locked:
        if os.geteuid() == 0:  # whom no permission keeps out
            locked.enter_context(mounted(folder, "--bind", str(folder)))
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        else:
            for path in (folder, *filter(Path.is_dir, folder.rglob("*"))):
                path.chmod(0o555)
                locked.callback(path.chmod, 0o755)
        stops(project, other, "reports/one/notebooks/01_clean.ipynb: ")
    goes_on(project, other)


def test_a_table_cut_short_between_two_makes_is_made_again(project: Project) -> None:
    before = everything(project)
    table = project.folder / "data/processed/one/answers.parquet"
    times = table.stat()
    table.write_bytes(table.read_bytes()[:-100])
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    built(project)
    assert everything(project) == before


@pytest.mark.parametrize(
    "name",
    [
        "one-report-sv-synthetic.html",
        "notebooks/05_report-sv.ipynb",
        "claims/report-sv.json",
        "tables/report-sv-synthetic/contents-synthetic.csv",
        "manifest.json",
    ],
)
def test_a_report_that_somebody_edited_is_told_of_kept_aside_and_made_again(
    project: Project, name: str
) -> None:
    before = everything(project)
    place = f"reports/one/{name}"
    with (project.folder / place).open("ab") as file:
        file.write(b"by hand")
    assert "  pages and other files      stale" in project.make("status").stdout
    result = project.make("report")
    assert result.returncode == 0, result.stderr
    assert result.stderr == (
        f"{place} is not as make wrote it, and is made again; what it was is now "
        f"build/edited/{place}. To edit a file, copy it out of the folder first.\n"
    )
    assert ran(result) == set(), "no notebook"
    assert everything(project) == before
    assert (project.folder / "build/edited" / place).read_bytes() == before[place] + b"by hand"
    assert manifest.check(project.folder / "reports/one")[1] == []
    assert project.make("report").stdout == "make report: everything is up to date.\n"


def test_files_lost_from_the_reports_and_strangers_among_the_tables_are_mended(
    project: Project,
) -> None:
    before = everything(project)
    tables = project.folder / "reports/one/tables/report-sv-synthetic"
    (tables / "contents-synthetic.csv").unlink()
    (tables / "mine.csv").write_text("1,2")
    (project.folder / "reports/one/claims/report-sv.json").unlink()
    built(project)
    assert everything(project) == before
    assert (
        project.folder / "build/edited/reports/one/tables/report-sv-synthetic/mine.csv"
    ).read_text() == "1,2"


def files(project: Project) -> list[Path]:
    found = [path for part in PARTS for path in sorted((project.folder / part).rglob("*"))]
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("year", YEARS)
def test_a_change_is_seen_whatever_the_clock_said_when_the_rest_was_made(
    project: Project, other: Project, year: str
) -> None:
    for path in files(project):
        os.utime(path, (YEARS[year], YEARS[year]))
    other_answers(project)
    built(project)
    assert everything(project) == everything(other)
    assert project.make("report").stdout == "make report: everything is up to date.\n"


def test_times_in_disorder_after_a_make_that_stopped_fool_nobody(
    project: Project, other: Project
) -> None:
    other_answers(project)
    notebook = project.folder / "notebooks/05_report.ipynb"
    right = notebook.read_text("utf-8")
    notebook.write_text(right.replace("Markdown(f", "Markdwn(f"), "utf-8")
    assert project.make("report").returncode == 2
    notebook.write_text(right, "utf-8")
    dice = random.Random(7)
    for path in files(project):
        moment = dice.choice(list(YEARS.values())) + dice.randrange(10**6)
        os.utime(path, (moment, moment))
    built(project)
    assert everything(project) == everything(other)
    assert project.make("report").stdout == "make report: everything is up to date.\n"


def test_the_manifest_lists_all_that_is_there_and_make_alone_writes_it_anew(
    project: Project,
) -> None:
    folder = project.folder / "reports/one"
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert {name.partition("/")[0] for name in told["inputs"]} == {
        "data", "notebooks", "src", "requirements.lock",
    }  # fmt: skip
    assert told["parameters"]["05_report-sv"] == {
        "study": "one", "language": "sv", "year_from": 2011,
    }  # fmt: skip
    assert told["tables"].keys() == {"data/processed/one/answers.parquet"}
    assert told["versions"]["packages"]["numpy"] == np.__version__
    listed = len(project.built("reports/one/**/*")) - 1
    assert manifest.check(folder) == (listed, [])
    with (project.folder / "src/betyg/data/store.py").open("a") as module:
        module.write("# more words\n")
    assert project.make("report").stdout == "make report: everything is up to date.\n"
    now = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert [n for n in now["inputs"] if now["inputs"][n] != told["inputs"][n]] == [
        "src/betyg/data/store.py"
    ]
    assert now["outputs"] == told["outputs"]


def test_nothing_that_was_made_tells_of_this_machine_or_of_today(finished: Project) -> None:
    today = datetime.now(UTC)
    private = [str(finished.folder), str(Path.home()), socket.gethostname(), sys.prefix]
    private += [today.strftime(form) for form in ("%Y-%m-%d", "%Y%m%d", "%d %B %Y")]
    for name, content in everything(finished).items():
        parts = [content]
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                parts += [packed.read(part) for part in packed.namelist()]
        for word in (word for word in private if len(word) >= CHANCE):
            assert not any(word.encode() in part for part in parts), (name, word)

"""A notebook that stops, in every way there is: what is said, what is left, and how it goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from faulty import at_work
from toy import REPORT, Project, ran, write_notebook

MODELS = (
    ("markdown", "# A model"),
    (
        "code",
        'study: str = "one"\ntables: str = "../data/processed/one"\nout: str = "../build"',
        "parameters",
    ),
    ("code", "from betyg.data import store\nrows = len(store.read('answers', tables))"),
    ("code", "shares = store.read('answers', tables).head(1)\n1 / (study != 'two')"),
    ("code", 'store.write(shares, "shares", out)'),
)
HANGS = (
    ("code", "import os, pathlib, time"),
    ("code", "pathlib.Path('../build/pid').write_text(str(os.getpid()))\ntime.sleep(600)"),
)
RESULTS = ("build/one/05_report-sv.ipynb", "build/two/05_report-sv.ipynb")
SECONDS = 60  # until something surely has happened, on a busy machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two studies, neither built, with a model between their answers and their report."""
    project = Project(tmp_path_factory.mktemp("failures"), "one", "two")
    for study in ("one", "two"):
        toml = project.folder / f"data/raw/{study}/study.toml"
        toml.write_text(toml.read_text("utf-8").replace('["sv", "en"]', '["sv"]'), "utf-8")
    write_notebook(project.folder / "notebooks/03_models.ipynb", MODELS)
    reads = ("code", 'shares = store.read("shares", tables)')
    write_notebook(project.folder / "notebooks/05_report.ipynb", [*REPORT, reads])
    return project


@pytest.fixture(scope="module")
def stopped(project: Project) -> subprocess.CompletedProcess[str]:
    """What make says when a cell of the second study fails."""
    return project.make(*RESULTS)


def status(project: Project) -> dict[str, str]:
    """Return how it stands with each run, as 'study label'."""
    study, kinds = "", {}
    for line in project.make("status").stdout.splitlines():
        if not line.startswith(" "):
            study = line
        elif not line.startswith(("  pages", "  preflight")):
            label, kind, *_ = line.split()
            kinds[f"{study} {label}"] = kind
    return kinds


def test_an_error_in_a_cell_is_told_on_one_screen(
    stopped: subprocess.CompletedProcess[str],
) -> None:
    assert stopped.returncode == 2
    lines = stopped.stderr.strip().splitlines()
    assert lines[: lines.index("")] == [
        "two: notebooks/03_models.ipynb stopped in cell 4 of 5:",
        "    1 / (study != 'two')",
        "ZeroDivisionError: division by zero",
        "The notebook as far as it ran: build/two/03_models.failed.ipynb",
        "When it is mended, go on with: make report STUDY=two",
    ]
    assert "Traceback" not in stopped.stderr


def test_the_other_study_is_finished_and_when_it_is_mended_only_what_is_needed_runs(
    project: Project, stopped: subprocess.CompletedProcess[str]
) -> None:
    finished = {f"one {label}" for label in ("preflight", "01_clean", "03_models", "05_report-sv")}
    assert ran(stopped) == finished | {"two preflight", "two 01_clean"}
    attempt = project.folder / "build/two/03_models.failed.ipynb"
    assert attempt.exists()
    assert status(project) == {
        "one 01_clean": "fresh", "one 03_models": "fresh", "one 05_report-sv": "fresh",
        "two 01_clean": "fresh", "two 03_models": "failed", "two 05_report-sv": "stale",
    }  # fmt: skip
    told = [line for line in project.make("status").stdout.splitlines() if "failed" in line]
    assert told == ["  03_models                  failed   in cell 4 of 5: ZeroDivisionError: "
                    "division by zero"]  # fmt: skip
    mended = [(kind, text.replace("!= 'two'", "!= 'three'"), *tags) for kind, text, *tags in MODELS]
    write_notebook(project.folder / "notebooks/03_models.ipynb", mended)
    said = project.make("why", "NB=03_models", "STUDY=two").stdout
    assert "two 03_models failed and would run again." in said
    result = project.make(RESULTS[1])
    assert result.returncode == 0, result.stderr
    assert ran(result) == {"two 03_models", "two 05_report-sv"}
    assert status(project) == {
        "one 01_clean": "fresh", "one 03_models": "stale", "one 05_report-sv": "waiting",
        "two 01_clean": "fresh", "two 03_models": "fresh", "two 05_report-sv": "fresh",
    }  # fmt: skip
    assert not attempt.exists()


def killed(make: subprocess.Popen[str], kernel: int) -> None:
    os.kill(kernel, signal.SIGKILL)


def interrupted(make: subprocess.Popen[str], kernel: int) -> None:
    os.killpg(make.pid, signal.SIGINT)


def waited_for(make: subprocess.Popen[str], kernel: int) -> None:
    """Leave it alone."""


WAYS = {
    "killed": (killed, "failed", "Its Python was ended from outside; the usual reason is a lack"),
    "hangs": (waited_for, "failed", "The cell was still at work after 3 seconds, and was stopped. "
              "If it needs more, give it more: TIMEOUT=6 behind the make command."),
    "Ctrl-C": (interrupted, "stale", "Stopped. What was finished is kept; the same command goes"),
}  # fmt: skip


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize("way", WAYS)
def test_what_ends_a_notebook_from_outside_is_told_and_leaves_no_process_behind(
    project: Project, way: str, warm: bool
) -> None:
    ends, kind, words = WAYS[way]
    hanging = project.folder / "notebooks/04_hangs.ipynb"
    write_notebook(hanging, [(*cell[:1], f"{cell[1]}  # {way}", *cell[2:]) for cell in HANGS])
    pid = project.folder / "build/pid"
    pid.unlink(missing_ok=True)
    limit = "3" if way == "hangs" else "600"
    world = {} if warm else {"BETYG_IS_WARM": "1"}
    before = at_work(project.folder)  # the warm Python
    make = project.start("build/two/04_hangs.ipynb", f"TIMEOUT={limit}", own_group=True, **world)
    eventually(lambda: pid.exists() and bool(pid.read_text()))
    ends(make, int(pid.read_text()))
    _, errors = make.communicate(timeout=SECONDS)
    assert make.returncode in ({2, 130, -signal.SIGINT} if way == "Ctrl-C" else {2}), errors
    assert words in errors
    assert "Traceback" not in errors
    if kind == "failed":
        assert "two: notebooks/04_hangs.ipynb stopped in cell 2 of 2:" in errors
    assert status(project)["two 04_hangs"] == kind
    eventually(lambda: set(at_work(project.folder)) <= set(before))
    hanging.unlink()


def eventually(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)

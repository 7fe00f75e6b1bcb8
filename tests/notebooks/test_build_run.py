"""Running one notebook: what is kept when it ends, and what is said when it does not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tiny
from betyg.build import kept, notebook
from betyg.build.failure import NotebookError
from betyg.errors import ParameterError
from toy import CLEAN, REPORT, Cell, write_notebook

TARGET = Path("build/one/01_clean.ipynb")
ATTEMPT = Path("build/one/01_clean.failed.ipynb")
TABLE = Path("data/processed/one/answers.parquet")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with braces in its name, which papermill would fill in if it were let."""
    folder = tmp_path / "{a} project"
    root, name = tiny.responses(folder / "data", respondents=20)
    (root / name).rename(root / "one")
    monkeypatch.chdir(folder)
    return folder


def job(*cells: Cell, **changes: Any) -> dict[str, Any]:
    write_notebook(Path("notebooks/01_clean.ipynb"), cells)
    return {
        "study": "one",
        "label": "01_clean",
        "notebook": "notebooks/01_clean.ipynb",
        "parameters": {"study": "one", "out": "../build/one/staging/01_clean"},
        "depends": {"data/raw/one/answers.csv": "hash"},
        "reads": [],
        "writes": ["answers"],
        "staging": "build/one/staging/01_clean",
        "tables": "data/processed/one",
        "target": str(TARGET),
        "again": "make report STUDY=one",
        **changes,
    }


def stopped(*cells: Cell) -> str:
    """Run the clean notebook with more cells, and return what is said when it stops."""
    with pytest.raises(NotebookError) as caught:
        notebook.run(job(*CLEAN, *cells))
    assert not TARGET.exists(), "what failed must not look finished"
    assert ATTEMPT.exists()
    assert str(ATTEMPT) in str(caught.value)
    return str(caught.value)


def test_two_runs_give_the_same_bytes_and_leave_an_unchanged_table_alone() -> None:
    cells = (*CLEAN, ("code", "print('one')\nprint('two')\nobject()"))
    notebook.run(job(*cells))
    first, written = TARGET.read_bytes(), TABLE.stat().st_mtime_ns
    notebook.run(job(*cells))
    assert TARGET.read_bytes() == first
    assert TABLE.stat().st_mtime_ns == written
    assert not ATTEMPT.exists()
    assert not Path("build/one/staging/01_clean").exists()


def test_a_changed_table_takes_the_place_of_the_old_one() -> None:
    notebook.run(job(*CLEAN))
    before = TABLE.read_bytes()
    shorter = [cell[:1] + (cell[1].replace("(answers,", "(answers[1:],"),) + cell[2:]
               for cell in CLEAN]  # fmt: skip
    notebook.run(job(*shorter))
    assert TABLE.read_bytes() != before


def test_a_parameter_that_is_not_declared_stops_before_anything_runs() -> None:
    with pytest.raises(ParameterError) as caught:
        notebook.run(job(*CLEAN, parameters={"studdy": "one"}))
    assert "no parameter named studdy. Did you mean 'study'?" in str(caught.value)
    assert "It declares: study, raw, out." in str(caught.value)
    assert not ATTEMPT.exists()


def test_a_failing_cell_is_told_on_one_screen() -> None:
    said = stopped(("markdown", "Now."), ("code", "rows = 7\nraise ValueError(f'bad row {rows}')"))
    assert said.splitlines() == [
        "one: notebooks/01_clean.ipynb stopped in cell 7 of 7:",
        "    raise ValueError(f'bad row {rows}')",
        "ValueError: bad row 7",
        f"The notebook as far as it ran: {ATTEMPT}",
        "When it is mended, go on with: make report STUDY=one",
    ]


def test_our_own_errors_speak_for_themselves_without_a_class_or_traceback() -> None:
    said = stopped(("code", "from betyg.errors import DataError\nraise DataError('a.csv, line 7')"))
    assert said.splitlines()[1:3] == ["    raise DataError('a.csv, line 7')", "a.csv, line 7"]


def test_our_own_errors_name_files_from_the_project_not_from_the_notebooks() -> None:
    said = stopped(("code", "from betyg.errors import DataError\nraise DataError('../data/raw/x')"))
    assert said.splitlines()[2] == "data/raw/x"


def test_an_error_from_a_module_names_its_file_and_line() -> None:
    said = stopped(("code", "import json\njson.loads('{')"))
    assert "in decoder.py, line " in said


def test_a_typing_error_is_told_without_the_random_name_of_its_cell() -> None:
    assert "SyntaxError: invalid syntax (this cell, line 1)" in stopped(("code", "1 +"))


def test_a_kernel_that_is_killed_is_told_like_a_failing_cell() -> None:
    said = stopped(("code", "import os\nos.kill(os.getpid(), 9)"))
    assert "stopped in cell 6 of 6:\n    import os\n" in said
    assert "ended from outside; the usual reason is a lack of memory" in said


def test_a_failure_leaves_earlier_results_as_they_were() -> None:
    notebook.run(job(*CLEAN))
    before, table = TARGET.read_bytes(), TABLE.read_bytes()
    with pytest.raises(NotebookError):
        notebook.run(job(*CLEAN[:3], ("code", "raise ValueError")))
    assert (TARGET.read_bytes(), TABLE.read_bytes()) == (before, table)


def test_a_table_that_was_not_written_is_named_with_its_call() -> None:
    with pytest.raises(NotebookError) as caught:
        notebook.run(
            job(*CLEAN[:4], ("code", "if False:\n    store.write(answers, 'answers', out)"))
        )
    assert "without writing table 'answers'" in str(caught.value)
    assert "store.write(..., 'answers', out)" in str(caught.value)
    assert not TARGET.exists()


def test_a_notebook_knows_no_secrets_and_nothing_of_the_users_own_setup(
    monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("LC_ALL", "sv_SE.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    cell = "import json, os, sys\nprint(json.dumps([dict(os.environ), sys.executable]))"
    notebook.run(job(*CLEAN, ("code", cell)))
    output = json.loads(TARGET.read_text("utf-8"))["cells"][-1]["outputs"][0]["text"]
    world, python = json.loads(output)
    assert python == sys.executable
    assert "SOME_TOKEN" not in world
    assert (world["TZ"], world["LC_ALL"]) == ("UTC", "C.UTF-8")
    assert os.environ["SOME_TOKEN"] == "secret", "the world outside is as it was"


def test_a_notebook_without_parameters_cell_just_runs() -> None:
    notebook.run(job(("code", "1 + 1"), parameters={}, writes=[]))
    assert TARGET.exists()


def test_a_run_that_is_ended_takes_its_kernel_along(here: Path) -> None:
    writes_pid = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))"
    plan = job(*CLEAN, ("code", f"{writes_pid}\ntime.sleep(99)"))
    Path("job.key").write_text(json.dumps(plan))
    process = subprocess.Popen(
        [sys.executable, "-m", "betyg", "run", "job.key"], stderr=subprocess.PIPE, text=True
    )
    pid = wait_for(Path("notebooks/pid"))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.strip() == "Stopped. What was finished is kept; the same command goes on."
    assert not lives(pid)


def wait_for(path: Path) -> int:
    for _ in range(300):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.1)
    raise TimeoutError(path)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_words_reach_the_published_notebook_without_a_run() -> None:
    notebook.run(job(*CLEAN))
    ran = TARGET.stat().st_mtime_ns
    write_notebook(Path("notebooks/01_clean.ipynb"), [("markdown", "# New words"), *CLEAN[1:]])
    target = Path("reports/one/notebooks/01_clean.ipynb")
    kept.publish(TARGET, target, source=Path("notebooks/01_clean.ipynb"))
    published = json.loads(target.read_text("utf-8"))
    assert published["cells"][0]["source"] == "# New words"
    assert published["cells"][-1]["execution_count"] == 5
    assert TARGET.stat().st_mtime_ns == ran


def test_the_report_runs_on_what_was_written() -> None:
    notebook.run(job(*CLEAN))
    plan = job(*CLEAN)
    write_notebook(Path("notebooks/05_report.ipynb"), REPORT)
    plan |= {"notebook": "notebooks/05_report.ipynb", "writes": [], "label": "05_report-sv"}
    plan |= {"reads": [str(TABLE)]}
    plan |= {"parameters": {"language": "sv"}, "target": "build/one/05_report-sv.ipynb"}
    notebook.run(plan)
    cells = json.loads(Path(plan["target"]).read_text("utf-8"))["cells"]
    assert cells[-1]["outputs"][0]["data"]["text/markdown"].startswith("2011: ")


def test_an_error_of_a_package_names_the_file_that_was_opened_last() -> None:
    with open("data/raw/one/answers.csv", "a", encoding="cp1252") as file:
        file.write("1;" * 99 + "\n")
    said = stopped()
    assert "ParserError: " in said
    assert "in line 22, saw 100" in said
    assert "The last file that it opened: data/raw/one/answers.csv\n" in said

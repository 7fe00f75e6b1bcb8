"""What is told before anything runs: everything at once, each with its remedy."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import tiny
from betyg import __main__ as betyg
from betyg.build import preflight
from betyg.build.fingerprint import Hashes
from betyg.build.plan import Choice
from betyg.errors import ParameterError
from toy import CLEAN, REPORT, write_notebook

MB = 1_000_000


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root, name = tiny.responses(tmp_path / "data", respondents=20)
    (root / name).rename(root / "one")
    write_notebook(tmp_path / "notebooks/01_clean.ipynb", CLEAN)
    write_notebook(tmp_path / "notebooks/05_report.ipynb", REPORT)
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("STUDY", "LANGUAGE", "PARAMS", "TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def problems(**values: object) -> list[str]:
    found = preflight.notebooks(Path("notebooks"), Hashes(Path("none.json")))
    try:
        preflight.check(Choice(values=values), found, Path("data/raw"))
    except ParameterError as error:
        return str(error).split("\n  - ")[1:]
    return []


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert problems(year_from=2012) == []


def test_everything_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("03_other", "04_again"):
        write_notebook(Path(f"notebooks/{name}.ipynb"), CLEAN)
    toml = Path("data/raw/one/study.toml")
    toml.write_text(toml.read_text("utf-8").replace('"satisfaction"', '"satisfction"', 1))
    with Path("data/raw/one/answers.csv").open("a") as file:
        file.write("\n")
    monkeypatch.setenv("PARAMS", "yer_from=2012 year_from=soon")
    monkeypatch.setenv("TIMEOUT", "long")
    assert betyg.main(["keys"]) == 2
    said = capsys.readouterr().err
    for part in (
        "no notebook declares a parameter 'yer_from'. Did you mean 'year_from'?",
        "year_from is declared as int, but 'soon' is a str",
        "table 'answers' is written by 01_clean.ipynb and 03_other.ipynb and 04_again.ipynb",
        "TIMEOUT=long: this is how many seconds",
        "Did you mean 'satisfaction'?",
        "'answers.csv' has changed",
    ):
        assert part in said
    assert not Path("build/rules.mk").exists()


def test_a_notebook_of_another_language_is_told() -> None:
    path = Path("notebooks/05_report.ipynb")
    path.write_text(path.read_text("utf-8").replace('"python"', '"R"'))
    assert problems() == [
        f"{path} is written in r, and make runs Python only. Give it a name that begins with a "
        "letter, and make leaves it alone."
    ]


def test_a_python_that_lacks_the_kernel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.importlib.util, "find_spec", lambda name: None)
    (said,) = problems()
    assert "has no ipykernel and no papermill, so that no notebook can run in it." in said


def test_the_package_of_another_folder_is_told() -> None:
    Path("src/betyg").mkdir(parents=True)
    (said,) = problems()
    assert "not the one in src/betyg: the folder was moved or copied" in said


def test_a_disk_that_is_too_small_for_the_results_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=199 * MB)

    monkeypatch.setattr(preflight.shutil, "disk_usage", usage)
    (said,) = problems()
    assert "has 199 MB left, and the results need up to 200 MB" in said


def test_two_notebooks_with_one_page_stop_their_study_before_it_runs() -> None:
    shutil.copy("notebooks/05_report.ipynb", "notebooks/07_report.ipynb")
    assert betyg.main(["keys"]) == 0
    assert betyg.main(["preflight", "build/one/preflight.key"]) == 2
    key = Path("build/one/preflight.key").read_text("utf-8")
    assert (
        "one-report-sv-synthetic.html would be made by notebooks/05_report.ipynb and by "
        "notebooks/07_report.ipynb. Rename one of them."
    ) in key


def test_agencies_whose_code_cannot_name_a_file_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path("data/raw/one/agencies.csv")
    path.write_text(path.read_text("utf-8") + "a&b,Öst,East\n", "utf-8")
    write_notebook(Path("notebooks/06_brief.ipynb"), [
        ("code", 'agency: str = "norr"\nlanguage: str = "sv"', "parameters"),
    ])  # fmt: skip
    assert betyg.main(["keys"]) == 0
    assert sorted(path.name for path in Path("build/one").glob("06*sv.key")) == [
        f"06_brief-{agency}-sv.key" for agency in ("mitt", "norr", "syd")
    ]
    assert betyg.main(["sums", "one"]) == 0
    assert betyg.main(["keys"]) == 0
    assert betyg.main(["preflight", "build/one/preflight.key"]) == 0
    said = capsys.readouterr().err
    assert "warning: data/raw/one/agencies.csv: 'a&b' will have no brief" in said
    assert "letters, digits, '_' and '-'; the data may go on to use the labels." in said


def test_a_reader_that_has_seen_enough_ends_a_list_quietly() -> None:
    """As in `make why | head -1`: more is written than a pipe holds, and nobody reads on."""
    code = (
        "import sys; from betyg.build import status; from betyg.__main__ import main;"
        "status.why = lambda *_: ('x' * 99 for _ in range(10_000)); sys.exit(main(['why']))"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0

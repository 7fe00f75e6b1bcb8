"""What of a notebook goes to git: after a commit, and after saving in JupyterLab."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from betyg.build import kernel, tidy
from toy import CLEAN, write_notebook

ROOT = Path(__file__).parents[2]


def noisy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook as Jupyter has it when it has run."""
    notebook["metadata"] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "toc": {"base": 1},
    }
    for cell in notebook["cells"]:
        cell["metadata"] |= {"collapsed": True, "execution": {"iopub.execute_input": "now"}}
        if cell["cell_type"] == "code":
            shown = {"output_type": "stream", "name": "stdout", "text": "secret"}
            cell |= {"outputs": [shown], "execution_count": 7}
    return notebook


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write_notebook(tmp_path / "01.ipynb", CLEAN).read_text())
    return found


def test_a_notebook_that_ran_is_tidied_to_the_one_that_was_written(clean: dict[str, Any]) -> None:
    before = tidy.text(tidy.tidy(clean))
    ran = noisy(clean)
    assert tidy.text(ran) != before
    assert tidy.text(tidy.tidy(ran)) == before
    kept = tidy.tidy(ran)["cells"]
    assert [cell["metadata"] for cell in kept[:3]] == [{}, {"tags": ["parameters"]}, {}]
    assert [cell["source"] for cell in kept] == [cell[1] for cell in CLEAN]


def test_it_is_spelled_as_jupyter_spells_it(clean: dict[str, Any]) -> None:
    text = tidy.text(clean)
    assert nbformat.writes(nbformat.reads(text, 4)) + "\n" == text


def test_a_notebook_of_another_language_keeps_its_kernel(clean: dict[str, Any]) -> None:
    clean["metadata"] = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}, "x": 1}
    assert tidy.tidy(clean)["metadata"] == {"kernelspec": clean["metadata"]["kernelspec"]}


def git(folder: Path, *arguments: str) -> str:
    world = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=folder, env=os.environ | world, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which `make hook` was run, and whose Python is the one of this test."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copytree(ROOT / ".githooks", folder / ".githooks")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / ".venv/bin/python").chmod(0o755)
    (folder / ".gitignore").write_text(".venv\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    git(folder, "init", "--quiet")
    said = subprocess.run(["make", "hook"], cwd=folder, capture_output=True, text=True)
    assert said.stdout == ".git/hooks/pre-commit is set.\n", said.stderr
    return folder


def test_a_commit_takes_out_what_came_out_and_leaves_other_edits_alone(
    repository: Path, clean: dict[str, Any]
) -> None:
    one, two = repository / "notebooks/01.ipynb", repository / "notebooks/02 Översikt.ipynb"
    one.parent.mkdir()
    for path in (one, two):
        path.write_text(json.dumps(noisy(json.loads(json.dumps(clean)))), "utf-8")
    git(repository, "add", ".")
    two.write_text("edited since", "utf-8")
    git(repository, "commit", "--quiet", "-m", "add")
    expected = tidy.text(tidy.tidy(clean))
    assert git(repository, "show", "HEAD:notebooks/01.ipynb") == expected
    assert git(repository, "show", "HEAD:notebooks/02 Översikt.ipynb") == expected
    assert one.read_text("utf-8") == expected
    assert two.read_text("utf-8") == "edited since"
    one.write_text(json.dumps(noisy(json.loads(expected))), "utf-8")
    git(repository, "add", "notebooks/01.ipynb")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "it only ran")
    assert git(repository, "diff", "--stat", "HEAD~", "HEAD") == ""


def test_a_hook_of_somebody_else_is_not_overwritten(repository: Path) -> None:
    hook = repository / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 0\n")
    said = subprocess.run(["make", "hook"], cwd=repository, capture_output=True, text=True)
    assert said.returncode == 2
    assert "is there already: let it call .githooks/pre-commit, too." in said.stderr
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"


SAVE = """
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.serverapp import ServerApp
server = ServerApp()
server.initialize(["--no-browser", "--allow-root"], new_httpserver=False)
manager = FileContentsManager(parent=server, config=server.config, root_dir=".")
model = manager.get("01.ipynb")
for cell in model["content"]["cells"]:
    if cell["cell_type"] == "code":
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "secret"}]
        cell["execution_count"] = 7
    cell["metadata"]["collapsed"] = True
model["content"]["metadata"]["language_info"]["version"] = "3.11.7"
manager.save(model, "01.ipynb")
"""


def test_saving_in_jupyterlab_leaves_a_notebook_that_ran_as_it_was(
    tmp_path: Path, clean: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "01.ipynb", tidy.text(tidy.tidy(clean))
    path.write_text(before, "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = kernel.of_lab(tmp_path / "build")
    for world, is_same in ((settings, True), ({}, False)):
        done = subprocess.run(
            [sys.executable, "-c", SAVE], cwd=tmp_path, env=os.environ | world,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (path.read_text("utf-8") == before) == is_same, done.stderr

"""Toy projects to be mistreated, and what was made in them."""

import contextlib
import shutil
from pathlib import Path

from betyg.data.sums import write_sums
from toy import Project

ANSWERS = Path("data/raw/one/answers.csv")


def swedish(folder: Path) -> Project:
    """Return a project that is not built yet, of one study in Swedish."""
    project = Project(folder, "one")
    toml = project.folder / "data/raw/one/study.toml"
    toml.write_text(toml.read_text("utf-8").replace('["sv", "en"]', '["sv"]'), "utf-8")
    return project


def copy_of(project: Project, folder: Path) -> Project:
    copied = object.__new__(Project)
    copied.folder = folder
    shutil.copytree(project.folder, folder)
    return copied


def built(project: Project) -> None:
    result = project.make("-j2", "report")
    assert result.returncode == 0, result.stdout + result.stderr


def at_work(folder: Path) -> list[int]:
    """Return the processes that work in a folder or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
    return found


def everything(project: Project) -> dict[str, bytes]:
    """Return all that was made for readers and for other notebooks, hidden leftovers too."""
    return project.built("reports/**/*") | project.built("data/processed/**/*")


def other_answers(project: Project) -> None:
    """Take the first respondent out of the raw file, and accept it as it is."""
    path = project.folder / ANSWERS
    header, _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, *rest]))
    write_sums(path.parent)

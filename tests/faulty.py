"""Toy projects to be mistreated, and what was made in them."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from betyg.data.sums import write_sums
from toy import Project

ANSWERS = Path("data/raw/one/answers.csv")
WAYS = ("everything", "all but the warm Python", "all but the warm Python", "make alone")


def swedish(folder: Path) -> Project:
    """Return a project that is not built yet, of one study in Swedish."""
    project = Project(folder, "one")
    toml = project.folder / "data/raw/one/study.toml"
    toml.write_text(toml.read_text("utf-8").replace('["sv", "en"]', '["sv"]'), "utf-8")
    return project


def copy_of(project: Project, folder: Path) -> Project:
    shutil.copytree(project.folder, folder)
    return there(folder)


def there(folder: Path) -> Project:
    """Return a project that lies in a folder already."""
    found = object.__new__(Project)
    found.folder = folder
    return found


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


def kill(make: subprocess.Popen[str], folder: Path, way: str) -> None:
    """End make from outside, with all that works for it or without.

    The Python of which notebooks are copies is no child of make: it ends its copies when those
    who asked for them are gone.
    """
    make.kill()
    while way != "make alone" and (found := at_work(folder)):
        copied = [process for process in found if is_copied(process)]
        if way != "everything" and found == copied and len(copied) == 1:
            break
        for process in found if way == "everything" else set(found) - set(copied):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    make.wait()
    make.stdout.close()
    make.stderr.close()


def is_copied(process: int) -> bool:
    """Tell whether a process is the warm Python or a copy of it."""
    with contextlib.suppress(OSError):
        return b"zygote.py" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def everything(project: Project) -> dict[str, bytes]:
    """Return all that was made for readers and for other notebooks, hidden leftovers too."""
    return project.built("reports/**/*") | project.built("data/processed/**/*")


def other_answers(project: Project) -> None:
    """Take the first respondent out of the raw file, and accept it as it is."""
    path = project.folder / ANSWERS
    header, _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, *rest]))
    write_sums(path.parent)

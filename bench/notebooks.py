"""The chain of notebooks: `make models` against papermill's own command, one after the other."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import ONE_THREAD, Found

ROOT = Path(__file__).parents[1]
STUDY = "kommunforbundet"
HELD = ("src", "notebooks", "Makefile", "pyproject.toml", "requirements.lock", "README.md")


def run(folder: Path) -> Found:
    """Build one study's models from nothing, again, and after a change of prose; then by papermill.

    Returns
    -------
    dict
        study, and rows of what, wall, cpu (seconds, of all processes together).
    """
    here = folder / "repository"
    for name in HELD:
        copy(ROOT / name, here / name)
    copy(ROOT / "data" / "raw" / STUDY, here / "data" / "raw" / STUDY)
    chain = sorted(path.name for path in (here / "notebooks").glob("0[1-4]_*.ipynb"))
    home = Path(sys.executable).parents[1]
    make = ["make", "models", f"STUDY={STUDY}", f"VENV={home}"]
    rows = [timed("make models, from nothing", [make], here)]
    rows.append(timed("make models, nothing changed", [make], here))
    prose = here / "notebooks" / chain[-1]
    prose.write_text(prose.read_text("utf-8").replace('"# ', '"# A new title: ', 1), "utf-8")
    rows.append(timed("make models, a sentence changed", [make], here))
    commands = [papermill(name) for name in chain]
    rows.append(timed("papermill, always from nothing", commands, here / "notebooks"))
    return {"study": STUDY, "notebooks": chain, "rows": rows}


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what Python left in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def papermill(name: str) -> list[str]:
    """Return the command for one notebook, with the parameters that make gives it."""
    out = f"../build/papermill/{STUDY}"
    command = [sys.executable, "-m", "papermill", name, f"../build/{name}", "--no-progress-bar"]
    for parameter, value in (("study", STUDY), ("tables", out), ("out", out)):
        command += ["-p", parameter, value]
    return [*command, "-k", "python3"]


def timed(what: str, commands: Sequence[Sequence[str]], folder: Path) -> Found:
    """Run commands one after the other; their seconds, with those of all that they started."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    own = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(folder_of_source(folder)) + ":" + path}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        done = subprocess.run(
            command, cwd=folder, env=own, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return {"what": what, "absent": (done.stderr or done.stdout).strip()[-300:]}
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"what": what, "wall": wall, "cpu": cpu}


def folder_of_source(folder: Path) -> Path:
    """Return the copy's own ``src``: make refuses a Python that runs another betyg."""
    return (folder if (folder / "src").exists() else folder.parent) / "src"

"""All notebooks of a study: `make report` against papermill's own command, one after the other."""

from __future__ import annotations

import json
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
OUT = f"../build/papermill/{STUDY}"
PAPERMILL = "papermill, the same notebooks one after the other, no pages"
BAR = 3.0  # times as fast as that is asked for
HELD = ("src", "notebooks", "Makefile", "pyproject.toml", "requirements.lock", "README.md")


def run(folder: Path) -> Found:
    """Build one study with all its reports and briefs; then run the same notebooks by papermill.

    Returns
    -------
    dict
        study, notebooks (how many runs), rows of what, wall, cpu (seconds, of all processes
        together).
    """
    here = folder / "repository"
    for name in HELD:
        copy(ROOT / name, here / name)
    copy(ROOT / "data" / "raw" / STUDY, here / "data" / "raw" / STUDY)
    home = Path(sys.executable).parents[1]
    make = ["make", "-j2", "report", f"STUDY={STUDY}", f"VENV={home}"]
    rows = [timed("make -j2 report, from nothing", [make], here)]
    rows.append(timed("make -j2 report, nothing changed", [make], here))
    commands = [papermill(key) for key in keys(here)]
    rows.append(timed(PAPERMILL, commands, here / "notebooks"))
    with (here / "src" / "betyg" / "publish" / "heatmap.py").open("a", encoding="utf-8") as figure:
        figure.write("\n\nCHANGED = True\n")
    rows.append(timed("make -j2 report, one figure of the report changed", [make], here))
    return {"study": STUDY, "notebooks": len(commands), "rows": rows}


def keys(here: Path) -> list[Found]:
    """Return what make knows of each run of a notebook, in their order."""
    found = [json.loads(path.read_text("utf-8")) for path in (here / "build" / STUDY).glob("*.key")]
    return sorted((key for key in found if "notebook" in key), key=lambda key: str(key["target"]))


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what Python left in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def papermill(key: Found) -> list[str]:
    """Return the command for one run, with the parameters that make gives it."""
    tables = {"tables": OUT} if "tables" in key["parameters"] else {}
    given = key["parameters"] | tables | ({"out": OUT} if key["writes"] else {})
    target = f"../build/papermill-{key['label']}.ipynb"
    command = [sys.executable, "-m", "papermill", f"../{key['notebook']}", target]
    return [*command, "--no-progress-bar", "-k", "python3", "-y", json.dumps(given)]


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

"""What was made of what: the list of inputs, versions and files that lies beside a report.

It tells no time and no path of this machine, so that it is the same wherever the same was made.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from betyg.build import kernel, packages
from betyg.build.fingerprint import PACKAGE, sha256, write_if_changed
from betyg.build.plan import Job
from betyg.errors import DataError

__all__ = ["FILE", "add", "check", "commit", "facts", "load", "sources", "versions", "write"]

FILE = "manifest.json"
OF_THE_BUILD = ("raw", "tables", "out")  # parameters that say where things lie, not what is shown


def facts(jobs: Iterable[Job], planned: Iterable[str], *, target: Path) -> dict[str, Any]:
    """Return what the manifest's key says: what is planned, with which values, at which commit."""
    planned_jobs = list(jobs)
    tables = {job.below("data/processed", f"{n}.parquet") for job in _behind(planned_jobs)
              for n in job.outline.writes}  # fmt: skip
    return {
        "study": planned_jobs[0].study.name,
        "parameters": {job.label: _values(job) for job in planned_jobs},
        "commit": commit(),
        "versions": versions(),
        "tables": sorted(map(str, tables)),
        "outputs": sorted(planned),
        "target": str(target),
    }


def _behind(jobs: list[Job]) -> list[Job]:
    """Return the jobs that run: with other values those that know of them, and what they read."""
    writers = {name: job for job in jobs for name in job.outline.writes}
    variant = next((job.variant for job in jobs if job.variant), "")
    found: list[Job] = []
    rest = [job for job in jobs if job.variant == variant]
    while rest:
        job = rest.pop()
        if job not in found:
            found.append(job)
            rest += [writers[name] for name in job.outline.reads if name in writers]
    return found


def sources(jobs: Iterable[Job]) -> dict[str, Path]:
    """Return the files that are no data and yet inputs, by the name that a manifest gives them."""
    notebooks = {job.notebook for job in jobs}
    beside = {path for notebook in notebooks for path in notebook.parent.glob("*.py")}
    others = {path.as_posix(): path for path in (*notebooks, *beside, packages.LOCK)}
    return {**_of_the_package(), **others}


@functools.cache
def _of_the_package() -> dict[str, Path]:
    """Return the files of the package, as they were when this process first asked."""
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {f"src/{path.relative_to(PACKAGE.parent).as_posix()}": path for path in files}


@functools.cache
def commit() -> str | None:
    """Return the commit that was checked out here when asked first; None where there is none."""
    if not Path(".git").exists():
        return None
    asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    return asked.stdout.strip() or None


def write(key: Mapping[str, Any]) -> None:
    """Write the manifest of a study's reports, as its key says.

    A folder among the outputs stands for the files in it.
    """
    target = Path(key["target"])
    content = {
        "study": key["study"],
        "commit": key["commit"],
        "parameters": key["parameters"],
        "versions": key["versions"],
        "inputs": key["depends"],
        "tables": {path: sha256(Path(path)) for path in key["tables"]},
        "outputs": _hashes(map(Path, key["outputs"]), target.parent),
    }
    _save(content, target)


def add(folder: Path, paths: Iterable[Path]) -> None:
    """Add files to the manifest of a folder, if it has one, because they belong there."""
    target = folder / FILE
    if target.exists():
        content = load(target)
        _save(content | {"outputs": content["outputs"] | _hashes(paths, folder)}, target)


def load(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises
    ------
    DataError
        If there is none, or the file is not one.
    """
    try:
        content = dict(json.loads(path.read_text(encoding="utf-8")))
        if not isinstance(content["outputs"], dict) or not isinstance(content["inputs"], dict):
            raise TypeError
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: there is no such manifest. `make report` writes one into the folder of each "
            "study below reports/: name that folder."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: this is no manifest. `make report` writes it anew.") from error
    return content


def versions() -> dict[str, Any]:
    """Return the versions of Python and of every package of the lock file that is installed."""
    return {
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "threads": kernel.threads(os.environ),
        "packages": packages.installed(),
    }


def check(folder: Path) -> tuple[int, list[str]]:
    """Compare a published folder with its manifest.

    A folder below that has a manifest of its own (a variant, a study) is compared with that.

    Returns
    -------
    int
        How many files are as they were made.
    list of str
        Each file that is missing, changed or surplus, in one line.

    Raises
    ------
    DataError
        If there is no manifest in the folder or below.
    """
    kept = {path.parent for path in folder.rglob(FILE)} or {folder}
    right, problems = 0, []
    for one in sorted(kept):
        listed = load(one / FILE)["outputs"]
        there = {path.relative_to(one).as_posix() for path in _files(one, besides=kept)}
        for name in sorted(there | listed.keys()):
            fault = _fault(one / name, listed.get(name))
            problems += [f"{fault}: {one / name}"] if fault else []
            right += not fault
    return right, problems


def _files(folder: Path, *, besides: Iterable[Path]) -> Iterator[Path]:
    """Return the files of a folder that its manifest should list."""
    others = [folder / FILE, *(one for one in besides if one != folder and folder in one.parents)]
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(other) for other in others):
            yield path


def _fault(path: Path, content: str | None) -> str:
    if content is None:
        return "surplus"
    if not path.is_file():
        return "missing"
    return "" if sha256(path) == content else "changed"


def _values(job: Job) -> dict[str, Any]:
    declared = {line.name: line.value for line in job.outline.parameters}
    given = {"study": job.study.name, "language": job.language, "agency": job.agency}
    values = declared | {name: value for name, value in given.items() if name in declared}
    return {
        name: value for name, value in (values | dict(job.values)).items()
        if name not in OF_THE_BUILD
    }  # fmt: skip


def _hashes(paths: Iterable[Path], folder: Path) -> dict[str, str]:
    files = [
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
    ]
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}


def _save(content: Mapping[str, Any], target: Path) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    write_if_changed(target, text + "\n")
    target.touch()  # make compares its time with those of the files it lists

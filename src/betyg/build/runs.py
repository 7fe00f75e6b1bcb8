"""The runs of notebooks as make sees them: what each depends on, and whether it is needed.

make looks at times only. So the key of a run that is needed is made newer than its result, and
what a run that still holds depends on is made no newer: an edit that was undone runs nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from betyg.build import kernel, lock, packages, record
from betyg.build.fingerprint import Hashes, Modules
from betyg.build.plan import Job

__all__ = [
    "RUNNER",
    "Run",
    "environment",
    "facts",
    "ingredients",
    "link",
    "links",
    "settle",
]

RAW = Path("data/raw")
RUNNER = "betyg.build.notebook"
SPEAKING = tuple(  # of what RUNNER reaches: they tell of a run, and do nothing to its results
    f"betyg/build/{name}.py" for name in ("failure", "parameters", "record")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a notebook: what is planned, and what its key file says."""

    job: Job
    key: Path
    facts: Mapping[str, Any]

    @property
    def executed(self) -> Path:
        """The notebook with its results."""
        return Path(self.facts["target"])

    @property
    def tables(self) -> list[Path]:
        """The tables that it writes."""
        return [Path(self.facts["tables"], f"{name}.parquet") for name in self.facts["writes"]]


def facts(job: Job) -> dict[str, Any]:
    """Return what `betyg run` must know of a run."""
    up = Path("..")  # notebooks run in their own folder
    staging = job.below("build", "staging", job.label)
    given = {
        "study": job.study.name,
        "raw": str(up / RAW),
        "tables": str(up / job.below("data/processed")),
        "out": str(up / staging),
        "language": job.language,
        "agency": job.agency,
    }
    values = {name: value for name, value in given.items() if job.outline.declares(name)}
    again = [f"STUDY={job.study.name}"]
    if job.asked:
        again.append(f"PARAMS='{' '.join(f'{n}={v!r}' for n, v in job.asked.items())}'")
    return {
        "study": job.study.name,
        "notebook": str(job.notebook),
        "label": job.label,
        "parameters": {**values, **job.values},
        "reads": [str(path) for path in reads(job)],
        "writes": list(job.outline.writes),
        "staging": str(staging),
        "tables": str(job.below("data/processed")),
        "target": str(job.below("build", f"{job.label}.ipynb")),
        "again": " ".join(["make report", *again]),
    }


def environment(hashes: Hashes) -> dict[str, str]:
    """Return what a result depends on beside the project: the lock file, and what is there of it.

    Another number of threads adds in another order, which the last digits show.
    """
    return {
        str(packages.LOCK): hashes.of(packages.LOCK),
        "Python": ".".join(str(part) for part in sys.version_info[:3]),
        "OMP_NUM_THREADS": kernel.threads(os.environ),
        **{f"package {name}": version for name, version in packages.installed().items()},
    }


def ingredients(
    job: Job,
    files: Mapping[str, str],
    world: Mapping[str, str],
    modules: Modules,
) -> dict[str, str]:
    """Return what a run depends on, and its hash or version; tables apart, which make follows.

    Parameters
    ----------
    files, world : mapping of str to str
        The study's files, and the :func:`environment`.
    """
    code = modules.reached([*job.outline.imports, RUNNER])
    silent = {name: code[name] for name in code if name not in SPEAKING}
    return {f"code of {job.notebook}": job.outline.code, **world, **files, **silent}


def reads(job: Job) -> list[Path]:
    """Return the tables of other notebooks that a run reads."""
    names = [name for name in job.outline.reads if name not in job.outline.writes]
    return [job.below("data/processed", f"{name}.parquet") for name in names]


def links(planned: list[Job]) -> dict[Path, Path]:
    """Return the tables that runs with other values share with the canonical ones.

    They are links in the folder of the other values, because a notebook reads from one folder.
    """
    others = [job for job in planned if job.variant]
    own = {job.below("data/processed", f"{name}.parquet") for job in others
           for name in job.outline.writes}  # fmt: skip
    shared = {path for job in others for path in reads(job)} - own
    study = others[0].study.name if others else ""
    return {path: Path("data/processed", study, path.name) for path in sorted(shared)}


def link(place: Path, table: Path) -> None:
    """Let ``place`` stand for ``table``, which may not be there yet."""
    to = os.path.relpath(table, place.parent)
    if place.is_symlink() and os.readlink(place) == to:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(to)


def settle(run: Run, hashes: Hashes) -> None:
    """Make the times of files say whether a run is needed."""
    executed, key = run.executed, run.key
    if not executed.exists() or lock.is_held(executed.with_suffix(".lock")):  # being made anew
        return
    made = executed.stat().st_mtime_ns
    if record.changes(run.facts, hashes.of):
        key.touch()
        if key.stat().st_mtime_ns <= made:  # the result is of a clock that is ahead of ours
            os.utime(key, ns=(made + 1, made + 1))
        return
    record.forget_failure(run.facts)
    for path in (key, *map(Path, run.facts["reads"])):
        if path.exists() and path.stat().st_mtime_ns > made:
            os.utime(path, ns=(made, made))

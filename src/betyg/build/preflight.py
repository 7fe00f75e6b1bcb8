"""What is wrong can be seen before anything runs: all of it at once, with remedies.

What needs to know of surveys, the study's folder and its data, is checked by ``betyg.data``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from betyg.build import fingerprint, parameters, plan
from betyg.build.fingerprint import Hashes
from betyg.build.outline import Outline
from betyg.build.plan import Choice, Job
from betyg.errors import ParameterError

__all__ = ["check", "clashes", "notebooks", "untranslated"]

ROOM = 200_000_000  # bytes that a build of small studies takes, at most
TIMES = 3  # the tables and pages of a study, beside its raw files


def notebooks(folder: Path, hashes: Hashes) -> dict[Path, Outline]:
    """Return the notebooks that make runs, in their order; others are told of."""
    found = {}
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        if any(sign in path.name for sign in " \t$#%:;=\\'\""):
            remedy = path.name.replace(" ", "_")
            sys.stderr.write(f"{path}: not run, its name breaks make's rules: call it {remedy}\n")
        else:
            found[path] = hashes.notebook(path)
    return found


def check(choice: Choice, found: Mapping[Path, Outline], raw: Path) -> None:
    """Raise one error for everything that is wrong with what was asked for and with the notebooks.

    Raises
    ------
    ParameterError
        If a parameter is unknown or has a wrong type, a table has not one writer before its
        readers, a notebook is none of Python, or the disk is full.
    """
    problems = [
        *_values(choice, found),
        *plan.table_problems(found),
        *_languages(found),
        *_kernel(),
        *_setting(),
        *_disk(raw, choice.study),
    ]
    try:
        plan.chosen(choice, raw)
    except ParameterError as error:
        problems.append(str(error))
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ParameterError(f"Nothing has run, as this must be mended first:\n{listed}")


def clashes(outputs: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Return a sentence for each result that more than one notebook would make.

    Parameters
    ----------
    outputs : iterable of (str, iterable of str)
        Each notebook with the results of one of its runs.
    """
    maker: dict[str, str] = {}
    said: dict[str, None] = {}
    for notebook, results in outputs:
        for result in results:
            other = maker.setdefault(result, notebook)
            if other != notebook:
                clash = f"{result} would be made by {other} and by {notebook}."
                said[f"{clash} Rename one of them."] = None
    return list(said)


def untranslated(planned: Iterable[Job]) -> Iterator[str]:
    """Tell of each text for readers that lacks one of the study's languages."""
    seen = {job.notebook: job for job in planned if job.language}
    for path, job in seen.items():
        for number, there in _texts(job):
            missing = [code for code in job.study.languages if code not in there]
            if missing:
                yield (
                    f"{path}, cell {number}: text for readers in {', '.join(sorted(there))}, "
                    f"none in {', '.join(missing)}. Add a markdown cell after it with that tag."
                )


def _texts(job: Job) -> list[tuple[int, set[str]]]:
    """Return each text for readers: its first cell's number, and the languages it is in."""
    found: list[tuple[int, set[str]]] = []
    last = 0
    for number, tags in job.outline.prose:
        spoken = set(tags) & set(job.study.languages)
        if spoken and found and number == last + 1 and not spoken & found[-1][1]:
            found[-1][1].update(spoken)
        elif spoken:
            found.append((number, spoken))
        last = number
    return found


def _values(choice: Choice, found: Mapping[Path, Outline]) -> Iterator[str]:
    """Tell of each value of PARAMS whose name or type no notebook knows."""
    declared = [parameter for outline in found.values() for parameter in outline.parameters]
    yield from parameters.unknown(choice.values, {one.name for one in declared}, where="PARAMS")
    wrong: dict[str, None] = {}
    for parameter in declared:
        if parameter.name in choice.values:
            try:
                parameters.fitting(choice.values[parameter.name], parameter, where="PARAMS")
            except ParameterError as error:
                wrong[str(error)] = None
    yield from wrong


def _languages(found: Mapping[Path, Outline]) -> Iterator[str]:
    for path, outline in found.items():
        if outline.language != "python":
            yield (
                f"{path} is written in {outline.language}, and make runs Python only. Give it a "
                "name that begins with a letter, and make leaves it alone."
            )


def _kernel() -> Iterator[str]:
    here = Path("src/betyg")
    if here.is_dir() and not here.samefile(fingerprint.PACKAGE):
        yield (
            f"This Python runs the betyg in {fingerprint.PACKAGE}, not the one in {here}: the "
            "folder was moved or copied. Remove .venv and run make again."
        )
    missing = [name for name in ("ipykernel", "papermill") if not importlib.util.find_spec(name)]
    if missing:
        yield (
            f"{sys.executable} has no {' and no '.join(missing)}, so that no notebook can run in "
            "it. Take the environment that make sets up (without VENV=), or install the packages "
            "of requirements.lock in this one."
        )


def _setting() -> Iterator[str]:
    try:
        parameters.timeout(os.environ.get("TIMEOUT", ""))
    except ParameterError as error:
        yield str(error)


def _disk(raw: Path, study: str) -> Iterator[str]:
    files = [path for path in raw.glob(f"{study or '*'}/*") if path.is_file()]
    needed = ROOM + TIMES * sum(path.stat().st_size for path in files)
    free = shutil.disk_usage(Path.cwd()).free
    if free < needed:
        yield (
            f"The disk of {Path.cwd()} has {free / 1e6:.0f} MB left, and the results need up to "
            f"{needed / 1e6:.0f} MB. Make room, or `make clean` and build one study with "
            "STUDY=name."
        )

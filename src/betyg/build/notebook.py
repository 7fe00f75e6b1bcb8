"""Runs one notebook with papermill, and keeps what it made only when it came to its end."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from betyg import errors
from betyg.build import kept, kernel
from betyg.build.fingerprint import sha256, write_if_changed
from betyg.build.outline import outline
from betyg.errors import ParameterError, SurveyError, did_you_mean

__all__ = ["NotebookError", "check_declared", "keep", "run"]

BUILD = Path("build")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"^File (\S+\.py):(\d+)", re.MULTILINE)
LINE = re.compile(r"^Cell In\[\d+\], line (\d+)", re.MULTILINE)
UPWARDS = re.compile(r"(?<![\w./])\.\./(?=data/)")  # notebooks run a folder below the project
CELL = re.compile(r"\b\d{6,}\.py\b")  # the name that IPython gives a cell


class NotebookError(SurveyError):
    """A notebook stopped before its end."""


def run(job: Mapping[str, Any]) -> float:
    """Run a notebook as a key file of the build describes it, and return the seconds it took.

    While it runs, everything lies aside: the notebook as ``*.failed.ipynb``, its tables in a
    staging folder. Both take their places when the last cell has run, tables first. A table that
    came out the same is left alone, time of change included, so that nothing follows from it.

    Raises
    ------
    ParameterError
        If the notebook does not declare one of the parameters.
    NotebookError
        If a cell fails, the kernel dies, or a table that the notebook writes is missing.
    """
    began = time.monotonic()
    source, target = Path(job["notebook"]), Path(job["target"])
    check_declared(source, job["parameters"])
    attempt = target.with_suffix(".failed.ipynb")
    staging = Path(job["staging"])
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    attempt.parent.mkdir(parents=True, exist_ok=True)
    with kernel.private_world(BUILD) as settings, _stopped_by_signals():
        _execute(job, attempt, settings)
    tables = _tables_made(job, staging)
    _settle(tables, job)
    kept.write(kept.scrubbed(kept.read(attempt), root=Path.cwd()), target)
    attempt.unlink()
    shutil.rmtree(staging)
    return time.monotonic() - began


def keep(facts: Mapping[str, Any]) -> None:
    """Publish an executed notebook with the words that its source has today."""
    executed, source = kept.read(Path(facts["executed"])), kept.read(Path(facts["source"]))
    shown = kept.with_todays_words(executed, source)
    kept.write(kept.scrubbed(shown, root=Path.cwd()), Path(facts["target"]))


def check_declared(source: Path, parameters: Mapping[str, Any]) -> None:
    """Raise an error for a parameter that the notebook does not declare."""
    declared = [parameter.name for parameter in outline(source).parameters]
    unknown = sorted(parameters.keys() - set(declared))
    if unknown:
        raise ParameterError(
            f"{source.name}: no parameter named {', '.join(unknown)}. "
            f"{did_you_mean(unknown[0], declared)} It declares: {', '.join(declared) or 'none'}. "
            "Correct the name, or add it to the cell tagged 'parameters'."
        )


def _execute(job: Mapping[str, Any], attempt: Path, settings: Mapping[str, Any]) -> None:
    papermill = _papermill()
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    source = Path(job["notebook"])
    name = f"{job['study']} {job['label']}"
    bar = {"desc": name, "leave": False} if sys.stderr.isatty() else False
    try:
        papermill.execute_notebook(
            _unformatted(source),
            _unformatted(attempt),
            parameters=dict(job["parameters"]) or None,
            cwd=str(source.parent),
            kernel_name=kernel.NAME,
            language="python",
            progress_bar=bar,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            config=Config(settings),
        )
    except papermill.PapermillExecutionError as error:
        _fail(job, attempt, _said(error), error)
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        _fail(job, attempt, _ended(error), error)


def _ended(error: Exception) -> str:
    if type(error).__name__ == "DeadKernelError":
        return "Its Python was ended from outside; the usual reason is a lack of memory."
    return f"Its Python did not answer: {_first_line(str(error))}"


def _papermill() -> ModuleType:
    import papermill

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # we say it ourselves, once
    return papermill  # type: ignore[no-any-return]


def _unformatted(path: Path) -> str:
    """Return a path in which papermill will not look for {parameters} to fill in."""
    return str(path).replace("{", "{{").replace("}", "}}")


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Take make's wish to end as Ctrl-C, so that the kernel is ended too."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _said(error: Any) -> str:
    """Return a cell's error as its reader needs it: our own say everything themselves."""
    ours = getattr(errors, error.ename, None)
    if isinstance(ours, type) and issubclass(ours, SurveyError):
        return UPWARDS.sub("", str(error.evalue))
    frames = FRAME.findall(COLOUR.sub("", "\n".join(error.traceback)))
    own = [frame for frame in frames if "/betyg/" in frame[0]]  # where a package was called wrongly
    place = "".join(f"\n    in {_short(file)}, line {line}" for file, line in (own or frames)[-1:])
    return f"{error.ename}: {CELL.sub('this cell', error.evalue)}{place}"


def _short(file: str) -> str:
    here, path = Path.cwd(), Path(file).expanduser()
    return str(path.relative_to(here)) if path.is_relative_to(here) else path.name


def _fail(job: Mapping[str, Any], attempt: Path, reason: str, cause: BaseException) -> NoReturn:
    """Raise one screen that says where the notebook stopped, why, and how to go on."""
    place = _where_it_stopped(attempt, Path(job["notebook"]), cause)
    raise NotebookError(
        f"{job['study']}: {job['notebook']} stopped{place}\n{reason}\n"
        f"The notebook as far as it ran: {attempt}\n"
        f"When it is mended, go on with: {job['again']}"
    ) from cause


def _where_it_stopped(attempt: Path, source: Path, cause: BaseException) -> str:
    """Return the number, among the source's cells, of the cell begun last, and the line."""
    ours = {"papermill-error-cell-tag", "injected-parameters"}
    cells = kept.read(attempt)["cells"] if attempt.exists() else []
    theirs = [cell for cell in cells if not ours & set(_tags(cell))]
    begun = [cell for cell in theirs if cell["metadata"].get("papermill", {}).get("start_time")]
    if not begun:
        return " before its first cell"
    total = len(kept.read(source)["cells"])
    lines = "".join(begun[-1]["source"]).splitlines()
    told = LINE.findall(COLOUR.sub("", "\n".join(getattr(cause, "traceback", ()))))
    at = int(told[0]) - 1 if told else 0
    return f" in cell {len(begun)} of {total}:\n    {_first_line(chr(10).join(lines[at:]))}"


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _tables_made(job: Mapping[str, Any], staging: Path) -> list[Path]:
    made = {path.stem: path for path in sorted(staging.glob("*.parquet"))}
    for table in job["writes"]:
        if table not in made:
            raise NotebookError(
                f"{job['study']}: {job['notebook']} ran to its end without writing table "
                f"'{table}'. Its call store.write(..., '{table}', out) was not reached, or "
                "does not take the folder from the parameter `out`.\n"
                f"The notebook as it ran: {Path(job['target']).with_suffix('.failed.ipynb')}"
            )
    return list(made.values())


def _settle(made: list[Path], job: Mapping[str, Any]) -> None:
    """Move new and changed tables to their place, and note what each holds."""
    folder, target = Path(job["tables"]), Path(job["target"])
    folder.mkdir(parents=True, exist_ok=True)
    record: dict[str, tuple[str, str]] = {}
    for table in made:
        place, content = folder / table.name, sha256(table)
        if not place.exists() or sha256(place) != content:
            _move(table, place)
        record[table.stem] = (str(place), content)
    write_if_changed(target.with_suffix(".tables"), json.dumps(record, indent=1))


def _move(table: Path, place: Path) -> None:
    """Give a table its place in one step, though that may be on another disk."""
    half = place.with_name(f".{place.name}.half")
    try:
        shutil.copyfile(table, half)
        half.replace(place)
    finally:
        half.unlink(missing_ok=True)

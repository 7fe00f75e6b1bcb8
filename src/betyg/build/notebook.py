"""Runs one notebook with papermill, and keeps what it made only when it came to its end."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from betyg.build import failure, kept, kernel, parameters, progress, record, watch
from betyg.build.failure import NotebookError
from betyg.build.fingerprint import CODE, code_here, sha256
from betyg.build.outline import outline
from betyg.errors import ParameterError, SurveyError, did_you_mean

__all__ = ["check_declared", "run"]

BUILD = Path("build")
BETWEEN_SAVES = 5  # seconds of what would be lost if the machine stopped


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
    attempt.parent.mkdir(parents=True, exist_ok=True)
    with _clean_staging(job) as staging, _failure_kept(job):
        done = _as_it_is(job)
        read = {path: sha256(Path(path)) for path in job["reads"] if Path(path).exists()}
        _execute(job, attempt)
        found = _undeclared(job)
        wrote = _settle(_tables_made(job, staging), job)
        kept.write(kept.scrubbed(kept.read(attempt), root=Path.cwd()), target)
        wrote[str(target)] = sha256(target)
        record.keep(done, read=read, found=found, wrote=wrote)
    attempt.unlink()
    return time.monotonic() - began


def check_declared(source: Path, given: Mapping[str, Any]) -> None:
    """Raise an error for a parameter that the notebook does not declare."""
    declared = [parameter.name for parameter in outline(source).parameters]
    unknown = sorted(given.keys() - set(declared))
    if unknown:
        raise ParameterError(
            f"{source.name}: no parameter named {', '.join(unknown)}. "
            f"{did_you_mean(unknown[0], declared)} It declares: {', '.join(declared) or 'none'}. "
            "Correct the name, or add it to the cell tagged 'parameters'."
        )


@contextlib.contextmanager
def _clean_staging(job: Mapping[str, Any]) -> Iterator[Path]:
    """Give a run a folder of its own for what it writes."""
    staging = Path(job["staging"])
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    yield staging
    shutil.rmtree(staging)


@contextlib.contextmanager
def _failure_kept(job: Mapping[str, Any]) -> Iterator[None]:
    """Note what is said when a run fails, for `make status`."""
    record.forget_failure(job)
    try:
        yield
    except SurveyError as error:
        record.keep_failure(job, str(error))
        raise


def _as_it_is(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key with the code that the notebook has now: it may have been edited since."""
    name, now = f"code of {job['notebook']}", outline(Path(job["notebook"])).code
    depends = job["depends"]
    return {**job, "depends": {**depends, name: now} if name in depends else depends}


def _execute(job: Mapping[str, Any], attempt: Path) -> None:
    is_strict = os.environ.get("CI", "").lower() in ("true", "1")
    seconds = parameters.timeout(os.environ.get("TIMEOUT", ""))
    extra = watch.world(job, is_strict=is_strict)
    with (
        _at_a_cluster(job) as told,
        kernel.private_world(BUILD, {**extra, **told}) as settings,
        _stopped_by_signals(),
    ):
        _run_cells(job, attempt, settings, seconds)


@contextlib.contextmanager
def _at_a_cluster(job: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what a kernel must know to let a cluster work, if there is one, and show how far."""
    if not os.environ.get("ENGINE"):
        yield {}
        return
    name = f"{job['study']} {job['label']}"
    with progress.followed(Path(job["staging"], "progress"), name) as told:
        yield {**told, CODE: code_here()}


def _run_cells(
    job: Mapping[str, Any], attempt: Path, settings: Mapping[str, Any], seconds: int
) -> None:
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
            engine_name=_register(papermill.engines),
            cwd=str(source.parent),
            kernel_name=kernel.NAME,
            language="python",
            progress_bar=bar,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            execution_timeout=seconds,
            config=Config(settings),
        )
    except papermill.PapermillExecutionError as error:
        raise failure.of(job, attempt, failure.said(error), error) from error
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        reason = failure.ended(error, seconds=seconds)
        raise failure.of(job, attempt, reason, error) from error


def _papermill() -> ModuleType:
    import papermill

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # we say it ourselves, once
    return papermill  # type: ignore[no-any-return]


def _register(engines: ModuleType) -> str:
    """Give papermill its own engine, saving now and then; return the name of that.

    papermill writes and checks the whole notebook before and after every cell, which for a report
    takes longer than the cells.
    """

    class Sparing(engines.NBClientEngine):  # type: ignore[name-defined,misc]
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> Any:
            nb_man.save = partial(_save_now_and_then, nb_man, nb_man.save)
            return super().execute_managed_notebook(nb_man, kernel_name, **given)

    engines.papermill_engines.register(kernel.NAME, Sparing)
    return kernel.NAME


def _save_now_and_then(notebook: Any, save: Callable[..., None], **given: Any) -> None:
    """Save a running notebook if it was long ago, and one that has ended in any case."""
    ago = (notebook.now() - notebook.last_save_time).total_seconds()
    if ago > BETWEEN_SAVES or notebook.end_time is not None:
        save(**given)


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


def _undeclared(job: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that were read and not declared, with their hashes, and tell of them."""
    found = sorted({path for is_declared, path in watch.opened(job) if not is_declared})
    for path in found:
        said = watch.undeclared(path, f"data/raw/{job['study']}")
        sys.stderr.write(f"warning: {job['notebook']}: {said} (With CI=true this is an error.)\n")
    return {path: sha256(Path(path)) for path in found if Path(path).is_file()}


def _settle(made: list[Path], job: Mapping[str, Any]) -> dict[str, str]:
    """Move new and changed tables to their place, and return what each holds."""
    folder = Path(job["tables"])
    folder.mkdir(parents=True, exist_ok=True)
    wrote: dict[str, str] = {}
    for table in made:
        place, content = folder / table.name, sha256(table)
        if not place.exists() or sha256(place) != content:
            _move(table, place)
        wrote[str(place)] = content
    return wrote


def _move(table: Path, place: Path) -> None:
    """Give a table its place in one step, though that may be on another disk."""
    half = place.with_name(f".{place.name}.half")
    try:
        shutil.copyfile(table, half)
        half.replace(place)
    finally:
        half.unlink(missing_ok=True)

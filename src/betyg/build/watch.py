"""Sees, in a kernel, which files of the project a notebook opens.

make can run a notebook again when something changes that it knows of: the files of the study, the
tables named in ``store.read``, the modules that are imported. A file that is opened besides is told
of and watched from then on; where ``CI=true`` it is an error, in the cell that opens it.

Python tells of each file that it opens; of those that pyarrow and pyreadstat open by themselves we
make their functions tell. What a program that the notebook starts opens, and what is only looked
for and not opened, is not seen.

A kernel is started by ``python -m betyg.build.watch``, which watches where make has named the key.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from betyg.errors import DataError

__all__ = ["ENVIRONMENT", "opened", "world"]

ENVIRONMENT = "BETYG_WATCH"  # tells a kernel what it may read
LOG = "opened"  # in the staging folder: what was opened, in turn
PACKAGE = Path(__file__).parents[1]
NO_FILES = ("code of ", "package ")  # names of ingredients
OF_ALL = ("jupyter", "matplotlib")  # folders of build/ that belong to no run
OF_A_KERNEL = ("betyg.build", "betyg.errors")  # what a kernel has before its notebook begins
NATIVE = {  # what opens files without Python's knowledge
    "pyarrow": ("memory_map", "input_stream"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": ("dataset",),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.parquet": ("ParquetFile.__init__", "ParquetDataset.__init__"),
    "pyreadstat": ("read_sav", "read_dta", "read_por", "read_sas7bdat", "read_xport"),
}


def world(job: Mapping[str, Any], *, is_strict: bool) -> dict[str, str]:
    """Return the setting by which a kernel watches the run of a key.

    Parameters
    ----------
    job : mapping
        The key: its ``depends``, ``reads`` and ``staging`` are what the notebook may read.
    is_strict : bool
        Whether any other file of the project is an error.
    """
    files = [name for name in job["depends"] if not name.startswith(NO_FILES)]
    facts = {
        "project": os.path.realpath(os.curdir),
        "staging": os.path.realpath(job["staging"]),
        "declared": [place for name in (*files, *job["reads"]) for place in _places(name)],
        "study": f"data/raw/{job['study']}",
        "strict": is_strict,
    }
    return {ENVIRONMENT: json.dumps(facts)}


def opened(job: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Return what the run of a key has opened: whether it was declared, and the path."""
    log = Path(job["staging"], LOG)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [(line[0] == "+", line[1:]) for line in lines]


def _places(name: str) -> list[str]:
    """Return where an ingredient of a key may lie: a module below its root, all else here."""
    roots = (PACKAGE.parent,) if name.startswith("betyg/") else (Path("notebooks"), Path())
    return [os.path.realpath(root / name) for root in roots]


class _Watch:
    """What may be opened, and a log of what is."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._project = facts["project"] + os.sep
        self._staging = facts["staging"] + os.sep
        self._declared: Collection[str] = set(facts["declared"])
        self._study = facts["study"]
        self._strict = facts["strict"]
        self._log = os.open(Path(facts["staging"], LOG), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        own = [Path(facts["project"], "build", name) for name in OF_ALL]
        besides = (Path(sys.prefix), PACKAGE / "build", *own)
        self._besides = tuple(os.path.realpath(path) + os.sep for path in besides)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one of Python's audit events."""
        if event == "sqlite3.connect" or (event == "open" and _is_reading(*arguments)):
            self._see(arguments[0])

    def _see(self, name: object) -> None:
        if not isinstance(name, str | bytes):
            return  # the number of a file that is open
        path = os.path.realpath(os.fsdecode(name))
        if not path.startswith(self._project) or path.startswith((self._staging, *self._besides)):
            return
        place = path.removeprefix(self._project)
        if place.startswith(".") or f"{os.sep}." in place:
            return
        is_module = place.endswith((".py", ".pyc"))
        if place.endswith(".pyc") and "__pycache__" in place:
            path = importlib.util.source_from_cache(path)
        self._judge(path, path in self._declared, is_module=is_module)

    def _judge(self, path: str, is_declared: bool, *, is_module: bool) -> None:
        place = path.removeprefix(self._project)
        if not (is_module and is_declared):
            os.write(self._log, f"{'+' if is_declared else '-'}{place}\n".encode())
        if self._strict and not is_declared:
            raise DataError(undeclared(place, self._study))


def undeclared(place: str, study: str) -> str:
    """Return what is said of a file that make does not know to be read."""
    return (
        f"{place} is read here, but make cannot see that: when the file changes the notebook does "
        f"not run again. Put it into the folder {study}, or let an earlier notebook write it by "
        "store.write and read it by store.read."
    )


def _is_reading(path: object, mode: str | None, flags: int) -> bool:
    del path
    if mode is None:
        return (flags & os.O_ACCMODE) != os.O_WRONLY
    return "r" in mode or "+" in mode


def _telling(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a function that tells Python of the file it is about to open."""

    @functools.wraps(function)
    def tells(*arguments: Any, **named: Any) -> Any:
        first = arguments[at] if len(arguments) > at else next(iter(named.values()), None)
        for path in first if isinstance(first, list | tuple) else [first]:
            if isinstance(path, str | os.PathLike):
                sys.audit("open", os.fspath(path), "rb", 0)
        return function(*arguments, **named)

    return tells


def _let_tell(module: ModuleType) -> None:
    for name in NATIVE[module.__name__]:
        owner, method = name.split(".") if "." in name else ("", name)
        place = getattr(module, owner) if owner else module
        setattr(place, method, _telling(getattr(place, method), at=1 if owner else 0))


class _Importing(importlib.abc.MetaPathFinder):
    """Lets the functions of :data:`NATIVE` tell as soon as they are imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        del target
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name in NATIVE else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_let_tell(module: ModuleType) -> None:
            load(module)
            _let_tell(module)

        spec.loader.exec_module = load_and_let_tell  # type: ignore[method-assign]
        return spec


def _forget_undeclared(declared: Collection[str]) -> None:
    """Let our own modules that a run does not declare be opened, and seen, when it imports them.

    A copy of a warm Python has more of them than it was asked for.
    """
    for place, name, module in [*_imported(PACKAGE.name)]:
        if module.__file__ not in declared and not name.startswith(OF_A_KERNEL):
            del sys.modules[name]
            delattr(place, name.rpartition(".")[2])


def _imported(package: str) -> Iterator[tuple[ModuleType, str, ModuleType]]:
    """Yield the package, name and module of all that is imported of a package of ours."""
    place = sys.modules[package]
    for last in [*vars(place)] if hasattr(place, "__path__") else []:
        name = f"{package}.{last}"
        if name in sys.modules:
            yield place, name, sys.modules[name]
            yield from _imported(name)


def _begin(facts: Mapping[str, Any]) -> None:
    _forget_undeclared(facts["declared"])
    for name in NATIVE:
        if name in sys.modules:
            _let_tell(sys.modules[name])
    sys.meta_path.insert(0, _Importing())
    sys.addaudithook(_Watch(facts).hear)


if __name__ == "__main__":
    if ENVIRONMENT in os.environ:
        _begin(json.loads(os.environ.pop(ENVIRONMENT)))
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)

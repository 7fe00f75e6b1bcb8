"""What a report is made of, in four kinds that can be exchanged one by one.

Data are the files of the study, with the sections of study.toml that say how they are read;
parameters are its other sections and the notebooks' cells of parameters; code is the package and
all else in the notebooks; the environment is the list of packages.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from betyg.build.elsewhere import LEFT, RAW

__all__ = ["KINDS", "differing", "mix"]

KINDS = ("data", "code", "parameters", "environment")
HEADER = re.compile(r"^\s*\[\[?\s*([\w-]+)")
OF_DATA = ("source", "fetch")  # sections of study.toml
TOML = "study.toml"
LOCK = "requirements.lock"


def differing(old: Path, new: Path, study: str) -> list[str]:
    """Return the kinds of which two folders of the project hold something else."""
    return [kind for kind in KINDS if _content(kind, old, study) != _content(kind, new, study)]


def mix(target: Path, old: Path, new: Path, study: str, *, of_new: Collection[str]) -> None:
    """Write a folder of the project with some kinds from ``new`` and the others from ``old``."""

    def side(kind: str) -> Path:
        return new if kind in of_new else old

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(side("code") / name, target / name)
    for name in ("src", "notebooks"):
        shutil.copytree(side("code") / name, target / name, ignore=LEFT)
    shutil.copytree(side("data") / RAW / study, target / RAW / study)
    shutil.copy(side("environment") / LOCK, target / LOCK)
    decisions, _ = _sections(side("parameters"), study)
    _, sources = _sections(side("data"), study)
    (target / RAW / study / TOML).write_text(decisions + sources, encoding="utf-8")
    for notebook in sorted((target / "notebooks").glob("*.ipynb")):
        _take_parameters(notebook, side("parameters") / "notebooks" / notebook.name)


def _content(kind: str, root: Path, study: str) -> dict[str, Any]:
    read: dict[str, Callable[[], dict[str, Any]]] = {
        "data": lambda: _data(root, study),
        "code": lambda: _code(root),
        "parameters": lambda: _parameters(root, study),
        "environment": lambda: {LOCK: (root / LOCK).read_bytes()},
    }
    return read[kind]()


def _data(root: Path, study: str) -> dict[str, Any]:
    folder = root / RAW / study
    found = {name: path for name, path in _files(folder) if name != TOML}
    return {name: path.read_bytes() for name, path in found.items()} | {
        TOML: _sections(root, study)[1]
    }


def _code(root: Path) -> dict[str, Any]:
    package = {name: path.read_bytes() for name, path in _files(root / "src")}
    notebooks: dict[str, Any] = {}
    for name, path in _files(root / "notebooks"):
        if path.suffix == ".ipynb":
            cells = [cell for cell in _cells(path) if not _is_parameters(cell)]
            notebooks[name] = [(cell["cell_type"], _source(cell), _tags(cell)) for cell in cells]
        else:
            notebooks[name] = path.read_bytes()
    return {"src": package, "notebooks": notebooks}


def _parameters(root: Path, study: str) -> dict[str, Any]:
    told = {path.name: [_source(cell) for cell in _cells(path) if _is_parameters(cell)]
            for path in sorted((root / "notebooks").glob("*.ipynb"))}  # fmt: skip
    return {TOML: _sections(root, study)[0], **told}


def _sections(root: Path, study: str) -> tuple[str, str]:
    """Return study.toml in two parts: the decisions, and how the files are read."""
    parts = {False: "", True: ""}
    of_data = False
    text = (root / RAW / study / TOML).read_text(encoding="utf-8-sig")
    for line in text.splitlines(keepends=True):
        if header := HEADER.match(line):
            of_data = header[1] in OF_DATA
        parts[of_data] += line
    return parts[False].rstrip("\n") + "\n", parts[True]


def _take_parameters(notebook: Path, other: Path) -> None:
    """Give a notebook the parameters of another version of itself."""
    theirs = [cell for cell in _cells(other) if _is_parameters(cell)] if other.exists() else []
    whole = json.loads(notebook.read_text(encoding="utf-8"))
    own = [cell for cell in whole["cells"] if _is_parameters(cell)]
    for cell, other_cell in zip(own, theirs, strict=False):
        cell["source"] = other_cell["source"]
    notebook.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _files(folder: Path) -> list[tuple[str, Path]]:
    found = [(path.relative_to(folder), path) for path in sorted(folder.rglob("*"))]
    return [
        (name.as_posix(), path)
        for name, path in found
        if path.is_file() and not any(p.startswith((".", "__pycache__")) for p in name.parts)
    ]


def _cells(notebook: Path) -> list[dict[str, Any]]:
    return list(json.loads(notebook.read_text(encoding="utf-8"))["cells"])


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _tags(cell: dict[str, Any]) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _is_parameters(cell: dict[str, Any]) -> bool:
    return "parameters" in _tags(cell)

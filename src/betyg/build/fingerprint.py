"""Hashes of what a result depends on, remembered as long as a file has not been touched."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from betyg.build import outline

__all__ = ["CODE", "PACKAGE", "Hashes", "Modules", "code_here", "sha256", "write_if_changed"]

PACKAGE = Path(__file__).parents[1]
CODE = "BETYG_CODE"  # tells a kernel, in which each file that is opened is noted, the hash of ours
SETTLED = 2_000_000_000  # ns; a file touched later than this may change again within one clock tick
REMEMBERED = 2  # raise when what is stored about a file changes its meaning


@functools.cache
def code_here() -> str:
    """Return a hash of the package, as it was when this process first asked.

    Modules that were changed since are not loaded anew.
    """
    if known := os.environ.get(CODE):
        return known
    code = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        code.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return code.hexdigest()


class Hashes:
    """What is known about each file: its hash, and what was read out of it.

    A file counts as the same while its size, times and inode are the same. A second build looks
    at no content at all, which is what makes it quick.
    """

    def __init__(self, memory: Path) -> None:
        self._path = memory
        self._old = _remembered(memory)
        self._seen: dict[str, Any] = {}
        self._settled: dict[str, Any] = {}

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes."""
        return str(self._entry("bytes", path, sha256))

    def code(self, path: Path) -> tuple[str, list[str], list[str]]:
        """Return the hash of a module's code, words left out, and what it imports and names.

        Named are the files and folders beside the module that its code mentions.
        """
        code, imports, named = self._entry("code", path, _module)
        return code, imports, named

    def notebook(self, path: Path) -> outline.Outline:
        """Return the outline of a notebook."""
        plain = self._entry("notebook", path, lambda found: outline.outline(found).to_json())
        return outline.Outline.from_json(plain)

    def save(self) -> None:
        """Keep what is known for the next time."""
        content = json.dumps({"version": _version(), "files": self._old | self._settled})
        write_if_changed(self._path, content)

    def _entry(self, kind: str, path: Path, read: Callable[[Path], Any]) -> Any:
        name = f"{kind} {path}"
        if name not in self._seen:
            self._seen[name] = self._looked_up(name, path, read)
        return self._seen[name]

    def _looked_up(self, name: str, path: Path, read: Callable[[Path], Any]) -> Any:
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        known = self._old.get(name)
        if known and known["stamp"] == stamp:
            return known["value"]
        value = read(path)
        if abs(time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)) > SETTLED:
            self._settled[name] = {"stamp": stamp, "value": value}
        return value


class Modules:
    """The project's own modules, and which of them lead to which.

    Own is what lies in the package of betyg or in the folder ``beside`` (a researcher's modules
    next to the notebooks).
    """

    def __init__(self, hashes: Hashes, *, beside: Path | None = None) -> None:
        self._hashes = hashes
        self._roots = [PACKAGE.parent, *([beside] if beside else [])]
        self._tops = {"betyg", *(path.stem for path in (beside.iterdir() if beside else ()))}
        self._next: dict[Path, set[Path]] = {}
        self._found: dict[str, list[Path]] = {}
        self._there: dict[str, bool] = {}
        self._labels: dict[Path, str] = {}
        self._reached: dict[frozenset[str], dict[str, str]] = {}

    def reached(self, names: Iterable[str]) -> dict[str, str]:
        """Return the code hash of each own module that ``names`` lead to, imports followed.

        What is no module but is named by one that is reached (translations, templates) counts
        too.
        """
        start = self._ours(names)
        if start not in self._reached:
            known = {}
            for path in self._ways(start):
                code, _, named = self._hashes.code(path)
                known[self._label(path)] = code
                for name in named:
                    known |= self._files_in(path.with_name(name))
            self._reached[start] = known
        return self._reached[start]

    def way(self, names: Iterable[str], label: str) -> list[str]:
        """Return through which modules ``names`` lead to the module or file ``label``, in turn."""
        ways = self._ways(self._ours(names))
        for path in ways:
            named = [path.with_name(name) for name in self._hashes.code(path)[2]]
            beside = [file for one in named for file in self._files_in(one)]
            if label in (self._label(path), *beside):
                steps: list[Path] = [path]
                while (before := ways[steps[0]]) is not None:
                    steps.insert(0, before)
                ours = [self._label(step) for step in steps]
                return ours if ours[-1] == label else [*ours, label]
        return []

    def _ways(self, start: frozenset[str]) -> dict[Path, Path | None]:
        """Return each module that is reached, with the one that imports it, nearest first."""
        ways: dict[Path, Path | None] = dict.fromkeys(sorted(self._files(start)))
        waiting = list(ways)
        while waiting:
            path = waiting.pop(0)
            for found in sorted(self._imported(path) - ways.keys()):
                ways[found] = path
                waiting.append(found)
        return ways

    def _imported(self, path: Path) -> set[Path]:
        if path not in self._next:
            self._next[path] = self._files(self._ours(self._hashes.code(path)[1]))
        return self._next[path]

    def _ours(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if name.partition(".")[0] in self._tops)

    def _files(self, ours: frozenset[str]) -> set[Path]:
        for name in ours:
            if name not in self._found:
                self._found[name] = self._files_of(name)
        return {path for name in ours for path in self._found[name]}

    def _files_of(self, name: str) -> list[Path]:
        """Return the files that importing a dotted name runs: its packages, then the module."""
        parts = name.split(".")
        steps = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        for root in self._roots:
            places = [*(f"{root}/{step}/__init__.py" for step in steps), f"{root}/{steps[-1]}.py"]
            if found := [Path(place) for place in places if self._is_there(place)]:
                return found
        return []

    def _is_there(self, place: str) -> bool:
        if place not in self._there:
            self._there[place] = os.path.isfile(place)
        return self._there[place]

    def _files_in(self, path: Path) -> dict[str, str]:
        """Return the hash of a file, or of each file in a folder but what Python left in it."""
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        own = (one for one in found if one.is_file() and one.parent.name != "__pycache__")
        return {self._label(one): self._hashes.of(one) for one in own}

    def _label(self, path: Path) -> str:
        if path not in self._labels:
            root = next(root for root in self._roots if path.is_relative_to(root))
            self._labels[path] = path.relative_to(root).as_posix()
        return self._labels[path]


def write_if_changed(path: Path, content: str) -> bool:
    """Write a text file in one step, and leave it alone if it says so already."""
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(content, encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return True


def _remembered(memory: Path) -> dict[str, Any]:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        return dict(stored["files"]) if stored["version"] == _version() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # nothing is lost but time


def _version() -> str:
    return f"{REMEMBERED} {sha256(Path(outline.__file__))} {sha256(Path(__file__))}"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _module(path: Path) -> tuple[str, list[str], list[str]]:
    source = path.read_text(encoding="utf-8")
    code = hashlib.sha256(outline.without_words(source).encode()).hexdigest()
    package = ".".join(path.relative_to(PACKAGE.parent).parts[:-1]) if _is_ours(path) else ""
    tree = ast.parse(source)
    others = (one for one in path.parent.iterdir() if one.suffix != ".py")
    beside = {one.name for one in others if one.name in source} - {"__pycache__"}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    said = {node.value for node in constants} if beside else set()
    return code, sorted(outline.imported_modules(tree, package)), sorted(beside & said)


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(PACKAGE)

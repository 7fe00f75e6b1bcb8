"""Which packages are really there: an environment need not hold what the lock file lists."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LOCK", "installed", "locked"]

LOCK = Path("requirements.lock")
LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
FOLDER = re.compile(r"([^-]+)-([^-]+)(?:-.+)?\.(?:dist|egg)-info")


def installed() -> dict[str, str]:
    """Return the version of each package of the lock file that Python would import.

    They are read from the names of the folders in which packages describe themselves: every make
    asks, and to open 160 files takes half a second. Left out are packages of other platforms, or
    for tests only, that are not there.
    """
    there: dict[str, str] = {}
    for folder in filter(os.path.isdir, sys.path):
        for name, version in sorted(_described(folder)):
            there.setdefault(name, version)
    return {name: there[_plain(name)] for name in locked(LOCK) if _plain(name) in there}


def locked(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package that a lock file lists: one for each kind of Python."""
    found: dict[str, set[str]] = {}
    for name, version in LOCKED.findall(path.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def _described(folder: str) -> Iterator[tuple[str, str]]:
    for name in os.listdir(folder):
        if found := FOLDER.fullmatch(name):
            yield _plain(found[1]), found[2]


def _plain(name: str) -> str:
    """Return a package's name in the spelling that makes names equal."""
    return re.sub(r"[-_.]+", "-", name).lower()

"""Whether a build depends on what it must not: folder, user, time zone, the order of work."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from betyg.build import elsewhere
from betyg.build.fingerprint import sha256

__all__ = ["compare"]

RESULTS = ("reports", "data/processed")
WORLDS = (
    {
        "folder": "a",
        "PYTHONHASHSEED": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "USER": "anna",
        "jobs": "-j2",
    },
    {
        "folder": "another folder/längre in",
        "PYTHONHASHSEED": "2",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "tr_TR.UTF-8",
        "LANG": "tr_TR.UTF-8",
        "USER": "österberg",
        "jobs": "-j1",
    },
)


def compare(study: str) -> tuple[int, list[str], list[Path]]:
    """Build a study, or all, from clean in two folders and compare every file that was made.

    The folders differ in path and depth; the builds in hash seed, zone, locale, user, home and how
    many things are done at a time. If any file differs, the folders are kept to be looked at.

    Returns
    -------
    int
        How many files are the same.
    list of str
        Each file that is not.
    list of Path
        The folders, if they were kept.
    """
    base = Path(tempfile.mkdtemp(prefix="betyg-verify-"))
    keep = False
    try:
        with ThreadPoolExecutor() as both:
            folders = list(both.map(lambda world: _build(base, world, study), WORLDS))
        names = sorted({name for folder in folders for name in _made(folder)})
        problems = [found for name in names if (found := _difference(name, *folders))]
        keep = bool(problems)
        return len(names) - len(problems), problems, folders if keep else []
    finally:
        if not keep:
            shutil.rmtree(base, ignore_errors=True)


def _build(base: Path, world: dict[str, str], study: str) -> Path:
    folder = base / world["folder"]
    elsewhere.copy(folder, study=study)
    home = folder.with_name(f"{folder.name} home")
    home.mkdir()
    settings = {name: value for name, value in world.items() if name.isupper()}
    settings |= {"LOGNAME": settings["USER"], "USERNAME": settings["USER"], "HOME": str(home)}
    elsewhere.make(folder, world["jobs"], "report", environment=settings)
    return folder


def _made(folder: Path) -> Iterator[str]:
    for part in RESULTS:
        for path in (folder / part).rglob("*"):
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _difference(name: str, one: Path, other: Path) -> str:
    """Return how two files of one name differ; nothing if they are the same."""
    there = [(folder / name).is_file() for folder in (one, other)]
    if not all(there):
        return f"{name}: made in {one if there[0] else other} only"
    if sha256(one / name) == sha256(other / name):
        return ""
    texts = [(folder / name).read_bytes().split(b"\n") for folder in (one, other)]
    pairs = enumerate(zip(*texts, strict=False), start=1)
    line = next((number for number, (a, b) in pairs if a != b), min(map(len, texts)) + 1)
    return f"{name}: differs, first in line {line}"

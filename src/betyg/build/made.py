"""From what each file was made: whether it must be made again goes by content, not by the clock.

make looks at times only, and a clock can be set back, or a folder copied without its times. So what
is made of other files leaves a note of their contents and of its own, and the times of files are
made to say what the notes say. (Notebooks that run have notes of their own.)
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from betyg.build import lock
from betyg.build.fingerprint import Hashes, sha256, write_if_changed

__all__ = ["note", "note_again", "not_ahead", "of", "set_aside", "settle"]

RESULTS = ("build", "reports", "data/processed")
EDITED = Path("build/edited")
NOT_NOTED = ("run", "preflight")  # verbs


def of(key: Path, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of each file of which a key's command makes something, its key among them."""
    files = [facts["executed"]] if "executed" in facts else []
    files += facts.get("outputs", [])
    if isinstance(tables := facts.get("tables", []), list):  # to a page it is a folder
        files += tables
    paths = map(Path, [str(key), *files])
    return {str(path): sha256(path) for path in paths if path.is_file()}


def note(key: Path, facts: Mapping[str, Any], made_of: Mapping[str, str]) -> None:
    """Keep what :func:`of` told before the command began, and what the command made."""
    results = [facts[name] for name in ("target", "ledger", "notebook") if name in facts]
    results += facts.get("places", {}).values()
    told = {"of": dict(made_of), "results": results, "made": _contents(results, sha256)}
    _keep(key, told)


def note_again(key: Path) -> None:
    """Take what a key's command made as it is now: another command of make has added to it."""
    if told := _noted(key):
        told["made"] = _contents(told["results"], sha256)
        _keep(key, told)


def not_ahead() -> None:
    """Let no result be of a time to come, next to which what is made now would look old."""
    now = time.time_ns()
    for root in RESULTS:
        for folder, _, files in os.walk(root):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                if os.lstat(path).st_mtime_ns > now:
                    os.utime(path, ns=(now, now), follow_symlinks=False)


def settle(rules: Iterable[str], hashes: Hashes) -> list[str]:
    """Make the times of files say which of the rules' targets must be made again.

    Returns
    -------
    list of str
        The files that are not as they were made, though nothing else has changed.
    """
    edited: list[str] = []
    for rule in rules:
        head, _, recipe = rule.partition("\n")
        verb = recipe.split()[1:2]
        if verb and verb[0] not in NOT_NOTED:
            target, _, needs = head.partition(": ")
            edited += _settle(Path(target), Path(needs.split()[0]), hashes)
    return edited


def set_aside(edited: Iterable[str]) -> None:
    """Keep a copy of what somebody did to files that are about to be made again, and say so."""
    for path in map(Path, edited):
        copy = EDITED / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        sys.stderr.write(
            f"{path} is not as make wrote it, and is made again; what it was is now {copy}. To "
            "edit a file, copy it out of the folder first.\n"
        )


def _settle(target: Path, key: Path, hashes: Hashes) -> list[str]:
    if not target.exists() or lock.is_held(key.with_suffix(".lock")):
        return []
    changed, noted = target.stat().st_mtime_ns, _noted(key)
    parts, made = noted.get("of", {}), noted.get("made", {})
    there = {path: Path(path).stat().st_mtime_ns for path in parts if Path(path).is_file()}
    is_old = not parts or any(p not in there or hashes.of(Path(p)) != parts[p] for p in parts)
    now = _contents(noted.get("results", []), hashes.of)
    if is_old or now != made:
        key.touch()
        if key.stat().st_mtime_ns <= changed:  # the target is of a clock that is ahead of ours
            os.utime(key, ns=(changed + 1, changed + 1))
        return [] if is_old else [path for path in now if now[path] != made.get(path)]
    for path, moment in there.items():
        if moment > changed:
            os.utime(path, ns=(changed, changed))
    return []


def _contents(results: Iterable[str], digest: Callable[[Path], str]) -> dict[str, str]:
    """Return the hash of each file among some results; a folder stands for the files in it."""
    return {str(path): digest(path) for path in _files(map(Path, results))}


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file())


def _keep(key: Path, told: Mapping[str, Any]) -> None:
    write_if_changed(_note(key), json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _noted(key: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(_note(key).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _note(key: Path) -> Path:
    return key.with_name(f"{key.name}.made")

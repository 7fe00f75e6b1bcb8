"""From what each file was made: whether it must be made again goes by content, not by the clock.

make looks at times only, and a clock can be set back, or a folder copied without its times. So what
is made of other files leaves a note of their contents, and the times of files are made to say
what the notes say. (Notebooks that run have notes of their own.)
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from betyg.build import lock
from betyg.build.fingerprint import Hashes, sha256, write_if_changed

__all__ = ["note", "not_ahead", "of", "settle"]

RESULTS = ("build", "reports", "data/processed")
NOT_NOTED = ("run", "preflight")  # verbs


def of(key: Path, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of each file of which a key's command makes something, its key among them."""
    folder = Path(facts["target"]).parent
    files = [facts[name] for name in ("executed", "notebook") if name in facts]
    files += facts.get("outputs", [])
    if isinstance(tables := facts.get("tables", []), list):  # to a page it is a folder
        files += tables
    forms = [str(folder / place) for place in facts.get("forms", {}).values()]
    paths = map(Path, [str(key), *files, *forms])
    return {str(path): sha256(path) for path in paths if path.is_file()}


def note(key: Path, made_of: Mapping[str, str]) -> None:
    """Keep what :func:`of` told before the command began."""
    write_if_changed(_note(key), json.dumps(made_of, indent=1, ensure_ascii=False) + "\n")


def not_ahead() -> None:
    """Let no result be of a time to come, next to which what is made now would look old."""
    now = time.time_ns()
    for root in RESULTS:
        for folder, _, files in os.walk(root):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                if os.lstat(path).st_mtime_ns > now:
                    os.utime(path, ns=(now, now), follow_symlinks=False)


def settle(rules: Iterable[str], hashes: Hashes) -> None:
    """Make the times of files say which of the rules' targets must be made again."""
    for rule in rules:
        head, _, recipe = rule.partition("\n")
        verb = recipe.split()[1:2]
        if verb and verb[0] not in NOT_NOTED:
            target, _, needs = head.partition(": ")
            _settle(Path(target), Path(needs.split()[0]), hashes)


def _settle(target: Path, key: Path, hashes: Hashes) -> None:
    if not target.exists() or lock.is_held(key.with_suffix(".lock")):
        return
    made, parts = target.stat().st_mtime_ns, _noted(key)
    there = {path: Path(path).stat().st_mtime_ns for path in parts if Path(path).is_file()}
    if not parts or any(p not in there or hashes.of(Path(p)) != parts[p] for p in parts):
        key.touch()
        if key.stat().st_mtime_ns <= made:  # the target is of a clock that is ahead of ours
            os.utime(key, ns=(made + 1, made + 1))
        return
    for path, changed in there.items():
        if changed > made:
            os.utime(path, ns=(made, made))


def _noted(key: Path) -> dict[str, str]:
    try:
        return dict(json.loads(_note(key).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _note(key: Path) -> Path:
    return key.with_name(f"{key.name}.made")

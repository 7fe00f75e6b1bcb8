"""What each run depended on, and how it ended: whether it must run again is read from that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from betyg.build import decisions
from betyg.build.fingerprint import sha256, write_if_changed

__all__ = [
    "Change",
    "changes",
    "failure",
    "forget_failure",
    "items",
    "keep",
    "keep_failure",
    "of",
    "settings",
    "stopped",
]

Digest = Callable[[Path], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was when a notebook ran: empty where it is not there."""

    what: str
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        if not self.old:
            return f"{self.what} is new"
        if not self.new:
            return f"{self.what} is gone"
        return f"{self.what} changed: {_short(self.old)} -> {_short(self.new)}"


def items(key: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run depends on, by name: parameters, code, modules, files, versions."""
    given = {f"parameter {name}": repr(value) for name, value in key["parameters"].items()}
    return {**given, **key["depends"]}


def keep(
    key: Mapping[str, Any],
    *,
    read: Mapping[str, str],
    found: Mapping[str, str],
    wrote: Mapping[str, str],
) -> None:
    """Note that a run came to its end.

    Parameters
    ----------
    key : mapping
        The key that it ran by.
    read, found, wrote : mapping of str to str
        Path and hash of the tables that it read, of the files that it read without saying so,
        and of the tables and the notebook that it wrote.
    """
    record = {
        "items": items(key), "read": {**read, **found}, "wrote": dict(wrote),
        "settings": _settings(key),
    }  # fmt: skip
    write_if_changed(_ran(key), json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def of(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was noted when a run last came to its end; empty if it never did."""
    return _read(_ran(key))


def keep_failure(key: Mapping[str, Any], said: str) -> None:
    """Note that a run stopped, and what was said about it."""
    text = json.dumps({"said": said, "items": items(key)}, indent=1, ensure_ascii=False)
    write_if_changed(_failed(key), text + "\n")


def forget_failure(key: Mapping[str, Any]) -> None:
    """Forget what was said about a run, which is tried again."""
    _failed(key).unlink(missing_ok=True)


def failure(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was noted when a run last failed; empty if it has come to its end since."""
    return _read(_failed(key))


def stopped(key: Mapping[str, Any]) -> bool:
    """Tell whether a run was ended from outside, with no time to say anything."""
    return Path(key["target"]).with_suffix(".failed.ipynb").exists() and not failure(key)


def changes(key: Mapping[str, Any], digest: Digest) -> list[Change]:
    """Return why a run has to be done again; nothing if what it made still holds."""
    record = of(key)
    if not record:
        return [Change(what=f"the result {key['target']}", new="never made")]
    found = list(_differing(record["items"], items(key)))
    found += _differing(record["read"], _today(record["read"], digest), kind="file read, ")
    found += _differing(record["wrote"], _today(record["wrote"], digest), kind="result, ")
    return found


def settings(key: Mapping[str, Any], path: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings of a study.toml when a run came to its end, and as they are now."""
    return of(key).get("settings", {}).get(path, {}), decisions.read(Path(path))


def _settings(key: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the settings by which a run went: of each study.toml that is still what it was."""
    files = [name for name in key["depends"] if Path(name).name == decisions.FILE]
    return {
        name: decisions.read(Path(name))
        for name in files
        if Path(name).is_file() and sha256(Path(name)) == key["depends"][name]
    }


def _today(paths: Mapping[str, str], digest: Digest) -> dict[str, str]:
    return {path: digest(Path(path)) for path in paths if Path(path).exists()}


def _differing(
    then: Mapping[str, str], now: Mapping[str, str], *, kind: str = ""
) -> Iterator[Change]:
    for name in sorted(then.keys() | now.keys()):
        old, new = then.get(name, ""), now.get(name, "")
        if old != new:
            yield Change(what=f"{kind}{name}", old=old, new=new)


def _short(text: str) -> str:
    is_hash = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return text[:8] if is_hash else text


def _ran(key: Mapping[str, Any]) -> Path:
    return Path(key["target"]).with_suffix(".ran")


def _failed(key: Mapping[str, Any]) -> Path:
    return Path(key["target"]).with_suffix(".failed.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}  # as if it had never run

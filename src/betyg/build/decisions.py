"""The settings of study.toml one by one: which of them changed since a notebook ran."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["FILE", "read", "told"]

FILE = "study.toml"
LONG = 60  # characters of a value that are told


def read(path: Path) -> dict[str, str]:
    """Return the value of each setting by its name, as ``compare.margin``; empty if unreadable."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return dict(_settings(found))


def told(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Yield in words what differs: settings that changed, are new or are gone."""
    for name in (*now, *(name for name in then if name not in now)):
        old, new = then.get(name), now.get(name)
        if old is None:
            yield f"{name} is new: {_short(str(new))}"
        elif new is None:
            yield f"{name} is gone: it was {_short(old)}"
        elif old != new:
            yield f"{name}: {_short(old)} -> {_short(new)}"
    if then == now:
        yield "no setting changed: only comments, or their order"


def _settings(found: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _settings(value, f"{before}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, part in enumerate(value, start=1):
                called = part.get("file") or part.get("name") or number
                yield from _settings(part, f"{before}[[{name}]] {called}: ")
        else:
            yield f"{before}{name}", json.dumps(value, ensure_ascii=False, default=str)


def _short(value: str) -> str:
    return value if len(value) <= LONG else f"{value[: LONG - 4]} ..."

"""results.json: what each part of the measurements found, and on which machine."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "statsmodels", "papermill", "svy")
Found = dict[str, Any]


def load(file: Path = FILE) -> dict[str, Found]:
    """Return what was found, by part; nothing before the first run."""
    found: dict[str, Found] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def save(part: str, found: Found, *, full: bool, file: Path = FILE) -> None:
    """Replace one part, with when and where it was measured; the other parts stay."""
    whole = load(file) | {part: {"full": full, "machine": machine()} | found}
    ordered = {name: whole[name] for name in sorted(whole)}
    file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")


def machine() -> Found:
    """Describe where and when: a time means nothing without it."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

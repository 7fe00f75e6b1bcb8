"""results.json: what each measurement found, when, and on which machine."""

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
    """Return what was found, by measurement; nothing before the first run."""
    found: dict[str, Found] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def save(name: str, found: Found, *, file: Path = FILE) -> None:
    """Replace one measurement, with when and where it was made; the others stay."""
    whole = load(file) | {name: {"machine": machine()} | found}
    ordered = {name: whole[name] for name in sorted(whole)}
    text = json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"
    attempt = file.with_suffix(".part")
    attempt.write_text(text, "utf-8")
    attempt.replace(file)


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

"""The project built in other folders than this one: twice for comparison, or as it once was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from betyg.errors import DataError, SurveyError

__all__ = ["OF_MAKE", "PARTS", "BuildError", "copy", "make"]

PARTS = ("Makefile", "pyproject.toml", "requirements.lock", "src", "notebooks")
RAW = Path("data/raw")
LEFT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKE_RESTARTS", "BETYG_MAKE")
CHOSEN = ("STUDY", "LANGUAGE", "PARAMS")  # by which this make may have been told what to build


class BuildError(SurveyError):
    """A build in another folder stopped."""


def copy(target: Path, *, study: str) -> None:
    """Copy what a build needs into ``target``: of one study, or of all if ``study`` is empty."""
    target.mkdir(parents=True)
    chosen = [RAW / study] if study else sorted(RAW.iterdir())
    for part in [*(Path(name) for name in PARTS), *chosen]:
        if part.is_dir():
            shutil.copytree(part, target / part, ignore=LEFT)
        elif part.exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(part, target / part)
        else:
            raise DataError(f"{part}: is not there. The build needs it.")


def make(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    venv: str = sys.prefix,
) -> None:
    """Run make in a folder, with the folder's own code.

    Parameters
    ----------
    environment : mapping of str to str, optional
        What is to differ from the environment of this process.
    venv : str
        The folder of the Python; if empty, make sets one up with the packages that the folder's
        requirements.lock lists.

    Raises
    ------
    BuildError
        If it fails, with what it said last.
    """
    outside = {n: v for n, v in os.environ.items() if n not in (*OF_MAKE, *CHOSEN)}
    ran = subprocess.run(
        ["make", *([f"VENV={venv}"] if venv else []), *arguments],
        cwd=folder,
        env=outside | {"PYTHONPATH": str((folder / "src").resolve())} | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if ran.returncode:
        raise BuildError(f"make {' '.join(arguments)} stopped in {folder}:\n{ran.stderr.strip()}")

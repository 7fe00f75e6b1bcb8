"""SHA256SUMS: a changed raw file stops the build."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from betyg.data import remote_list, study_toml
from betyg.errors import Problems

__all__ = ["FILE", "check", "raw_file_is_there", "write", "write_sums"]

FILE = "SHA256SUMS"
_LINE = re.compile(r"^\\?([0-9a-fA-F]{64}) [ *](.+)$")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_sums(folder: Path) -> list[Path]:
    """Write SHA256SUMS for the raw files of a study, and REMOTE.csv for those elsewhere.

    Parameters
    ----------
    folder : Path
        The study's folder.

    Returns
    -------
    list of Path
        The files written: SHA256SUMS is readable by ``sha256sum -c``.

    Raises
    ------
    DataError
        If study.toml cannot be read, or a raw file is missing or cannot be reached; nothing is
        written then.
    """
    problems = Problems()
    settings = study_toml.read(folder, problems)
    files = sorted(settings.files) if settings else []
    for file in files:
        raw_file_is_there(folder, file, where=study_toml.FILE, problems=problems)
    there = remote_list.versions(folder, settings.remote if settings else (), problems)
    problems.raise_if_any(heading=str(folder))
    written = [write(folder, files)] if files else []
    return [*written, remote_list.write(folder, there)] if there else written


def write(folder: Path, files: Iterable[str]) -> Path:
    """Write SHA256SUMS for the named files of a folder."""
    text = "".join(f"{sha256(folder / file)}  {file}\n" for file in files)
    target = folder / FILE
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def raw_file_is_there(folder: Path, file: str, *, where: str, problems: Problems) -> bool:
    """Say whether a raw file is a file inside the folder; if not, note the problem."""
    path = folder / file
    real = Path(os.path.realpath(path))  # without an error where links lead round in circles
    if Path(file).is_absolute() or not real.is_relative_to(folder.resolve()):
        problems.add(
            where,
            f"'{file}' leads out of the study's folder.",
            "Copy the file into the folder and name it without a path.",
        )
        return False
    if path.is_dir():
        problems.add(
            where, f"'{file}' is a folder, not a raw file.", "Name a file; one [[source]] for each."
        )
        return False
    if not path.is_file():
        problems.add(where, f"the raw file '{file}' is missing.", f"Put it into {folder.name}/.")
        return False
    return True


def check(folder: Path, files: Sequence[str], problems: Problems) -> None:
    """Compare the raw files with SHA256SUMS.

    Parameters
    ----------
    folder : Path
        The study's folder.
    files : sequence of str
        Raw files that exist.
    problems : Problems
        Each file that is not listed, or has changed, is added here.
    """
    if not files:
        return
    remedy = f"If the file is right, `make sums STUDY={folder.name}` writes the list anew."
    listed = _listed(folder, problems, remedy)
    if listed is None:
        return
    for file in files:
        if file not in listed:
            problems.add(FILE, f"'{file}' is not listed.", remedy)
        elif sha256(folder / file) != listed[file]:
            problems.add(FILE, f"'{file}' has changed since its sum was written.", remedy)


def _listed(folder: Path, problems: Problems, remedy: str) -> dict[str, str] | None:
    path = folder / FILE
    if not path.is_file():
        problems.add(FILE, "the file is missing.", remedy)
        return None
    listed = {}
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.match(line.rstrip())
        if found:
            listed[found[2]] = found[1].lower()
        elif line.strip():
            problems.add(f"{FILE}, line {number}", "this is not '<sum>  <file>'.", remedy)
    return listed

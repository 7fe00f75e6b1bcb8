"""Spoil a tiny study in one place, and read the message that comes of it."""

from pathlib import Path

import pytest

from betyg.data.study import Study
from betyg.errors import DataError


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the first ``old`` in a file of the study; it must be there."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), "utf-8")


def message(study: tuple[Path, str]) -> str:
    """Return the message with which a study is refused."""
    with pytest.raises(DataError) as caught:
        Study.load(*study)
    return str(caught.value)


def only_problem(study: tuple[Path, str]) -> str:
    """Return the one problem of a study; more than one fails."""
    said = message(study)
    lines = said.splitlines()
    assert lines[0].endswith(": 1 problem"), said
    return lines[1].removeprefix("  - ")

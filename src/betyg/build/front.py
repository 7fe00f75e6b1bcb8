"""The front pages among make's rules: one for each study, and one for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from betyg.build.plan import Folder

__all__ = ["PAGE", "entry", "of_studies", "of_study"]

PAGE = "index.html"


def entry(target: Path, *, language: str, form: str, agency: str) -> dict[str, str]:
    """Return what a front page must know of a file."""
    return {"target": str(target), "language": language, "form": form, "agency": agency}


def of_study(
    study: Folder, entries: Iterable[dict[str, str]], *, place: Path, planned: Iterable[str]
) -> dict[str, Any]:
    """Return the facts of a study's front page.

    It lists what this make makes, and what earlier ones made of what the study still has.
    """
    now = set(map(Path, planned))
    there = []
    for one in entries:
        file = Path(one["target"])
        if now & {file, file.parent} or file.exists():  # tables are planned as a folder
            there.append(one)
    listed = [{**one, "target": _below(one["target"], place.parent)} for one in there]
    up = "../index.html" if place.parent.parent.name == "reports" else ""
    return {"study": study.name, "entries": listed, "up": up, "target": str(place)}


def of_studies(pages: Iterable[tuple[str, str]], *, place: Path) -> dict[str, Any]:
    """Return the facts of the front page of all studies: each with its own front page."""
    listed = [(name, _below(page, place.parent)) for name, page in sorted(pages)]
    return {"studies": listed, "target": str(place)}


def _below(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()

"""Sections that a study cannot have: one list at the end says which, and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

MARK = 'class="left-out"'
_HEADING = re.compile(r"^##\s+(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The heading of a section that is not there, and the reason that its cell gave."""

    heading: str
    reason: str


def split(cells: Sequence[Any], language: str) -> tuple[list[Any], list[LeftOut]]:
    """Take the sections out whose cells all gave a reason instead of a result.

    Parameters
    ----------
    cells : sequence of notebook cells
        Executed.
    language : str
        Tag of the markdown cells that are read.

    Returns
    -------
    list of cells, list of LeftOut
    """
    kept: list[Any] = []
    missing: list[LeftOut] = []
    for section in _sections(cells, language):
        shown = [html for cell in section for html in _html(cell)]
        heading = _heading(section[0], language)
        if heading and shown and all(MARK in html for html in shown):
            missing += [LeftOut(heading, _text(html)) for html in shown]
        else:
            kept += section
    return kept, missing


def _sections(cells: Sequence[Any], language: str) -> Iterator[list[Any]]:
    section: list[Any] = []
    for cell in cells:
        if section and _heading(cell, language):
            yield section
            section = []
        section.append(cell)
    if section:
        yield section


def _heading(cell: Any, language: str) -> str:
    if cell.cell_type != "markdown" or language not in cell.metadata.get("tags", []):
        return ""
    found = _HEADING.search(cell.source)
    return found[1] if found else ""


def _html(cell: Any) -> list[str]:
    if cell.cell_type != "code":
        return []
    return [str(out["data"]["text/html"]) for out in cell.outputs if "text/html" in _data(out)]


def _data(output: Any) -> Any:
    return output.get("data", {})


def _text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()

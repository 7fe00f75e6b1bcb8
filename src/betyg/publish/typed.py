"""Numbers that somebody typed into the text of a report: nothing checks them against the data."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

_NOT_TEXT = re.compile(r"\]\([^)]*\)|<[^>]*>|`[^`]*`")  # addresses, markup, code
_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")


def numbers(
    cells: Iterable[Any],
    *,
    language: str,
    labels: Collection[str],
    name: str,
) -> Iterator[str]:
    """Yield where a number stands in a text cell of a language: notebook, cell, line.

    Parameters
    ----------
    labels : collection of str
        The study's names and questions, which may hold digits. Years may, too, be typed.
    name : str
        What the notebook is called.
    """
    for at, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "markdown" or language not in cell["metadata"].get("tags", []):
            continue
        for line, text in enumerate(cell["source"].splitlines(), start=1):
            found = [n for n in _typed(text, labels) if not _YEAR.fullmatch(n)]
            if found:
                yield f"{name}, cell {at}, line {line}: {', '.join(found)} in “{text.strip()}”"


def _typed(text: str, labels: Collection[str]) -> list[str]:
    rest = _NOT_TEXT.sub(" ", text)
    if not any(sign.isdigit() for sign in rest):
        return []
    for label in sorted(labels, key=len, reverse=True):
        rest = rest.replace(label, " ")
    return _NUMBER.findall(rest)

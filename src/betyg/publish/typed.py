"""Numbers that somebody typed into the text of a report: nothing checks them against the data."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from betyg.publish import sentence

_NOT_TEXT = re.compile(r"\]\([^)]*\)|<[^>]*>|`[^`]*`")  # addresses, markup, code
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")


def numbers(
    cells: Iterable[Any],
    *,
    language: str,
    labels: Collection[str],
    years: Collection[int],
    name: str,
) -> Iterator[str]:
    """Yield where a number stands in a text cell of a language: notebook, cell, line.

    Parameters
    ----------
    labels : collection of str
        The study's names and questions, which may hold digits.
    years : collection of int
        In which there was a round or an event; these, too, may be typed.
    name : str
        What the notebook is called.
    """
    named = set(map(str, years))
    for at, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "markdown" or language not in cell["metadata"].get("tags", []):
            continue
        for line, text in enumerate(cell["source"].splitlines(), start=1):
            found = [n for n in _typed(text, labels) if n not in named]
            if found:
                yield f"{name}, cell {at}, line {line}: {', '.join(found)} in “{text.strip()}”"


def _typed(text: str, labels: Collection[str]) -> list[str]:
    rest = _NOT_TEXT.sub(" ", text)
    if not any(sign.isdigit() for sign in rest):
        return []
    return _NUMBER.findall(sentence.without_labels(rest, labels))

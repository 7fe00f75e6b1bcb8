"""The tags of a PDF: the tree that assistive technology reads."""

from collections.abc import Iterator
from typing import Any

import pikepdf


def below(tag: Any) -> Iterator[Any]:
    """Give the elements below a tag, in reading order."""
    for child in children(tag):
        yield child
        yield from below(child)


def children(tag: Any) -> list[Any]:
    """Return the elements right below a tag."""
    return [kid for kid in _listed(tag.get("/K")) if "/S" in kid]


def attributes(tag: Any) -> list[Any]:
    """Return the groups of attributes of a tag."""
    return _listed(tag.get("/A"))


def _listed(value: Any) -> list[Any]:
    several = list(value) if isinstance(value, pikepdf.Array) else [value]
    return [one for one in several if isinstance(one, pikepdf.Dictionary)]

"""The program pandoc, and the tree into which it reads a page."""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pypandoc
from numpy.typing import NDArray

from betyg.errors import DataError
from betyg.publish.article import Article

Node = dict[str, Any]
Blocks = list[Node]

_LINE = 100  # characters of a table's type that a line holds
_HYPHENATED = 11  # characters of a heading that stay together; longer words are hyphenated
_GAP = 2  # characters that the space between columns takes


def read(article: Article) -> Node:
    """Read an article into pandoc's tree; its first headings get level 1.

    Raises
    ------
    DataError
        If pandoc cannot read it.
    """
    page = f"<html><head><title>{escape(article.title)}</title></head><body>{article.body}</body>"
    tree: Node = json.loads(_parsed(page))
    tree["meta"] = {}
    return tree


@lru_cache(maxsize=1)
def _parsed(page: str) -> bytes:
    """Let pandoc read a page, once for all forms that are made of it one after the other."""
    options = ["--from=html-auto_identifiers", "--to=json", "--shift-heading-level-by=-1"]
    return run([*options, "--sandbox"], page.encode())


def write(tree: Node, options: Sequence[str], *, folder: Path | None = None) -> bytes:
    """Write a tree as another form, reading images from ``folder``."""
    return run(["--from=json", *options], json.dumps(tree).encode(), folder=folder)


def run(options: Sequence[str], given: bytes = b"", *, folder: Path | None = None) -> bytes:
    """Run pandoc on ``given`` and return what it writes."""
    command = [pypandoc.get_pandoc_path(), *options]
    done = subprocess.run(command, input=given, capture_output=True, cwd=folder, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise DataError(f"pandoc could not convert the page: {said}. Mend the output it names.")
    return done.stdout


def classes(node: Node) -> set[str]:
    """Return the classes of a Div."""
    return set(node["c"][0][1])


def attribute(node: Node, name: str) -> str:
    """Return an attribute of a Div; empty if it has none of that name."""
    return str(dict(node["c"][0][2]).get(name, ""))


def size(image: Node) -> tuple[float, float]:
    """Return width and height of an image in points; zeros where they are not known."""
    given = dict(image["c"][0][2])
    return float(given.get("width", 0) or 0), float(given.get("height", 0) or 0)


def below(node: Any, kind: str) -> list[Node]:
    """Return the nodes of a kind, such as ``Image``, at or below a node, in order."""
    if isinstance(node, list):
        return [found for one in node for found in below(one, kind)]
    if not isinstance(node, dict):
        return []
    return [node] if node.get("t") == kind else below(list(node.values()), kind)


def body_rows(table: Node) -> list[Any]:
    """Return the rows of a table below its headings."""
    return [row for body in table["c"][4] for row in body[3]]


def has_row_headings(table: Node) -> bool:
    """Tell whether the first cell of each row is its heading."""
    firsts = [row[1][0] for row in body_rows(table)]
    return bool(firsts) and all(["scope", "row"] in cell[0][2] for cell in firsts)


def text(inlines: Any) -> str:
    """Return the words below a node, without their form."""
    if isinstance(inlines, list):
        return "".join(text(one) for one in inlines)
    if not isinstance(inlines, dict):
        return ""
    if inlines["t"] == "Str":
        return str(inlines["c"])
    if inlines["t"] in ("Space", "SoftBreak", "LineBreak"):
        return " "
    return text(inlines.get("c", []))


def replaced(node: Any, change: Callable[[Node], Blocks | None]) -> Any:
    """Return a copy of a tree in which each node is replaced by what ``change`` returns.

    None keeps the node; what stands in the place of a node is looked through too, so ``change``
    must not return that node again.
    """
    if isinstance(node, list):
        kept: list[Any] = []
        for one in node:
            new = change(one) if isinstance(one, dict) and "t" in one else None
            kept += [replaced(one, change)] if new is None else replaced(new, change)
        return kept
    if isinstance(node, dict):
        return {key: replaced(value, change) for key, value in node.items()}
    return node


def lay_out(table: Node) -> None:
    """Align the columns of a table, numbers to the right, and share out the width if it is short.

    A column gets room for its longest word first, then for what its cells hold besides.
    """
    _, _, columns, head, _, _ = table["c"]
    lines = [*head[1], *body_rows(table)]
    if head[1]:
        for column, cell in zip(columns, head[1][0][1], strict=False):
            column[0] = {"t": "AlignRight" if "number" in cell[0][1] else "AlignLeft"}
    cells = [[text(cell[4]) for cell in row[1]] for row in lines]
    if any(len(row) != len(columns) for row in cells):
        return  # cells that span columns
    least, natural = _needs(cells)
    if natural.sum() > _LINE and least.sum():
        spare = max(_LINE - least.sum(), 0)
        wish = natural - least
        shares = (least + spare * wish / max(wish.sum(), 1)) / max(least.sum(), _LINE)
        for column, share in zip(columns, shares, strict=True):
            column[1] = {"t": "ColWidth", "c": round(float(share), 4)}


def _needs(cells: list[list[str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each column the characters of its longest word and of its longest cell."""
    columns = list(zip(*cells, strict=True))
    least = [
        max([min(_longest(first), _HYPHENATED), *map(_longest, others)]) + _GAP
        for first, *others in columns
    ]
    natural = [max(map(len, column)) + _GAP for column in columns]
    return np.array(least, dtype=float), np.array(natural, dtype=float)


def _longest(cell: str) -> int:
    return max(map(len, re.split(r"[ \u2013-]", cell)))

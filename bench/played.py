"""The notebooks of the repository, cell by cell in this Python: no kernel, and nothing between."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run(notebook: str, **parameters: object) -> list[object]:
    """Run a notebook with parameters and return what its cells show."""
    known: dict[str, object] = {"display": lambda *_: None}
    shows = []
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in _code(notebook):
            shows.append(_result("".join(cell["source"]), known))
            if "parameters" in cell["metadata"].get("tags", []):
                known |= {name: value for name, value in parameters.items() if name in known}
    return [value for value in shows if value is not None]


def imports(notebook: str) -> None:
    """Import what a notebook does."""
    for cell in _code(notebook):
        body = ast.parse("".join(cell["source"])).body
        known = [one for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(list(known), []), "imports", "exec"), {})


def _code(notebook: str) -> list[dict[str, Any]]:
    """Return the cells of code."""
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _result(source: str, known: dict[str, object]) -> object:
    """Run a cell and return the value of its last line."""
    body = ast.parse(source).body
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr):
        last = None
    exec(compile(ast.Module(body[:-1] if last else body, []), "a cell", "exec"), known)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "a cell", "eval"), known)  # noqa: S307


def shown(value: Any) -> dict[str, Any]:
    """Return a code cell that showed ``value``."""
    data = {"text/html": value._repr_html_()} if hasattr(value, "_repr_html_") else value
    if hasattr(value, "_repr_mimebundle_"):
        data |= value._repr_mimebundle_()
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {
        "cell_type": "code", "execution_count": None, "id": "", "metadata": {},
        "outputs": [output], "source": "shown",
    }  # fmt: skip


def write(cells: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write cells as an executed notebook."""
    numbered = [{**cell, "id": f"cell-{at}"} for at, cell in enumerate(cells)]
    whole = {"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path

"""The notebooks of the repository, cell by cell in this Python: quick, and without a kernel."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path

import notebook_pages
from betyg.publish import document

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TABLES = ("01_clean", "02_results", "03_models", "04_drivers")


def run(notebook: str, **parameters: object) -> list[object]:
    """Run a notebook with parameters and return what its cells show."""
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    known: dict[str, object] = {"display": lambda *_: None}
    shown = []
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in (cell for cell in cells if cell["cell_type"] == "code"):
            shown.append(_result("".join(cell["source"]), known))
            if "parameters" in cell["metadata"].get("tags", []):
                known |= {name: value for name, value in parameters.items() if name in known}
    return [value for value in shown if value is not None]


def build(root: Path, study: str, tables: Path) -> Path:
    """Write every table of a study to ``tables``."""
    for notebook in TABLES:
        run(notebook, raw=str(root), study=study, tables=str(tables), out=str(tables))
    return tables


def page(notebook: str, folder: Path, **parameters: object) -> tuple[str, list[object]]:
    """Return the page of a notebook and its tables: every other form is made from these two."""
    shown = [notebook_pages.shown(value) for value in run(notebook, **parameters)]
    source = notebook_pages.write(shown, folder / f"{notebook}.ipynb")
    language = str(parameters["language"])
    return (
        document.page(source, language=language, title="T", synthetic=True),
        document.tables(source, language=language),
    )


def _result(source: str, known: dict[str, object]) -> object:
    """Run a cell and return the value of its last line."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "a cell", "exec"), known)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "a cell", "eval"), known)  # noqa: S307

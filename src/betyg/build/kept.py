"""What is kept of an executed notebook: its code, words and outputs, the same bytes every time."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from betyg.build.outline import cell_codes

__all__ = ["publish", "read", "scrubbed", "with_todays_words", "write"]

ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
CELL_FILE = re.compile(r"\S*[/\\]ipykernel_\d+[/\\]\d+\.py")
CHANGING = ("papermill", "execution", "widgets")  # times, paths and random names


def publish(executed: Path, target: Path, *, source: Path) -> None:
    """Publish an executed notebook with the words that its source has today."""
    shown = with_todays_words(read(executed), read(source))
    write(scrubbed(shown, root=Path.cwd()), target)


def read(path: Path) -> dict[str, Any]:
    """Return a notebook as plain values."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def write(notebook: dict[str, Any], path: Path) -> None:
    """Write a notebook in one step, in Jupyter's own spelling."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    try:
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def scrubbed(notebook: dict[str, Any], *, root: Path) -> dict[str, Any]:
    """Return a notebook without what differs from run to run.

    Gone are papermill's and Jupyter's times, random names of cells, addresses in memory, and
    the path of the folder ``root`` in which the project lies.
    """
    kept = copy.deepcopy(notebook)
    _forget(kept["metadata"])
    for number, cell in enumerate(kept["cells"], start=1):
        _forget(cell["metadata"])
        cell["id"] = f"cell-{number:02d}"
        for output in cell.get("outputs", []):
            _forget(output.get("metadata", {}))
            _clean_texts(output, root)
    return kept


def with_todays_words(executed: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Return ``source`` as it is today with the outputs of its last run.

    The build runs a notebook again whenever its code has changed, so that the code cells of
    both, comments and empty cells aside, are the same.
    """
    shown = copy.deepcopy(source)
    results = _ran(executed["cells"])
    cells = []
    for cell in shown["cells"]:
        cells.append(cell)
        if cell["cell_type"] != "code" or not cell_codes([cell])[0]:
            continue
        ran = next(results, None)
        if ran is None or cell_codes([ran]) != cell_codes([cell]):
            raise ValueError(f"not the code that ran: {''.join(cell['source'])}")
        cell["outputs"], cell["execution_count"] = ran["outputs"], ran["execution_count"]
        if "parameters" in cell["metadata"].get("tags", []):
            cells += [one for one in executed["cells"] if _is_injected(one)]
    shown["cells"] = cells
    shown["metadata"] = copy.deepcopy(executed["metadata"])
    return shown


def _ran(cells: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for cell in cells:
        if cell["cell_type"] == "code" and not _is_injected(cell) and cell_codes([cell])[0]:
            yield cell


def _is_injected(cell: dict[str, Any]) -> bool:
    return "injected-parameters" in cell["metadata"].get("tags", [])


def _forget(metadata: dict[str, Any]) -> None:
    for name in CHANGING:
        metadata.pop(name, None)


def _clean_texts(output: dict[str, Any], root: Path) -> None:
    if "text" in output:
        output["text"] = _clean(output["text"], root)
    data = output.get("data", {})
    for kind, value in data.items():
        if kind.startswith("text/"):
            data[kind] = _clean(value, root)


def _clean(text: str | list[str], root: Path) -> str:
    whole = text if isinstance(text, str) else "".join(text)
    without_paths = whole.replace(f"{root}/", "").replace(str(root), ".")
    if "ipykernel_" in without_paths:  # looking for the pattern takes long in a long text
        without_paths = CELL_FILE.sub("<cell>", without_paths)
    return ADDRESS.sub("0x0", without_paths) if "0x" in without_paths else without_paths

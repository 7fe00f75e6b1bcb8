"""Notebooks as git keeps them: what somebody wrote, and nothing of what came out when it ran.

What came out differs from run to run and hides, in a comparison of two versions, what was changed
by hand; it may also show answers of respondents. It lies in reports/ anyway.
"""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

from betyg.build import kernel

__all__ = ["before_saving", "staged", "text", "tidy"]

KERNEL = {"display_name": kernel.NAME, "language": "python", "name": kernel.NAME}


def tidy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook with its cells and their tags only, for the kernel of this project."""
    kept = copy.deepcopy(notebook)
    metadata = kept.get("metadata", {})
    given = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    is_other = metadata.get("kernelspec", {}).get("language", "python") != "python"
    kept["metadata"] = {name: metadata[name] for name in given if name in metadata} if is_other \
        else given  # fmt: skip
    for cell in kept["cells"]:
        tags = cell.get("metadata", {}).get("tags")
        cell["metadata"] = {"tags": tags} if tags else {}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return kept


def text(notebook: dict[str, Any]) -> str:
    """Return a notebook as Jupyter spells it, one line of a cell on each line."""
    spelled = copy.deepcopy(notebook)
    for cell in spelled["cells"]:
        if isinstance(cell["source"], str):
            cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(spelled, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def before_saving(model: dict[str, Any], **_: object) -> None:
    """Tidy what JupyterLab is about to save; what came out stays on the screen."""
    if model["type"] == "notebook" and model.get("content"):
        model["content"] = tidy(model["content"])


def staged() -> list[str]:
    """Tidy the notebooks that are about to be committed, and return those that needed it.

    The file on the disk follows where it is what is about to be committed.
    """
    listed = _git("diff", "--cached", "--name-only", "--diff-filter=ACMR", "-z", "--", "*.ipynb")
    return [path for path in listed.decode().split("\0") if path and _tidied(path)]


def _tidied(path: str) -> bool:
    """Tidy one notebook in git's index, and tell whether that changed it."""
    before = _git("show", f":{path}")
    after = text(tidy(json.loads(before))).encode()
    if after == before:
        return False
    blob = _git("hash-object", "-w", "--stdin", given=after).decode().strip()
    mode = _git("ls-files", "--stage", "--", path).split()[0].decode()
    _git("update-index", "--cacheinfo", f"{mode},{blob},{path}")
    if Path(path).exists() and Path(path).read_bytes() == before:
        Path(path).write_bytes(after)
    return True


def _git(*arguments: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(["git", *arguments], input=given, capture_output=True, check=True)
    return done.stdout

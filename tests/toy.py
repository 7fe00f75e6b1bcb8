"""A toy project for tests of the build: our Makefile and package, tiny studies, two notebooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import tiny

ROOT = Path(__file__).parents[1]
Cell = tuple[str, ...]  # kind, source, tags

CLEAN: tuple[Cell, ...] = (
    ("markdown", "# From files to answers"),
    (
        "code",
        'study: str = "one"\nraw: str = "../data/raw"\nout: str = "../data/processed/one"',
        "parameters",
    ),
    ("code", "import pandas as pd\nfrom betyg.data import store"),
    ("code", 'answers = pd.read_csv(f"{raw}/{study}/answers.csv", sep=";", encoding="cp1252")'),
    ("code", 'store.write(answers, "answers", out)'),
)
REPORT: tuple[Cell, ...] = (
    ("markdown", "# What came out"),
    (
        "code",
        'study: str = "one"\ntables: str = "../data/processed/one"\nlanguage: str = "sv"\n'
        "year_from: int = 2011  # first year shown",
        "parameters",
    ),
    ("code", "from IPython.display import Markdown\nfrom betyg.data import store"),
    ("markdown", "## Svar", "sv"),
    ("markdown", "## Answers", "en"),
    ("code", 'answers = store.read("answers", tables)'),
    ("code", 'Markdown(f"{year_from}: {len(answers[answers.AR >= year_from])}")'),
)


def write_notebook(path: Path, cells: Iterable[Cell]) -> Path:
    """Write a notebook as Jupyter would, from (kind, source, tags...)."""
    listed = [_cell(number, *cell) for number, cell in enumerate(cells, start=1)]
    metadata = {"kernelspec": {"name": "betyg", "display_name": "betyg", "language": "python"}}
    notebook = {"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return path


def sources(path: Path) -> list[str]:
    """Return the source of every cell of a notebook."""
    return ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]


class Project:
    """A scratch copy of the repository in which make can be run."""

    def __init__(self, folder: Path, *studies: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(
            ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "synthetic")
        )
        for number, study in enumerate(studies):
            root, name = tiny.responses(folder / "data", seed=number)
            (root / name).rename(root / study)
        write_notebook(folder / "notebooks/01_clean.ipynb", CLEAN)
        write_notebook(folder / "notebooks/05_report.ipynb", REPORT)

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make with the Python of this test and the package of the copy."""
        process = self.start(*arguments, **environment)
        out, errors = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def start(
        self, *arguments: str, own_group: bool = False, **environment: str
    ) -> subprocess.Popen[str]:
        """Start make, in a group of processes of its own or not, and do not wait for its end.

        The warm Python that it begins lives as long as the tests, and serves copies of the folder.
        """
        world = os.environ | {"PYTHONPATH": str(self.folder / "src")} | environment
        return subprocess.Popen(
            ["make", f"VENV={sys.prefix}", f"BETYG_MAKE={os.getpid()}", *arguments],
            cwd=self.folder,
            env=world,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=own_group,
        )

    def built(self, pattern: str) -> dict[str, bytes]:
        """Return the files that match, with their bytes."""
        found = sorted(path for path in self.folder.glob(pattern) if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def ran(result: subprocess.CompletedProcess[str]) -> set[str]:
    """Return what make said to have run, as 'study label'; pages and forms do not count."""
    lines = [line.split() for line in result.stdout.splitlines() if line.endswith(" s")]
    return {" ".join(words[:2]) for words in lines if "in" not in words}


def _cell(number: int, kind: str, source: str, *tags: str) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": f"cell-{number:02d}",
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
    }
    return cell | {"outputs": [], "execution_count": None} if kind == "code" else cell

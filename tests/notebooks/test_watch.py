"""A notebook may read what make knows of; of anything else make is told, and CI stops."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from betyg.build import notebook, record
from betyg.build.failure import NotebookError
from betyg.build.fingerprint import sha256
from toy import Cell, write_notebook

READERS = {  # one for each way in which a file is opened
    "open": "open('{}.csv').close()",
    "pathlib": "pathlib.Path('{}.csv').read_bytes()",
    "os": "os.close(os.open('{}.csv', os.O_RDONLY))",
    "csv": "pd.read_csv('{}.csv')",
    "csv by pyarrow": "pd.read_csv('{}.csv', engine='pyarrow')",
    "pyarrow csv": "pyarrow.csv.read_csv('{}.csv')",
    "excel": "pd.read_excel('{}.xlsx')",
    "parquet": "pd.read_parquet('{}.parquet')",
    "pyarrow": "pq.read_table('{}.parquet')",
    "by name": "pq.read_table(source='{}.parquet')",
    "imported by itself": "read_table('{}.parquet')",
    "in parts": "pq.ParquetFile(pathlib.Path('{}.parquet'))",
    "dataset": "pyarrow.dataset.dataset(['{}.parquet'])",
    "mapped": "pyarrow.memory_map('{}.csv')",
    "spss": "pd.read_spss('{}.sav')",
    "pyreadstat": "pyreadstat.read_sav('{}.sav')",
    "feather": "pyarrow.feather.read_table('{}.feather')",
    "numpy": "numpy.loadtxt('{}.csv', skiprows=1)",
    "sqlite": "sqlite3.connect('{}.db')",
}
IMPORTS = """
import os, pathlib, sqlite3
import numpy, pyarrow.csv, pyarrow.dataset, pyarrow.feather, pyreadstat
import pandas as pd, pyarrow.parquet as pq
from pyarrow.parquet import read_table
from betyg.errors import DataError
refused = []
"""
TRY = "\ntry:\n    {}\nexcept DataError as error:\n    refused.append({!r})"
KEY = Path("build/one/01_clean.ipynb")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two studies with the same file in every format."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": [1.5, 2.5]})
    for study in ("one", "two"):
        start = Path("data/raw", study)
        start.mkdir(parents=True)
        frame.to_csv(start / "x.csv", index=False)
        frame.to_excel(start / "x.xlsx")
        frame.to_parquet(start / "x.parquet")
        frame.to_feather(start / "x.feather")
        pyreadstat.write_sav(frame, start / "x.sav")
        (start / "x.db").touch()
    return tmp_path


def job(*cells: Cell) -> dict[str, Any]:
    write_notebook(Path("notebooks/01_clean.ipynb"), cells)
    return {
        "study": "one",
        "label": "01_clean",
        "notebook": "notebooks/01_clean.ipynb",
        "parameters": {},
        "depends": {str(path): sha256(path) for path in Path("data/raw/one").iterdir()},
        "reads": [],
        "writes": [],
        "staging": "build/one/staging/01_clean",
        "tables": "data/processed/one",
        "target": str(KEY),
        "again": "make report STUDY=one",
    }


def printed() -> Any:
    cell = json.loads(KEY.read_text("utf-8"))["cells"][-1]
    return json.loads(cell["outputs"][0]["text"])


def reading(study: str) -> str:
    file = f"../data/raw/{study}/x"
    tried = [TRY.format(how.format(file), name) for name, how in READERS.items()]
    return IMPORTS + "".join(tried) + "\nimport json; print(json.dumps(refused))"


def test_ci_refuses_every_way_to_read_a_file_of_another_study(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    notebook.run(job(("code", reading("two"))))
    assert printed() == list(READERS)
    notebook.run(job(("code", reading("one"))))
    assert printed() == [], "its own files it may read"


def test_ci_stops_at_the_cell_that_reads_what_was_not_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    Path("notebooks").mkdir()
    Path("notebooks/list.txt").write_text("beside the notebooks")
    with pytest.raises(NotebookError) as caught:
        notebook.run(job(("code", "1"), ("code", "x = 1\nopen('list.txt').read()")))
    assert str(caught.value).splitlines()[:3] == [
        "one: notebooks/01_clean.ipynb stopped in cell 2 of 2:",
        "    open('list.txt').read()",
        "notebooks/list.txt is read here, but make cannot see that: when the file changes the "
        "notebook does not run again. Put it into the folder data/raw/one, or let an earlier "
        "notebook write it by store.write and read it by store.read.",
    ]


def test_elsewhere_it_is_told_and_watched_from_then_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    plan = job(
        ("code", "import helper\nopen('../data/raw/two/x.csv')\nopen('../data/raw/one/x.csv')"),
        ("code", "open('made.txt', 'w').write('a file that it only writes')"),
    )
    Path("notebooks/helper.py").write_text("x = 1\n")
    notebook.run(plan)
    said = capsys.readouterr().err
    assert [line.split(" is read here")[0] for line in said.splitlines()] == [
        "warning: notebooks/01_clean.ipynb: data/raw/two/x.csv",
        "warning: notebooks/01_clean.ipynb: notebooks/helper.py",
    ]
    assert record.changes(plan, sha256) == []
    Path("data/raw/two/x.csv").write_text("other")
    (change,) = record.changes(plan, sha256)
    assert change.what == "file read, data/raw/two/x.csv"


def test_module_that_is_warm_and_not_declared_is_opened_when_it_is_imported() -> None:
    text = """
        import sys
        from betyg.build import watch
        from betyg.data import columns, numbers
        watch._forget_undeclared([columns.__file__])
        print([one in sys.modules for one in ("betyg.data.columns", "betyg.data.numbers")])
        from betyg.data import numbers as anew
        print(anew is numbers)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[True, False]\nFalse\n"

"""Time and memory from raw files to cells and coefficients, at sizes from 10^4 rows up.

``python bench/stream.py FOLDER ROWS ...`` writes an invented study of each size into FOLDER, as
Parquet and as CSV, and measures each step in a process of its own: merely decoding the columns,
one question from its file to coefficients with their errors, and all of 01_clean.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from betyg.data.sums import write_sums

AGENCIES, YEARS, ACTIVITIES, GROUPS, ITEMS = 21, 10, 22, 5, 10
CHUNK = 1_000_000
FILE = 25_000_000  # rows of a file: what is more comes in several
CSV_UP_TO = 10_000_000
ONE = "q1"
ROLES = ("id", "agency", "year", "activity", "kind", "w")
STEPS = ("decode_one", "fit_one", "decode_all", "clean")
TOML = """\
[study]
title.en = "Invented answers"
languages = ["en"]
kind = "responses"
synthetic = true

{sources}
[index.satisfaction]
items = ["q9", "q10"]
label.en = "Satisfaction"

[compare]
outcome = "satisfaction"
"""
SOURCE = """\
[[source]]
file = "{file}"
[source.columns]
respondent = "id"
agency = "agency"
year = "year"
activity = "activity"
group = "kind"
weight = "w"

"""


def draw(rows: int, first: int, rng: np.random.Generator) -> pa.Table:
    """Draw answers of a rotating survey: agencies do not appear in all years and activities."""
    agency = rng.integers(0, AGENCIES, rows)
    year = rng.integers(0, YEARS, rows)
    late = (agency >= 6) & ((year + agency) % 2 == 1)
    year = np.where(late, (year + 1) % YEARS, year)
    activity = (agency * 5 + rng.integers(0, 4, rows)) % ACTIVITIES
    group = rng.choice(GROUPS, size=rows, p=[0.45, 0.25, 0.15, 0.10, 0.05])
    base = np.linspace(-0.8, 0.8, AGENCIES)[agency] + np.linspace(-0.2, 0.2, YEARS)[year]
    base += np.linspace(-0.4, 0.4, ACTIVITIES)[activity] + np.linspace(0.3, -0.3, GROUPS)[group]
    columns: dict[str, object] = {
        "id": np.arange(first, first + rows),
        "agency": agency.astype(np.int8),
        "year": (2014 + year).astype(np.int16),
        "activity": activity.astype(np.int8),
        "kind": group.astype(np.int8),
        "w": np.round(0.5 + (agency * 7 + year * 3 + group * 11) % 40 / 16, 4),
    }
    for item in range(ITEMS):
        cuts = np.linspace(-2.6, 1.8, 4 if item < 8 else 9)
        answer = 1 + np.searchsorted(cuts, base + rng.logistic(size=rows))
        answer = np.where(rng.random(rows) < 0.03, 99, answer)
        columns[f"q{item + 1}"] = answer.astype(np.int8)
    return pa.table(columns)


def write_study(folder: Path, rows: int, suffix: str) -> None:
    """Write a study, of several files if it is large."""
    folder.mkdir(parents=True)
    paths = [folder / f"answers_{at + 1}.{suffix}" for at in range(-(-rows // FILE))]
    sources = "".join(SOURCE.format(file=path.name) for path in paths)
    (folder / "study.toml").write_text(TOML.format(sources=sources), encoding="utf-8")
    (folder / "SOURCE.md").write_text("# Invented for a measurement\n", encoding="utf-8")
    names = {"agencies": AGENCIES, "activities": ACTIVITIES, "groups": GROUPS}
    for name, n in names.items():
        _facts(folder / f"{name}.csv", "code,label_en", [(i, f"{name} {i}") for i in range(n)])
    items = [(f"q{i + 1}", "five" if i < 8 else "ten", f"Question {i + 1}") for i in range(ITEMS)]
    _facts(folder / "codebook.csv", "item,scale,label_en", items)
    scales: list[tuple[object, ...]] = []
    for scale, k in (("five", 5), ("ten", 10)):
        scales += [(scale, i, i, "answer", f"Grade {i}") for i in range(1, k + 1)]
        scales.append((scale, 99, "", "dont_know", "Don't know"))
    _facts(folder / "scales.csv", "scale,code,order,kind,label_en", scales)
    rng = np.random.default_rng(20141115)
    for at, path in enumerate(paths):
        _answers(path, at * FILE, min((at + 1) * FILE, rows), rng)
    write_sums(folder)


def _facts(path: Path, header: str, rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header.split(","), *rows])


def _answers(path: Path, start: int, end: int, rng: np.random.Generator) -> None:
    schema = draw(1, 1, rng).schema
    make = pq.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
    with make(path, schema) as writer:
        for first in range(start, end, CHUNK):
            writer.write_table(draw(min(CHUNK, end - first), first + 1, rng))


def measure(step: str, root: Path, name: str) -> dict[str, float]:
    """Return seconds and peak memory (MB) of one step, imports left out of the seconds."""
    from betyg.data import clean, read, store
    from betyg.data.study import Study
    from betyg.stats import cells, ordinal

    paths = sorted((root / name).glob("answers_*"))
    out = root / "processed"
    before = _peak()
    began, worked = time.perf_counter(), time.process_time()
    if step.startswith("decode"):
        for path in paths:
            _decode(path, [*ROLES, ONE] if step == "decode_one" else None)
    else:
        survey = Study.load(root, name)
        if step == "fit_one":
            survey = survey.of_items([ONE])
        cleaned = clean.clean(read.sources(survey), survey)
        if step == "clean":
            store.write(cleaned.parts, "respondents", out)
            store.write(cleaned.attrition, "attrition", out)
        counts = cells.collapse(cleaned, survey)
        if step == "clean":
            store.write(counts, "cells", out)
        else:
            ordinal.fit(counts, "response ~ agency + year + activity + group")
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "of_processor": round(time.process_time() - worked, 3),
        "peak": _peak(),
        "before": before,
    }


def _peak() -> int:
    """Return the peak resident memory of this process so far, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def _decode(path: Path, columns: list[str] | None) -> None:
    if path.suffix == ".parquet":
        for _ in pq.ParquetFile(path).iter_batches(2**17, columns=columns):
            pass
    else:
        convert = pa.csv.ConvertOptions(include_columns=columns or [])
        for _ in pa.csv.open_csv(path, convert_options=convert):
            pass


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--step", choices=STEPS, help="one step of a study that is there")
    parser.add_argument("--suffix", choices=("parquet", "csv"), default="parquet")
    options = parser.parse_args()
    if options.step:
        found = measure(options.step, options.folder, f"{options.suffix}{options.rows[0]}")
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for rows in options.rows:
        for suffix in ("parquet", "csv") if rows <= CSV_UP_TO else ("parquet",):
            folder = options.folder / f"{suffix}{rows}"
            if not folder.exists():
                write_study(folder, rows, suffix)
            for step in STEPS:
                command = [sys.executable, __file__, str(options.folder), str(rows)]
                command += ["--step", step, "--suffix", suffix]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                sys.stdout.write(f"{suffix:8} {rows:>10} {step:11} {done.stdout}")
                sys.stdout.flush()


if __name__ == "__main__":
    main()

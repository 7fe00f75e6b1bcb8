"""Time and memory from raw files to cells and coefficients, at sizes from 10^4 rows up.

``python -m bench.stream FOLDER ROWS ...`` writes an invented study of each size into FOLDER, as
Parquet and as CSV, and measures each step in a process of its own: merely decoding the columns,
one question from its file to coefficients with their errors, all of 01_clean, and each notebook
that comes after, with its page.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench import played
from bench.cases import MOST
from bench.measure import ONE_THREAD, Found, Stages
from betyg.data.study import Study
from betyg.data.sums import write_sums
from betyg.data.workers import Workers

AGENCIES, YEARS, ACTIVITIES, GROUPS, ITEMS = 21, 10, 22, 5, 10
FIVE = 8  # of the items: one theme, on a scale of five; the others are the outcome, of ten
CHUNK = 1_000_000
FILE = 25_000_000  # rows of a file: what is more comes in several
ONE = "q1"
ROLES = ("id", "agency", "year", "activity", "kind", "w")
AFTER = ("02_results", "03_models", "04_drivers", "05_report", "06_brief")
PAGES = {"05_report": {"language": "en"}, "06_brief": {"language": "en", "agency": "0"}}
STEPS = ("decode_one", "fit_one", "decode_all", "clean", *AFTER)
ROOT = Path(__file__).parents[1]
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
        cuts = np.linspace(-2.6, 1.8, 4 if item < FIVE else 9)
        answer = 1 + np.searchsorted(cuts, base + rng.logistic(size=rows))
        answer = np.where(rng.random(rows) < 0.03, 99, answer)
        columns[f"q{item + 1}"] = answer.astype(np.int8)
    return pa.table(columns)


def write_study(folder: Path, rows: int, suffix: str, *, group: int = CHUNK) -> None:
    """Write a study, of several files if it is large, in row groups of so many rows."""
    folder.mkdir(parents=True)
    paths = [folder / f"answers_{at + 1}.{suffix}" for at in range(-(-rows // FILE))]
    sources = "".join(SOURCE.format(file=path.name) for path in paths)
    (folder / "study.toml").write_text(TOML.format(sources=sources), encoding="utf-8")
    (folder / "SOURCE.md").write_text("# Invented for a measurement\n", encoding="utf-8")
    names = {"agencies": AGENCIES, "activities": ACTIVITIES, "groups": GROUPS}
    for name, n in names.items():
        _facts(folder / f"{name}.csv", "code,label_en", [(i, f"{name} {i}") for i in range(n)])
    items = [
        (f"q{i + 1}", *(("service", "five") if i < FIVE else ("", "ten")), f"Question {i + 1}")
        for i in range(ITEMS)
    ]
    _facts(folder / "codebook.csv", "item,theme,scale,label_en", items)
    _facts(folder / "themes.csv", "theme,index,label_en", [("service", "no", "Service")])
    scales: list[tuple[object, ...]] = []
    for scale, k in (("five", 5), ("ten", 10)):
        scales += [(scale, i, i, "answer", f"Grade {i}") for i in range(1, k + 1)]
        scales.append((scale, 99, "", "dont_know", "Don't know"))
    _facts(folder / "scales.csv", "scale,code,order,kind,label_en", scales)
    rng = np.random.default_rng(20141115)
    for at, path in enumerate(paths):
        _answers(path, range(at * FILE, min((at + 1) * FILE, rows), group), rng)
    write_sums(folder)


def _facts(path: Path, header: str, rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header.split(","), *rows])


def _answers(path: Path, firsts: range, rng: np.random.Generator) -> None:
    schema = draw(1, 1, rng).schema
    make = pq.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
    with make(path, schema) as writer:
        for first in firsts:
            writer.write_table(draw(min(firsts.step, firsts.stop - first), first + 1, rng))


def measure(step: str, root: Path, name: str) -> Found:
    """Return seconds and peak memory (MB) of one step, imports left out of the seconds."""
    import betyg.publish.document
    import betyg.publish.ledger
    import betyg.stats.ordinal  # noqa: F401  imports are not measured

    played.imports(step if step in AFTER else "01_clean")
    stage, before = Stages(), _peak()
    began, worked = time.perf_counter(), time.process_time()
    if step.startswith("decode"):
        for path in sorted((root / name).glob("answers_*")):
            _decode(path, [*ROLES, ONE] if step == "decode_one" else None)
    elif step == "fit_one":
        _fit_one(root, name)
    elif step == "clean":
        clean_all(root, name, stage)
    else:
        _after(step, root, name, stage)
    return {
        "wall": round(time.perf_counter() - began, 3),
        "cpu": round(time.process_time() - worked, 3),
        "peak_mb": _peak(),
        "before_mb": before,
        "stages": {what: round(seconds, 3) for what, seconds in stage.seconds.items()},
    }


def _fit_one(root: Path, name: str) -> None:
    from betyg.data import clean, read
    from betyg.stats import cells, ordinal

    survey = Study.load(root, name).of_items([ONE])
    counts = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    ordinal.fit(counts, "response ~ agency + year + activity + group")


def clean_all(root: Path, name: str, stage: Stages, workers: Workers | None = None) -> None:
    """Do what 01_clean does, here or where workers are."""
    with stage("read and clean"):
        survey = Study.load(root, name)
    write_tables(survey, root / "processed" / name, stage, workers)


def write_tables(survey: Study, out: Path, stage: Stages, workers: Workers | None = None) -> None:
    """Write the tables of 01_clean of a study that is loaded."""
    from betyg.data import clean, read, store
    from betyg.stats import (
        cells,
        domains,
        driver_sums,
        outcome_sums,
        pattern_counts,
        people,
        theme_sums,
    )

    with stage("read and clean"):
        cleaned = clean.clean(read.sources(survey, workers=workers), survey)
    with stage("write rows"):
        store.write(cleaned.parts, "respondents", out)
        store.write(cleaned.attrition, "attrition", out)
    with stage("cells"):
        store.write(cells.collapse(cleaned, survey), "cells", out)
    with stage("domains"):
        sizes = domains.collapse(cleaned)
        store.write(sizes, "domains", out)
        store.write(people.collapse(cleaned, survey, domains=sizes), "people", out)
    with stage("patterns"):
        store.write(pattern_counts.collapse(cleaned, survey, domains=sizes), "patterns", out)
    with stage("outcome"):
        store.write(outcome_sums.collapse(cleaned, survey), "outcome_sums", out)
    with stage("themes"):
        store.write(theme_sums.collapse(cleaned, survey, domains=sizes), "theme_sums", out)
    with stage("cross products"):
        store.write(driver_sums.collapse(cleaned, survey, domains=sizes), "driver_sums", out)


def _after(notebook: str, root: Path, name: str, stage: Stages) -> None:
    """Run a notebook that follows 01_clean; of a report or a brief write the page, too."""
    tables = root / "processed" / name
    given = {"raw": str(root), "study": name, "tables": str(tables), "out": str(tables)}
    with stage("notebook"):
        shows = played.run(notebook, **given, **PAGES.get(notebook, {}))
    if notebook in PAGES:
        _page(played.write([*map(played.shown, shows)], tables / f"{notebook}.ipynb"), root, stage)


def _page(executed: Path, root: Path, stage: Stages) -> None:
    """Look up what a page claims, and write it."""
    from betyg.publish import document, ledger

    tables = executed.parent
    with stage("claims"):
        ledger.verify(executed, tables=tables, survey=Study.load(root, tables.name, sums=False))
    with stage("page"):
        page = document.page(executed, language="en", title=executed.stem, synthetic=True)
        executed.with_suffix(".html").write_text(page, encoding="utf-8")


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


def in_child(step: str, root: Path, rows: int, suffix: str) -> Found:
    """Measure one step in a process of its own; the study is written if it is not there."""
    folder = root / f"{suffix}{rows}"
    if not folder.exists():
        write_study(folder, rows, suffix)
    command = [sys.executable, "-m", "bench.stream", str(root), str(rows)]
    command += ["--step", step, "--suffix", suffix]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env=os.environ | ONE_THREAD
    )
    found: Found = json.loads(done.stdout)
    return found


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
        for suffix in ("parquet", "csv") if rows <= MOST else ("parquet",):
            for step in STEPS if suffix == "parquet" else STEPS[: -len(AFTER)]:
                told = json.dumps(in_child(step, options.folder, rows, suffix))
                sys.stdout.write(f"{suffix:8} {rows:>10} {step:11} {told}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()

"""The same counts by other engines: each scans the files once and checks nothing.

``python -m bench.engines ENGINE FILE ...`` counts the answers to each question, and adds up their
weights, by agency and year.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench.measure import ONE_THREAD, Found, peak_mb

KEYS = ("agency", "year")
ITEMS = tuple(f"q{at}" for at in range(1, 11))
COLUMNS = [*KEYS, "w", *ITEMS]


def by_pyarrow(_: Any, paths: Sequence[str]) -> int:
    """Group each batch, and then the groups of all batches."""
    parts: dict[str, list[pa.Table]] = {item: [] for item in ITEMS}
    for path in paths:
        for batch in _batches(path):
            held = pa.Table.from_batches([batch])
            for item, found in parts.items():
                grouped = held.group_by([*KEYS, item], use_threads=False)
                found.append(grouped.aggregate([("w", "count"), ("w", "sum")]))
    return sum(_added(item, found) for item, found in parts.items())


def _batches(path: str) -> Any:
    if path.endswith(".parquet"):
        return pq.ParquetFile(path).iter_batches(2**17, columns=COLUMNS)
    return pa.csv.open_csv(path, convert_options=pa.csv.ConvertOptions(include_columns=COLUMNS))


def _added(item: str, parts: Sequence[pa.Table]) -> int:
    whole = pa.concat_tables(parts).group_by([*KEYS, item], use_threads=False)
    return len(whole.aggregate([("w_count", "sum"), ("w_sum", "sum")]))


def by_polars(polars: Any, paths: Sequence[str]) -> int:
    """Let one streamed scan feed a grouping for each question."""
    scan = polars.scan_parquet if paths[0].endswith(".parquet") else polars.scan_csv
    rows = scan(list(paths))
    counted = (polars.len(), polars.col("w").sum().alias("weight_sum"))
    asked = [rows.group_by(*KEYS, item).agg(*counted) for item in ITEMS]
    return sum(map(len, polars.collect_all(asked, engine="streaming")))


def by_duckdb(duckdb: Any, paths: Sequence[str]) -> int:
    """Ask for all groupings in one query."""
    read = "read_parquet" if paths[0].endswith(".parquet") else "read_csv"
    sets = ", ".join(f"({', '.join(KEYS)}, {item})" for item in ITEMS)
    known = duckdb.connect(config={"threads": 1})
    query = (
        f"SELECT {', '.join([*KEYS, *ITEMS])}, count(*) AS n, sum(w) AS weight_sum "
        f"FROM {read}({list(paths)!r}) GROUP BY GROUPING SETS ({sets})"
    )
    return len(known.execute(query).fetchall())


ENGINES: dict[str, tuple[str, Callable[[Any, Sequence[str]], int]]] = {
    "pyarrow": ("pyarrow", by_pyarrow),
    "polars, streaming": ("polars", by_polars),
    "duckdb": ("duckdb", by_duckdb),
}


def in_child(engine: str, paths: Sequence[Path]) -> Found:
    """Measure an engine in a process of its own; ``{"absent": why}`` where it is not there."""
    command = [sys.executable, "-m", "bench.engines", engine, *map(str, paths)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD
    )
    found: Found = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure what the command line asks for."""
    engine, *paths = sys.argv[1:]
    package, count = ENGINES[engine]
    try:
        module = import_module(package)
    except ImportError:
        sys.stdout.write(json.dumps({"absent": f"{package} is not installed"}) + "\n")
        return
    began, worked = time.perf_counter(), time.process_time()
    groups = count(module, paths)
    found = {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - worked,
        "peak_mb": peak_mb(),
        "groups": groups,
        "version": module.__version__,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

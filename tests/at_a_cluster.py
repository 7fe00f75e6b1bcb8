"""A cluster of real processes, and the tables of 01_clean made here or there."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from bench.measure import Stages
from bench.stream import write_tables

from betyg.data.study import Study
from betyg.data.workers import Workers

ROOT = Path(__file__).parents[1]
QUIET = {"DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s", "OMP_NUM_THREADS": "1"}
PATIENCE = 60


class Processes:
    """The processes of a cluster."""

    def __init__(
        self, folder: Path, *, workers: int = 2, source: Path = ROOT / "src", memory: str = "0"
    ) -> None:
        self.folder, self.source, self.memory = folder, source, memory
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        options += ["--idle-timeout", "600s"]
        self.scheduler = self._begin("dask_scheduler", *options)
        self.address = str(self._facts()["address"])
        for _ in range(workers):
            self.add()

    def add(self, **environment: str) -> None:
        """Start one more worker."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        options += ["--memory-limit", self.memory]
        local = self.folder / f"worker{len(self.workers)}"
        options += ["--host", "127.0.0.1", "--local-directory", str(local), "--death-timeout", "60"]
        self.workers.append(self._begin("dask_worker", *options, **environment))

    def _begin(self, name: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(self.source), str(ROOT)])
        command = [sys.executable, "-m", f"distributed.cli.{name}"]
        with (self.folder / f"{name}{len(self.workers)}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--scheduler-file", str(self.file), *options],
                env={**os.environ, **QUIET, "PYTHONPATH": path, **environment},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _facts(self) -> dict[str, object]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.scheduler.poll() is None:
            try:
                return dict(json.loads(self.file.read_text()))
            except (OSError, ValueError):
                time.sleep(0.05)
        raise RuntimeError("the scheduler did not start: " + self.log())

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(n: int, seed: int = 7) -> pd.DataFrame:
    """Draw answers of two years, some without any, with weights of many digits."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "office": rng.choice(["03", "20", "25"], n),
            "year": rng.choice([2011, 2012], n),
            "w": rng.lognormal(0, 2, n),
            "help": rng.choice([1, 2, 3, 4, 9], n),
            "speed": rng.choice([1, 2, 3, 4, 8], n),
            "overall": rng.choice([*range(1, 11), 99], n),
        }
    )


def parquet(frame: pd.DataFrame, *, rows: int) -> bytes:
    """Return a Parquet file with so many rows a group."""
    held = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), held, row_group_size=rows)
    return held.getvalue()


def tables(survey: Study, out: Path, workers: Workers | None = None) -> dict[str, bytes]:
    """Write the tables of 01_clean as it does, and return their bytes."""
    write_tables(survey, out, Stages(), workers)
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.parquet"))}

"""Times and memory of one piece of work, in a process of its own, on one thread."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(
    [*(f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL")), "POLARS_MAX_THREADS",
     "RAYON_NUM_THREADS", "ARROW_NUM_THREADS", "NUMEXPR_NUM_THREADS"],
    "1",
)  # fmt: skip
LONG = 5.0  # seconds: what takes longer is measured once
REPEATS = 5
Found = dict[str, Any]
Work = Callable[["Stages"], Found]


class Stages:
    """Processor seconds of the stages of one run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time what stands inside."""
        start = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start


def repeated(work: Work) -> Found:
    """Run work several times; give medians, stages, peak memory, and what the last run found."""
    wall: list[float] = []
    cpu: list[float] = []
    stages: list[dict[str, float]] = []
    found: Found = {}
    while len(cpu) < (1 if cpu and cpu[0] > LONG else REPEATS):
        stage, start, began = Stages(), time.process_time(), time.perf_counter()
        found = work(stage)
        cpu.append(time.process_time() - start)
        wall.append(time.perf_counter() - began)
        stages.append(stage.seconds)
    return found | {
        "wall": statistics.median(wall),
        "cpu": statistics.median(cpu),
        "runs": len(wall),
        "peak_mb": peak_mb(),
        "stages": {name: statistics.median(s[name] for s in stages) for name in stages[0]},
    }


def peak_mb() -> float:
    """Return the most memory that this process has held, imports and data included."""
    try:
        status = Path("/proc/self/status").read_text("utf-8").splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def in_child(task: str, n: int, folder: Path) -> Found:
    """Run a Python task in a process of its own; ``{"absent": why}`` where it cannot run."""
    return _run([sys.executable, "-m", "bench.tasks", task, str(n), str(folder)])


def in_r(task: str, n: int, folder: Path) -> Found:
    """Run an R task of peers.R in a process of its own."""
    script = Path(__file__).with_name("peers.R")
    return _run(["Rscript", "--vanilla", str(script), task, str(n), str(folder)])


def in_workers(workers: int, folder: Path) -> Found:
    """Run 01_clean on so many workers, begun by a process of its own."""
    return _run([sys.executable, "-m", "bench.workers", str(folder), str(workers)])


def _run(command: Sequence[str]) -> Found:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | ONE_THREAD
        )
    except FileNotFoundError:
        return {"absent": f"{command[0]} is not installed"}
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        return {"absent": said[-1] if said else f"ended with {done.returncode}"}
    return parsed(done.stdout)


def parsed(text: str) -> Found:
    """Read what a task prints: JSON from Python, ``kind<tab>name<tab>value`` lines from R."""
    last = text.strip().splitlines()[-1]
    if last.startswith("{"):
        found: Found = json.loads(last)
        return found
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 2]
    values = {name: float(value) for kind, name, value in rows if kind == "value"}
    times = {
        kind: [float(value) for of, _, value in rows if of == kind] for kind in ("wall", "cpu")
    }
    return {
        **{kind: statistics.median(held) for kind, held in times.items()},
        "runs": len(times["wall"]),
        "values": values,
        **{name: float(value) for kind, name, value in rows if kind == "number"},
        **{name: value for kind, name, value in rows if kind == "text"},
    }

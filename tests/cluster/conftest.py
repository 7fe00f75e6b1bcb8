"""A real scheduler and two workers, each a process of its own, on this machine's own address."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from betyg.build import cluster
from betyg.build.cluster import Cluster

ROOT = Path(__file__).parents[2]
QUIET = {"DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s", "OMP_NUM_THREADS": "1"}
PATIENCE = 60


class Processes:
    """The processes of a cluster."""

    def __init__(self, folder: Path, *, workers: int = 2) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.scheduler = self._begin("dask_scheduler", *options)
        self.address = str(self._facts()["address"])
        for _ in range(workers):
            self.add()

    def add(self, **environment: str) -> None:
        """Start one more worker."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        local = self.folder / f"worker{len(self.workers)}"
        options += ["--host", "127.0.0.1", "--local-directory", str(local)]
        self.workers.append(self._begin("dask_worker", *options, **environment))

    def _begin(self, name: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
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


@pytest.fixture(scope="session")
def _processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    found = Processes(tmp_path_factory.mktemp("cluster"))
    yield found
    found.end()


@pytest.fixture
def processes(_processes: Processes, monkeypatch: pytest.MonkeyPatch) -> Processes:
    """The cluster that all tests share, named by ENGINE."""
    monkeypatch.setenv(cluster.ENGINE, _processes.address)
    return _processes


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    """A cluster for one test, which may ruin it."""
    found = Processes(tmp_path)
    monkeypatch.setenv(cluster.ENGINE, found.address)
    yield found
    found.end()


@pytest.fixture
def workers(processes: Processes) -> Cluster:
    """Workers of the shared cluster, as a notebook gets them."""
    found = cluster.workers()
    assert found is not None
    return found

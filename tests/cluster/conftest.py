"""A real scheduler and two workers, each a process of its own, on this machine's own address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from at_a_cluster import Processes
from betyg.build import cluster
from betyg.build.cluster import Cluster


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

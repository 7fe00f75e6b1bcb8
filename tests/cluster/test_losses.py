"""What happens to a cluster costs time, or is told plainly; it never costs correctness."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import raw_study
from at_a_cluster import Processes, answers, parquet, tables
from betyg.build import cluster
from betyg.build.cluster import Cluster, ClusterError
from betyg.data import clean, read, store
from betyg.data.study import Study
from betyg.data.workers import given
from betyg.stats import cells


@pytest.fixture
def survey(tmp_path: Path) -> Study:
    """A file of eight row groups, in which no identifier rises."""
    frame = answers(800)
    frame["id"] = frame["id"].to_numpy()[::-1]
    return raw_study.load(tmp_path, {"a.parquet": parquet(frame, rows=100)})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 3)
    monkeypatch.setattr(read, "PIECE", 100)


def kill(process: object) -> None:
    os.kill(process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    process.wait()  # type: ignore[attr-defined]


def test_a_worker_killed_when_its_pieces_are_made_costs_time_only(
    own: Processes, survey: Study, tmp_path: Path, impatient: None
) -> None:
    here = tables(survey, tmp_path / "here")
    out = tmp_path / "there"
    cleaned = clean.clean(read.sources(survey, workers=cluster.workers()), survey)
    kill(own.workers[0])
    store.write(cleaned.parts, "respondents", out)
    own.add()
    kill(own.workers[1])
    store.write(cells.collapse(cleaned, survey), "cells", out)
    for name in ("respondents.parquet", "cells.parquet"):
        assert (out / name).read_bytes() == here[name]


def test_a_worker_killed_at_work_costs_time_only(
    own: Processes, survey: Study, tmp_path: Path, impatient: None
) -> None:
    here = tables(survey, tmp_path / "here")
    workers = cluster.workers()
    killer = threading.Timer(0.5, kill, [own.workers[0]])
    killer.start()
    assert tables(survey, tmp_path / "there", workers) == here
    killer.join()
    assert own.workers[0].poll() == -signal.SIGKILL


def test_all_workers_lost_is_told_and_leaves_nothing(
    own: Processes, survey: Study, tmp_path: Path, impatient: None
) -> None:
    cleaned = clean.clean(read.sources(survey, workers=cluster.workers()), survey)
    for process in own.workers:
        kill(process)
    with pytest.raises(ClusterError, match="has had no worker for 3 seconds.*Nothing is half-wr"):
        store.write(cleaned.parts, "respondents", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_scheduler_lost_is_told(
    own: Processes, survey: Study, tmp_path: Path, impatient: None
) -> None:
    cleaned = clean.clean(read.sources(survey, workers=cluster.workers()), survey)
    kill(own.scheduler)
    with pytest.raises(ClusterError, match="the scheduler does not answer any more"):
        store.write(cleaned.parts, "respondents", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_scheduler_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setenv(cluster.ENGINE, "tcp://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(ClusterError, match="no scheduler answered within 3 seconds"):
        cluster.workers()
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("address", ["127.0.0.1", "nonsense://here", "tcp://no.such.host.x:1"])
def test_an_address_that_is_none_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setenv(cluster.ENGINE, address)
    with pytest.raises(ClusterError, match=f"^ENGINE={address}: no scheduler answered"):
        cluster.workers()


def test_a_scheduler_without_workers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    alone = Processes(tmp_path, workers=0)
    monkeypatch.setenv(cluster.ENGINE, alone.address)
    try:
        with pytest.raises(ClusterError, match="has no worker after 3 seconds. Start some"):
            cluster.workers()
    finally:
        alone.end()


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cluster.ENGINE, "tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'betyg\[cluster\]'"):
        cluster.workers()


def test_without_engine_there_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cluster.ENGINE, raising=False)
    assert cluster.workers() is None
    monkeypatch.setenv(cluster.ENGINE, " ")
    assert cluster.workers() is None


def test_workers_that_differ_are_named_with_what_differs(tmp_path: Path, own: Processes) -> None:
    other = tmp_path / "other"
    shutil.copytree(cluster.PACKAGE, other / "betyg", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "betyg" / "errors.py").open("a") as opened:
        opened.write("# edited\n")
    facts = other / "pandas-0.1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: pandas\nVersion: 0.1\n")
    own.add(PYTHONPATH=str(other))
    wait_for(own, 3)
    with pytest.raises(ClusterError) as caught:
        cluster.workers()
    said = str(caught.value)
    assert said.count("  - tcp://127.0.0.1:") == 1
    assert "betyg code " in said and "pandas 0.1, here " in said
    assert "requirements.lock" in said


def test_a_worker_that_comes_later_and_differs_is_told_when_it_works(
    tmp_path: Path, own: Processes, survey: Study, impatient: None
) -> None:
    workers = cluster.workers()
    assert workers is not None
    other = tmp_path / "other"
    shutil.copytree(cluster.PACKAGE, other / "betyg", ignore=shutil.ignore_patterns("__pycache__"))
    (other / "betyg" / "extra.py").write_text("")
    own.add(PYTHONPATH=str(other))
    wait_for(own, 3)
    with pytest.raises(ClusterError, match="a worker on .*: betyg code .*, here code"):
        list(workers.bring(time.sleep, [0.1] * 30, doing=""))


def wait_for(own: Processes, workers: int) -> None:
    from distributed import Client

    with Client(own.address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=30)


def test_what_workers_are_given_is_not_changed_by_those_who_use_it(workers: Cluster) -> None:
    def used(times: list[int], seconds: float) -> int:
        time.sleep(seconds)
        times.append(1)
        return len(times)

    found = workers.bring(used, given([], workers, times=6), [0.05] * 6, doing="")
    assert list(found) == [1] * 6


def test_a_worker_whose_python_one_call_holds_is_waited_for(
    workers: Cluster, impatient: None
) -> None:
    def held(seconds: int) -> int:
        return ctypes.PyDLL(None).sleep(seconds)  # meanwhile it cannot tell that it works

    assert list(workers.bring(held, [8], doing="")) == [0]


@pytest.fixture
def with_settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Processes]:
    """A cluster for one test, with other settings of Dask."""
    for name, value in request.param.items():
        monkeypatch.setenv(f"DASK_DISTRIBUTED__{name}", value)
    found = Processes(tmp_path, memory="1GB")
    monkeypatch.setenv(cluster.ENGINE, found.address)
    yield found
    found.end()


@pytest.mark.parametrize("with_settings", [{"SCHEDULER__WORKER_TTL": "2s"}], indirect=True)
def test_a_worker_that_hangs_is_given_up_by_the_scheduler_and_costs_time_only(
    with_settings: Processes, impatient: None
) -> None:
    wait_for(with_settings, 2)
    workers = cluster.workers()
    assert workers is not None
    found = workers.bring(lambda one: time.sleep(0.5) or one, range(6), doing="")
    assert next(found) == 0
    os.kill(with_settings.workers[0].pid, signal.SIGSTOP)
    assert list(found) == [1, 2, 3, 4, 5]


WITHOUT_SPILLING = {"WORKER__MEMORY__TARGET": "False", "WORKER__MEMORY__SPILL": "False"}


@pytest.mark.parametrize(
    "with_settings", [WITHOUT_SPILLING | {"WORKER__MEMORY__PAUSE": "0.4"}], indirect=True
)
def test_workers_whose_memory_is_full_are_told_of_as_such(
    with_settings: Processes, impatient: None
) -> None:
    wait_for(with_settings, 2)
    kill(with_settings.workers[1])
    workers = cluster.workers()
    assert workers is not None
    held = workers.keep(lambda megabytes: b"x" * 2**20 * megabytes, [400])
    with pytest.raises(ClusterError, match="1 of 1 have almost no memory left.* Give each worker"):
        list(workers.bring(lambda one: time.sleep(0.5) or one, range(20), doing=""))
    assert held


@pytest.mark.parametrize("with_settings", [{"WORKER__MEMORY__PAUSE": "0.01"}], indirect=True)
def test_workers_without_memory_to_begin_with_are_told_of_as_such(
    with_settings: Processes, impatient: None
) -> None:
    from distributed import Client

    states: list[str] = []
    end = time.monotonic() + 30
    with Client(with_settings.address, set_as_default=False) as client:
        while states != ["paused", "paused"] and time.monotonic() < end:
            time.sleep(0.1)
            states = [one["status"] for one in client.scheduler_info()["workers"].values()]
    with pytest.raises(ClusterError, match="2 of 2 have almost no memory left"):
        cluster.workers()


def test_workers_that_wait_for_each_other_are_told_of(own: Processes, impatient: None) -> None:
    class Stuck:
        def __reduce__(self) -> tuple[object, ...]:
            raise RuntimeError("dictionary changed size during iteration")

    def made(_: int) -> Stuck:
        time.sleep(0.5)
        return Stuck()

    wait_for(own, 2)
    workers = cluster.workers()
    assert workers is not None
    each = [[one] for one in workers.keep(made, range(4))]  # some of them on each worker
    with pytest.raises(ClusterError, match="no worker has done anything for 3 seconds"):
        list(workers.bring(lambda *together: len(together), *each, doing=""))

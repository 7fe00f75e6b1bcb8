"""What happens to a cluster costs time, or is told plainly; it never costs correctness."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
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

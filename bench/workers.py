"""01_clean on several workers of this machine, and a model of what more of them would do.

``python -m bench.workers FOLDER N`` measures with N workers of a Dask cluster, each a process of
its own on this machine's own address; with 0, in one process without a cluster.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import stream
from bench.measure import Found, Stages
from betyg.data.read import PIECE

if TYPE_CHECKING:
    from distributed import Client

    from betyg.build.cluster import Cluster

PIECES = 4
ROWS = PIECES * PIECE
GROUP = PIECE // 2  # rows of a row group
WARM = 10_000
COUNTS = (0, 1, 2, 4)  # workers that are measured; none stands for one process
MODELLED = (1, 2, 4, 8, 16, 64)
MODEL = """
**A model, not a measurement.** What the process here does takes as long as with one worker; what is
done there is shared among the workers. It leaves out the network and the wait for the last piece,
and takes for granted a core for each and a piece of two million respondents for each: 64 workers
are of use from 130 million on. The ratio is to one process as measured. However many there are,
{here} seconds stay, and one process does all in {alone}: the table of respondents is written by one
process, and the sums for the drivers of all pieces are put together by it.

"""
RUNS = 2  # the shortest by the clock counts: what else runs on the machine only adds


def run(folder: Path, workers: int) -> Found:
    """Measure 01_clean of a study in pieces.

    Returns
    -------
    dict
        workers; wall, here, there: seconds by the clock, and processor seconds of this process
        and of all workers together.
    """
    warm, large = (written(folder, rows) for rows in (WARM, ROWS))
    found = []
    with cluster(workers) as (client, engine):
        stream.clean_all(folder, warm, Stages(), workers=engine)
        for _ in range(RUNS):
            before = spent(client)
            began, worked = time.perf_counter(), time.process_time()
            stream.clean_all(folder, large, Stages(), workers=engine)
            wall, here = time.perf_counter() - began, time.process_time() - worked
            found.append({"wall": wall, "here": here, "there": spent(client) - before})
    return {"workers": workers, **min(found, key=lambda one: one["wall"])}


def written(folder: Path, rows: int) -> str:
    """Return the name of a study of so many rows, which is written if it is not there."""
    name = f"pieces{rows}"
    if not (folder / name).exists():
        stream.write_study(folder / name, rows, "parquet", group=GROUP)
    return name


@contextmanager
def cluster(workers: int) -> Iterator[tuple[Client | None, Cluster | None]]:
    """Begin a cluster of so many processes, and name it by ENGINE; nothing for none."""
    if not workers:
        yield None, None
        return
    from distributed import LocalCluster

    from betyg.build import cluster as ours

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
    ) as begun:
        os.environ[ours.ENGINE] = begun.scheduler_address
        with begun.get_client() as client:
            yield client, ours.workers()


def spent(client: Client | None) -> float:
    """Return the processor seconds of all workers so far."""
    return 0.0 if client is None else float(sum(client.run(time.process_time).values()))


def modelled(rows: list[Found], workers: int) -> float:
    """Return the seconds that a model gives: what is done here, and a share of what is done there.

    Both are the processor seconds that one worker took; nothing else is fitted.
    """
    one = next(row for row in rows if row["workers"] == 1)
    return float(one["here"] + one["there"] / workers)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")

"""The Dask cluster that ENGINE=tcp://scheduler:8786 names: the only place that knows of one.

Without ENGINE there is none, and everything is done in this process. What is worked out on a
cluster is the same to the last digit, so ENGINE is part of no key and of no result.
"""

from __future__ import annotations

import functools
import logging
import os
import platform
import subprocess
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from betyg.build import progress
from betyg.build.fingerprint import PACKAGE, code_here
from betyg.errors import SurveyError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ENGINE", "Cluster", "ClusterError", "command", "workers"]

ENGINE = "ENGINE"
PATIENCE = 30  # seconds for the scheduler to answer, and without any worker
LOOK = 0.5  # seconds between two looks at whether the cluster is still there
AHEAD = 3  # pieces for each thread that are under way or wait to be taken
DOING = ("executing", "flight", "long-running")  # states of tasks
NEXT = ("ready", "constrained")  # of those that a worker will do, if it is not paused
ALIKE = ("pandas", "numpy", "pyarrow", "scipy", "pyreadstat", "distributed")
World = Mapping[str, str]
Told = Mapping[str, Mapping[str, Any]]


class ClusterError(SurveyError):
    """The cluster cannot be reached, is another than this process, or was lost."""


def workers() -> Cluster | None:
    """Return the workers of the cluster that ENGINE names; None where it names none.

    Raises
    ------
    ClusterError
        If the package is not installed, the scheduler cannot be reached, there is no worker, or
        their versions are others than here.
    """
    address = os.environ.get(ENGINE, "").strip()
    if not address:
        return None
    if _client(address).status == "closed":  # lost since; there may be another at this address
        _client.cache_clear()
    return Cluster(_client(address))


def command(arguments: Sequence[str]) -> int:
    """Run ``python -m betyg`` on a worker, which sees this folder, and return its exit code."""
    cluster = workers()
    if cluster is None:
        raise ClusterError("ENGINE is not set.")
    (told,) = cluster.bring(_command, [list(arguments)], [Path.cwd()], [_asked()], doing="")
    code, out, err = told
    sys.stdout.write(out)
    sys.stderr.write(err)
    return int(code)


class Cluster:
    """Workers of a Dask cluster, as :class:`betyg.data.workers.Workers` describes them.

    Work of a worker that is lost is done anew by others, and so are the results that lay there.
    """

    def __init__(self, client: Client) -> None:
        self.here = Path.cwd()
        self._client = client
        self._world = _world()

    def give(self, thing: Any) -> Future:
        """Let workers have something: each piece of work that needs it gets a copy of its own.

        What pieces shared would change under the hands of the worker's other thread, which sends
        it on to the next worker: then that one would wait for it in vain.
        """
        from distributed.protocol import pickle

        return self._client.submit(_itself, _Given(pickle.dumps(thing)), pure=False)

    def keep(self, function: Callable[..., Any], *each: Sequence[Any]) -> list[Future]:
        """Call a function with each set of arguments; the results stay where they are made."""
        return [self._submit(function, arguments) for arguments in zip(*each, strict=False)]

    def bring(
        self, function: Callable[..., Any], *each: Sequence[Any], doing: str
    ) -> Iterator[Any]:
        """Call a function with each set of arguments, and yield the results in their order."""
        calls = deque(zip(*each, strict=False))
        under_way: deque[Future] = deque()
        n, most = len(calls), AHEAD * max(self._threads(), 1)
        with progress.told(doing, n) as advance:
            while calls or under_way:
                while calls and len(under_way) < most:
                    under_way.append(self._submit(function, calls.popleft()))
                found = self._result(under_way.popleft())
                advance()
                yield found

    def _submit(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Future:
        return self._client.submit(_do, self._world, function, *arguments, pure=False)

    def _result(self, future: Future) -> Any:
        """Wait for a result, and look now and then whether there is anybody to wait for."""
        from distributed import wait

        there = at_work = time.monotonic()
        heard = _Heard()
        while not future.done():
            try:
                with self._client.as_current():
                    wait([future], timeout=LOOK)
            except TimeoutError:
                now = time.monotonic()
                told = self._told()
                there = now if told else there
                at_work = now if not told or heard.any_at_work(told, now) else at_work
                if now - min(there, at_work) > PATIENCE:
                    raise self._in_vain(told) from None
            except _lost() as error:
                raise self._gone() from error
        return self._taken(future)

    def _taken(self, future: Future) -> Any:
        from distributed import KilledWorker

        try:
            return future.result()
        except SurveyError as error:
            said = str(error).replace(f"{self.here}{os.sep}", "")
            raise type(error)(said) from None
        except KilledWorker as error:
            raise ClusterError(
                f"{self._address}: {error.allowed_failures + 1} workers ended, one after the "
                "other, while they did the same piece of work. The usual reasons are too little "
                "memory (give each worker more, or fewer threads) and a file that takes minutes "
                f"to read in one call (docs/cluster.md says what helps). {_AGAIN}"
            ) from error
        except _lost() as error:
            raise self._gone() from error

    def _told(self) -> Told:
        """Return what each worker last told the scheduler of itself."""
        try:
            told = self._client.sync(self._client.scheduler.identity, n_workers=-1)
        except _lost() as error:
            raise self._gone() from error
        workers: Told = told["workers"]
        return workers

    def _in_vain(self, told: Told) -> ClusterError:
        if not told:
            return ClusterError(
                f"{self._address}: the cluster has had no worker for {PATIENCE} seconds; those "
                f"that were there are lost (docs/cluster.md has the usual reasons). {_AGAIN}"
            )
        idle = f"no worker has done anything for {PATIENCE} seconds, though there is work"
        if paused := _paused(told):
            return ClusterError(f"{self._address}: {idle}: {paused} {_AGAIN}")
        return ClusterError(
            f"{self._address}: {idle}: they wait for each other. Their logs may say why. {_AGAIN}"
        )

    def _threads(self) -> int:
        """Return how many pieces of work the cluster does at a time."""
        try:
            return sum(self._client.nthreads().values())
        except _lost() as error:
            raise self._gone() from error

    def _gone(self) -> ClusterError:
        return ClusterError(f"{self._address}: the scheduler does not answer any more. {_AGAIN}")

    @property
    def _address(self) -> str:
        return f"{ENGINE}={os.environ.get(ENGINE, '').strip()}"


def _paused(told: Told) -> str:
    """Say of the workers that take nothing more why, and what helps; nothing where all work."""
    paused = [where for where, one in told.items() if one["status"] == "paused"]
    if not paused:
        return ""
    return (
        f"{len(paused)} of {len(told)} have almost no memory left and take nothing more "
        f"({paused[0]}). Give each worker more memory, or fewer threads, or start more workers."
    )


class _Heard:
    """When each worker was last heard of; the clocks of other machines are not asked."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def any_at_work(self, told: Told, now: float) -> bool:
        """Say whether any worker does something, is about to, or is too busy to tell.

        They tell every few seconds, but not while one call holds their Python, such as the
        reading of an SPSS file. One that is dead is given up by the scheduler, after minutes.
        """
        return any([self._is_at_work(where, one, now) for where, one in told.items()])

    def _is_at_work(self, where: str, one: Mapping[str, Any], now: float) -> bool:
        seen = one["last_seen"]
        if self._last.get(where, (None, now))[0] != seen:
            self._last[where] = (seen, now)
        counts = one.get("metrics", {}).get("task_counts", {})
        states = (*DOING, *NEXT) if one["status"] == "running" else DOING
        is_silent = now - self._last[where][1] > PATIENCE / 2
        return is_silent or any(counts.get(state) for state in states)


_AGAIN = (
    "Nothing is half-written: start the cluster again and run the same command, or run it "
    "without ENGINE."
)


@functools.cache
def _client(address: str) -> Client:
    """Connect to a scheduler, and see that its workers are like this process."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            f"{ENGINE}={address}: the package distributed is not installed here. "
            f"`{sys.executable} -m pip install 'betyg[cluster]'` installs it; without {ENGINE} "
            "everything runs in this process."
        ) from error
    for name in ("asyncio", "tornado", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("asyncio", "distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # we say it ourselves, once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions: told below
        try:
            client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError, KeyError) as error:
            raise ClusterError(
                f"{ENGINE}={address}: no scheduler answered within {PATIENCE} seconds. Is it "
                "running, is the address that of its log (tcp://host:8786), and does a firewall "
                "lie between? docs/cluster.md shows how one is started."
            ) from error
        _check(client, address)
    return client


def _check(client: Client, address: str) -> None:
    """Raise an error where there is no worker, or one that is another than this process."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        paused = _paused(client.sync(client.scheduler.identity, n_workers=-1)["workers"])
        start = f"the scheduler has no worker after {PATIENCE} seconds. Start some: `dask worker "
        start += f"{address}`, see docs/cluster.md."
        raise ClusterError(f"{ENGINE}={address}: {paused or start}") from error
    own = _world()
    found: dict[str, Any] = dict(client.run(_world, on_error="return"))
    scheduler = client.get_versions(check=False)["scheduler"]["packages"]["distributed"]
    found["the scheduler"] = {**own, "distributed": str(scheduler)}
    told = [f"  - {where}: {said}" for where, has in found.items() if (said := _other(has, own))]
    if told:
        listed = "\n".join(told)
        raise ClusterError(f"{ENGINE}={address}: others than here\n{listed}\n{_SAME}")


_SAME = (
    "The same result needs the same packages and code everywhere: let all of them use one "
    "environment made from requirements.lock, and start the workers again."
)


def _other(has: World | Exception, own: World) -> str:
    """Say what of a process differs from here; nothing where all is the same."""
    if isinstance(has, ModuleNotFoundError):
        return f"has no {has.name}"
    if isinstance(has, Exception):
        return f"does not answer ({has})"
    return ", ".join(
        f"{name} {has.get(name, 'missing')}, here {version}"
        for name, version in own.items()
        if has.get(name) != version
    )


@functools.cache
def _world() -> World:
    """Return the versions on which results depend, and of betyg the code itself."""
    versions = {"python": platform.python_version(), "betyg": f"code {code_here()[:12]}"}
    return versions | {name: _version(name) for name in ALIKE}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


@dataclass(frozen=True, slots=True)
class _Given:
    """Something of which each piece of work gets a copy of its own."""

    packed: bytes


def _itself(thing: _Given) -> _Given:
    return thing


def _do(world: World, function: Callable[..., Any], *arguments: Any) -> Any:
    """Do a piece of work on a worker, which may have come after the others were looked at."""
    if said := _other(_world(), world):
        raise ClusterError(f"a worker on {platform.node()}: {said}. {_SAME}")
    from distributed.protocol import pickle

    own = [pickle.loads(a.packed) if isinstance(a, _Given) else a for a in arguments]
    found = function(*own)
    return list(found) if isinstance(found, Iterator) else found


def _command(arguments: Sequence[str], folder: Path, asked: World) -> tuple[int, str, str]:
    """Run a command in a folder, and return its exit code and what it said."""
    others = {name: value for name, value in os.environ.items() if name != ENGINE}
    done = subprocess.run(
        [sys.executable, "-m", "betyg", *arguments],
        cwd=folder,
        env={**others, "PYTHONPATH": str(PACKAGE.parent), **asked},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _asked() -> World:
    """Return the settings of this make that a notebook's run goes by."""
    names = ("CI", "OMP_NUM_THREADS", "TIMEOUT")
    return {name: os.environ[name] for name in names if name in os.environ}


def _lost() -> tuple[type[BaseException], ...]:
    """Return the errors with which a lost scheduler is told of."""
    from asyncio import CancelledError
    from concurrent.futures import CancelledError as Cancelled

    return (CancelledError, Cancelled, OSError)

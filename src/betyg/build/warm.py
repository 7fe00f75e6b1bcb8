"""Asks for Pythons that begin with the libraries imported: see :mod:`betyg.build.zygote`.

Only make uses them, and only where a process can be copied safely. Everywhere else, and whenever
there is none to be had, a Python is started as always: the result is the same, seconds later.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from betyg.build import kernel, lock

__all__ = ["Copy", "command", "copy"]

ZYGOTE = Path(__file__).with_name("zygote.py")
BUILD = Path("build")
PLACE = "warm.json"  # where the zygote of this folder listens, below BUILD
MAKE = "BETYG_MAKE"  # the number of the make that runs us; the Makefile sets it
INSIDE = "BETYG_IS_WARM"  # set in copies
QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # else pyarrow starts a thread
ENDED = "its Python was ended from outside; the usual reason is a lack of memory."
WAIT = 60  # seconds for the libraries to be imported


class Copy:
    """A copy of the zygote at work, with the manners of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._said = b""
        self.returncode: int | None = None
        while b"\n" not in self._said:
            if not (more := connection.recv(64)):
                raise ConnectionError("the zygote is gone")
            self._said += more
        number, _, self._said = self._said.partition(b"\n")
        self.pid = int(number)

    def poll(self) -> int | None:
        """Return the code with which it ended; None while it works."""
        return self._ended(seconds=0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its code."""
        code = self._ended(seconds=timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a copy of the zygote", timeout or 0)
        return code

    def _ended(self, *, seconds: float | None) -> int | None:
        while self.returncode is None and b"\n" not in self._said:
            self._connection.settimeout(seconds)
            try:
                more = self._connection.recv(64)
            except (BlockingIOError, TimeoutError):
                return None
            self._said += more
            if not more:  # the zygote was killed, and its copies end with it
                self.returncode = -signal.SIGKILL
        if self.returncode is None:  # may have been told together with the number
            self.returncode = int(self._said)
        self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def command(arguments: Sequence[str], *, begin: bool) -> int | None:
    """Run ``python -m betyg`` in a copy and return its exit code; None where there is no copy.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``betyg`` on the command line.
    begin : bool
        Whether to begin a zygote if there is none: worth its seconds only for what takes longer.
    """
    if os.environ.get(INSIDE) or MAKE not in os.environ:
        return None
    if begin:
        _begin_zygote()
    with contextlib.ExitStack() as forwarded:
        found = copy(
            ["betyg", *arguments],
            environment={**os.environ, INSIDE: "1"},
            folder=Path.cwd(),
            files=(0, 1, 2),
        )
        if found is None:
            return None
        forwarded.enter_context(_signals_forwarded(found))
        code = found.wait()
    if code == -signal.SIGKILL:
        sys.stderr.write(f"\n{' '.join(arguments)}: {ENDED} The same make goes on.\n\n")
    return code if code >= 0 else 128 - code


def copy(
    wanted: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    files: Sequence[int],
    build: Path = BUILD,
) -> Copy | None:
    """Let a copy run a module; None where there is no zygote, or one with other settings.

    Parameters
    ----------
    wanted : sequence of str
        The module and its arguments.
    environment : mapping
        The copy's whole environment.
    files : sequence of int
        Its standard input, output and error.
    build : Path
        Where make builds: the zygote is the one that was begun there.
    """
    connection = _reach(environment, build)
    if connection is None:
        return None
    ahead = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    request = {
        "command": list(wanted),
        "environment": dict(environment),
        "folder": str(folder),
        "path": list(dict.fromkeys([str(folder), *ahead, *sys.path[1:]])),
        "make": int(os.environ.get(MAKE, os.getpid())),
    }
    try:
        text = (json.dumps(request) + "\n").encode()
        sent = socket.send_fds(connection, [text], list(files))
        connection.sendall(text[sent:])
        return Copy(connection)
    except OSError:
        connection.close()
        return None


def _reach(environment: Mapping[str, str], build: Path) -> socket.socket | None:
    """Return a connection to the zygote begun here, if it has what ``environment`` asks for."""
    try:
        known = json.loads((build / PLACE).read_text(encoding="utf-8"))
        if [known["python"], known["threads"]] != [sys.executable, kernel.threads(environment)]:
            return None
        with contextlib.ExitStack() as unless_reached:
            connection = socket.socket(socket.AF_UNIX)
            unless_reached.callback(connection.close)
            connection.connect(known["address"])
            unless_reached.pop_all()
    except (OSError, ValueError, KeyError):
        return None
    return connection


def _begin_zygote() -> None:
    """Start a zygote and wait until it listens, unless there is one or there cannot be."""
    if sys.platform != "linux" or not BUILD.is_dir():
        return  # elsewhere the system's libraries do not bear to be copied
    with lock.held(BUILD / "warm.lock", quiet=True):
        if (there := _reach(os.environ, BUILD)) is not None:
            there.close()
            return
        address = Path(tempfile.mkdtemp(prefix="betyg-")) / "warm"
        environment = kernel.bare(BUILD) | QUIET
        nothing = [(os.POSIX_SPAWN_OPEN, file, os.devnull, os.O_RDWR, 0) for file in (0, 1, 2)]
        begun = os.posix_spawn(
            sys.executable,
            [sys.executable, str(ZYGOTE), str(address)],
            environment,
            file_actions=nothing,
            setsid=True,
        )
        if _listens(address, begun):
            facts = {
                "address": str(address),
                "python": sys.executable,
                "threads": environment["OMP_NUM_THREADS"],
            }
            (BUILD / PLACE).write_text(json.dumps(facts), encoding="utf-8")


def _listens(address: Path, process: int) -> bool:
    """Wait for the libraries to be imported; False where that failed or took too long."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end and os.waitpid(process, os.WNOHANG) == (0, 0):
        if address.exists():
            return True
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return False


@contextlib.contextmanager
def _signals_forwarded(to: Copy) -> Iterator[None]:
    """Let Ctrl-C and make's wish to end reach the copy, which is in no group with us."""

    def forward(number: int, _: Any) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(to.pid, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Asks the warm Python of this folder for a copy that does the work: see :mod:`betyg.build.warm`.

make starts this by its path, as ``python -I -S client.py VERB KEY``, dozens of times: it imports
next to nothing, so that it begins in three hundredths of a second. Where no copy is to be had it
becomes ``python -m betyg VERB KEY``, which does the same and takes longer to begin.

What is asked for is sent as text: the length of all that follows, the folder, the number of the
make, the number of words of the command, these words, and the environment, with NULs between them.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

TYPE_CHECKING = False  # that of typing would have to be imported
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ["INSIDE", "MAKE", "PLACE", "THREADS", "Copy", "command", "copy", "reach", "threads"]

BUILD = "build"
PLACE = "warm"  # tells, below BUILD, where the zygote of this folder listens, and what it is
MAKE = "BETYG_MAKE"  # the number of the make that runs us; the Makefile sets it
INSIDE = "BETYG_IS_WARM"  # set in copies
THREADS = "1"  # unless OMP_NUM_THREADS says otherwise
ENDED = "its Python was ended from outside; the usual reason is a lack of memory."


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
            from subprocess import TimeoutExpired

            raise TimeoutExpired("a copy of the zygote", timeout or 0)
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
            _signal(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def command(arguments: Sequence[str]) -> int | None:
    """Run ``python -m betyg`` in a copy and return its exit code; None where there is no copy.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``betyg`` on the command line.
    """
    if INSIDE in os.environ or MAKE not in os.environ:
        return None
    found = copy(
        ["betyg", *arguments],
        environment={**os.environ, INSIDE: "1"},
        folder=os.getcwd(),
        files=(0, 1, 2),
    )
    if found is None:
        return None
    code = _waited_for(found)
    if code == -signal.SIGKILL:
        sys.stderr.write(f"\n{' '.join(arguments)}: {ENDED} The same make goes on.\n\n")
    return code if code >= 0 else 128 - code


def copy(
    wanted: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str,
    files: Sequence[int],
    build: str = BUILD,
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
    build : str
        Where make builds: the zygote is the one that was begun there.
    """
    connection = reach(environment, build)
    if connection is None:
        return None
    make = os.environ.get(MAKE) or os.getpid()
    settings = [f"{name}={value}" for name, value in environment.items()]
    parts = [folder, str(make), str(len(wanted)), *wanted, *settings]
    text = "\0".join(parts).encode(errors="surrogateescape")
    request = b"%d\0" % len(text) + text
    try:
        sent = socket.send_fds(connection, [request], list(files))
        connection.sendall(request[sent:])
        return Copy(connection)
    except OSError:
        connection.close()
        return None


def reach(environment: Mapping[str, str], build: str) -> socket.socket | None:
    """Return a connection to the zygote begun here, if it has what ``environment`` asks for."""
    try:
        with open(f"{build}/{PLACE}", encoding="utf-8") as file:
            address, *known = file.read().splitlines()
    except (OSError, ValueError):
        return None
    if known != [sys.executable, threads(environment)]:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


def threads(environment: Mapping[str, str]) -> str:
    """Return how many threads the libraries use: the user may set it, as the last digits show."""
    return environment.get("OMP_NUM_THREADS", THREADS)


def _waited_for(copy: Copy) -> int:
    """Return a copy's code; Ctrl-C and make's wish to end reach it, in no group of ours."""

    def forward(number: int, _: Any) -> None:
        _signal(copy.pid, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return copy.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal(process: int, number: int) -> None:
    try:  # noqa: SIM105  contextlib would have to be imported
        os.kill(process, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    code = command(sys.argv[1:])
    if code is None:
        os.execv(sys.executable, [sys.executable, "-m", "betyg", *sys.argv[1:]])
    sys.exit(code)

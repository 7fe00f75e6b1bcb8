"""Begins Pythons that have the libraries imported: see :mod:`betyg.build.zygote`.

Only make uses them, and only where a process can be copied safely. Everywhere else, and whenever
there is none to be had, a Python is started as always: the result is the same, seconds later.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from betyg.build import client, kernel, lock

__all__ = ["begin", "begin_ahead"]

ZYGOTE = Path(__file__).with_name("zygote.py")
BUILD = Path(client.BUILD)
QUIET = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # else pyarrow starts a thread
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of the debugger that ipykernel brings
}
WAIT = 60  # seconds for the libraries to be imported


def begin_ahead() -> None:
    """Let a process of its own start a zygote, if nothing was built here yet: all will be."""
    if sys.platform != "linux" or client.MAKE not in os.environ or BUILD.exists():
        return
    BUILD.mkdir()
    if os.fork() == 0:
        try:
            with Path(os.devnull).open("r+b") as nothing:
                for file in (0, 1, 2):  # nobody who reads what make says waits for it
                    os.dup2(nothing.fileno(), file)
            begin()
        finally:
            os._exit(0)


def begin() -> None:
    """Start a zygote and wait until it listens, unless there is one or there cannot be."""
    if client.INSIDE in os.environ or client.MAKE not in os.environ:
        return
    if sys.platform != "linux" or not BUILD.is_dir():
        return  # elsewhere the system's libraries do not bear to be copied
    with lock.held(BUILD / "warm.lock", quiet=True):
        if (there := client.reach(os.environ, client.BUILD)) is not None:
            there.close()
            return
        address = Path(tempfile.mkdtemp(prefix="betyg-")) / "warm"
        environment = kernel.bare(BUILD) | QUIET
        nothing = [(os.POSIX_SPAWN_OPEN, file, os.devnull, os.O_RDWR, 0) for file in (0, 1, 2)]
        begun = os.posix_spawn(
            sys.executable,
            [sys.executable, str(ZYGOTE), str(address), os.environ[client.MAKE]],
            environment,
            file_actions=nothing,
            setsid=True,
        )
        if _listens(address, begun):
            known = (str(address), sys.executable, environment["OMP_NUM_THREADS"])
            (BUILD / client.PLACE).write_text("\n".join(known), encoding="utf-8")


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

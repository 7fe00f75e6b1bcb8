"""One at a time: two makes in one folder must not write the same result together."""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["held", "is_held"]


@contextlib.contextmanager
def held(path: Path, *, quiet: bool = False) -> Iterator[None]:
    """Hold the lock ``path``; while another process has it, say so (unless ``quiet``) and wait.

    The system takes the lock away when the process ends, in whatever way, so that none is left
    behind.
    """
    with path.open("a") as file:
        if not _taken(file):
            if not quiet:
                sys.stderr.write(f"{path.with_suffix('')}: another make is at it, waiting for it\n")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(path: Path) -> bool:
    """Tell whether another process holds the lock now."""
    if not path.exists():
        return False
    with path.open("a") as file:
        return not _taken(file)


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

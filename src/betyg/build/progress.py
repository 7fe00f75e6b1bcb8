"""Long work on a cluster says how far it is: a line that changes, or lines in a log.

A notebook's own output is kept and compared, so a kernel tells it in a file, and whoever runs the
notebook shows it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["followed", "told"]

ENVIRONMENT = "BETYG_PROGRESS"  # tells a kernel where to tell it
APART = 1.0  # seconds between two lines in a log
LOOK = 0.2  # seconds between two looks at the file


@contextlib.contextmanager
def told(doing: str, of: int) -> Iterator[Callable[[], None]]:
    """Yield what is to be called as each of some pieces of work is done; no words, no line."""
    done, said = 0, time.monotonic()

    def advance() -> None:
        nonlocal done, said
        done += 1
        if doing and (done == of or time.monotonic() - said >= APART):
            said = time.monotonic()
            _tell(f"{doing}: {done} of {of}")

    yield advance


def _tell(line: str) -> None:
    if place := os.environ.get(ENVIRONMENT):
        with Path(place).open("a", encoding="utf-8") as opened:
            opened.write(f"{line}\n")
    else:
        sys.stderr.write(f"{line}\n")


@contextlib.contextmanager
def followed(place: Path, name: str) -> Iterator[dict[str, str]]:
    """Show what a kernel tells in a file, which has the setting that is yielded."""
    ended = threading.Event()
    place.touch()
    follower = threading.Thread(target=_follow, args=(place, name, ended), daemon=True)
    follower.start()
    try:
        yield {ENVIRONMENT: str(place.resolve())}
    finally:
        ended.set()
        follower.join()


def _follow(place: Path, name: str, ended: threading.Event) -> None:
    bar = sys.stderr.isatty()
    with place.open(encoding="utf-8") as opened:
        last = False
        while not last:
            last = ended.wait(LOOK)
            for line in opened:
                said = f"{name}: {line.strip()}"
                sys.stderr.write(f"\r\033[K{said}" if bar else f"{said}\n")
                sys.stderr.flush()
    if bar:
        sys.stderr.write("\r\033[K")

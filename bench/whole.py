"""`make report` of one large study, in one run: seconds, and memory of all its processes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from bench import notebooks
from bench.measure import Found

EVERY = 0.5  # seconds


def run(study: Path, folder: Path) -> Found:
    """Build the report and all briefs of a study in a copy of the repository.

    Parameters
    ----------
    study : Path
        Its raw files, which are linked to.
    folder : Path
        Where the copy is made.

    Returns
    -------
    dict
        wall (seconds); peak_mb (of all processes that run from the copy, what they share counted
        once); largest_mb (of the largest of them).
    """
    here = folder / f"make-{study.name}"
    for name in notebooks.HELD:
        notebooks.copy(notebooks.ROOT / name, here / name)
    (here / "data" / "raw").mkdir(parents=True)
    (here / "data" / "raw" / study.name).symlink_to(study)
    home = Path(sys.executable).parents[1]
    make = ["make", "report", f"STUDY={study.name}", f"VENV={home}"]
    peak, over = {"peak_mb": 0.0, "largest_mb": 0.0}, threading.Event()
    watch = threading.Thread(target=_watch, args=(str(here), peak, over))
    watch.start()
    found = notebooks.timed("make report", [make], here)
    over.set()
    watch.join()
    return found | peak


def _watch(folder: str, peak: dict[str, float], over: threading.Event) -> None:
    while not over.wait(EVERY):
        held = list(_held(folder))
        peak["peak_mb"] = max(peak["peak_mb"], sum(shared for shared, _ in held))
        peak["largest_mb"] = max([peak["largest_mb"], *(most for _, most in held)])


def _held(folder: str) -> Iterator[tuple[float, float]]:
    """Yield the memory of each process that runs from or in a folder: its share, and its most."""
    for process in Path("/proc").iterdir():
        try:
            place = str((process / "cwd").readlink())
            if place.startswith(folder) or folder.encode() in (process / "cmdline").read_bytes():
                share = _mb(process / "smaps_rollup", "Pss:")
                yield share, _mb(process / "status", "VmHWM:")
        except (OSError, StopIteration):  # no process, or one that has ended
            continue


def _mb(path: Path, name: str) -> float:
    lines = path.read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

"""Kills the build of a study that comes along at random moments: `make faults STUDY=name`."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from betyg.build import elsewhere
from faulty import WAYS, everything, kill, there
from toy import Project

KILLS = 6
SEED = 11


def main(study: str) -> int:
    """Build a study undisturbed and killed, tell of each kill, and return 1 if any byte differs."""
    for name in elsewhere.OF_MAKE:  # what this starts is no work of the make that it runs in
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="betyg-faults-") as base:
        whole, victim = (there(Path(base, name)) for name in ("whole", "victim"))
        for project in (whole, victim):
            elsewhere.copy(project.folder, study=study)
        began = time.monotonic()
        elsewhere.make(whole.folder, "-j2", "report")
        length = time.monotonic() - began
        for number, moment in enumerate(np.random.default_rng(SEED).uniform(0, length / 2, KILLS)):
            told = _killed(victim, moment, WAYS[number % len(WAYS)])
            sys.stdout.write(f"{study}: {told}, {len(everything(victim))} files there\n")
        elsewhere.make(victim.folder, "-j2", "report")
        one, other = everything(whole), everything(victim)
    differ = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
    sys.stdout.writelines(f"differs: {name}\n" for name in sorted(differ))
    sys.stdout.write(
        f"{study}: {len(one)} files, {len(differ)} differ from the undisturbed build\n"
    )
    return 1 if differ else 0


def _killed(victim: Project, moment: float, way: str) -> str:
    make = victim.start("-j2", "report")
    try:
        make.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        kill(make, victim.folder, way)
        return f"{way} killed after {moment:.1f} s"
    return f"make had ended before {moment:.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""make that is killed at any moment, and what the next one makes of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from faulty import ANSWERS, at_work, built, copy_of, everything, other_answers
from toy import Project

KILLS = int(os.environ.get("FAULTS", "10"))
IN_A_ROW = 1 if "FAULTS" in os.environ else 2  # kills before a make may come to its end
SEED = 9
COLD = 10  # every tenth make begins a Python of its own, which is killed with it


def kill(make: subprocess.Popen[str], folder: Path, *, children: bool) -> None:
    """End make from outside, with all that works for it or without."""
    make.kill()
    while children and (found := at_work(folder)):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    make.wait()
    make.stdout.close()
    make.stderr.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_make_that_is_killed_goes_on_to_the_bytes_of_one_that_is_not(
    finished: Project, tmp_path: Path
) -> None:
    other = copy_of(finished, tmp_path / "other")
    other_answers(other)
    began = time.monotonic()
    built(other)
    length = time.monotonic() - began
    whole = [everything(finished), everything(other)]
    assert whole[0].keys() == whole[1].keys() and whole[0] != whole[1]
    victim = copy_of(finished, tmp_path / "victim")
    wanted = 0
    for number, moment in enumerate(np.random.default_rng(SEED).uniform(0, length, KILLS)):
        if number % IN_A_ROW == 0:
            wanted = 1 - wanted
            source = (finished, other)[wanted].folder / ANSWERS.parent
            shutil.copytree(source, victim.folder / ANSWERS.parent, dirs_exist_ok=True)
        if number % COLD == 0:
            (victim.folder / "build/warm.json").unlink(missing_ok=True)
        make = victim.start("-j2", "report")
        time.sleep(moment)
        kill(make, victim.folder, children=number % 4 != 3)
        if (number + 1) % IN_A_ROW == 0:
            built(victim)
            assert everything(victim) == whole[wanted], f"kill {number} at {moment:.2f} s"

"""make that is killed at any moment, and what the next one makes of it."""

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from faulty import ANSWERS, WAYS, built, copy_of, everything, kill, other_answers
from toy import Project

KILLS = int(os.environ.get("FAULTS", "10"))
SEED = 9


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
    moments = np.random.default_rng(SEED).uniform(0, length, KILLS)
    for number, moment in enumerate(moments):
        wanted = 1 - number % 2
        source = (finished, other)[wanted].folder / ANSWERS.parent
        shutil.copytree(source, victim.folder / ANSWERS.parent, dirs_exist_ok=True)
        make = victim.start("-j2", "report")
        time.sleep(moment)
        way = WAYS[number % len(WAYS)]
        kill(make, victim.folder, way)
        built(victim)
        assert everything(victim) == whole[wanted], f"{way} killed at {moment:.2f} s, {number}"

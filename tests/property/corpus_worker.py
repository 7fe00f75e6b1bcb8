"""Reads studies one by one, each under a limit of memory, and says what came of each."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path

from betyg.data import clean, read
from betyg.data.study import Study
from betyg.errors import DataError

MEMORY = 1 << 30  # bytes above what the libraries take


def counted(root: Path, name: str) -> list[list[object]]:
    """Return how often each answer was given: agency, year, activity, item, answer, n."""
    survey = Study.load(root, name)
    people = clean.clean(read.sources(survey), survey).respondents
    found = []
    for item in ("courtesy", "website", "overall"):
        kept = people.assign(answer=people[item].fillna(0).astype(int))
        by = kept.groupby(["agency", "year", "activity", "answer"], observed=True).size()
        found += [[*map(str, key), item, int(n)] for key, n in by.items()]
    return sorted(found, key=str)


def outcome(root: Path, name: str) -> dict[str, object]:
    began = time.monotonic()
    try:
        said: dict[str, object] = {"read": counted(root, name)}
    except DataError as error:
        said = {"refused": str(error)}
    except BaseException as error:  # noqa: BLE001  # what a user must never see
        said = {"broke": f"{type(error).__name__}: {error}"[:500]}
    return said | {"seconds": time.monotonic() - began}


def main() -> None:
    """Read the studies whose root and name come in on standard input, a line each."""
    warnings.simplefilter("error")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for line in sys.stdin:
        root, name = json.loads(line)
        sys.stdout.write(json.dumps(outcome(Path(root), name)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Spoilt raw files in bulk: each is refused in words, or read right; in seconds and a gigabyte."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

import corpus
import pytest

SECONDS = 10
FEWEST, FEWEST_READ = 200, 40
WORKER = Path(__file__).with_name("corpus_worker.py")


class Worker:
    """A Python that reads studies; begun anew when one of them has ended it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def read(self, root: Path, name: str) -> dict[str, object]:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            self._ask(*corpus.write(corpus.Case("first", corpus.text(), "same"), root.parent), 60)
        return self._ask(root, name, SECONDS)

    def _ask(self, root: Path, name: str, seconds: float) -> dict[str, object]:
        assert self.process and self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([str(root), name]) + "\n")
        self.process.stdin.flush()
        with DefaultSelector() as selector:
            selector.register(self.process.stdout, EVENT_READ)
            answered = bool(selector.select(seconds))
        line = self.process.stdout.readline() if answered else ""
        if line:
            return json.loads(line)
        self.end()
        return {"broke": "the Python ended" if answered else f"not ready in {seconds} s"}

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.process = None


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    begun = Worker()
    yield begun
    begun.end()


def right(rows: corpus.Rows) -> list[list[object]]:
    """Count the answers of the rows, without any of the code that is tried."""
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for row in rows:
        at = dict(zip(corpus.HEADER, row, strict=False))
        for item in corpus.tiny.ITEMS:
            answer = at.get(item) or "0"
            code = "0" if answer == "99" else answer
            counts[at["KONTOR"], at["AR"], at["VERK"], code, item] += 1
    return sorted(([*key, n] for key, n in counts.items()), key=str)


def verdict(case: corpus.Case, found: dict[str, object]) -> str:
    if "broke" in found:
        return f"broke: {found['broke']}"
    if "refused" in found:
        said = str(found["refused"])
        clear = said.count("\n") >= 1 and "Traceback" not in said and len(said) < 20_000
        return "refused" if clear and case.expected != "same" else f"wrongly refused: {said[:600]}"
    try:
        correct = case.expected != "refused" and found["read"] == right(case.rows)
    except KeyError:  # a row cut short
        correct = False
    return "read" if correct else "read wrong"


def test_every_spoilt_file_is_refused_in_words_or_read_right(
    worker, tmp_path, monkeypatch, record_property
):
    monkeypatch.setenv("BETYG_CORPUS", str(tmp_path))
    said = {
        case.name: verdict(case, worker.read(*corpus.write(case, tmp_path)))
        for case in corpus.cases()
    }
    counts = Counter(each if each in ("read", "refused") else "FAULT" for each in said.values())
    record_property("raw files", f"{counts['read']} read right, {counts['refused']} refused")
    faults = {name: each for name, each in said.items() if each not in ("read", "refused")}
    assert faults == {}
    assert counts["read"] >= FEWEST_READ and sum(counts.values()) >= FEWEST

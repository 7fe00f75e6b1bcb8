"""Measure: ``python -m bench [--full] [PART ...]``; what was found is shown in docs/benchmarks.md.

Parts: fixed, mixed, design, counts (ours against peers), scaling, stream, engines, shapes,
notebooks, workers, coverage; all by default. What is measured replaces its old result at once, and
the other results stay: a run that is stopped loses nothing, and peers that take minutes are
measured with ``--full`` only.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import (
    cases,
    coverage,
    engines,
    notebooks,
    page,
    results,
    rotating,
    shapes,
    stream,
    tasks,
    whole,
    workers,
)
from bench.cases import Case, Peer
from bench.measure import Found, in_child, in_r, in_workers
from betyg.stats import driver_sums

ROOT = Path(__file__).parents[1]
RATINGS = ROOT / "data" / "raw" / "insteval" / "ratings.csv"
Part = Callable[[Path, bool], None]


def peers(part: str, folder: Path, full: bool) -> None:
    """Time the cases of a part, ours and the peers' one after the other."""
    prepared: set[int] = set()
    for case in cases.CASES:
        chosen = [peer for peer in case.peers if full or peer.takes < cases.LONG]
        wanted = case.part == part and bool(chosen)
        if not wanted or (case.ours == "InstEval" and not ratings(folder)):
            continue
        if case.n not in prepared and case.ours != "InstEval":
            tasks.prepare(case.n, folder)
            prepared.add(case.n)
        results.save(case.name, compared(case, chosen, folder))


def ratings(folder: Path) -> bool:
    """Lay out InstEval under its own names, if `make fetch STUDY=insteval` was run."""
    if not RATINGS.exists():
        say("InstEval is left out: make fetch STUDY=insteval gets it")
        return False
    shutil.copy(RATINGS, folder / "insteval.csv")
    return True


def compared(case: Case, chosen: list[Peer], folder: Path) -> Found:
    """Time one case."""
    ours = in_child(case.ours, case.n, folder)
    row: Found = {"ours": case.ours, "n": case.n, **ours, "peers": []}
    say(f"{case.ours}, {case.n:,}: {told(ours)}")
    for peer in chosen:
        run = in_child if peer.name in tasks.PEERS else in_r
        theirs = run(peer.name, case.n, folder)
        say(f"    {peer.name}: {told(theirs)}")
        row["peers"].append({"name": peer.name, "bar": peer.bar, **against(ours, theirs)})
    return {name: value for name, value in row.items() if name != "values"}


def against(ours: Found, theirs: Found) -> Found:
    """Add to a peer's times how far its estimates lie from ours."""
    kept = {name: value for name, value in theirs.items() if name != "values"}
    own, other = ours.get("values", {}), theirs.get("values", {})
    shared = own.keys() & other.keys()
    if shared:
        kept["differs"] = max(abs(own[name] - other[name]) for name in shared)
        kept["compared"] = len(shared)
    if "loglike" in ours and "loglike" in theirs:
        kept["gain"] = ours["loglike"] - theirs["loglike"]
    return kept


def told(found: Found) -> str:
    """Say in a line what a task took."""
    return found.get("absent") or f"{found['cpu']:.3f} s, {found.get('peak_mb', 0):.0f} MB"


def scaling(folder: Path, full: bool) -> None:
    """Time the way from files to estimates as the answers grow, and merely decoding the files."""
    rows = []
    for n in (*cases.SIZES, *([cases.MOST] if full else [])):
        rotating.write(folder / f"all_{n}", n)  # here, so that its memory is not counted
        found = in_child("from files", n, folder)
        decoded = in_child("decoded", n, folder)
        say(f"from files, {n:,}: {told(found)}; the file decoded: {told(decoded)}")
        kept = {name: value for name, value in found.items() if name != "values"}
        rows.append({"n": n, "decoded": decoded.get("cpu")} | kept)
        results.save("scaling", {"rows": rows})


def shaped(folder: Path, full: bool) -> None:
    """Time the fits as a survey grows in other ways than answers."""
    del full
    rows = []
    for grows, size, model in shapes.asked():
        found = in_child(f"{model} by {grows}", size, folder)
        say(f"{model} model, {size} {grows}: {told(found)}")
        rows.append({"grows": grows, "size": size, "model": model} | found)
    results.save("shapes", {"answers": shapes.ANSWERS, "rows": rows})


def streamed(folder: Path, full: bool) -> None:
    """Time 01_clean and what comes after it as the respondents grow, and decoding the files."""
    found: Found = {"rows": [], "groups": driver_sums.GROUPS, "whole": []}
    sizes = (*cases.SIZES, *(cases.STREAMED if full else []))
    for n in sizes:
        row: Found = {"n": n}
        found["rows"].append(row)
        steps = [(step, step, "parquet") for step in ("decode_all", "clean", *stream.AFTER)]
        if n <= cases.MOST:
            steps += [("csv_decode", "decode_all", "csv"), ("csv_clean", "clean", "csv")]
        for name, step, form in steps:
            row[name] = stream.in_child(step, folder, n, form)
            say(f"{name}, {n:,}: {told(row[name])}")
        results.save("stream", found)
    for form, n in (("parquet", max(sizes)), ("csv", min(max(sizes), cases.MOST))):
        row = {"form": form, "n": n} | whole.run(folder / f"{form}{n}", folder)
        say(f"make report, {form}: {told(row)}")
        found["whole"].append(row)
        results.save("stream", found)


def scanned(folder: Path, full: bool) -> None:
    """Time other engines on the same counts."""
    most, rows = max(*cases.SIZES, *([cases.MOST] if full else [])), []
    for form in ("parquet", "csv"):
        stream.write_study(folder / form, most, form)
        paths = sorted((folder / form).glob("answers_*"))
        for engine in engines.ENGINES:
            row = {"form": form, "engine": engine, "n": most} | engines.in_child(engine, paths)
            say(f"{engine}, {form}: {told(row)}")
            rows.append(row)
    results.save("engines", {"rows": rows})


def spread(folder: Path, full: bool) -> None:
    """Time 01_clean in one process and on workers of this machine."""
    del full
    rows = []
    for n in workers.COUNTS:
        rows.append(in_workers(n, folder))
        say(f"01_clean, {n or 'no'} workers: {rows[-1]}")
    asked = {"respondents": workers.ROWS, "pieces": workers.PIECES, "runs": workers.RUNS}
    results.save("workers", asked | {"rows": rows})


def simulated(folder: Path, full: bool) -> None:
    """Draw data sets with known truth."""
    del folder
    sets = coverage.LONG if full else coverage.SHORT

    def keep(found: Found) -> None:
        say(f"coverage: {found['sets']} of {sets} data sets")
        results.save("coverage", found)

    coverage.run(sets, keep=keep)


def chain(folder: Path, full: bool) -> None:
    """Time the notebooks."""
    del full
    found = notebooks.run(folder)
    for row in found["rows"]:
        say(f"{row['what']}: " + (row.get("absent") or f"{row['wall']:.2f} s"))
    results.save("notebooks", found)


PARTS: dict[str, Part] = {
    **{name: partial(peers, name) for name in ("fixed", "mixed", "design", "counts")},
    "scaling": scaling,
    "stream": streamed,
    "engines": scanned,
    "shapes": shaped,
    "notebooks": chain,
    "workers": spread,
    "coverage": simulated,
}


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, flush=True)


def main() -> int:
    """Measure, write results.json, docs/benchmarks.md and its figure; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--full", action="store_true", help="with the peers that take minutes")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}")
    for name in asked.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder), asked.full)
    return page.write(results.load(), ROOT / "docs")


if __name__ == "__main__":
    sys.exit(main())

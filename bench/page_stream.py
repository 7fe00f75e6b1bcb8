"""What the page says of reading, cleaning and counting, and of what comes after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench import figure
from bench.measure import Found
from bench.stream import AFTER
from bench.words import seconds, short, table

COUNTED = ("read and clean", "cells")  # what the bar is set for
BAR = 3.0  # times decoding alone
FORMATS = {"parquet": "Parquet", "csv": "CSV"}


def streamed(found: dict[str, Found]) -> Iterator[str]:
    """Return how 01_clean and what comes after it grow with the respondents."""
    of = found.get("stream")
    if not of:
        return
    yield "## From files to the last notebook\n\n"
    yield (
        "Ten questions a respondent, in files of at most 25 million rows, every column checked "
        "(`bench/stream.py`). 01_clean reads them part by part and writes the rows, and what adds "
        "up: cells, domains, persons, patterns of answers, answers to the outcome, products within "
        f"a theme, and cross products by sampling unit (at most {of['groups']} units or groups of "
        "units a stratum). What follows is made of these, and opens no row. To read, clean and "
        "count is asked to take at most "
        f"{BAR:.0f} times as long as merely decoding the columns. A dash: not measured.\n\n"
    )
    yield _cleaned(of["rows"])
    yield "Processor seconds of each stage of 01_clean:\n\n"
    yield _staged([(FORMATS[form], row["n"], row[step]) for row in of["rows"]
                   for form, step in (("parquet", "clean"), ("csv", "csv_clean"))
                   if step in row])  # fmt: skip
    yield from _after(of["rows"])
    yield from _whole(of.get("whole", []))
    yield from _engines(found.get("engines", {}).get("rows", []))


def _cleaned(rows: Sequence[Found]) -> str:
    header = ("files", "respondents", "decoding alone, s", "read, clean and count, s", "ratio", "",
              "all of 01_clean, s", "its memory, MB")  # fmt: skip
    steps = {"parquet": ("decode_all", "clean"), "csv": ("csv_decode", "csv_clean")}
    lines = [
        _line(form, row, *(row[step] for step in own))
        for form, own in steps.items()
        for row in rows
        if own[0] in row
    ]
    return table(header, lines) + "\n"


def _line(form: str, row: Found, decoded: Found, clean: Found) -> tuple[str, ...]:
    counted = sum(clean["stages"][name] for name in COUNTED)
    times = counted / decoded["cpu"]
    # Where decoding takes no time, what is done once for a study is all there is.
    verdict = "" if decoded["cpu"] < 0.5 else "met" if times <= BAR else "missed"
    return (
        FORMATS[form], figure.spaced(row["n"]), seconds(decoded), short(counted), f"{times:.1f}×",
        verdict, seconds(clean), f"{clean['peak_mb']:.0f}",
    )  # fmt: skip


def _staged(rows: Sequence[tuple[str, int, Found]]) -> str:
    names = list(dict.fromkeys(name for _, _, step in rows for name in step["stages"]))
    lines = [
        (form, figure.spaced(n),
         *(short(step["stages"][name]) if name in step["stages"] else "-" for name in names))
        for form, n, step in rows
    ]  # fmt: skip
    return table(("files", "respondents", *names), lines) + "\n"


def _after(rows: Sequence[Found]) -> Iterator[str]:
    """Return what each notebook takes that follows, and the most memory of any."""
    yield (
        "Each notebook that follows, in a process of its own; the report and a brief (in English) "
        "with their claims looked up and their pages written:\n\n"
    )
    lines = [
        (figure.spaced(row["n"]), *(seconds(row[name]) for name in AFTER),
         f"{max(row[name]['peak_mb'] for name in AFTER):.0f}")
        for row in rows
    ]  # fmt: skip
    yield table(("respondents", *(f"{name}, s" for name in AFTER), "memory, MB"), lines) + "\n"


def _whole(rows: Sequence[Found]) -> Iterator[str]:
    """Return what `make report` took as one run."""
    if not rows:
        return
    yield (
        "`make report` as one run, from the raw files to the report and the briefs of all agencies "
        "in all their forms, by the clock:\n\n"
    )
    lines = [
        (FORMATS[row["form"]], figure.spaced(row["n"]), row["absent"], "", "")
        if "absent" in row
        else (FORMATS[row["form"]], figure.spaced(row["n"]), short(row["wall"]),
              f"{row['peak_mb']:.0f}", f"{row['largest_mb']:.0f}")
        for row in rows
    ]  # fmt: skip
    header = ("files", "respondents", "seconds", "memory of all its processes, MB",
              "of the largest, MB")  # fmt: skip
    yield table(header, lines) + "\n"


def _engines(rows: Sequence[Found]) -> Iterator[str]:
    """Return what other engines take for the same counts."""
    if not rows:
        return
    n = figure.spaced(rows[0]["n"])
    yield (
        "### Which engine\n\n"
        f"Answers and weights of {n} respondents by agency, year and question: one scan, one "
        "thread, nothing checked (`bench/engines.py`). betyg reads with pyarrow and counts by "
        "table; it checks every cell, and counts by activity and group too.\n\n"
    )
    lines: list[tuple[str, ...]] = [
        (FORMATS[row["form"]], row["engine"], row.get("version") or row["absent"],
         seconds(row), "-" if "absent" in row else f"{row['peak_mb']:.0f}")
        for row in rows
    ]  # fmt: skip
    yield table(("files", "engine", "version", "s", "memory, MB"), lines) + "\n"

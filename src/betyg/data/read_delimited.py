"""Read CSV and TSV files in any encoding, and say on which line one cannot be read."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from betyg.data import encodings
from betyg.data.codebook import normal
from betyg.data.raw_table import NO_ROWS, Part, RawFile
from betyg.data.settings import Source
from betyg.data.spool import Spool
from betyg.data.text_rows import Text, not_split
from betyg.errors import Problems

__all__ = ["read"]

DELIMITERS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
LINES = "\0lines"  # no column of a file has this name


def read(path: Path, source: Source, *, wanted: Set[str], problems: Problems) -> RawFile | None:
    """Read the wanted columns of a delimited text file.

    Parameters
    ----------
    path : Path
        The file.
    source : Source
        Its declaration: encoding, delimiter, rows to skip, spellings of an empty cell.
    wanted : set of str
        Columns to keep; those that the file lacks are left for the caller to report.
    problems : Problems
        Where everything that keeps the file from being read is noted.

    Returns
    -------
    RawFile or None
        None if a problem was noted. The file is read once; what the study uses of it is kept
        in memory or, if it is much, in a scratch file.
    """
    encoding = encodings.usable(path, source, problems)
    if encoding is None:
        return None
    before = len(problems)
    with path.open(encoding=encoding, newline="") as stream:
        for _ in range(source.skip_rows):
            stream.readline()
        header, lines = header_of(stream, source, wanted, problems)
        if len(problems) > before:
            return None
        text = Text(stream, source, width=len(header), line=source.skip_rows + lines)
        spool = kept(text.parts(used_columns(header, wanted), problems))
    text.report(problems)
    if not spool.rows and len(problems) == before:
        problems.add(source.file, "has a header and no rows.", NO_ROWS)
    if len(problems) > before:
        return None
    return RawFile(source=source, columns=tuple(header), batches=lambda _: unpacked(spool))


def header_of(
    stream: TextIO, source: Source, wanted: Set[str], problems: Problems
) -> tuple[list[str], int]:
    """Return the names of the columns, and how many lines they take."""
    reader = csv.reader(stream, delimiter=source.delimiter, strict=True)
    try:
        first = next(reader, [])
    except csv.Error as error:
        problems.add(*not_split(source, reader.line_num + source.skip_rows, error))
        return [], 0
    header = [normal(cell.lstrip("\ufeff")) for cell in first]
    if len(first) == 1 and len(wanted) > 1:
        report_delimiter(first[0], source, wanted, problems)
    check_header(header, source, wanted, problems)
    return header, reader.line_num


def kept(parts: Iterable[Part]) -> Spool:
    """Keep columns and lines of the parts of a file."""
    spool = Spool()
    for held, lines in parts:
        spool.append(pa.RecordBatch.from_pydict({**held, LINES: pa.array(lines)}))
    return spool


def unpacked(spool: Spool) -> Iterator[Part]:
    """Return columns and lines part by part."""
    for batch in spool:
        held = {name: batch.column(name) for name in batch.schema.names if name != LINES}
        yield held, batch.column(LINES).to_numpy()


def used_columns(header: Sequence[str], wanted: Set[str]) -> dict[str, int]:
    """Return the position of each wanted column, in the order of the file."""
    return {name: at for at, name in enumerate(header) if name in wanted}


def check_header(
    header: Sequence[str], source: Source, wanted: Set[str], problems: Problems
) -> None:
    """Note names that stand twice in the header."""
    for name, count in Counter(header).items():
        if count > 1 and name in wanted:
            problems.add(
                f"{source.file}, line {source.skip_rows + 1}",
                f"column '{name}' stands {count} times in the header.",
                "Ask for the file with distinct names; which one is meant cannot be known.",
            )


def report_delimiter(line: str, source: Source, wanted: Set[str], problems: Problems) -> None:
    """Note that the declared delimiter finds one column, and suggest the one that fits."""
    found = {
        mark: len(wanted & {normal(cell.strip('"')) for cell in line.split(mark)})
        for mark in DELIMITERS
    }
    best = max(found, key=lambda mark: (found[mark], line.count(mark)))
    shown = "\\t" if best == "\t" else best
    remedy = (
        f'Set delimiter = "{shown}" ({DELIMITERS[best]}) in its [[source]].'
        if best in line
        else "Look at its first line; skip_rows tells how many lines stand before the header."
    )
    name = DELIMITERS.get(source.delimiter, source.delimiter)
    problems.add(source.file, f"has one column when split at each {name}: '{line[:60]}'.", remedy)

"""Read CSV and TSV files in any encoding, and say on which line one cannot be read."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from betyg.data.codebook import normal
from betyg.data.raw_table import NO_ROWS, RawTable, gather, places
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["read"]

DELIMITERS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
# In the order of likelihood: the first that decodes the whole file is suggested.
ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp850", "latin-1")


def read(path: Path, source: Source, *, wanted: Set[str], problems: Problems) -> RawTable | None:
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
    RawTable or None
        None if a problem was noted.
    """
    data = path.read_bytes()
    encoding = usable_encoding(data, source, problems)
    if encoding is None:
        return None
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    for _ in range(source.skip_rows):
        stream.readline()
    reader = csv.reader(stream, delimiter=source.delimiter, strict=True)
    before = len(problems)
    try:
        first = next(reader, [])
        header = [normal(cell.lstrip("\ufeff")) for cell in first]
        if len(first) == 1 and len(wanted) > 1:
            report_delimiter(first[0], source, wanted, problems)
        check_header(header, source, wanted, problems)
        if len(problems) > before:
            return None
        rows = Rows(reader, width=len(header), skipped=source.skip_rows)
        frame, lines = gather(rows, used=used_columns(header, wanted), empty=source.empty)
    except csv.Error as error:
        line = reader.line_num + source.skip_rows
        problems.add(
            f"{source.file}, line {line}",
            f"cannot be split into cells ({error}).",
            "A quotation mark is probably not closed on this line or before it.",
        )
        return None
    rows.report(source, problems)
    if not len(lines) and not rows.ragged:
        problems.add(source.file, "has a header and no rows.", NO_ROWS)
    if len(problems) > before:
        return None
    return RawTable(source=source, columns=tuple(header), frame=frame, lines=lines)


class Rows:
    """The rows of a reader with their lines; blank ones are passed over, ragged ones noted."""

    def __init__(self, reader: Iterator[list[str]], *, width: int, skipped: int) -> None:
        self.reader = reader
        self.width = width
        self.skipped = skipped
        self.ragged: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[tuple[int, Sequence[str]]]:
        line = self.reader.line_num  # type: ignore[attr-defined]
        for cells in self.reader:
            start = line + 1 + self.skipped
            line = self.reader.line_num  # type: ignore[attr-defined]
            if len(cells) != self.width:
                if not any(cells):
                    continue
                if len(cells) < self.width or any(cells[self.width :]):
                    self.ragged.append((start, len(cells)))
                    continue
            elif not cells[0] and not any(cells):
                continue
            yield start, cells

    def report(self, source: Source, problems: Problems) -> None:
        """Note the rows whose number of cells is not that of the header."""
        if not self.ragged:
            return
        line, cells = self.ragged[0]
        problems.add(
            f"{source.file}, line {line}",
            f"has {cells} cells where the header has {self.width} "
            f"({places([at for at, _ in self.ragged])}).",
            "Look for a delimiter inside a text that is not in quotation marks, or for a "
            "line break in a cell.",
        )


def usable_encoding(data: bytes, source: Source, problems: Problems) -> str | None:
    """Return the encoding to decode with, or note why the declared one does not fit."""
    if not data.strip():
        problems.add(source.file, "is empty.", NO_ROWS)
        return None
    declared = codecs.lookup(source.encoding).name
    if data.startswith(codecs.BOM_UTF8) and declared == "utf-8":
        declared = "utf-8-sig"
    try:
        # As the stream will decode it: UTF-16 without its mark is refused.
        text = codecs.getincrementaldecoder(declared)().decode(data, True)
    except UnicodeError as error:
        report_undecodable(data, source, error, problems)
        return None
    if "\0" in text:
        report_nul(data, text, source, problems)
        return None
    if is_utf8_in_disguise(data, declared):
        problems.add(
            source.file,
            f"is declared as {source.encoding}, but every accented letter in it is written "
            "as UTF-8.",
            'Set encoding = "utf-8" in its [[source]].',
        )
        return None
    return declared


def is_utf8_in_disguise(data: bytes, declared: str) -> bool:
    """Tell whether a file declared in an 8-bit encoding is UTF-8.

    An 8-bit encoding decodes anything, so the mistake would pass and garble each name; text
    in an 8-bit encoding is practically never valid UTF-8 by chance.
    """
    if declared.startswith("utf") or data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def suggested_encoding(data: bytes) -> str:
    """Return the first likely encoding that decodes the whole file into printable text."""
    for encoding in ENCODINGS:
        if encoding == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return encoding
    return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"


def report_undecodable(
    data: bytes, source: Source, error: UnicodeError, problems: Problems
) -> None:
    """Note the bytes that the declared encoding cannot read, and an encoding that can."""
    better = suggested_encoding(data)
    where, what = source.file, f"cannot be decoded as {source.encoding}"
    if isinstance(error, UnicodeDecodeError):
        line = data.count(b"\n", 0, error.start) + 1
        where = f"{source.file}, line {line}"
        found = " ".join(f"{byte:02x}" for byte in data[error.start : error.end][:4])
        what = f"byte {found} at position {error.start} is not {source.encoding}"
        if not better.startswith("utf-16"):
            start = data.rfind(b"\n", 0, error.start) + 1
            shown = data[max(start, error.start - 30) : error.start + 30].decode(better)
            what += f"; as {better} it reads '{shown.splitlines()[0]}'"
    problems.add(where, f"{what}.", f'Set encoding = "{better}" in its [[source]].')


def report_nul(data: bytes, text: str, source: Source, problems: Problems) -> None:
    """Note NUL bytes: a file cut short on the disk, or UTF-16 declared as something else."""
    if len(data) % 2 == 0 and text.count("\0") > len(text) // 4:
        remedy = f'Set encoding = "{suggested_encoding(data)}" in its [[source]].'
    else:
        remedy = "The file was damaged on its way: copy it again from where it came."
    line = text.count("\n", 0, text.index("\0")) + 1
    problems.add(f"{source.file}, line {line}", "holds NUL bytes.", remedy)


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

"""Check that a file is text in its declared encoding; if not, say where and in which it is."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from betyg.data.raw_table import NO_ROWS
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["usable"]

# In the order of likelihood: the first that decodes the whole file is suggested.
ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp850", "latin-1")
BLOCK = 2**20
SIGNS = bytes(range(128))


def usable(path: Path, source: Source, problems: Problems) -> str | None:
    """Return the encoding to decode a file with, or note why the declared one does not fit."""
    declared = codecs.lookup(source.encoding).name
    with path.open("rb") as opened:
        if opened.read(3) == codecs.BOM_UTF8 and declared == "utf-8":
            declared = "utf-8-sig"
        opened.seek(0)
        sound = is_sound(opened, declared)
    if not sound:
        report(path.read_bytes(), declared, source, problems)
    return declared if sound else None


def is_sound(stream: BinaryIO, declared: str) -> bool:
    """Tell whether a file is text in its declared encoding, block by block.

    An 8-bit encoding decodes anything, so that a file in UTF-8 would pass and each name be
    garbled; text in an 8-bit encoding is practically never valid UTF-8 by chance.
    """
    own = codecs.getincrementaldecoder(declared)()
    other: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    if declared.startswith("utf"):
        other = None
    by_sign = _reads_ascii(declared)
    blank, ascii_only = True, True
    try:
        while block := stream.read(BLOCK):
            blank = blank and not block.strip()
            if by_sign and block.isascii() and not own.getstate()[0]:
                if b"\0" in block:
                    return False
                continue
            ascii_only = False
            if "\0" in own.decode(block):
                return False
            other = _still(other, block)
        own.decode(b"", True)
    except UnicodeError:
        return False
    return not blank and (ascii_only or other is None or bool(other.getstate()[0]))


def _reads_ascii(encoding: str) -> bool:
    try:
        return SIGNS.decode(encoding) == SIGNS.decode("ascii")
    except UnicodeError:
        return False


def _still(
    decoder: codecs.IncrementalDecoder | None, block: bytes
) -> codecs.IncrementalDecoder | None:
    """Return the decoder as long as it can read what comes."""
    try:
        if decoder is not None:
            decoder.decode(block)
    except UnicodeDecodeError:
        return None
    return decoder


def report(data: bytes, declared: str, source: Source, problems: Problems) -> None:
    """Note why a file is no text in its declared encoding."""
    if not data.strip():
        problems.add(source.file, "is empty.", NO_ROWS)
        return
    try:
        # As the stream will decode it: UTF-16 without its mark is refused.
        text = codecs.getincrementaldecoder(declared)().decode(data, True)
    except UnicodeError as error:
        report_undecodable(data, source, error, problems)
        return
    if "\0" in text:
        report_nul(data, text, source, problems)
    else:
        problems.add(
            source.file,
            f"is declared as {source.encoding}, but every accented letter in it is written "
            "as UTF-8.",
            'Set encoding = "utf-8" in its [[source]].',
        )


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

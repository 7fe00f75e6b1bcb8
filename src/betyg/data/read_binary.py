"""Read SPSS, Stata and Parquet files, with the labels and missing codes that they carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from betyg.data.codebook import normal
from betyg.data.columns import spelled
from betyg.data.raw_table import NO_ROWS, ROWS, Part, RawFile
from betyg.data.remote import Remote, RemoteError
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["read"]

NAMES = {"spss": "SPSS", "stata": "Stata", "parquet": "Parquet"}
DAMAGED = (pyreadstat.ReadstatError, pa.ArrowException, OSError, UnicodeDecodeError)
STATA_MISSING = re.compile("[a-z]")


def read(
    path: Path | Remote, source: Source, *, wanted: Set[str], problems: Problems
) -> RawFile | None:
    """Read the wanted columns of an SPSS, Stata or Parquet file.

    Parameters
    ----------
    path : Path or Remote
        The file; only one of Parquet may lie elsewhere.
    source : Source
        Its declaration.
    wanted : set of str
        Columns to keep; those that the file lacks are left for the caller to report.
    problems : Problems
        Where it is noted that the file is damaged or has no rows.

    Returns
    -------
    RawFile or None
        None if a problem was noted. A Parquet file is read when its parts are asked for, and
        may prove damaged only then: a ``DataError``.
    """
    try:
        if isinstance(path, Remote) or source.format == "parquet":
            return _parquet(path, source, wanted, problems)
        return _statistical(path, source, wanted, problems)
    except DAMAGED as error:
        problems.add(*_unreadable(source, error))
        return None


def _unreadable(source: Source, error: Exception) -> tuple[str, str, str]:
    if isinstance(error, RemoteError):
        return (source.file, str(error), "")
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        source.file,
        f"cannot be read as {NAMES[source.format]} ({said}).",
        "It was probably cut short on its way: copy it again from where it came; "
        f"if it is no {NAMES[source.format]} file, state its `format`.",
    )


def _parquet(
    path: Path | Remote, source: Source, wanted: Set[str], problems: Problems
) -> RawFile | None:
    file = _opened(path)
    named = {normal(name): name for name in file.schema_arrow.names}
    used = {name: as_written for name, as_written in named.items() if name in wanted}
    if not file.metadata.num_rows:
        problems.add(source.file, "has no rows.", NO_ROWS)
        return None

    rows = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
    whole = _Batches(path=path, source=source, used=used, groups=range(len(rows)))
    return RawFile(
        source=source,
        columns=tuple(named),
        batches=whole,
        line_word="case",
        pieces=partial(whole.cut, rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batches:
    """Reads some row groups of a Parquet file that follow each other."""

    path: Path | Remote
    source: Source
    used: Mapping[str, str]  # names as written in the file, by their plain names
    groups: range
    first: int = 1  # case of their first row

    def __call__(self, only: Set[str] | None) -> Iterator[Part]:
        first = self.first
        chosen = {name: self.used[name] for name in self.used if only is None or name in only}
        try:
            for batch in _opened(self.path).iter_batches(
                ROWS, row_groups=self.groups, columns=list(chosen.values()), use_threads=False
            ):
                held = {name: batch.column(as_written) for name, as_written in chosen.items()}
                yield held, np.arange(first, first + len(batch), dtype=np.int32)
                first += len(batch)
            if isinstance(self.path, Remote):
                self.path.checked()  # else its rows are of two versions
        except (*DAMAGED, RemoteError) as error:
            found = Problems()
            found.add(*_unreadable(self.source, error))
            found.raise_if_any(heading=str(_folder(self.path)))

    def cut(self, rows: Sequence[int], wanted: int) -> list[_Batches]:
        """Return row groups of together about ``wanted`` rows, given the rows of each group."""
        found: list[_Batches] = []
        begin, first, n = 0, 1, 0
        for at, own in enumerate(rows, start=1):
            n += own
            if n >= wanted or at == len(rows):
                found.append(replace(self, groups=range(begin, at), first=first))
                begin, first, n = at, first + n, 0
        return found


def _folder(path: Path | Remote) -> Path:
    return path.folder if isinstance(path, Remote) else path.parent


def _opened(path: Path | Remote) -> pq.ParquetFile:
    if isinstance(path, Remote):
        return pq.ParquetFile(path.open(), pre_buffer=True)
    return pq.ParquetFile(path)


def _statistical(
    path: Path, source: Source, wanted: Set[str], problems: Problems
) -> RawFile | None:
    read_file = pyreadstat.read_sav if source.format == "spss" else pyreadstat.read_dta
    # The declared encoding counts only where it is not the default: these files name their own.
    encoding = None if source.encoding.replace("-", "").lower() == "utf8" else source.encoding
    _, about = read_file(path, metadataonly=True, encoding=encoding)
    columns = tuple(normal(name) for name in about.column_names)
    used = [name for name in about.column_names if normal(name) in wanted]
    frame, meta = read_file(
        path, usecols=used or about.column_names[:1], user_missing=True, encoding=encoding
    )
    if about.number_rows is not None and len(frame) != about.number_rows:
        raise OSError(f"{len(frame)} of {about.number_rows} cases are there")
    if source.format == "stata":
        frame = frame.assign(**{name: _dotted(frame[name]) for name in used})
    labels = {
        normal(name): {spelled(code): normal(str(text)) for code, text in given.items()}
        for name, given in meta.variable_value_labels.items()
    }
    missing = {
        normal(name): _declared(ranges, frame[name])
        for name, ranges in meta.missing_ranges.items()
        if name in frame
    }
    if frame.empty:
        problems.add(source.file, "has no rows.", NO_ROWS)
        return None
    held = {normal(str(name)): _array(frame[name]) for name in used}
    lines = np.arange(1, len(frame) + 1, dtype=np.int32)
    return RawFile(
        source=source,
        columns=columns,
        batches=lambda _: [(held, lines)],
        line_word="case",
        labels=labels,
        missing=missing,
    )


def _array(column: pd.Series) -> pa.Array:
    """Return a column as read; one of several kinds of values as the texts that they spell."""
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([spelled(value) for value in column], pa.string())


def _dotted(column: pd.Series) -> pd.Series:
    """Spell Stata's extended missing values as Stata prints them: ``.a``."""
    if column.dtype != object:
        return column
    return column.map(
        lambda value: (
            f".{value}" if isinstance(value, str) and STATA_MISSING.fullmatch(value) else value
        )
    )


def _declared(ranges: Iterable[Any], column: pd.Series) -> frozenset[str]:
    """Return the values of a column that the file declares missing."""
    distinct = column.dropna().unique()
    return frozenset(
        spelled(value)
        for value in distinct
        for bounds in ranges
        if isinstance(value, str) == isinstance(bounds["lo"], str)
        and bounds["lo"] <= value <= bounds["hi"]
    )

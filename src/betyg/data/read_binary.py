"""Read SPSS, Stata and Parquet files, with the labels and missing codes that they carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from betyg.data.codebook import normal
from betyg.data.raw_table import NO_ROWS, RawTable, categorical, spelled
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["read"]

NAMES = {"spss": "SPSS", "stata": "Stata", "parquet": "Parquet"}
STATA_MISSING = re.compile("[a-z]")


def read(path: Path, source: Source, *, wanted: Set[str], problems: Problems) -> RawTable | None:
    """Read the wanted columns of an SPSS, Stata or Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    source : Source
        Its declaration.
    wanted : set of str
        Columns to keep; those that the file lacks are left for the caller to report.
    problems : Problems
        Where it is noted that the file is damaged or has no rows.

    Returns
    -------
    RawTable or None
        None if a problem was noted.
    """
    try:
        if source.format == "parquet":
            table = _parquet(path, source, wanted)
        else:
            table = _statistical(path, source, wanted)
    except (pyreadstat.ReadstatError, pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        problems.add(
            source.file,
            f"cannot be read as {NAMES[source.format]} ({said}).",
            "It was probably cut short on its way: copy it again from where it came; "
            f"if it is no {NAMES[source.format]} file, state its `format`.",
        )
        return None
    if table is not None and not len(table.lines):
        problems.add(source.file, "has no rows.", NO_ROWS)
        return None
    return table


def _parquet(path: Path, source: Source, wanted: Set[str]) -> RawTable:
    file = pq.ParquetFile(path)
    columns = tuple(normal(name) for name in file.schema_arrow.names)
    used = [name for name in file.schema_arrow.names if normal(name) in wanted]
    frame = file.read(columns=used).to_pandas()
    return _table(frame, source, columns=columns)


def _statistical(path: Path, source: Source, wanted: Set[str]) -> RawTable:
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
    return _table(frame[used], source, columns=columns, labels=labels, missing=missing)


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


def _table(
    frame: pd.DataFrame,
    source: Source,
    *,
    columns: Sequence[str],
    labels: Mapping[str, Mapping[str, str]] | None = None,
    missing: Mapping[str, frozenset[str]] | None = None,
) -> RawTable:
    held: dict[str, pd.Categorical] = {}
    for name in frame.columns:
        codes, values = pd.factorize(frame[name], use_na_sentinel=True)
        held[normal(str(name))] = categorical(codes, list(values), empty=source.empty)
    return RawTable(
        source=source,
        columns=tuple(columns),
        frame=pd.DataFrame(held, index=pd.RangeIndex(len(frame))),
        lines=np.arange(1, len(frame) + 1, dtype=np.int32),
        line_word="case",
        labels=labels or {},
        missing=missing or {},
    )

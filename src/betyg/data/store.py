"""Keep tables as Parquet: the same table gives the same bytes, and none is half-written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from betyg.errors import DataError

__all__ = ["Stored", "read", "rows", "rows_of", "write"]

WORDS = 2**16  # bytes of a dictionary
GROUP = 2**20  # rows that are packed together: what is written, and read, at a time


def write(frame: pd.DataFrame | Iterable[pd.DataFrame], name: str, folder: str | Path) -> None:
    """Write a table as ``<folder>/<name>.parquet``.

    The table is written under a temporary name and moved when it is whole, so that whoever
    reads sees the old table or the new one, never a part.

    Parameters
    ----------
    frame : DataFrame, or iterable of DataFrame
        The table, whole or in parts that have the same columns and categories; an index is
        not kept.
    name : str
        The table's name, e.g. ``cells``.
    folder : str or Path
        Made if it is not there.
    """
    target = Path(folder) / f"{name}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    attempt = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _write([frame] if isinstance(frame, pd.DataFrame) else frame, attempt)
        attempt.replace(target)
    finally:
        attempt.unlink(missing_ok=True)


def _write(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write parts as one table: it has the same bytes however it was cut."""
    with contextlib.ExitStack() as opened:
        writer: pq.ParquetWriter | None = None
        for group in _groups(parts):
            if writer is None:
                # Nobody skips rows by their values, and statistics cost a third of the writing.
                # Identifiers have no words in common: their dictionary is given up early. LZ4 takes
                # a fifth more room than Zstandard, and half the time of what reads a table.
                writer = pq.ParquetWriter(
                    path, group.schema, compression="lz4", write_statistics=False,
                    dictionary_pagesize_limit=WORDS,
                )  # fmt: skip
                opened.enter_context(writer)
            writer.write_table(group, row_group_size=GROUP)


def _groups(parts: Iterable[pd.DataFrame]) -> Iterator[pa.Table]:
    """Return the rows in tables of ``GROUP`` rows; the last has what is left."""
    schema: pa.Schema | None = None
    held: list[pa.Table] = []
    for part in parts:
        held.append(pa.Table.from_pandas(part, schema=schema, preserve_index=False))
        schema = held[0].schema
        while sum(map(len, held)) > GROUP:
            together = pa.concat_tables(held)
            yield together[:GROUP].combine_chunks()
            held = [together[GROUP:]]
    yield pa.concat_tables(held).combine_chunks()


def read(
    name: str,
    folder: str | Path,
    *,
    columns: Collection[str] | None = None,
    agency: Collection[str] | None = None,
) -> pd.DataFrame:
    """Read the table ``<folder>/<name>.parquet``, or a part of it.

    Parameters
    ----------
    columns : collection of str, optional
        The columns that are wanted, if the table has them.
    agency : collection of str, optional
        The agencies whose rows are wanted, if the table has such a column.

    Raises
    ------
    DataError
        If it is not there, or is not a whole table.
    """
    path = Path(folder) / f"{name}.parquet"
    try:
        with pq.ParquetFile(path, pre_buffer=False) as stored:
            there = stored.schema_arrow.names
            wanted = [column for column in there if columns is None or column in columns]
            those = agency if agency and "agency" in there else ()
            table = stored.read(list(dict.fromkeys([*wanted, *(["agency"] if those else [])])))
        if those:
            table = table.filter(pc.field("agency").isin(list(those))).select(wanted)
        frame: pd.DataFrame = table.to_pandas()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: table '{name}' has not been made. `make report` runs the notebook that "
            "writes it; in Jupyter, run the notebooks before this one first."
        ) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path}: table '{name}' cannot be read ({str(error).splitlines()[0]}). "
            "Delete the file and run `make report`, which makes it again."
        ) from error
    return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A table of which nothing is read until somebody needs some of its columns."""

    name: str
    folder: str | Path

    def read(self, columns: Collection[str] | None = None) -> pd.DataFrame:
        """Read the table, or those of ``columns`` that it has; raises as ``read`` does."""
        return read(self.name, self.folder, columns=columns)


def rows(name: str, folder: str | Path) -> Stored:
    """Return the table ``<folder>/<name>.parquet``, of which nothing is read yet."""
    return Stored(name=name, folder=folder)


def rows_of(table: pd.DataFrame | Stored, columns: Collection[str] | None = None) -> pd.DataFrame:
    """Return a table that is in memory, or read what is needed of one that is not."""
    return table.read(columns) if isinstance(table, Stored) else table

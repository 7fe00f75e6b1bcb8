"""Rows of cells, as Python's own readers give them, in columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from betyg.data.raw_table import Part

__all__ = ["gather"]

BATCH = 2_000  # rows held as Python lists at a time: more would slow the garbage collector
GATHERED = 50_000


def gather(rows: Iterable[tuple[int, Sequence[str]]], *, used: Mapping[str, int]) -> Iterator[Part]:
    """Collect rows of text in columns, some rows at a time.

    Parameters
    ----------
    rows : iterable of (line, cells)
        Each row at least as wide as the largest position in ``used``.
    used : mapping of column to position
        The columns to keep.
    """
    stream = iter(rows)
    while lines := _part(itertools.islice(stream, GATHERED), used, chunks := _chunks(used)):
        held = {
            column: pa.chunked_array(of_column, pa.string()).combine_chunks().dictionary_encode()
            for column, of_column in chunks.items()
        }
        yield held, np.array(lines, dtype=np.int32)


def _chunks(used: Mapping[str, int]) -> dict[str, list[pa.Array]]:
    return {column: [] for column in used}


def _part(
    stream: Iterator[tuple[int, Sequence[str]]],
    used: Mapping[str, int],
    chunks: dict[str, list[pa.Array]],
) -> list[int]:
    """Add the columns of all rows of the stream to ``chunks``, and return their lines."""
    lines: list[int] = []
    while batch := list(itertools.islice(stream, BATCH)):
        lines.extend(line for line, _ in batch)
        for column, at in used.items():
            chunks[column].append(pa.array([cells[at] for _, cells in batch], pa.string()))
    return lines

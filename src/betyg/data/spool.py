"""Record batches kept for a second look: few in memory, many in a scratch file."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

__all__ = ["Spool"]

IN_MEMORY = 64 * 2**20  # bytes; what comes after them lies in the scratch file


class Spool:
    """Batches in their order, to be gone through as often as wanted.

    The scratch file has no name and is gone with the object.
    """

    def __init__(self) -> None:
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0
        self.rows = 0
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int]] = []

    def append(self, batch: pa.RecordBatch) -> None:
        """Keep one more batch; its columns need not be those of the others."""
        self.rows += len(batch)
        if self._file is None and self._bytes + batch.nbytes <= IN_MEMORY:
            self._held.append(batch)
            self._bytes += batch.nbytes
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the spool
            weakref.finalize(self, self._file.close)
        start = self._file.seek(0, 2)
        with pa.ipc.new_stream(self._file, batch.schema) as stream:
            stream.write_batch(batch)
        self._places.append((start, self._file.tell() - start))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        yield from self._held
        for start, size in self._places:
            if self._file is not None:
                self._file.seek(start)
                yield pa.ipc.open_stream(self._file.read(size)).read_next_batch()

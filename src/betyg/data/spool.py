"""Record batches kept for a second look: few in memory, many in a scratch file."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Spool", "batch_of", "lines_of"]

IN_MEMORY = 64 * 2**20  # bytes of all spools of a process; the rest lies in scratch files
_held = 0  # bytes that they hold now
_lock = threading.Lock()


class Spool:
    """Batches in their order, to be gone through as often as wanted.

    The scratch file has no name and is gone with the object. A copy in another process has all
    batches of its own.
    """

    def __init__(self) -> None:
        self._held: list[pa.RecordBatch] = []
        self.rows = 0
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int]] = []

    def append(self, batch: pa.RecordBatch) -> None:
        """Keep one more batch; its columns need not be those of the others."""
        self.rows += len(batch)
        if self._file is None and _claim(batch.nbytes):
            self._held.append(batch)
            weakref.finalize(self, _claim, -batch.nbytes)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the spool
            weakref.finalize(self, self._file.close)
        start = self._file.seek(0, 2)
        with pa.ipc.new_stream(self._file, batch.schema) as stream:
            stream.write_batch(batch)
        self._file.flush()
        self._places.append((start, self._file.tell() - start))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        yield from self._held
        for start, size in self._places:
            if self._file is not None:
                yield pa.ipc.open_stream(_read(self._file, start, size)).read_next_batch()

    def __reduce__(self) -> tuple[Callable[[list[pa.RecordBatch]], Spool], tuple[object]]:
        """Return of what a copy is made: all batches."""
        return _of, (list(self),)


def batch_of(
    columns: Mapping[str, object], lines: NDArray[np.int32], *, source: int = 0
) -> pa.RecordBatch:
    """Return rows of a source as a batch; of lines that follow each other it holds the first."""
    about = {"source": str(source)}
    if len(lines) and int(lines[-1]) - int(lines[0]) + 1 == len(lines):
        about["first"] = str(lines[0])
    else:
        columns = {**columns, "lines": lines}
    return pa.RecordBatch.from_pydict(columns).replace_schema_metadata(about)


def lines_of(batch: pa.RecordBatch) -> NDArray[np.int32]:
    """Return the lines of the rows of such a batch."""
    if "lines" in batch.schema.names:
        found: NDArray[np.int32] = batch.column("lines").to_numpy()
        return found
    first = int(batch.schema.metadata[b"first"])
    return np.arange(first, first + len(batch), dtype=np.int32)


def _claim(size: int) -> bool:
    """Take a share of the memory, or give it back; False where there is not enough."""
    global _held
    with _lock:
        if size > 0 and _held + size > IN_MEMORY:
            return False
        _held += size
        return True


def _of(batches: list[pa.RecordBatch]) -> Spool:
    spool = Spool()
    for batch in batches:
        spool.append(batch)
    return spool


def _read(file: IO[bytes], start: int, size: int) -> bytes:
    """Read some bytes; others may be reading elsewhere in the file at the same time."""
    parts: list[bytes] = []
    while size > 0:
        parts.append(os.pread(file.fileno(), size, start))
        start, size = start + len(parts[-1]), size - len(parts[-1])
    return b"".join(parts)

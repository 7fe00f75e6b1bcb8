"""An executed notebook, read once for all that is made of it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat

from betyg.errors import DataError

__all__ = ["cells"]


def cells(notebook: Path) -> list[Any]:
    """Return the cells of an executed notebook, which nobody may change.

    Raises
    ------
    DataError
        If the file is not there, or is no notebook.
    """
    try:
        status = notebook.stat()
        return _cells(notebook, (status.st_mtime_ns, status.st_size, status.st_ino))
    except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise DataError(
            f"{notebook}: cannot be read as an executed notebook ({error}). Run it again with make."
        ) from error


@lru_cache(maxsize=1)
def _cells(notebook: Path, as_of: tuple[int, ...]) -> list[Any]:
    del as_of
    read = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    return list(read.cells)

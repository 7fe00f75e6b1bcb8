"""Files that are written whole or not at all, the same bytes every time."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file under a name that nobody reads, then give it its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def parts(archive: bytes) -> dict[str, bytes]:
    """Return the files of a zip archive, such as a document or a workbook, in its order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive without the time of day and the platform on which it was made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # its date is 1 January 1980 unless one is given
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            opened.writestr(entry, content)
    return buffer.getvalue()

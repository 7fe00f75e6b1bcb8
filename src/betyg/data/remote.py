"""A raw file that lies elsewhere than in the study's folder: on object storage, on a web server.

What fsspec knows is read through fsspec (s3://, gs://, abfs://, file://, ...), https:// by Python
itself. Only what is needed is fetched: of a Parquet file some columns of some row groups.
"""

from __future__ import annotations

import datetime as dt
import errno
import io
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from betyg.data.web import Web
from betyg.errors import DataError, did_you_mean

__all__ = ["WEB", "Remote", "RemoteError", "is_chain", "is_remote", "scheme", "suffix"]

WEB = ("http", "https")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # what a disk here says when it takes no more
WRONG = (TypeError, ValueError, AttributeError)  # what settings that are none end in
BUFFER = 2**20  # bytes that are fetched where fewer are asked for
TAGS = (  # by which kinds of storage tell one version of a file from another, the surest first
    "ETag", "etag", "md5Hash", "generation", "sha", "checksum", "LastModified", "last_modified",
    "mtime", "modified", "modificationTime", "modify", "updated", "created",
)  # fmt: skip
ONLINE = (
    "Is this machine online, and is the address right? Otherwise put a copy of the file into the "
    "study's folder, and name that."
)
RIGHTS = (
    "Give this machine, and each worker, the right to read it: keys come from the environment or "
    "the storage's own configuration, never from study.toml."
)
ADDRESS = "Correct the address in its [[source]]."


class RemoteError(DataError):
    """A file that lies elsewhere cannot be read, or is another than the one that was accepted."""


class _Place(Protocol):
    """Where files lie: what can be asked of it about one file."""

    def info(self) -> Mapping[str, Any]:
        """Return the file's ``size`` and what else is told of it."""
        ...

    def fetch(self, start: int, end: int) -> bytes:
        """Return some bytes of the file."""
        ...

    def copy(self, target: Path) -> None:
        """Write the whole file to a file here."""
        ...


def is_remote(file: str) -> bool:
    """Say whether the file of a source is a URL."""
    return "://" in file


def is_chain(file: str) -> bool:
    """Say whether a source goes through several storages: ``filecache::s3://bucket/a.csv``."""
    return is_remote(file) and "::" in file and scheme(file) not in WEB


def scheme(url: str) -> str:
    """Return what stands before ``://``."""
    return url.partition("://")[0].casefold()


def suffix(file: str) -> str:
    """Return the ending of a file's name, also where it is a URL that asks for something."""
    place = file.partition("://")[2].partition("?")[0] if is_remote(file) else file
    return PurePosixPath(place).suffix.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file that lies elsewhere.

    Attributes
    ----------
    url : str
        Its address.
    storage : mapping
        Settings of the storage, without secrets.
    version : str
        The version that is meant; empty for any.
    folder : Path
        The study's folder, named in errors.
    """

    url: str
    storage: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    folder: Path = Path()

    def now(self) -> str:
        """Return the version that is there: its size, and what the storage tells it by.

        Raises
        ------
        RemoteError
            If it cannot be reached, or if nothing tells one version from another.
        """
        return self._info()[1]

    def checked(self) -> int:
        """Return its size, if the version that is meant is there.

        Raises
        ------
        RemoteError
            If another is, or none.
        """
        size, now = self._info()
        if self.version not in ("", now):
            raise RemoteError(
                f"has changed since `make sums`: then {self.version}, now {now}. If the file is "
                f"right, `make sums STUDY={self.folder.name}` accepts it."
            )
        return size

    def open(self) -> BinaryIO:
        """Open it for reading here and there; each look at it fetches what is looked at."""
        size = self.checked()
        return io.BufferedReader(_Reader(self._place(), size), BUFFER)

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Yield a copy, which is there for a while: for what is read from the first row on."""
        size = self.checked()
        with tempfile.TemporaryDirectory(prefix="betyg-") as folder:
            target = Path(folder, f"copy{suffix(self.url)}")
            with _told(), _room(size):
                self._place().copy(target)
            self.checked()
            if target.stat().st_size != size:
                raise RemoteError(_cut_off(target.stat().st_size, size))
            yield target

    def _info(self) -> tuple[int, str]:
        with _told():
            info = self._place().info()
        tag = next((info[name] for name in TAGS if info.get(name)), None)
        lacks = {"size": info.get("size") is None, "version or time of change": tag is None}
        if any(lacks.values()):
            raise RemoteError(
                f"tells no {', and no '.join(what for what in lacks if lacks[what])}, so that a "
                "changed file would not be seen. Put a copy of the file into the study's folder, "
                "and name that."
            )
        told = tag.isoformat() if isinstance(tag, dt.datetime) else str(tag).strip('"')
        return int(info["size"]), f"{info['size']} bytes, {told}"

    def _place(self) -> _Place:
        if scheme(self.url) in WEB:
            return Web(self.url)
        return _Storage(self.url, self.storage)


class _Storage:
    """A file of any storage that fsspec knows."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise RemoteError(
                "is read by the Python package fsspec, which is not installed. "
                f"`{sys.executable} -m pip install 'betyg[remote]'` installs it."
            ) from error
        known = fsspec.available_protocols()
        if scheme(url) not in known:
            hint = did_you_mean(scheme(url), known)
            raise RemoteError(f"{scheme(url)}:// is no storage that fsspec knows. {hint}")
        try:
            self._files, self._path = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            raise _not_installed(scheme(url), error) from error
        except WRONG as error:
            raise RemoteError(_does_not_take(url, options, error)) from error
        self._url, self._options = url, options

    def info(self) -> Mapping[str, Any]:
        self._files.invalidate_cache()
        try:  # some look at their settings only now
            found: Mapping[str, Any] = self._files.info(self._path)
        except WRONG as error:
            raise RemoteError(_does_not_take(self._url, self._options, error)) from error
        if found.get("type") == "directory":
            raise RemoteError("is a folder. Name a file; one [[source]] for each.")
        return found

    def fetch(self, start: int, end: int) -> bytes:
        return bytes(self._files.cat_file(self._path, start=start, end=end))

    def copy(self, target: Path) -> None:
        self._files.get_file(self._path, str(target))


def _does_not_take(url: str, options: Mapping[str, Any], error: Exception) -> str:
    said = f"{scheme(url)}:// does not take"
    if options:
        return f"{said} these settings ({_first_line(error)}). Look at `storage` in its [[source]]."
    return f"{said} this address without settings ({_first_line(error)}). {ADDRESS}"


def _not_installed(kind: str, error: ImportError) -> RemoteError:
    """Return what is said where the package for a kind of storage is missing."""
    import fsspec
    from fsspec.registry import known_implementations

    named = str(known_implementations[kind]["class"]).partition(".")[0]
    if named == "fsspec":
        return RemoteError(f"{kind}:// cannot be read here. {error}.")
    return RemoteError(
        f"{kind}:// is read by the Python package {named}, which is not installed. "
        f"`{sys.executable} -m pip install {named} fsspec=={fsspec.__version__}` installs it; "
        "workers of a cluster need it, too."
    )


class _Reader(io.RawIOBase):
    """Reads any part of a file that lies elsewhere."""

    def __init__(self, place: _Place, size: int) -> None:
        self._place, self._size, self._at = place, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        with _told():
            found = self._place.fetch(self._at, end)
        if len(found) != end - self._at:
            raise RemoteError(_cut_off(len(found), end - self._at))
        buffer[: len(found)] = found
        self._at = end
        return len(found)


def _cut_off(found: int, wanted: int) -> str:
    return f"was cut off on its way: {found} of {wanted} bytes came. Run the same command again."


@contextmanager
def _room(size: int) -> Iterator[None]:
    """Say of an error in writing a copy that it is none of the storage."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise RemoteError(
            f"finds no room in {tempfile.gettempdir()} for a copy of {size} bytes "
            f"({error.strerror}). Make room, or set TMPDIR to a folder that has it."
        ) from error


@contextmanager
def _told() -> Iterator[None]:
    """Say of any error of a storage what it means and how to mend it."""
    try:
        yield
    except RemoteError:
        raise
    except FileNotFoundError as error:
        raise RemoteError(f"is not there. {ADDRESS}") from error
    except PermissionError as error:
        raise RemoteError(f"may not be read ({_first_line(error)}). {RIGHTS}") from error
    except Exception as error:  # noqa: BLE001  each storage has errors of its own
        raise RemoteError(f"cannot be reached ({_first_line(error)}). {ONLINE}") from error


def _first_line(error: Exception) -> str:
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__

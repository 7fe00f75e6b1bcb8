"""A file on a web server, of which parts can be asked for."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

__all__ = ["Web"]

PATIENCE = 60  # seconds for a server to answer
BLOCK = 2**22
NO_HEAD = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class Web:
    """A file that a web server hands out, its errors as those of files."""

    def __init__(self, url: str) -> None:
        self._url = url

    def info(self) -> Mapping[str, Any]:
        """Return ``size`` and, where the server tells them, ``ETag`` and ``LastModified``."""
        try:
            with self._asked("HEAD") as answer:
                told = answer.headers
        except urllib.error.HTTPError as error:
            if error.code not in NO_HEAD:
                raise
            with self._asked("GET") as answer:
                told = answer.headers
        size = told.get("Content-Length")
        return {
            "size": None if size is None else int(size),
            "ETag": told.get("ETag"),
            "LastModified": told.get("Last-Modified"),
        }

    def fetch(self, start: int, end: int) -> bytes:
        """Return some bytes of the file."""
        with self._asked("GET", Range=f"bytes={start}-{end - 1}") as answer:
            if answer.status != HTTPStatus.PARTIAL_CONTENT:
                raise OSError(
                    "this server hands out whole files only, and of Parquet parts are needed"
                )
            return bytes(answer.read())

    def copy(self, target: Path) -> None:
        """Write the whole file to a file here."""
        with self._asked("GET") as answer, target.open("wb") as opened:
            shutil.copyfileobj(answer, opened, BLOCK)

    def _asked(self, method: str, **headers: str) -> Any:
        sent = {"Accept-Encoding": "identity", "User-Agent": "betyg", **headers}
        request = urllib.request.Request(self._url, method=method, headers=sent)
        try:
            return urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise FileNotFoundError(str(error)) from error
            if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise PermissionError(str(error)) from error
            raise

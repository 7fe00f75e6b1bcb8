"""A web server on this machine's own address, which hands out files and parts of them."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Served:
    """What a server hands out, and how it was asked for it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.has_parts = self.has_versions = self.has_head = True
        self.has_size = True
        self.asked: list[tuple[str, str, int]] = []
        self.address = ""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


class _Server(ThreadingHTTPServer):
    served: Served


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:  # noqa: N802
        self._answer(with_body=False)

    def do_GET(self) -> None:  # noqa: N802
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        served, name = self.server.served, self.path.partition("?")[0].lstrip("/")
        held = served.files.get(name, b"")
        status = served.status.get(name, 200 if name in served.files else 404)
        status = 405 if status == 200 and not with_body and not served.has_head else status
        if status != 200:
            served.asked.append((self.command, self.path, 0))
            self.send_error(status)
            return
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if part and served.has_parts:
            self._send(206, held[int(part[1]) : int(part[2]) + 1], held, with_body=with_body)
        else:
            self._send(200, held, held, with_body=with_body)

    def _send(self, status: int, body: bytes, whole: bytes, *, with_body: bool) -> None:
        self.server.served.asked.append((self.command, self.path, len(body) * with_body))
        self.send_response(status)
        if self.server.served.has_size:
            self.send_header("Content-Length", str(len(body)))
        if self.server.served.has_versions:
            self.send_header("ETag", f'"{hashlib.sha256(whole).hexdigest()[:12]}"')
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Served]:
    """Yield what is served until the end, at a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.served = Served()
    server.served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def moved_to(web: Served, study: Path) -> str:
    """Move the raw file of a study to the web server, and return its address."""
    file, toml = study / "answers.csv", study / "study.toml"
    web.files[file.name] = file.read_bytes()
    url = web.url(file.name)
    toml.write_text(toml.read_text().replace(f'file = "{file.name}"', f'file = "{url}"'))
    for one in (file, study / "SHA256SUMS"):
        one.unlink()
    return url

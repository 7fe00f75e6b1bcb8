"""Keeps secrets out of study.toml, which everybody may read and which is kept in git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

__all__ = ["refused"]

SECRET = re.compile(
    r"secret|passw|pwd$|token|credential|signature|private|connection_?string|authori[sz]ation"
    r"|cookie|(^|_|-)(key|sas|sig|auth)$|accesskey",
    re.IGNORECASE,
)
OPEN = ("anon", "cloud", "google_default")  # ways to log in that give nothing away
REMEDY = (
    "Whoever reads study.toml would have it. Leave it out: keys come from the environment or the "
    "storage's own configuration."
)


def refused(given: object) -> str:
    """Return why a URL, or the settings of a storage, give something secret away; or nothing."""
    return next((f"{what}. {REMEDY}" for what in _secrets(given)), "")


def _secrets(given: object) -> Iterator[str]:
    if isinstance(given, Mapping):
        for name, value in given.items():
            if SECRET.search(str(name)) and value not in OPEN:
                yield f"'{name}' is a secret"
            yield from _secrets(value)
    elif isinstance(given, list | tuple):
        for value in given:
            yield from _secrets(value)
    elif isinstance(given, str) and "://" in given:
        yield from _in_url(given)


def _in_url(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.password:
        yield "the address holds a password"
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if SECRET.search(name):
            yield f"the address holds a secret, '{name}'"

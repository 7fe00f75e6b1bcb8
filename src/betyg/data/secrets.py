"""Keeps secrets out of study.toml, which everybody may read and which is kept in git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

__all__ = ["refused"]

SECRET = re.compile(
    r"secret|pass(w|phrase)|(pwd|pass)$|token|credential|signature|private|connection_?string"
    r"|authori[sz]ation|bearer|jwt|cookie|(api|access|account|shared|subscription)[_-]?key"
    r"|key[_-]?(pair[_-]?)?id$|(^|_|-)(key|sas|sig|auth)$",
    re.IGNORECASE,
)
OPEN = ("anon", "cloud", "google_default")  # ways to log in that give nothing away
WORD = re.compile(r"[0-9A-Za-z]+")
RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")  # what is written without a change of kind
PUBLIC = re.compile(  # what names a data set or a version of a file, and lets nobody in
    r"\b([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40})\b", re.IGNORECASE
)
LONG, RANDOM = 20, 2.5  # characters of a token; of a run in it, on average
REMEDY = (
    "Whoever reads study.toml would have it. Leave it out: keys come from the environment or the "
    "storage's own configuration. A file that cannot be had without it is put into the study's "
    "folder."
)


def refused(given: object) -> str:
    """Return why a URL, or the settings of a storage, give something secret away; or nothing.

    What is secret is not repeated.

    Raises
    ------
    ValueError
        If a URL cannot be taken apart.
    """
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
        for one in (given, *given.split("::")):  # of a chain, each
            yield from _in_url(one)


def _in_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # its own words may repeat what is secret
        raise ValueError("this is no address. Correct it.") from None
    yield from _in_login(parts)
    yield from _in_path(parts)
    for asked in (parts.query, parts.fragment):
        for name, _ in parse_qsl(asked, keep_blank_values=True):
            if found := SECRET.search(name):  # all of it may be the secret
                yield f"the address holds a secret, '{found[0].strip('_-')}'"


def _in_login(parts: SplitResult) -> Iterator[str]:
    """Say what stands before the @; at GitHub that is where the files are kept."""
    if parts.password and parts.scheme != "github":
        yield "the address holds a password"
    if parts.username and parts.scheme in ("http", "https"):
        yield "the address holds a name or a token to log in with"


def _in_path(parts: SplitResult) -> Iterator[str]:
    """Say what in the path lets whoever has the address in."""
    before = ""
    for part in unquote(parts.path).split("/"):
        name, _, given = part.partition("=")
        named = SECRET.search(name) if given else SECRET.search(before) and _has_digits(part)
        if named or _is_random(part):
            yield "the address holds a secret in its path, or what looks like one"
        before = part


def _has_digits(text: str) -> bool:
    return len(text) >= 8 and any(sign.isdigit() for sign in text) and "." not in text


def _is_random(text: str) -> bool:
    """Say whether a part of a path looks like a long token, and not like a name."""
    rest = PUBLIC.sub(" ", text)
    words = WORD.findall(rest)
    runs = [run for word in words for run in RUN.findall(word)]
    signs = sum(map(len, runs))
    has_digits = any(sign.isdigit() for sign in rest)
    longest = max(map(len, words), default=0)
    return signs >= LONG and has_digits and longest >= 8 and signs / len(runs) <= RANDOM

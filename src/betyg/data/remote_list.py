"""REMOTE.csv: which versions of the files that lie elsewhere were accepted by ``make sums``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from betyg.data import study_toml
from betyg.data.remote import Remote, RemoteError
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["FILE", "accepted", "check", "look", "versions", "write"]

FILE = "REMOTE.csv"
HEADER = ["url", "version"]


def versions(folder: Path, sources: Iterable[Source], problems: Problems) -> dict[str, str]:
    """Return the versions that are there now; what cannot be reached is noted, and is not there.

    Each URL is asked for once, however many sources read it: an answer may take a minute.

    Parameters
    ----------
    folder : Path
        The study's folder, named in what is noted.
    sources : iterable of Source
        Those whose files lie elsewhere.
    problems : Problems
        Takes up what is wrong, by URL.

    Returns
    -------
    dict of str to str
        Versions by URL, as ``Remote.now`` tells them.
    """
    found: dict[str, str] = {}
    storages = {source.file: source.storage for source in sources}
    for url, storage in storages.items():
        try:
            found[url] = Remote(url=url, storage=storage, folder=folder).now()
        except RemoteError as error:
            problems.add(url, str(error))
    return found


def write(folder: Path, found: Mapping[str, str]) -> Path:
    """Write the list."""
    target = folder / FILE
    with target.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([HEADER, *found.items()])
    return target


def accepted(folder: Path) -> dict[str, str]:
    """Return the versions that were accepted, by URL; none where there is no list."""
    path = folder / FILE
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    rows = csv.reader(text.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == len(HEADER) and row != HEADER}


def check(folder: Path, urls: Iterable[str], problems: Problems) -> None:
    """Note each file that was never accepted: nothing would tell when it changes."""
    listed = accepted(folder)
    for url in urls:
        if url not in listed:
            problems.add(
                FILE,
                f"'{url}' is not listed.",
                f"`make sums STUDY={folder.name}` notes which version is there.",
            )


def look(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Look at the files of a study that lie elsewhere, before anything is built from them.

    Returns
    -------
    dict of str to str
        The versions that are there now, by URL.
    list of str
        What is wrong: at most one text, with every file that cannot be reached or has changed.
    """
    settings = study_toml.read(folder, Problems())
    if settings is None:  # loading the study will say why
        return {}, []
    problems = Problems()
    found = versions(folder, settings.remote, problems)
    listed = accepted(folder)
    for url, now in found.items():
        if url in listed and listed[url] != now:
            problems.add(
                url,
                f"has changed since `make sums`: then {listed[url]}, now {now}.",
                f"If the file is right, `make sums STUDY={folder.name}` accepts it.",
            )
    return found, [problems.text(heading=str(folder))] if len(problems) else []

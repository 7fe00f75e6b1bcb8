"""Read every file of a study as received: nothing is changed yet, all problems come together."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from betyg.data import harmonise, read_binary, read_delimited, read_excel, roles
from betyg.data.raw_table import NO_ROWS, RawFile, add_few
from betyg.data.remote import Remote, RemoteError, is_remote
from betyg.data.settings import Source
from betyg.data.study import Study
from betyg.data.workers import HERE, Workers, given
from betyg.errors import Problems, did_you_mean

__all__ = ["PIECE", "Received", "sources"]

PIECE = 2**21
"""About how many rows a piece has, where a file can be cut.

It is the same wherever the work is done: sums of pieces have the same digits then.
"""
NOT_NAMED = "Name it in column `column` of crosswalk.csv, or write - there if it was not asked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The raw files of a study, one a source, in the order of study.toml.

    Attributes
    ----------
    heads : tuple of RawFile
        What is known of each as a whole, without its rows.
    files : tuple of RawFile
        The same with their rows; stand-ins for them, where others than this process read them.
    pieces : tuple of int
        In how many pieces the rows of each are best read.
    workers : Workers
        Who has read them.
    """

    heads: tuple[RawFile, ...]
    files: tuple[RawFile, ...]
    pieces: tuple[int, ...]
    workers: Workers


def sources(survey: Study, *, workers: Workers | None = None) -> Received:
    """Read all files of a study, and see that each is whole and has the columns it needs.

    Only the columns that the study uses are read; a Parquet file, whose parts can be read
    apart, when they are asked for.

    Parameters
    ----------
    survey : Study
        The study, whose ``[[source]]`` sections say how each file is written.
    workers : Workers or None
        Who reads the files of kind ``responses``, each as a whole or in pieces; what they have
        read stays with them. They must see the study's folder under the same path. None stands
        for this process.

    Returns
    -------
    Received
        One file a source: cells as received, and the line that each row stands on.

    Raises
    ------
    DataError
        If any file cannot be read, or lacks a column: all problems of all files together, each
        with file, line or column, and remedy.
    """
    if workers is None or survey.kind != "responses":
        workers = HERE
    problems = Problems()
    n = len(survey.sources)
    read = workers.keep(_read, given(survey, workers, times=n), range(n), [workers.here] * n)
    told = list(workers.bring(_told, read, [PIECE] * n, doing="reading files"))
    for _, _, noted in told:
        problems.extend(noted)
    problems.raise_if_any(heading=str(survey.folder))
    return Received(
        heads=tuple(head for head, _, _ in told),
        files=tuple(workers.keep(_file, read)),
        pieces=tuple(pieces for _, pieces, _ in told),
        workers=workers,
    )


_Read = tuple[RawFile | None, Problems]


def _file(read: _Read) -> RawFile | None:
    return read[0]


def _told(read: _Read, rows: int) -> tuple[RawFile | None, int, Problems]:
    """Return what is told of a file: all but its rows."""
    file, problems = read
    return (None, 0, problems) if file is None else (file.head(), len(file.cut(rows)), problems)


def _read(survey: Study, at: int, here: Path) -> _Read:
    """Read a file of a study whose folder is seen from ``here``."""
    problems = Problems()
    return _of_source(survey, survey.sources[at], here, problems), problems


def _of_source(survey: Study, source: Source, here: Path, problems: Problems) -> RawFile | None:
    wanted = _declared(source) | harmonise.columns(survey, year=None)
    if is_remote(source.file):
        file = _from_elsewhere(source, survey, wanted, problems)
    else:
        file = _from_folder(source, here / survey.folder, wanted, problems)
    if file is None:
        return None
    before = len(problems)
    lacks(file, _declared(source), "Correct the name in its [[source]].", problems)
    if survey.kind == "responses" and not wanted <= set(file.columns):
        lacks(file, _asked(file, survey), NOT_NAMED, problems)
    return None if len(problems) > before else file


def _from_folder(
    source: Source, folder: Path, wanted: Set[str], problems: Problems
) -> RawFile | None:
    path = folder / source.file
    if not path.is_file():
        problems.add(source.file, "the file is missing.", f"Put it into {folder}.")
        return None
    if not path.stat().st_size:
        problems.add(source.file, "is empty.", NO_ROWS)
        return None
    return _of_format(path, source, wanted, problems)


def _from_elsewhere(
    source: Source, survey: Study, wanted: Set[str], problems: Problems
) -> RawFile | None:
    """Read a file where it lies; one that has no parts to be read apart is copied for that."""
    remote = Remote(
        url=source.file, storage=source.storage, version=source.version, folder=survey.folder
    )
    try:
        if not remote.checked():
            problems.add(source.file, "is empty.", NO_ROWS)
            return None
        if source.format == "parquet":
            return read_binary.read(remote, source, wanted=wanted, problems=problems)
        with remote.copied() as path:
            return _of_format(path, source, wanted, problems)
    except RemoteError as error:
        problems.add(source.file, str(error))
        return None


def _of_format(path: Path, source: Source, wanted: Set[str], problems: Problems) -> RawFile | None:
    if source.format == "csv":
        return read_delimited.read(path, source, wanted=wanted, problems=problems)
    if source.format == "excel":
        return read_excel.read(path, source, wanted=wanted, problems=problems)
    return read_binary.read(path, source, wanted=wanted, problems=problems)


def _asked(file: RawFile, survey: Study) -> set[str]:
    """Return the columns of the items that were asked in the years of the file."""
    source = file.source
    named = {*source.keep, *source.drop}
    named |= {column for role, column in source.columns.items() if role == "year"}
    if not named <= set(file.columns):
        return set()
    years: set[int] = set()
    for part in file.parts(named):
        found = roles.years(part.kept(roles.used_rows(part)), Problems())
        years |= set(np.unique(found[found > 0]).tolist())
    return {column for year in years for column in harmonise.columns(survey, year=year)}


def _declared(source: Source) -> set[str]:
    """Return the columns that the source's own section names."""
    named = {*source.columns.values(), *source.categories, *source.drop, *source.keep}
    return {*named, *source.late, *source.replicate_columns}


def lacks(file: RawFile, required: Set[str], remedy: str, problems: Problems) -> None:
    """Note the required columns that the file does not have."""
    found: list[tuple[str, str, str]] = []
    for column in sorted(required - set(file.columns)):
        hint = did_you_mean(column, file.columns)
        said = [f"column '{column}' is missing."]
        said += [hint] if hint.startswith("Did") else []
        said += [] if found else [f"The file has: {_listed(file.columns)}."]
        found.append((file.source.file, " ".join(said), remedy))
    add_few(found, problems, file=file.source.file, more="columns are missing")


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return ", ".join(columns[:30]) + more

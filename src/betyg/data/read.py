"""Read every file of a study as received: nothing is changed yet, all problems come together."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from betyg.data import harmonise, read_binary, read_delimited, read_excel, roles
from betyg.data.raw_table import NO_ROWS, RawTable, add_few
from betyg.data.settings import Source
from betyg.data.study import Study
from betyg.errors import Problems, did_you_mean

__all__ = ["Received", "sources"]

NOT_NAMED = "Name it in column `column` of crosswalk.csv, or write - there if it was not asked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The raw tables of a study, one a source, in the order of study.toml."""

    tables: tuple[RawTable, ...]


def sources(survey: Study) -> Received:
    """Read all files of a study.

    Parameters
    ----------
    survey : Study
        The study, whose ``[[source]]`` sections say how each file is written.

    Returns
    -------
    Received
        One table a source: strings, and the line that each row stands on.

    Raises
    ------
    DataError
        If any file cannot be read, or lacks a column: all problems of all files together, each
        with file, line or column, and remedy.
    """
    problems = Problems()
    tables = [_read(survey, source, problems) for source in survey.sources]
    problems.raise_if_any(heading=str(survey.folder))
    return Received(tables=tuple(table for table in tables if table is not None))


def _read(survey: Study, source: Source, problems: Problems) -> RawTable | None:
    path = survey.folder / source.file
    if not path.is_file():
        problems.add(source.file, "the file is missing.", f"Put it into {survey.folder}.")
        return None
    if not path.stat().st_size:
        problems.add(source.file, "is empty.", NO_ROWS)
        return None
    wanted = _declared(source) | harmonise.columns(survey, year=None)
    if source.format == "csv":
        table = read_delimited.read(path, source, wanted=wanted, problems=problems)
    elif source.format == "excel":
        table = read_excel.read(path, source, wanted=wanted, problems=problems)
    else:
        table = read_binary.read(path, source, wanted=wanted, problems=problems)
    if table is None:
        return None
    before = len(problems)
    lacks(table, _declared(source), "Correct the name in its [[source]].", problems)
    if survey.kind == "responses":
        lacks(table, _asked(table, survey), NOT_NAMED, problems)
    return None if len(problems) > before else table


def _asked(table: RawTable, survey: Study) -> set[str]:
    """Return the columns of the items that were asked in the years of the file."""
    named = {*table.source.keep, *table.source.drop}
    named |= {column for role, column in table.source.columns.items() if role == "year"}
    if not named <= set(table.columns):
        return set()
    years = roles.years(table.kept(roles.used_rows(table)), Problems())
    return {
        column
        for year in np.unique(years[years > 0]).tolist()
        for column in harmonise.columns(survey, year=year)
    }


def _declared(source: Source) -> set[str]:
    """Return the columns that the source's own section names."""
    return {*source.columns.values(), *source.categories, *source.drop, *source.keep}


def lacks(table: RawTable, required: Set[str], remedy: str, problems: Problems) -> None:
    """Note the required columns that the file does not have."""
    found: list[tuple[str, str, str]] = []
    for column in sorted(required - set(table.columns)):
        hint = did_you_mean(column, table.columns)
        said = [f"column '{column}' is missing."]
        said += [hint] if hint.startswith("Did") else []
        said += [] if found else [f"The file has: {_listed(table.columns)}."]
        found.append((table.source.file, " ".join(said), remedy))
    add_few(found, problems, file=table.source.file, more="columns are missing")


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return ", ".join(columns[:30]) + more

"""Read the facts files (codebook.csv and its sisters), keeping line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from betyg.data.codebook import Fact, normal
from betyg.data.plain_words import translate
from betyg.errors import Problems, did_you_mean

__all__ = ["Located", "Table", "read"]

Row = TypeVar("Row", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located(Generic[Row]):
    """A row of a facts file with the line on which it begins."""

    line: int
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Row]):
    """The valid rows of one facts file.

    ``codes`` are the values of its first field in *all* rows, valid or not, so that one bad row
    does not make every mention of its code look unknown; None when the file could not be read.
    """

    file: str
    located: tuple[Located[Row], ...] = ()
    codes: frozenset[str] | None = frozenset()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows without their line numbers."""
        return tuple(found.row for found in self.located)


def read(
    path: Path,
    model: type[Row],
    *,
    languages: Sequence[str],
    required: bool,
    problems: Problems,
) -> Table[Row]:
    """Read one facts file into objects of ``model``.

    Parameters
    ----------
    path : Path
        The file: UTF-8, comma or semicolon, columns in any order.
    model : type of Fact
        Its fields are the columns; its field ``label`` is columns ``label_<language>``.
    languages : sequence of str
        Languages of the study: each needs its label column, filled in.
    required : bool
        Whether a missing file is a problem.
    problems : Problems
        Everything wrong is added here.
    """
    if not path.is_file():
        if required:
            problems.add(path.name, "the file is missing.", f"Add it to {path.parent.name}/.")
        return Table(file=path.name, codes=None if required else frozenset())
    text = _decode(path, problems)
    lines = None if text is None else _records(path.name, text, problems)
    if not lines:
        if lines is not None:
            problems.add(path.name, "the file is empty.", "Give it a line of column names.")
        return Table(file=path.name, codes=None)
    header = [normal(cell) for cell in lines[0][1]]
    if not _header_is_sound(path.name, header, model, languages, problems):
        return Table(file=path.name, codes=None)
    first = next(iter(model.model_fields))
    records = list(_as_dicts(path.name, header, lines[1:], problems))
    found = [
        Located(line=line, row=row)
        for line, cells in records
        if (row := _row(f"{path.name}, line {line}", cells, model, languages, problems))
    ]
    codes = frozenset(cells[first] for _, cells in records if first in cells)
    return Table(file=path.name, located=tuple(found), codes=codes)


def _decode(path: Path, problems: Problems) -> str | None:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(
            f"{path.name}, line {line}",
            "the file is not in UTF-8.",
            "Save it from the spreadsheet as 'CSV UTF-8'.",
        )
        return None


def _records(name: str, text: str, problems: Problems) -> list[tuple[int, list[str]]] | None:
    """Return the records that are not blank, each with the line on which it begins."""
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(
            f"{name}, line {line}",
            f"the row cannot be read ({error}).",
            'Look for a stray or unclosed quotation mark (").',
        )
        return None
    return records


def _header_is_sound(
    name: str, header: list[str], model: type[Fact], languages: Sequence[str], problems: Problems
) -> bool:
    columns = [field for field in model.model_fields if field != "label"]
    labels = [f"label_{language}" for language in languages] if _has_label(model) else []
    needed = [field for field in columns if model.model_fields[field].is_required()] + labels
    strange = [column for column in header if column and not _is_known(column, columns, model)]
    missing = [column for column in needed if column not in header]
    where = f"{name}, line 1"
    for column in missing:
        problems.add(where, f"column '{column}' is missing.", _add(column, strange))
    if missing:
        return False
    absent = [column for column in columns + labels if column not in header]
    for column in strange:
        problems.add(where, f"unknown column '{column}'.", did_you_mean(column, absent))
    for column in sorted({column for column in header if column and header.count(column) > 1}):
        problems.add(where, f"column '{column}' stands twice.", "Remove one.")
    return True


def _is_known(column: str, columns: Sequence[str], model: type[Fact]) -> bool:
    return column in columns or (column.startswith("label_") and _has_label(model))


def _add(column: str, strange: Sequence[str]) -> str:
    hint = did_you_mean(column, strange)
    if not hint.startswith("Did"):
        return "Add it."
    return f"Is it the one called {hint.removeprefix('Did you mean ')}"


def _has_label(model: type[Fact]) -> bool:
    return "label" in model.model_fields


def _as_dicts(
    name: str, header: list[str], records: list[tuple[int, list[str]]], problems: Problems
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, cells in records:
        if any(cell.strip() for cell in cells[len(header) :]):
            problems.add(
                f"{name}, line {line}",
                f"the row has {len(cells)} cells, but the file has {len(header)} columns.",
                "Put a cell that holds the separator in quotation marks.",
            )
        values = {
            column: normal(cell) for column, cell in zip(header, cells, strict=False) if column
        }
        yield line, {column: cell for column, cell in values.items() if cell}


def _row(
    where: str,
    cells: dict[str, str],
    model: type[Row],
    languages: Sequence[str],
    problems: Problems,
) -> Row | None:
    fields = model.model_fields
    given: dict[str, object] = {column: cell for column, cell in cells.items() if column in fields}
    if "label" in fields:
        given["label"] = {
            column.removeprefix("label_"): cell
            for column, cell in cells.items()
            if column.startswith("label_")
        }
        for language in languages:
            if f"label_{language}" not in cells:
                problems.add(where, f"no label in '{language}'.", f"Fill in label_{language}.")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for said in translate(error, model):
            problems.add(f"{where}, column {said.key}", said.what, said.remedy)
        return None

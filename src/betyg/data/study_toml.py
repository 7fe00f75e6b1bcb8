"""Read study.toml into its sections, naming the line of whatever is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from betyg.data.plain_words import translate
from betyg.data.remote import is_remote
from betyg.data.settings import (
    FORMATS,
    Band,
    Cleaning,
    Compare,
    Design,
    Disclosure,
    Fetch,
    Index,
    Source,
    StudySection,
)
from betyg.errors import Problems, did_you_mean

__all__ = ["FILE", "Lines", "Settings", "read"]

FILE = "study.toml"
Section = TypeVar("Section", bound=BaseModel)
_SECTIONS = (
    "study", "source", "index", "band", "compare", "design", "cleaning", "disclosure",
    "fetch", "parameters",
)  # fmt: skip
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=")


class Lines:
    """The line of each key in a TOML text."""

    def __init__(self, text: str) -> None:
        self._line: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = _split(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                if table[:1] in counts:
                    table = (table[0], counts[table[:1]], *table[1:])
                self._note(table, number)
            elif assignment := _ASSIGNMENT.match(line):
                self._note((*table, *_split(assignment[1])), number)

    def _note(self, path: tuple[str | int, ...], number: int) -> None:
        for length in range(1, len(path) + 1):
            self._line.setdefault(path[:length], number)

    def of(self, path: tuple[str | int, ...]) -> int | None:
        """Return the line of the key, or of the nearest key around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._line:
                return self._line[path[:length]]
        return None

    def where(self, path: tuple[str | int, ...]) -> str:
        """Return the place as it is printed: file, line, [section] key."""
        line = self.of(path)
        place = FILE if line is None else f"{FILE}, line {line}"
        parts = [str(part) for part in path if not isinstance(part, int)]
        if not parts:
            return place
        deep = 2 if parts[0] in ("index", "parameters") and len(parts) > 1 else 1
        section = f"[{'.'.join(parts[:deep])}]"
        return f"{place} {section} {'.'.join(parts[deep:])}".rstrip()


def _split(dotted: str) -> tuple[str | int, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What study.toml says; a section that was faulty is absent.

    Each source and band stands with its number in the file: a later check can name its line.
    """

    lines: Lines
    raw: Mapping[str, Any]
    study: StudySection | None = None
    sources: tuple[tuple[int, Source], ...] = ()
    indices: tuple[Index, ...] = ()
    bands: tuple[tuple[int, Band], ...] = ()
    compare: Compare | None = None
    design: Design = field(default_factory=Design)
    cleaning: Cleaning = field(default_factory=Cleaning)
    disclosure: Disclosure = field(default_factory=Disclosure)
    fetch: Fetch | None = None
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, also when another key of [study] is faulty."""
        if self.study is not None:
            return self.study.languages
        given = self.table("study").get("languages")
        listed = given if isinstance(given, list) else []
        return tuple(code for code in listed if isinstance(code, str))

    def table(self, section: str) -> Mapping[str, Any]:
        """Return a section as it is written, sound or not; empty when it is no table."""
        written = self.raw.get(section)
        return written if isinstance(written, dict) else {}

    @property
    def files(self) -> tuple[str, ...]:
        """The raw files of the folder in the order of the sources, each once."""
        named = (source.file for _, source in self.sources)
        return tuple(dict.fromkeys(file for file in named if not is_remote(file)))

    @property
    def remote(self) -> tuple[Source, ...]:
        """The sources whose files lie elsewhere."""
        return tuple(source for _, source in self.sources if is_remote(source.file))


def read(folder: Path, problems: Problems) -> Settings | None:
    """Read study.toml; None when it is no TOML at all, otherwise what of it is sound."""
    text = _text(folder / FILE, problems)
    if text is None:
        return None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add(FILE, f"this is not valid TOML: {_lower(str(error))}.", _toml_hint(str(error)))
        return None
    except RecursionError:
        problems.add(FILE, "its lists or tables lie in one another too deep.", "Take them apart.")
        return None
    return _Reader(raw, Lines(text), problems).settings()


def _text(path: Path, problems: Problems) -> str | None:
    if not path.is_file():
        problems.add(
            FILE,
            "the file is missing.",
            f"`make new STUDY={path.parent.name}` writes one to begin with.",
        )
        return None
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        problems.add(FILE, "the file is not in UTF-8.", "Save it as UTF-8 in your editor.")
        return None


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _toml_hint(message: str) -> str:
    if "overwrite" in message:
        return "A key or section stands there twice: keep one."
    return 'Text needs quotation marks, lists need brackets: title.en = "A title", items = ["a"].'


class _Reader:
    """Turns the raw TOML into sections, noting problems on the way."""

    def __init__(self, raw: dict[str, Any], lines: Lines, problems: Problems) -> None:
        self.raw, self.lines, self.problems = raw, lines, problems

    def settings(self) -> Settings:
        for name in self.raw:
            if name not in _SECTIONS:
                remedy = did_you_mean(name, _SECTIONS)
                self.problems.add(self.lines.where((name,)), "unknown section.", remedy)
        sources = self._list("source", Source)
        if not self.raw.get("source"):
            self.problems.add(FILE, "there is no [[source]].", "Add one for each raw file.")
        return Settings(
            lines=self.lines,
            raw=self.raw,
            study=self._section("study", StudySection, needed=True),
            sources=_with_ids(sources),
            indices=self._indices(),
            bands=self._list("band", Band),
            compare=self._section("compare", Compare, needed=True),
            design=self._section("design", Design) or Design(),
            cleaning=self._section("cleaning", Cleaning) or Cleaning(),
            disclosure=self._section("disclosure", Disclosure) or Disclosure(),
            fetch=self._section("fetch", Fetch),
            parameters=self._parameters(),
        )

    def _section(self, name: str, model: type[Section], *, needed: bool = False) -> Section | None:
        if name not in self.raw:
            if needed:
                self.problems.add(FILE, f"section [{name}] is missing.", "Add it.")
            return None
        return self._validated((name,), self.raw[name], model)

    def _list(self, name: str, model: type[Section]) -> tuple[tuple[int, Section], ...]:
        given = self.raw.get(name, [])
        if not isinstance(given, list):
            self.problems.add(
                self.lines.where((name,)),
                "one pair of brackets is too few.",
                f"Write [[{name}]], since there may be several.",
            )
            return ()
        read = ((i, self._validated((name, i), one, model)) for i, one in enumerate(given))
        return tuple((i, one) for i, one in read if one is not None)

    def _indices(self) -> tuple[Index, ...]:
        found = []
        for name, value in self._tables("index"):
            index = self._validated(("index", name), {"name": name, **value}, Index)
            if index is not None:
                found.append(index)
        return tuple(found)

    def _parameters(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._tables("parameters"))

    def _tables(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        given = self.raw.get(name, {})
        if isinstance(given, dict) and all(isinstance(one, dict) for one in given.values()):
            return list(given.items())
        self.problems.add(
            self.lines.where((name,)),
            "a name is missing in the section's heading.",
            f"Write [{name}.<name>] with its keys below.",
        )
        return []

    def _validated(
        self, path: tuple[str | int, ...], value: object, model: type[Section]
    ) -> Section | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for said in translate(error, model):
                what, remedy = said.what, said.remedy
                if said.path == ("format",) and isinstance(value, dict):
                    what, remedy = _no_format(str(value.get("file")), what, remedy)
                self.problems.add(self.lines.where((*path, *said.path)), what, remedy)
            return None


def _no_format(file: str, what: str, remedy: str) -> tuple[str, str]:
    if not what.startswith("is missing"):
        return what, remedy
    if file.casefold().endswith(".xls"):
        return "old Excel files (.xls) are not read.", "Save a copy as .xlsx and name that."
    endings = ", ".join(FORMATS)
    named = "the file" if is_remote(file) else f"'{file}'"  # a URL may hold a secret
    return (
        f"the format of {named} cannot be told from its name.",
        f'Known endings: {endings}. Otherwise give format = "csv" (or excel, spss, ...).',
    )


def _with_ids(sources: tuple[tuple[int, Source], ...]) -> tuple[tuple[int, Source], ...]:
    """Name each source by its file; the second on one file is file#2."""
    seen: dict[str, int] = {}
    named = []
    for number, source in sources:
        seen[source.file] = seen.get(source.file, 0) + 1
        times = seen[source.file]
        name = source.file if times == 1 else f"{source.file}#{times}"
        named.append((number, source.model_copy(update={"id": name})))
    return tuple(named)

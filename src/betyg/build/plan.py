"""Which notebook runs for which study, in which language, with which values, after what."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from betyg.build import parameters
from betyg.build.outline import Outline
from betyg.errors import DataError, ParameterError, did_you_mean

__all__ = [
    "Choice", "Folder", "Job", "Look", "affected", "chosen", "folders", "jobs", "nothing_elsewhere",
    "table_problems",
]  # fmt: skip

STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
IN_A_NAME = re.compile(r"[\w-]+")  # what can stand in the name of a file and in a rule of make


Look = Callable[[Path], tuple[Mapping[str, str], Sequence[str]]]
"""Looks at the files of a study's folder that lie elsewhere: version by URL, and what is wrong."""


def nothing_elsewhere(folder: Path) -> tuple[Mapping[str, str], Sequence[str]]:
    """Look at nothing, where all files are known to lie in their folders."""
    del folder
    return {}, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was asked for: one study or all, one language or all, other parameters or none."""

    study: str = ""
    language: str = ""
    values: Mapping[str, Any]

    @classmethod
    def of(cls, asked: Callable[[str], str]) -> Choice:
        """Return what was asked for by STUDY, LANGUAGE and PARAMS."""
        values = parameters.parse(asked("PARAMS"))
        return cls(study=asked("STUDY"), language=asked("LANGUAGE"), values=values)

    @property
    def variant(self) -> str:
        """The folder of this choice below a study's own; empty for the canonical report."""
        return f"variants/{parameters.folder_name(self.values)}" if self.values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What make must know of a study's folder: the rest is read by the notebooks."""

    name: str
    path: Path
    languages: tuple[str, ...]
    agencies: tuple[str, ...]  # those that get a brief
    warnings: tuple[str, ...]
    synthetic: bool
    values: Mapping[str, Mapping[str, Any]]
    has_remote: bool = False  # files that lie elsewhere than in the folder

    def files(self) -> list[Path]:
        """Return every file of the study; hidden ones and editors' locks are no part of it."""
        found = (path for path in sorted(self.path.rglob("*")) if path.is_file())
        return [path for path in found if not _is_hidden(path.relative_to(self.path))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a notebook."""

    notebook: Path
    outline: Outline
    study: Folder
    language: str
    agency: str
    variant: str
    values: Mapping[str, Any]
    asked: Mapping[str, Any]  # those of the values that the command line gives

    @property
    def label(self) -> str:
        """The notebook's name, with the agency and language when it runs once for each."""
        return "-".join(filter(None, (self.notebook.stem, self.agency, self.language)))

    def below(self, *parts: str) -> Path:
        """Return a path of this job's study and variant below a top folder."""
        return Path(parts[0], self.study.name, self.variant, *parts[1:])


def folders(raw: Path) -> dict[str, Folder]:
    """Return the studies below ``raw`` whose data are there, by name.

    A study whose study.toml cannot be read is returned without languages: its pre-flight
    says what is wrong, and the other studies go on.
    """
    found: dict[str, Folder] = {}
    for path in sorted(raw.glob("*/study.toml")):
        facts = _facts(path)
        fetched = facts.get("fetch", {}).get("file")
        if fetched is None or (path.parent / fetched).exists():
            found[path.parent.name] = _folder(path.parent, facts)
    return found


def chosen(choice: Choice, raw: Path) -> list[Folder]:
    """Return the studies that were asked for.

    Raises
    ------
    ParameterError
        If there is no such study, or no chosen study has the language.
    """
    known = folders(raw)
    if choice.study and choice.study not in known:
        raise ParameterError(_no_such_study(choice.study, known, raw))
    picked = [known[choice.study]] if choice.study else list(known.values())
    languages = sorted({language for study in picked for language in study.languages})
    if choice.language and choice.language not in languages:
        raise ParameterError(
            f"LANGUAGE={choice.language}: {choice.study or 'no study'} has "
            f"{'no such language' if choice.study else 'it'}. Choose from: {', '.join(languages)}."
        )
    return picked


def jobs(
    study: Folder, notebooks: Mapping[Path, Outline], choice: Choice
) -> tuple[list[Job], list[str]]:
    """Return the runs of one study, and what is wrong with its values for the notebooks."""
    planned: list[Job] = []
    problems = list(_unknown_notebooks(study, notebooks))
    other = affected(notebooks, choice.values)
    for notebook, outline in notebooks.items():
        if choice.variant and notebook not in other and outline.declares("language"):
            continue
        wanted = [one for one in study.languages if choice.language in ("", one)]
        values, wrong = _values(study, notebook, outline, choice)
        problems += wrong
        in_turn = product(
            _each(study.agencies, "agency", outline, values),
            _each(wanted, "language", outline, values),
        )
        for agency, language in in_turn:
            planned.append(
                Job(
                    notebook=notebook,
                    outline=outline,
                    study=study,
                    language=language,
                    agency=agency,
                    variant=choice.variant if notebook in other else "",
                    values=values,
                    asked=choice.values if notebook in other else {},
                )
            )
    return planned, problems


def affected(notebooks: Mapping[Path, Outline], values: Iterable[str]) -> set[Path]:
    """Return the notebooks that come out otherwise with other values for some parameters.

    Those are the ones that declare one of them, and those that read a table of theirs.
    """
    found: set[Path] = set()
    tables: set[str] = set()
    for path, outline in notebooks.items():
        if any(map(outline.declares, values)) or tables & set(outline.reads):
            found.add(path)
            tables.update(outline.writes)
    return found


def _each(
    found: Sequence[str], name: str, outline: Outline, values: Mapping[str, Any]
) -> Sequence[str]:
    """Return the values for which a notebook runs in turn: of one that was chosen, or once."""
    if not outline.declares(name):
        return [""]
    return [values[name]] if name in values else found


def table_problems(notebooks: Mapping[Path, Outline]) -> list[str]:
    """Return a sentence for every table without exactly one writer before its readers."""
    writers: dict[str, list[str]] = {}
    for path, outline in notebooks.items():
        for table in outline.writes:
            writers.setdefault(table, []).append(path.name)
    problems = [
        f"table '{table}' is written by {' and '.join(names)}. Give one of them another name."
        for table, names in writers.items()
        if len(names) > 1
    ]
    for path, outline in notebooks.items():
        problems += [_reading(path.name, table, writers) for table in outline.reads]
    return [problem for problem in problems if problem]


def _reading(reader: str, table: str, writers: Mapping[str, Sequence[str]]) -> str:
    if table not in writers:
        remedy = did_you_mean(table, writers)
        return (
            f"{reader} reads table '{table}', which no notebook writes. {remedy} "
            f'A table is written by store.write(frame, "{table}", out).'
        )
    writer = writers[table][0]
    if writer > reader:
        return f"{reader} reads table '{table}' before {writer} writes it. Renumber one of them."
    return ""


def _values(
    study: Folder, notebook: Path, outline: Outline, choice: Choice
) -> tuple[dict[str, Any], list[str]]:
    """Return the values for one notebook, those of the command line first; and what is wrong."""
    declared = {parameter.name: parameter for parameter in outline.parameters}
    own = study.values.get(notebook.stem, {})
    where = f"{study.path}/study.toml [parameters.{notebook.stem}]"
    problems = parameters.unknown(own, declared, where=where)
    values: dict[str, Any] = {}
    for given, place in ((own, where), (choice.values, "PARAMS")):
        for name in given.keys() & declared.keys():
            try:
                values[name] = parameters.fitting(given[name], declared[name], where=place)
            except ParameterError as error:
                problems.append(str(error))
    return values, problems


def _unknown_notebooks(study: Folder, notebooks: Mapping[Path, Outline]) -> Iterator[str]:
    stems = [path.stem for path in notebooks]
    for name in study.values:
        if name not in stems:
            yield (
                f"{study.path}/study.toml [parameters.{name}]: there is no notebook of that "
                f"name. {did_you_mean(name, stems)}"
            )


def _facts(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}


def _folder(path: Path, facts: Mapping[str, Any]) -> Folder:
    if not STUDY_NAME.fullmatch(path.name):
        raise DataError(
            f"{path}: the name of a study's folder stands in file names and links. Use letters "
            "a-z, digits, '_' and '-' only."
        )
    study = facts.get("study", {})
    study = study if isinstance(study, dict) else {}
    languages = study.get("languages", [])
    values = facts.get("parameters", {})
    codes = _agencies(path) if study.get("kind") != "published" else []
    return Folder(
        name=path.name,
        path=path,
        languages=tuple(code for code in languages if re.fullmatch("[a-z]{2,3}", str(code))),
        agencies=tuple(code for code in codes if IN_A_NAME.fullmatch(code)),
        warnings=tuple(_without_brief(path, codes)),
        synthetic=bool(study.get("synthetic", False)),
        values={name: part for name, part in values.items() if isinstance(part, dict)},
        has_remote=any("://" in str(one.get("file")) for one in _tables(facts.get("source"))),
    )


def _tables(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _agencies(path: Path) -> list[str]:
    """Return the codes of agencies.csv, but those that are totals of others.

    Published figures of others are too little for a brief. What is wrong with the file is for the
    pre-flight to say.
    """
    try:
        with (path / "agencies.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return []
    totals = {row.get("parent") for row in rows}
    codes = dict.fromkeys(str(row.get("code") or "") for row in rows)
    return [code for code in codes if code and code not in totals]


def _without_brief(path: Path, codes: Iterable[str]) -> Iterator[str]:
    """Tell of the agencies whose code cannot stand in the name of a file."""
    odd = [code for code in codes if not IN_A_NAME.fullmatch(code)]
    if odd:
        yield (
            f"{path / 'agencies.csv'}: {', '.join(map(repr, odd))} will have no brief, as a code "
            "stands in file names. Give them codes of letters, digits, '_' and '-'; the data may "
            "go on to use the labels."
        )


def _no_such_study(name: str, known: Mapping[str, Folder], raw: Path) -> str:
    if (raw / name / "study.toml").exists():
        return (
            f"STUDY={name}: its data are not here yet. They are public: "
            f"`make fetch STUDY={name}` writes them."
        )
    return (
        f"STUDY={name}: there is no {raw / name}/study.toml. {did_you_mean(name, known)} "
        f"Studies: {', '.join(known) or 'none'}. `make new STUDY={name}` begins one."
    )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.parts)

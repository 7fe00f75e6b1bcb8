"""Which notebook runs for which study, in which language, with which values, after what."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from betyg.build import parameters
from betyg.build.outline import Outline
from betyg.errors import DataError, ParameterError, did_you_mean

__all__ = ["Choice", "Folder", "Job", "check_tables", "chosen", "folders", "jobs"]

STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
IN_A_NAME = re.compile(r"[\w-]+")  # a code that can stand in the name of a file and in a rule of make


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was asked for: one study or all, one language or all, other parameters or none."""

    study: str = ""
    language: str = ""
    values: Mapping[str, Any]

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
    synthetic: bool
    values: Mapping[str, Mapping[str, Any]]

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
    for notebook, outline in notebooks.items():
        wanted = [one for one in study.languages if choice.language in ("", one)]
        try:
            values = _values(study, notebook, outline, choice)
        except ParameterError as error:
            problems.append(str(error))
            continue
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
                    variant=choice.variant,
                    values=values,
                )
            )
    return planned, problems


def _each(
    found: Sequence[str], name: str, outline: Outline, values: Mapping[str, Any]
) -> Sequence[str]:
    """Return the values for which a notebook runs in turn: of one that was chosen, or once."""
    if not outline.declares(name):
        return [""]
    return [values[name]] if name in values else found


def check_tables(notebooks: Mapping[Path, Outline]) -> None:
    """Raise one error for every table without exactly one writer before its readers."""
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
    if listed := [problem for problem in problems if problem]:
        lines = "\n".join(f"  - {problem}" for problem in listed)
        raise ParameterError(f"notebooks/: the tables do not fit together\n{lines}")


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


def _values(study: Folder, notebook: Path, outline: Outline, choice: Choice) -> dict[str, Any]:
    """Return the values for one notebook: the study's own, then those of the command line."""
    declared = {parameter.name: parameter for parameter in outline.parameters}
    own = study.values.get(notebook.stem, {})
    where = f"{study.path}/study.toml [parameters.{notebook.stem}]"
    parameters.check_known(own, declared, where=where)
    values = {
        name: parameters.fitting(value, declared[name], where=where) for name, value in own.items()
    }
    for name, value in choice.values.items():
        if name in declared:
            values[name] = parameters.fitting(value, declared[name], where="PARAMS")
    return values


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
    return Folder(
        name=path.name,
        path=path,
        languages=tuple(code for code in languages if re.fullmatch("[a-z]{2,3}", str(code))),
        agencies=_agencies(path) if study.get("kind") != "published" else (),
        synthetic=bool(study.get("synthetic", False)),
        values={name: part for name, part in values.items() if isinstance(part, dict)},
    )


def _agencies(path: Path) -> tuple[str, ...]:
    """Return the codes of agencies.csv, but those that are totals of others.

    Published figures of others are too little for a brief. What is wrong with the file is for the
    pre-flight to say.
    """
    try:
        with (path / "agencies.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return ()
    totals = {row.get("parent") for row in rows}
    codes = [str(row.get("code") or "") for row in rows]
    return tuple(code for code in codes if IN_A_NAME.fullmatch(code) and code not in totals)


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

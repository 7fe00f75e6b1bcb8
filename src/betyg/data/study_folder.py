"""Read a study's folder into the parts of a ``Study``, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from betyg.data import facts as facts_files
from betyg.data import remote_list, study_toml, sums, validate
from betyg.data.codebook import Theme, normal, spellings
from betyg.data.facts import Facts
from betyg.data.settings import Compare, Source, StudySection
from betyg.data.study_toml import Settings
from betyg.errors import DataError, Problems, did_you_mean

__all__ = ["existing", "read"]


def read(folder: Path, *, with_sums: bool) -> dict[str, Any]:
    """Return the fields of ``Study``, except its name and folder.

    Parameters
    ----------
    folder : Path
        The study's folder.
    with_sums : bool
        Whether raw files are compared with SHA256SUMS.

    Raises
    ------
    DataError
        One error that lists everything wrong in all files of the folder.
    """
    _folder_is_there(folder)
    problems = Problems()
    settings = study_toml.read(folder, problems)
    facts = facts_files.read(folder, settings.languages if settings else (), problems)
    if settings is not None:
        there = _check_files(folder, settings, problems)
        if with_sums:
            sums.check(folder, there, problems)
        validate.check(settings, facts, problems)
    problems.raise_if_any(heading=str(folder))
    if settings is None or settings.study is None or settings.compare is None:
        raise DataError(f"{folder}: study.toml could not be read")
    return {
        **_from_settings(settings.study, settings, settings.compare),
        **_from_facts(facts, settings.languages),
        "sources": tuple(_with_codes(source, facts, folder) for _, source in settings.sources),
    }


def _with_codes(source: Source, facts: Facts, folder: Path) -> Source:
    """Return the source with its constants as codes, and the version of a file elsewhere."""
    tables = {"agency": facts.agencies, "activity": facts.activities, "group": facts.groups}
    spelt = {role: getattr(source, role) for role in tables if getattr(source, role) is not None}
    codes = {role: spellings(tables[role].rows)[normal(text)] for role, text in spelt.items()}
    version = remote_list.accepted(folder).get(source.file, "")
    return source.model_copy(update={**codes, "version": version})


def existing(root: Path, name: str) -> Path:
    """Return the folder of a study.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    _folder_is_there(root / name)
    return root / name


def _folder_is_there(folder: Path) -> None:
    if folder.is_dir():
        return
    others = sorted(path.parent.name for path in folder.parent.glob(f"*/{study_toml.FILE}"))
    hint = did_you_mean(folder.name, others)
    raise DataError(
        f"{folder}: there is no study '{folder.name}'. {hint} "
        f"`make new STUDY={folder.name}` begins a new one."
    )


def _check_files(folder: Path, settings: Settings, problems: Problems) -> list[str]:
    """Return the raw files that are there."""
    if not (folder / "SOURCE.md").is_file():
        problems.add(
            "SOURCE.md",
            "the file is missing.",
            "Write who collected the data, when, how, and under which licence.",
        )
    if settings.fetch is not None and not (folder / settings.fetch.file).is_file():
        problems.add(
            settings.lines.where(("fetch",)),
            f"'{settings.fetch.file}' has not been fetched.",
            f"`make fetch STUDY={folder.name}` writes it.",
        )
        return []
    where = {s.file: settings.lines.where(("source", i, "file")) for i, s in settings.sources}
    remote_list.check(folder, (source.file for source in settings.remote), problems)
    return [
        file
        for file in settings.files
        if sums.raw_file_is_there(folder, file, where=where[file], problems=problems)
    ]


def _from_settings(study: StudySection, settings: Settings, compare: Compare) -> dict[str, Any]:
    return {
        "title": study.title,
        "about": study.about,
        "languages": study.languages,
        "kind": study.kind,
        "synthetic": study.synthetic,
        "labels": study.labels,
        "indices": settings.indices,
        "bands": tuple(band for _, band in settings.bands),
        "compare": compare,
        "design": settings.design,
        "cleaning": settings.cleaning,
        "disclosure": settings.disclosure,
        "parameters": settings.parameters,
        "fetch": settings.fetch,
    }


def _from_facts(facts: Facts, languages: Sequence[str]) -> dict[str, Any]:
    return {
        "themes": _themes(facts, languages),
        "items": facts.items.rows,
        "scales": facts.scales,
        "crosswalk": facts.crosswalk.rows,
        "agencies": facts.agencies.rows,
        "activities": facts.activities.rows,
        "groups": facts.groups.rows,
        "events": facts.events.rows,
        "published": facts.published.rows,
        "frame_rows": facts.frame.rows,
    }


def _themes(facts: Facts, languages: Sequence[str]) -> tuple[Theme, ...]:
    """Return themes.csv, then the themes that only the codebook names, labelled by name."""
    listed = facts.themes.rows
    known = {theme.theme for theme in listed}
    named = dict.fromkeys(item.theme for item in facts.items.rows if item.theme)
    others = (name for name in named if name not in known)
    return (
        *listed,
        *(Theme(theme=name, label=dict.fromkeys(languages, name)) for name in others),
    )

"""A study: everything that its folder says, as one frozen object."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict

from betyg.data import facts as facts_files
from betyg.data import study_toml, sums, validate
from betyg.data.codebook import (
    INDEX_SCALE,
    NOT_ASKED,
    CrosswalkRow,
    Event,
    FrameRow,
    Item,
    Label,
    Published,
    Scale,
    Theme,
    Unit,
    normal,
)
from betyg.data.facts import Facts
from betyg.data.settings import (
    Band,
    Cleaning,
    Compare,
    Design,
    Disclosure,
    Fetch,
    Index,
    Kind,
    Source,
    StudySection,
)
from betyg.data.study_toml import Settings
from betyg.data.sums import write_sums
from betyg.errors import DataError, Problems, did_you_mean

__all__ = ["Study", "is_fetched", "write_sums"]

_Known = TypeVar("_Known")
_ROLE_WORDS: Mapping[str, Label] = {
    "agency": {"en": "Agency", "sv": "Myndighet", "fi": "Viranomainen"},
    "year": {"en": "Year", "sv": "År", "fi": "Vuosi"},
    "activity": {"en": "Activity", "sv": "Verksamhet", "fi": "Toiminta"},
    "group": {"en": "Group", "sv": "Grupp", "fi": "Ryhmä"},
    "respondent": {"en": "Respondent", "sv": "Svarande", "fi": "Vastaaja"},
}


class Study(BaseModel):
    """The settings and facts of one study, checked against each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path
    title: Label
    about: Label | None
    languages: tuple[str, ...]
    kind: Kind
    synthetic: bool
    labels: Mapping[str, Label]
    sources: tuple[Source, ...]
    indices: tuple[Index, ...]
    themes: tuple[Theme, ...]
    items: tuple[Item, ...]
    scales: Mapping[str, Scale]
    crosswalk: tuple[CrosswalkRow, ...]
    agencies: tuple[Unit, ...]
    activities: tuple[Unit, ...]
    groups: tuple[Unit, ...]
    events: tuple[Event, ...]
    published: tuple[Published, ...]
    frame_rows: tuple[FrameRow, ...]
    bands: tuple[Band, ...]
    compare: Compare
    design: Design
    cleaning: Cleaning
    disclosure: Disclosure
    parameters: Mapping[str, Mapping[str, Any]]
    fetch: Fetch | None

    @classmethod
    def load(cls, root: str | Path, name: str) -> Study:
        """Read and check the study in ``root/name``.

        Parameters
        ----------
        root : str or Path
            The folder of all studies, usually ``data/raw``.
        name : str
            The study's folder.

        Raises
        ------
        DataError
            One error that lists everything wrong in all files of the folder.
        """
        folder = Path(root) / name
        _folder_is_there(folder)
        problems = Problems()
        settings = study_toml.read(folder, problems)
        facts = facts_files.read(folder, settings.languages if settings else (), problems)
        if settings is not None:
            _check_files(folder, settings, problems)
            validate.check(settings, facts, problems)
        problems.raise_if_any(heading=str(folder))
        if settings is None or settings.study is None or settings.compare is None:
            raise DataError(f"{folder}: study.toml could not be read")
        return cls(
            name=name,
            folder=folder,
            **_from_settings(settings.study, settings, settings.compare),
            **_from_facts(facts, settings.languages),
        )

    def label(self, thing: object, language: str) -> str:
        """Return the label of a unit, item, ... or of a mapping, in ``language``.

        A language without a text falls back on the study's first language.
        """
        texts = thing if isinstance(thing, Mapping) else getattr(thing, "label", None)
        if not isinstance(texts, Mapping):
            raise TypeError(f"{type(thing).__name__} has no label")
        for code in (language, *self.languages, *texts):
            if texts.get(code):
                return str(texts[code])
        raise KeyError(f"no label in {language}")

    def role_label(self, role: str, language: str) -> str:
        """Return what a role is called in this study."""
        texts = self.labels.get(role) or _ROLE_WORDS[role]
        return texts.get(language) or texts.get("en") or self.label(texts, language)

    @cached_property
    def item_codes(self) -> tuple[str, ...]:
        """The items in the order of codebook.csv."""
        return tuple(item.item for item in self.items)

    @cached_property
    def composites(self) -> tuple[Index, ...]:
        """The indices of study.toml, then one ``theme.<theme>`` for each theme with an index."""
        themed = ((theme, self._of_theme(theme)) for theme in self.themes if theme.index)
        return (
            *self.indices,
            *(Index(name=f"theme.{t.theme}", items=i, label=t.label) for t, i in themed if i),
        )

    def _of_theme(self, theme: Theme) -> tuple[str, ...]:
        return tuple(item.item for item in self.items if item.theme == theme.theme)

    def item(self, code: str) -> Item | Index:
        """Return the item, or the composite index, of this code."""
        return self._one(code, self._by_code, "item")

    @cached_property
    def _by_code(self) -> Mapping[str, Item | Index]:
        indices = {index.name: index for index in self.composites}
        return {item.item: item for item in self.items} | indices

    def agency(self, code: str) -> Unit:
        """Return the agency of this code."""
        return self._one(code, {unit.code: unit for unit in self.agencies}, "agency")

    def activity(self, code: str) -> Unit:
        """Return the activity of this code."""
        return self._one(code, {unit.code: unit for unit in self.activities}, "activity")

    def group(self, code: str) -> Unit:
        """Return the group of this code."""
        return self._one(code, {unit.code: unit for unit in self.groups}, "group")

    def _one(self, code: str, known: Mapping[str, _Known], what: str) -> _Known:
        if code not in known:
            raise DataError(f"{self.name}: no {what} '{code}'. {did_you_mean(code, known)}")
        return known[code]

    @cached_property
    def totals(self) -> frozenset[str]:
        """The units of any role that are somebody's parent: totals, never summed or compared."""
        units = (*self.agencies, *self.activities, *self.groups)
        return frozenset(unit.parent for unit in units if unit.parent)

    def is_total(self, code: str) -> bool:
        """Say whether a unit is the total of others."""
        return code in self.totals

    @cached_property
    def agency_codes(self) -> tuple[str, ...]:
        """The agencies that are compared: all but totals."""
        return tuple(unit.code for unit in self.agencies if not self.is_total(unit.code))

    @property
    def scale_names(self) -> tuple[str, ...]:
        """The scales in the order of scales.csv."""
        return tuple(self.scales)

    def crosswalk_rows(self, item: str, year: int) -> tuple[CrosswalkRow, ...]:
        """Return how the item looks in the raw files of ``year``.

        Rows of that year count before rows without a year; with neither, the item's column has
        the item's own name. Empty when the item was not asked.
        """
        if not self.asked(item, year):
            return ()
        rows = self._crosswalk_of(item, year)
        named = tuple(
            row if row.column else row.model_copy(update={"column": item}) for row in rows
        )
        return named or (CrosswalkRow(item=item, column=item),)

    def _crosswalk_of(self, item: str, year: int) -> tuple[CrosswalkRow, ...]:
        own = self._crosswalk.get((item, year))
        return own or self._crosswalk.get((item, None), ())

    @cached_property
    def _crosswalk(self) -> Mapping[tuple[str, int | None], tuple[CrosswalkRow, ...]]:
        found: dict[tuple[str, int | None], tuple[CrosswalkRow, ...]] = {}
        for row in self.crosswalk:
            found[row.item, row.year] = (*found.get((row.item, row.year), ()), row)
        return found

    def asked(self, item: str, year: int) -> bool:
        """Say whether an item of the codebook was asked in ``year``."""
        known = self.item(item)
        if isinstance(known, Index):
            return any(self.asked(part, year) for part in known.items)
        if known.year_from is not None and year < known.year_from:
            return False
        if known.year_to is not None and year > known.year_to:
            return False
        return all(row.column != NOT_ASKED for row in self._crosswalk_of(item, year))

    def scale_of(self, item: str, year: int | None = None) -> Scale:
        """Return the scale that the item (or composite index) had in ``year``."""
        known = self.item(item)
        if isinstance(known, Index):
            return Scale(scale=INDEX_SCALE)
        rows = () if year is None else self._crosswalk_of(item, year)
        name = next((row.scale for row in rows if row.scale), known.scale)
        return Scale(scale=INDEX_SCALE) if name == INDEX_SCALE else self.scales[name]

    def breaks(self, item: str) -> tuple[int, ...]:
        """Return the years at which the item's wording or scale changes without a bridge.

        A year in this list cannot be compared with the years before it. Wording and scale are
        known for the years of crosswalk.csv; between them they stay as they were. A composite
        index breaks where one of its items does.
        """
        known = self.item(item)
        if isinstance(known, Index):
            return tuple(sorted({year for part in known.items for year in self.breaks(part)}))
        dated = sorted({row.year for row in self.crosswalk if row.item == item and row.year})
        return tuple(
            year
            for before, year in zip([None, *dated], dated, strict=False)
            if self._changes(known, before, year)
        )

    def _changes(self, item: Item, before: int | None, year: int) -> bool:
        if any(row.bridge for row in self._crosswalk_of(item.item, year)):
            return False
        if before is None and (item.item, None) not in self._crosswalk:
            return False
        return self._form(item, before) != self._form(item, year)

    def _form(self, item: Item, year: int | None) -> tuple[str, str | None]:
        rows = self._crosswalk.get((item.item, year), ())
        wording = next((row.wording for row in rows if row.wording), None)
        return next((row.scale for row in rows if row.scale), item.scale), wording

    def spellings(self, role: str) -> Mapping[str, str]:
        """Return every raw spelling of the agencies, activities or groups with its code."""
        units = {"agency": self.agencies, "activity": self.activities, "group": self.groups}[role]
        return spellings_of(units)

    def category_spellings(self, scale: Scale) -> Mapping[str, str]:
        """Return every raw spelling of a scale's categories, codes before labels."""
        found = {normal(category.code): category.code for category in scale.categories}
        for category in scale.categories:
            for text in category.label.values():
                found.setdefault(normal(text), category.code)
        return found

    def item_spellings(self, year: int) -> Mapping[str, str]:
        """Return every raw spelling of an item in ``year``: code, crosswalk column, label."""
        found = {normal(item.item): item.item for item in self.items}
        for item in self.items:
            for row in self.crosswalk_rows(item.item, year):
                found.setdefault(normal(row.column), item.item)
        for item in self.items:
            for text in item.label.values():
                found.setdefault(normal(text), item.item)
        return found

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows of frame.csv: sizes are NaN, codes are empty where they are blank."""
        columns = list(FrameRow.model_fields)
        rows = [row.model_dump() for row in self.frame_rows]
        frame = pd.DataFrame(rows, columns=columns)
        sizes = ["population", "sample", "respondents"]
        codes = [column for column in columns if column not in (*sizes, "year")]
        kinds: dict[str, Any] = {"year": "Int64"} | {size: "float64" for size in sizes}
        filled = frame.fillna({code: "" for code in codes}) if rows else frame
        return filled.astype(kinds | {code: "str" for code in codes})


def spellings_of(units: Iterable[Unit]) -> Mapping[str, str]:
    """Return every spelling of some units: codes before aliases before labels."""
    units = tuple(units)
    found = {normal(unit.code): unit.code for unit in units}
    for unit in units:
        for text in unit.aliases:
            found.setdefault(normal(text), unit.code)
    for unit in units:
        for text in unit.label.values():
            found.setdefault(normal(text), unit.code)
    return found


def is_fetched(root: str | Path, name: str) -> bool:
    """Say whether the raw file that ``make fetch`` writes is there (or none is needed).

    Reads nothing but study.toml; a broken one counts as fetched, so that ``load`` explains it.
    """
    folder = Path(root) / name
    try:
        section = tomllib.loads((folder / study_toml.FILE).read_text("utf-8-sig")).get("fetch")
        return section is None or (folder / section["file"]).is_file()
    except (OSError, ValueError, TypeError, KeyError):
        return True


def _folder_is_there(folder: Path) -> None:
    if folder.is_dir():
        return
    others = sorted(path.parent.name for path in folder.parent.glob(f"*/{study_toml.FILE}"))
    hint = did_you_mean(folder.name, others)
    raise DataError(
        f"{folder}: there is no study '{folder.name}'. {hint} "
        f"`make new STUDY={folder.name}` begins a new one."
    )


def _check_files(folder: Path, settings: Settings, problems: Problems) -> None:
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
        return
    where = {s.file: settings.lines.where(("source", i, "file")) for i, s in settings.sources}
    there = [
        file
        for file in settings.files
        if sums.raw_file_is_there(folder, file, where=where[file], problems=problems)
    ]
    sums.check(folder, there, problems)


def _from_settings(study: StudySection, settings: Settings, compare: Compare) -> dict[str, Any]:
    return {
        "title": study.title,
        "about": study.about,
        "languages": study.languages,
        "kind": study.kind,
        "synthetic": study.synthetic,
        "labels": study.labels,
        "sources": tuple(source for _, source in settings.sources),
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

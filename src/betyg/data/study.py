"""A study: everything that its folder says, as one frozen object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict

from betyg.data import study_folder
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
    spellings,
)
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
)
from betyg.errors import DataError, SurveyError, did_you_mean

__all__ = ["Study", "faults"]

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
    def load(cls, root: str | Path, name: str, *, sums: bool = True) -> Study:
        """Read and check the study in ``root/name``.

        Parameters
        ----------
        root : str or Path
            The folder of all studies, usually ``data/raw``.
        name : str
            The study's folder.
        sums : bool
            Whether raw files are compared with SHA256SUMS. That reads all of them: whoever
            goes on from tables leaves it to the one who made these.

        Raises
        ------
        DataError
            One error that lists everything wrong in all files of the folder.
        """
        folder = Path(root) / name
        return cls(name=name, folder=folder, **study_folder.read(folder, with_sums=sums))

    def of_items(self, codes: Collection[str]) -> Study:
        """Return the study as if only some of its items had been asked: less is read.

        Composite indices stay if all of their items do. A row that answers none of the items
        counts as one without any answer.
        """
        unknown = sorted(set(codes) - set(self.item_codes))
        if unknown:
            self._one(unknown[0], dict.fromkeys(self.item_codes, self), "item")
        items = tuple(item for item in self.items if item.item in codes)
        whole = {theme.theme for theme in self.themes} - {
            item.theme for item in self.items if item.item not in codes
        }
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Study(
            **fields
            | {
                "items": items,
                "crosswalk": tuple(row for row in self.crosswalk if row.item in codes),
                "indices": tuple(i for i in self.indices if set(i.items) <= set(codes)),
                "themes": tuple(theme for theme in self.themes if theme.theme in whole),
            }
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

    def many(self, role: str, language: str) -> str:
        """Return what many of a role are called in running text; empty where nobody said."""
        texts = self.labels.get(role)
        return self.label(texts, language) if texts else ""

    @cached_property
    def item_codes(self) -> tuple[str, ...]:
        """The items in the order of codebook.csv."""
        return tuple(item.item for item in self.items)

    @cached_property
    def composites(self) -> tuple[Index, ...]:
        """The indices of study.toml, then one ``theme.<theme>`` for each theme with an index.

        None for kind published: means cannot be combined without the answers behind them.
        """
        if self.kind == "published":
            return ()
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

    @property
    def tells_late(self) -> bool:
        """Whether any file tells which answers came late."""
        return any(source.late for source in self.sources)

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

        A year in this list cannot be compared with the years before it (it may be the first
        year of all). A row without wording keeps the wording before it. A composite index breaks
        where one of its items does.
        """
        known = self.item(item)
        if isinstance(known, Index):
            return tuple(sorted({year for part in known.items for year in self.breaks(part)}))
        found, before, wording = [], known.scale, None
        for year in sorted({row.year for row in self.crosswalk if row.item == item and row.year}):
            rows = self._crosswalk[item, year]
            said = next((row.wording for row in rows if row.wording), wording)
            scale = self.scale_of(item, year).scale
            bridged = any(row.bridge for row in rows)
            if (scale, said) != (before, wording) and not bridged:
                found.append(year)
            before, wording = scale, said
        return tuple(found)

    def comparable(self, item: str, year_from: int, year_to: int) -> bool:
        """Say whether two years of an item (or composite index) stand on one series."""
        known = self.item(item)
        if isinstance(known, Index):
            return all(self.comparable(part, year_from, year_to) for part in known.items)
        if any(year_from < year <= year_to for year in self.breaks(item)):
            return False
        bridged = any(
            row.bridge and row.year is not None and year_from < row.year <= year_to
            for row in self.crosswalk
            if row.item == item
        )
        return bridged or self.scale_of(item, year_from) == self.scale_of(item, year_to)

    def spellings(self, role: str) -> Mapping[str, str]:
        """Return every raw spelling of the agencies, activities or groups with its code."""
        units = {"agency": self.agencies, "activity": self.activities, "group": self.groups}[role]
        return spellings(units)

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


def faults(root: Path, names: Iterable[str]) -> list[str]:
    """Return what is wrong with some studies: of each what loading it would say."""
    found = []
    for name in names:
        try:
            Study.load(root, name)
        except SurveyError as error:
            found.append(str(error))
    return found

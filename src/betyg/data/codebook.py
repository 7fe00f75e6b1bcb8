"""The facts of a questionnaire: items, scales, units, published figures, as frozen objects."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "INDEX_SCALE",
    "NOT_ASKED",
    "Category",
    "CrosswalkRow",
    "Event",
    "FrameRow",
    "Item",
    "Label",
    "MissingKind",
    "Published",
    "Scale",
    "Theme",
    "Unit",
    "Year",
    "normal",
    "spellings",
]

INDEX_SCALE = "0-100"
"""Reserved name: the scale of an index or of a published value; it has no categories."""

NOT_ASKED = "-"
"""In column ``column`` of crosswalk.csv: the item was not asked that year."""

Label = Mapping[str, str]
MissingKind = Literal["dont_know", "not_applicable", "no_answer"]


def normal(text: str) -> str:
    """Return ``text`` as it is compared: NFC, stripped, inner white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _parts(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split("|") if part.strip())
    return value


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.split("=") for part in value.split("|") if part.strip()]
    if any(len(pair) != 2 or not pair[1].strip() for pair in pairs):
        raise ValueError(f"'{value}' is not written as raw=code|raw=code, for example 1=5|2=4.")
    if len({raw.strip() for raw, _ in pairs}) != len(pairs):
        raise ValueError(f"'{value}' gives two meanings to one raw code.")
    return {raw.strip(): code.strip() for raw, code in pairs}


Codes = Annotated[tuple[str, ...], BeforeValidator(_parts)]
Recode = Annotated[Mapping[str, str], BeforeValidator(_pairs)]
Year = Annotated[int, Field(ge=1, le=9999)]
Size = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Fact(BaseModel):
    """One row of a facts file: unknown keys are refused, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Item(Fact):
    """A question, or a published number, in the order of codebook.csv."""

    item: str
    theme: str = ""
    scale: str
    year_from: Year | None = None
    year_to: Year | None = None
    label: Label


class Category(Fact):
    """One code of a scale: an answer with its place in the order, or a kind of missing."""

    scale: str
    code: str
    order: int | None = None
    kind: Literal["answer", "dont_know", "not_applicable", "no_answer"] = "answer"
    score: float | None = Field(default=None, ge=0, le=100)
    label: Label


class Scale(Fact):
    """The codes of an answer scale.

    Answers are numbered 1..k by ``order``; several codes may share one place.
    """

    scale: str
    categories: tuple[Category, ...] = ()

    @classmethod
    def build(cls, scale: str, rows: Iterable[Category]) -> Scale:
        """Make the scale from rows of scales.csv, numbering the answers 1..k."""
        rows = list(rows)
        ordered = {row.order for row in rows if row.kind == "answer" and row.order is not None}
        position = {order: place for place, order in enumerate(sorted(ordered), start=1)}
        numbered = [
            row.model_copy(
                update={
                    "order": position[row.order]
                    if row.kind == "answer" and row.order is not None
                    else None
                }
            )
            for row in rows
        ]
        return cls(scale=scale, categories=tuple(numbered))

    @cached_property
    def answers(self) -> tuple[Category, ...]:
        """The answer categories by position, the first code of each position."""
        first: dict[int, Category] = {}
        for category in self.categories:
            if category.order is not None:
                first.setdefault(category.order, category)
        return tuple(first[order] for order in sorted(first))

    @cached_property
    def by_code(self) -> Mapping[str, Category]:
        """Every code of the scale with its category."""
        return {category.code: category for category in self.categories}

    @property
    def k(self) -> int:
        """The number of answer positions; 0 for the scale "0-100"."""
        return len(self.answers)

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """The score 0-100 of each position, lowest first."""
        own = [category.score for category in self.answers]
        if own and all(score is not None for score in own):
            return tuple(float(score) for score in own if score is not None)
        steps = max(self.k - 1, 1)
        return tuple(100.0 * place / steps for place in range(self.k))

    def score(self, order: int) -> float:
        """Return the score 0-100 of the answer at position ``order`` (1..k)."""
        if not 1 <= order <= self.k:
            raise IndexError(f"scale {self.scale} has positions 1 to {self.k}, not {order}")
        return self.scores[order - 1]


class CrosswalkRow(Fact):
    """How one item looks in the raw files of one year (or of all years)."""

    item: str
    year: Year | None = None
    column: str = ""
    scale: str | None = None
    wording: str | None = None
    activity: str | None = None
    contains: str | None = None
    empty: str | None = None
    recode: Recode = Field(default_factory=dict)
    bridge: bool = False
    gap: str = ";"


class Unit(Fact):
    """An agency, activity or group; a unit that is somebody's parent is a total."""

    code: str
    parent: str | None = None
    valid_from: Year | None = None
    valid_to: Year | None = None
    successor: str | None = None
    aliases: Codes = ()
    label: Label


class Theme(Fact):
    """A group of items; with ``index`` it gives the composite index ``theme.<theme>``."""

    theme: str
    index: bool = True
    label: Label


class Event(Fact):
    """A measure taken in a year by some agencies, drawn on trend lines."""

    year: Year
    agencies: Codes = ()
    item: str | None = None
    label: Label


class Published(Fact):
    """A figure that was printed somewhere, to be compared with what the data give."""

    id: str
    statistic: Literal[
        "respondents",
        "agencies",
        "agencies_all_years",
        "activities",
        "activities_repeated",
        "rounds",
        "mean",
        "share",
        "top2",
        "mean_of_agencies",
    ]
    item: str | None = None
    category: Codes = ()
    agency: str | None = None
    year: Year | None = None
    activity: str | None = None
    group: str | None = None
    relation: Literal["=", "<", ">"] = "="
    value: float = Field(allow_inf_nan=False)
    tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    source: str
    label: Label

    @property
    def categories(self) -> tuple[str, ...]:
        """The codes whose share was published."""
        return self.category


class FrameRow(Fact):
    """Sizes of one stratum: population, those asked, those who answered."""

    year: Year | None = None
    agency: str | None = None
    activity: str | None = None
    group: str | None = None
    stratum: str | None = None
    population: Size | None = None
    sample: Size | None = None
    respondents: Size | None = None


def spellings(units: Iterable[Unit]) -> Mapping[str, str]:
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

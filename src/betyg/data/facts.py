"""All facts files of a study, read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from betyg.data import facts_csv
from betyg.data.codebook import (
    Category,
    CrosswalkRow,
    Event,
    FrameRow,
    Item,
    Published,
    Scale,
    Theme,
    Unit,
)
from betyg.data.facts_csv import Table
from betyg.errors import Problems

__all__ = ["Facts", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts files of a study, each with the lines of its rows."""

    items: Table[Item]
    categories: Table[Category]
    agencies: Table[Unit]
    activities: Table[Unit]
    groups: Table[Unit]
    themes: Table[Theme]
    crosswalk: Table[CrosswalkRow]
    frame: Table[FrameRow]
    events: Table[Event]
    published: Table[Published]

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales by name, in the order of scales.csv."""
        rows: dict[str, list[Category]] = {}
        for category in self.categories.rows:
            rows.setdefault(category.scale, []).append(category)
        return {name: Scale.build(name, found) for name, found in rows.items()}


def read(folder: Path, languages: Sequence[str], problems: Problems) -> Facts:
    """Read every facts file of the folder, noting all their problems."""
    optional = partial(facts_csv.read, languages=languages, required=False, problems=problems)
    required = partial(facts_csv.read, languages=languages, required=True, problems=problems)
    return Facts(
        items=required(folder / "codebook.csv", Item),
        categories=optional(folder / "scales.csv", Category),
        agencies=required(folder / "agencies.csv", Unit),
        activities=optional(folder / "activities.csv", Unit),
        groups=optional(folder / "groups.csv", Unit),
        themes=optional(folder / "themes.csv", Theme),
        crosswalk=optional(folder / "crosswalk.csv", CrosswalkRow),
        frame=optional(folder / "frame.csv", FrameRow),
        events=optional(folder / "events.csv", Event),
        published=optional(folder / "published.csv", Published),
    )

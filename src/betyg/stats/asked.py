"""Which questions can be set beside each other: several services, or the questions of a theme."""

from __future__ import annotations

from collections.abc import Collection

from betyg.data.study import Study

__all__ = ["FEWEST_ITEMS", "rated", "same_scale", "together"]

FEWEST_ITEMS = 3  # two questions are compared in a sentence, not ranked


def rated(survey: Study) -> tuple[str, ...]:
    """Return the items that each respondent answers for several activities."""
    found = dict.fromkeys(row.item for row in survey.crosswalk if row.activity)
    return tuple(found)


def together(survey: Study) -> dict[str, list[str]]:
    """Return the items of each theme that has enough of them to be ordered."""
    per_activity = set(rated(survey))
    found = {
        theme.theme: [
            i.item for i in survey.items if i.theme == theme.theme and i.item not in per_activity
        ]
        for theme in survey.themes
    }
    return {theme: items for theme, items in found.items() if len(items) >= FEWEST_ITEMS}


def same_scale(items: Collection[str], year: int, survey: Study) -> bool:
    """Tell whether so many items were answered that they can be ordered, all on one scale."""
    scales = {survey.scale_of(item, year).scale for item in items}
    return len(items) >= FEWEST_ITEMS and len(scales) == 1

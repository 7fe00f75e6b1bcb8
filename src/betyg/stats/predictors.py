"""What may go with the headline outcome: the themes, or the questions, of a round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.stats.asked import rated

__all__ = ["Predictors", "predictors"]

FEWEST_THEMES: Final = 3  # with fewer, the single questions are set against each other
FEWEST_ANSWERS: Final = 4  # chosen or not, and better, same or worse, are no grades


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """What may go with the outcome in a round.

    Attributes
    ----------
    of : {"theme", "item"}
        What each of them is.
    items : mapping of str to tuple of str
        The items of each, in the order of the codebook.
    """

    of: Literal["theme", "item"]
    items: Mapping[str, tuple[str, ...]]


def predictors(survey: Study, year: int) -> Predictors:
    """Return the themes, or where there are fewer than three the items, that may be drivers.

    The items of the outcome are no drivers of it. Neither are answers of fewer than four steps
    (chosen or not; better, same or worse), nor what is asked of each activity apart.
    """
    outcome = survey.item(survey.compare.outcome)
    own = outcome.items if isinstance(outcome, Index) else (outcome.item,)
    graded = [
        item
        for item in survey.items
        if item.item not in {*own, *rated(survey)}
        and survey.asked(item.item, year)
        and survey.scale_of(item.item, year).k >= FEWEST_ANSWERS
    ]
    themes: dict[str, tuple[str, ...]] = {}
    for item in graded:
        themes[item.theme] = (*themes.get(item.theme, ()), item.item)
    if len(themes) >= FEWEST_THEMES and "" not in themes:
        return Predictors(of="theme", items=themes)
    return Predictors(of="item", items={item.item: (item.item,) for item in graded})

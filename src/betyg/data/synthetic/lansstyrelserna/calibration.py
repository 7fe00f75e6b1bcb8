"""Small shifts of answers after which every published statement holds in the data, exactly.

The truth is chosen so that the statements are likely; in small groups of respondents chance may
still speak against one. Then as few answers as needed are moved by one grade.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from betyg.data.synthetic import draws
from betyg.data.synthetic.lansstyrelserna import answers, design, model

INDEX = ("overall", "expectation", "ideal")
HIGH = 70.0  # from here SKR's reports on companies' satisfaction call an index high
INDEX_82 = {
    "AB": 74.0, "C": 69.0, "E": 77.0, "M": 71.0, "O": 75.0, "S": 66.0, "AC": 70.0, "BD": 74.0,
}  # fmt: skip
"""Activity 82 in 2016: published are 70 for Västerbotten (AC) and 72, the mean of eight boards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The mean score of an item must lie between two values, in one group of respondents."""

    year: int
    item: str
    agency: str
    activity: str | None = None
    least: float = 0.0
    most: float = 100.0


def bounds() -> list[Bound]:
    """List what the published statements ask of the mean scores."""
    return [*_kronoberg_2012(), *_farm_support_2010(), *_vastra_gotaland()]


def calibrate(drawn: answers.Round, *, seed: int) -> answers.Round:
    """Return the round with answers moved where a statement would not hold."""
    moved = drawn
    for number, bound in enumerate(bounds()):
        if bound.year == drawn.year:
            moved = _within(moved, bound, draws.stream(seed, "bound", number))
    if drawn.year == 2016:
        moved = _human_rights_2016(moved, seed=seed)
    return moved


def _kronoberg_2012() -> Iterable[Bound]:
    # High marks for courtesy in all four activities, staff engaged, interested and open to
    # dialogue; criticism of the website and of reaching the right person.
    for activity in design.PINNED[2012, "G"]:
        for item in model.asked(2012):
            least, most = {
                "courtesy": (89.0, 100.0),
                "engaged": (76.0, 87.0),
                "interested": (76.0, 87.0),
                "open_dialogue": (76.0, 87.0),
                "website": (30.0, 54.0),
                "right_person": (30.0, 54.0),
            }.get(item, (58.0, 85.0))
            yield Bound(year=2012, item=item, agency="G", activity=activity, least=least, most=most)


def _farm_support_2010() -> Iterable[Bound]:
    # Kronoberg and Västmanland best, Kalmar and Uppsala lowest; Västmanland first on engagement.
    best, lowest, others = (8.0, 24.0), (-24.0, -9.0), (-6.0, 5.0)
    place = {"G": best, "U": best, "H": lowest, "C": lowest}
    for board in design.boards(2010):
        of_board = Bound(year=2010, item="", agency=board, activity="jordbruksstod")
        low, high = place.get(board, others)
        for item in INDEX:
            mean = model.MEAN[item]
            yield replace(of_board, item=item, least=mean + low, most=mean + high)
        least, most = (90.0, 100.0) if board == "U" else (0.0, 88.0)
        for item in ("engaged", "interested"):
            yield replace(of_board, item=item, least=least, most=most)


def _vastra_gotaland() -> Iterable[Bound]:
    for item in ("courtesy", "engaged", "interested", "accessibility"):
        yield Bound(year=2013, item=item, agency="O", least=78.0)
    for item in ("courtesy", "engaged", "plain_decisions", "handling_time"):
        yield Bound(year=2016, item=item, agency="O", least=HIGH + 2)


def _within(drawn: answers.Round, bound: Bound, rng: np.random.Generator) -> answers.Round:
    chosen = drawn.where(agency=bound.agency, activity=bound.activity)
    return _moved(drawn, bound.item, chosen, least=bound.least, most=bound.most, rng=rng)


def _moved(
    drawn: answers.Round,
    item: str,
    chosen: NDArray[np.bool_],
    *,
    least: float,
    most: float,
    rng: np.random.Generator,
) -> answers.Round:
    k = model.scale_length(item, drawn.year)
    given = drawn.answers[item][chosen]
    mean = draws.mean_score(given, k)
    if np.isnan(mean) or least <= mean <= most:
        return drawn
    inside = min(1.0, (most - least) / 2)  # a little inside: whole steps must not end outside
    target = least + inside if mean < least else most - inside
    changed = drawn.answers[item].copy()
    changed[chosen] = draws.move_mean(given, target=target, k=k, rng=rng)
    return replace(drawn, answers=drawn.answers | {item: changed})


def _human_rights_2016(drawn: answers.Round, *, seed: int) -> answers.Round:
    moved = drawn
    for board, target in INDEX_82.items():
        chosen = drawn.where(agency=board, activity="manskliga_rattigheter")
        rng = draws.stream(seed, "activity 82", board)
        for item in (*INDEX, *INDEX, *INDEX):
            shift = target - index_mean(moved, chosen)
            level = draws.mean_score(moved.answers[item][chosen], 10) + shift
            moved = _moved(moved, item, chosen, least=level, most=level, rng=rng)
    return moved


def index_mean(drawn: answers.Round, chosen: NDArray[np.bool_]) -> float:
    """Give the mean satisfaction index of ``chosen``: at least two of three questions answered."""
    given = np.stack([drawn.answers[item][chosen] for item in INDEX]).astype(np.float64)
    score = np.where(given > 0, 100 * (given - 1) / 9, np.nan)
    enough = (given > 0).sum(axis=0) >= 2
    return float(np.nanmean(score[:, enough], axis=0).mean())

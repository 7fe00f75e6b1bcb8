"""The truth from which the answers are drawn: a cumulative logit model, item by item.

logit P(Y <= k) = thresholds[k] - eta; positive eta means higher grades. eta is a sum of effects of
the board, the activity, the year, the respondent's group and some of their combinations. Nothing
in this file is published anywhere: see SOURCE.md of the study.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from betyg.data.synthetic import draws
from betyg.data.synthetic.lansstyrelserna import design

Effects = dict[str, float]
Crossed = dict[str, Effects]

MEAN = {
    "handling_time": 66.0, "plain_decisions": 72.0, "efficiency": 67.0, "courtesy": 84.0,
    "engaged": 79.0, "interested": 78.0, "open_dialogue": 77.0, "competence": 75.0,
    "advice": 69.0, "information": 68.0, "progress": 65.0, "website": 50.0, "right_person": 49.0,
    "accessibility": 73.0, "email_reply": 66.0, "maps": 64.0, "overall": 71.0,
    "expectation": 67.0, "ideal": 64.0,
}  # fmt: skip
"""Expected score 0-100 of each item where every effect is zero."""

ITEMS = tuple(MEAN)
SPREAD = {5: 2.0, 10: 2.6}
SINCE = {"accessibility": 2013, "email_reply": 2017, "maps": 2017}
FIVE_POINTS_UNTIL = {"information": 2011}
TEN_POINTS = ("information", "overall", "expectation", "ideal")

GROUPS: Effects = {
    "privatpersoner": 0.0,
    "foretag": -0.12,
    "kommuner": 0.18,
    "myndigheter": 0.25,
    "organisationer": 0.05,
}
YEARS: Effects = {
    "2009": 0.0, "2010": 0.05, "2011": 0.02, "2012": 0.06, "2013": 0.10, "2014": 0.08,
    "2015": 0.13, "2016": 0.16, "2017": 0.15,
}  # fmt: skip
ITEM_YEARS: Crossed = {
    "handling_time": {"2013": 0.1, "2014": 0.2, "2015": 0.3, "2016": 0.42, "2017": 0.4},
    "plain_decisions": {"2015": 0.08, "2016": 0.15, "2017": 0.15},
    "website": {"2014": 0.05, "2015": 0.1, "2016": 0.12, "2017": 0.15},
}
SWITCHBOARD = ("D", "E", "F", "G", "H", "I", "K", "M", "N", "S", "T", "U")
SWITCHBOARD_EFFECT: Effects = {"2013": 0.3, "2014": 0.45, "2015": 0.45, "2016": 0.45, "2017": 0.45}
"""On the item right_person at the twelve boards with the joint switchboard."""

FARM_SUPPORT_2010: Effects = {"G": 0.6, "U": 0.55, "C": -0.5, "H": -0.55}
BOARD_ITEMS: Crossed = {
    "G": {"courtesy": 0.25, "engaged": 0.2, "interested": 0.2, "open_dialogue": 0.2,
          "website": -0.1, "right_person": -0.1},
    "O": {"engaged": 0.15, "interested": 0.2, "accessibility": 0.45, "handling_time": 0.2,
          "plain_decisions": 0.1},
    "U": {"engaged": 0.2, "interested": 0.2},
}  # fmt: skip

DRIVERS: Effects = {
    "handling": 0.36,
    "courtesy": 0.24,
    "competence": 0.2,
    "information": 0.14,
    "accessibility": 0.06,
}
"""Weights of a respondent's leanings on five themes in the three overall questions."""
THEME_OF = {
    "handling_time": "handling", "plain_decisions": "handling", "efficiency": "handling",
    "courtesy": "courtesy", "engaged": "courtesy", "interested": "courtesy",
    "open_dialogue": "courtesy", "competence": "competence", "advice": "competence",
    "information": "information", "progress": "information", "website": "accessibility",
    "right_person": "accessibility", "accessibility": "accessibility",
    "email_reply": "accessibility", "maps": "accessibility",
}  # fmt: skip

COMMON, LOADING, OVERALL_LOADING = 0.45, 0.85, 0.92

SCATTER = {"board": 0.2, "activity": 0.22, "board:item": 0.06, "board:year": 0.07,
           "board:activity": 0.08, "activity:item": 0.08}  # fmt: skip
"""Standard deviations of the effects that are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All effects on the logit scale."""

    board: Effects
    activity: Effects
    board_item: Crossed
    board_year: Crossed
    board_activity: Crossed
    activity_item: Crossed


def build(seed: int) -> Model:
    """Draw the effects that are not fixed above."""
    boards, kinds = tuple(design.SIZE), tuple(design.CONTACTS)
    crossed = _crossed(seed, "board:item", boards, ITEMS)
    for board, items in BOARD_ITEMS.items():
        crossed[board] |= items
    return Model(
        board=_drawn(seed, "board", boards),
        activity=_drawn(seed, "activity", kinds),
        board_item=crossed,
        board_year=_crossed(seed, "board:year", boards, YEARS),
        board_activity=_crossed(seed, "board:activity", boards, kinds),
        activity_item=_crossed(seed, "activity:item", kinds, ITEMS),
    )


def scale_length(item: str, year: int) -> int:
    """Give the number of grades that ``item`` had in ``year``."""
    if item not in TEN_POINTS or year <= FIVE_POINTS_UNTIL.get(item, 0):
        return 5
    return 10


def cuts(item: str, year: int) -> draws.Floats:
    """Give the thresholds of ``item`` in ``year``."""
    k = scale_length(item, year)
    return draws.thresholds(mean=MEAN[item], k=k, spread=SPREAD[k])


def asked(year: int) -> list[str]:
    """List the items of the questionnaire of ``year``."""
    return [item for item in ITEMS if SINCE.get(item, 0) <= year]


def stratum_effects(model: Model, strata: pd.DataFrame, item: str) -> draws.Floats:
    """Add up the effects of board, activity and year in each stratum, shape (strata,)."""
    rows = zip(strata["agency"], strata["activity"], strata["year"].astype(str), strict=True)
    return np.array([_effect(model, board, activity, year, item) for board, activity, year in rows])


def _effect(model: Model, board: str, activity: str, year: str, item: str) -> float:
    total = (
        model.board[board]
        + model.activity[activity]
        + YEARS[year]
        + model.board_item[board][item]
        + model.board_year[board][year]
        + model.board_activity[board][activity]
        + model.activity_item[activity][item]
        + ITEM_YEARS.get(item, {}).get(year, 0.0)
    )
    if item == "right_person" and board in SWITCHBOARD:
        total += SWITCHBOARD_EFFECT.get(year, 0.0)
    if (year, activity) == ("2010", "jordbruksstod"):
        total += FARM_SUPPORT_2010.get(board, 0.0)
        if board == "U" and item in ("engaged", "interested"):
            total += 0.3
    return total


def truth(seed: int) -> dict[str, object]:
    """Give everything a test needs to know whether a model finds it again."""
    model = build(seed)
    return {
        "model": "logit P(Y <= k) = thresholds[k] - eta; eta is the sum of the effects that apply",
        "seed": seed,
        "thresholds": {item: cuts(item, 2017).tolist() for item in ITEMS},
        "thresholds_five_points": {item: cuts(item, 2009).tolist() for item in FIVE_POINTS_UNTIL},
        "board": model.board,
        "activity": model.activity,
        "group": GROUPS,
        "year": YEARS,
        "year_item": ITEM_YEARS,
        "board_item": model.board_item,
        "board_year": model.board_year,
        "board_activity": model.board_activity,
        "activity_item": model.activity_item,
        "switchboard": {
            "boards": list(SWITCHBOARD),
            "item": "right_person",
            "effect": SWITCHBOARD_EFFECT,
        },
        "farm_support_2010": FARM_SUPPORT_2010,
        "drivers": DRIVERS,
    }


def _drawn(seed: int, name: str, levels: Iterable[str]) -> Effects:
    return {
        level: round(SCATTER[name] * float(draws.stream(seed, name, level).standard_normal()), 3)
        for level in levels
    }


def _crossed(seed: int, name: str, rows: Iterable[str], columns: Iterable[str]) -> Crossed:
    spread = SCATTER[name]
    levels = tuple(columns)
    return {
        row: {
            level: round(spread * float(value), 3)
            for level, value in zip(
                levels, draws.stream(seed, name, row).standard_normal(len(levels)), strict=True
            )
        }
        for row in rows
    }


def leanings(rng: np.random.Generator, n: int) -> Mapping[str, draws.Floats]:
    """Draw each respondent's leaning on each theme and on the whole, standard normal, shape (n,).

    Themes share a common part, and the leaning on the whole is made of them in the proportions
    ``DRIVERS``: that is what makes some themes matter more than others.
    """
    common = rng.standard_normal(n)
    themes = {
        theme: np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * rng.standard_normal(n)
        for theme in DRIVERS
    }
    weights = np.array(list(DRIVERS.values()))
    variance = (1 - COMMON) * (weights**2).sum() + COMMON * weights.sum() ** 2
    whole = sum(DRIVERS[theme] * leaning for theme, leaning in themes.items())
    return themes | {"overall": np.asarray(whole / np.sqrt(variance))}

"""What the invented answers to the association's customer survey are meant to show.

Published facts are exact counts (``EXACT``); everything else is an assumption, listed in the
study's SOURCE.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

YEARS = (2020, 2021, 2022)

SIZES: Mapping[int, Mapping[str, int]] = {
    2020: {"large": 66, "medium": 88, "small": 118, "bilingual": 70, "joint": 54},
    2021: {"large": 61, "medium": 78, "small": 96, "bilingual": 62, "joint": 50},
    2022: {"large": 58, "medium": 74, "small": 90, "bilingual": 60, "joint": 44},
}
"""Respondents by year and municipality group; 347 in 2021 is published, the rest is invented."""

ROLES: Mapping[str, float] = {"director": 0.24, "official": 0.38, "elected": 0.26, "contract": 0.12}

FACTORS = ("overall", "trust", "customer", "guide", "known_all", "significance_all")
SERVICES = ("advocacy", "advice", "networks", "information", "training", "projects")
PRAISE = ("corona", "visibility", "statements", "networks", "service", "advocacy")
WISHES = ("experts", "faster", "advocacy", "visibility", "forerunner", "small")

SCALES: Mapping[str, int] = {
    **dict.fromkeys(FACTORS, 7),
    **dict.fromkeys(("knows", "recommend", "advice_reach", "advice_expert"), 5),
    **dict.fromkeys(("importance", "known", "significance"), 5),
    "compared": 3,
}
"""How many ordered answers each question has."""

SPREAD: Mapping[str, float] = {
    **dict.fromkeys(FACTORS, 5.0),
    **dict.fromkeys(("knows", "advice_reach", "advice_expert"), 4.4),
    **dict.fromkeys(("importance", "known", "significance"), 3.4),
}
"""Half the width of the thresholds in logits: the more, the more alike the respondents."""

EXACT: Mapping[str, Mapping[int, tuple[tuple[int, ...], int]]] = {
    "compared": {2021: ((36, 221, 86), 4), 2022: ((37, 208, 78), 3)},
    "knows": {2020: ((2, 12, 52, 244, 83), 3)},
    "recommend": {
        2020: ((9, 22, 50, 186, 125), 4),
        2021: ((6, 16, 36, 165, 120), 4),
        2022: ((4, 9, 25, 150, 136), 2),
    },
}
"""Answers by position, lowest first, and don't-knows.

Don't-knows are so few that the published percentage is the same of all respondents as of those
who answered: nobody printed which it was.
"""

MEANS: Mapping[str, Mapping[int, float]] = {
    "overall": {2020: 70.0, 2021: 71.0, 2022: 71.5},
    "trust": {2020: 81.0, 2021: 82.0, 2022: 82.5},
    "customer": {2020: 70.5, 2021: 71.5, 2022: 71.5},
    "guide": {2020: 66.5, 2021: 67.5, 2022: 65.5},
    "known_all": {2020: 64.5, 2021: 65.5, 2022: 66.5},
    "significance_all": {2020: 72.5, 2021: 73.5, 2022: 74.0},
    "knows": {2021: 77.0, 2022: 77.5},
    "advice_reach": {2021: 57.0, 2022: 65.0},
    "advice_expert": {2022: 80.0},
}
"""Mean score, 0-100, of a municipality group without offset."""

OFFSETS: Mapping[int, Mapping[str, float]] = {
    2020: {"large": -9.0, "medium": 0.0, "small": -0.5, "bilingual": 1.0, "joint": 0.0},
    2021: {"large": 0.5, "medium": 0.0, "small": -0.5, "bilingual": 1.0, "joint": -0.5},
    2022: {"large": 1.0, "medium": 0.0, "small": -0.5, "bilingual": 0.5, "joint": -0.5},
}
"""How far a group stands from ``MEANS`` on the six graded factors: only the large cities move."""

KNOWS_OFFSET: Mapping[str, float] = {"large": -0.6, "bilingual": 0.6}
"""That the association knows the municipalities is a view the groups share, but not to the dot."""

SERVICE_MEANS: Mapping[str, Mapping[int, tuple[float, ...]]] = {
    "importance": {
        2020: (85.0, 78.0, 65.0, 69.0, 58.0),
        2021: (86.0, 78.0, 69.3, 69.0, 58.0, 52.0),
        2022: (86.0, 79.0, 70.0, 68.5, 58.0, 53.0),
    },
    "known": {
        2020: (69.0, 77.0, 60.0, 65.0, 60.0),
        2021: (70.0, 78.0, 62.0, 65.0, 60.0, 47.0),
        2022: (71.0, 78.5, 64.0, 65.0, 60.0, 49.0),
    },
    "significance": {
        2020: (71.0, 78.0, 60.0, 65.0, 57.0),
        2021: (72.0, 80.0, 63.0, 66.0, 57.0, 48.0),
        2022: (72.5, 80.0, 64.0, 66.0, 57.0, 49.0),
    },
}
"""Mean score by service, in the order of ``SERVICES``; development projects are asked from 2021."""

MISSING: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(FACTORS, (0.020, 0.010)),
    "knows": (0.015, 0.010),
    "advice_reach": (0.060, 0.010),
    "advice_expert": (0.050, 0.010),
    "importance": (0.020, 0.015),
    "known": (0.000, 0.015),
    "significance": (0.050, 0.015),
}
"""Shares of don't-knows and of blanks."""

THEMES: Mapping[str, Mapping[int, tuple[float, ...]]] = {
    "praise": {
        2020: (0.00, 0.09, 0.08, 0.07, 0.27, 0.10),
        2021: (0.31, 0.24, 0.21, 0.18, 0.08, 0.06),
        2022: (0.05, 0.10, 0.12, 0.13, 0.22, 0.15),
    },
    "wish": {
        2020: (0.10, 0.09, 0.22, 0.08, 0.07, 0.11),
        2021: (0.22, 0.18, 0.09, 0.07, 0.06, 0.08),
        2022: (0.10, 0.09, 0.08, 0.23, 0.20, 0.09),
    },
}
"""Shares of all respondents whose open answer was coded with each theme."""

REMINDERS = (0.52, 0.31, 0.17)
"""Shares of the respondents of 2022 who answered before any reminder, after one, after two."""

WRITERS = 0.62
"""Share of the respondents who wrote something at all, to each of the two open questions."""

MESS: Mapping[int, Mapping[str, int]] = {
    2020: {"repeated": 4, "changed": 0, "test": 2, "unfinished": 6, "out_of_range": 3},
    2021: {"repeated": 3, "changed": 2, "test": 1, "unfinished": 9, "out_of_range": 0},
    2022: {"repeated": 3, "changed": 0, "test": 2, "unfinished": 7, "out_of_range": 0},
}
"""Rows that cleaning has to find, and answers outside the scale (in place of blanks)."""


def columns(year: int) -> tuple[str, ...]:
    """Name the graded questions of a year; of a service as ``item.service``."""
    general = [item for item in SCALES if item in MEANS or item in EXACT]
    asked = [item for item in general if year in MEANS.get(item, {}) or is_exact(item, year)]
    rated = [
        f"{item}.{service}"
        for item, means in SERVICE_MEANS.items()
        for service, _ in zip(SERVICES, means[year], strict=False)
    ]
    return (*asked, *rated)


def is_exact(item: str, year: int) -> bool:
    """Say whether the answers of a year are fixed by published counts."""
    return year in EXACT.get(item, {})


def mean(column: str, year: int, agency: str) -> float:
    """Give the mean score that the answers of one group are drawn to have."""
    item, _, service = column.partition(".")
    if service:
        return SERVICE_MEANS[item][year][SERVICES.index(service)]
    offset = OFFSETS[year] if item in FACTORS else KNOWS_OFFSET if item == "knows" else {}
    return MEANS[item][year] + offset.get(agency, 0.0)


def truth() -> dict[str, Any]:
    """Give everything that the data were drawn to show, in plain types."""
    return {
        "respondents": {str(year): dict(SIZES[year]) for year in YEARS},
        "scores": {
            column: {
                str(year): {agency: mean(column, year, agency) for agency in SIZES[year]}
                for year in YEARS
                if column in columns(year) and not is_exact(column, year)
            }
            for column in dict.fromkeys(name for year in YEARS for name in columns(year))
        },
        "counts": {
            item: {
                str(year): {"answers": list(answers), "dont_know": unknown}
                for year, (answers, unknown) in by_year.items()
            }
            for item, by_year in EXACT.items()
        },
        "mentioned": {
            f"{question}_{theme}": {
                str(year): round(share * sum(SIZES[year].values()))
                for year, shares in THEMES[question].items()
                if (share := dict(zip(themes, shares, strict=True))[theme])
            }
            for question, themes in (("praise", PRAISE), ("wish", WISHES))
            for theme in themes
        },
        "mess": {str(year): dict(MESS[year]) for year in YEARS},
    }

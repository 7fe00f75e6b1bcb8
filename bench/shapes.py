"""How our fits grow with agencies, years, grades and random terms, answers being as many.

Cells are drawn for a survey of any shape: each agency's activities rotate over the years.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from bench.measure import Found, Stages, Work

Model = Literal["fixed", "mixed"]
ANSWERS = 300_000
ACTIVITIES, GROUPS = 12, 4
EVERY = 3  # activities of one agency's year
FIXED = "response ~ agency + year + activity + group"
RANDOM = ("agency", "activity", "year", "agency:year")
SEED = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A survey's size in other ways than answers.

    Attributes
    ----------
    agencies, years, grades : int
    terms : int
        Crossed random terms of the mixed model, the first of ``RANDOM``.
    """

    agencies: int = 21
    years: int = 10
    grades: int = 5
    terms: int = len(RANDOM)


GROWTH: dict[str, tuple[int, ...]] = {
    "agencies": (21, 50, 100, 200, 400),
    "years": (5, 10, 20, 40),
    "grades": (2, 5, 7, 11),
    "terms": (1, 2, 3, 4),
}
"""What grows, while the rest stays as in ``Shape()``."""


def cells(shape: Shape) -> pd.DataFrame:
    """Draw the cells of a survey: keys, response (1 ... grades), score (0-100), n."""
    rng = np.random.default_rng(SEED)
    agency, year, turn, group = np.indices((shape.agencies, shape.years, EVERY, GROUPS)).reshape(
        4, -1
    )
    activity = (5 * agency + year + 2 * turn) % ACTIVITIES
    effects = (
        rng.normal(0, 0.45, shape.agencies)[agency] + rng.normal(0, 0.1, shape.years)[year]
        + rng.normal(0, 0.3, ACTIVITIES)[activity] + np.linspace(-0.3, 0.3, GROUPS)[group]
        + rng.normal(0, 0.15, (shape.agencies, shape.years))[agency, year]
    )  # fmt: skip
    cuts = logit(np.arange(1, shape.grades) / shape.grades)
    below = expit(cuts - effects[:, None])
    shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
    asked = rng.multinomial(ANSWERS, np.full(len(agency), 1.0 / len(agency)))
    counts = rng.multinomial(asked, shares)
    row, grade = np.nonzero(counts)
    return pd.DataFrame(
        {
            "agency": agency[row], "year": 2000 + year[row], "activity": activity[row],
            "group": group[row], "response": grade + 1.0,
            "score": 100.0 * grade / (shape.grades - 1), "n": counts[row, grade],
        }
    )  # fmt: skip


def fit(size: int, folder: Path, *, grows: str, model: Model) -> Work:
    """Fit the fixed or the mixed model to cells of one shape."""
    del folder
    from betyg.stats import ordinal, ordinal_mixed

    shape = replace(Shape(), **{grows: size})
    drawn = cells(shape)

    def work(stage: Stages) -> Found:
        del stage
        if model == "fixed":
            found = ordinal.fit(drawn, FIXED)
        else:
            found = ordinal_mixed.fit(drawn, "response ~ group", random=RANDOM[: shape.terms])
        return {"cells": len(drawn), "params": int(found.params.size)}

    return work


def asked() -> Iterator[tuple[str, int, Model]]:
    """Return what is measured: what grows, to how many, and the model."""
    for grows, sizes in GROWTH.items():
        for size in sizes:
            if grows != "terms":  # the fixed model has none
                yield grows, size, "fixed"
            yield grows, size, "mixed"


TASKS = {
    f"{model} by {grows}": partial(fit, grows=grows, model=model) for grows, _, model in asked()
}

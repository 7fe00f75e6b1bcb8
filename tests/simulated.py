"""A survey in memory: a Study without a folder, and respondents made from plain columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from betyg.data.clean import Cleaned
from betyg.data.codebook import Category, Item, Scale, Unit
from betyg.data.settings import Cleaning, Compare, Design, Disclosure, Index
from betyg.data.study import Study
from betyg.stats import cells

MISSING = ["dont_know", "not_applicable", "no_answer", "not_asked"]


def words(text: str) -> dict[str, str]:
    return {"en": text}


def scale(k: int) -> Scale:
    answers = [
        Category(scale=f"s{k}", code=str(i), order=i, label=words(f"answer {i}"))
        for i in range(1, k + 1)
    ]
    unsure = Category(scale=f"s{k}", code="99", kind="dont_know", label=words("don't know"))
    return Scale.build(f"s{k}", [*answers, unsure])


def study(
    *,
    items: Mapping[str, int],
    agencies: Sequence[str] = ("A", "B"),
    activities: Sequence[str] = (),
    groups: Sequence[str] = (),
    indices: Mapping[str, tuple[str, ...]] | None = None,
    compare: Mapping[str, object] | None = None,
    design: Mapping[str, object] | None = None,
    **changes: object,
) -> Study:
    """A study whose items are given with the number of their categories."""
    own = {"outcome": next(iter(items))} | dict(compare or {})
    given: dict[str, object] = {
        "name": "simulated",
        "folder": Path("simulated"),
        "title": words("Simulated"),
        "about": None,
        "languages": ("en",),
        "kind": "responses",
        "synthetic": True,
        "labels": {},
        "sources": (),
        "indices": tuple(
            Index(name=name, items=parts, label=words(name))
            for name, parts in (indices or {}).items()
        ),
        "themes": (),
        "items": tuple(Item(item=i, scale=f"s{k}", label=words(i)) for i, k in items.items()),
        "scales": {f"s{k}": scale(k) for k in items.values()},
        "crosswalk": (),
        "agencies": units(agencies),
        "activities": units(activities),
        "groups": units(groups),
        "events": (),
        "published": (),
        "frame_rows": (),
        "bands": (),
        "compare": Compare(**own),
        "design": Design(**(design or {})),
        "cleaning": Cleaning(),
        "disclosure": Disclosure(),
        "parameters": {},
        "fetch": None,
    }
    return Study(**(given | changes))


def units(codes: Sequence[str]) -> tuple[Unit, ...]:
    return tuple(Unit(code=code, label=words(code)) for code in codes)


def respondents(answers: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Fill in what 01_clean would: every column that ``answers`` lacks gets its plain value."""
    n = len(answers)
    codes = {
        "agency": [unit.code for unit in survey.agencies],
        "activity": ["all", *(unit.code for unit in survey.activities)],
        "group": ["all", *(unit.code for unit in survey.groups)],
    }

    def column(name: str, default: object) -> object:
        return answers[name].to_numpy() if name in answers else np.full(n, default)

    frame = pd.DataFrame({"respondent_id": np.arange(n).astype(str)})
    for role, known in codes.items():
        frame[role] = pd.Categorical(column(role, known[0]), categories=known)
    frame["year"] = np.asarray(column("year", 2012), dtype="int16")
    frame["weight"] = np.asarray(column("weight", 1.0), dtype=float)
    frame["stratum"] = pd.Categorical(column("stratum", "all"))
    frame["psu"] = column("psu", 0) if "psu" in answers else np.arange(n)
    frame["population"] = np.asarray(column("population", np.nan), dtype=float)
    for item in survey.item_codes:
        position = answers[item] if item in answers else pd.Series(np.nan, range(n))
        frame[item] = pd.array(position.to_numpy(dtype=float, na_value=np.nan), dtype="Int8")
        kind = column(f"{item}.missing", "no_answer")
        empty = frame[item].isna().to_numpy()
        frame[f"{item}.missing"] = pd.Categorical(
            [k if gone else None for k, gone in zip(kind, empty, strict=True)], categories=MISSING
        )
    for index in survey.indices:
        parts = [
            100 * (frame[i].astype(float) - 1) / (survey.scale_of(i).k - 1) for i in index.items
        ]
        frame[index.name] = pd.concat(parts, axis=1).mean(axis=1)
    return frame


def cells_of(frame: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Collapse respondents as 01_clean does."""
    nothing = pd.DataFrame()
    return cells.collapse(Cleaned(parts=[frame], counts=nothing, attrition=nothing), survey)

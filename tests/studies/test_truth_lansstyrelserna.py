"""The model that the answers were drawn from is found again in the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from betyg.stats import cells, ordinal

TRUTH = Path(__file__).parents[1] / "truth" / "lansstyrelserna.json"
ERRORS = 4.0  # standard errors: one in 16,000 by chance
OMITTED = 0.05  # logits: effects of board x year and board x activity are not in the fitted model


@pytest.fixture(scope="module")
def truth():
    return json.loads(TRUTH.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def unweighted(boards, boards_cleaned):
    collapsed = cells.collapse(boards_cleaned, boards)
    return collapsed.drop(columns=["weight_sum", "weight_sq_sum", "se"])


def of_item(table: pd.DataFrame, item: str) -> pd.DataFrame:
    found = table[(table["item"] == item) & (table["kind"] == "answer")].copy()
    for role in ("agency", "activity", "group"):
        found[role] = found[role].astype(str)
    return found


@pytest.fixture(scope="module")
def competence(unweighted):
    return ordinal.fit(
        of_item(unweighted, "competence"), "response ~ agency + year + activity + group"
    )


def slopes(fit: ordinal.OrdinalFit, term: str) -> pd.DataFrame:
    """Effects of the levels against the reference level, named by level."""
    levels = [name for name in fit.slopes.index if name.startswith(f"{term}[")]
    table = pd.DataFrame({"estimate": fit.slopes[levels], "se": fit.bse[levels]})
    table.index = [name.split("[")[1].rstrip("]").removeprefix("T.") for name in levels]
    return table


def against_reference(effects: dict[str, float], levels: pd.Index) -> pd.Series:
    reference = next(level for level in sorted(effects) if level not in levels)
    return pd.Series(effects)[levels] - effects[reference]


def test_groups_and_years_are_found_within_their_errors(competence, truth):
    for term in ("group", "year"):
        found = slopes(competence, term)
        true = against_reference(truth[term], found.index)
        assert len(found) == len(truth[term]) - 1
        assert ((found["estimate"] - true).abs() < ERRORS * found["se"] + OMITTED).all()


def test_boards_and_activities_are_found_in_their_order(competence, truth):
    pairs = (("agency", "board", "board_item"), ("activity", "activity", "activity_item"))
    for term, name, by_item in pairs:
        effects = {
            level: effect + truth[by_item][level]["competence"]
            for level, effect in truth[name].items()
        }
        found = slopes(competence, term)
        true = against_reference(effects, found.index)
        assert np.corrcoef(found["estimate"], true)[0, 1] > 0.9


def test_another_truth_is_not_found(competence, truth):
    found = slopes(competence, "group")
    true = against_reference({k: -v for k, v in truth["group"].items()}, found.index)
    assert not ((found["estimate"] - true).abs() < ERRORS * found["se"] + OMITTED).all()


def test_the_switchboard_is_found_on_the_right_person_only(unweighted, truth):
    members = truth["switchboard"]["boards"]
    estimate = {}
    for item in ("right_person", "website"):
        answers = of_item(unweighted[unweighted["year"] != 2013], item)
        joined = answers["agency"].isin(members) & (answers["year"] > 2013)
        answers["switchboard"] = np.where(joined, "yes", "no")
        fit = ordinal.fit(answers, "response ~ agency + year + activity + group + switchboard")
        (name,) = [name for name in fit.slopes.index if name.startswith("switchboard")]
        estimate[item] = fit.slopes[name], fit.bse[name]
    true = {"right_person": truth["switchboard"]["effect"]["2016"], "website": 0.0}
    for item, (found, se) in estimate.items():
        assert abs(found - true[item]) < ERRORS * se + OMITTED
    assert estimate["right_person"][0] > 3 * abs(estimate["website"][0])

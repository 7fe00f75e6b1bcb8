"""Orders and agreement from sums are those from the answers one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.codebook import Item, Theme
from betyg.errors import DesignError
from betyg.stats import domains, orders, theme_sums

RTOL = 1e-9  # the same sums, added up in another order
N = 800
THEMED = dict.fromkeys("abcd", "care") | dict.fromkeys("efg", "speed")


def survey_of(inference="performance", **design):
    survey = simulated.study(
        items=dict.fromkeys(THEMED, 5) | {"g": 4},
        agencies=tuple("ABC"),
        groups=("old", "young"),
        compare={"inference": inference},
        design=design,
        themes=tuple(
            Theme(theme=name, index=False, label=simulated.words(name))
            for name in ("care", "speed")
        ),
    )
    items = [
        Item(
            item=item.item, scale=item.scale, label=item.label, theme=THEMED[item.item],
            year_from=2012 if item.item == "d" else None,
        )
        for item in survey.items
    ]  # fmt: skip
    return survey.model_copy(update={"items": tuple(items)})


def people_of(survey, **columns):
    rng = np.random.default_rng(4)
    agency, year = rng.choice(list("ABC"), N), rng.choice([2011, 2012], N)
    mood = rng.normal(size=N)
    given = {
        "agency": agency, "year": year, "weight": np.round(0.5 + 2 * rng.random(N), 3),
        "stratum": [f"{a}|{y}" for a, y in zip(agency, year, strict=True)],
        "group": rng.choice(["old", "young"], N),
        "population": np.where(agency == "A", 900.0, np.nan),
    }  # fmt: skip
    for at, item in enumerate(THEMED):
        answer = np.clip(np.round(2.5 + 0.1 * at + mood + rng.normal(size=N)), 1, 4)
        lost = (rng.random(N) < 0.2) | ((item == "d") & (year == 2011))
        given[item] = np.where(lost, np.nan, answer)
    return simulated.respondents(pd.DataFrame(given | columns), survey)


@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_the_questions_of_a_theme_are_ordered_from_sums_as_from_rows(inference):
    survey = survey_of(inference)
    people = people_of(survey)
    sizes, sums = domains.of_rows([people]), theme_sums.of_rows([people], survey)
    want = orders.table(people, survey)
    got = orders.table(people.iloc[:0], survey, domains=sizes, sums=sums)
    assert set(zip(want["by"], want["year"], strict=True)) == {("care", 2011), ("care", 2012)}
    assert len(want) == 3 + 4  # d is new in 2012; the scales of speed differ
    pd.testing.assert_frame_equal(got, want, rtol=RTOL)


@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_agreement_is_tested_from_cells_as_from_rows(inference):
    survey = survey_of(inference)
    people = people_of(survey)
    counted = {
        "domains": domains.of_rows([people]), "cells": simulated.cells_of(people, survey),
    }  # fmt: skip
    want = orders.agreement(people, survey)
    assert len(want) == 13 and (want["agencies"] == 3).all()
    got = orders.agreement(people.iloc[:0], survey, **counted)
    pd.testing.assert_frame_equal(got, want, rtol=RTOL)


@pytest.mark.parametrize("rule", ["adjust", "certainty", "error"])
def test_a_stratum_of_one_person_follows_the_rule(rule):
    survey = survey_of(lonely=rule)
    people = people_of(survey)
    people["stratum"] = people["stratum"].astype("str")
    people.loc[people["year"].eq(2012).idxmax(), "stratum"] = "alone"
    sizes, sums = domains.of_rows([people]), theme_sums.of_rows([people], survey)
    if rule == "error":
        for rows, known in ((people, {}), (people.iloc[:0], {"domains": sizes, "sums": sums})):
            with pytest.raises(DesignError, match="strata 'alone' hold one PSU"):
                orders.table(rows, survey, **known)
    else:
        got = orders.table(people.iloc[:0], survey, domains=sizes, sums=sums)
        pd.testing.assert_frame_equal(got, orders.table(people, survey), rtol=RTOL)


def test_where_units_have_several_rows_they_are_opened():
    survey = survey_of()
    people = people_of(survey, psu=np.arange(N) // 2)
    known = {"domains": domains.of_rows([people])}
    sums = theme_sums.of_rows([people], survey)
    want = orders.table(people, survey)
    pd.testing.assert_frame_equal(orders.table(people, survey, sums=sums, **known), want)
    assert not np.allclose(
        want["se"], orders.table(people.assign(psu=np.arange(N)), survey)["se"], rtol=RTOL
    )


def test_sums_of_parts_are_those_of_the_whole():
    survey = survey_of()
    people = people_of(survey)
    cut = [people.iloc[500:], people.iloc[:500]]
    got, want = (theme_sums.of_rows(parts, survey) for parts in (cut, [people]))
    lists = ["counts", "sums", "products"]
    pd.testing.assert_frame_equal(got.drop(columns=lists), want.drop(columns=lists))
    for name in lists:
        for one, other in zip(got[name], want[name], strict=True):
            np.testing.assert_allclose(one, other, rtol=RTOL)


def test_a_study_without_themes_has_no_sums():
    survey = simulated.study(items={"a": 5})
    found = theme_sums.of_rows([simulated.respondents(pd.DataFrame({"a": [1.0]}), survey)], survey)
    assert found.empty and tuple(found.columns) == theme_sums.COLUMNS

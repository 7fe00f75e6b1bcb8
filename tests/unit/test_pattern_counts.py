"""The quality of answers from their patterns is that from the answers one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data.codebook import FrameRow, Theme, Unit
from betyg.data.settings import Source
from betyg.stats import domains, pattern_counts, quality, scale_reliability
from betyg.stats.pattern_tallies import Counted, Drawn

RTOL = 1e-9  # the same sums, added up in another order
N = 1200
ITEMS = {"a": 5, "b": 5, "c": 5, "d": 10, "e": 5, "f": 3, "g": 5}


def survey_of():
    total = Unit(code="T", label=simulated.words("T"))
    parts = [Unit(code=code, label=simulated.words(code), parent="T") for code in "AB"]
    frame = [
        {"agency": agency, "year": year, "sample": 900} for agency in "ABC" for year in (2011, 2012)
    ]
    return simulated.study(
        items=ITEMS,
        groups=("old", "young"),
        indices={"view": ("a", "b", "c"), "all": ("a", "b", "c", "d", "e", "f")},
        themes=(Theme(theme="", index=False, label=simulated.words("t")),),
        frame_rows=tuple(FrameRow(**row) for row in frame),
        sources=(Source(file="a.csv", format="csv", late={"letter": ("late",)}),),
        **{"agencies": ()},
    ).model_copy(update={"agencies": (total, *parts, simulated.units("C")[0])})


def people_of(survey, n=N, seed=3):
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    given = {
        "agency": rng.choice(["T", "A", "B", "C"], n),
        "year": rng.choice([2011, 2012], n),
        "group": rng.choice(["old", "young"], n),
    }
    for item, k in ITEMS.items():
        answer = np.clip(np.round((k + 1) / 2 + mood * k / 5 + rng.normal(size=n)), 1, k)
        given[item] = np.where(rng.random(n) < 0.15, np.nan, answer)
    same = rng.random(n) < 0.05
    for item in "abceg":
        given[item] = np.where(same, 3.0, given[item])
    people = simulated.respondents(pd.DataFrame(given), survey)
    return people.assign(late=pd.array(rng.random(n) < 0.2, dtype="boolean"))


def test_quality_from_patterns_and_domains_is_that_from_rows():
    survey = survey_of()
    people = people_of(survey)
    cells = simulated.cells_of(people, survey)
    counted = {
        "domains": domains.of_rows([people]),
        "patterns": pattern_counts.of_rows([people], survey),
    }
    want = quality.table(people, cells, survey)
    got = quality.table(people.iloc[:0], cells, survey, **counted)
    assert set(want["measure"]) == set(quality.MEASURES)
    assert {"view", "all", "s5"} <= set(want["item"])
    pd.testing.assert_frame_equal(got, want, rtol=RTOL)


def test_where_a_unit_has_several_rows_they_are_opened():
    survey = survey_of()
    people = people_of(survey).assign(psu=np.arange(N) // 2, respondent_id=np.arange(N) // 2)
    sizes, cells = domains.of_rows([people]), simulated.cells_of(people, survey)
    patterns = pattern_counts.of_rows([people], survey)
    found = quality.table(people, cells, survey, domains=sizes, patterns=patterns)
    pd.testing.assert_frame_equal(found, quality.table(people, cells, survey))


@pytest.mark.parametrize("most", [10, 500, pattern_counts.MOST])
def test_patterns_of_parts_are_those_of_the_whole(most):
    survey = survey_of()
    people = people_of(survey)
    cut = [people.iloc[700:], people.iloc[:300], people.iloc[300:700]]
    whole = pattern_counts.of_rows([people], survey, most=most)
    pd.testing.assert_frame_equal(pattern_counts.of_rows(cut, survey, most=most), whole)


@pytest.mark.parametrize("kind", ["counted", "drawn"])
def test_what_pieces_counted_apart_adds_up(kind):
    def tally():
        return Counted(2, [5, 5]) if kind == "counted" else Drawn(2, 40, [5, 5])

    rng = np.random.default_rng(1)
    owner, unit = rng.integers(0, 2, 500), np.arange(500)
    states = [rng.integers(0, 6, 500).astype(np.int8) for _ in range(2)]
    whole, pieces, by_and_by = tally(), [tally() for _ in range(3)], tally()
    whole.add(owner, states, unit)
    for piece, rows in zip(pieces, np.array_split(rng.permutation(500), 3), strict=True):
        piece.add(owner[rows], [own[rows] for own in states], unit[rows])
    for piece in pieces[1:]:
        pieces[0].absorb(piece)
    for rows in np.array_split(np.arange(500), 25):
        by_and_by.add(owner[rows], [own[rows] for own in states], unit[rows])
    for found in (pieces[0].found(), by_and_by.found()):
        for got, want in zip(found, whole.found(), strict=True):
            np.testing.assert_array_equal(got, want)


def test_of_more_patterns_than_are_counted_as_many_respondents_are_drawn():
    survey = survey_of()
    people = people_of(survey)
    found = pattern_counts.of_rows([people], survey, most=300).query("kind == 'answers'")
    n = found.groupby(["item", "year"], observed=True)["n"].sum()
    inside = people[(people["agency"] != "T") & people["year"].eq(2011)]
    some = inside[["a", "b", "c"]].notna().any(axis="columns")
    assert n["view", 2011] == some.sum() > 300  # 6 ** 3 patterns: all are counted
    assert n["all", 2011] == n["all", 2012] == 300


def test_every_respondent_is_as_likely_to_be_drawn():
    survey = survey_of()
    people = people_of(survey, n=40_000)
    found = pattern_counts.of_rows([people], survey, most=4000).query("item == 'all'")
    shares = found.groupby("answer_4")["n"].sum() / found["n"].sum()
    some = people[(people["agency"] != "T")].dropna(subset=list("abcde"), how="all")
    want = some["d"].fillna(0).astype(int).value_counts(normalize=True).sort_index()
    error = np.sqrt(want * (1 - want) / found["n"].sum())
    assert (np.abs(shares - want) < 4 * error).all()  # eleven shares


def test_the_interval_of_those_drawn_holds_what_all_would_give():
    held, n = 0, 200
    rng = np.random.default_rng(2)
    for at in range(n):
        mood = rng.normal(size=(4000, 1))
        positions = np.digitize(mood + rng.normal(size=(4000, 4)), [-1.5, 0.0, 1.0]) + 1
        drawn = Drawn(1, 400, [4] * 4)
        unit = np.arange(4000) + 4000 * at
        drawn.add(np.zeros(4000, dtype=np.intp), list(positions.T.astype(np.int8)), unit)
        _, patterns, times = drawn.found()
        found = scale_reliability.alpha(patterns.astype(float), times=times.astype(float))
        held += found.ci_low <= scale_reliability.alpha(positions.astype(float)).estimate
        held -= found.ci_high < scale_reliability.alpha(positions.astype(float)).estimate
        assert found.n == 400
    assert held / n > 0.95 - 3 * np.sqrt(0.05 * 0.95 / n)


def test_answers_that_several_gave_count_as_often():
    rng = np.random.default_rng(5)
    mood = rng.normal(size=(3000, 1))
    positions = np.digitize(mood + rng.normal(size=(3000, 3)), [-1.5, 0.0, 1.0]) + 1
    positions[rng.random(positions.shape) < 0.1] = 0
    distinct, times = np.unique(positions, axis=0, return_counts=True)
    rows, alike = (pd.DataFrame(each) for each in (positions, distinct))
    want = scale_reliability.omega(rows)
    got = scale_reliability.omega(alike, times=times.astype(float))
    for name in ("estimate", "ci_low", "ci_high", "n"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=RTOL)

"""Counts of respondents by domain, and estimates made of them instead of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data import store
from betyg.errors import DesignError
from betyg.stats import domains, estimate

RTOL = 1e-12  # the same sums, added up in another order


def survey_of(inference="performance", **design):
    return simulated.study(
        items={"q": 5, "r": 5},
        agencies=("A", "B"),
        activities=("plan", "farm"),
        indices={"view": ("q", "r")},
        compare={"outcome": "view", "inference": inference},
        design=design,
    )


def people_of(survey, n=400, **columns):
    rng = np.random.default_rng(7)
    agency = rng.choice(["A", "B"], n)
    year = rng.choice([2011, 2012], n)
    given = {
        "agency": agency,
        "year": year,
        "activity": rng.choice(["all", "plan", "farm"], n),
        "weight": np.round(0.5 + rng.random(n), 3),
        "stratum": [f"{a}|{y}" for a, y in zip(agency, year, strict=True)],
        "population": 1000.0,
        "q": np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 6, n)),
        "r": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 6, n)),
        "r.missing": "dont_know",
    }
    return simulated.respondents(pd.DataFrame(given | columns), survey)


@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_estimates_of_cells_are_those_of_the_rows(inference):
    survey = survey_of(inference)
    people = people_of(survey)
    counts = simulated.cells_of(people, survey)
    sizes = domains.of_rows([people])
    of_rows = estimate.table(people, counts, survey)
    of_cells = estimate.table(None, counts, survey, domains=sizes)
    pd.testing.assert_frame_equal(of_cells, of_rows, rtol=RTOL, atol=1e-10)


def test_rows_are_opened_only_where_a_unit_has_several_of_them(tmp_path):
    survey = survey_of()
    nowhere = store.rows("respondents", tmp_path)
    people = people_of(survey)
    counts = simulated.cells_of(people, survey)
    estimate.table(nowhere, counts, survey, domains=domains.of_rows([people]))
    pairs = people.assign(psu=np.arange(400) // 2, stratum=people["stratum"].iloc[0])
    store.write(pairs, "respondents", tmp_path)
    found = estimate.table(nowhere, counts, survey, domains=domains.of_rows([pairs]))
    expected = estimate.table(pairs, counts, survey)
    pd.testing.assert_frame_equal(found, expected)


def test_domains_of_parts_add_up_to_those_of_the_whole():
    people = people_of(survey_of())
    cut = [people.iloc[:150], people.iloc[150:151], people.iloc[151:]]
    pd.testing.assert_frame_equal(domains.of_rows(cut), domains.of_rows([people]), rtol=RTOL)


def test_a_unit_counts_where_its_first_row_is():
    people = people_of(survey_of(), psu=np.arange(400) // 2)
    sizes = domains.of_rows([people.iloc[:151], people.iloc[151:]])
    assert int(sizes["units"].sum()) == 200
    assert not domains.are_units(sizes)


def test_a_stratum_larger_than_its_population_is_refused_from_cells_too():
    survey = survey_of("this_year")
    people = people_of(survey, population=20.0)
    counts, sizes = simulated.cells_of(people, survey), domains.of_rows([people])
    with pytest.raises(DesignError, match=r"has \d+ PSUs in the sample but 20 in the population"):
        estimate.table(None, counts, survey, domains=sizes)

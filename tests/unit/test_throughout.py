"""Estimates among those who were always there: from rows and from sums, with the whole design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import simulated
from betyg.data import store
from betyg.stats import domains, estimate, throughout

RTOL = 1e-9  # the same sums, added up in another order
YEARS = {"A": (2011, 2012, 2013), "B": (2011, 2012, 2013), "C": (2012, 2013), "D": (2011, 2012)}
EACH = 60
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "n_eff", "deff"]


def survey_of(inference="performance", **design):
    return simulated.study(
        items={"q": 5, "r": 5, "t": 10},
        agencies=tuple(YEARS),
        activities=("plan", "farm"),
        indices={"view": ("q", "r")},
        compare={"outcome": "view", "inference": inference},
        design=design,
    )


def people_of(survey, *, years=YEARS, by=("agency", "year", "activity"), **columns):
    """Rows with weights, strata of some roles, and a finite population."""
    rng = np.random.default_rng(5)
    cells = [(a, y, t) for a, own in years.items() for y in own for t in ("plan", "farm")]
    keys = pd.DataFrame(cells * EACH, columns=["agency", "year", "activity"])
    n = len(keys)
    stratum = keys[list(by)].astype(str).agg("|".join, axis=1)
    given = keys.assign(
        weight=np.round(0.5 + rng.random(n), 3),
        stratum=stratum,
        population=2.0 * stratum.map(stratum.value_counts()),
        q=np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 6, n)),
        r=np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 6, n)),
        t=rng.integers(1, 11, n),
    )
    return simulated.respondents(given.assign(**columns), survey)


def of_sums(people, survey, respondents=None):
    sizes = domains.of_rows([people])
    counts = simulated.cells_of(people, survey)
    return throughout.table(respondents, counts, survey, domains=sizes)


@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_it_is_what_the_answers_of_these_agencies_alone_give(inference):
    """Where strata lie within agencies the others may as well be left out."""
    survey = survey_of(inference)
    people = people_of(survey)
    found = of_sums(people, survey)
    assert found.groupby("until")["year"].agg(list).to_dict() == {
        2012: [2011, 2012], 2013: [2011, 2012, 2013],
    }  # fmt: skip
    for until, always in {2012: "ABD", 2013: "AB"}.items():
        own = people[people["agency"].isin(list(always)) & (people["year"] <= until)]
        wanted = estimate.direct(own, survey, by=(("year",),))
        wanted = wanted[wanted["item"] == "view"]
        got = found[found["until"] == until]
        np.testing.assert_allclose(got[NUMBERS], wanted[NUMBERS], rtol=RTOL)
        assert got["n"].tolist() == wanted["n"].tolist()


@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_rows_and_sums_give_the_same_whatever_the_strata(inference):
    survey = survey_of(inference)
    people = people_of(survey, by=("year",))
    counts, sizes = simulated.cells_of(people, survey), domains.of_rows([people])
    asked = {"by": (("year",),), "among": ("A", "B")}
    rows = estimate.direct(people, survey, **asked)
    sums = estimate.table(None, counts, survey, domains=sizes, **asked)
    pd.testing.assert_frame_equal(sums, rows, rtol=RTOL, atol=1e-10)


@pytest.mark.parametrize("variance", ["linearised", "jackknife", "bootstrap"])
@pytest.mark.parametrize("inference", ["performance", "this_year"])
def test_who_is_not_among_them_counts_as_one_who_was_not_asked(inference, variance):
    survey = survey_of(inference, variance=variance, replicates=50)
    people = people_of(survey, by=("year", "activity"), psu=np.arange(20 * EACH) // 4 % 150)
    people = people.sort_values("psu", kind="stable", ignore_index=True)
    outside = ~people["agency"].isin(["A", "B"])
    silent = people.assign(view=people["view"].mask(outside))
    for item in survey.item_codes:
        silent[item] = people[item].mask(outside)
        silent[f"{item}.missing"] = people[f"{item}.missing"].mask(outside, "not_asked")
    found = estimate.direct(people, survey, by=(("year",),), among=("A", "B"))
    wanted = estimate.direct(silent, survey, by=(("year",),))
    pd.testing.assert_frame_equal(found, wanted, rtol=RTOL)
    alone = estimate.direct(people[~outside], survey, by=(("year",),))
    assert not np.allclose(found["se"], alone["se"], rtol=1e-3), "strata hold several agencies"


def test_the_others_stay_in_the_design():
    """A stratum of all agencies: the mean of two is that of a domain, by the textbook's formula."""
    survey = survey_of()
    people = people_of(survey, by=("year",))
    people["view"] = np.random.default_rng(2).integers(0, 101, len(people)).astype(float)
    found = of_sums(people, survey).query("until == 2013 and year == 2012").iloc[0]
    rows = people[people["year"] == 2012]
    inside = rows["agency"].isin(["A", "B"]).to_numpy()
    weight, n = np.where(inside, rows["weight"], 0.0), len(rows)
    mean = np.average(rows["view"], weights=weight)
    scores = weight * (rows["view"] - mean) / weight.sum()
    np.testing.assert_allclose(found["estimate"], mean, rtol=RTOL)
    np.testing.assert_allclose(found["se"], np.sqrt(n * scores.var(ddof=0) * n / (n - 1)))


def test_rows_are_opened_only_where_a_unit_has_several_of_them(tmp_path):
    survey = survey_of()
    people = people_of(survey)
    nowhere = store.rows("respondents", tmp_path)
    of_sums(people, survey, nowhere)
    keys = people.groupby(["agency", "year", "activity"], observed=True).cumcount() // 2
    label = people["stratum"].astype(str) + "|" + keys.astype(str)
    pairs = people.assign(psu=pd.factorize(label)[0]).sort_values("psu", kind="stable")
    store.write(pairs, "respondents", tmp_path)
    found = of_sums(pairs, survey, nowhere)
    wanted = estimate.direct(pairs[pairs["agency"].isin(["A", "B"])], survey, by=(("year",),))
    wanted = wanted[wanted["item"] == "view"]
    np.testing.assert_allclose(
        found.loc[found["until"] == 2013, NUMBERS], wanted[NUMBERS], rtol=RTOL
    )
    alone = of_sums(people, survey)
    assert not np.allclose(found["se"], alone["se"], rtol=1e-3)


@pytest.mark.parametrize(
    "years",
    [
        dict.fromkeys("ABCD", (2011, 2012)),
        {"A": (2011, 2012), "B": (2011,), "C": (2012,), "D": (2011,)},
        {"A": (2011,), "B": (2011,), "C": (2012,), "D": (2012,)},
        dict.fromkeys("AB", (2012,)),
    ],
    ids=["all", "one", "none", "in the only round"],
)
def test_nobody_is_set_apart_where_all_were_always_there_or_fewer_than_two(years):
    survey = survey_of()
    found = of_sums(people_of(survey, years=years), survey)
    assert found.empty
    assert found.columns.tolist() == of_sums(people_of(survey), survey).columns.tolist()


def test_a_total_is_none_of_those_who_were_always_there():
    survey = survey_of()
    people = people_of(survey, years={"A": (2011, 2012), "D": (2011, 2012), "C": (2012,)})
    assert len(of_sums(people, survey)) == 2
    total = survey.agencies[3].model_copy(update={"parent": None})
    part = survey.agencies[1].model_copy(update={"parent": "D"})
    whole = (survey.agencies[0], part, survey.agencies[2], total)
    assert throughout.agencies(people, survey, year=2012) == ("A", "D")
    totals = with_agencies(survey, whole)
    assert throughout.agencies(people, totals, year=2012) == ("A",)
    assert of_sums(people, totals).empty


def with_agencies(survey, units):
    fields = {name: getattr(survey, name) for name in type(survey).model_fields}
    return type(survey)(**fields | {"agencies": units})


def test_published_values_have_nobody_who_was_always_there():
    survey = survey_of()
    fields = {name: getattr(survey, name) for name in type(survey).model_fields}
    outcome = survey.compare.model_copy(update={"outcome": "q"})
    printed = type(survey)(**fields | {"kind": "published", "indices": (), "compare": outcome})
    people = people_of(survey)
    cells = simulated.cells_of(people, survey).query("item == 'q'").assign(kind="published")
    assert not estimate.from_cells(cells, printed).empty
    assert throughout.table(None, cells, printed, domains=domains.of_rows([people[:0]])).empty

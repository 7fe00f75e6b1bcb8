"""No small number of persons can be had from the report and all briefs together."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import invented
from betyg.data import store
from betyg.data.codebook import Unit
from betyg.publish import about_survey, evidence, subtraction
from betyg.publish.language import Language
from betyg.publish.sentence import claims_of

SHOW = 7
YEAR = 2017
GROUPS = ("firms", "towns", "farms", "clubs", "others")
NOBODY = 1e-6  # persons; the solver's rounding
ATTACKED = np.array([
    [14, 22, 15, 7, 9], [18, 28, 19, 9, 12], [22, 34, 23, 11, 8], [14, 23, 16, 7, 10],
    [14, 17, 11, 5, 20], [7, 34, 27, 3, 16],
])  # fmt: skip
"""Told by each page for itself, the five and the three of the clubs follow from the others."""


SMALL_TOTALS = np.array([[30, 20, 15, 2, 9], [8, 8, 9, 2, 10], [1, 0, 2, 0, 1], [12, 7, 31, 1, 9]])
ONE_AGENCY = np.array([[30, 20, 15, 2, 9]])


@pytest.fixture(scope="module")
def survey():
    groups = [Unit(code=code, label=invented.words(*[f"Group {code}"] * 3)) for code in GROUPS]
    return invented.study(groups=tuple(groups))


def persons(counts: np.ndarray, survey) -> pd.DataFrame:
    """Persons by agency and group with both totals, each person in one cell."""
    wide = pd.DataFrame(counts, survey.agency_codes[: len(counts)], GROUPS, dtype="int64")
    wide.loc["all"] = wide.sum()
    wide["all"] = wide.sum(axis=1)
    long = wide.rename_axis(index="agency", columns="group").stack().rename("n").reset_index()
    return long[long["n"] > 0].assign(year=YEAR, activity="all").reset_index(drop=True)


def read(people: pd.DataFrame, survey) -> dict[tuple[str, str], int]:
    """Read every number off the sentences of the report and of the brief of each agency."""
    seen = {}
    for agency in people["agency"].unique():
        one = None if agency == "all" else agency
        said = about_survey.answered(people, survey, Language("en"), year=YEAR, agency=one)
        if found := re.match(r"([\d,]+) persons? answered", said):
            seen[agency, "all"] = found[1]
        seen |= {(agency, g): n for g, n in re.findall(r"Group (\w+) ([\d,]+\d|\d)", said)}
    return {at: int(n.replace(",", "")) for at, n in seen.items()}


def deduced(people: pd.DataFrame, seen: dict[tuple[str, str], int]) -> pd.Series:
    """Work out the most persons that each cell may hold, given all that was read."""
    cells = people.set_index(["agency", "group"])["n"]
    where = {at: k for k, at in enumerate(cells.index)}
    sums = []
    for kind in (0, 1):
        for total in [at for at in where if at[kind] == "all"]:
            row = np.zeros(len(where))
            for at, k in where.items():
                row[k] = (at[1 - kind] == total[1 - kind]) * (-1.0 if at == total else 1.0)
            sums.append(row)
    bounds = [(seen.get(at, 0), seen.get(at)) for at in where]
    most = {}
    for at, k in where.items():
        aim = -np.eye(len(where))[k]
        found = linprog(aim, A_eq=np.array(sums), b_eq=np.zeros(len(sums)), bounds=bounds)
        assert found.status in (0, 3), found.message
        most[at] = np.inf if found.status == 3 else -found.fun
    return pd.Series(most)


def drawn(seed: int) -> np.ndarray:
    """A table of up to 21 boards with a few cells that are small or empty."""
    rng = np.random.default_rng(seed)
    boards = rng.integers(1, 22)
    counts = rng.integers(3, 60, size=(boards, len(GROUPS)))
    return np.where(counts == 10, 0, counts)


@pytest.mark.parametrize(
    "counts", [ATTACKED, SMALL_TOTALS, ONE_AGENCY, *map(drawn, range(5))],
    ids=["attacked", "small totals", "one agency", *map(str, range(5))],
)  # fmt: skip
def test_no_small_number_follows_from_the_report_and_all_briefs(counts, survey):
    people = persons(counts, survey)
    seen = read(people, survey)
    cells = people.set_index(["agency", "group"])["n"]
    assert all(cells[at] == n >= SHOW for at, n in seen.items())
    most = deduced(people, seen)
    small = cells.index[cells < SHOW]
    assert len(small)
    pinned = most[small] < SHOW - NOBODY
    assert not pinned.any(), f"below {SHOW} for all to see: {list(small[pinned])}"


def test_hardly_more_is_left_out_than_must_be(survey):
    told = subtraction.told(persons(ATTACKED, survey), survey, year=YEAR)
    left = told.iloc[: len(ATTACKED)].isna().to_numpy()[:, :-1]
    np.testing.assert_array_equal(np.argwhere(left), [[4, 0], [4, 3], [5, 0], [5, 3]])
    assert told.loc["all"].notna().all()


def test_of_large_numbers_all_are_told(survey):
    seen = read(persons(ATTACKED + SHOW, survey), survey)
    assert len(seen) == (len(ATTACKED) + 1) * (len(GROUPS) + 1)


def test_a_small_agency_does_not_follow_from_the_others(survey):
    people = persons(np.array([[30, 20, 15, 12, 9], [8, 8, 9, 7, 10], [1, 0, 2, 0, 1]]), survey)
    briefs = [about_survey.answered(people, survey, Language("en"), year=YEAR, agency=code)
              for code in survey.agency_codes[:3]]  # fmt: skip
    assert briefs[0].startswith("86 persons answered in 2017.")
    assert briefs[1:] == ["Not told, so that no small number can be worked out.",
                          "Too few answers to show."]  # fmt: skip


def test_the_agency_left_out_is_that_of_the_table_of_response_rates(survey):
    counts = np.array([[8, 10, 1, 10, 6], [13, 1, 1, 7, 9], [1, 12, 10, 7, 1], [1, 0, 2, 0, 1],
                       [30, 20, 15, 12, 9]])  # fmt: skip
    told = subtraction.told(persons(counts, survey), survey, year=YEAR)["all"]
    assert told.iloc[:5].isna().tolist() == [False, True, False, True, False], "31, the smallest"


@pytest.mark.parametrize(("language", "rest"), [
    ("en", "The other {} are not broken down, so that no small number can be worked out."),
    ("sv", "De övriga {} delas inte upp, så att inga små tal går att räkna ut."),
    ("fi", "Muita on {}; heitä ei eritellä, jotta pieniä lukuja ei voi laskea."),
])  # fmt: skip
def test_who_is_left_out_is_counted_together_and_the_tables_say_so(
    language, rest, survey, tmp_path
):
    people = persons(ATTACKED, survey)
    agency = survey.agency_codes[5]
    said = about_survey.answered(people, survey, Language(language), year=YEAR, agency=agency)
    assert said.endswith(rest.format(7 + 3))
    store.write(people, "people", tmp_path)
    tables = evidence.tables_for(claims_of(said), tmp_path, survey)
    assert [claim.says[0][1] for claim in claims_of(said)] == [87, 34, 27, 16, 10]
    assert all(evidence.evaluate(claim, tables).holds for claim in claims_of(said))


def test_of_persons_in_several_groups_the_others_are_not_counted(survey):
    people = persons(ATTACKED, survey)
    people.loc[people["group"] == "all", "n"] -= 2
    said = about_survey.answered(
        people, survey, Language("en"), year=YEAR, agency=survey.agency_codes[5]
    )
    assert said.startswith("85 persons") and "other" not in said.replace("Group others", "")

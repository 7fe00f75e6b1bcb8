"""Figures of who took part and of what was left without an answer, in words and numbers."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import invented
from betyg.data.study import Study
from betyg.publish import response as drawn
from betyg.publish.figure import Figure
from betyg.publish.language import Language
from betyg.publish.sentence import claims_of
from betyg.stats import response

SV, EN = Language("sv"), Language("en")


def row(agency: str, estimate: float, n: int, activity: str = "all") -> dict[str, object]:
    return {
        "measure": "response_rate", "year": 2017, "agency": agency, "activity": activity,
        "group": "all", "item": "all", "estimate": estimate, "ci_low": estimate - 0.05,
        "ci_high": estimate + 0.05, "n": n, "shown": True, "reason": "",
    }  # fmt: skip


def rates(*more: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(
        [row("01", 0.6, 100), row("02", 0.35, 200), row("all", 0.4333, 300),
         row("01", 0.7, 50, "nature"), row("01", 0.5, 50, "permits"), *more]
    )  # fmt: skip


def participation(quality: pd.DataFrame, language: Language = EN) -> Figure:
    made = drawn.rates(quality, invented.study(), language, year=2017)
    assert made is not None
    return made


def answered(agency: str) -> pd.DataFrame:
    cells = pd.DataFrame([("person", "answer", 90), ("person", "dont_know", 10),
                          ("plain", "answer", 3)], columns=["item", "kind", "n"])  # fmt: skip
    return cells.assign(agency=agency, year=2017, activity="all", group="all")


def measured(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """The rows of quality.parquet that tell what became of each question."""
    counted = response.missingness(cells, survey)
    long = counted.melt(
        ["year", "agency", "item", "asked"], list(response.KINDS), "measure", "estimate"
    )
    return long.rename(columns={"asked": "n"})


def unanswered(cells: pd.DataFrame, survey: Study) -> Figure:
    made = drawn.missing(measured(cells, survey), survey, SV, year=2017)
    assert made is not None
    return made


def with_a_total() -> Study:
    """The invented study where board 02 is part of board 01."""
    whole, part, *others = invented.study().agencies
    part = part.model_copy(update={"parent": "01"})
    return invented.study().model_copy(update={"agencies": (whole, part, *others)})


def test_the_title_claims_who_answered_most_and_least():
    one, other = (invented.study().label(u, "en") for u in invented.study().agencies[:2])
    assert participation(rates()).title == f"Response rate: from 35% ({other}) to 60% ({one})"
    kinds = [claim.kind for claim in claims_of(participation(rates()).title)]
    assert kinds == ["value", "value", "highest", "lowest"]


def test_the_alt_text_has_the_ends_the_whole_and_who_lies_under_the_least():
    alt = participation(rates()).alt
    for part in ("60%", "35%", "Of all asked, 43% answered.", "1 lies under 40%."):
        assert part in alt


def test_the_folded_table_has_the_strata_and_the_row_of_all():
    made = participation(rates()).table
    assert [line[1:] for line in made.rows] == [
        ("100", "60", "60%", "55–65%", "50–70%"),
        ("200", "70", "35%", "30–40%", ""),
        ("300", "130", "43%", "38–48%", ""),
    ]


def test_an_agency_with_few_answers_is_named_and_has_no_number():
    made = participation(rates(row("03", 0.123, 40)))
    name = invented.study().label(invented.study().agencies[2], "en")
    assert f"Too few answers to show: {name}." in made.note
    assert "12%" not in made._repr_html_()
    assert np.isnan(made.table.frame.set_index("agency")["estimate"]["03"])


def test_what_subtraction_would_tell_is_hidden_with_the_smallest_that_may_be_shown():
    quality = rates(row("03", 0.1, 40), row("04", 0.5, 30)).query("activity == 'all'")
    quality.loc[quality["agency"] == "all", ["n", "estimate"]] = [370, 149 / 370]
    made = participation(quality)
    shown = {line[0]: line[2] for line in made.table.rows}
    third, fourth = (invented.study().label(u, "en") for u in invented.study().agencies[2:4])
    assert made.note.count(third) == made.note.count(fourth) == 1
    assert not any(shown[name].isdigit() for name in (third, fourth))


def test_nobody_who_answered_is_a_small_number_too():
    made = participation(rates(row("03", 0.0, 40)))
    name = invented.study().label(invented.study().agencies[2], "en")
    assert name in made.note and name not in made.title


def test_a_stratum_with_few_answers_widens_no_range():
    made = participation(rates(row("01", 0.05, 60, "hunting")))
    assert made.table.rows[0][-1] == "50–70%"


@pytest.mark.parametrize("quality", [rates().iloc[:0], rates().assign(shown=False)])
def test_without_a_rate_that_may_be_shown_there_is_no_figure(quality):
    assert drawn.rates(quality, invented.study(), EN, year=2017) is None


def test_a_survey_of_one_stratum_draws_the_row_of_all():
    made = participation(rates().query("agency == 'all'"))
    assert made.title == "Response rate: All 43%"
    assert len(made.table.rows) == 1


def test_every_dot_and_interval_is_drawn():
    svg = participation(rates()).svg
    assert len(re.findall(r"<use ", svg)) >= 2 + 2  # agencies, and the strata of one of them
    assert svg.count(">35%<") == 1


def test_missing_answers_are_shares_of_those_asked():
    made = unanswered(answered(agency="01"), invented.study())
    rows = {line[0]: line[1:] for line in made.table.rows}
    ease = "Det är lätt att få tag på rätt person"
    assert rows[ease][:3] == ("100", "90\u00a0%", "10\u00a0%")
    assert rows[ease][5] == "10\u00a0%"
    few = rows["Beslutet var lätt att förstå"]
    assert few[0] == "för få svar för att redovisas"
    assert not any(few[1:])
    assert made.title == f"Oftast utan svar: ”{ease}”"
    assert [claim.kind for claim in claims_of(made.title)] == ["lowest"]


def test_published_values_have_no_figure_of_missing_answers():
    assert drawn.missing(rates(), invented.study(), SV, year=2017) is None


def test_the_spread_of_the_agencies_stands_beside_each_question():
    sure = answered(agency="02").assign(n=[100, 0, 3])
    made = unanswered(pd.concat([answered(agency="01"), sure]), invented.study())
    assert made.table.rows[0][-1] == "0–10\u00a0%"


def test_totals_are_not_asked_once_more():
    both = pd.concat([answered(agency="01"), answered(agency="02")])
    made = unanswered(both, with_a_total())
    assert {line[0]: line[1] for line in made.table.rows}[
        "Det är lätt att få tag på rätt person"
    ] == "100"

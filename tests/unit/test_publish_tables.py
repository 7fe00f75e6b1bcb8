"""Tables: rounding, scopes, published figures, what was lost on the way."""

import re

import pandas as pd
import pytest

import invented
from betyg.data.codebook import Published
from betyg.data.study import Study
from betyg.errors import ParameterError
from betyg.publish import replication, table, tables
from betyg.publish.language import Language
from betyg.publish.table import Column, Table
from betyg.stats import people

SV, EN = Language("sv"), Language("en")


def published(**given: object) -> Published:
    base = {"id": "x", "statistic": "mean", "value": 70.0, "tolerance": 0.5, "source": "s",
            "label": invented.words("Tal", "Luku", "Number")}  # fmt: skip
    return Published(**(base | given))


PRESENCE = pd.DataFrame(
    [(f"{year}-{agency}-{k}", year, agency, activity)
     for year, agency, activity in [(2009, "01", "plans"), (2009, "02", "farm"),
                                    (2010, "01", "plans"), (2010, "01", "farm"),
                                    (2010, "03", "nature")]
     for k in range(10)],
    columns=["respondent_id", "year", "agency", "activity"],
).assign(group="all", stratum="all")  # fmt: skip


def compared(facts: list[Published], **changes: object) -> pd.DataFrame:
    survey = invented.study(published=tuple(facts), **changes)
    return derived_of(PRESENCE, survey)


def derived_of(rows: pd.DataFrame, survey: Study) -> pd.DataFrame:
    return replication.compare(
        survey, domains=rows, people=people.of_rows([rows], survey), cells=pd.DataFrame(),
        estimates=invented.estimates(survey),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "derived"),
    [
        ({"statistic": "respondents", "year": 2009}, 20),
        ({"statistic": "respondents", "year": 2010, "agency": "01"}, 10),
        ({"statistic": "agencies", "year": 2010}, 2),
        ({"statistic": "agencies_all_years", "year": 2010}, 1),
        ({"statistic": "activities", "year": 2010}, 3),
        ({"statistic": "activities_repeated", "year": 2010}, 2),
        ({"statistic": "activities_repeated", "year": 2010, "agency": "01"}, 1),
        ({"statistic": "rounds", "year": 2010}, 2),
    ],
)
def test_counts_are_derived_as_their_definition_says(given, derived):
    assert compared([published(value=derived, **given)])["derived"].tolist() == [derived]


def test_means_and_shares_are_looked_up_and_shares_of_several_codes_are_summed():
    survey = invented.study()
    frame = invented.estimates(survey)
    mine = frame[
        (frame["item"] == "engaged") & (frame["year"] == 2017) & (frame["agency"] == "all")
    ]
    top = mine[(mine["statistic"] == "share") & (mine["response"] >= 4)]["estimate"].sum()
    mean = mine[mine["statistic"] == "mean"]["estimate"].iloc[0]
    found = compared([
        published(id="a", item="engaged", year=2017),
        published(id="b", statistic="share", item="engaged", category="4|5", year=2017),
    ])  # fmt: skip
    assert found["derived"].tolist() == pytest.approx([mean, top])


def test_a_figure_agrees_within_its_tolerance_and_not_beyond():
    assert replication.agrees(published(), 70.5)
    assert not replication.agrees(published(), 70.51)
    assert replication.agrees(published(relation=">", tolerance=0), 70.1)
    assert not replication.agrees(published(relation="<", tolerance=0), 70.1)
    assert not replication.agrees(published(), float("nan"))


@pytest.mark.parametrize(("synthetic", "word"), [(True, "calibrated"), (False, "replicated")])
def test_only_real_data_replicate(synthetic, word):
    facts = [published(id="a", statistic="rounds", year=2010, value=2, tolerance=0),
             published(id="b", statistic="rounds", year=2010, value=3, tolerance=0)]  # fmt: skip
    survey = invented.study(published=tuple(facts), synthetic=synthetic)
    made = tables.published(compared(facts, synthetic=synthetic), survey, EN)
    assert word in made.caption and "1 of 2" in made.caption
    assert [row[-1] for row in made.rows] == [
        "as calibrated to" if synthetic else "replicated", "does NOT agree",
    ]  # fmt: skip
    assert ("replicat" in made.html()) is not synthetic


def test_a_published_figure_on_too_few_answers_is_not_derived_in_public():
    fact = published(statistic="respondents", year=2010, agency="03", activity="nature", value=10)
    few = derived_of(PRESENCE.drop(PRESENCE.index[-5:]), invented.study(published=(fact,)))
    assert few["derived"].isna().all() and not few["shown"].any()


def test_attrition_adds_up_in_print():
    frame = pd.DataFrame([("a.csv", "read", 1010, ""), ("a.csv", "duplicates", 7, ""),
                          ("a.csv", "kept", 1003, ""), ("b.csv", "read", 20, ""),
                          ("b.csv", "duplicates", 0, ""), ("b.csv", "kept", 20, "")],
                         columns=["source", "step", "n", "note"])  # fmt: skip
    made = tables.attrition(frame, invented.study(), SV)
    assert made.header == ("Fil", "lästa rader", "dubbletter", "behållna rader")
    assert made.rows[-1] == ("Alla filer", "1\u00a0030", "7", "1\u00a0023")
    assert "I ingen fil" not in made.note


def test_a_question_that_is_empty_in_two_files_is_not_added_up():
    steps = {"read": 10, "kept": 10, "empty questions": 1}
    frame = pd.DataFrame([(file, step, n, "") for file in ("a.csv", "b.csv")
                          for step, n in steps.items()],
                         columns=["source", "step", "n", "note"])  # fmt: skip
    made = tables.attrition(frame, invented.study(), SV)
    assert made.header[-1] == "frågor som ingen i filen har besvarat"
    assert [row[-1] for row in made.rows] == ["1", "1", ""]


def test_reasons_for_which_nothing_was_dropped_are_in_the_note_alone():
    frame = pd.DataFrame([("a.csv", "read", 10, ""), ("a.csv", "unknown agency", 0, ""),
                          ("a.csv", "duplicates", 1, ""), ("a.csv", "kept", 9, ""),
                          ("a.csv", "out of range", 0, "")],
                         columns=["source", "step", "n", "note"])  # fmt: skip
    made = tables.attrition(frame, invented.study(), SV)
    assert made.header == ("Fil", "lästa rader", "dubbletter", "behållna rader")
    assert "I ingen fil: okänd enhet och svar utanför skalan." in made.note


def answered(agency: str) -> pd.DataFrame:
    cells = pd.DataFrame([("person", "answer", 90), ("person", "dont_know", 10),
                          ("plain", "answer", 3)], columns=["item", "kind", "n"])  # fmt: skip
    return cells.assign(agency=agency, year=2017, activity="all", group="all")


def with_a_total() -> Study:
    """The invented study where board 02 is part of board 01."""
    whole, part, *others = invented.study().agencies
    part = part.model_copy(update={"parent": "01"})
    return invented.study().model_copy(update={"agencies": (whole, part, *others)})


def test_totals_are_no_respondents_once_more():
    both = pd.concat([answered(agency="01"), answered(agency="02")])
    asked = {"statistic": "respondents", "year": 2017, "value": 0}
    facts = (published(**asked), published(id="y", agency="01", **asked))
    survey = with_a_total().model_copy(update={"published": facts})
    none = pd.DataFrame()
    found = replication.compare(
        survey, domains=none, people=none, cells=both, estimates=invented.estimates(survey)
    )
    assert found["derived"].tolist() == [100, 100]


@pytest.mark.parametrize(
    ("value", "tolerance", "written"),
    [(63.8, 1.0, "63,8"), (64.0, 1.0, "64"), (64.0, 0.05, "64,0")],
)
def test_a_figure_keeps_the_decimal_that_it_was_printed_with(value, tolerance, written):
    facts = [published(item="engaged", year=2017, value=value, tolerance=tolerance)]
    survey = invented.study(published=tuple(facts))
    assert tables.published(compared(facts), survey, SV).rows[0][1] == written


def test_headers_have_scope_and_caption_names_the_region():
    made = tables.estimates(invented.estimates(), invented.study(), SV, year=2017)
    html = made._repr_html_()
    assert html.count('scope="col"') == 4
    assert html.count('scope="row"') == len(made.rows)
    region = re.search(r'aria-labelledby="([^"]+)"', html)[1]
    assert f'<caption id="{region}">' in html


def test_numbers_are_rounded_in_print_and_kept_whole_behind():
    frame = pd.DataFrame({"label": ["a"], "value": [72.449], "change": [-0.04], "share": [0.254]})
    columns = [Column(source="label", label="A"), Column(source="value", label="B", kind="score"),
               Column(source="change", label="C", kind="difference"),
               Column(source="share", label="D", kind="share", digits=1)]  # fmt: skip
    made = table.build(frame, columns, SV, name="t", caption="T")
    assert made.rows == (("a", "72", "0,0", "25,4\u00a0%"),)
    assert made.frame["value"].iloc[0] == 72.449


def test_a_table_without_caption_is_refused():
    with pytest.raises(ParameterError, match="no caption"):
        Table(name="t", caption="", header=("A",), rows=(), numeric=(False,))


def test_facts_say_what_is_synthetic():
    survey = invented.study()
    persons = people.of_rows([PRESENCE], survey)
    made = tables.facts(PRESENCE, persons, survey, SV, year=2010, agency="01")
    assert made.rows[-1] == (
        "Data", "Svar från varje svarande. Syntetiska data: framställda för demonstration.",
    )  # fmt: skip
    assert any("Två av verksamheterna 2010 berör Stockholms län" in row[1] for row in made.rows)

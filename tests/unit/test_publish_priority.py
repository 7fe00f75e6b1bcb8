"""The priority matrix: fields in words, labels that do not meet, and the section around it."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

import invented
from betyg.publish import causal, figure, placement, priority, priority_drawing, report_drivers
from betyg.publish.language import Language
from betyg.publish.placement import Box
from betyg.publish.report import Edition, edition
from betyg.stats import drivers

LANGUAGES = ["sv", "fi", "en"]
THEMES = ("handling", "treatment", "contact", "information", "decision")
LINE = 70.0
NBSP = "\u00a0"


def table(
    importance=(0.40, 0.25, 0.15, 0.12, 0.08),
    score=(60.0, 85.0, 52.0, 71.0, 80.0),
    *,
    half: float = 0.02,
    half_score: float = 2.0,
    agency: str = "all",
) -> pd.DataFrame:
    share, grade = np.array(importance), np.array(score)
    rows = pd.DataFrame(
        {
            "outcome": "nki", "agency": agency, "year": 2017, "of": "theme",
            "theme": THEMES[: share.size], "importance": share,
            "ci_low": np.maximum(share - half, 0), "ci_high": share + half,
            "p_most": [0.99] + [0.0025] * (share.size - 1),
            "score": grade, "score_ci_low": grade - half_score, "score_ci_high": grade + half_score,
            "answers": 900, "importance_line": 1 / share.size, "score_line": LINE,
            "r_squared": 0.84, "n": 812, "incomplete": 37,
        }
    )  # fmt: skip
    return drivers.with_fields(rows)[[*drivers.COLUMNS]]


def pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how often each lies above each: the more important one in 9 samples of 10."""
    both = rows.merge(rows, on=["outcome", "agency", "year", "of"], suffixes=("", "_other"))
    both = both[both["theme"] != both["theme_other"]].rename(columns={"theme_other": "other"})
    above = np.where(both["importance"] > both["importance_other"], 0.9, 0.1)
    return both.assign(p_above=above)[[*drivers.PAIRS]]


def section(made: Edition, rows: pd.DataFrame) -> str:
    return report_drivers.drivers(made, rows, pairs(rows))._repr_html_()


def drawn(code: str = "sv", **changes) -> figure.Figure:
    return priority.matrix(table(**changes), invented.study(), Language(code), year=2017)


def texts(svg: str) -> list[tuple[str, Box]]:
    """Return every text of a drawing with the box that it takes."""
    found = re.findall(r'<text style="([^"]*)" x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)<', svg)
    boxes = []
    for style, x, y, text in found:
        wide = figure.text_width(text, bold="bold" in style)
        left = float(x) - wide * (0.5 if "middle" in style else 1 if "anchor: end" in style else 0)
        top = float(y) - 0.75 * figure.TEXT
        boxes.append((text, Box(left=left, right=left + wide, bottom=top, top=float(y) + 1)))
    return boxes


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_four_fields_stand_in_words_and_every_theme_beside_its_symbol(code):
    made = drawn(code)
    words = Language(code)
    named = [
        words.text(w).upper() for f, w in priority_drawing.FIELDS.items() if f != "cannot_tell"
    ]
    for svg in (made.svg, made.svg_narrow):
        written = " ".join(text for text, _ in texts(svg))
        assert all(part in written for name in named for part in name.split())
        labels = priority.labels(table(), priority.Names(invented.study(), words))
        assert all(part in written for label in labels for part in label.split())


CROWDED = {
    "apart": {},
    "on one spot": {"importance": (0.21, 0.205, 0.2, 0.195, 0.19), "score": (70, 70.5, 71, 70, 71)},
    "in a corner": {"importance": (0.9, 0.03, 0.03, 0.02, 0.02), "score": (88, 52, 52.5, 53, 52)},
    "wide": {"half": 0.12, "half_score": 9.0},
}


@pytest.mark.parametrize("crowd", CROWDED)
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_text_of_the_drawing_covers_another_or_leaves_it(code, crowd):
    made = drawn(code, **CROWDED[crowd])
    for svg in (made.svg, made.svg_narrow):
        width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
        boxes = texts(svg)
        for (one, box), (other, second) in combinations(boxes, 2):
            assert not box.meets(second), (one, other)
        for text, box in boxes:
            page = Box(left=-1.0, bottom=-1.0, right=width + 1, top=height + 1)
            assert box.inside(page), text


def test_where_names_do_not_fit_numbers_stand_there_and_a_key_below():
    survey = invented.study()
    long = {"sv": "Ett tema med ett alldeles för långt namn " * 4}
    themes = tuple(t.model_copy(update={"label": long}) for t in survey.themes)
    other = survey.model_copy(update={"themes": themes})
    made = priority.matrix(table(), other, Language("sv"), year=2017)
    written = [text for text, _ in texts(made.svg_narrow)]
    assert [str(k) for k in range(1, 6)] == [t for t in written if re.fullmatch("[1-5]", t)]
    assert sum(t.startswith(("1 ", "5 ")) for t in written) == 2


numbers = some.floats(0, 300)
places = some.lists(some.tuples(numbers, numbers), min_size=1, max_size=9)


@given(places, some.integers(20, 90))
def test_labels_that_are_placed_meet_neither_each_other_nor_what_is_there(points, width):
    area = Box(left=0.0, bottom=0.0, right=300.0, top=300.0)
    taken = [placement.around(point, 4.0) for point in points]
    placed = placement.place(points, [(width, 12.0)] * len(points), area=area, taken=taken)
    if placed is not None:
        assert all(box.inside(area) for box in placed)
        assert not any(box.meets(other) for box in placed for other in taken)
        assert not any(one.meets(other) for one, other in combinations(placed, 2))


def test_a_label_stands_near_its_point_and_avoids_lines_where_it_can():
    area = Box(left=0.0, bottom=0.0, right=200.0, top=200.0)
    (free,) = placement.place([(100, 100)], [(40, 12)], area=area)
    assert free.left == pytest.approx(107.0)
    line = Box(left=100.0, right=200.0, bottom=99.0, top=101.0)
    (aside,) = placement.place([(100, 100)], [(40, 12)], area=area, crossed=[line])
    assert not aside.meets(line)


def test_what_has_no_room_is_not_placed():
    area = Box(left=0.0, bottom=0.0, right=30.0, top=30.0)
    assert placement.place([(15, 15)], [(40, 12)], area=area) is None


@given(
    some.lists(some.tuples(some.floats(0, 1), some.floats(0.001, 0.3)), min_size=1, max_size=9),
    some.floats(0.1, 0.9),
)
def test_the_shaded_zone_holds_all_that_cannot_be_told(themes, line):
    rows = pd.DataFrame(themes, columns=["estimate", "half"])
    low, high = rows["estimate"] - rows["half"], rows["estimate"] + rows["half"]
    reach = priority_drawing.half_zone(rows["estimate"], low, high, line)
    apart = (rows["estimate"] - line).abs()
    undecided = (low <= line) & (line <= high)
    assert (apart[undecided] <= reach).all()
    if not undecided.any() or apart[undecided].max() <= apart[~undecided].min():
        assert (apart[~undecided] >= reach).all()


def test_the_title_states_what_the_frame_says():
    assert drawn("en").title == (
        "To prioritise: Handling – goes strongly with “Satisfaction index”, and has a low score"
    )
    high = drawn("en", score=(90.0, 85.0, 52.0, 71.0, 80.0))
    assert high.title.startswith("Handling goes most strongly with “Satisfaction index”")
    unsure = table(score=(90.0, 85.0, 52.0, 71.0, 80.0)).assign(p_most=0.2)
    made = priority.matrix(unsure, invented.study(), Language("en"), year=2017)
    assert made.title.startswith("What goes most strongly with “Satisfaction index” cannot be told")


def test_alt_text_names_both_ends_and_every_field_that_is_used():
    alt = drawn("en").alt
    assert "Importance: from Handling (40%) to Decisions (8%)" in alt
    assert "prioritise: Handling; improve if possible: Courtesy" in alt
    assert "lower priority: Contact; cannot tell: Information, website" in alt
    assert alt.endswith("812 answers.")


def test_the_note_prints_the_dividing_lines_and_who_is_left_out():
    note = drawn("sv").note.replace(NBSP, " ")
    assert "Skiljelinjer: lika andelar (20 %) och medelvärdet av betygen (70)" in note
    assert "37 ofullständiga svar" in note and "Syntetiska data" in note and "avkortad" in note


def test_an_axis_that_shows_all_is_not_called_cut():
    wide = drawn("en", score=(5.0, 95.0, 52.0, 71.0, 80.0), half_score=4.5)
    assert "axis" not in wide.note


def test_an_open_symbol_cannot_be_told_and_a_filled_one_can():
    html = drawn("sv").table.html()
    assert html.count("går inte att avgöra") == 1
    paper, accent = figure.COLOURS["paper"], figure.ACCENT
    assert drawn("sv").svg.count(f"fill: {paper}; stroke") == 1
    assert drawn("sv").svg.count(f"fill: {accent}; stroke: {accent}") == 4


def test_the_same_frame_gives_the_same_bytes():
    assert drawn()._repr_html_() == drawn()._repr_html_()


def page(code: str = "en", *, focus: str = "", **changes):
    survey = invented.study(**changes)
    rows = pd.DataFrame({"year": [2017], "agency": ["06"], "year_to": [2017]})
    frames = {name: rows[["year", "agency"]] for name in (
        "domains", "people", "cells", "estimates", "comparisons")}  # fmt: skip
    both = dict.fromkeys(("within", "changes"), rows[["year_to"]])
    return edition(survey, Language(code), focus=focus, **frames, **both)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_section_says_what_goes_with_the_index_and_claims_no_cause(code):
    html = section(page(code), table())
    said = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S)
    causal.refuse(said)
    assert "812" in said and "84" in said and "40" in said
    assert html.count("<figure") == 1


def test_sentences_follow_the_certainty_of_the_first_place():
    sure = section(page(), table())
    assert "surely more than any other" in sure
    unsure = section(page(), table().assign(p_most=0.2))
    assert "is not sure" in unsure and "surely" not in unsure


def test_the_focus_is_drawn_where_it_can_be_and_else_it_is_said_why_not():
    both = pd.concat([table(), table(agency="06")])
    html = section(page(focus="06"), both)
    assert html.count("<figure") == 2
    assert 'figure-title">Kronobergs län: To prioritise' in html
    captions = re.findall("<caption[^>]*><span>(.*?)</span>", html)
    assert len(set(captions)) == len(captions) >= 3
    assert any(said.startswith("Kronobergs län: Score and importance") for said in captions)
    alone = section(page(focus="06"), table())
    assert alone.count("<figure") == 1
    assert "Kronobergs län: fewer than 30 complete answers" in alone


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "counts"}, "Only counts of each question are known"),
        ({"kind": "published"}, "Only published values are known"),
        ({"items": invented.study().items[-1:]}, "too few graded questions were asked"),
        ({}, "Too few answered all the questions"),
    ],
)
def test_a_study_that_cannot_have_it_says_why(changes, said):
    nothing = drivers.find(pd.DataFrame(), invented.study(kind="counts")).table
    html = section(page(**changes), nothing)
    assert said in html and 'class="left-out"' in html


def test_every_two_are_set_against_each_other_in_the_order_of_importance():
    shown = report_drivers.order(page("sv"), table(), pairs(table()))
    assert [row[0] for row in shown.rows] == list(shown.header[1:])
    assert shown.rows[0][1:3] == ("", "90\u00a0%")
    assert shown.rows[1][1:3] == ("10\u00a0%", "")
    assert "97,5\u00a0%" in shown.note and "2017" in shown.caption


def test_a_later_round_is_not_looked_at():
    later = table().assign(year=2018)
    assert "left-out" in section(page(), later)

"""Figures: the same bytes, alt text from the same frame, manners."""

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import invented
from betyg.data.codebook import Unit
from betyg.data.settings import Compare
from betyg.errors import DataError, ParameterError
from betyg.publish import (
    agencies,
    change,
    distribution,
    figure,
    heatmap,
    ranking,
    trend_lines,
    years,
)
from betyg.publish.figure import Figure
from betyg.publish.language import Language
from betyg.stats import apart

LANGUAGES = ["sv", "fi", "en"]
DRAWN: dict[str, list[Figure]] = {}  # drawing takes longer than looking


@pytest.fixture(scope="module")
def survey():
    return invented.study()


@pytest.fixture(scope="module")
def estimates():
    return invented.estimates()


def every(survey, estimates, code: str) -> list[Figure]:
    if code not in DRAWN:
        DRAWN[code] = draw_every(survey, estimates, code)
    return DRAWN[code]


def draw_every(survey, estimates, code: str) -> list[Figure]:
    language = Language(code)
    return [
        distribution.answers(estimates, survey, language, year=2017),
        agencies.compared(estimates, survey, language, item="nki", year=2017, emphasis="06"),
        years.compared(estimates, survey, language, item="website", agency="06"),
        heatmap.differences(estimates, survey, language, year=2017),
        change.compared(
            invented.changes(), survey, language, outcome="nki", year_from=2016, year_to=2017
        ),
        ranking.compared(invented.places(), survey, language, item="nki", year=2017),
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_figure_has_its_words_a_table_and_the_word_synthetic(survey, estimates, code):
    word = {"sv": "Syntetiska data", "fi": "Synteettinen aineisto", "en": "Synthetic data"}[code]
    for made in every(survey, estimates, code):
        assert made.title and made.subtitle and len(made.alt) > 60
        assert word in made.note
        assert made.table.rows and made.table.caption
        assert f'aria-label="{made.alt[:20]}' in made._repr_html_()


@pytest.mark.parametrize("code", LANGUAGES)
def test_figures_hold_no_decimal_point_where_the_language_has_a_comma(survey, estimates, code):
    for made in every(survey, estimates, code):
        written = " ".join(re.findall(r">([^<>]+)</text>", made.svg))
        wrong = r"\d\.\d" if code != "en" else r"\d,\d(?!\d\d)"
        assert not re.search(wrong, written + made.title + made.alt)


def test_the_same_frame_gives_the_same_bytes_and_ids_of_its_own(survey, estimates):
    once, twice = every(survey, estimates, "sv"), draw_every(survey, estimates, "sv")
    assert [f._repr_html_() for f in once] == [f._repr_html_() for f in twice]
    page = "".join(f._repr_html_() for f in once)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert used <= set(ids)


def test_text_is_never_smaller_than_nine_points(survey, estimates):
    for made in every(survey, estimates, "sv"):
        sizes = re.findall(r"font-size: ([\d.]+)px", made.svg + made.svg_narrow)
        assert sizes and min(map(float, sizes)) >= 9


def labels_and_places(svg: str) -> list[tuple[str, float, float, str]]:
    found = re.findall(r'<text style="([^"]*)" x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)<', svg)
    return [(text, float(x), float(y), style) for style, x, y, text in found]


@pytest.mark.parametrize("count", [21, 64, 120])
def test_labels_of_many_agencies_do_not_overlap(count):
    many = tuple(f"Kommun nummer {i} av {count}" for i in range(count))
    survey = invented.study(many)
    estimates = invented.estimates(survey, years=(2017,))
    made = agencies.compared(estimates, survey, Language("sv"), item="nki", year=2017)
    for svg in (made.svg, made.svg_narrow):
        named = [(x, y) for text, x, y, _ in labels_and_places(svg) if text.startswith("Kommun")]
        assert len(named) == count - 1, "one of them has too few answers"
        for column in {x for x, _ in named}:
            heights = sorted(y for x, y in named if x == column)
            assert min(np.diff(heights)) > 11


def test_every_text_lies_inside_the_drawing(survey, estimates):
    for made in every(survey, estimates, "fi"):
        for svg in (made.svg, made.svg_narrow):
            width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
            for text, x, y, style in labels_and_places(svg):
                room = figure.text_width(text)
                left = x - room * (0.5 if "middle" in style else 1 if "anchor: end" in style else 0)
                assert left >= -1 and left + room <= width + 1, (made.name, text)
                assert 0 <= y <= height + 1, (made.name, text)


def test_labels_are_escaped_everywhere(survey, estimates):
    evil = "<script>alert('x')</script> & \"q\""
    other = invented.study((evil, "B", "C"))
    html = agencies.compared(
        invented.estimates(other), other, Language("sv"), item="nki", year=2017
    )._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html
    made = every(survey, estimates, "sv")[0]
    words = dict.fromkeys(("title", "subtitle", "note", "alt", "table_label"), evil)
    for name in words:
        html = dataclasses.replace(made, **{name: evil})._repr_html_()
        assert "<script" not in html and "&lt;script&gt;" in html, name


def test_a_figure_without_alt_text_is_refused(survey, estimates):
    made = agencies.compared(estimates, survey, Language("sv"), item="nki", year=2017)
    parts = {name: getattr(made, name) for name in Figure.__slots__}
    with pytest.raises(ParameterError, match="no alt"):
        Figure(**(parts | {"alt": " "}))


def test_asking_for_what_was_not_estimated_names_the_keys(survey, estimates):
    with pytest.raises(DataError, match=r"item='nki'.*year=1999"):
        agencies.compared(estimates, survey, Language("sv"), item="nki", year=1999)


def test_the_title_counts_only_sure_differences(survey):
    rows = invented.estimates(survey)
    equal = rows["agency"] != "all"
    for column, move in {"estimate": 0, "ci_low": -2, "ci_high": 2}.items():
        whole = rows[~equal & (rows["item"] == "nki") & (rows["year"] == 2017)]["estimate"].iloc[0]
        rows.loc[equal, column] = whole + move
    made = agencies.compared(rows, survey, Language("en"), item="nki", year=2017)
    shown = equal & (rows["n"] >= survey.disclosure.show)
    of = (rows["item"] == "nki") & (rows["year"] == 2017)
    se = np.hypot(rows.loc[shown & of, "se"], rows.loc[~equal & of, "se"].iloc[0])
    critical = norm.isf(0.05 / 2 / 20)  # Holm's first step, which none of them passes
    least, most = (f"{(critical + norm.isf(0.2)) * float(one):.1f}" for one in (se.min(), se.max()))
    assert "none of the 20 is surely apart" in made.title
    assert f"(a difference of {least}–{most} is found four times in five)" in made.title


def test_maps_and_changes_without_a_sure_difference_say_which_would_have_been_found(survey):
    rows = invented.estimates(survey)
    flat = heatmap.differences(rows.assign(estimate=50.0), survey, Language("en"), year=2017)
    assert re.search(r"sure \(a difference of [\d.–]+ is found four times in five\)$", flat.title)
    assert flat.title in flat.alt and flat.note.count("four times") == 0
    still = invented.changes().assign(like_for_like=0.1)
    given = {"outcome": "nki", "year_from": 2016, "year_to": 2017}
    made = change.compared(still, survey, Language("en"), **given)
    assert re.search(r"any of the \d+ \(a change of [\d.–]+ is found four times", made.title)
    some = change.compared(invented.changes(), survey, Language("en"), **given)
    assert re.search(r"A change of [\d.–]+ is found four times in five\.", some.note)
    assert "all units judged together, as in the title. Each interval holds by itself." in made.note


def test_the_map_says_that_its_differences_are_as_answered_and_not_at_an_equal_mix(survey):
    mixed = invented.study(compare=Compare(outcome="nki", adjust_for=["activity"]))
    made = heatmap.differences(invented.estimates(mixed), mixed, Language("en"), year=2017)
    assert "as answered" in made.subtitle and "In the pages on each unit" in made.note
    assert re.match(r"Surely above the mean of all: \d+; surely below: \d+ ", made.title)
    other = heatmap.differences(invented.estimates(survey), survey, Language("en"), year=2017)
    assert "equal mix" not in other.note


def test_the_size_found_four_times_in_five_lies_that_far_beyond_where_a_difference_is_named():
    se = np.array([1.0, 2.0, 1.5, 1.0])
    sizes = apart.found(se, np.zeros(4, int))
    for at, size in enumerate(sizes):
        edge = size - norm.isf(0.2) * se[at]
        for beyond, verdict in ((0.999, 0), (1.001, 1)):
            truth = np.where(np.arange(4) == at, beyond * edge, 0.0)
            assert apart.surely(truth, se, reference=0.0)[at] == verdict


def test_holm_names_no_more_than_single_tests_would():
    rng = np.random.default_rng(1)
    estimate = np.append(rng.normal(50, 1, 99), 60.0)
    verdict = apart.surely(estimate, np.ones(100), reference=50.0)
    alone = np.abs(estimate - 50) > 1.96
    assert verdict[-1] == 1
    assert np.abs(verdict).sum() < alone.sum()


def test_the_chance_of_one_false_name_is_held_and_not_their_share():
    z = norm.isf(np.array([0.01, 0.02, 0.03, 0.04]) / 2)
    verdict = apart.surely(50 - z, np.ones(4), reference=50.0)
    assert verdict.tolist() == [-1, 0, 0, 0]


def test_a_line_is_cut_where_the_question_changed_and_where_a_round_is_missing():
    rows = pd.DataFrame({"year": [2009, 2010, 2012, 2013, 2014], "shown": True})
    parts = trend_lines.unbroken_parts(rows, [2013], range(2009, 2015))
    assert [part["year"].tolist() for part in parts] == [[2009, 2010], [2012], [2013, 2014]]
    biennial = trend_lines.unbroken_parts(rows[:3], [], (2009, 2010, 2012))
    assert len(biennial) == 1, "no round in 2011, so nothing is missing"


def test_no_change_is_claimed_across_a_changed_question(survey, estimates):
    made = years.compared(estimates, survey, Language("en"), item="website")
    assert "2013" in made.title and "2009" not in made.title


LIKE = {"year_from": 2009, "agency": "all", "comparable": True, "shown": True}


@pytest.mark.parametrize(("ends", "words"), [
    ((1.0, 6.0), "up from 69 (2009) to 73 (2017)"),
    ((-1.0, 6.0), "69 (2009) and 73 (2017), as answered"),
    ((-6.0, -1.0), "69 (2009) and 73 (2017), as answered"),
])  # fmt: skip
def test_a_line_goes_up_in_words_only_where_like_for_like_does(estimates, ends, words):
    survey = invented.study(compare=Compare(outcome="nki", adjust_for=["activity"]))
    row = (
        invented.changes()
        .iloc[[0]]
        .assign(like_for_like_low=ends[0], like_for_like_high=ends[1], **LIKE)
    )
    given = {"survey": survey, "language": Language("en"), "item": "nki"}
    made = years.compared(estimates, changes=row, **given)
    assert made.title.endswith(words)
    assert "The lines are as answered: not adjusted" in made.note
    for other in (
        row.assign(comparable=False),
        row.assign(year_from=2012),
        row.assign(shown=False),
    ):
        unknown = years.compared(estimates, changes=other, **given)
        assert unknown.title.endswith("as answered") and "four times" not in unknown.note


def test_small_bases_are_open_and_said_to_be_but_published_values_are_no_answers(estimates):
    few = estimates.assign(n=estimates["n"].clip(upper=12))
    drawn = years.compared(few, invented.study(), Language("en"), item="engaged")
    assert "Open symbol: fewer than 20 answers." in drawn.note and "n = 108" in drawn.subtitle
    printed = invented.study(kind="published")
    made = years.compared(few, printed, Language("en"), item="engaged")
    assert "Open symbol" not in made.note and "answers" not in made.alt
    assert made.table.header[-1] == "Values" and made.svg != drawn.svg


def test_hidden_cells_of_the_map_are_hatched_and_say_so(survey, estimates):
    made = heatmap.differences(estimates, survey, Language("sv"), year=2017)
    assert "url(#" in made.svg and "Streckad" in made.note
    row = next(row for row in made.table.rows if row[0] == "Gotlands län")
    assert set(row[1:]) == {"för få svar för att redovisas"}


def test_what_cannot_be_compared_says_so_and_has_no_number(survey):
    made = change.compared(
        invented.changes(), survey, Language("sv"), outcome="nki", year_from=2016, year_to=2017
    )
    row = next(row for row in made.table.rows if row[0] == "Kronobergs län")
    assert row[1:4] == ("", "", "") and row[-1].startswith("ej jämförbar")
    assert made.svg.count("ej jämförbar") == 4


def test_shared_places_are_said_in_words(survey):
    made = ranking.compared(invented.places(), survey, Language("sv"), item="nki", year=2017)
    assert "Naturskydd (delad tredje plats)" in made.title


def test_drawing_ignores_the_users_own_settings(survey, estimates):
    import matplotlib

    plain = agencies.compared(estimates, survey, Language("sv"), item="nki", year=2017).svg
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "lines.linewidth": 9}):
        changed = agencies.compared(estimates, survey, Language("sv"), item="nki", year=2017).svg
    assert changed == plain


def test_words_do_not_wait_for_the_drawing_library():
    code = (
        "import sys; from betyg.publish import document, language, tables, prose; "
        "assert 'matplotlib' not in sys.modules and 'seaborn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_total_is_not_set_beside_its_parts(estimates):
    whole, *others = invented.study().agencies
    parts = tuple(unit.model_copy(update={"parent": whole.code}) for unit in others)
    survey = invented.study().model_copy(update={"agencies": (whole, *parts)})
    for made in (
        heatmap.differences(estimates, survey, Language("sv"), year=2017),
        agencies.compared(estimates, survey, Language("sv"), item="nki", year=2017),
    ):
        named = [row[0] for row in made.table.rows]
        assert whole.label["sv"] not in named
        assert others[0].label["sv"] in named


def test_very_many_agencies_stand_in_two_columns_only_if_their_names_fit(estimates):
    short, long = (many(estimates, name) for name in ("Namn", "Myndigheten för planering"))
    assert height_of(long) > 1.5 * height_of(short)
    assert "Myndigheten för planering 49" in long


def many(estimates: pd.DataFrame, name: str) -> str:
    """Draw fifty agencies that are called alike."""
    labels = [f"{name} {number}" for number in range(50)]
    units = tuple(Unit(code=f"a{i}", label=invented.words(t, t, t)) for i, t in enumerate(labels))
    survey = invented.study().model_copy(update={"agencies": units})
    one = estimates.query("agency == '01' and item == 'nki' and year == 2017")
    frame = pd.concat([one] * 50).assign(agency=[unit.code for unit in units])
    return agencies.compared(frame, survey, Language("sv"), item="nki", year=2017).svg


def height_of(svg: str) -> float:
    return float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', svg)[1])


def test_raw_changes_are_drawn_and_explained_only_where_they_differ(survey):
    alike = invented.changes().assign(raw=lambda rows: rows["like_for_like"])
    given = {"outcome": "nki", "year_from": 2016, "year_to": 2017}
    same = change.compared(alike, survey, Language("en"), **given)
    apart = change.compared(invented.changes(), survey, Language("en"), **given)
    assert "Open: raw change" in apart.note and ">raw</text>" in apart.svg
    assert "raw change" not in same.note and ">raw</text>" not in same.svg


@pytest.mark.parametrize(("held", "words"), [
    (["activity"], "Filled: change over the activities surveyed in both years."),
    (["group"], "Filled: change at an unchanged mix."),
])  # fmt: skip
def test_like_for_like_is_told_in_the_words_of_what_is_held_equal(held, words):
    compare = Compare(outcome="nki", adjust_for=held)
    survey = invented.study(compare=compare)
    given = {"outcome": "nki", "year_from": 2016, "year_to": 2017}
    made = change.compared(invented.changes(), survey, Language("en"), **given)
    assert words in made.note
    said = " ".join([made.title, made.note, made.alt, *made.table.header])
    assert ("ctivities" in said) == (held == ["activity"])


def test_headings_that_begin_alike_are_told_apart_in_a_map_of_many_columns(survey, estimates):
    labels = [f"Working conditions: the question number {number}" for number in range(24)]
    items = tuple(
        survey.items[0].model_copy(update={"item": f"q{i}", "label": invented.words(t, t, t)})
        for i, t in enumerate(labels)
    )
    one = estimates.query("item == 'engaged' and year == 2017")
    frame = pd.concat([one.assign(item=f"q{i}") for i in range(24)], ignore_index=True)
    many_items = survey.model_copy(update={"items": items})
    many_items.__dict__.pop("_by_code", None)
    made = heatmap.differences(frame, many_items, Language("en"), year=2017,
                               items=[f"q{i}" for i in range(24)])  # fmt: skip
    assert all(f">{label}</text>" in made.svg for label in labels)


def test_questions_without_a_theme_come_last_under_a_heading_of_their_own(survey, estimates):
    first = next(item for item in survey.items if item.theme)
    alone = first.model_copy(update={"theme": ""})
    items = tuple(alone if item is first else item for item in survey.items)
    other = survey.model_copy(update={"items": items})
    svg = distribution.answers(estimates, other, Language("sv"), year=2017).svg
    lines = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    own = lines.index("Övriga frågor")
    themes = {str(theme.label["sv"]) for theme in survey.themes}
    assert first.label["sv"] in lines[own:] and first.label["sv"] not in lines[:own]
    assert themes & set(lines[:own])
    drawn = distribution.answers(estimates, survey, Language("sv"), year=2017).svg
    assert "Övriga frågor" not in drawn

"""The page: it stands alone, says what is synthetic, and takes labels as text."""

import re

import nbformat
import pytest

import notebook_pages
from betyg.errors import DataError, ParameterError
from betyg.publish import causal, document, prose
from betyg.publish.sentence import quoted
from notebook_pages import render, shown, words


def test_the_reader_sees_own_language_and_outputs_in_order(tmp_path):
    cells = [
        words("# Rapporten\n\n## Först", "sv"), words("# Report\n\n## English part", "en"),
        nbformat.v4.new_markdown_cell("Till forskaren"),
        shown({"text/html": "<p>ett</p>"}), words("## Sedan", "sv"),
        shown({"text/markdown": "**två**"}), shown({"text/plain": "bara text"}),
    ]  # fmt: skip
    page = render(cells, tmp_path).read_text("utf-8")
    order = [page.index(part) for part in ("Först</h2>", "<p>ett</p>", "Sedan</h2>",
                                           "<strong>två</strong>")]  # fmt: skip
    assert order == sorted(order)
    assert "<h1>Rapporten</h1>" in page and page.count("<h1") == 1
    for absent in ("English part", "Till forskaren", "bara text", "shown"):
        assert absent not in page
    assert '<html lang="sv">' in page


def test_sections_that_cannot_be_had_are_listed_at_the_end_with_their_reasons(tmp_path):
    reason = prose.missing("Inga svar < finns.")._repr_html_()
    cells = [
        words("## Svaren\n\nVarför de visas.", "sv"), shown({"text/html": reason}),
        words("## Annat", "sv"), shown({"text/html": "<p>finns</p>"}),
    ]  # fmt: skip
    page = render(cells, tmp_path).read_text("utf-8")
    assert "<dt>Svaren</dt><dd>Inga svar &lt; finns.</dd>" in page
    assert "Varför de visas" not in page and "Svaren</h2>" not in page
    assert page.index("<p>finns</p>") < page.index("<dt>Svaren</dt>")


def test_a_section_with_a_result_stays_though_a_part_of_it_is_missing(tmp_path):
    cells = [
        words("## Svaren", "sv"), shown({"text/html": prose.missing("Inget.")._repr_html_()}),
        shown({"text/html": "<p>finns</p>"}),
    ]  # fmt: skip
    page = render(cells, tmp_path).read_text("utf-8")
    assert "Svaren</h2>" in page and "<dl" not in page


def test_the_same_notebook_gives_the_same_bytes(tmp_path):
    once, twice = (tmp_path / "one", tmp_path / "two")
    for folder in (once, twice):
        folder.mkdir()
    cells = notebook_pages.whole("sv")
    assert render(cells, once).read_bytes() == render(cells, twice).read_bytes()


def test_a_whole_report_is_light(tmp_path):
    assert render(notebook_pages.whole("fi"), tmp_path, language="fi").stat().st_size < 1_000_000


def test_synthetic_data_are_named_on_top_below_in_title_and_in_print(tmp_path):
    page = render([words("## A", "sv")], tmp_path).read_text("utf-8")
    assert page.count("Syntetiska data: framställda för demonstration.") == 3
    assert "<title>Rapport (syntetiska data)</title>" in page
    real = render([words("## A", "sv")], tmp_path, synthetic=False).read_text("utf-8")
    assert "yntetisk" not in real


def test_a_synthetic_page_whose_name_does_not_say_so_is_refused(tmp_path):
    path = notebook_pages.write([words("## A", "sv")], tmp_path / "n.ipynb")
    with pytest.raises(ParameterError, match=r"report-synthetic\.html"):
        document.render(path, tmp_path / "report.html", language="sv", title="R", synthetic=True)
    assert not list(tmp_path.glob("*.html"))


def test_html_in_markdown_and_in_labels_comes_out_as_text(tmp_path):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    cells = [words(f"## {evil}\n\n{evil} [a](javascript:alert(1))", "sv"),
             shown(prose.paragraph(quoted(f"{evil} ![x](http://example.org/x.png)")))]  # fmt: skip
    page = render(cells, tmp_path).read_text("utf-8")
    assert page.count("<script") == 1, "the page's own"
    assert "<img" not in page and '"javascript:' not in page
    assert page.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        '<img src="https://example.org/a.png" alt="a">',
        '<p onclick="x()">a</p>',
        '<link rel="stylesheet" href="a.css">',
        '<div style="background: url(https://example.org/a)">a</div>',
        '<style>@import "a.css";</style>',
        '<svg aria-label="a"><image href="https://example.org/a.png"/></svg>',
        '<iframe srcdoc="a"></iframe>',
        '<a href="javascript:alert(1)">a</a>',
        '<meta http-equiv="refresh" content="0;url=https://example.org">',
    ],
)
def test_a_page_that_would_not_stand_alone_is_refused(tmp_path, html):
    with pytest.raises(DataError, match="the page of 05_report.ipynb"):
        render([shown({"text/html": html})], tmp_path)
    assert not list(tmp_path.glob("*.html")) and not list(tmp_path.glob(".*unfinished"))


def test_links_to_other_places_are_no_requests(tmp_path):
    page = render([words("[källa](https://example.org/a)", "sv")], tmp_path).read_text("utf-8")
    assert 'href="https://example.org/a"' in page


def test_an_image_of_a_researcher_needs_alt_text(tmp_path):
    cell = shown({"image/png": "aGVq"})
    with pytest.raises(DataError, match="cell 1: an image without alt text"):
        render([cell], tmp_path)
    cell.metadata["alt"] = "En linje som stiger"
    assert 'alt="En linje som stiger"' in render([cell], tmp_path).read_text("utf-8")


def test_headings_leave_no_level_out(tmp_path):
    page = render([words("## A\n\n#### B\n\n# C", "sv")], tmp_path).read_text("utf-8")
    levels = [int(n) for n in re.findall(r"<h(\d)", page)]
    assert levels == [1, 2, 2, 3, 2]


def test_the_same_figure_twice_is_named(tmp_path):
    cells = [shown({"text/html": '<figure id="figure-a"></figure>'}) for _ in range(2)]
    with pytest.raises(DataError, match="'figure-a' is shown twice"):
        render(cells, tmp_path)


def test_a_page_may_not_weigh_more_than_three_megabytes(tmp_path):
    with pytest.raises(DataError, match="3.1 MB"):
        render([shown({"text/html": f"<p>{'a' * 3_100_000}</p>"})], tmp_path)


def test_a_displayed_frame_scrolls_in_a_region_of_its_own(tmp_path):
    page = render([shown({"text/html": "<table><tr><td>1</td></tr></table>"})], tmp_path)
    assert '<div class="table-region" role="group" tabindex="0"><table>' in page.read_text("utf-8")


def test_a_broken_notebook_is_named(tmp_path):
    broken = tmp_path / "05_report.ipynb"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"05_report\.ipynb"):
        document.render(broken, tmp_path / "a.html", language="sv", title="R", synthetic=False)


@pytest.mark.parametrize(
    "sentence",
    [
        "Det höga betyget är ett resultat av flera års arbete.",
        "Bemötandet beror på värdegrunden.",
        "Tack vare växeln har betyget stigit.",
        "Arvosana johtuu uudesta puhelinkeskuksesta.",
        "Uuden keskuksen ansiosta arvosana nousi.",
        "The new switchboard led to better marks.",
        "Marks rose because of the switchboard.",
        "This is the result of years of work.",
        "High marks as a result of training.",
    ],
)
def test_causal_wording_is_refused_in_three_languages(sentence, tmp_path):
    with pytest.raises(causal.CausalWordingError, match="goes with"):
        causal.refuse(sentence)
    with pytest.raises(causal.CausalWordingError, match="cell 1"):
        render([shown(prose.paragraph(sentence))], tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Bemötande 80 (79–81), upp från 76.",
        "Frågan ”Det berodde på mig” får lägst betyg.",
        "The results of 2017 are above those of 2016.",
        "Resultaten kan följas över tid.",
        "Tulokset ovat vertailukelpoisia.",
    ],
)
def test_plain_statements_and_quoted_questions_pass(sentence):
    causal.refuse(sentence)


def test_labels_of_the_study_are_quoted_and_not_claimed(tmp_path):
    label = "Beslutet leder till något"
    cells = [shown(prose.paragraph(f"{label}: så är det."))]
    with pytest.raises(causal.CausalWordingError):
        render(cells, tmp_path)
    assert label in render(cells, tmp_path, labels=[label]).read_text("utf-8")


def test_the_researchers_own_prose_may_speak_of_causes(tmp_path):
    page = render([words("Vi kan inte säga vad det beror på.", "sv")], tmp_path)
    assert "beror på" in page.read_text("utf-8")

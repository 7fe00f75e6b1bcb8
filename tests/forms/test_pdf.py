"""The PDF: tagged, named, with the words of the page; every promise is checked in the file."""

import re
from html import unescape

import pikepdf
import pytest

from betyg.errors import DataError
from betyg.publish import article, document, pdf, pdf_checks, pdf_tags
from betyg.publish.language import Language
from notebook_pages import shown, words, write


def test_nothing_keeps_it_from_being_read_by_everybody(made):
    assert pdf_checks.problems(made["pdf"]) == []
    counted = pdf_checks.counts(made["pdf"])
    assert counted["figures"] == made.page.count('<div class="plot wide">')
    assert counted["tables"] == made.page.count("<table>")
    assert counted["heading cells"] == len(re.findall("<th ", made.page))


def test_title_language_and_synthetic_data_are_in_its_metadata(made):
    with pikepdf.open(made["pdf"]) as opened:
        title = str(opened.docinfo["/Title"])
        assert title == f"2017 ({Language(made.language).text('synthetic data')})"
        assert str(opened.Root.Lang) == made.language
        said = opened.Root.Metadata.read_bytes().decode()
        assert "CreateDate" not in said and "ModifyDate" not in said
        assert not {"/CreationDate", "/ModDate"} & set(opened.docinfo.keys())


def test_figures_carry_the_alt_text_of_the_page(made):
    on_page = re.findall(r'<div class="plot wide"><svg role="img" aria-label="([^"]+)"', made.page)
    with pikepdf.open(made["pdf"]) as opened:
        tags = pdf_tags.below(opened.Root.StructTreeRoot)
        found = sorted(str(tag["/Alt"]) for tag in tags if tag["/S"] == "/Figure")
    assert found == sorted(unescape(alt) for alt in on_page)


def test_only_tables_with_headings_of_rows_have_them(tmp_path):
    markdown = words("## A\n\n| a | b |\n|---|---|\n| 1 | 2 |", "sv")
    headed = (
        '<table><tr><th scope="col">x</th><th scope="col">y</th></tr>'
        '<tr><th scope="row">a</th><td>1</td></tr></table>'
    )
    cells = [markdown, shown({"text/html": headed})]
    source = write(cells, tmp_path / "05.ipynb")
    page = document.page(source, language="sv", title="T", synthetic=False)
    (tmp_path / "a.pdf").write_bytes(pdf.of_article(article.of_page(page)))
    with pikepdf.open(tmp_path / "a.pdf") as opened:
        tables = [t for t in pdf_tags.below(opened.Root.StructTreeRoot) if t["/S"] == "/Table"]
        kinds = [[str(c["/S"]) for c in pdf_tags.below(t) if c["/S"] in ("/TH", "/TD")]
                 for t in tables]  # fmt: skip
    assert kinds == [["/TH", "/TH", "/TD", "/TD"], ["/TH", "/TH", "/TH", "/TD"]]


def test_what_cannot_be_set_is_an_error_that_names_the_report(tmp_path):
    page = (
        '<html lang="sv"><h1>Namn</h1><main id="content" tabindex="-1"><img src="x" alt="a"></main>'
    )
    given = article.of_page(page)
    with pytest.raises(DataError, match="Namn: cannot be set as PDF"):
        pdf.of_article(given)


def test_a_drawing_taller_than_a_page_is_cut_between_its_lines():
    lines = "".join(
        f'<text x="0" y="{y}">t</text>' for y in (*range(9, 400, 20), *range(460, 900, 20))
    )
    svg = f'<svg aria-label="a" width="480pt" height="900pt" viewBox="0 0 480 900">{lines}</svg>'
    given = article.of_page(
        f'<html lang="sv"><main id="content" tabindex="-1"><div>{svg}</div></main>'
    )
    first, second = given.images.values()
    assert b'viewBox="0 0.00 480 422.00"' in first and b'viewBox="0 422.00 480 478.00"' in second
    assert 'alt="a (1/2)" width="480" height="422"' in given.body


def drawing(height: int) -> str:
    lines = "".join(f'<text x="0" y="{y}">t</text>' for y in range(9, height, 20))
    svg = (
        f'<svg aria-label="a" width="480pt" height="{height}pt" viewBox="0 0 480 {height}">{lines}'
        "</svg>"
    )
    return f'<figure><figcaption>T</figcaption><div class="plot wide">{svg}</div></figure>'


def pages_of_headings(tmp_path, body: str) -> list[int]:
    """Return on which page each heading of a body stands, and then how many pages there are."""
    page = f'<html lang="sv"><h1>N</h1><main id="content" tabindex="-1">{body}</main>'
    (tmp_path / "a.pdf").write_bytes(pdf.of_article(article.of_page(page)))
    with pikepdf.open(tmp_path / "a.pdf") as opened:
        pages = {page.objgen: number for number, page in enumerate(opened.pages, start=1)}
        items, at = [], opened.Root.Outlines.First
        while at is not None:
            items.append(pages[at.Dest[0].objgen] if "/Dest" in at else pages[at.A.D[0].objgen])
            at = at.get("/Next")
        return [*items, len(opened.pages)]


TEXT = "<p>" + "ord " * 900 + "</p>"


def test_text_fills_the_page_before_a_drawing_that_has_no_room_on_it(tmp_path):
    body = f"<h2>A</h2>{TEXT}{drawing(390)}<h2>B</h2><p>b</p><h2>C</h2><p>c</p>"
    first, second, third, pages = pages_of_headings(tmp_path, body)
    assert (first, second) == (1, 1)  # the next section begins before it, where it would be empty
    assert third == pages == 2  # but not the one after that


def test_a_drawing_that_begins_a_section_stays_below_its_heading(tmp_path):
    body = f"<h2>A</h2>{TEXT}<h2>B</h2>{drawing(390)}<p>b</p>"
    assert pages_of_headings(tmp_path, body) == [1, 2, 2]

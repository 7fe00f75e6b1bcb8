"""Whatever stands in a label comes out as text, in every form."""

import csv
from html import unescape

import openpyxl
import pikepdf
import pytest

from betyg.publish import whole
from betyg.publish.prose import paragraph
from betyg.publish.sentence import quoted
from betyg.publish.table import Table
from notebook_pages import shown, words
from page_forms import make

EVIL = (
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    '#panic("a") $x$ @ref *a* _b_ `c` \\d [e] // f <g> ~ --- "h"',
    "\u202egnirts\u202c &amp; \u200f.",
)


@pytest.fixture(scope="module", params=EVIL, ids=("markup", "formula", "typst", "direction"))
def spoilt(request, tmp_path_factory):
    evil = request.param
    one = Table(name="t", caption=evil, header=("A", evil), rows=((evil, evil),), note=evil,
                numeric=(False, False))  # fmt: skip
    cells = [words("# T\n\n## A", "sv"), shown(paragraph(quoted(evil))), shown(one)]
    return evil, make(cells, tmp_path_factory.mktemp("spoilt"), title=evil)


def test_a_label_is_text_on_the_page_and_in_the_document(spoilt):
    evil, made = spoilt
    assert "<script" not in made.page and unescape(made.page).count(evil) >= 5
    document = whole.parts(made["docx"].read_bytes())["word/document.xml"].decode()
    flat = "".join(unescape(part) for part in document.replace("</w:t>", "<").split("<"))
    text = "".join(part.partition(">")[2] for part in flat.split("w:t xml:space"))
    assert text.replace("\n", "").count(evil) >= 4 or evil.startswith("<")


def test_a_label_is_text_in_the_pdf(spoilt):
    _, made = spoilt
    with pikepdf.open(made["pdf"]) as opened:
        assert "/JavaScript" not in str(opened.Root.get("/Names", ""))
        notes = [note for page in opened.pages for note in page.get("/Annots", [])]
        assert {str(note["/Subtype"]) for note in notes} <= {"/Link"}


def test_a_label_is_text_in_the_tables(spoilt):
    evil, made = spoilt
    sheet = openpyxl.load_workbook(made["xlsx"]).worksheets[1]
    assert [sheet.cell(5, column).value for column in (1, 2)] == [evil, evil]
    assert {sheet.cell(5, column).data_type for column in (1, 2)} == {"s"}
    path = made["csv"] / "t-synthetic.csv"
    _, row = csv.reader(path.read_text("utf-8-sig").splitlines())
    assert [cell.removeprefix("'") for cell in row[:2]] == [evil, evil]

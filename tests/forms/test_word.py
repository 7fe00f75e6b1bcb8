"""The document for word processors: styles, language, alt text, headings of tables."""

import re
import xml.etree.ElementTree as ET
from html import unescape

from betyg.publish import whole
from betyg.publish.language import Language

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def parts(made) -> dict[str, bytes]:
    return whole.parts(made["docx"].read_bytes())


def test_every_part_is_well_formed_and_every_picture_is_there(made):
    found = parts(made)
    for name, content in found.items():
        if name.endswith((".xml", ".rels")):
            ET.fromstring(content)  # noqa: S314
    pictures = re.findall(rb'r:embed="(\w+)"', found["word/document.xml"])
    relations = found["word/_rels/document.xml.rels"].decode()
    assert len(pictures) == made.page.count('<div class="plot wide">')
    for picture in pictures:
        assert f"media/{picture.decode()}.png" in relations
        assert found[f"word/media/{picture.decode()}.png"].startswith(b"\x89PNG")


def test_figures_carry_the_alt_text_of_the_page(made):
    on_page = re.findall(r'<div class="plot wide"><svg role="img" aria-label="([^"]+)"', made.page)
    said = re.findall(r'<wp:docPr descr="([^"]+)"', parts(made)["word/document.xml"].decode())
    assert [unescape(alt) for alt in said] == [unescape(alt) for alt in on_page]


def test_headings_of_tables_are_marked_and_repeated(made):
    root = ET.fromstring(parts(made)["word/document.xml"])  # noqa: S314
    tables = list(root.iter(f"{W}tbl"))
    assert len(tables) == made.page.count("<table>")
    for table in tables:
        first, *others = table.iter(f"{W}tr")
        assert first.find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}tblHeader") is None for row in others)
        look = table.find(f"{W}tblPr/{W}tblLook")
        assert look.get(f"{W}firstRow") == look.get(f"{W}firstColumn") == "1"


def test_headings_have_styles_in_order_and_the_language_is_set(made):
    found = parts(made)
    text = found["word/document.xml"].decode()
    assert len(re.findall('w:pStyle w:val="Title"', text)) == 1
    levels = [int(x) for x in re.findall(r'w:pStyle w:val="Heading(\d)"', text)]
    assert levels[0] == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert re.findall(r'<w:lang [^>]*w:val="(\w+)"', found["word/styles.xml"].decode()) == [
        made.language
    ]


def test_synthetic_data_are_named_in_title_banner_and_running_head(made):
    found = parts(made)
    language = Language(made.language)
    said = language.text("Synthetic data: made for demonstration.")
    assert f"({language.text('synthetic data')})</dc:title>" in found["docProps/core.xml"].decode()
    assert said in found["word/header1.xml"].decode()
    banner = found["word/document.xml"].decode().partition('w:val="Banner"')[2][:400]
    assert said in banner
    assert b"dcterms:" not in found["docProps/core.xml"].replace(b"xmlns:dcterms", b"")

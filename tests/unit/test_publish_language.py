"""Words and numbers in every language."""

import ast
import datetime
import functools
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from betyg.errors import ParameterError
from betyg.publish import causal, language
from betyg.publish.language import Language

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEMPLATES = sorted((ROOT / "src/betyg/publish/template").glob("*.html"))
TRANSLATED = [code for code in language.available() if code != "en"]
NBSP = "\u00a0"


def messages(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """Every literal that is given to text(...), msgid(...) or plural(...)."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        wanted = {"text": 1, "msgid": 1, "plural": 2}.get(called, 0)
        given = [a.value for a in node.args[:wanted] if isinstance(a, ast.Constant)]
        if wanted and len(given) == wanted and all(isinstance(text, str) for text in given):
            yield tuple(given)
        elif called == "text" and isinstance(node.args[0] if node.args else None, ast.IfExp):
            raise AssertionError("a choice inside text(...) hides a message from this scan")


@functools.cache
def used() -> set[tuple[str, ...]]:
    found = set()
    for path in SOURCES:
        found |= set(messages(ast.parse(path.read_text("utf-8"))))
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                found |= set(messages(ast.parse("".join(cell["source"]))))
    for path in TEMPLATES:
        called = re.findall(r"""text\((["'])(.+?)\1""", path.read_text("utf-8"))
        found |= {(text,) for _, text in called}
    return found


@functools.cache
def catalogue(code: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    with (ROOT / f"src/betyg/publish/locale/{code}.po").open("rb") as file:
        listed = [message for message in read_po(file, locale=code) if message.id]
    as_tuple = lambda text: (text,) if isinstance(text, str) else tuple(text)  # noqa: E731
    return {as_tuple(m.id): as_tuple(m.string) for m in listed}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_are_messages():
    assert len(used()) > 100


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(code):
    known = catalogue(code)
    missing = {m for m in used() if m not in known or not all(known[m])}
    assert not missing


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_is_unused(code):
    assert not set(catalogue(code)) - used()


@pytest.mark.parametrize("code", TRANSLATED)
def test_placeholders_agree(code):
    wrong = []
    for ids, strings in catalogue(code).items():
        given = fields(ids[-1]) | ({"n"} if len(ids) == 2 else set())
        for text in strings:
            # The number itself may stand where English writes it in words.
            lost = fields(ids[-1]) - fields(text) - {"words", "n"}
            if fields(text) - given or lost:
                wrong.append((ids, text))
    assert not wrong


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_english_is_left(code):
    allowed = {"n", "mix", "{item}: {places}"}
    same = [
        ids[0]
        for ids, strings in catalogue(code).items()
        if ids[0] == strings[0] and re.search(r"[a-z]", re.sub(r"\{\w+\}", "", ids[0]))
    ]
    english = re.compile(r"\b(the|and|of|with|surely|mean|years?|lowest|highest|answers)\b")
    mixed = [s for strings in catalogue(code).values() for s in strings
             if english.search(re.sub(r"\{\w+\}", "", s))]  # fmt: skip
    assert set(same) <= allowed | {"Data", "Term", "Strata: {roles}."}
    assert not mixed


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_language_has_its_own_quotation_marks(code):
    assert not [s for strings in catalogue(code).values() for s in strings if "“" in s]


@pytest.mark.parametrize("code", language.available())
def test_no_message_is_causal(code):
    texts = [t for ids in used() for t in ids] if code == "en" else [
        t for strings in catalogue(code).values() for t in strings
    ]  # fmt: skip
    for text in texts:
        causal.refuse(text)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("sv", f"10{NBSP}000,2"), ("fi", f"10{NBSP}000,2"), ("en", "10,000.2")],
)
def test_numbers_follow_the_language(code, expected):
    assert Language(code).number(10000.21, 1) == expected


def test_negative_numbers_have_a_minus_sign_and_zero_has_none():
    swedish = Language("sv")
    assert swedish.number(-3.54, 1) == "\u22123,5"
    assert swedish.number(-0.04, 1) == "0,0"
    assert [swedish.signed(x) for x in (1.5, -1.5, -0.01)] == ["+1,5", "\u22121,5", "0,0"]


def test_percent_has_a_no_break_space_where_the_language_wants_one():
    assert [Language(c).percent(0.25) for c in ("sv", "fi", "en")] == [
        f"25{NBSP}%", f"25{NBSP}%", "25%",
    ]  # fmt: skip


def test_a_range_prints_one_number_where_both_ends_are_the_same():
    swedish = Language("sv")
    assert swedish.range(3, 9) == "3–9"
    assert swedish.range(71.6, 72.4) == "72"
    assert swedish.range(-2, 3) == "\u22122 till 3"
    assert swedish.range(swedish.percent(0.29), swedish.percent(0.32)) == "29–32\u00a0%"
    assert swedish.range(swedish.percent(0.29), swedish.percent(0.291)) == "29\u00a0%"


def test_genitive_follows_the_ending_of_the_name():
    assert Language("sv").genitive("Kronoberg") == "Kronobergs"
    assert Language("sv").genitive("Uppsala läns") == "Uppsala läns"
    assert Language("en").genitive("Kronoberg") == "Kronoberg’s"
    with pytest.raises(ParameterError, match="basic form"):
        Language("fi").genitive("Kronoberg")


def test_ordinals_are_words_and_then_numerals():
    assert [Language("sv").ordinal(n) for n in (3, 12, 21, 24)] == [
        "tredje", "tolfte", "21:a", "24:e",
    ]  # fmt: skip
    assert [Language("en").ordinal(n) for n in (1, 22, 111)] == ["first", "22nd", "111th"]


def test_plural_forms_follow_the_number():
    forms = [Language("fi").plural("{n} answer.", "{n} answers.", n) for n in (1, 2, 10_000)]
    assert forms == ["1 vastaus.", "2 vastausta.", f"10{NBSP}000 vastausta."]


def test_a_listing_counts_what_it_does_not_name():
    assert Language("sv").listing(["a", "b", "c"]) == "a, b och c"
    assert Language("sv").listing(["a", "b", "c", "d"], limit=2) == "a, b och 2 till"


def test_dates_are_written_in_full():
    assert Language("sv").date(datetime.date(2012, 11, 8)) == "8 november 2012"


def test_a_missing_translation_is_an_error_and_not_english():
    with pytest.raises(ParameterError, match=r"sv\.po"):
        Language("sv").text("A sentence that nobody translated")


def test_an_unknown_language_names_the_one_file_that_adds_it():
    with pytest.raises(ParameterError, match=r"locale/dk\.po.*en, fi, sv"):
        Language("dk")

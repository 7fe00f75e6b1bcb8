"""What scripts add to a page: one agency marked, tables in another order, briefs found by name.

Everything is done by keys, and without scripts everything is there and nothing is dead.
"""

import re
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

import invented
import notebook_pages
from betyg.publish import contents, document, table
from betyg.publish.language import Language, available
from betyg.publish.page_checks import TAGS, axe

NAMES = sorted(unit.label["sv"] for unit in invented.study().agencies)
CHOSEN = "Kronobergs län"
SORTED = """heading => {
  const head = [...document.querySelectorAll('thead th')].find(h => h.textContent === heading);
  return [head.getAttribute('aria-sort'), [...head.closest('table').tBodies[0].rows]
    .map(row => row.cells[head.cellIndex].textContent)]; }"""
SHOWN = """() => [...document.querySelectorAll('.plot svg')]
  .filter(s => s.getBoundingClientRect().height)
  .map(s => [s.textContent.replace(/\\s+/g, ' '), s.querySelectorAll('.picked').length])"""
WRITTEN = {
    "sv": ("72,4", "54 096", "−3,1", "", "7 (5–9)", "−12,9 till −3,0"),
    "fi": ("72,4", "54 096", "−3,1", "", "7 (5–9)", "−12,9 … −3,0"),
    "en": ("72.4", "54,096", "−3.1", "", "7 (5–9)", "−12.9 to −3.0"),
}
LETTERS = ("Örebro", "Ånge", "Zorn", "Ähtäri", "Abo", "Wik")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A page of the invented survey, with a picker."""
    return notebook_pages.render(
        notebook_pages.whole("sv"), tmp_path_factory.mktemp("page"), picker=NAMES
    )


@pytest.fixture(scope="module", params=available())
def sortable(request, tmp_path_factory) -> Path:
    """A page in one language that shows one table."""
    language = request.param
    numbers = table.Table(
        name="numbers", caption="Numbers", header=("Name", "Value", "Class"),
        rows=tuple(zip(LETTERS, WRITTEN[language], "bcabca", strict=True)),
        numeric=(False, True, False),
    )  # fmt: skip
    return notebook_pages.render(
        [notebook_pages.words("## A", language), notebook_pages.shown(numbers)],
        tmp_path_factory.mktemp(language), language=language,
    )  # fmt: skip


@pytest.fixture
def page(browser, made):
    yield from heard_nothing(browser, made)


@pytest.fixture
def sorting(browser, sortable):
    yield from heard_nothing(browser, sortable)


def heard_nothing(browser, made):
    """Open a page; whatever it says on the console or asks of the network fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    heard: list[str] = []
    opened.on("console", lambda message: heard.append(message.text))
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.on("request", lambda request: heard.append(request.url))
    opened.goto(made.as_uri())
    yield opened
    assert heard == [made.as_uri()]
    opened.close()


def tab_to(page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def choose(page, name: str) -> None:
    """Choose an agency by typing its name into the list that has the focus."""
    page.keyboard.type(name)
    assert page.evaluate("document.getElementById('picked').selectedOptions[0].text") == name


def marked(page) -> list[bool]:
    """Whether each drawing on the screen that names the agency has it marked."""
    return [bool(rows) for text, rows in page.evaluate(SHOWN) if CHOSEN in text]


def test_an_agency_chosen_by_keys_is_marked_wherever_it_is_named(page):
    tab_to(page, "#picked")
    choose(page, CHOSEN)
    assert len(marked(page)) >= 3 and all(marked(page))
    told = page.locator("output[for=picked]").inner_text()
    assert int(re.search(r"\d+", told)[0]) >= 6
    heads = page.locator("tbody th", has_text=re.compile(f"^{CHOSEN}$"))
    assert heads.count() >= 3
    assert heads.evaluate_all("all => all.every(h => h.parentElement.matches('.picked'))")
    assert page.locator("tr.picked").count() == heads.count()


def test_the_mark_follows_when_the_drawing_for_another_width_is_shown(page):
    tab_to(page, "#picked")
    choose(page, CHOSEN)
    wide = page.locator(".plot.wide .picked-row").count()
    assert wide >= 3
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_function("document.querySelectorAll('.plot.narrow .picked-row').length > 0")
    assert all(marked(page)) and len(marked(page)) >= 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function(f"document.querySelectorAll('.plot.wide .picked-row').length == {wide}")


def test_the_mark_lies_on_the_line_of_the_name(page):
    tab_to(page, "#picked")
    choose(page, CHOSEN)
    away = page.evaluate(
        """() => [...document.querySelectorAll('.picked-row')].filter(r => {
          const label = [...r.ownerSVGElement.querySelectorAll('.picked')];
          const row = r.getBoundingClientRect();
          return !label.some(l => { const box = l.getBoundingClientRect();
            return box.top >= row.top - 1 && box.bottom <= row.bottom + 1; });
        }).length"""
    )
    assert away == 0


def test_choosing_none_takes_every_mark_away(page):
    tab_to(page, "#picked")
    choose(page, CHOSEN)
    page.keyboard.press("Home")
    assert page.locator(".picked, .picked-row").count() == 0
    assert page.locator("output[for=picked]").inner_text() == ""


def by_enter(page, heading: str) -> tuple[str, list[str]]:
    button = page.locator("thead button", has_text=heading)
    button.focus()
    page.keyboard.press("Enter")
    return tuple(page.evaluate(SORTED, heading))


def test_enter_on_a_heading_orders_numbers_as_the_language_writes_them(sorting, sortable):
    page = sorting
    high, big, low, none, rank, span = WRITTEN[sortable.parent.name[:2]]
    assert by_enter(page, "Value") == ("ascending", [span, low, rank, high, big, none])
    assert by_enter(page, "Value") == ("descending", [big, high, rank, low, span, none])


def test_enter_on_a_heading_orders_words_by_the_alphabet_of_the_language(sorting, sortable):
    said, order = by_enter(sorting, "Name")
    assert said == "ascending"
    assert order == (
        ["Abo", "Ähtäri", "Ånge", "Örebro", "Wik", "Zorn"]
        if sortable.parent.name.startswith("en")
        else ["Abo", "Wik", "Zorn", "Ånge", "Ähtäri", "Örebro"]
    )


def test_one_column_at_a_time_has_the_order(sorting):
    by_enter(sorting, "Value")
    by_enter(sorting, "Class")
    assert sorting.locator("th[aria-sort]").count() == 1


def test_tab_reaches_the_headings_and_shows_where_it_is(page):
    tab_to(page, "thead th button")
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(style) == "solid"


def test_axe_finds_nothing_on_a_page_with_marks_and_orders(page):
    tab_to(page, "#picked")
    choose(page, CHOSEN)
    page.locator("thead button").last.press("Enter")
    assert page.locator("th[aria-sort]").count() == 1
    page.evaluate(axe())
    assert page.evaluate("tags => axe.run({runOnly: tags})", list(TAGS))["violations"] == []


def test_without_scripts_everything_is_there_and_no_control_is_dead(browser, made):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(made.as_uri())
    assert page.locator("select, button, input, output").evaluate_all(
        "all => all.every(e => !e.getClientRects().length)"
    )
    assert page.locator("table").count() == 8
    assert page.locator("main h2").first.is_visible()
    context.close()


def test_names_that_the_page_does_not_hold_are_not_offered(browser, tmp_path):
    cells = [notebook_pages.words("## A", "sv")]
    path = notebook_pages.render(cells, tmp_path, picker=[CHOSEN])
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator("#picked").count() == 1
    assert not page.locator("#picked").is_visible()
    page.close()


def test_the_only_script_is_ours(made):
    scripts = re.findall(r"<script\b.*?</script>", made.read_text("utf-8"), re.S)
    (ours,) = scripts
    own = Path(document.__file__).with_name("template") / "page.js"
    assert ours == f"<script>\n{own.read_text('utf-8')}</script>"


def test_a_brief_prints_on_two_pages_without_links_folds_and_controls(browser, tmp_path):
    path = notebook_pages.render(notebook_pages.brief("fi"), tmp_path, language="fi", report="r")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator(".report a").is_visible()
    printed = page.pdf(prefer_css_page_size=True)
    with pikepdf.open(BytesIO(printed)) as pdf:
        assert len(pdf.pages) == 2
    page.emulate_media(media="print")
    assert page.locator(".report").is_hidden()
    assert page.locator("summary").first.is_hidden()
    assert page.locator(".plot.narrow").first.is_visible()
    page.close()


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Path:
    """The front page of the invented survey, with a brief for each agency."""
    survey = invented.study()
    whole = [contents.Entry(path=f"r-{c}.{f}", language=c, form=f)
             for c in survey.languages for f in ("html", "pdf")]  # fmt: skip
    briefs = [
        contents.Entry(path=f"briefs/{u.code}-{c}.html", language=c, form="html", agency=u.code)
        for c in survey.languages
        for u in survey.agencies
    ]
    target = tmp_path_factory.mktemp("front") / "index.html"
    target.write_text(contents.of_study(survey, [*whole, *briefs], up="../index.html"), "utf-8")
    return target


def test_a_brief_is_found_by_typing_a_part_of_its_name(browser, front):
    page = browser.new_page()
    page.goto(front.as_uri())
    tab_to(page, "#find-sv")
    page.keyboard.type("kron")
    seen = page.locator("#list-sv li:visible")
    assert seen.all_inner_texts() == [CHOSEN]
    assert re.search(r"\b1\b", page.locator("output[for=find-sv]").inner_text())
    assert page.locator("#list-fi li:visible").count() == len(NAMES)
    for _ in "kron":
        page.keyboard.press("Backspace")
    assert seen.count() == len(NAMES)
    assert page.locator("output[for=find-sv]").inner_text() == ""
    page.close()


def test_a_front_page_without_scripts_lists_everything(browser, front):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.as_uri())
    assert page.locator("main li a:visible").count() == 3 * (2 + len(NAMES))
    assert not page.locator("input, output").first.is_visible()
    context.close()


def test_each_language_of_a_front_page_is_marked_as_such(browser, front):
    page = browser.new_page()
    page.goto(front.as_uri())
    said = page.locator("main section").evaluate_all("all => all.map(s => s.lang)")
    assert said == [Language(code).code for code in invented.study().languages]
    page.close()

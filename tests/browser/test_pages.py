"""Finished pages in a real browser: nothing asked, nothing broken, everything readable."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import notebook_pages
from betyg.publish import accessibility, page_checks
from betyg.publish.language import available

ROOT = Path(__file__).parents[2]
BUILT = [  # of the many briefs one in each language; `make accessibility` looks at all of them
    *sorted((ROOT / "reports").glob("*.html")),
    *sorted((ROOT / "reports").glob("*/*.html")),
    *{
        (path.parent, path.stem.split("-")[3]): path
        for path in sorted((ROOT / "reports").glob("*/briefs/*-brief-*.html"))
    }.values(),
]
WIDTHS = (320, 1280)


@pytest.fixture(scope="module", params=available())
def made(request, tmp_path_factory):
    """A page of the invented survey in one language."""
    folder = tmp_path_factory.mktemp(request.param)
    return notebook_pages.render(
        notebook_pages.whole(request.param), folder, language=request.param
    )


def check_page(browser, path: Path) -> None:
    """Everything that must hold for any page."""
    heard, asked = [], []
    page = browser.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert not heard
    assert asked == [path.as_uri()], "a page asks for nothing but itself"
    assert page.evaluate(IMAGES_WITHOUT_ALT) == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert page.evaluate(TABLES_WITHOUT_HEADERS) == []
    assert page.get_attribute("html", "lang") in available()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if "synthetic" in path.name:
        assert page.locator("header .banner").is_visible()
        assert "(" in page.title()
    page.close()


IMAGES_WITHOUT_ALT = """[...document.querySelectorAll('img, svg')]
  .filter(i => !(i.getAttribute('alt') || i.getAttribute('aria-label') || '').trim())
  .map(i => i.outerHTML.slice(0, 80))"""
TABLES_WITHOUT_HEADERS = """[...document.querySelectorAll('.table-region[aria-labelledby] th')]
  .filter(h => h.closest('table').caption && !h.scope).map(h => h.textContent)"""


def test_a_page_keeps_all_promises(browser, made):
    check_page(browser, made)


@pytest.mark.parametrize("path", BUILT or [None], ids=lambda p: p.name if p else "none built")
def test_built_reports_keep_all_promises(browser, path):
    if path is None:
        pytest.skip("no report has been built: make report")
    check_page(browser, path)


def check_views(browser, path: Path) -> None:
    for view in page_checks.views(browser, path):
        assert view.violations == {}, (path.name, view.scheme, view.width)
        assert view.passed > 20


QUICK = [path for path in BUILT if "-report-" not in path.name]


@pytest.mark.parametrize("path", QUICK or [None], ids=lambda p: p.name if p else "none built")
def test_axe_finds_nothing_on_front_pages_and_briefs(browser, path):
    """Whole reports take axe a minute each: the invented one stands for them here.

    `make accessibility` looks at every page that was built.
    """
    if path is None:
        pytest.skip("no report has been built: make report")
    check_views(browser, path)


def test_axe_would_find_a_fault(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<html lang="sv"><title>t</title><h1>t</h1><img src="data:image/png;base64,">')
    assert all("image-alt" in view.violations for view in page_checks.views(browser, page))


def test_axe_finds_nothing_and_the_statement_tells_so(browser, made):
    language = made.parent.name[:2]
    with ThreadPoolExecutor() as aside:  # a browser of its own, beside the one that is open
        found = aside.submit(accessibility.results, made.parent).result()
    (page,) = found["pages"]
    assert page["file"] == made.name and len(page["views"]) == len(page_checks.VIEWS)
    assert accessibility.faults(found) == []
    assert all(view["passed"] > 20 for view in page["views"])
    page["views"][0]["violations"] = {"label": 7}
    (fault,) = accessibility.faults(found)
    assert "page-synthetic.html: label in 7 places (light" in fault
    written = accessibility.write(found, made.parent, study="s", language=language, title="T",
                                  synthetic=True)  # fmt: skip
    passed = min(view["passed"] for view in page["views"])
    assert f'<td class="number">{passed}</td>' in written.read_text("utf-8")
    assert '<td class="number">7</td>' in written.read_text("utf-8")
    check_page(browser, written)
    check_views(browser, written)
    assert json.loads((made.parent / "accessibility.json").read_text("utf-8")) == found
    written.unlink()


def test_narrow_screens_get_the_narrow_drawing(browser, made):
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto(made.as_uri())
    assert page.locator(".plot.narrow").first.is_visible()
    assert not page.locator(".plot.wide").first.is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator(".plot.wide").first.is_visible()
    assert not page.locator(".plot.narrow").first.is_visible()
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_text_in_drawings_fits_in_the_fonts_of_the_browser(browser, made, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(made.as_uri())
    outside = page.evaluate(
        """[...document.querySelectorAll('.plot svg')].flatMap(svg => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            return b.left < box.left - 1 || b.right > box.right + 1 ||
                   b.top < box.top - 2 || b.bottom > box.bottom + 2;
          }).map(t => t.textContent)})"""
    )
    assert outside == []
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_in_drawings_do_not_overlap(browser, made, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(made.as_uri())
    overlapping = page.evaluate(
        """[...document.querySelectorAll('.plot svg')].flatMap(svg => {
          const texts = [...svg.querySelectorAll('text')]
            .map(t => [t.textContent, t.getBoundingClientRect()]);
          const found = [];
          texts.forEach(([a, p], i) => texts.slice(i + 1).forEach(([b, q]) => {
            const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
            const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
            if (w > 1 && h > 2) found.push([a, b]);
          }));
          return found})"""
    )
    assert overlapping == []
    page.close()


def test_the_keyboard_reaches_content_tables_and_folds(browser, made):
    page = browser.new_page()
    page.goto(made.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "table-region"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page_in_light_and_dark(browser, made, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.goto(made.as_uri())
    low = page.evaluate(
        """() => {
          const parse = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => {
            v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
          const light = c => {
            const [r, g, b] = parse(c); return .2126 * r + .7152 * g + .0722 * b; };
          const back = light(getComputedStyle(document.body).backgroundColor);
          return ['h1', 'main p', '.figure-subtitle', '.figure-note', 'nav a', 'summary',
                  'footer p']
            .map(s => [s, light(getComputedStyle(document.querySelector(s)).color)])
            .filter(([s, l]) => (Math.max(l, back) + .05) / (Math.min(l, back) + .05) < 4.5);
        }"""
    )
    assert low == []
    page.close()

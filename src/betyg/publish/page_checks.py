"""What a program can tell of a page's accessibility: axe-core in a real browser."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from betyg.errors import DataError

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
VIEWS = (  # colours, width in pixels, and whether folds are open
    ("light", 1280, True),
    ("dark", 320, True),
    ("light", 320, False),
    ("dark", 1280, False),
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
_FOLD = "open => document.querySelectorAll('details').forEach(fold => { fold.open = open; })"
_RUN = "tags => axe.run({runOnly: tags})"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What axe-core found in one view of a page.

    Attributes
    ----------
    scheme, width : str, int
        Colours and width in pixels in which the page was looked at.
    unfolded : bool
        Whether all its folds were open, or all closed.
    engine : str
        Version of axe-core.
    passed : int
        Rules that were met.
    violations : dict of str to int
        Rules that were broken, and in how many places.
    undecided : dict of str to int
        Rules that the program could not decide, and in how many places.
    """

    scheme: str
    width: int
    unfolded: bool
    engine: str
    passed: int
    violations: dict[str, int]
    undecided: dict[str, int]


def chromium() -> str | None:
    """Return where the machine's Chromium is, if it has one; CHROMIUM may name another."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ((named,) if named is not None else BROWSERS) if name)
    return next((path for path in found if path), None)


def axe() -> str:
    """Return the program axe-core, to be run in a page."""
    import axe_playwright_python

    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


def check(pages: Sequence[Path]) -> list[list[View]]:
    """Look at each page in each view.

    Raises
    ------
    DataError
        If there is no browser on the machine.
    """
    browser = chromium()
    if browser is None:
        raise DataError("no Chromium on this machine: install it, or name one in CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path=browser, args=list(QUIET))
        found = [views(opened, page) for page in pages]
        opened.close()
    return found


def views(browser: Any, path: Path) -> list[View]:
    """Look at one page in a browser that is open."""
    found = []
    for scheme, width, unfolded in VIEWS:
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.goto(path.resolve().as_uri())
        page.evaluate(_FOLD, unfolded)
        page.evaluate(axe())
        told = page.evaluate(_RUN, list(TAGS))
        page.close()
        found.append(
            View(
                scheme=scheme,
                width=width,
                unfolded=unfolded,
                engine=told["testEngine"]["version"],
                passed=len(told["passes"]),
                violations={rule["id"]: len(rule["nodes"]) for rule in told["violations"]},
                undecided={rule["id"]: len(rule["nodes"]) for rule in told["incomplete"]},
            )
        )
    return found

"""What all tests share: whether there is a browser, and a plain word at the end if not."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from betyg.publish.page_checks import QUIET, chromium

REASON = "no Chromium on this machine"


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


def pytest_configure() -> None:
    """Forget the make that runs the tests: what they start is none of its work."""
    for name in ("BETYG_MAKE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        os.environ.pop(name, None)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what lies in tests/browser, and skip it where there is no browser (never in CI)."""
    for item in items:
        if "browser" in Path(item.path).relative_to(Path(__file__).parent).parts[:-1]:
            item.add_marker(pytest.mark.browser)
            if chromium() is None and not in_ci():
                item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say on the last line how many browser checks were not run: a skip is easily overlooked."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    missed = [report for report in skipped if REASON in str(report.longrepr)]
    if missed:
        reporter.write_line(f"{len(missed)} browser checks NOT run: install chromium")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts that tests have noted."""
    for report in terminalreporter.getreports("passed"):
        for name, counted in report.user_properties:
            terminalreporter.write_line(f"{name}: {counted}")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; in CI its absence is a failure."""
    path = chromium()
    if path is None:
        pytest.fail(f"{REASON}, and CI must run the browser checks: install it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()

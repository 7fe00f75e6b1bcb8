"""What README.md names is there."""

import pkgutil
import re
from pathlib import Path

import pytest

from betyg.data.study import Study

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(betyg(?:\.\w+)+)`", README))))
def test_every_function_and_module_of_the_readme_exists(name: str) -> None:
    pkgutil.resolve_name(name)  # raises for a name that is gone


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(notebooks/\w+\.ipynb)`", README))))
def test_every_notebook_of_the_readme_exists(path: str) -> None:
    assert (path == "notebooks/03b_my_check.ipynb") != (ROOT / path).exists()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\bmake (?:-j2 )?([a-z]+) ?[`A-Z#]", README)))
)
def test_every_target_of_the_readme_is_one_that_make_lists(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE)


def test_the_readme_counts_the_municipalities_as_the_data_do() -> None:
    count = len(Study.load(ROOT / "data" / "raw", "insikt").agency_codes)
    assert f"indices of {count} Swedish municipalities" in README

"""The figure in README.md is what the code draws from the data of today."""

from pathlib import Path

from betyg.publish import picture
from betyg.stats import cells, comparison

ROOT = Path(__file__).parents[2]


def test_the_picture_of_the_readme_is_that_of_the_data(boards, boards_cleaned):
    counts = cells.collapse(boards_cleaned, boards)
    drawn = picture.of_readme(comparison.compare(counts, boards).table, boards)
    kept = (ROOT / picture.FILE).read_text("utf-8")
    assert drawn == kept, "the figures moved: look at them, then `make picture`"


def test_the_picture_says_by_itself_that_the_data_are_synthetic():
    kept = (ROOT / picture.FILE).read_text("utf-8")
    assert kept.count("Synthetic data: made for demonstration.") == 2  # seen, and read aloud
    assert "synthetic" in Path(picture.FILE).name
    assert picture.FILE in (ROOT / "README.md").read_text("utf-8")

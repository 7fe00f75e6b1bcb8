"""The worked examples of docs/study-format.md are studies that load and clean."""

import re
from pathlib import Path

import pytest

from betyg.data import clean, read
from betyg.data.codebook import Fact
from betyg.data.facts import Facts
from betyg.data.settings import (
    Band,
    Cleaning,
    Compare,
    Design,
    Disclosure,
    Fetch,
    Index,
    Source,
    StudySection,
)
from betyg.data.study import Study
from betyg.data.sums import write_sums

PAGE = Path(__file__).parents[2] / "docs" / "study-format.md"
FILE = re.compile(r"^`([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(
    part.split("\n", 1)
    for part in PAGE.read_text("utf-8").split("## Worked examples")[-1].split("\n### ")[1:]
)
KINDS = dict(zip(EXAMPLES, ("responses", "counts", "published"), strict=True))


def written(title, tmp_path):
    folder = tmp_path / "raw" / "example"
    folder.mkdir(parents=True)
    for name, text in FILE.findall(EXAMPLES[title]):
        (folder / name).write_text(text, "utf-8")
    (folder / "SOURCE.md").write_text("Invented.\n", "utf-8")
    write_sums(folder)
    return Study.load(folder.parent, "example")


@pytest.mark.parametrize("title", EXAMPLES)
def test_example_loads(title, tmp_path):
    survey = written(title, tmp_path)
    assert survey.kind == KINDS[title]
    assert survey.synthetic


@pytest.mark.parametrize("title", EXAMPLES)
def test_example_cleans(title, tmp_path):
    survey = written(title, tmp_path)
    cleaned = clean.clean(read.sources(survey), survey)
    kept = cleaned.attrition.query("step == 'kept'")["n"].sum()
    assert kept == {"responses": 8, "counts": 17, "published": 4}[survey.kind]


def test_every_file_of_an_example_is_found():
    found = {title: {name for name, _ in FILE.findall(text)} for title, text in EXAMPLES.items()}
    raw = ({"2023.csv", "2024.csv"}, {"portal.csv"}, {"index.csv"})
    for names, files in zip(found.values(), raw, strict=True):
        assert {"study.toml", "codebook.csv", "agencies.csv", *files} <= names


def section_of(heading):
    return (
        PAGE.read_text("utf-8").split(f"\n### {heading}", 1)[1].split("\n### ")[0].split("\n## ")[0]
    )


@pytest.mark.parametrize(
    ("heading", "model", "without"),
    [
        ("[study]", StudySection, ()),
        ("[[source]]", Source, ("id", "version")),
        ("[index.NAME]", Index, ("name",)),
        ("[[band]]", Band, ()),
        ("[compare]", Compare, ()),
        ("[design]", Design, ()),
        ("[design]", Cleaning, ()),
        ("[design]", Disclosure, ()),
        ("[design]", Fetch, ()),
    ],
)
def test_every_key_is_explained(heading, model, without):
    said = section_of(heading)
    keys = {field.alias or name for name, field in model.model_fields.items()} - set(without)
    assert {key for key in keys if not re.search(rf"`{key}[`.]", said)} == set()


COLUMNS = {
    "codebook.csv": "items",
    "scales.csv": "categories",
    "themes.csv": "themes",
    "crosswalk.csv": "crosswalk",
    "agencies.csv": "agencies",
    "frame.csv": "frame",
    "events.csv": "events",
    "published.csv": "published",
}


@pytest.mark.parametrize("file", COLUMNS)
def test_every_column_is_explained(file):
    table = Facts.__annotations__[COLUMNS[file]]
    model = next(kind for kind in Fact.__subclasses__() if f"[{kind.__name__}]" in str(table))
    said = section_of(file)
    columns = set(model.model_fields) - {"label"}
    assert {name for name in columns if not re.search(rf"[|,] *\**{name}\**[ ,|]", said)} == set()

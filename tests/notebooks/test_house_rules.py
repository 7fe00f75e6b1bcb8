"""The manners of our own notebooks; a researcher's may have others, and still build."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from betyg.build import tidy
from betyg.build.outline import outline
from betyg.build.plan import table_problems

DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While)
PLAIN = {"str", "int", "float", "bool"}
TABLES = {  # which at least is written by which notebook
    "01_clean": {
        "respondents",
        "cells",
        "domains",
        "people",
        "patterns",
        "outcome_sums",
        "theme_sums",
        "driver_sums",
        "attrition",
    },
    "02_results": {"estimates", "throughout"},
    "03_models": {"comparisons", "profiles", "changes"},
    "04_drivers": {"drivers"},
    "05_report": set(),
    "06_brief": set(),
}
FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = [path for path in sorted(FOLDER.glob("*.ipynb")) if path.stem in TABLES]

Cells = list[dict[str, Any]]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request: pytest.FixtureRequest) -> Cells:
    loaded: Cells = json.loads(request.param.read_text("utf-8"))["cells"]
    return loaded


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code(cells: Cells) -> list[str]:
    return [source(cell) for cell in cells if cell["cell_type"] == "code"]


def parameters(cells: Cells) -> list[str]:
    return [source(cell) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]


def lines_of_code(text: str) -> int:
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def names_with_two_meanings(cells: Cells) -> list[str]:
    """Return the names that are given a value more than once."""
    given: list[str] = []
    for tree in map(ast.parse, code(cells)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                given += [alias.asname or alias.name for alias in node.names]
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                given += [] if is_inside_comprehension(tree, node) else [node.id]
    return sorted({name for name in given if given.count(name) > 1})


def is_inside_comprehension(tree: ast.Module, name: ast.Name) -> bool:
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.comprehension)]
    return any(name is inner for loop in loops for inner in ast.walk(loop.target))


def unplain_parameters(text: str) -> list[str]:
    """Return the lines of a parameters cell that are not ``name: type = value  # why``."""
    wrong = []
    for line, statement in zip(text.strip().splitlines(), ast.parse(text).body, strict=True):
        try:
            assert isinstance(statement, ast.AnnAssign) and statement.value is not None
            kind = type(ast.literal_eval(statement.value)).__name__
            assert kind == ast.unparse(statement.annotation) and kind in PLAIN
            assert "  # " in line
        except (AssertionError, ValueError):
            wrong.append(line)
    return wrong


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(TABLES)


def test_begins_with_a_title_and_has_as_much_prose_as_code(cells: Cells) -> None:
    prose = [source(cell) for cell in cells if cell["cell_type"] == "markdown"]
    assert source(cells[0]).startswith("# ")
    words = sum(len(text.split()) for text in prose)
    assert words >= sum(lines_of_code(text) for text in code(cells)) * 2


def test_has_one_parameters_cell_of_plain_values_each_with_its_meaning(cells: Cells) -> None:
    (text,) = parameters(cells)
    assert unplain_parameters(text) == []
    assert code(cells)[0] == text


def test_is_thin(cells: Cells) -> None:
    sizes = [lines_of_code(text) for text in code(cells)]
    assert max(sizes) <= 12
    assert sum(sizes) <= 120


def test_defines_nothing_and_has_no_loops(cells: Cells) -> None:
    nodes = [node for text in code(cells) for node in ast.walk(ast.parse(text))]
    assert [ast.unparse(node) for node in nodes if isinstance(node, DEFINING)] == []


def test_gives_each_name_one_meaning(cells: Cells) -> None:
    assert names_with_two_meanings(cells) == []


def test_touches_neither_paths_nor_warnings_nor_the_shell(cells: Cells) -> None:
    text = "\n".join(code(cells))
    unwanted = ("sys.path", "filterwarnings", "import *", "get_ipython")
    assert [word for word in unwanted if word in text] == []
    assert [line for line in text.splitlines() if line.lstrip().startswith(("%", "!"))] == []


def test_is_committed_without_outputs(cells: Cells) -> None:
    ran = [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    assert ran == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_lies_as_jupyter_spells_it_with_nothing_of_what_came_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert tidy.text(tidy.tidy(json.loads(text))) == text, "make hook lets git tidy it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_asks_for_the_kernel_of_the_project_and_holds_no_noise(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "betyg"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert {key for cell in notebook["cells"] for key in cell["metadata"]} <= {"tags"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_writes_the_tables_that_are_its_own(path: Path) -> None:
    writes = set(outline(path).writes)
    assert writes >= TABLES[path.stem]
    assert bool(writes) == bool(TABLES[path.stem]), "the report only reads"


def test_every_table_has_one_writer_before_its_readers() -> None:
    assert table_problems({path: outline(path) for path in NOTEBOOKS}) == []


WRITES = [(path, table) for path in NOTEBOOKS for table in outline(path).writes]


@pytest.mark.parametrize(("path", "table"), WRITES, ids=lambda value: getattr(value, "stem", value))
def test_a_write_call_that_is_taken_out_stops_the_build(
    path: Path, table: str, tmp_path: Path
) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    calls = 0
    for cell in notebook["cells"]:
        lines = source(cell).splitlines(keepends=True)
        cell["source"] = [line for line in lines if not is_write_of(line, table)]
        calls += len(lines) - len(cell["source"])
    assert calls == 1, "each table is written by one visible call"
    without = tmp_path / path.name
    without.write_text(json.dumps(notebook), encoding="utf-8")
    others = {other: outline(other) for other in NOTEBOOKS if other != path}
    said = "\n".join(table_problems({**others, without: outline(without)}))
    assert f"reads table '{table}', which no notebook writes" in said


def is_write_of(line: str, table: str) -> bool:
    return line.startswith("store.write(") and f'"{table}"' in line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_declares_what_make_gives_it(path: Path) -> None:
    found = outline(path)
    needed = {"study", "raw"} | ({"tables"} if found.reads else set())
    needed |= {"out"} if found.writes else {"language"}
    assert needed <= {parameter.name for parameter in found.parameters}


# The rules can be broken: each check above is shown a notebook that breaks it.


def cell(text: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": text, "metadata": {"tags": list(tags)}}


@pytest.mark.parametrize(
    "line",
    ["year = 2011  # why", "year: int = 2011", "y: int = now()  # why", "y: int = 'a'  # w"],
)
def test_an_unplain_parameter_is_seen(line: str) -> None:
    assert unplain_parameters(line) == [line]


@pytest.mark.parametrize(
    "texts",
    [("old = 1", "old = 2"), ("from a import old", "old = 2"), ("old = 1", "old += 1")],
)
def test_a_second_meaning_is_seen(texts: tuple[str, str]) -> None:
    assert names_with_two_meanings([cell(text) for text in texts]) == ["old"]


def test_a_name_inside_a_comprehension_is_no_second_meaning() -> None:
    assert names_with_two_meanings([cell("[x for x in a]"), cell("{x for x in b}")]) == []

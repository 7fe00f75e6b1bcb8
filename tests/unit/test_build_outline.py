"""What the build reads out of a notebook."""

import ast
from pathlib import Path

import pytest

from betyg.build.outline import Outline, Parameter, imported_modules, outline, without_words
from betyg.errors import ParameterError
from toy import CLEAN, REPORT, Cell, write_notebook


def outlined(tmp_path: Path, *cells: Cell) -> Outline:
    return outline(write_notebook(tmp_path / "notebook.ipynb", cells))


def changed(tmp_path: Path, old: str, new: str) -> Outline:
    cells = [(kind, source.replace(old, new), *tags) for kind, source, *tags in REPORT]
    assert cells != list(REPORT)
    return outlined(tmp_path, *cells)


def test_tables_are_read_from_the_calls(tmp_path: Path) -> None:
    assert outlined(tmp_path, *CLEAN).writes == ("answers",)
    assert outlined(tmp_path, *REPORT).reads == ("answers",)
    named = outlined(tmp_path, ("code", 'store.write(frame, name="cells", folder=out)'))
    assert named.writes == ("cells",)


def test_a_table_named_by_an_expression_is_refused_with_the_call(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"`store\.read\(name, tables\)`.*not written out"):
        outlined(tmp_path, ("code", "store.read(name, tables)"))


def test_parameters_keep_name_type_and_value(tmp_path: Path) -> None:
    found = outlined(tmp_path, *REPORT).parameters
    assert found[-1] == Parameter(name="year_from", kind="int", value=2011)
    assert outlined(tmp_path, *REPORT).declares("language")
    assert not outlined(tmp_path, *CLEAN).declares("language")


def test_no_parameters_cell_means_no_parameters(tmp_path: Path) -> None:
    assert outlined(tmp_path, ("code", "year: int = 1")).parameters == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [("# first year shown", "# another comment"), ("## Answers", "## Replies"), (" >= ", ">=")],
)
def test_words_and_layout_leave_the_code_as_it_is(tmp_path: Path, old: str, new: str) -> None:
    before, after = outlined(tmp_path, *REPORT), changed(tmp_path, old, new)
    assert after.code == before.code
    assert after.text != before.text


@pytest.mark.parametrize(
    ("old", "new"),
    [(" >= ", " > "), ("= 2011", "= 2012"), ('}")', '}");'), ("answers[", "answers.loc[")],
)
def test_what_changes_a_result_changes_the_code(tmp_path: Path, old: str, new: str) -> None:
    assert changed(tmp_path, old, new).code != outlined(tmp_path, *REPORT).code


def test_an_empty_code_cell_and_a_comment_are_no_change(tmp_path: Path) -> None:
    extra = (*REPORT, ("code", ""), ("code", "# only words"))
    assert outlined(tmp_path, *extra).code == outlined(tmp_path, *REPORT).code


def test_joining_two_cells_is_a_change_as_only_the_last_value_is_shown(tmp_path: Path) -> None:
    apart = outlined(tmp_path, ("code", "1"), ("code", "2"))
    assert outlined(tmp_path, ("code", "1\n2")).code != apart.code


def test_a_magic_is_code_and_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    cell = '%matplotlib inline\nstore.read("cells", tables)'
    found = outlined(tmp_path, ("code", cell))
    assert found.reads == ("cells",)
    assert found.code != outlined(tmp_path, ("code", cell.replace("inline", "agg"))).code


def test_docstrings_are_words() -> None:
    spoken = 'def f(x):\n    """Say something."""\n    return x\n'
    assert without_words(spoken) == without_words("def f(x):\n    return x  # silent")
    assert without_words(spoken) != without_words("def f(x):\n    return -x")


def test_a_function_that_is_only_a_docstring_stays_a_function() -> None:
    assert without_words('class A(Exception):\n    """Why."""') == without_words(
        'class A(Exception):\n    """Another why."""'
    )


def test_tags_of_markdown_are_kept_with_the_cell_number(tmp_path: Path) -> None:
    assert outlined(tmp_path, *REPORT).prose == ((4, ("sv",)), (5, ("en",)))


def test_the_outline_survives_the_cache(tmp_path: Path) -> None:
    before = outlined(tmp_path, *REPORT)
    assert Outline.from_json(before.to_json()) == before


@pytest.mark.parametrize("content", ["", "[]", '{"cells": 1', "{}"])
def test_a_file_that_is_no_notebook_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "01_bad.ipynb"
    path.write_text(content)
    with pytest.raises(ParameterError, match=r"01_bad\.ipynb: this is no notebook"):
        outline(path)


def test_what_only_a_type_checker_reads_is_not_imported() -> None:
    code = (
        "import a\nif TYPE_CHECKING:\n    import b\n    from c import d\nelse:\n    import e\n"
        "def f():\n    if typing.TYPE_CHECKING:\n        import g\n    import h\n"
    )
    assert imported_modules(ast.parse(code)) == {"a", "e", "h"}

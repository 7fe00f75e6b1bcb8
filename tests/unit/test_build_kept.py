"""What is kept of an executed notebook."""

from pathlib import Path
from typing import Any

import pytest

from betyg.build import kept


def code(source: str, *outputs: dict[str, Any], count: int | None = None, tag: str = "") -> Any:
    metadata = {"papermill": {"start_time": "now"}, "execution": {"t": 1}}
    tags = {"tags": [tag]} if tag else {}
    return {
        "cell_type": "code",
        "id": "c0ffee",
        "metadata": metadata | tags,
        "source": source,
        "outputs": list(outputs),
        "execution_count": count,
    }


def prose(source: str) -> Any:
    return {"cell_type": "markdown", "id": "1", "metadata": {}, "source": source}


def shown(text: Any) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}


def notebook(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {"papermill": {"duration": 1.2}, "kernelspec": {}}}


def test_times_paths_and_random_names_are_gone() -> None:
    text = ["<Axes at 0x7f12ab34cd56>\n", "/tmp/ipykernel_12/345.py:1: see /home/me/betyg/data"]
    clean = kept.scrubbed(notebook(code("x", shown(text))), root=Path("/home/me/betyg"))
    assert clean["metadata"] == {"kernelspec": {}}
    assert clean["cells"][0]["metadata"] == {}
    assert clean["cells"][0]["id"] == "cell-01"
    assert clean["cells"][0]["outputs"] == [shown("<Axes at 0x0>\n<cell>:1: see data")]


def test_numbers_and_pictures_are_left_as_they_are() -> None:
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "0x7f12ab34cd56"},
        "metadata": {},
    }
    cells = [code("x", shown("0x1F, 1234567890")), code("y", picture)]
    clean = kept.scrubbed(notebook(*cells), root=Path("/r"))
    assert [cell["outputs"] for cell in clean["cells"]] == [c["outputs"] for c in cells]


def test_scrubbing_leaves_its_argument_alone() -> None:
    before = notebook(code("x"))
    kept.scrubbed(before, root=Path("/r"))
    assert before == notebook(code("x"))


EXECUTED = notebook(
    prose("Old words."),
    code("a: int = 1", count=1, tag="parameters"),
    code("a = 2", count=2, tag="injected-parameters"),
    code("a + 1  # old", shown("3"), count=3),
    code("a", shown("2"), count=4),
)


def test_todays_words_stand_with_the_outputs_of_the_last_run() -> None:
    source = notebook(
        prose("New words."),
        code("a: int = 1  # why", tag="parameters"),
        code("# only a comment"),
        prose("More words."),
        code("a+1"),
        code("a"),
    )
    today = kept.with_todays_words(EXECUTED, source)
    assert [cell["source"] for cell in today["cells"]] == [
        "New words.",
        "a: int = 1  # why",
        "a = 2",
        "# only a comment",
        "More words.",
        "a+1",
        "a",
    ]
    outputs = [cell.get("outputs") for cell in today["cells"]]
    assert outputs[-2:] == [[shown("3")], [shown("2")]]


def test_code_that_was_not_run_is_never_given_somebody_elses_output() -> None:
    source = notebook(*(code(text) for text in ("a: int = 1", "a + 1", "a + 2")))
    with pytest.raises(ValueError, match="not the code that ran"):
        kept.with_todays_words(EXECUTED, source)


def test_a_notebook_is_written_whole_and_in_one_spelling(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.ipynb"
    kept.write({"b": 1, "a": "å"}, target)
    assert target.read_text("utf-8") == '{\n "a": "å",\n "b": 1\n}\n'
    assert kept.read(target) == {"a": "å", "b": 1}
    assert [path.name for path in target.parent.iterdir()] == ["a.ipynb"]

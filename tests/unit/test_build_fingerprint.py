"""Hashes that are remembered while a file is untouched."""

import os
import shutil
import time
from pathlib import Path

import pytest

from betyg.build import fingerprint
from betyg.build.fingerprint import Hashes, Modules, write_if_changed

LONG_AGO = time.time_ns() - 60 * 10**9


def aged(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in the place of betyg: a imports b, b imports c, d stands alone."""
    package = tmp_path / "src" / "betyg"
    for name, code in {
        "__init__.py": '"""Doc."""\n',
        "stats/__init__.py": "",
        "stats/a.py": "from betyg.stats import b\n",
        "stats/b.py": "def f():\n    from . import c\n    return c\n",
        "stats/c.py": "x = 1  # comment\n",
        "stats/d.py": "y = 2\n",
        "publish/__init__.py": "",
        "publish/page.py": "import betyg.stats.c\n",
        "publish/words.py": "import betyg.publish.page\nFOLDER = 'locale'\n",
        "publish/locale/sv.po": "msgid",
    }.items():
        aged(package / name, code)
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    return package


def reached(package: Path, *names: str) -> dict[str, str]:
    beside = package.parents[1] / "notebooks"
    beside.mkdir(exist_ok=True)
    return Modules(Hashes(package / "none.json"), beside=beside).reached(names)


def test_the_modules_of_modules_are_reached(package: Path) -> None:
    found = reached(package, "betyg.stats.a", "betyg.stats.a.f", "pandas", "betyg.stats")
    ours = [
        f"betyg/{name}.py"
        for name in ("__init__", "stats/__init__", "stats/a", "stats/b", "stats/c")
    ]
    assert sorted(found) == ours  # fmt: skip


def test_a_change_in_a_module_below_is_seen_and_a_comment_is_not(package: Path) -> None:
    before = reached(package, "betyg.stats.a")
    aged(package / "stats/c.py", "x = 1  # other words\n")
    assert reached(package, "betyg.stats.a") == before
    aged(package / "stats/c.py", "x = 2\n")
    after = reached(package, "betyg.stats.a")
    assert {name for name in after if after[name] != before[name]} == {"betyg/stats/c.py"}


def test_translations_count_where_the_module_that_names_them_is_reached(package: Path) -> None:
    assert "betyg/publish/locale/sv.po" in reached(package, "betyg.publish.words")
    assert "betyg/publish/locale/sv.po" not in reached(package, "betyg.publish.page")


def test_what_python_left_in_a_folder_of_files_does_not_count(package: Path) -> None:
    before = reached(package, "betyg.publish.words")
    aged(package / "publish/locale/__pycache__/sv.cpython-311.pyc", "compiled")
    assert reached(package, "betyg.publish.words") == before
    aged(package / "publish/locale/fi.po", "msgid")
    assert reached(package, "betyg.publish.words") != before


def test_the_way_to_a_module_is_told(package: Path) -> None:
    known = Modules(Hashes(package / "none.json"))
    stats = [f"betyg/stats/{name}.py" for name in "abc"]
    assert known.way(["betyg.stats.a"], stats[2]) == stats
    assert known.way(["betyg.stats.a"], "betyg/stats/d.py") == []
    assert known.way(["betyg.publish.words"], "betyg/publish/locale/sv.po") == [
        "betyg/publish/words.py", "betyg/publish/locale/sv.po",
    ]  # fmt: skip


def test_a_researchers_module_beside_the_notebooks_counts(package: Path) -> None:
    aged(package.parents[1] / "notebooks/helper.py", "import betyg.stats.d\n")
    assert {"helper.py", "betyg/stats/d.py"} <= reached(package, "helper").keys()


def test_a_file_that_was_not_touched_is_not_read_again(tmp_path: Path) -> None:
    path, memory = aged(tmp_path / "a.csv", "1"), tmp_path / "hashes.json"
    # a change of status cannot be dated back, so this waits out the time in which it may recur
    time.sleep(2.1)
    first = Hashes(memory)
    known = first.of(path)
    first.save()
    stamp = path.stat()
    path.write_text("2")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert Hashes(memory).of(path) != known, "same size and time, but the status changed later"
    path.write_text("1")
    assert Hashes(memory).of(path) == known


def test_an_untouched_file_is_taken_from_memory(tmp_path: Path) -> None:
    path, memory = aged(tmp_path / "a.csv", "1"), tmp_path / "hashes.json"
    time.sleep(2.1)
    first = Hashes(memory)
    known = first.of(path)
    first.save()
    memory.write_text(memory.read_text().replace(known, "remembered"))
    assert Hashes(memory).of(path) == "remembered"


def test_a_file_written_just_now_is_not_trusted_yet(tmp_path: Path) -> None:
    path, memory = tmp_path / "a.csv", tmp_path / "hashes.json"
    path.write_text("1")
    hashes = Hashes(memory)
    hashes.of(path)
    hashes.save()
    assert str(path) not in memory.read_text()


@pytest.mark.parametrize("content", ["", "[]", '{"version": "older", "files": {}}', '{"files": 1}'])
def test_a_spoilt_memory_costs_time_only(tmp_path: Path, content: str) -> None:
    path = aged(tmp_path / "a.csv", "1")
    memory = tmp_path / "hashes.json"
    memory.write_text(content)
    assert Hashes(memory).of(path) == Hashes(tmp_path / "none.json").of(path)


def test_an_unchanged_text_keeps_its_time(tmp_path: Path) -> None:
    path = aged(tmp_path / "deep" / "a.key", "one")
    assert not write_if_changed(path, "one")
    assert path.stat().st_mtime_ns == LONG_AGO
    assert write_if_changed(path, "two")
    assert path.read_text() == "two"
    assert os.listdir(path.parent) == ["a.key"]
    shutil.rmtree(path.parent)
    assert write_if_changed(path, "two")

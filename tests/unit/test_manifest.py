"""A published folder against its manifest: everything that is wrong, at once, by name."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from betyg import __main__ as betyg
from betyg.build import manifest
from betyg.errors import DataError

FILES = {"index.html": "front", "tables/report/means.csv": "1,2", "briefs/norr.html": "norr"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published folder of three files, as its manifest says."""
    return published(tmp_path / "reports/one")


def published(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    outputs = {name: sha256(text.encode()).hexdigest() for name, text in FILES.items()}
    (folder / manifest.FILE).write_text(json.dumps({"inputs": {}, "outputs": outputs}))
    return folder


def test_a_folder_as_it_was_made_has_no_problems(folder: Path) -> None:
    assert manifest.check(folder) == (3, [])
    assert betyg.main(["check-manifest", str(folder)]) == 0


def test_missing_changed_and_surplus_files_are_named_all_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "index.html").unlink()
    (folder / "tables/report/means.csv").write_text("1,3")
    (folder / "briefs/.old.html").write_text("old")
    assert betyg.main(["check-manifest", str(folder)]) == 1
    out, said = capsys.readouterr()
    assert said.splitlines() == [
        f"surplus: {folder}/briefs/.old.html",
        f"missing: {folder}/index.html",
        f"changed: {folder}/tables/report/means.csv",
    ]
    assert out == f"{folder}: 1 files as they were made, 3 not\n"


def test_a_folder_below_with_a_manifest_of_its_own_goes_by_that(folder: Path) -> None:
    published(folder / "variants/year_from=2012")
    (folder / "variants/year_from=2012/more.html").write_text("more")
    surplus = [f"surplus: {folder}/variants/year_from=2012/more.html"]
    assert manifest.check(folder) == (6, surplus)
    assert manifest.check(folder.parent) == (6, surplus)


def test_files_that_are_added_to_a_manifest_belong_to_the_folder(folder: Path) -> None:
    (folder / "accessibility.json").write_text("{}")
    manifest.add(folder, [folder / "accessibility.json"])
    assert manifest.check(folder) == (4, [])


@pytest.mark.parametrize(
    ("text", "said"), [(None, "there is no such manifest"), ("[1]", "this is no manifest")]
)
def test_no_manifest_or_one_that_cannot_be_read_is_told(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text:
        (tmp_path / manifest.FILE).write_text(text)
    with pytest.raises(DataError, match=said):
        manifest.check(tmp_path)

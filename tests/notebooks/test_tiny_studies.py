"""Every notebook of the repository, on a tiny study of each kind, the way make runs it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from betyg import __main__ as betyg
from betyg.data import store

ROOT = Path(__file__).parents[2]
KINDS = (tiny.responses, tiny.counts, tiny.published)
Maker = Callable[..., tuple[Path, str]]


def run_everything(folder: Path) -> dict[str, list[Path]]:
    """Run the keys of a project in the order of the notebooks, without make."""
    assert betyg.main(["keys"]) == 0
    made = {}
    for command, suffix in (("run", "key"), ("keep", "text"), ("render", "page")):
        keys = sorted(folder.glob(f"build/*/[0-9]*.{suffix}"))
        if command == "run":  # the other keys are those of PDF, Word and tables
            keys = [key for key in keys if "parameters" in json.loads(key.read_text("utf-8"))]
        for key in keys:
            assert betyg.main([command, str(key.relative_to(folder))]) == 0, key
        made[command] = [folder / json.loads(key.read_text("utf-8"))["target"] for key in keys]
    return made


@pytest.mark.parametrize("maker", KINDS, ids=lambda maker: maker.__name__)
def test_every_notebook_runs_and_gives_its_tables_and_pages(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, study = maker(tmp_path / "data")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("STUDY", "LANGUAGE", "PARAMS"):
        monkeypatch.delenv(name, raising=False)
    made = run_everything(tmp_path)
    assert {path.stem for path in made["run"]} >= {"01_clean", "02_results", "05_report-sv"}
    pages = {path.name for path in made["render"]}
    of = ["report"] + ["brief-norr", "brief-mitt", "brief-syd"] * (maker is not tiny.published)
    languages = ("en", "sv")
    assert pages == {f"{study}-{page}-{code}-synthetic.html" for page in of for code in languages}
    assert all('class="banner"' in page.read_text("utf-8") for page in made["render"])
    tables = tmp_path / "data" / "processed" / study
    estimates = store.read("estimates", tables)
    assert {"agency", "year", "item", "estimate", "se", "n", "shown"} <= set(estimates.columns)
    assert estimates["estimate"].notna().any()
    assert os.listdir(tmp_path / "build" / study / "staging") == []

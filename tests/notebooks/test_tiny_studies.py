"""Every notebook of the repository, on a tiny study of each kind, the way make runs it."""

import json
import os
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

import tiny
from betyg import __main__ as betyg
from betyg.data import store

ROOT = Path(__file__).parents[2]
PRINTED = 5e-7  # tables are printed with six decimals at most
KINDS = (tiny.responses, tiny.counts, tiny.published)
SAID = ("generated", "headline", "figure-title", "figure-subtitle", "figure-note")
Maker = Callable[..., tuple[Path, str]]


def run_everything(folder: Path) -> dict[str, list[Path]]:
    """Run the keys of a project in the order of the notebooks, without make."""
    assert betyg.main(["keys"]) == 0
    made = {}
    for command, suffix in (("run", "key"), ("keep", "text"), ("render", "page")):
        keys = sorted(folder.glob(f"build/*/[0-9]*.{suffix}"))
        for key in keys:
            assert betyg.main([command, str(key.relative_to(folder))]) == 0, key
        made[command] = [folder / json.loads(key.read_text("utf-8"))["target"] for key in keys]
    return made


@pytest.mark.parametrize("maker", KINDS, ids=lambda maker: maker.__name__)
def test_every_notebook_runs_and_gives_its_tables_and_pages(
    maker: Maker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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
    for key in sorted(tmp_path.glob(f"build/{study}/*.page")):
        assert unclaimed(json.loads(key.read_text("utf-8"))) == [], key.name
    if maker is tiny.responses:
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        two_threads_change_nothing(tmp_path, study)
    page = sorted(tmp_path.glob(f"build/{study}/05_report-*.page"))[0]
    contradicted_by_another_table(page, tables, capsys)


def unclaimed(facts: dict[str, str]) -> list[str]:
    """Return the texts of a page with a digit that stands in no sentence of its ledger."""
    entries = json.loads(Path(facts["ledger"]).read_text("utf-8"))
    assert all(claim["verdict"] == "holds" for entry in entries for claim in entry["claims"])
    page = Path(facts["target"]).read_text("utf-8")
    listed = re.findall(r'<ul class="generated">(.*?)</ul>', page, re.S)
    texts = re.findall(rf'<p class="(?:{"|".join(SAID)})"[^>]*>(.*?)</p>', page, re.S)
    texts += [item for items in listed for item in re.findall(r"<li>(.*?)</li>", items, re.S)]
    assert texts
    left = []
    for text in map(unescape, texts):
        rest = text
        for sentence in sorted((entry["sentence"] for entry in entries), key=len, reverse=True):
            rest = rest.replace(sentence, "")
        if any(sign.isdigit() for sign in rest):
            left.append(text)
    return left


def contradicted_by_another_table(
    key: Path, tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Check that a page is not written, and why, when a table is not what it was written from."""
    facts = json.loads(key.read_text("utf-8"))
    before = Path(facts["target"]).read_bytes()
    claims = [
        claim
        for entry in json.loads(Path(facts["ledger"]).read_text("utf-8"))
        for claim in entry["claims"]
    ]
    name = next(claim["claim"]["table"] for claim in claims if "estimate" in claim["evidence"])
    told = store.read(name, tables)
    store.write(told.assign(estimate=told["estimate"] * 0.9), name, tables)
    assert betyg.main(["render", str(key)]) == 2
    said = capsys.readouterr().err
    assert re.search(r"05_report-\w+.ipynb: the tables contradict \d+ claim\(s\)", said), said
    assert re.search(rf"“cell \d+: .+”\n .* of {name} .*\n +the tables say: ", said), said
    assert Path(facts["target"]).read_bytes() == before


def two_threads_change_nothing(folder: Path, study: str) -> None:
    """Run the notebooks that compute again, and compare the tables that they write."""
    tables = sorted(folder.glob(f"data/processed/{study}/*.parquet"))
    before = {table: pd.read_parquet(table) for table in tables}
    for table in tables:
        table.unlink()
    for key in sorted(folder.glob(f"build/{study}/0[1-4]*.key")):
        assert betyg.main(["run", str(key.relative_to(folder))]) == 0, key
    assert {"estimates", "comparisons", "changes", "drivers"} <= {path.stem for path in before}
    for table, one in before.items():
        two = pd.read_parquet(table)
        pd.testing.assert_frame_equal(one, two, rtol=0, atol=PRINTED, obj=table.stem)

"""What rests on too few answers is in no form of a page: not as text, not as a coordinate.

A study is built in which one office has five answers in its last year. Every number that rests on
fewer answers than are shown is then changed in the tables: if the page and its tables stay the
same, byte for byte, nothing in them came from such a number. The other forms (PDF, Word, workbook,
CSV) are made from the page and its tables and read nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import executed
import tiny
from betyg.data import store
from betyg.data.sums import write_sums

SHOW = 7
SMALL = {"agency": "syd", "year": 2012}
BASES = ("n", "answers", "answers_from", "answers_to")
ANSWERS = ("respondents", "cells")
KEYS = ("year", "year_from", "year_to", "label_year", "response", "score", "n_shared")
PAGES = (
    ("05_report", {"language": "sv"}),
    ("05_report", {"language": "en", "focus": "syd"}),
    ("05_report", {"language": "en", "year": 2011}),
    ("06_brief", {"language": "sv", "agency": "syd"}),
    ("06_brief", {"language": "en", "agency": "syd", "year": 2012}),
    ("06_brief", {"language": "en", "agency": "norr"}),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root, name = tiny.responses(tmp_path_factory.mktemp("raw"), respondents=260)
    path = root / name / "answers.csv"
    head, *rows = path.read_text("cp1252").splitlines()
    small = [row for row in rows if row.split(";")[1:3] == ["Söder", "2012"]]
    kept = [row for row in rows if row not in small[5:]]
    assert head.startswith("LOPNR;KONTOR;AR") and len(small) > 20
    path.write_text("\n".join([head, *kept]) + "\n", "cp1252")
    write_sums(root / name)
    return root, name


@pytest.fixture(scope="module")
def tables(study: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return executed.build(*study, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def moved(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same tables with another value in everything that must not be seen."""
    folder = tmp_path_factory.mktemp("moved")
    changed = 0
    for path in sorted(tables.glob("*.parquet")):
        table = pd.read_parquet(path)
        one = turned(table) if path.stem in ANSWERS else altered(table, SHOW)
        one = table if path.stem == "domains" else one  # of which all together are told of
        changed += not one.equals(table)
        store.write(one, path.stem, folder)
    assert changed >= 5
    return folder


def altered(table: pd.DataFrame, show: int) -> pd.DataFrame:
    """Change every number that rests on fewer than ``show`` answers, and its base."""
    bases = [name for name in BASES if name in table]
    hidden = ~table["shown"].to_numpy(bool) if "shown" in table else np.zeros(len(table), bool)
    for base in bases:
        hidden |= table[base].between(1, show - 1).fillna(False).to_numpy(bool)
    changed = table.copy()
    for name in table.select_dtypes("number").columns.difference(KEYS):
        known = table[name].to_numpy(float, na_value=np.nan)
        other = np.where(known == show - 1, known - 1, known + 1) if name in bases else known * 0.83
        chosen = hidden & (known > 0 if name in bases else np.isfinite(known))
        changed[name] = pd.Series(np.where(chosen, other, known)).astype(table[name].dtype)
    return changed


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """Turn the answers of the small office round: the best become the worst."""
    small = (table["agency"].astype(str) == SMALL["agency"]) & (table["year"] == SMALL["year"])
    changed = table.copy()
    if "response" in table:
        counted = ["n", "weight_sum", "weight_sq_sum"]
        of = ["activity", "group", "stratum", "item"]
        for _, rows in table[small].groupby(of, observed=True):
            changed.loc[rows.index, counted] = rows[counted].to_numpy()[::-1]
        return changed
    for item in tiny.ITEMS:
        known = table.loc[small, item]
        changed.loc[small, item] = known.max() + known.min() - known
    return changed


@pytest.mark.parametrize(("notebook", "given"), PAGES)
def test_no_page_and_no_table_holds_anything_of_a_hidden_number(
    notebook, given, study, tables, moved, tmp_path
):
    root, name = study
    one, other = (
        executed.page(notebook, tmp_path, raw=str(root), study=name, tables=str(folder), **given)
        for folder in (tables, moved)
    )
    assert one == other
    assert len(one[0]) > 10_000


def test_the_same_numbers_are_on_the_page_of_a_study_that_may_show_them(
    study, tables, moved, tmp_path
):
    root, name = study
    toml = root / name / "study.toml"
    before = toml.read_text("utf-8")
    toml.write_text(f"{before}\n[disclosure]\nshow = 1\nrank = 1\n", "utf-8")
    try:
        given = {"raw": str(root), "study": name, "language": "sv"}
        allowed, forbidden = tmp_path / "allowed", tmp_path / "forbidden"
        for folder, source in ((allowed, tables), (forbidden, moved)):
            for path in source.glob("*.parquet"):
                table = pd.read_parquet(path)
                shown = {"shown": True} if "shown" in table else {}
                store.write(table.assign(**shown), path.stem, folder)
        pages = [
            executed.page("05_report", tmp_path, tables=str(folder), **given)
            for folder in (allowed, forbidden)
        ]
    finally:
        toml.write_text(before, "utf-8")
    assert pages[0][0] != pages[1][0] and pages[0][1] != pages[1][1]

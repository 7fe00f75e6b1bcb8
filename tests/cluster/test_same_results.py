"""What a cluster works out is what this process does: to the last digit, and to the last word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench import coverage

import raw_study
import tiny
from at_a_cluster import answers, parquet, tables
from betyg.build.cluster import Cluster
from betyg.data import clean, read, store
from betyg.data.study import Study
from betyg.errors import DataError
from betyg.stats import drivers, ordinal_mixed
from betyg.stats.ordinal_sandwich import Sampling
from web_server import serving

TABLES = (
    "respondents", "attrition", "cells", "domains", "people", "patterns", "outcome_sums",
    "theme_sums", "driver_sums",
)  # fmt: skip
RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.mark.parametrize("name", ["lansstyrelserna", "kommunforbundet", "insikt"])
def test_a_bundled_study_has_the_same_tables(name: str, workers: Cluster, tmp_path: Path) -> None:
    survey = Study.load(RAW, name)
    here = tables(survey, tmp_path / "here")
    there = tables(survey, tmp_path / "there", workers)
    assert set(here) == {f"{table}.parquet" for table in TABLES}
    assert here == there, [name for name in here if here[name] != there[name]]
    counts = pd.read_parquet(tmp_path / "there" / "cells.parquet")
    assert counts["n"].sum() > 0


def files(frame: pd.DataFrame) -> dict[str, bytes]:
    """Write rows as a Parquet file of many row groups, and the last of them as a text file."""
    return {"a.parquet": parquet(frame[:-50], rows=60), "b.csv": text(frame[-50:])}


def text(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


ROLES = (
    '{ respondent = "id", agency = "office", year = "year", weight = "w",'
    ' stratum = "layer", psu = "home" }'
)
SOURCES = raw_study.source("a.parquet", roles=ROLES) + raw_study.source("b.csv", roles=ROLES)


@pytest.fixture
def small(workers: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Workers who are given pieces of some 100 rows."""
    monkeypatch.setattr(read, "PIECE", 100)
    return workers


@pytest.mark.parametrize("rising", [True, False])
def test_a_file_in_many_pieces_has_the_tables_of_the_whole(
    rising: bool, small: Cluster, tmp_path: Path
) -> None:
    frame = answers(700).assign(home=np.arange(700) // 3, layer=np.arange(700) % 5)
    if not rising:
        frame["id"] = frame["id"].to_numpy()[::-1]
        frame = pd.concat([frame, frame.iloc[[3, 650]]], ignore_index=True)  # sent twice
    survey = raw_study.load(tmp_path, files(frame), source=SOURCES)
    received = read.sources(survey, workers=small)
    assert received.pieces == (6, 1)
    here = tables(survey, tmp_path / "here")
    assert here == tables(survey, tmp_path / "there", small)


def test_files_on_a_web_server_have_the_tables_of_those_in_the_folder(
    small: Cluster, tmp_path: Path
) -> None:
    frame = answers(700).assign(home=np.arange(700) // 3, layer=np.arange(700) % 5)
    with serving() as web:
        web.files = files(frame)
        sources = SOURCES.replace('file = "', f'file = "{web.address}/')
        survey = raw_study.load(tmp_path, {}, source=sources)
        received = read.sources(survey, workers=small)
        assert received.pieces == (6, 1)
        here = tables(survey, tmp_path / "here")
        assert here == tables(survey, tmp_path / "there", small)
        web.files["a.parquet"] = parquet(frame[:-49], rows=60)
        told = said(survey, None)
        assert told.startswith(
            f"{survey.folder}: 1 problem\n  - {web.url('a.parquet')}: has changed"
        )
        assert said(survey, small) == told


def test_activities_in_columns_of_their_own_have_the_same_rows(
    small: Cluster, tmp_path: Path
) -> None:
    frame = answers(400).rename(columns={"help": "help_plan"})
    crosswalk = "item,activity,column\nhelp,plan,help_plan\nhelp,djur,speed\n"
    facts = {"crosswalk.csv": crosswalk}
    raw = {"a.parquet": parquet(frame, rows=60)}
    survey = raw_study.load(tmp_path, raw, facts=facts)
    here = tables(survey, tmp_path / "here")
    assert here == tables(survey, tmp_path / "there", small)
    activities = pd.read_parquet(tmp_path / "there" / "respondents.parquet")["activity"]
    assert set(activities) == {"all", "plan", "djur"}


def test_calibrated_weights_are_the_same(small: Cluster, tmp_path: Path) -> None:
    frame = answers(300)
    design = '[design]\ntrim = 1.5\ncalibrate = [["agency"]]\n'
    rows = [f"{year},{code},900,," for year in (2011, 2012) for code in ("03", "20", "25")]
    facts = {"frame.csv": "\n".join(["year,agency,population,sample,respondents", *rows, ""])}
    raw = {"a.parquet": parquet(frame, rows=60)}
    survey = raw_study.load(tmp_path, raw, more=design, facts=facts)
    here = tables(survey, tmp_path / "here")
    assert here == tables(survey, tmp_path / "there", small)


def said(survey: Study, workers: Cluster | None) -> str:
    with pytest.raises(DataError) as caught:
        clean.clean(read.sources(survey, workers=workers), survey)
    return str(caught.value)


def spoilt(column: str, values: dict[int, object]) -> pd.DataFrame:
    frame = answers(700).assign(home=1, layer=1)
    frame[column] = frame[column].astype(object)
    for row, value in values.items():
        frame.loc[row, column] = value
    return frame.assign(**{column: frame[column].astype(str)})


@pytest.mark.parametrize(
    ("column", "values", "part"),
    [
        ("overall", {5: 77, 640: 77, 690: 78}, "'77' (2 rows: cases 6, 641)"),
        ("w", {350: "heavy", 620: -1}, "'heavy', '-1' is not a number above zero"),
        ("office", {8: "Mars", 699: "Mars"}, "'Mars' is no agency"),
        ("year", {399: "soon"}, "case 400, column 'year': 'soon' is no year"),
        ("id", {500: 1}, "respondent '1' stands on case 1 of a.parquet too"),
    ],
)
def test_what_is_wrong_in_some_pieces_is_told_as_of_the_whole(
    column: str, values: dict[int, object], part: str, small: Cluster, tmp_path: Path
) -> None:
    survey = raw_study.load(tmp_path, files(spoilt(column, values)), source=SOURCES)
    here = said(survey, None)
    assert part in here
    assert said(survey, small) == here


def test_columns_that_files_lack_are_told_together(small: Cluster, tmp_path: Path) -> None:
    frame = answers(200)
    survey = raw_study.load(tmp_path, files(frame), source=SOURCES)
    here = said(survey, None)
    assert here.count("column 'layer' is missing") == 2
    assert said(survey, small) == here


def test_a_file_cut_short_is_told_with_the_folder_as_it_was_named(
    small: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = bytearray(parquet(answers(700), rows=60))
    whole[3000:4000] = bytes(1000)
    absolute = raw_study.load(tmp_path, {"a.parquet": bytes(whole)})
    survey = Study.load(Path("raw"), absolute.name)
    here = said(survey, None)
    assert here.startswith("raw/trial: 1 problem\n  - a.parquet: cannot be read as Parquet")
    assert said(survey, Cluster(small._client)) == here


def test_drivers_are_the_same(small: Cluster, tmp_path: Path) -> None:
    root, name = tiny.responses(tmp_path, respondents=400)
    survey = Study.load(root, name)
    tables(survey, tmp_path / "here")
    sums = store.read("driver_sums", tmp_path / "here")
    here = drivers.find(sums, survey, replicates=60)
    there = drivers.find(sums, survey, replicates=60, workers=small)
    assert len(here.table) or len(here.left_out)
    pd.testing.assert_frame_equal(there.table, here.table, check_exact=True)
    pd.testing.assert_frame_equal(there.left_out, here.left_out, check_exact=True)


def test_refits_of_a_bootstrap_are_the_same(small: Cluster) -> None:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"agency": np.repeat(["a", "b", "c", "d"], 60), "n": 1})
    rows = rows.assign(psu=np.arange(240), stratum=rows["agency"])
    shift = rows["agency"].map({"a": -0.8, "b": 0.0, "c": 0.3, "d": 0.9})
    rows["response"] = 1 + np.digitize(shift + rng.logistic(size=240), [-1.0, 0.0, 1.0])
    fitted = ordinal_mixed.fit(rows, "response ~ 1", random=["agency"])
    sampling = Sampling(psu="psu", stratum="stratum")
    found = [
        ordinal_mixed.bootstrap(
            rows, fitted, sampling=sampling, rng=np.random.default_rng(1), replicates=8, workers=who
        )
        for who in (None, small)
    ]
    pd.testing.assert_frame_equal(*found, check_exact=True)
    assert found[0]["sd[agency]"].std() > 0


def test_simulated_data_sets_are_the_same(workers: Cluster) -> None:
    found = list(workers.bring(coverage.equals, [3, 4], doing="drawing data sets"))
    assert found == [coverage.equals(3), coverage.equals(4)]

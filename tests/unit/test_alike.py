"""Alike rows, worked out once, give what rows give that are worked out one by one."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw_study
from betyg.data import alike, clean, pieces, read, read_binary, spool
from betyg.data.alike import Block, Layout
from betyg.data.raw_table import RawFile, RawTable
from betyg.data.settings import Source
from betyg.data.spool import batch_of, lines_of
from betyg.errors import DataError
from betyg.stats import cells, domains
from betyg.stats.tally import Tally, with_squares

N = 600
ROLES = '{ agency = "office", year = "year", activity = "about", group = "who" }'
FILE = RawFile(source=Source(file="a.parquet", agency="03", year=2011), columns=(), batches=list)


def table(**held: pa.Array) -> RawTable:
    lines = np.arange(1, 1 + len(next(iter(held.values()))), dtype=np.int32)
    return RawTable(file=FILE, held=held, lines=lines)


VALUES = {
    "near zero": pa.array([1, 2, 3, 1], pa.int8()),
    "with an end of its type": pa.array([-128, None, 127, -127], pa.int8()),
    "far from zero": pa.array([2**40 + 1, 2**40, None, 2**40 + 2]),
    "far from each other": pa.array([5, 2**62, None, -(2**62)]),
    "with a gap": pa.array([1, 99, None, 2], pa.int16()),
    "beyond": pa.array([2**63 + 5, 1, None, 1], pa.uint64()),
    "decimal": pa.array([1.5, None, 2.0, 1.5]),
    "texts": pa.array(["a", " b", None, ""]),
    "empty": pa.array([None] * 4, pa.int32()),
}


@pytest.mark.parametrize("other", [*VALUES])
@pytest.mark.parametrize("one", [*VALUES])
def test_a_key_stands_for_the_values_of_its_row(one, other):
    held = table(one=VALUES[one], other=VALUES[other])
    layout = Layout.of(held, held.held)
    key = layout.key(held)
    assert key.min() >= 0
    assert key.max() < layout.size
    back = layout.rows(key, FILE)
    for name in held.held:
        assert back.texts(name).to_pylist() == held.texts(name).to_pylist()


@pytest.mark.parametrize(
    "later", [[4, 1], [0, 3], [99, 1], [50, 1], [2**62, 1], [None, None]], ids=str
)
def test_a_value_that_comes_later_gets_a_place_in_a_wider_layout(later):
    first, then = table(q=pa.array([1, 2, 3])), table(q=pa.array(later, pa.int64()))
    layout = Layout.of(first, ["q"])
    assert layout.key(then) is None
    wider = layout.widened(then)
    for part in (first, then):
        assert wider.rows(wider.key(part), FILE).texts("q") == part.texts("q")
    gap = Layout.of(table(q=pa.array([1, 99])), ["q"])
    assert gap.key(table(q=pa.array([50]))) is None


def test_columns_of_too_many_combinations_have_no_layout(monkeypatch):
    held = table(one=pa.array(range(100)), other=pa.array(range(100)))
    assert Layout.of(held, held.held).size == 100**2
    monkeypatch.setattr(alike, "MOST", 100**2 - 1)
    assert Layout.of(held, held.held) is None


def test_a_block_tells_of_each_row_its_kind_and_its_line():
    parts = [pa.array([5, 7, 5]), pa.array([7, 7, 9])]
    layout = Layout.of(table(q=pa.concat_arrays(parts)), ["q"])
    block = Block(layout)
    lines = [np.array(some, dtype=np.int32) for some in ([1, 2, 3], [4, 6, 7])]
    for part, own in zip(parts, lines, strict=True):
        block.add(layout.key(table(q=part)), own)
    kinds, times = block.kinds(FILE)
    assert dict(zip(kinds.held["q"].to_pylist(), times, strict=True)) == {5: 2, 7: 3, 9: 1}
    for (place, own), part, want in zip(block.parts(), parts, lines, strict=True):
        assert kinds.held["q"].take(pa.array(place)) == part
        np.testing.assert_array_equal(own, want)


@pytest.mark.parametrize("lines", [[], [7], [7, 8, 9], [7, 9, 10]], ids=str)
def test_lines_come_back_whether_or_not_they_follow_each_other(lines):
    held = np.array(lines, dtype=np.int32)
    batch = batch_of({"x": np.zeros(len(held), dtype=np.int8)}, held, source=3)
    np.testing.assert_array_equal(lines_of(batch), held)
    assert batch.schema.metadata[b"source"] == b"3"


def test_a_row_that_stands_for_several_counts_as_often():
    rng = np.random.default_rng(2)
    domain, state, times = rng.integers(0, 4, 30), rng.integers(0, 3, 30), rng.integers(1, 9, 30)
    weight = with_squares(rng.integers(1, 5, 30) / 4)
    for own in (None, weight):
        once, each = Tally(), Tally()
        once.add(domain, state, own, (4, 3), times=times)
        each.add(
            *(codes.repeat(times) for codes in (domain, state)),
            None if own is None else own.repeat(times),
            (4, 3),
        )
        for found, want in zip(once.cells(), each.cells(), strict=True):
            pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(want))


@pytest.fixture
def few(monkeypatch) -> None:
    """Look for alike rows in small tables too, and in as many columns."""
    monkeypatch.setattr(alike, "MANY", 0)
    monkeypatch.setattr(alike, "MOST", 2**22)


def answers(seed: int = 5) -> pd.DataFrame:
    """Rows without identifiers, year after year, with cells that are empty."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "office": rng.choice(["03", " 20", "BD"], N),
            "year": np.sort(rng.choice([2011, 2012, 2013], N)),
            "about": rng.choice(["plan", "djur", None], N),
            "who": rng.choice(["firm", "home"], N),
            "help": pd.array(rng.choice([1, 2, 3, 4, 9], N), "Int8"),
            "speed": pd.array(rng.choice([1, 2, 3, 4, 8], N), "Int64"),
            "overall": pd.array(rng.choice([*range(1, 11), 99], N), "Int16"),
            "sent": rng.choice([0, 1], N),
            "state": rng.choice(["whole", "trial"], N, p=[0.9, 0.1]),
        }
    )
    silent = rng.random(N) < 0.1
    for item in ("help", "speed", "overall"):
        frame.loc[silent | (rng.random(N) < 0.1), item] = pd.NA
    return frame


def written(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), held, row_group_size=250)
    return held.getvalue()


CROSSWALK = "item,year,column,activity,recode\nhelp,2012,help,,1=4|4=1\n"
BY_ACTIVITY = CROSSWALK + "speed,2011,speed,plan,\nspeed,2012,speed,djur,\n"


def cleaned(tmp_path, frame, more="", crosswalk=CROSSWALK):
    """Return the rows of a study, their account, and what is added up of them."""
    told = 'late = { sent = ["1"] }\ndrop = { state = ["trial"] }'
    survey = raw_study.load(
        tmp_path,
        {"a.parquet": written(frame)},
        source=raw_study.source("a.parquet", told, ROLES),
        more='[index.all]\nitems = ["help", "overall"]\nlabel.sv = "A"\nlabel.en = "A"\n' + more,
        facts={"crosswalk.csv": crosswalk},
    )
    found = clean.clean(read.sources(survey), survey)
    return (
        found.respondents,
        found.attrition,
        cells.collapse(found, survey),
        domains.collapse(found),
    )


LENIENT = '[cleaning]\nout_of_range = "no_answer"\nunknown_agency = "drop"\n'


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "whole"])
@pytest.mark.parametrize("spoil", [{}, {"help": 7}, {"office": "Mars"}], ids=str)
def test_alike_rows_give_the_tables_of_single_rows(spoil, cut, tmp_path, monkeypatch, few):
    frame = answers()
    for column, value in spoil.items():
        frame.loc[[4, 500], column] = value
    if cut:
        monkeypatch.setattr(read_binary, "ROWS", 50)
        monkeypatch.setattr(read, "PIECE", 400)
        monkeypatch.setattr(spool, "IN_MEMORY", 0)
    by_kind = cleaned(tmp_path, frame, LENIENT)
    monkeypatch.setattr(alike, "MANY", 2**20)  # neither rows nor whom they are about are coded
    for found, want in zip(by_kind, cleaned(tmp_path, frame, LENIENT), strict=True):
        pd.testing.assert_frame_equal(found, want, check_exact=True)
    assert len(by_kind[0]) > N / 2


def test_alike_rows_of_several_activities_give_the_tables_of_single_rows(
    tmp_path, monkeypatch, few
):
    by_kind = cleaned(tmp_path, answers(), crosswalk=BY_ACTIVITY)
    assert len(by_kind[0]) > N
    monkeypatch.setattr(alike, "MANY", 2**20)
    single = cleaned(tmp_path, answers(), crosswalk=BY_ACTIVITY)
    for found, want in zip(by_kind, single, strict=True):
        pd.testing.assert_frame_equal(found, want, check_exact=True)


@pytest.mark.parametrize(
    ("roles", "spoil", "is_by_kind"),
    [
        (ROLES, {}, True),
        (ROLES, {"help": 7}, False),
        (ROLES.replace("{", '{ weight = "sent",'), {"sent": 1}, False),
        (ROLES.replace("{", '{ respondent = "about",'), {}, False),
    ],
    ids=["alike", "out of range", "weighted", "with identifiers"],
)
def test_rows_are_kept_by_kind_where_nothing_tells_them_apart(
    roles, spoil, is_by_kind, tmp_path, few
):
    frame = answers().assign(about=np.arange(N)) if "respondent" in roles else answers()
    roles = roles.replace('activity = "about", ', "") if "respondent" in roles else roles
    survey = raw_study.load(
        tmp_path,
        {"a.parquet": written(frame.assign(**spoil))},
        source=raw_study.source("a.parquet", roles=roles),
        more=LENIENT,
    )
    piece = pieces.harmonised(read.sources(survey).files[0], 0, 0, 2**62, survey)
    assert (piece.blocks is not None) == is_by_kind
    assert piece.account.rows == N
    assert (piece.spool.rows < N) == is_by_kind


def test_what_is_wrong_is_told_with_the_lines_of_all_rows(tmp_path, few):
    frame = answers()
    frame["state"] = "whole"
    frame.loc[[4, 9, 500], "help"] = 7
    frame.loc[[8, 300], "office"] = "Mars"
    with pytest.raises(DataError) as caught:
        cleaned(tmp_path, frame)
    said = str(caught.value)
    assert "'7' (3 rows: cases 5, 10, 501)" in said
    assert "'Mars' is no agency (2 rows: cases 9, 301)" in said

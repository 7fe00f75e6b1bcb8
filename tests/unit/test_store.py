"""Stored tables have the same bytes for the same table, and a damaged one says how to mend it."""

from __future__ import annotations

import pandas as pd
import pytest

import raw_study
from betyg.data import clean, read, store
from betyg.errors import DataError


@pytest.fixture
def table(tmp_path):
    survey = raw_study.load(tmp_path, {"a.csv": raw_study.ROWS})
    return clean.clean(read.sources(survey), survey).respondents


def test_a_table_comes_back_as_it_was(table, tmp_path):
    store.write(table, "respondents", tmp_path / "new" / "folder")
    pd.testing.assert_frame_equal(store.read("respondents", tmp_path / "new" / "folder"), table)


def test_only_the_rows_of_the_agencies_that_are_wanted_are_read(table, tmp_path):
    store.write(table, "respondents", tmp_path)
    one = str(table["agency"].iloc[0])
    wanted = table[table["agency"] == one].reset_index(drop=True)
    assert 0 < len(wanted) < len(table)
    pd.testing.assert_frame_equal(store.read("respondents", tmp_path, agency=[one]), wanted)
    store.write(table.drop(columns="agency"), "within", tmp_path)
    assert len(store.read("within", tmp_path, agency=[one])) == len(table)


def test_the_same_table_gives_the_same_bytes_and_nothing_else_stays(table, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    store.write(table, "cells", first)
    store.write(table.copy(), "cells", second)
    assert (first / "cells.parquet").read_bytes() == (second / "cells.parquet").read_bytes()
    assert [path.name for path in first.iterdir()] == ["cells.parquet"]


def test_a_table_that_cannot_be_written_leaves_the_old_one(table, tmp_path):
    store.write(table, "cells", tmp_path)
    before = (tmp_path / "cells.parquet").read_bytes()
    with pytest.raises((TypeError, ValueError)):
        store.write(pd.DataFrame({"a": [object(), 1]}), "cells", tmp_path)
    assert (tmp_path / "cells.parquet").read_bytes() == before
    assert [path.name for path in tmp_path.glob(".cells*")] == []


def test_whoever_reads_while_it_is_written_keeps_the_old_table(table, tmp_path):
    store.write(table, "cells", tmp_path)
    path = tmp_path / "cells.parquet"
    before = path.read_bytes()
    with path.open("rb") as opened:
        store.write(table[:1], "cells", tmp_path)
        assert opened.read() == before
    assert path.read_bytes() != before


def test_a_table_that_was_not_made_names_the_remedy(tmp_path):
    with pytest.raises(DataError, match="table 'cells' has not been made. `make report`"):
        store.read("cells", tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_table_cut_short_names_the_remedy(table, tmp_path, keep):
    store.write(table, "cells", tmp_path)
    path = tmp_path / "cells.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(DataError, match="cannot be read .* Delete the file"):
        store.read("cells", tmp_path)

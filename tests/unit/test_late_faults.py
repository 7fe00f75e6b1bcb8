"""A fault far down in the last of several files is told as in a small one: file, row, remedy."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import raw_study
from betyg.data import clean, read
from betyg.data.raw_table import ROWS
from betyg.errors import DataError
from betyg.stats import cells
from raw_study import source

FEW, MANY = 10, 2 * ROWS + 5_000  # the last row of many stands in the third part

Spoil = Callable[[dict[str, pd.DataFrame], int], None]


def files(n: int, suffix: str) -> dict[str, pd.DataFrame]:
    """Three files, a year each; the last has ``n`` rows."""
    found = {}
    for at, rows in enumerate((FEW, FEW, n)):
        rng = np.random.default_rng(at)
        found[f"{at}.{suffix}"] = pd.DataFrame(
            {
                "id": np.arange(rows) + 1,
                "office": rng.choice(["03", "20", "25"], rows),
                "year": 2010 + at,
                "w": np.round(rng.uniform(0.5, 2, rows), 2),
                "help": rng.choice([1, 2, 3, 4, 9], rows),
                "speed": rng.choice([1, 2, 3, 4, 8], rows),
                "overall": rng.choice([*range(1, 11), 99], rows),
            }
        )
    return found


def written(frame: pd.DataFrame, suffix: str) -> bytes:
    held = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if suffix == "csv":
        pyarrow.csv.write_csv(table, held)
    else:
        pq.write_table(table, held)
    return held.getvalue()


def said(folder: Path, n: int, suffix: str, spoil: Spoil) -> str:
    frames = files(n, suffix)
    spoil(frames, n)
    raw = {name: written(frame, suffix) for name, frame in frames.items()}
    survey = raw_study.load(folder, raw, source="".join(source(name) for name in raw))
    with pytest.raises(DataError) as caught:
        clean.clean(read.sources(survey), survey)
    return str(caught.value).partition(": ")[2]


def new_category(frames: dict[str, pd.DataFrame], n: int) -> None:
    [*_, last] = frames.values()
    last.loc[n - 1, "overall"] = 77


def bad_weight(frames: dict[str, pd.DataFrame], n: int) -> None:
    [*_, last] = frames.values()
    last.loc[n - 1, "w"] = -1.0


def unknown_agency(frames: dict[str, pd.DataFrame], n: int) -> None:
    [*_, last] = frames.values()
    last.loc[n - 1, "office"] = "99"


def item_gone(frames: dict[str, pd.DataFrame], n: int) -> None:
    [*_, last] = frames
    frames[last] = frames[last].drop(columns="speed")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (new_category, "column 'overall': '77' (1 row: {row}): not on scale 'grade'"),
        (bad_weight, "column 'w': '-1' is not a number above zero (1 row: {row})."),
        (unknown_agency, "column 'office': '99' is no agency (1 row: {row})."),
        (item_gone, "column 'speed' is missing."),
    ],
)
def test_a_late_fault_is_told_as_in_a_small_file(spoil, what, suffix, tmp_path):
    places = {n: f"line {n + 1}" if suffix == "csv" else f"case {n}" for n in (FEW, MANY)}
    small, large = (said(tmp_path / str(n), n, suffix, spoil) for n in (FEW, MANY))
    assert f"2.{suffix}" in large
    assert what.format(row=places[MANY]) in large
    assert large.replace(places[MANY], places[FEW]) == small


def emptied(frame: pd.DataFrame, kind: pa.DataType) -> bytes:
    """The rows as a Parquet file whose column ``speed`` is there and holds nothing."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    at = table.schema.get_field_index("speed")
    held = io.BytesIO()
    pq.write_table(table.set_column(at, "speed", pa.nulls(len(frame), kind)), held)
    return held.getvalue()


@pytest.mark.parametrize("kind", [pa.null(), pa.int8(), pa.string()], ids=str)
@pytest.mark.parametrize("n", [FEW, MANY])
def test_a_question_that_is_empty_in_one_file_is_no_answer_there_and_is_told(kind, n, tmp_path):
    [*names], [*frames] = zip(*files(n, "parquet").items(), strict=True)
    raw = {name: written(frame, "parquet") for name, frame in zip(names, frames, strict=True)}
    raw["2.parquet"] = emptied(frames[2], kind)
    survey = raw_study.load(tmp_path, raw, source="".join(source(name) for name in raw))
    cleaned = clean.clean(read.sources(survey), survey)
    counted = cells.collapse(cleaned, survey).query("item == 'speed'")
    by_year = counted.groupby(["year", "kind"], observed=True)["n"].sum()
    assert by_year[2012].to_dict() == {"no_answer": n}
    assert by_year[2010].sum() == by_year[2011].sum() == FEW
    [told] = cleaned.attrition.query("step == 'empty questions'").to_dict("records")
    assert (told["source"], told["n"]) == ("2.parquet", 1)
    assert told["note"].startswith("no answer in any row to speed;")


def test_a_question_that_one_file_was_not_asked_has_no_cell_there(tmp_path):
    frames = files(MANY, "parquet")
    item_gone(frames, MANY)
    raw = {name: written(frame, "parquet") for name, frame in frames.items()}
    facts = {"crosswalk.csv": "item,year,column,scale\nspeed,2012,-,agree\n"}
    survey = raw_study.load(
        tmp_path, raw, source="".join(source(name) for name in raw), facts=facts
    )
    cleaned = clean.clean(read.sources(survey), survey)
    counted = cells.collapse(cleaned, survey)
    years = counted.groupby("item", observed=True)["year"].agg(["min", "max"])
    assert years.loc["speed"].tolist() == [2010, 2011]
    assert years.loc["overall"].tolist() == [2010, 2012]
    assert "empty questions" not in set(cleaned.attrition["step"])

"""A file gives the same tables and the same words however its rows are cut into parts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw_study
from betyg.data import clean, identity, read, read_binary, rows_of_text, spool, text_rows
from betyg.data.clean import Cleaned
from betyg.data.numbering import Numbering
from betyg.data.spool import Spool
from betyg.errors import DataError
from betyg.stats import cells, domains, outcome_sums, pattern_counts, people, theme_sums
from raw_study import source

N = 400


def answers(seed: int = 7) -> pd.DataFrame:
    """Rows of two years in no order, some without an answer, some sent twice."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": rng.permutation(N) + 1,
            "office": rng.choice(["03", "20", "25"], N),
            "year": rng.choice([2011, 2012], N),
            "w": np.round(rng.uniform(0.5, 2, N), 2),
            "help": rng.choice([1, 2, 3, 4, 9], N),
            "speed": rng.choice([1, 2, 3, 4, 8], N),
            "overall": rng.choice([*range(1, 11), 99], N),
        }
    )
    return pd.concat([frame, frame.iloc[[3, 300]]], ignore_index=True)


def written(frame: pd.DataFrame, suffix: str) -> bytes:
    held = io.BytesIO()
    if suffix == "csv":
        frame.to_csv(held, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), held)
    return held.getvalue()


@pytest.fixture
def cut(monkeypatch) -> None:
    """Cut files after a few rows, and keep nothing of them in memory."""
    monkeypatch.setattr(read_binary, "ROWS", 17)
    monkeypatch.setattr(text_rows, "BLOCK", 300)
    monkeypatch.setattr(rows_of_text, "GATHERED", 13)
    monkeypatch.setattr(spool, "IN_MEMORY", 0)


def cleaned(folder: Path, frame: pd.DataFrame, suffix: str) -> tuple[Cleaned, pd.DataFrame]:
    survey = raw_study.load(folder, {f"a.{suffix}": written(frame, suffix)})
    found = clean.clean(read.sources(survey), survey)
    return found, cells.collapse(found, survey)


def message(folder: Path, raw: dict, **arguments: object) -> str:
    survey = raw_study.load(folder, raw, **arguments)
    with pytest.raises(DataError) as caught:
        clean.clean(read.sources(survey), survey)
    return str(caught.value).partition(": ")[2]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_cut_into_parts_gives_the_tables_of_the_whole(suffix, tmp_path, request):
    whole, whole_cells = cleaned(tmp_path, answers(), suffix)
    request.getfixturevalue("cut")
    parts, parts_cells = cleaned(tmp_path, answers(), suffix)
    assert len(list(parts.parts)) > 10
    assert whole.attrition.set_index("step")["n"]["duplicates"] == 2
    pd.testing.assert_frame_equal(parts.respondents, whole.respondents, check_exact=True)
    pd.testing.assert_frame_equal(parts.attrition, whole.attrition)
    pd.testing.assert_frame_equal(parts_cells, whole_cells, check_exact=True)


CODEBOOK = (
    "item,theme,scale,label_sv,label_en\n"
    "help,contact,agree,Hjälp,Help\nspeed,contact,agree,Tid,Speed\n"
    "tone,contact,agree,Ton,Tone\noverall,,grade,Helhet,Overall\n"
)
ALL = """\
[index.all]
items = ["help", "speed", "tone", "overall"]
label.sv = "Allt"
label.en = "All"
"""


def test_what_is_added_up_in_the_pieces_of_a_study_is_what_its_table_adds_up_to(tmp_path, cut):
    rows = answers().assign(tone=np.random.default_rng(3).choice([1, 2, 3, 4, 9], N + 2))
    files = {"a.csv": rows[:150], "b.parquet": rows[150:]}
    survey = raw_study.load(
        tmp_path,
        {name: written(frame, name.partition(".")[2]) for name, frame in files.items()},
        source="".join(map(source, files)),
        more=ALL,
        facts={"codebook.csv": CODEBOOK},
    )
    pieces = clean.clean(read.sources(survey), survey)
    sizes, table = domains.collapse(pieces), [pieces.respondents]
    for added, whole in (
        (outcome_sums.collapse(pieces, survey), outcome_sums.of_rows(table, survey)),
        (
            pattern_counts.collapse(pieces, survey, domains=sizes),
            pattern_counts.of_rows(table, survey),
        ),
        (theme_sums.collapse(pieces, survey, domains=sizes), theme_sums.of_rows(table, survey)),
        (people.collapse(pieces, survey, domains=sizes), people.of_rows(table, survey)),
        (people.of_rows(pieces.parts, survey), people.of_rows(table, survey)),
    ):
        assert added["n"].sum() > N / 2
        lists = [name for name in added if isinstance(added[name].iloc[0], np.ndarray)]
        pd.testing.assert_frame_equal(
            added.drop(columns=lists), whole.drop(columns=lists), check_categorical=False
        )
        for name in lists:
            np.testing.assert_allclose(np.stack(added[name]), np.stack(whole[name]))


def test_parquet_gives_what_the_text_file_gives(tmp_path):
    text, text_cells = cleaned(tmp_path / "text", answers(), "csv")
    typed, typed_cells = cleaned(tmp_path / "typed", answers(), "parquet")
    same = ["stratum", "source", "population"]
    pd.testing.assert_frame_equal(
        typed.respondents.drop(columns=same), text.respondents.drop(columns=same)
    )
    pd.testing.assert_frame_equal(typed_cells, text_cells)


def spoilt(**cells: dict[int, object]) -> pd.DataFrame:
    frame = answers().astype({"office": object, "w": object, "year": object})
    for column, by_row in cells.items():
        for row, value in by_row.items():
            frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("column", "by_row", "said"),
    [
        ("overall", {390: 77, 10: 77}, "line 12, column 'overall': '77' (2 rows: lines 12, 392)"),
        ("w", {350: "heavy"}, "line 352, column 'w': 'heavy' is not a number above zero (1 row"),
        ("w", {5: -1, 390: 0}, "line 7, column 'w': '-1', '0' is not a number above zero (2 rows"),
        ("office", {8: "Mars", 333: "Mars"}, "'Mars' is no agency (2 rows: lines 10, 335)."),
        ("year", {5: "then", 399: "soon"}, "line 401, column 'year': 'soon' is no year (1 row"),
    ],
)
def test_what_is_wrong_far_apart_is_told_in_the_words_of_the_whole(
    column, by_row, said, tmp_path, request
):
    raw = {"a.csv": written(spoilt(**{column: by_row}), "csv")}
    whole = message(tmp_path, raw)
    assert said in whole
    request.getfixturevalue("cut")
    assert message(tmp_path, raw) == whole


def test_all_problems_of_all_files_and_parts_come_at_once(tmp_path, cut):
    first = written(spoilt(w={399: "x"}), "csv")
    other = spoilt(help={2: 7}).assign(id=lambda frame: frame["id"] + 1000)
    raw = {"a.csv": first, "b.csv": written(other, "csv")}
    said = message(tmp_path, raw, source=source("a.csv") + source("b.csv"))
    assert said.startswith("2 problems")
    assert "a.csv, line 401, column 'w'" in said
    assert "b.csv, line 4, column 'help': '7' (1 row: line 4)" in said


def test_a_respondent_who_says_something_else_in_another_file_is_named(tmp_path, cut):
    one = answers()[:N]
    other = one.iloc[[370]].assign(overall=lambda frame: frame["overall"] % 10 + 1)
    raw = {"a.csv": written(one, "csv"), "b.parquet": written(other, "parquet")}
    said = message(tmp_path, raw, source=source("a.csv") + source("b.parquet"))
    name = one["id"][370]
    assert (
        f"b.parquet, case 1, column 'id': respondent '{name}' stands on line 372 of a.csv" in said
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",03,", ',"03",'),
        lambda text: text + "\n\n",
        lambda text: text[:4000] + text[4000:].replace("\n", "\n\n", 5),
        lambda text: text[:4000] + text[4000:].replace("\n", "\n,,,,,,\n", 3),
        lambda text: text[:4000] + text[4000:].replace(",25,", ',"25",', 2),
        lambda text: text.replace(",20,", ",Kopparberg ,"),
    ],
)
def test_a_text_file_reads_alike_in_blocks_and_by_cell(spoil, tmp_path, monkeypatch):
    raw = {"a.csv": spoil(written(answers(), "csv").decode())}
    survey = raw_study.load(tmp_path, raw)
    tables = []
    for plain in (text_rows.plain_rows, lambda *_: None):
        monkeypatch.setattr(text_rows, "plain_rows", plain)
        monkeypatch.setattr(text_rows, "BLOCK", 500)
        whole = read.sources(survey).files[0].whole()
        texts = {name: whole.texts(name).to_pylist() for name in sorted(whole.held)}
        tables.append(pd.DataFrame(texts).assign(line=whole.lines))
    pd.testing.assert_frame_equal(*tables)


def test_a_ragged_row_behind_many_whole_ones_is_named_with_its_line(tmp_path, cut):
    lines = written(answers(), "csv").decode().splitlines()
    lines[380] += ",1"
    survey = raw_study.load(tmp_path, {"a.csv": "\n".join(lines)})
    with pytest.raises(DataError, match=r"a.csv, line 381: has 8 cells where the header has 7"):
        read.sources(survey)


def test_one_item_read_alone_has_the_cells_of_the_whole(tmp_path):
    survey = raw_study.load(tmp_path, {"a.parquet": written(answers(), "parquet")})
    whole = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    small = survey.of_items(["help"])
    found = clean.clean(read.sources(small), small)
    alone = cells.collapse(found, small)
    of_help = whole[whole["item"] == "help"].reset_index(drop=True)
    for frame in (alone, of_help):
        frame["item"], frame["scale"] = frame["item"].astype("str"), frame["scale"].astype("str")
    pd.testing.assert_frame_equal(alone, of_help)
    assert "overall" not in found.respondents


def test_an_item_that_is_not_there_cannot_be_read_alone(tmp_path):
    survey = raw_study.load(tmp_path, {"a.csv": written(answers(), "csv")})
    with pytest.raises(DataError, match="no item 'helpp'. Did you mean 'help'?"):
        survey.of_items(["helpp"])


def test_indices_stay_only_with_all_their_items(tmp_path):
    index = '[index.both]\nitems = ["help", "speed"]\nlabel.en = "B"\nlabel.sv = "B"\n'
    survey = raw_study.load(tmp_path, {"a.csv": written(answers(), "csv")}, more=index)
    assert [i.name for i in survey.of_items(["help"]).composites] == []
    found = {i.name for i in survey.of_items(["help", "speed"]).composites}
    assert found == {"both", "theme.contact"}


def test_a_number_and_its_text_are_one_respondent_but_not_with_a_zero_before_it():
    texts = identity.hashed(pa.array(["5", "05", "a much longer name", "-7"]))
    numbers = identity.hashed(pa.array([5, 5, 5, -7]))
    np.testing.assert_array_equal(texts == numbers, [True, False, False, True])


def test_hashes_of_many_texts_are_all_different():
    texts = pa.array([f"r{n}" for n in range(50_000)] + [f"{n}r" for n in range(50_000)])
    assert len(identity.twice(identity.hashed(texts))) == 0


def test_batches_come_back_from_the_scratch_file_as_often_as_wanted(monkeypatch):
    monkeypatch.setattr(spool, "IN_MEMORY", 100)
    kept = Spool()
    batches = [pa.RecordBatch.from_pydict({"a": list(range(n, n + 9))}) for n in range(5)]
    for batch in batches:
        kept.append(batch)
    assert [one.equals(other) for one, other in zip(kept, batches, strict=True)] == [True] * 5
    assert len(list(kept)) == 5
    assert kept.rows == 45


@pytest.mark.parametrize("offset", [0, 2**40])
def test_numbers_are_given_in_the_order_of_appearance_and_kept(offset):
    numbering = Numbering()
    first = numbering.of(np.array([7, 3, 7]) + offset)
    second = numbering.of(np.array([9, 3]) + offset)
    np.testing.assert_array_equal([*first, *second], [0, 1, 0, 2, 1])
    assert numbering.values.tolist() == [7 + offset, 3 + offset, 9 + offset]

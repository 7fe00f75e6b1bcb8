import time

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from betyg.data.synthetic import writers

FRAME = pd.DataFrame(
    {
        "lan": np.array(["Örebro", "A & B <c>", None], dtype=object),
        "grade": np.array([5, "Vet ej", None], dtype=object),
        "vikt": [1.5, 2.25, 3.0],
    }
)
NUMBERS = pd.DataFrame({"grade": pd.array([5, None, 8], dtype="Int8"), "vikt": [1.5, 2.25, 3.0]})
LABELS = {"labels": {"grade": "Frågan"}, "value_labels": {"grade": {5: "Bäst", 8: "Vet ej"}}}


def test_text_has_its_encoding_delimiter_and_decimal_sign(tmp_path):
    path = tmp_path / "a.csv"
    writers.delimited(FRAME, path, encoding="cp1252", delimiter=";", decimal=",")
    expected = "lan;grade;vikt\r\nÖrebro;5;1,5\r\nA & B <c>;Vet ej;2,25\r\n;;3,0\r\n"
    assert path.read_bytes() == expected.encode("cp1252")


def test_a_workbook_reads_back_with_its_line_above(tmp_path):
    path = tmp_path / "a.xlsx"
    writers.excel(FRAME, path, sheet="Svar & frågor", above=("Undersökning",))
    plain = pd.read_excel(path, sheet_name="Svar & frågor", header=None, dtype=object)
    assert plain.iloc[0, 0] == "Undersökning"
    back = pd.read_excel(path, sheet_name="Svar & frågor", skiprows=1, dtype=object)
    assert list(back.columns) == list(FRAME.columns)
    assert back.iloc[:2].to_numpy().tolist() == FRAME.iloc[:2].to_numpy().tolist()
    assert back.iloc[2, :2].isna().all()


@pytest.mark.parametrize("name", ["a.sav", "a.dta", "a.xlsx"])
def test_a_minute_later_the_bytes_are_the_same(tmp_path, monkeypatch, name):
    path = tmp_path / name
    write = {
        "a.sav": lambda: writers.spss(NUMBERS.astype("float64"), path, **LABELS),
        "a.dta": lambda: writers.stata(NUMBERS, path, **LABELS),
        "a.xlsx": lambda: writers.excel(FRAME, path),
    }[name]
    write()
    first = path.read_bytes()
    time.sleep(1.1)  # the stamps that are overwritten count whole seconds
    write()
    assert path.read_bytes() == first


def test_the_date_in_an_spss_file_is_the_fixed_one(tmp_path):
    writers.spss(NUMBERS.astype("float64"), tmp_path / "a.sav", **LABELS)
    frame, meta = pyreadstat.read_sav(tmp_path / "a.sav")
    assert meta.creation_time.isoformat() == "2018-01-15T09:00:00"
    assert meta.variable_value_labels == {"grade": {5.0: "Bäst", 8.0: "Vet ej"}}
    assert meta.column_names_to_labels["grade"] == "Frågan"
    assert frame["grade"].isna().tolist() == [False, True, False]


def test_a_stata_file_keeps_labels_and_missing_values(tmp_path):
    writers.stata(NUMBERS, tmp_path / "a.dta", **LABELS)
    frame, meta = pyreadstat.read_dta(tmp_path / "a.dta")
    assert meta.variable_value_labels == {"grade": {5: "Bäst", 8: "Vet ej"}}
    assert frame["grade"].isna().tolist() == [False, True, False]

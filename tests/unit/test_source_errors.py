"""Everything wrong in a [[source]] is said with its line, the file and a remedy."""

import os

import pytest

import tiny
from betyg.data.study import Study
from betyg.data.sums import write_sums
from betyg.errors import DataError
from spoilt import edit, message, only_problem

ROLES = "respondent, agency, year, activity, group, weight, stratum, psu"

# Each case: the kind of the tiny study, text of study.toml, what replaces it, the whole message.
CASES = {
    "no agency": (
        "responses",
        'agency = "KONTOR"\n',
        "",
        "study.toml, line 16 [source] columns (answers.csv): the role 'agency' is missing. "
        'Name its column, columns = { agency = "..." }, or agency = "..." for the whole file.',
    ),
    "no year": (
        "counts",
        'year = "year", ',
        "",
        "study.toml, line 16 [source] columns (answers.csv): the role 'year' is missing. "
        'Name its column, columns = { year = "..." }, or year = "..." for the whole file.',
    ),
    "no value": (
        "published",
        'value = "value", ',
        "",
        "study.toml, line 13 [source] columns (answers.csv): the role 'value' is missing. "
        'Name its column, columns = { value = "..." }.',
    ),
    "role of another kind": (
        "responses",
        'weight = "VIKT"',
        'item = "VIKT"',
        "study.toml, line 21 [source] columns.item (answers.csv): 'item' has no meaning "
        f"for kind responses. Kind responses knows: {ROLES}.",
    ),
    "year twice": (
        "responses",
        "[source.columns]",
        "year = 2012\n[source.columns]",
        "study.toml, line 16 [source] year (answers.csv): 'year' is given as a column and "
        "for the whole file. Keep one.",
    ),
    "years without a column": (
        "responses",
        '[source.columns]\nrespondent = "LOPNR"\nagency = "KONTOR"\nyear = "AR"',
        'year = 2012\nyears = {"Wave 1" = 2012}\n[source.columns]\nagency = "KONTOR"',
        "study.toml, line 17 [source] years (answers.csv): years are translated, "
        "but there is no column year. Name the column.",
    ),
    "year that is no year": (
        "responses",
        "[source.columns]",
        'years = { "Wave 1" = "first" }\n[source.columns]',
        "study.toml, line 16 [source] years.Wave 1: 'first' will not do. It needs a whole number.",
    ),
    "categories of respondents": (
        "responses",
        "[source.columns]",
        'categories = { a = "1" }\n[source.columns]',
        "study.toml, line 16 [source] categories (answers.csv): 'categories' has no meaning "
        "for kind responses. Remove it.",
    ),
    "late counts": (
        "counts",
        "[source.categories]",
        'late = { question = ["1"] }\n[source.categories]',
        "study.toml, line 17 [source] late (answers.csv): 'late' has no meaning for kind counts. "
        "Remove it: only the answers of persons can be late.",
    ),
    "late in no case": (
        "responses",
        "[source.columns]",
        "late = { sent = [] }\n[source.columns]",
        "study.toml, line 16 [source] late.sent: the list is empty. Give at least one.",
    ),
    "remainder of published values": (
        "published",
        "columns",
        'remainder = "99"\ncolumns',
        "study.toml, line 13 [source] remainder (answers.csv): 'remainder' has no meaning "
        "for kind published. Remove it.",
    ),
    "counts of published values": (
        "published",
        "columns",
        'values = "count"\ncolumns',
        "study.toml, line 13 [source] values (answers.csv): 'count' has no meaning "
        "for kind published. Remove it.",
    ),
    "counts or percentages": (
        "counts",
        'values = "percent"\n',
        "",
        "study.toml, line 11 [source] values (answers.csv): what the columns of the "
        'categories hold is not said. Add values = "count", "percent" (0-100) or "fraction" (0-1).',
    ),
    "wide and long": (
        "counts",
        'item = "question"',
        'item = "question", category = "c"',
        "study.toml, line 17 [source] categories (answers.csv): the file is both wide "
        "(categories) and long (category). Keep categories when each category has a column, "
        "otherwise the roles.",
    ),
    "percentages without n": (
        "counts",
        ', n = "n"',
        "",
        "study.toml, line 16 [source] columns (answers.csv): percentages need the number of "
        'answers behind them. Name its column, columns = { n = "..." }, or give it in frame.csv, '
        "column respondents.",
    ),
    "unknown code of a category": (
        "counts",
        'c5 = "5"',
        'c5 = "fife"',
        "study.toml, line 22 [source] categories.c5 (answers.csv): 'fife' is no code of "
        "scales.csv. Known: 1, 2, 3, 4, 5, 99, 6, 7, 8, 9, 10.",
    ),
    "unknown remainder": (
        "counts",
        'remainder = "99"',
        'remainder = "999"',
        "study.toml, line 14 [source] remainder (answers.csv): '999' is no code of scales.csv. "
        "Did you mean '99'?",
    ),
    "unknown encoding": (
        "responses",
        '"cp1252"',
        '"cp125x"',
        "study.toml, line 13 [source] encoding: 'cp125x' is no encoding that Python knows. "
        "Usual ones: utf-8, cp1252 (Windows), iso-8859-1, utf-16.",
    ),
    "an encoding that is none of text": (
        "responses",
        '"cp1252"',
        '"hex"',
        "study.toml, line 13 [source] encoding: 'hex' is no encoding that Python knows. "
        "Usual ones: utf-8, cp1252 (Windows), iso-8859-1, utf-16.",
    ),
    "delimiter of two signs": (
        "responses",
        'delimiter = ";"',
        'delimiter = ";;"',
        "study.toml, line 14 [source] delimiter: ';;' is not one sign: use , or ; or | or \\t "
        "(tab).",
    ),
    "two commas": (
        "responses",
        'delimiter = ";"\n',
        "",
        "study.toml, line 14 [source] decimal (answers.csv): delimiter and decimal are both a "
        'comma. Files with decimal commas usually have delimiter = ";".',
    ),
    "thousands like decimals": (
        "responses",
        'decimal = ","',
        'decimal = ","\nthousands = ","',
        "study.toml, line 16 [source] thousands (answers.csv): thousands and decimal are the "
        "same sign. Correct one.",
    ),
    "sheet of a csv": (
        "responses",
        'decimal = ","',
        'decimal = ","\nsheet = "Data"',
        "study.toml, line 16 [source] sheet (answers.csv): a csv file has no sheets. "
        "Remove the key.",
    ),
    "unknown ending": (
        "responses",
        '"answers.csv"',
        '"answers.pdf"',
        "study.toml, line 11 [source] format: the format of 'answers.pdf' cannot be told from "
        "its name. Known endings: .csv, .tsv, .txt, .xlsx, .sav, .zsav, .dta, .parquet. "
        'Otherwise give format = "csv" (or excel, spss, ...).',
    ),
    "old Excel": (
        "responses",
        '"answers.csv"',
        '"answers.XLS"',
        "study.toml, line 11 [source] format: old Excel files (.xls) are not read. "
        "Save a copy as .xlsx and name that.",
    ),
    "unknown format": (
        "responses",
        'decimal = ","',
        'decimal = ","\nformat = "xlsx"',
        "study.toml, line 16 [source] format: 'xlsx' is not allowed here. "
        "Known: csv, excel, spss, stata, parquet.",
    ),
    "name of a source": (
        "responses",
        'decimal = ","',
        'decimal = ","\nid = "first"',
        "study.toml, line 11 [source]: unknown key 'id': a source is called by its file.",
    ),
    "unknown agency of the file": (
        "published",
        'agency = "office", ',
        "",
        "study.toml, line 13 [source] agency (answers.csv): 'nord' is not in agencies.csv. "
        "Did you mean 'Norr'?",
    ),
    "unknown item of the file": (
        "published",
        ', item = "measure"',
        "",
        "study.toml, line 13 [source] item (answers.csv): 'overal' is no item of codebook.csv. "
        "Did you mean 'overall'?",
    ),
    "file outside": (
        "responses",
        '"answers.csv"',
        '"../other/answers.csv"',
        "study.toml, line 12 [source] file: '../other/answers.csv' leads out of the study's "
        "folder. Copy the file into the folder and name it without a path.",
    ),
    "absolute path": (
        "responses",
        '"answers.csv"',
        '"/data/answers.csv"',
        "study.toml, line 12 [source] file: '/data/answers.csv' leads out of the study's "
        "folder. Copy the file into the folder and name it without a path.",
    ),
    "missing file": (
        "responses",
        '"answers.csv"',
        '"answer.csv"',
        "study.toml, line 12 [source] file: the raw file 'answer.csv' is missing. "
        "Put it into tiny_responses/.",
    ),
}
CONSTANTS = {
    "unknown agency of the file": "agency = 'nord'",
    "unknown item of the file": "item = 'overal'",
}


@pytest.mark.parametrize("case", CASES)
def test_problem_of_a_source_is_named(case, tmp_path):
    kind, old, new, expected = CASES[case]
    root, name = getattr(tiny, kind)(tmp_path)
    edit(root / name, "study.toml", old, new)
    if case in CONSTANTS:
        edit(root / name, "study.toml", "columns", f"{CONSTANTS[case]}\ncolumns")
    assert only_problem((root, name)) == expected


def test_long_file_without_answers_is_named(tmp_path):
    root, name = tiny.counts(tmp_path)
    text = (root / name / "study.toml").read_text("utf-8")
    block = text[text.index("[source.categories]") : text.index("[compare]")]
    edit(root / name, "study.toml", block, "")
    assert only_problem((root, name)) == (
        "study.toml, line 16 [source] columns (answers.csv): the answers are missing. "
        "Wide: categories = { column = code }. "
        "Long: columns category and one of count, percent."
    )


def test_long_file_needs_no_values(tmp_path):
    root, name = tiny.counts(tmp_path)
    folder = root / name
    text = (folder / "study.toml").read_text("utf-8")
    block = text[text.index("[source.categories]") : text.index("[compare]")]
    edit(folder, "study.toml", block, "")
    edit(folder, "study.toml", 'values = "percent"\n', "")
    edit(folder, "study.toml", 'n = "n"', 'category = "answer", count = "n"')
    assert Study.load(root, name).sources[0].values == "count"


def test_n_may_come_from_the_frame(tmp_path):
    root, name = tiny.counts(tmp_path)
    edit(root / name, "study.toml", ', n = "n"', "")
    (root / name / "frame.csv").write_text("year,agency,respondents\n2011,norr,40\n", "utf-8")
    assert Study.load(root, name).frame["respondents"].tolist() == [40.0]


def test_activity_needs_its_file(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "activities.csv").unlink()
    assert only_problem((root, name)) == (
        "study.toml, line 20 [source] columns.activity (answers.csv): 'activity' is given, "
        "but activities.csv lists none. Add activities.csv with code and labels."
    )


def test_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    root, name = tiny.responses(tmp_path)
    path = root / name / "answers.csv"
    path.rename(tmp_path / "secret.csv")
    os.symlink(tmp_path / "secret.csv", path)
    assert "'answers.csv' leads out of the study's folder." in only_problem((root, name))


def test_who_goes_on_from_tables_does_not_read_raw_files(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "answers.csv").write_bytes(b"changed")
    assert Study.load(root, name, sums=False).name == name
    (root / name / "answers.csv").unlink()
    with pytest.raises(DataError, match=r"the raw file 'answers\.csv' is missing"):
        Study.load(root, name, sums=False)


def test_changed_raw_file_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    with (root / name / "answers.csv").open("ab") as opened:
        opened.write(b"\n")
    assert only_problem((root, name)) == (
        "SHA256SUMS: 'answers.csv' has changed since its sum was written. "
        "If the file is right, `make sums STUDY=tiny_responses` writes the list anew."
    )


def test_missing_list_of_sums_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "SHA256SUMS").unlink()
    assert only_problem((root, name)) == (
        "SHA256SUMS: the file is missing. "
        "If the file is right, `make sums STUDY=tiny_responses` writes the list anew."
    )


def test_file_without_a_sum_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "SHA256SUMS", "answers.csv", "other.csv")
    assert only_problem((root, name)).startswith("SHA256SUMS: 'answers.csv' is not listed. If")


def test_garbled_line_of_sums_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    with (root / name / "SHA256SUMS").open("a") as opened:
        opened.write("\nabc answers.csv\n")
    assert only_problem((root, name)).startswith(
        "SHA256SUMS, line 3: this is not '<sum>  <file>'. If"
    )


def test_sums_are_those_of_sha256sum(tmp_path):
    root, name = tiny.published(tmp_path)
    (root / name / "answers.csv").write_bytes(b"")
    (written,) = write_sums(root / name)
    assert written.read_text() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  answers.csv\n"
    )


def test_sums_are_not_written_when_a_file_is_missing(tmp_path):
    root, name = tiny.published(tmp_path)
    before = (root / name / "SHA256SUMS").read_bytes()
    (root / name / "answers.csv").unlink()
    with pytest.raises(DataError, match="the raw file 'answers.csv' is missing"):
        write_sums(root / name)
    assert (root / name / "SHA256SUMS").read_bytes() == before


def test_missing_description_of_the_source_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "SOURCE.md").unlink()
    assert message((root, name)).endswith(
        "SOURCE.md: the file is missing. "
        "Write who collected the data, when, how, and under which licence."
    )


def test_a_folder_is_no_raw_file(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "answers.csv").unlink()
    (root / name / "answers.csv").mkdir()
    with pytest.raises(DataError, match="'answers.csv' is a folder, not a raw file"):
        Study.load(root, name)

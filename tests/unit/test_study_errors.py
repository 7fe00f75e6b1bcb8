"""Everything wrong in study.toml is said with its line and a remedy."""

import pytest

import tiny
from betyg.data.study import Study
from betyg.errors import DataError
from spoilt import edit, message, only_problem

# Each case: the kind of the tiny study, text of study.toml, what replaces it, the whole message.
CASES = {
    "unknown key": (
        "responses",
        'decimal = ","',
        'decimals = ","',
        "study.toml, line 15 [source] decimals: unknown key. Did you mean 'decimal'?",
    ),
    "unknown section": (
        "responses",
        "[compare]",
        "[disclosur]\nshow = 5\n[compare]",
        "study.toml, line 23 [disclosur]: unknown section. Did you mean 'disclosure'?",
    ),
    "unknown role": (
        "responses",
        'weight = "VIKT"',
        'wieght = "VIKT"',
        "study.toml, line 21 [source] columns.wieght: 'wieght' is not allowed here. "
        "Did you mean 'weight'?",
    ),
    "unknown kind": (
        "responses",
        'kind = "responses"',
        'kind = "response"',
        "study.toml, line 5 [study] kind: 'response' is not allowed here. "
        "Did you mean 'responses'?",
    ),
    "text instead of a list": (
        "responses",
        'adjust_for = ["activity"]',
        'adjust_for = "activity"',
        "study.toml, line 25 [compare] adjust_for: 'activity' will not do. "
        'It needs a list in brackets, ["like", "this"].',
    ),
    "text instead of true": (
        "responses",
        "synthetic = true",
        'synthetic = "perhaps"',
        "study.toml, line 6 [study] synthetic: 'perhaps' will not do. "
        "It needs yes or no (in study.toml: true or false).",
    ),
    "text instead of a number": (
        "responses",
        'encoding = "cp1252"',
        'skip_rows = "three"',
        "study.toml, line 13 [source] skip_rows: 'three' will not do. It needs a whole number.",
    ),
    "list instead of text": (
        "responses",
        'encoding = "cp1252"',
        'encoding = ["cp1252"]',
        "study.toml, line 13 [source] encoding: ['cp1252'] will not do. "
        'It needs text in quotation marks, "like this".',
    ),
    "text instead of a table": (
        "responses",
        'title.sv = "Den lilla undersökningen"\ntitle.en = "The tiny survey"',
        'title = "The tiny survey"',
        "study.toml, line 2 [study] title: 'The tiny survey' will not do. "
        "It needs a table, { key = value }.",
    ),
    "number too large": (
        "responses",
        'outcome = "satisfaction"',
        'outcome = "satisfaction"\nmargin = 500',
        "study.toml, line 25 [compare] margin: 500 is not at most 100. Correct it.",
    ),
    "show below one": (
        "responses",
        "[compare]",
        "[disclosure]\nshow = 0\n[compare]",
        "study.toml, line 24 [disclosure] show: 0 is not at least 1. Correct it.",
    ),
    "rank below show": (
        "responses",
        "[compare]",
        "[disclosure]\nshow = 30\n[compare]",
        "study.toml, line 23 [disclosure] rank: rank = 20 is less than show = 30. "
        "Nothing is ranked that is not shown: raise rank.",
    ),
    "missing key": (
        "responses",
        'outcome = "satisfaction"\n',
        "",
        "study.toml, line 23 [compare] outcome: is missing. Add it.",
    ),
    "empty index": (
        "responses",
        'items = ["overall"]',
        "items = []",
        "study.toml, line 28 [index.satisfaction] items: the list is empty. Give at least one.",
    ),
    "unknown item in an index": (
        "responses",
        'items = ["overall"]',
        'items = ["overal"]',
        "study.toml, line 28 [index.satisfaction] items: 'overal' is no item of codebook.csv. "
        "Did you mean 'overall'?",
    ),
    "item twice in an index": (
        "responses",
        'items = ["overall"]',
        'items = ["overall", "overall"]',
        "study.toml, line 28 [index.satisfaction] items: an item stands twice. "
        "Name each item once.",
    ),
    "index with the name of an item": (
        "responses",
        "[index.satisfaction]",
        "[index.website]\nitems = ['overall']\nlabel = {sv = 'a', en = 'b'}\n[index.satisfaction]",
        "study.toml, line 27 [index.website]: the index has the name of an item. "
        "Give it a name of its own.",
    ),
    "index with an impossible name": (
        "responses",
        "[index.satisfaction]",
        '[index."a b"]\nitems = ["overall"]\nlabel = {sv = "a", en = "b"}\n[index.satisfaction]',
        "study.toml, line 27 [index.a b]: 'a b' cannot be the name of an index. "
        "Use letters, digits and _, beginning with a letter.",
    ),
    "index of published values": (
        "published",
        "[compare]",
        '[index.x]\nitems = ["overall"]\nlabel = {sv = "a", en = "b"}\n[compare]',
        "study.toml, line 15 [index.x]: published values cannot be combined to an index: "
        "the answers behind them are needed. Remove the section; an index that was published "
        "is an item of codebook.csv.",
    ),
    "unknown outcome": (
        "responses",
        'outcome = "satisfaction"',
        'outcome = "satisfacton"',
        "study.toml, line 24 [compare] outcome: 'satisfacton' is no item or index. "
        "Did you mean 'satisfaction'?",
    ),
    "unknown adjustment": (
        "responses",
        'adjust_for = ["activity"]',
        'adjust_for = ["activty"]',
        "study.toml, line 25 [compare] adjust_for: 'activty' is not allowed here. "
        "Did you mean 'activity'?",
    ),
    "adjustment for what no file tells": (
        "responses",
        'adjust_for = ["activity"]',
        'adjust_for = ["group"]',
        "study.toml, line 25 [compare] adjust_for: no source gives 'group'. "
        'Name its column in study.toml: columns = { group = "..." }, '
        "or take it out of adjust_for.",
    ),
    "stratum that no file tells": (
        "responses",
        "[compare]",
        '[design]\nstrata = ["stratum"]\n[compare]',
        "study.toml, line 24 [design] strata: no source gives 'stratum'. "
        'Name its column in study.toml: columns = { stratum = "..." }, '
        "or take it out of strata.",
    ),
    "bands out of order": (
        "responses",
        "[compare]",
        "[[band]]\nfrom = 62\nlabel = {sv = 'a', en = 'b'}\n"
        "[[band]]\nfrom = 50\nlabel = {sv = 'a', en = 'b'}\n[compare]",
        "study.toml, line 27 [band] from: 50 is not above 62, where the band before begins. "
        "List the bands from the lowest to the highest.",
    ),
    "one pair of brackets": (
        "responses",
        "[compare]",
        "[band]\nfrom = 62\nlabel = {sv = 'a', en = 'b'}\n[compare]",
        "study.toml, line 23 [band]: one pair of brackets is too few. "
        "Write [[band]], since there may be several.",
    ),
    "title without a language": (
        "responses",
        'title.en = "The tiny survey"\n',
        "",
        "study.toml, line 2 [study] title: no text in 'en'. "
        'Add title.en = "...", or take the language out of languages.',
    ),
    "index without a language": (
        "responses",
        'label.en = "Satisfaction"\n',
        "",
        "study.toml, line 29 [index.satisfaction] label: no text in 'en'. "
        'Add label.en = "...", or take the language out of languages.',
    ),
    "role word without a language": (
        "responses",
        'labels.agency.en = "Office"\n',
        "",
        "study.toml, line 7 [study] labels.agency: no text in 'en'. "
        'Add agency.en = "...", or take the language out of languages.',
    ),
    "language twice": (
        "responses",
        'languages = ["sv", "en"]',
        'languages = ["sv", "en", "sv"]',
        "study.toml, line 4 [study] languages: 'sv' stands twice. Name each language once.",
    ),
    "file to fetch that is no source": (
        "responses",
        "[compare]",
        '[fetch]\npackage = "p"\ndataset = "d"\nfile = "scales.csv"\n[compare]',
        "study.toml, line 26 [fetch] file: 'scales.csv' is not the file of any [[source]]. "
        "Did you mean 'answers.csv'?",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_problem_of_the_settings_is_named(case, tmp_path):
    kind, old, new, expected = CASES[case]
    root, name = getattr(tiny, kind)(tmp_path)
    edit(root / name, "study.toml", old, new)
    assert only_problem((root, name)) == expected


def test_index_without_a_name_is_said(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "study.toml", "[index.satisfaction]", "[index]")
    assert (
        "study.toml, line 27 [index]: a name is missing in the section's heading. "
        "Write [index.<name>] with its keys below."
    ) in message((root, name))


def test_file_that_is_not_toml_is_named_with_its_line(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "study.toml", 'kind = "responses"', "kind = responses")
    assert only_problem((root, name)) == (
        "study.toml: this is not valid TOML: invalid value (at line 5, column 8). "
        'Text needs quotation marks, lists need brackets: title.en = "A title", items = ["a"].'
    )


def test_key_that_stands_twice_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "study.toml", "synthetic = true", "synthetic = true\nsynthetic = false")
    assert only_problem((root, name)) == (
        "study.toml: this is not valid TOML: cannot overwrite a value (at line 7, column 18). "
        "A key or section stands there twice: keep one."
    )


def test_settings_in_another_encoding_are_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    path = root / name / "study.toml"
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    assert only_problem((root, name)) == (
        "study.toml: the file is not in UTF-8. Save it as UTF-8 in your editor."
    )


def test_missing_settings_are_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "study.toml").unlink()
    assert only_problem((root, name)) == (
        "study.toml: the file is missing. `make new STUDY=tiny_responses` writes one to begin with."
    )


def test_empty_settings_name_all_that_is_needed(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "study.toml").write_text("", "utf-8")
    said = message((root, name))
    assert "study.toml: there is no [[source]]. Add one for each raw file." in said
    assert "study.toml: section [study] is missing. Add it." in said
    assert "study.toml: section [compare] is missing. Add it." in said


def test_missing_study_is_answered_with_a_proposal(tmp_path):
    root, name = tiny.responses(tmp_path)
    with pytest.raises(DataError) as caught:
        Study.load(root, "tiny_response")
    assert str(caught.value) == (
        f"{root}/tiny_response: there is no study 'tiny_response'. "
        "Did you mean 'tiny_responses'? `make new STUDY=tiny_response` begins a new one."
    )


def test_all_problems_of_all_files_come_together(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "study.toml", 'outcome = "satisfaction"', 'outcome = "x"')
    edit(root / name, "study.toml", "synthetic = true", "sinthetic = true")
    edit(root / name, "scales.csv", "agree5,3,3", "agree5,3,")
    edit(root / name, "agencies.csv", "Norr,Norr", "Norr,")
    (root / name / "SOURCE.md").unlink()
    (root / name / "answers.csv").unlink()
    lines = message((root, name)).splitlines()
    assert lines[0] == f"{root}/{name}: 6 problems"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "  - study.toml, line 6 [study] sinthetic",
        "  - agencies.csv, line 2",
        "  - SOURCE.md",
        "  - study.toml, line 12 [source] file",
        "  - study.toml, line 24 [compare] outcome",
        "  - scales.csv, line 4, column order",
    ]


def test_study_that_was_not_fetched_says_only_that(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(
        root / name,
        "study.toml",
        "[compare]",
        '[fetch]\npackage = "p"\ndataset = "d"\nfile = "answers.csv"\n[compare]',
    )
    (root / name / "answers.csv").unlink()
    assert only_problem((root, name)) == (
        "study.toml, line 23 [fetch]: 'answers.csv' has not been fetched. "
        "`make fetch STUDY=tiny_responses` writes it."
    )


def test_line_of_a_key_in_an_inline_table_is_that_of_the_table(tmp_path):
    root, name = tiny.published(tmp_path)
    edit(root / name, "study.toml", "agency =", "agancy =")
    assert "study.toml, line 13 [source] columns.agancy: 'agancy' is not" in message((root, name))

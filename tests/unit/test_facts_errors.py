"""Everything wrong in the CSV files of a study is said with its line, column and a remedy."""

import pytest

import tiny
from betyg.data.study import Study
from spoilt import edit, message, only_problem

# Each case: the file, its text, what replaces it, the whole message.
CASES = {
    "unknown scale": (
        "codebook.csv",
        "website,contact,agree5",
        "website,contact,agre5",
        "codebook.csv, line 3, column scale: 'agre5' is no scale of scales.csv. "
        "Did you mean 'agree5'?",
    ),
    "published scale": (
        "codebook.csv",
        "website,contact,agree5",
        "website,contact,0-100",
        "codebook.csv, line 3, column scale: '0-100' is for published values; kind responses "
        "needs answer categories. Name a scale of scales.csv.",
    ),
    "item twice": (
        "codebook.csv",
        "website,contact,agree5",
        "courtesy,contact,agree5",
        "codebook.csv, line 3: 'courtesy' stands on line 2 already. Keep one of them.",
    ),
    "item with the name of a role": (
        "codebook.csv",
        "website,contact",
        "group,contact",
        "codebook.csv, line 3, column item: 'group' cannot be an item's code: it is the name of "
        "a role. Choose another code; what the raw file calls it goes to crosswalk.csv, "
        "column column.",
    ),
    "item that is no word": (
        "codebook.csv",
        "website,contact",
        "q 1.2,contact",
        "codebook.csv, line 3, column item: 'q 1.2' cannot be an item's code: it is not letters, "
        "digits and _. Choose another code; what the raw file calls it goes to crosswalk.csv, "
        "column column.",
    ),
    "item without a code": (
        "codebook.csv",
        "website,contact",
        ",contact",
        "codebook.csv, line 3, column item: is missing. Add it.",
    ),
    "item without a label": (
        "codebook.csv",
        "Webbplats,Website",
        ",Website",
        "codebook.csv, line 3: no label in 'sv'. Fill in label_sv.",
    ),
    "missing column": (
        "codebook.csv",
        "item,theme,scale",
        "item,theme,skala",
        "codebook.csv, line 1: column 'scale' is missing. Is it the one called 'skala'?",
    ),
    "missing label column": (
        "codebook.csv",
        "label_sv,label_en",
        "label_sv,engelska",
        "codebook.csv, line 1: column 'label_en' is missing. Add it.",
    ),
    "unknown column": (
        "codebook.csv",
        "item,theme,scale",
        "item,tema,scale",
        "codebook.csv, line 1: unknown column 'tema'. Did you mean 'theme'?",
    ),
    "column twice": (
        "codebook.csv",
        "item,theme,scale",
        "item,label_en,scale",
        "codebook.csv, line 1: column 'label_en' stands twice. Remove one.",
    ),
    "row that is too long": (
        "codebook.csv",
        "Webbplats,Website",
        "Webbplats,Web, site",
        "codebook.csv, line 3: the row has 6 cells, but the file has 5 columns. "
        "Put a cell that holds the separator in quotation marks.",
    ),
    "unclosed quotation mark": (
        "codebook.csv",
        "Nöjd på",
        '"Nöjd på',
        "codebook.csv, line 4: the row cannot be read (unexpected end of data). "
        'Look for a stray or unclosed quotation mark (").',
    ),
    "answer without order": (
        "scales.csv",
        "agree5,3,3,answer",
        "agree5,3,,answer",
        "scales.csv, line 4, column order: the answer '3' of scale 'agree5' has no order. "
        "Number the answers from the worst (1) to the best, or correct kind.",
    ),
    "don't-know with order": (
        "scales.csv",
        "agree5,99,,dont_know",
        "agree5,99,6,dont_know",
        "scales.csv, line 7, column order: '99' is dont_know and has no place in the order. "
        "Leave order and score empty, or correct kind.",
    ),
    "order that is no number": (
        "scales.csv",
        "agree5,3,3,answer",
        "agree5,3,third,answer",
        "scales.csv, line 4, column order: 'third' will not do. It needs a whole number.",
    ),
    "unknown kind of code": (
        "scales.csv",
        "agree5,99,,dont_know",
        "agree5,99,,don't know",
        "scales.csv, line 7, column kind: 'don't know' is not allowed here. "
        "Did you mean 'dont_know'?",
    ),
    "code twice": (
        "scales.csv",
        "agree5,3,3,answer",
        "agree5,2,3,answer",
        "scales.csv, line 4: 'agree5 2' stands on line 3 already. Keep one of them.",
    ),
    "reserved scale": (
        "scales.csv",
        "scale,code,order,kind,label_sv,label_en\n",
        "scale,code,order,kind,label_sv,label_en\n0-100,x,1,answer,a,b\n",
        "scales.csv, line 2: '0-100' is a reserved name. Give the scale another name.",
    ),
    "unknown parent": (
        "agencies.csv",
        "code,label_sv,label_en\nnorr,Norr,Norr",
        "code,label_sv,label_en,parent\nnorr,Norr,Norr,sydd",
        "agencies.csv, line 2, column parent: 'sydd' is not in agencies.csv. Did you mean 'syd'?",
    ),
    "unknown successor": (
        "agencies.csv",
        "code,label_sv,label_en\nnorr,Norr,Norr",
        "code,label_sv,label_en,successor\nnorr,Norr,Norr,mit",
        "agencies.csv, line 2, column successor: 'mit' is not in agencies.csv. "
        "Did you mean 'mitt'?",
    ),
    "own parent": (
        "agencies.csv",
        "code,label_sv,label_en\nnorr,Norr,Norr",
        "code,label_sv,label_en,parent\nnorr,Norr,Norr,norr",
        "agencies.csv, line 2, column parent: 'norr' is, over its parents, its own parent. "
        "Leave parent empty for the topmost unit.",
    ),
    "end before beginning": (
        "agencies.csv",
        "code,label_sv,label_en\nnorr,Norr,Norr",
        "code,label_sv,label_en,valid_from,valid_to\nnorr,Norr,Norr,2012,2010",
        "agencies.csv, line 2, column valid_to: 2010 is before valid_from, 2012. "
        "Correct one of them.",
    ),
    "agency twice": (
        "agencies.csv",
        "mitt,Mitt,Mitt",
        "norr,Mitt,Mitt",
        "agencies.csv, line 3: 'norr' stands on line 2 already. Keep one of them.",
    ),
    "label of two agencies": (
        "agencies.csv",
        "mitt,Mitt,Mitt",
        "mitt,Norr,Mitt",
        "agencies.csv, line 3: 'Norr' stands for 'norr' and for 'mitt'. "
        "Every code, alias and label must belong to one unit.",
    ),
    "agency called all": (
        "agencies.csv",
        "mitt,Mitt,Mitt",
        "all,Mitt,Mitt",
        "agencies.csv, line 3, column code: 'all' cannot be a code. "
        "Use no spaces or slashes, and not 'all', which stands for all units together.",
    ),
    "activity with a slash": (
        "activities.csv",
        "plan,",
        "plan/bygg,",
        "activities.csv, line 2, column code: 'plan/bygg' cannot be a code. "
        "Use no spaces or slashes, and not 'all', which stands for all units together.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_problem_of_a_file_is_named(case, tmp_path):
    file, old, new, expected = CASES[case]
    root, name = tiny.responses(tmp_path)
    edit(root / name, file, old, new)
    assert expected in message((root, name)).splitlines()[1].removeprefix("  - ")


def test_one_bad_row_does_not_make_its_code_unknown(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "codebook.csv", "overall,,grade10", "overall,,")
    assert only_problem((root, name)) == "codebook.csv, line 4, column scale: is missing. Add it."


def test_file_in_another_encoding_is_named_with_its_line(tmp_path):
    root, name = tiny.responses(tmp_path)
    path = root / name / "codebook.csv"
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    assert only_problem((root, name)) == (
        "codebook.csv, line 2: the file is not in UTF-8. "
        "Save it from the spreadsheet as 'CSV UTF-8'."
    )


@pytest.mark.parametrize("file", ["codebook.csv", "agencies.csv"])
def test_missing_facts_file_is_named(file, tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / file).unlink()
    assert only_problem((root, name)) == (
        f"{file}: the file is missing. Add it to tiny_responses/."
    )


def test_study_without_scales_names_each_item(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "scales.csv").unlink()
    said = message((root, name)).splitlines()
    assert said[1:] == [
        f"  - codebook.csv, line {line}, column scale: '{scale}' is no scale of scales.csv. "
        "Add its codes to scales.csv."
        for line, scale in ((2, "agree5"), (3, "agree5"), (4, "grade10"))
    ]


def test_published_value_needs_its_scale(tmp_path):
    root, name = tiny.published(tmp_path)
    edit(root / name, "codebook.csv", "0-100", "grade10")
    assert only_problem((root, name)) == (
        "codebook.csv, line 2, column scale: 'grade10' cannot be the scale of a published value. "
        "Write 0-100."
    )


def test_years_of_an_item_are_in_order(tmp_path):
    root, name = tiny.published(tmp_path)
    (root / name / "codebook.csv").write_text(
        "item,scale,year_from,year_to,label_sv,label_en\noverall,0-100,2012,2011,A,A\n", "utf-8"
    )
    assert only_problem((root, name)) == (
        "codebook.csv, line 2, column year_to: 2011 is before year_from, 2012. Correct one of them."
    )


def test_parents_in_a_ring_are_named(tmp_path):
    root, name = tiny.published(tmp_path)
    (root / name / "agencies.csv").write_text(
        "code,parent,label_sv,label_en\nnorr,mitt,N,N\nmitt,norr,M,M\nsyd,norr,S,S\n", "utf-8"
    )
    lines = message((root, name)).splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == [
        "  - agencies.csv, line 2, column parent",
        "  - agencies.csv, line 3, column parent",
    ]


def scales_with_scores(root, name, scores):
    rows = "".join(f"agree5,{i},{i},{score},a{i},b{i}\n" for i, score in enumerate(scores, 1))
    (root / name / "scales.csv").write_text(
        f"scale,code,order,score,label_sv,label_en\n{rows}grade10,1,1,,c,c\ngrade10,2,2,,d,d\n",
        "utf-8",
    )


def test_scores_of_a_scale_can_be_given(tmp_path):
    root, name = tiny.responses(tmp_path)
    scales_with_scores(root, name, (0, 10, 100))
    assert Study.load(root, name).scale_of("website").scores == (0.0, 10.0, 100.0)


@pytest.mark.parametrize("scores", [(0, 10, ""), (0, 10, 10), (10, 0, 100)])
def test_scores_are_complete_and_increasing(scores, tmp_path):
    root, name = tiny.responses(tmp_path)
    scales_with_scores(root, name, scores)
    assert only_problem((root, name)) == (
        "scales.csv, line 2: the scores of scale 'agree5' are not complete and increasing. "
        "Give every answer a score 0-100 that grows with order, or none."
    )


def test_scale_of_one_answer_is_named(tmp_path):
    root, name = tiny.responses(tmp_path)
    scales_with_scores(root, name, ("",))
    assert only_problem((root, name)) == (
        "scales.csv, line 2: scale 'agree5' has fewer than two answers in order. "
        "An answer scale needs at least two."
    )


def test_line_is_that_of_the_file_when_a_cell_spans_lines(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "codebook.csv", "Webbplats,Website", '"Webb\n\nplats",Website')
    edit(root / name, "codebook.csv", "overall,,grade10", "overall,,grade1")
    assert only_problem((root, name)).startswith("codebook.csv, line 6, column scale: 'grade1'")
    edit(root / name, "codebook.csv", "grade1,", "grade10,")
    assert Study.load(root, name).item("website").label["sv"] == "Webb plats"

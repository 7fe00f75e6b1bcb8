"""A study is loaded into frozen objects that answer simple questions."""

import time

import pandas as pd
import pytest
from pydantic import ValidationError

import tiny
from betyg.data.codebook import Category, Scale, normal
from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.data.sums import write_sums
from betyg.errors import DataError
from spoilt import edit


@pytest.fixture
def survey(tmp_path):
    return Study.load(*tiny.responses(tmp_path))


@pytest.mark.parametrize("kind", ["responses", "counts", "published"])
def test_each_kind_loads(kind, tmp_path):
    survey = Study.load(*getattr(tiny, kind)(tmp_path))
    assert survey.kind == kind
    assert survey.languages == ("sv", "en")
    assert survey.agency_codes == tiny.AGENCIES
    assert survey.synthetic


def test_a_study_cannot_be_changed(survey):
    with pytest.raises(ValidationError, match="frozen"):
        survey.kind = "counts"
    with pytest.raises(ValidationError, match="frozen"):
        survey.items[0].scale = "other"


def test_defaults_are_those_of_the_page(survey):
    assert (survey.disclosure.show, survey.disclosure.rank) == (7, 20)
    assert survey.disclosure.response_rate == 0.40
    assert survey.design.strata == ("agency", "year", "activity")
    assert survey.design.lonely == "adjust"
    assert survey.cleaning.model_dump() == {
        "duplicates": "error",
        "out_of_range": "error",
        "unknown_agency": "error",
        "repeats": "error",
    }
    assert (survey.compare.inference, survey.compare.margin) == ("performance", 5.0)


def test_source_says_how_the_file_is_written(survey):
    (source,) = survey.sources
    assert (source.id, source.format, source.encoding) == ("answers.csv", "csv", "cp1252")
    assert (source.delimiter, source.decimal, source.empty) == (";", ",", ("",))
    assert source.columns["agency"] == "KONTOR"
    assert source.gives("weight")
    assert not source.gives("group")


def test_second_source_on_one_file_is_numbered(tmp_path):
    root, name = tiny.responses(tmp_path)
    text = (root / name / "study.toml").read_text("utf-8")
    block = text[text.index("[[source]]") : text.index("[compare]")]
    edit(root / name, "study.toml", "[compare]", block + "[compare]")
    assert [source.id for source in Study.load(root, name).sources] == [
        "answers.csv",
        "answers.csv#2",
    ]


def test_tab_separated_file_needs_no_delimiter(tmp_path):
    root, name = tiny.published(tmp_path)
    (root / name / "answers.csv").rename(root / name / "answers.tsv")
    edit(root / name, "study.toml", "answers.csv", "answers.tsv")
    write_sums(root / name)
    assert Study.load(root, name).sources[0].delimiter == "\t"


def test_constant_of_a_file_is_read_as_its_code(tmp_path):
    root, name = tiny.published(tmp_path)
    edit(root / name, "study.toml", 'agency = "office", ', "")
    edit(root / name, "study.toml", "columns", 'agency = "Söder"\ncolumns')
    assert Study.load(root, name).sources[0].agency == "syd"


def test_codes_without_quotes_are_text(tmp_path):
    root, name = tiny.counts(tmp_path)
    edit(root / name, "study.toml", 'c1 = "1"', "c1 = 1")
    assert Study.load(root, name).sources[0].categories["c1"] == "1"


def test_labels_fall_back_on_the_first_language(survey):
    assert survey.label(survey.agency("syd"), "en") == "Söder"
    assert survey.label(survey.title, "en") == "The tiny survey"
    assert survey.label(survey.title, "fi") == "Den lilla undersökningen"
    with pytest.raises(TypeError, match="int has no label"):
        survey.label(3, "sv")


def test_roles_have_the_studys_words_or_usual_ones(survey):
    assert survey.role_label("agency", "sv") == "Kontor"
    assert survey.role_label("activity", "sv") == "Verksamhet"
    assert survey.role_label("year", "en") == "Year"


def test_themes_make_indices_after_the_named_ones(survey):
    assert [index.name for index in survey.composites] == ["satisfaction", "theme.contact"]
    assert survey.item("theme.contact").items == ("courtesy", "website")
    assert isinstance(survey.item("satisfaction"), Index)


def test_theme_without_index_makes_none(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "themes.csv").write_text(
        "theme,index,label_sv,label_en\ncontact,no,Kontakt,Contact\n", "utf-8"
    )
    assert [index.name for index in Study.load(root, name).composites] == ["satisfaction"]


def test_published_values_make_no_indices(tmp_path):
    root, name = tiny.published(tmp_path)
    edit(root / name, "codebook.csv", "overall,,", "overall,total,")
    assert Study.load(root, name).composites == ()


def test_unknown_code_is_answered_with_a_proposal(survey):
    with pytest.raises(DataError, match="no item 'curtesy'. Did you mean 'courtesy'"):
        survey.item("curtesy")
    with pytest.raises(DataError, match="no agency 'nord'. Did you mean 'norr'"):
        survey.agency("nord")
    with pytest.raises(DataError, match="no activity 'plans'. Did you mean 'plan'"):
        survey.activity("plans")
    with pytest.raises(DataError, match="no group 'x'"):
        survey.group("x")


def test_total_is_kept_out_of_the_agencies(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "agencies.csv").write_text(
        "code;label_sv;label_en;parent\nall_offices;Alla;All;\n"
        "norr;Norr;North;all_offices\nmitt;Mitt;Middle;all_offices\nsyd;Söder;South;\n",
        "utf-8-sig",
    )
    survey = Study.load(root, name)
    assert survey.is_total("all_offices")
    assert not survey.is_total("norr")
    assert survey.agency_codes == ("norr", "mitt", "syd")


def test_units_are_recognised_by_code_alias_and_label(tmp_path):
    root, name = tiny.responses(tmp_path)
    edit(root / name, "agencies.csv", "code,label_sv,label_en", "code,label_sv,label_en,aliases")
    edit(root / name, "agencies.csv", "syd,Söder,Söder", "syd,Söder,South,3|S  Y D")
    spellings = Study.load(root, name).spellings("agency")
    assert {text for text, code in spellings.items() if code == "syd"} == {
        "syd",
        "Söder",
        "South",
        "3",
        "S Y D",
    }


def test_spelling_is_compared_after_normalisation():
    assert normal("  So\u0308der\u00a0 om ") == "Söder om"


def test_frame_is_typed_even_without_rows(survey):
    assert len(survey.frame) == 0
    assert survey.frame["population"].dtype == "float64"
    assert survey.frame["year"].dtype == "Int64"


def test_frame_holds_sizes_and_empty_codes(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "frame.csv").write_text(
        "year,agency,population,sample\n2011,norr,1000,\n2012,syd,800,80\n", "utf-8"
    )
    expected = pd.DataFrame(
        {
            "year": pd.array([2011, 2012], dtype="Int64"),
            "agency": pd.array(["norr", "syd"], dtype="str"),
            "activity": pd.array(["", ""], dtype="str"),
            "group": pd.array(["", ""], dtype="str"),
            "stratum": pd.array(["", ""], dtype="str"),
            "population": [1000.0, 800.0],
            "sample": [float("nan"), 80.0],
            "respondents": [float("nan")] * 2,
        }
    )
    pd.testing.assert_frame_equal(Study.load(root, name).frame, expected)


def category(code, order=None, kind="answer", score=None):
    label = {"en": f"Answer {code}"}
    return Category(scale="s", code=code, order=order, kind=kind, score=score, label=label)


def test_answers_are_numbered_from_one_by_order():
    scale = Scale.build(
        "s",
        [category("c", 16), category("a", 3), category("dk", kind="dont_know"), category("b", 9)],
    )
    assert [answer.code for answer in scale.answers] == ["a", "b", "c"]
    assert [answer.order for answer in scale.answers] == [1, 2, 3]
    assert scale.k == 3
    assert scale.scores == (0.0, 50.0, 100.0)
    assert scale.by_code["dk"].order is None


def test_two_codes_can_share_a_place():
    scale = Scale.build("s", [category("1", 1), category("01", 1), category("2", 2)])
    assert scale.k == 2
    assert scale.by_code["01"].order == 1


def test_score_of_a_place_outside_the_scale_is_refused():
    scale = Scale.build("s", [category("1", 1), category("2", 2)])
    assert scale.score(2) == 100.0
    with pytest.raises(IndexError, match="scale s has positions 1 to 2, not 0"):
        scale.score(0)


def test_a_scale_can_have_scores_of_its_own():
    scale = Scale.build("s", [category("1", 1, score=0), category("2", 2, score=80)])
    assert scale.score(2) == 80.0


def test_a_study_of_usual_size_loads_in_a_moment(tmp_path):
    root, name = tiny.responses(tmp_path)
    folder = root / name
    for file, code in (("agencies.csv", "a"), ("activities.csv", "v")):
        with (folder / file).open("a", encoding="utf-8") as opened:
            opened.writelines(f"{code}{i},{code} nummer {i},{code} number {i}\n" for i in range(25))
    with (folder / "crosswalk.csv").open("w", encoding="utf-8") as opened:
        opened.write("item,year,column\n")
        opened.writelines(f"{i},{y},{i}_{y}\n" for i in tiny.ITEMS for y in range(1900, 2000))
    with (folder / "answers.csv").open("ab") as opened:
        opened.write(b";" * 5_000_000)
    write_sums(folder)
    took = []
    for _ in range(5):  # the machine may be busy
        start = time.perf_counter()
        Study.load(root, name)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.3

"""Which notebook runs for which study, and what is refused before anything runs."""

from pathlib import Path
from typing import Any

import pytest

from betyg.build.outline import Outline, outline
from betyg.build.plan import Choice, Job, chosen, folders, jobs, table_problems
from betyg.errors import DataError, ParameterError
from toy import CLEAN, REPORT, Cell, write_notebook

TOML = '[study]\nlanguages = ["sv", "en"]\nsynthetic = true\n'


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for name, text in {"one": TOML, "two": TOML.replace('"en"', '"fi"')}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.toml").write_text(text)
    (tmp_path / "no_study").mkdir()
    return tmp_path


def notebooks(folder: Path, **cells: tuple[Cell, ...]) -> dict[Path, Outline]:
    stems = {f"{name[1:]}": part for name, part in cells.items()}
    paths = [write_notebook(folder / f"{stem}.ipynb", part) for stem, part in stems.items()]
    return {path: outline(path) for path in sorted(paths)}


def planned(
    raw: Path, tmp_path: Path, name: str = "one", **choice: Any
) -> tuple[list[Job], list[str]]:
    found = notebooks(tmp_path / "nb", _01_clean=CLEAN, _05_report=REPORT)
    return jobs(folders(raw)[name], found, Choice(**{"values": {}, **choice}))


def add(raw: Path, text: str, name: str = "one") -> None:
    path = raw / name / "study.toml"
    path.write_text(path.read_text() + text)


def test_every_folder_with_a_study_toml_is_a_study(raw: Path) -> None:
    found = folders(raw)
    assert list(found) == ["one", "two"]
    assert found["two"].languages == ("sv", "fi")
    assert found["two"].synthetic


def test_a_study_whose_data_were_not_fetched_is_left_out_until_asked_for(raw: Path) -> None:
    add(raw, '[fetch]\nfile = "data.csv"\n')
    assert list(folders(raw)) == ["two"]
    with pytest.raises(ParameterError, match="`make fetch STUDY=one` writes them"):
        chosen(Choice(study="one", values={}), raw)
    (raw / "one" / "data.csv").write_text("x")
    assert list(folders(raw)) == ["one", "two"]


def test_a_study_toml_that_cannot_be_read_is_kept_for_its_preflight(raw: Path) -> None:
    (raw / "one" / "study.toml").write_text("[study\n")
    assert folders(raw)["one"].languages == ()


def test_a_folder_name_that_breaks_links_is_refused(raw: Path) -> None:
    (raw / "one").rename(raw / "my study")
    with pytest.raises(DataError, match="my study: the name of a study's folder"):
        folders(raw)


def test_files_of_a_study_leave_out_what_editors_leave_behind(raw: Path) -> None:
    for name in (".hidden", "~$open.xlsx", "answers.csv"):
        (raw / "one" / name).write_text("")
    (raw / "one" / ".ipynb_checkpoints").mkdir()
    (raw / "one" / ".ipynb_checkpoints" / "a.csv").write_text("")
    assert [path.name for path in folders(raw)["one"].files()] == ["answers.csv", "study.toml"]


def test_an_unknown_study_or_language_brings_the_list(raw: Path) -> None:
    with pytest.raises(ParameterError, match=r"STUDY=ones.*Did you mean 'one'\?.*one, two"):
        chosen(Choice(study="ones", values={}), raw)
    with pytest.raises(ParameterError, match=r"LANGUAGE=de.*en, fi, sv"):
        chosen(Choice(language="de", values={}), raw)
    with pytest.raises(ParameterError, match=r"LANGUAGE=fi: one has no such language.*en, sv"):
        chosen(Choice(study="one", language="fi", values={}), raw)
    assert [study.name for study in chosen(Choice(language="fi", values={}), raw)] == ["one", "two"]


def test_a_notebook_with_a_language_runs_once_in_each(raw: Path, tmp_path: Path) -> None:
    found, problems = planned(raw, tmp_path)
    assert [job.label for job in found] == ["01_clean", "05_report-sv", "05_report-en"]
    assert problems == []
    only, _ = planned(raw, tmp_path, language="sv")
    assert [job.label for job in only] == ["01_clean", "05_report-sv"]


def test_a_notebook_with_an_agency_runs_once_for_each_that_is_no_total(
    raw: Path, tmp_path: Path
) -> None:
    (raw / "one/agencies.csv").write_text("code,label_sv,parent\nall,Alla,\na,A,all\nb,B,all\n")
    cell = ("code", 'agency: str = "a"\nlanguage: str = "sv"', "parameters")
    known = notebooks(tmp_path / "nb", _06_brief=(cell,))
    found, _ = jobs(folders(raw)["one"], known, Choice(values={}))
    assert [job.label for job in found] == [
        "06_brief-a-sv", "06_brief-a-en", "06_brief-b-sv", "06_brief-b-en",
    ]  # fmt: skip
    only, _ = jobs(folders(raw)["one"], known, Choice(values={"agency": "b"}, language="sv"))
    assert [job.label for job in only] == ["06_brief-b-sv"]


def test_published_figures_are_too_little_for_briefs(raw: Path) -> None:
    (raw / "one/agencies.csv").write_text("code,label_sv\na,A\n")
    assert folders(raw)["one"].agencies == ("a",)
    (raw / "one/study.toml").write_text(TOML + 'kind = "published"\n')
    assert folders(raw)["one"].agencies == ()


def test_a_study_without_the_language_that_was_chosen_has_no_page(
    raw: Path, tmp_path: Path
) -> None:
    found, _ = planned(raw, tmp_path, language="fi")
    assert [job.label for job in found] == ["01_clean"]


def test_values_come_from_the_study_and_the_command_line_wins(raw: Path, tmp_path: Path) -> None:
    add(raw, "[parameters.05_report]\nyear_from = 2012\n")
    assert planned(raw, tmp_path)[0][1].values == {"year_from": 2012}
    found, _ = planned(raw, tmp_path, values={"year_from": 2013})
    assert [dict(job.values) for job in found[:2]] == [{}, {"year_from": 2013}]
    assert found[1].below("reports", "x") == Path("reports/one/variants/year_from=2013/x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[parameters.05_report]\nyer_from = 1", "no notebook declares a parameter 'yer_from'"),
        ("[parameters.05_report]\nyear_from = 'x'", "declared as int, but 'x' is a str"),
        ("[parameters.05_reprt]\nyear_from = 1", "no notebook of that name. Did you mean '05_rep"),
        ("[parameters.05_report]\nout = 'x'", "make itself gives 'out'"),
    ],
)
def test_a_wrong_value_in_study_toml_is_that_studys_problem(
    raw: Path, tmp_path: Path, text: str, said: str
) -> None:
    add(raw, text)
    (problem,) = planned(raw, tmp_path)[1]
    assert said in problem
    assert "one/study.toml [parameters." in problem
    assert planned(raw, tmp_path, name="two")[1] == []


WRITE = ("code", 'store.write(frame, "cells", out)')
READ = ("code", 'store.read("cells", tables)')


def test_tables_that_fit_together_pass(tmp_path: Path) -> None:
    assert table_problems(notebooks(tmp_path, _01_a=(WRITE, READ), _02_b=(READ,))) == []


def test_a_table_that_nobody_writes_is_named_with_its_reader(tmp_path: Path) -> None:
    wrong = notebooks(tmp_path, _01_a=(WRITE,), _02_b=(("code", 'store.read("cels", tables)'),))
    (said,) = table_problems(wrong)
    assert "02_b.ipynb reads table 'cels', which no notebook writes" in said
    assert "Did you mean 'cells'?" in said


def test_a_table_with_two_writers_names_both(tmp_path: Path) -> None:
    (said,) = table_problems(notebooks(tmp_path, _01_a=(WRITE,), _02_b=(WRITE,)))
    assert said.startswith("table 'cells' is written by 01_a.ipynb and 02_b.ipynb.")


def test_a_table_read_before_it_is_written_is_refused(tmp_path: Path) -> None:
    (said,) = table_problems(notebooks(tmp_path, _01_a=(READ,), _02_b=(WRITE,)))
    assert said.startswith("01_a.ipynb reads table 'cells' before 02_b.ipynb writes it.")

"""make diff: which published numbers moved since a commit, and because of what."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

from betyg.build import ingredients, since
from betyg.data.sums import write_sums
from faulty import ANSWERS, copy_of, swedish
from toy import REPORT, Project, write_notebook

OWN = '''"""What the notebook computes."""


def mean(answers):
    total = answers.sum()
    return total / len(answers)
'''
REFACTORED = '''"""What the notebook computes."""


def mean(answers):
    # the plain one
    everything = answers.sum()
    return everything / len(answers)
'''
IMPORTS = """from IPython.display import Markdown
from betyg.data import store
from betyg.publish import table
from betyg.publish.language import Language
from own import mean"""
MEANS = """shown = answers[answers.AR >= year_from].dropna()
means = shown.groupby(["KONTOR", "AR"], as_index=False)["overall"].agg(estimate=mean, n="count")
columns = [table.Column(source="KONTOR", label="Kontor"),
           table.Column(source="AR", label="År", kind="year"),
           table.Column(source="estimate", label="Medel", kind="score"),
           table.Column(source="n", label="Svar", kind="count")]
table.build(means, columns, Language(language), name="means", caption="Medel")"""
PUBLISHING = (*REPORT[:2], ("code", IMPORTS), *REPORT[3:6], ("code", MEANS))
KEPT = "reports/one/notebooks/05_report-sv.ipynb"


def git(project: Project, *arguments: str) -> str:
    who = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=project.folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project under git whose report has one table, then refactored and compared."""
    project = swedish(tmp_path_factory.mktemp("since") / "committed")
    write_notebook(project.folder / "notebooks/05_report.ipynb", PUBLISHING)
    (project.folder / "notebooks/own.py").write_text(OWN)
    (project.folder / ".gitignore").write_text(
        "/build/\n/reports/\n/data/processed/\n__pycache__/\n"
    )
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "first")
    (project.folder / "notebooks/own.py").write_text(REFACTORED)
    return project


def diff(project: Project, ref: str = "HEAD") -> list[str]:
    result = project.make("diff", "STUDY=one", f"REF={ref}", BETYG_IS_WARM="1")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()


def means(project: Project) -> dict[tuple[str, int], tuple[float, int]]:
    cells = json.loads((project.folder / KEPT).read_text("utf-8"))["cells"]
    [[shown]] = (cells[-1]["outputs"][0]["data"]["application/vnd.betyg.tables+json"],)
    office, year, mean, n = (column["values"] for column in shown["columns"])
    return {key[:2]: key[2:] for key in zip(office, year, mean, n, strict=True)}


def edit_an_answer(project: Project) -> None:
    """Give another grade to one respondent of Norr in 2012, and accept the file as it is."""
    answers = project.folder / ANSWERS
    lines = answers.read_bytes().decode("cp1252").splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if ";Norr;2012;" in line and "99" not in line)
    cells = lines[number].rstrip("\n").split(";")
    cells[-1] = "1" if cells[-1] != "1" else "2"
    lines[number] = ";".join(cells) + "\n"
    answers.write_bytes("".join(lines).encode("cp1252"))
    write_sums(answers.parent)


def test_a_refactoring_moves_nothing_and_an_edited_row_what_rests_on_it_because_of_the_data(
    committed: Project, tmp_path: Path
) -> None:
    assert diff(committed) == ["one: 0 of 12 values moved since HEAD; other than then: code"]
    before = means(committed)
    project = copy_of(committed, tmp_path / "edited")
    edit_an_answer(project)
    *told, last = diff(project)
    after = means(project)
    assert {key for key in after if after[key] != before[key]} == {("Norr", 2012)}
    old, new = before["Norr", 2012][0], after["Norr", 2012][0]
    assert told == [f"means: Norr 2012, Medel: {old} -> {new} (data)"]
    assert last == "one: 1 of 12 values moved since HEAD; other than then: data, code"


def test_a_published_folder_is_compared_if_it_is_what_its_manifest_says(
    committed: Project, tmp_path: Path
) -> None:
    project = copy_of(committed, tmp_path / "published")
    git(project, "commit", "--quiet", "--all", "--message", "second")
    result = project.make("-j2", "report")
    assert result.returncode == 0, result.stderr
    place = (project.folder / "reports/one").rename(tmp_path / "elsewhere") / "manifest.json"
    changed(project, "notebooks/own.py", "return", "return 1 +")
    *told, last = diff(project, str(place))
    assert len(told) == 6
    assert all(line.endswith(" (code)") for line in told)
    assert last == f"one: 6 of 12 values moved since {place}; other than then: code"
    right = place.read_text("utf-8")
    commits = [git(project, "rev-parse", name).strip() for name in ("HEAD", "HEAD~1")]
    place.write_text(right.replace(*commits), "utf-8")
    said = project.make("diff", "STUDY=one", f"REF={place}").stderr
    assert "was made from files that are in no commit: notebooks/own.py." in said
    place.with_name("notebooks").joinpath("05_report-sv.ipynb").write_text("{}")
    said = project.make("diff", "STUDY=one", f"REF={place}").stderr
    assert "not as it was published: notebooks/05_report-sv.ipynb. Nothing compared." in said


PACKAGE = "webcolors"  # of the lock file; nothing here needs it
OLDER = "11.5"
COUNTING = (
    *REPORT[:2],
    ("code", f"{IMPORTS}\nfrom importlib import metadata"),
    *REPORT[3:6],
    ("code", MEANS.replace("columns = [", f"""means["n"] += int(metadata.version("{PACKAGE}")[:2])
columns = [""")),
)  # fmt: skip


def older_environment(folder: Path) -> None:
    """Make the .venv of a folder: today's packages but one, as make would have set it up."""
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    [own] = venv.glob("lib/*/site-packages")
    (own / "others.pth").write_text(sysconfig.get_path("purelib"))
    (own / f"{PACKAGE}-{OLDER}.dist-info").mkdir()
    (own / f"{PACKAGE}-{OLDER}.dist-info/METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {OLDER}\n"
    )
    shutil.copy(folder / "requirements.lock", venv)
    (venv / "betyg-is-set-up").touch()


def test_what_another_version_of_a_package_moves_is_told_apart_from_what_the_data_move(
    tmp_path: Path,
) -> None:
    project = swedish(tmp_path / "packages")
    write_notebook(project.folder / "notebooks/05_report.ipynb", COUNTING)
    (project.folder / "notebooks/own.py").write_text(OWN)
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    then = metadata.version(PACKAGE)
    changed(project, "requirements.lock", f"{PACKAGE}=={then}", f"{PACKAGE}=={OLDER}")
    git(project, "commit", "--quiet", "--all", "--message", "older")
    changed(project, "requirements.lock", f"{PACKAGE}=={OLDER}", f"{PACKAGE}=={then}")
    commit = git(project, "rev-parse", "HEAD").strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        older_environment(since._checked_out(commit, "one"))
    edit_an_answer(project)
    *told, last = diff(project)
    assert last == "one: 7 of 12 values moved since HEAD; other than then: data, environment"
    assert [line.rpartition(" ")[2] for line in told if "Medel: " in line] == ["(data)"]
    assert [line.rpartition(" ")[2] for line in told if "Svar: " in line] == ["(environment)"] * 6


def test_an_unknown_revision_is_told_with_what_there_may_be(committed: Project) -> None:
    result = committed.make("diff", "STUDY=one", "REF=nowhere")
    assert result.returncode == 2
    assert "REF=nowhere: git knows no such revision, and there is no such file." in result.stderr
    assert "make diff REF=main" in committed.make("diff", "STUDY=one").stderr


def test_a_study_that_was_never_committed_is_told_with_the_remedy(
    committed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = committed.folder / "data/raw"
    shutil.copytree(folder / "one", folder / "later")
    result = committed.make("diff", "STUDY=later", "REF=HEAD")
    assert result.returncode == 2
    assert "has no data/raw/later, so that there is nothing to compare with." in result.stderr
    assert "git add data/raw/later" in result.stderr and "fatal" not in result.stderr
    shutil.rmtree(folder / "later")
    monkeypatch.chdir(committed.folder)
    assert since.known("HEAD", ["one", "later"]) == ["one"]


def changed(project: Project, path: str, old: str, new: str) -> None:
    text = (project.folder / path).read_text("utf-8")
    assert old in text
    (project.folder / path).write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("kind", "path", "old", "new"),
    [
        ("data", "data/raw/one/agencies.csv", "Norr", "Nord"),
        ("data", "data/raw/one/study.toml", 'encoding = "cp1252"', 'encoding = "latin-1"'),
        ("parameters", "data/raw/one/study.toml", "adjust_for", "# adjust_for"),
        ("parameters", "notebooks/05_report.ipynb", "int = 2011", "int = 2012"),
        ("code", "notebooks/05_report.ipynb", "KONTOR", "VERK"),
        ("code", "notebooks/own.py", "sum()", "sum() + 1"),
        ("environment", "requirements.lock", "numpy==", "numpy==9"),
    ],
)
def test_each_kind_of_change_is_known_and_can_be_taken_alone(
    committed: Project, tmp_path: Path, kind: str, path: str, old: str, new: str
) -> None:
    then = committed.folder
    project = copy_of(committed, tmp_path / "now")
    changed(project, path, old, new)
    now = project.folder
    assert ingredients.differing(then, now, "one") == [kind]
    for taken in ingredients.KINDS:
        mixed = tmp_path / taken
        ingredients.mix(mixed, then, now, "one", of_new=[taken])
        apart = ingredients.differing(then, mixed, "one")
        assert apart == ([kind] if taken == kind else [])
    assert os.listdir(tmp_path / kind / "data/raw") == ["one"]

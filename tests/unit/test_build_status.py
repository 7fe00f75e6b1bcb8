"""What is stale after which edit, on our own notebooks, which are taken as having run."""

import ast
import functools
import json
import os
import shutil
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tiny
from betyg.build import decisions, engine, fingerprint, kernel, record, runs, status
from betyg.build.fingerprint import sha256
from betyg.build.plan import Choice
from betyg.errors import ParameterError

ROOT = Path(__file__).parents[2]
PAGES = {"05_report-sv", "05_report-en"}
BRIEFS = {f"06_brief-{agency}-{code}" for agency in tiny.AGENCIES for code in ("sv", "en")}
STEPS = {"01_clean", "02_results", "03_models", "04_drivers"}
ALL = STEPS | PAGES | BRIEFS
CANONICAL = Choice(values={})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two studies in which every notebook is taken as having run, and a package to be edited."""
    folder = tmp_path_factory.mktemp("status")
    for study in ("one", "two"):
        root, name = tiny.responses(folder / "data", respondents=20)
        (root / name).rename(root / study)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(fingerprint, "PACKAGE", folder / "src/betyg")
        known, _ = engine.look(CANONICAL)
        for run in known.runs:
            take_as_run(run)
        time.sleep(2.1)  # until the files may be taken from memory
        yield folder


def take_as_run(run: runs.Run) -> None:
    for table in run.tables:
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(f"{table}")
    shutil.copy(run.job.notebook, run.executed)
    read, wrote = ({str(path): sha256(Path(path)) for path in paths}
                   for paths in (run.facts["reads"], [*run.tables, run.executed]))  # fmt: skip
    record.keep(run.facts, read=read, found={}, wrote=wrote)


@pytest.fixture
def editing(built: Path) -> Iterator[Any]:
    """Edit files, and undo all edits at the end: then every notebook is fresh again."""
    before: dict[Path, bytes] = {}

    def edit(name: str, old: str, new: str) -> None:
        path = built / name
        before.setdefault(path, path.read_bytes())
        text = path.read_text("latin-1")
        assert old in text
        path.write_text(text.replace(old, new, 1), "latin-1")

    yield edit
    for path, content in before.items():
        path.write_bytes(content)
    assert stale() == {}


def found(choice: Choice = CANONICAL) -> list[status.State]:
    known, _ = engine.look(choice)
    return status.states(known.runs, known.hashes)


def stale(choice: Choice = CANONICAL) -> dict[str, set[str]]:
    """Return the labels of each kind that is not fresh, over both studies."""
    kinds: dict[str, set[str]] = {}
    for state in found(choice):
        if state.kind != "fresh":
            label = f"{state.run.job.study.name} {state.run.job.label}"
            kinds.setdefault(state.kind, set()).add(label)
    return kinds


def why(notebook: str = "", choice: Choice = CANONICAL) -> list[str]:
    known, _ = engine.look(choice)
    states = status.states(known.runs, known.hashes)
    return list(status.reasons(states, known.modules, notebook=notebook))


def of(*studies: str, labels: set[str]) -> set[str]:
    return {f"{study} {label}" for study in studies for label in labels}


BOTH = ("one", "two")


def test_what_has_run_is_fresh(built: Path) -> None:
    assert stale() == {}
    assert why() == ["Nothing would run: every notebook is fresh."]
    assert why("03_models") == [
        f"{study} 03_models is fresh: nothing that it depends on has changed." for study in BOTH
    ]


def test_what_has_not_been_touched_is_not_read_again(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale()
    read: list[Path] = []
    for name in ("sha256", "_module"):
        usual = getattr(fingerprint, name)
        noted = functools.partial(lambda usual, path: (read.append(path), usual(path))[1], usual)
        monkeypatch.setattr(fingerprint, name, noted)
    stale()
    assert {path.parent.name for path in read} == {"build"}, "what reads knows its own version"
    assert {path.name for path in read} == {"fingerprint.py", "outline.py"}


def test_a_study_with_wrong_values_is_told_of(editing: Any) -> None:
    wrong = "[parameters.03_models]\nyer_from = 1\n\n[compare]"
    editing("data/raw/two/study.toml", "[compare]", wrong)
    lines = list(status.status(CANONICAL))
    told = lines[lines.index("two") + 1 :]
    assert told[0].startswith(
        "  preflight                  failed   data/raw/two/study.toml [param"
    )
    assert "Did you mean 'year_from'?" in told[0]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("src/betyg/stats/drivers.py", '"""', '"""More words: '),
        ("src/betyg/publish/heatmap.py", "\n\n\n", "\n\n\n# a comment\n"),
        ("src/betyg/publish/template/style.css", "{", "{ color: red;"),
        ("src/betyg/data/new_study/SOURCE.md", "#", "# More"),
        ("src/betyg/data/skeleton.py", "def create(", "x = 1\n\n\ndef create("),
        ("src/betyg/build/failure.py", "def of(", "x = 1\n\n\ndef of("),
        ("src/betyg/build/record.py", "def of(", "x = 1\n\n\ndef of("),
        ("src/betyg/build/manifest.py", "def add(", "x = 1\n\n\ndef add("),
        ("notebooks/05_report.ipynb", '"source": [\n    "# ', '"source": [\n    "# More '),
        ("notebooks/03_models.ipynb", "# first year used", "# the first of the years used"),
        ("notebooks/03_models.ipynb", '"metadata": {}', '"metadata": {"collapsed": true}'),
    ],
    ids=lambda part: part if part.count("/") > 0 else "",
)
def test_words_looks_and_what_is_not_reached_run_nothing(
    editing: Any, file: str, old: str, new: str
) -> None:
    editing(file, old, new)
    assert stale() == {}


@pytest.mark.parametrize(
    ("module", "needed", "waiting"),
    [
        ("publish/priority_drawing", PAGES, set()),
        ("publish/profile", BRIEFS, set()),
        ("publish/figure", PAGES | BRIEFS, set()),
        ("stats/laplace", {"03_models"}, PAGES | BRIEFS),
        ("stats/lmg", {"04_drivers", *PAGES}, set()),
        ("data/clean", {"01_clean"}, ALL - {"01_clean"}),
        ("data/store", ALL, set()),
        ("build/kernel", ALL, set()),
        ("build/watch", ALL, set()),
        ("errors", ALL, set()),
    ],
)
def test_code_runs_exactly_the_notebooks_that_reach_it(
    editing: Any, module: str, needed: set[str], waiting: set[str]
) -> None:
    path = f"src/betyg/{module}.py"
    editing(path, "", "import math\n")
    expected = {"stale": of(*BOTH, labels=needed), "waiting": of(*BOTH, labels=waiting)}
    assert stale() == {kind: labels for kind, labels in expected.items() if labels}


@pytest.mark.parametrize("file", ["answers.csv", "codebook.csv", "study.toml"])
def test_a_file_of_a_study_runs_that_study_only(editing: Any, file: str) -> None:
    editing(f"data/raw/two/{file}", "\n", "\n\n")
    assert stale() == {"stale": of("two", labels=ALL)}
    assert f"    data/raw/two/{file} changed:" in "\n".join(why("03_models"))


def test_code_of_a_notebook_runs_it_and_then_what_its_tables_change(editing: Any) -> None:
    editing("notebooks/04_drivers.ipynb", "replicates: int = 1000", "replicates: int = 999")
    assert stale() == {
        "stale": of(*BOTH, labels={"04_drivers"}), "waiting": of(*BOTH, labels=PAGES)
    }  # fmt: skip


def test_the_lock_file_runs_everything(editing: Any) -> None:
    editing("requirements.lock", "pandas==", "pandas==9")
    assert stale() == {"stale": of(*BOTH, labels=ALL)}
    assert "    requirements.lock changed: " in "\n".join(why("01_clean"))


def test_another_python_runs_everything(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = ".".join(map(str, runs.sys.version_info[:3]))
    monkeypatch.setattr(runs, "sys", SimpleNamespace(version_info=(3, 99, 1)))
    assert stale() == {"stale": of(*BOTH, labels=ALL)}
    assert f"    Python changed: {now} -> 3.99.1" in why("01_clean")


def test_a_package_of_another_version_than_the_locked_one_runs_everything(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = metadata.version("scipy")
    (tmp_path / "SciPy-9.9.1.dist-info").mkdir()
    (tmp_path / "somebodys_own-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert stale() == {"stale": of(*BOTH, labels=ALL)}
    assert why("01_clean")[1] == f"    package scipy changed: {now} -> 9.9.1"
    assert len(why("01_clean", Choice(study="one", values={}))) == 2, "and nothing else"


def test_another_number_of_threads_runs_everything(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = kernel.threads(os.environ)
    monkeypatch.setenv("OMP_NUM_THREADS", f"{now}0")
    assert stale() == {"stale": of(*BOTH, labels=ALL)}
    assert why("01_clean")[1] == f"    OMP_NUM_THREADS changed: {now} -> {now}0"


def test_what_writes_pages_is_among_what_they_are_made_of(built: Path) -> None:
    modules = fingerprint.Modules(fingerprint.Hashes(built / "none.json"))
    for made_of in (engine.PAGE, [engine.CONTENTS]):
        assert "betyg/publish/forms.py" in modules.reached(made_of)


def test_modules_that_count_for_no_run_only_tell_of_runs(built: Path) -> None:
    reached = fingerprint.Modules(fingerprint.Hashes(built / "none.json")).reached([runs.RUNNER])
    assert reached.keys() >= set(runs.SPEAKING)
    silent = {Path(name).stem for name in runs.SPEAKING}
    used = 0
    for name in reached.keys() - set(runs.SPEAKING):
        tree = ast.parse((built / "src" / name).read_text("utf-8"))
        allowed = {
            id(part) for place in ast.walk(tree) if speaks(place) for part in ast.walk(place)
        }
        for part in ast.walk(tree):
            if isinstance(part, ast.Attribute) and ast.unparse(part.value) in silent:
                assert id(part) in allowed, f"{name}, line {part.lineno}: {ast.unparse(part)}"
                used += 1
    assert used >= 5


def speaks(place: ast.AST) -> bool:
    """Tell whether a result cannot come out of here: an error, or a call whose value is dropped."""
    if isinstance(place, ast.ExceptHandler):
        return isinstance(place.body[-1], ast.Raise)
    if isinstance(place, ast.Assign):  # after how many seconds a cell is stopped
        return ast.unparse(place.value).startswith("parameters.timeout(")
    return isinstance(place, ast.Raise) or (
        isinstance(place, ast.Expr) and isinstance(place.value, ast.Call)
    )


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        ({"year_from": 2012}, {"03_models", *PAGES, *BRIEFS}),
        ({"replicates": 10}, {"04_drivers", *PAGES}),
        ({"focus": "norr"}, PAGES),
        ({"agency": "norr"}, {"06_brief-norr-sv", "06_brief-norr-en"}),
    ],
    ids=lambda part: "-".join(part) if isinstance(part, dict) else "",
)
def test_other_values_run_what_knows_of_them_and_take_the_rest_as_it_is(
    built: Path, values: dict[str, Any], needed: set[str]
) -> None:
    choice = Choice(study="one", values=values)
    assert stale(choice) == {"stale": of("one", labels=needed)}
    planned = {state.run.job.label for state in found(choice)}
    assert planned == needed | STEPS
    assert stale() == {}, "the canonical results are as they were"


def test_a_table_that_is_spoilt_runs_its_writer_and_its_readers(built: Path) -> None:
    table = built / "data/processed/one/drivers.parquet"
    whole = table.read_bytes()
    table.write_text("spoilt")
    assert stale() == {"stale": of("one", labels={"04_drivers", *PAGES})}
    assert "    result, data/processed/one/drivers.parquet changed: " in "\n".join(why())
    table.unlink()
    assert stale() == {"stale": of("one", labels={"04_drivers", *PAGES})}
    assert "    result, data/processed/one/drivers.parquet is gone" in why("04_drivers")
    table.write_bytes(whole)
    assert stale() == {}


def test_why_names_the_cell_with_its_old_and_new_lines(editing: Any) -> None:
    editing("notebooks/03_models.ipynb", "year_from: int = 0", "year_from: int = 2012")
    lines = why("notebooks/03_models.ipynb")
    assert lines[0] == "one 03_models would run:"
    assert lines[1].startswith("    code of notebooks/03_models.ipynb changed: ")
    assert lines[2:5] == [
        "      cell 2:",
        "        -year_from: int = 0  # first year used; 0 takes all years",
        "        +year_from: int = 2012  # first year used; 0 takes all years",
    ]
    assert lines[5] == "two 03_models would run:"


def test_why_tells_through_which_modules_a_change_is_reached(editing: Any) -> None:
    editing("src/betyg/stats/lmg.py", "", "import math\n")
    lines = why("04_drivers")
    assert lines[1].startswith("    betyg/stats/lmg.py changed: ")
    assert lines[2] == ("      reached by betyg/stats/drivers.py, which uses betyg/stats/lmg.py")


def test_why_names_parameters_with_old_and_new_values(built: Path) -> None:
    choice = Choice(study="one", values={"year_from": 2012})
    known, _ = engine.look(choice)
    (run,) = [run for run in known.runs if run.job.label == "03_models"]
    then = {**run.facts, "parameters": {**run.facts["parameters"], "year_from": 2011}}
    take_as_run(run)
    record.keep(then, read=record.of(run.facts)["read"], found={}, wrote={})
    assert why("03_models", choice)[1:] == ["    parameter year_from changed: 2011 -> 2012"]


def test_why_names_the_settings_of_a_study_with_old_and_new_values(editing: Any) -> None:
    toml = "data/raw/two/study.toml"
    editing(toml, "adjust_for = [", 'margin = 4\nadjust_for = ["group", ')
    lines = why("03_models")[1:]
    assert lines[:3] == [
        "two 03_models would run:", f"    {toml} changed:", "      compare.margin is new: 4"
    ]  # fmt: skip
    assert lines[3].startswith("      compare.adjust_for: [") and " -> [" in lines[3]
    assert lines[4] == "    it reads what 01_clean writes, which is to run first"


def test_why_says_so_where_only_a_comment_of_a_study_changed(editing: Any) -> None:
    editing("data/raw/two/study.toml", "\n", "\n# a remark\n")
    assert "      no setting changed: only comments, or their order" in why("03_models")


def test_a_setting_is_told_as_new_gone_or_other_and_by_its_file() -> None:
    then = {"a.b": "1", "[[source]] x.csv: drop.s": '["t"]'}
    assert list(decisions.told(then, {"a.b": "2", "c": '"' + "y" * 90 + '"'})) == [
        "a.b: 1 -> 2",
        'c is new: "' + "y" * 55 + " ...",
        '[[source]] x.csv: drop.s is gone: it was ["t"]',
    ]


def test_why_asked_for_a_notebook_that_is_none_brings_the_likely_one(built: Path) -> None:
    with pytest.raises(ParameterError, match="NB=03_model: no such notebook. Did you mean '03_m"):
        why("03_model")


def test_status_puts_alike_runs_on_one_line(editing: Any) -> None:
    editing("src/betyg/publish/profile.py", "", "import math\n")
    known, rules = engine.look(Choice(study="one", values={}))
    states = status.states(known.runs, known.hashes)
    lines = list(status.overview(states, rules[0]))
    assert [line.split()[:2] for line in lines[2:7]] == [
        [label, "fresh"] for label in ("01_clean", "02_results", "03_models", "04_drivers",
                                       "05_report-sv")
    ]  # fmt: skip
    assert lines[8].startswith(
        "  06_brief, 6 runs           stale    betyg/publish/profile.py chan"
    )
    assert lines[1] == "  preflight                  stale", "it has not been run"
    assert len(lines) == 10
    assert "reports/one/one-report-sv-synthetic.html" in engine.unmade(rules[0], "report")


def test_a_failure_is_told_until_the_run_is_done_or_not_needed(editing: Any) -> None:
    key = json.loads(Path("build/one/03_models.key").read_text("utf-8"))
    editing("notebooks/03_models.ipynb", "year_from: int = 0", "year_from: int = 1")
    record.keep_failure(key, "one: it stopped\nZeroDivisionError")
    assert stale()["failed"] == {"one 03_models"}
    assert why("03_models")[:3] == [
        "one 03_models failed and would run again. It was said:",
        "    one: it stopped",
        "    ZeroDivisionError",
    ]


def test_a_run_that_was_cut_off_is_told(built: Path) -> None:
    key = json.loads(Path("build/one/03_models.key").read_text("utf-8"))
    done, half = (Path(key["target"]).with_suffix(end) for end in (".ran", ".failed.ipynb"))
    kept = done.read_bytes()
    done.unlink()
    half.write_text("{}")
    assert why("03_models")[1] == "    it was stopped while it ran"
    half.unlink()
    assert why("03_models")[1] == "    it never ran"
    done.write_bytes(kept)
    assert stale() == {}

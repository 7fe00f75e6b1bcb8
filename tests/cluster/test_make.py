"""make with ENGINE: the same files as without it, and nothing that is stale afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from at_a_cluster import Processes
from toy import ROOT, Cell, Project, ran, write_notebook
from web_server import Served, moved_to, serving

BRIEF: tuple[Cell, ...] = (
    ("markdown", "# What came out"),
    (
        "code",
        'study: str = "one"\ntables: str = "../data/processed/one"\nlanguage: str = "sv"\n'
        'agency: str = "norr"',
        "parameters",
    ),
    ("code", "from IPython.display import Markdown\nfrom betyg.data import store"),
    ("code", 'cells = store.read("cells", tables)'),
    ("code", "Markdown(f\"{agency}: {cells.query('agency == @agency')['weight_sum'].sum()}\")"),
)
BRIEF_PAGE = "reports/one/briefs/one-brief-norr-sv-synthetic.html"
BUILT = ("data/processed/**/*.parquet", "reports/**/*", "build/one/*.ipynb")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "project", "one")
    (found.folder / "notebooks" / "05_report.ipynb").unlink()
    shutil.copy(ROOT / "notebooks" / "01_clean.ipynb", found.folder / "notebooks")
    write_notebook(found.folder / "notebooks" / "06_brief.ipynb", BRIEF)
    return found


@pytest.fixture
def engine(project: Project, tmp_path: Path) -> Iterator[Processes]:
    """A cluster whose workers have the code of the project."""
    (tmp_path / "cluster").mkdir()
    found = Processes(tmp_path / "cluster", source=project.folder / "src")
    yield found
    found.end()


@pytest.fixture
def web() -> Iterator[Served]:
    with serving() as served:
        yield served


def built(project: Project) -> dict[str, bytes]:
    return {name: held for pattern in BUILT for name, held in project.built(pattern).items()}


def test_make_on_a_cluster_makes_the_same_files(
    project: Project, engine: Processes, web: Served
) -> None:
    moved_to(web, project.folder / "data" / "raw" / "one")
    assert project.make("sums", "STUDY=one").returncode == 0
    asked = ("data", BRIEF_PAGE)
    plain = project.make(*asked)
    assert plain.returncode == 0, plain.stderr
    here = built(project)
    assert here.keys() >= {BRIEF_PAGE, "data/processed/one/cells.parquet"}
    for folder in ("build", "reports", "data/processed"):
        shutil.rmtree(project.folder / folder)

    done = project.make(*asked, "-j2", f"ENGINE={engine.address}")
    assert done.returncode == 0, done.stderr
    assert ran(done) == ran(plain) >= {"one 06_brief-norr-sv"}
    assert "one 01_clean: counting answers: 1 of 1" in done.stderr.splitlines()
    assert built(project) == here
    assert ran(project.make(*asked)) == set(), "what was made on a cluster is fresh without it"

    write_notebook(project.folder / "notebooks" / "06_brief.ipynb", [*BRIEF, ("code", "no_such")])
    failed = project.make("build/one/06_brief-norr-sv.ipynb", f"ENGINE={engine.address}")
    assert failed.returncode == 2
    assert "NameError: name 'no_such' is not defined" in failed.stderr
    now = built(project)
    assert {name: now[name] for name in here} == here

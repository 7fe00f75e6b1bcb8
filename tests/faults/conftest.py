"""A finished toy project in one language, which the tests copy and then mistreat."""

from pathlib import Path

import pytest

from faulty import built, copy_of, other_answers, swedish
from toy import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Built once; nobody changes this one."""
    project = swedish(tmp_path_factory.mktemp("faults") / "finished")
    built(project)
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    return copy_of(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def other(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with other answers, built."""
    project = copy_of(finished, tmp_path_factory.mktemp("faults") / "other")
    other_answers(project)
    built(project)
    return project

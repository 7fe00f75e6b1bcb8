"""The bundled studies, read and cleaned once for all tests of a run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from betyg.data import clean, read
from betyg.data.clean import Cleaned
from betyg.data.study import Study

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="session")
def association() -> Study:
    return Study.load(RAW, "kommunforbundet")


@pytest.fixture(scope="session")
def association_cleaned(association: Study) -> Cleaned:
    return clean.clean(read.sources(association), association)


@pytest.fixture
def answers(association_cleaned: Cleaned) -> pd.DataFrame:
    """A copy of its own for each test: the twins alter it."""
    return association_cleaned.respondents.copy()


@pytest.fixture(scope="session")
def insikt() -> Study:
    return Study.load(RAW, "insikt")


@pytest.fixture(scope="session")
def insikt_cleaned(insikt: Study) -> Cleaned:
    return clean.clean(read.sources(insikt), insikt)


@pytest.fixture(scope="session")
def boards() -> Study:
    return Study.load(RAW, "lansstyrelserna")


@pytest.fixture(scope="session")
def boards_cleaned(boards: Study) -> Cleaned:
    return clean.clean(read.sources(boards), boards)

"""What a cluster works out is what this process does: to the last digit, and to the last word."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from betyg.build.cluster import Cluster
from betyg.data import clean, read, store
from betyg.data.study import Study
from betyg.data.workers import Workers
from betyg.stats import cells

RAW = Path(__file__).parents[2] / "data" / "raw"


def tables(survey: Study, out: Path, workers: Workers | None = None) -> dict[str, bytes]:
    """Write the tables of 01_clean as it does, and return their bytes."""
    cleaned = clean.clean(read.sources(survey, workers=workers), survey)
    store.write(cleaned.parts, "respondents", out)
    store.write(cleaned.attrition, "attrition", out)
    store.write(cells.collapse(cleaned, survey), "cells", out)
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.parquet"))}


@pytest.mark.parametrize("name", ["lansstyrelserna", "kommunforbundet", "insikt"])
def test_a_bundled_study_has_the_same_tables(name: str, workers: Cluster, tmp_path: Path) -> None:
    survey = Study.load(RAW, name)
    here = tables(survey, tmp_path / "here")
    there = tables(survey, tmp_path / "there", workers)
    assert set(here) == {"respondents.parquet", "attrition.parquet", "cells.parquet"}
    assert here == there, [name for name in here if here[name] != there[name]]
    counts = pd.read_parquet(tmp_path / "there" / "cells.parquet")
    assert counts["n"].sum() > 0

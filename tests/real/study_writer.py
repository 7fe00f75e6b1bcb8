"""Write a study folder for survey data of others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from betyg.data.study import Study
from betyg.data.sums import write_sums


def load(tmp_path: Path, *, toml: str, tables: Mapping[str, pd.DataFrame]) -> Study:
    """Write tables (CSV, Parquet by name) and study.toml to a folder, and load the study."""
    folder = tmp_path / "raw" / "real"
    folder.mkdir(parents=True)
    for name, table in tables.items():
        if name.endswith(".parquet"):
            table.to_parquet(folder / name)
        else:
            table.to_csv(folder / name, index=False)
    (folder / "SOURCE.md").write_text("# Survey data of others, for a test\n")
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    write_sums(folder)
    return Study.load(folder.parent, folder.name)


def codebook(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Return codebook.csv from item, theme, scale, label."""
    return pd.DataFrame(rows, columns=["item", "theme", "scale", "label_en"])


def scale(name: str, answers: list[str], **missing: str) -> pd.DataFrame:
    """Return the rows of scales.csv for answers coded 1..k; ``missing`` gives code = kind."""
    rows = [(name, str(at), at, "answer", text) for at, text in enumerate(answers, start=1)]
    rows += [(name, code, "", kind, kind) for code, kind in missing.items()]
    return pd.DataFrame(rows, columns=["scale", "code", "order", "kind", "label_en"])

"""Forms are written only of pages whose numbers something checks."""

from pathlib import Path

import nbformat
import pandas as pd
import pytest

from betyg.data import store
from betyg.data.study import Study
from betyg.publish import forms
from betyg.publish.claims import ClaimError

STUDY = Study.load(Path(__file__).parents[2] / "data" / "raw", "insikt")
TYPED = "In 2012 all went well.\n\nOf 290 municipalities 37 % agreed."


def facts(folder: Path, text: str) -> dict[str, object]:
    """Return the facts of a page with these words in English, and nothing else."""
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell(f"# Report\n\n{text}", metadata={"tags": ["en"]})
    ])  # fmt: skip
    nbformat.write(notebook, folder / "05_report.ipynb")
    store.write(pd.DataFrame({"year": [2012, 2013]}), "cells", folder)
    return {"study": "insikt", "language": "en", "agency": "", "report": "", "forms": {},
            "places": {},
            "notebook": str(folder / "05_report.ipynb"), "tables": str(folder),
            "target": str(folder / "page.html"), "ledger": str(folder / "page.json")}  # fmt: skip


def test_typed_numbers_are_listed_where_somebody_watches(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CI", raising=False)
    forms.write(facts(tmp_path, TYPED), STUDY)
    told = capsys.readouterr().err
    assert (
        "05_report.ipynb, cell 1, line 5: 290, 37 in “Of 290 municipalities 37 % agreed.”" in told
    )
    assert "2012," not in told
    assert (tmp_path / "page.html").exists()


def test_typed_numbers_are_refused_where_nobody_watches(tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ClaimError, match="cell 1, line 5: 290, 37 in .*betyg.publish.statement"):
        forms.write(facts(tmp_path, TYPED), STUDY)
    assert not (tmp_path / "page.html").exists()


def test_years_and_names_of_the_study_may_be_typed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CI", "true")
    forms.write(facts(tmp_path, "In 2012 all went well; so it did in 2013."), STUDY)
    assert capsys.readouterr().err == ""


def test_a_year_in_which_nothing_was_is_a_typed_number(tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ClaimError, match="cell 1, line 3: 1999 in"):
        forms.write(facts(tmp_path, "All went well in 1999."), STUDY)

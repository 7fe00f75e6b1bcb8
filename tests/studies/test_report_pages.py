"""L11 and L12: the report as a page that can be handed on, and that claims no causes.

The pages are made from the cells of 05_report as it stands, with tables made anew from the answers.

L11, "the full report can be downloaded": no shorter text exists yet that could link to the report.
What there is: `make` writes the whole report as one file in `reports/`, which needs nothing but
itself, and names it when it is done. That is tested here; a link to it is not.

L12 calls high courtesy the *result* of years of work on values. Answers like these cannot carry
that: whatever the report's cells put out is refused if it speaks of causes.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from report_states import Rebuilt

from betyg.__main__ import main
from betyg.data.codebook import Event
from betyg.publish import (
    causal,
    document,
    report,
    report_drivers,
    report_orders,
    report_quality,
    report_spread,
)
from betyg.stats import (
    comparison,
    fit_checks,
    late,
    quality,
    robustness,
    throughout,
    tipping,
    variance_parts,
)
from betyg.stats.answered import Answered

ROOT = Path(__file__).parents[2]
LANGUAGES = (("boards", "sv"), ("boards", "en"), ("association", "fi"))
CAUSAL = {
    "sv": "Det höga betyget för bemötande är ett resultat av flera års arbete med värdegrunden.",
    "en": "The high marks for courtesy are the result of years of work on values.",
    "fi": "Hyvä kohtelu johtuu vuosien työstä arvojen parissa.",
}


def as_shown(value: Any) -> Any:
    return nbformat.v4.new_output("display_data", {"text/html": value._repr_html_()})


def executed(tables: Rebuilt, attrition: Any, language: str) -> Any:
    """Run the sections of 05_report on these tables, cell by cell."""
    notebook = nbformat.read(ROOT / "notebooks" / "05_report.ipynb", as_version=4)
    compared = comparison.compare(tables.cells, tables.survey)
    answers = Answered.of(tables.rows, tables.cells, tables.survey)
    measured = quality.table(tables.rows, tables.cells, tables.survey)
    known = {
        "report": report, "report_orders": report_orders, "report_quality": report_quality,
        "report_drivers": report_drivers, "report_spread": report_spread,
        "checks": fit_checks.table(tables.cells, tables.survey),
        "parts": variance_parts.split(tables.cells, tables.survey).table,
        "drivers": tables.driven.table, "driver_pairs": tables.driven.pairs,
        "page": replace(tables.page(language), comparisons=compared.table, within=compared.within),
        "ordered": tables.orders, "leads": tables.leads, "agreement": tables.agreement,
        "effects": tables.effects, "attrition": attrition, "measured": measured,
        "late": late.table(answers, tables.survey),
        "always": throughout.table(
            tables.rows, tables.cells, tables.survey, domains=tables.domains
        ),
        "shrunken": compared.shrunken,
        "tipped": tipping.tipping_points(compared.table, measured),
        "tested": robustness.panel(
            answers, tables.survey,
            comparisons=compared.table, changes=tables.changes,
        ),
    }  # fmt: skip
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("report"):
            cell.outputs = [as_shown(eval(cell.source, known))]  # noqa: S307
    return notebook


def names(survey: Any, language: str) -> set[str]:
    kinds = (survey.items, survey.themes, survey.indices, survey.agencies, survey.activities)
    return {survey.label(one, language) for kind in (*kinds, survey.groups) for one in kind}


@pytest.fixture(scope="module")
def run(boards, boards_cleaned, association, association_cleaned):
    """Both reports' tables, and the executed notebook of each language when it is asked for."""
    parts = {
        "boards": (Rebuilt(boards_cleaned.respondents, boards, 2012, "G", changed=True),
                   boards_cleaned.attrition),
        "association": (
            Rebuilt(association_cleaned.respondents, association, 2021, "large", changed=True),
            association_cleaned.attrition),
    }  # fmt: skip
    kept: dict[tuple[str, str], str] = {}

    def of(study: str, language: str) -> Any:
        if (study, language) not in kept:
            kept[study, language] = nbformat.writes(executed(*parts[study], language))
        return nbformat.reads(kept[study, language], as_version=4), parts[study][0].survey

    return of


def render(notebook: Any, survey: Any, language: str, folder: Path) -> Path:
    source, page = folder / "05_report.ipynb", folder / "report-synthetic.html"
    nbformat.write(notebook, source)
    document.render(
        source, page, language=language, title="T", synthetic=True, labels=names(survey, language)
    )
    return page


@pytest.mark.parametrize(("study", "language"), LANGUAGES)
def test_l12_the_whole_report_speaks_of_no_cause(run, study, language, tmp_path):
    notebook, survey = run(study, language)
    page = render(notebook, survey, language, tmp_path).read_text("utf-8")
    said = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.S)))
    assert len(said) > 10_000
    causal.refuse(said, labels=names(survey, language))
    with pytest.raises(causal.CausalWordingError):
        causal.refuse(f"{said} {CAUSAL[language]}", labels=names(survey, language))


@pytest.mark.parametrize(("study", "language"), LANGUAGES)
@pytest.mark.parametrize("kind", ["text/html", "text/markdown"])
def test_l12_a_causal_sentence_in_an_output_is_refused(run, study, language, kind, tmp_path):
    notebook, survey = run(study, language)
    cell = next(c for c in notebook.cells if c.source.startswith("report_orders.focus"))
    sentence = CAUSAL[language]
    output = sentence if kind == "text/markdown" else f"<p>{sentence}</p>"
    cell.outputs.append(nbformat.v4.new_output("display_data", {kind: output}))
    with pytest.raises(causal.CausalWordingError, match="05_report.ipynb, cell"):
        render(notebook, survey, language, tmp_path)
    assert not list(tmp_path.glob("*.html"))


def test_l12_a_measure_that_claims_what_it_led_to_is_refused(run, boards_cleaned, tmp_path):
    notebook, survey = run("boards", "sv")
    claim = {"sv": "Arbetet med värdegrunden ledde till bättre bemötande", "en": "Values"}
    claiming = survey.model_copy(update={"events": (Event(year=2012, label=claim),)})
    tables = Rebuilt(boards_cleaned.respondents, claiming, 2012, "G", by=(("year",),))
    cell = next(c for c in notebook.cells if c.source.startswith("report.facts"))
    cell.outputs = [as_shown(report.facts(tables.page("sv")))]
    with pytest.raises(causal.CausalWordingError, match="ledde till"):
        render(notebook, survey, "sv", tmp_path)


@pytest.fixture
def project(run, tmp_path, monkeypatch) -> Path:
    """A folder in which the page of the boards is the next thing that make does."""
    notebook, _ = run("boards", "sv")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw").symlink_to(ROOT / "data" / "raw")
    (tmp_path / "build").mkdir()
    nbformat.write(notebook, tmp_path / "05_report.ipynb")
    target = "reports/lansstyrelserna/lansstyrelserna-report-sv-synthetic.html"
    key = {"study": "lansstyrelserna", "language": "sv", "agency": "",
           "executed": "05_report.ipynb", "source": "05_report.ipynb", "notebook": "kept.ipynb",
           "target": target, "places": {}, "forms": {}, "report": "",
           "tables": "tables", "ledger": "claims/report-sv.json"}  # fmt: skip
    (tmp_path / "page.key").write_text(json.dumps(key), "utf-8")
    return tmp_path / target


def test_l11_the_whole_report_is_one_file_that_is_named_when_it_is_done(project, capsys):
    assert main(["render", "page.key"]) == 0
    assert "lansstyrelserna" in capsys.readouterr().out
    done = Path("build/done").read_text("utf-8").splitlines()
    assert done == ["kept.ipynb", "claims/report-sv.json", str(project.relative_to(Path.cwd()))]
    page = project.read_text("utf-8")
    assert [path.name for path in project.parent.iterdir()] == [project.name]
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", page)
    for heading in ("Sammanfattning", "I fokus", "Publicerade siffror", "Kvalitet", "Metod"):
        assert f"{heading}</h2>" in page


def test_l11_a_report_that_was_refused_is_neither_there_nor_named(project, capsys):
    notebook = nbformat.read("05_report.ipynb", as_version=4)
    notebook.cells[-1] = nbformat.v4.new_code_cell("planted")
    notebook.cells[-1].outputs = [
        nbformat.v4.new_output("display_data", {"text/html": f"<p>{CAUSAL['sv']}</p>"})
    ]
    nbformat.write(notebook, "05_report.ipynb")
    assert main(["render", "page.key"]) == 2
    assert "resultat av" in capsys.readouterr().err
    assert not project.exists()
    assert not Path("build/done").exists()

"""The benchmarks' page is what results.json gives; nothing here is timed."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench import (
    cases,
    coverage,
    engines,
    figure,
    measure,
    page,
    page_stream,
    results,
    rotating,
    shapes,
    stream,
    tasks,
    whole,
    workers,
)
from packaging.requirements import Requirement

from betyg.data import clean, read
from betyg.data.study import Study
from betyg.stats import cells

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RTOL = 1e-9  # the same counts, in another order of sums
FROM_R = """\
text\tversion\t2022.11.16
wall\t\t4.5
cpu\t\t4
wall\t\t5.5
cpu\t\t6
value\tagency1\t0.25
number\tloglike\t-10.5
number\tpeak_mb\t300
"""


def found(cpu: float) -> dict[str, object]:
    return {"cpu": cpu, "wall": 2 * cpu, "runs": 5, "peak_mb": 100.0, "stages": {"fit": cpu}}


def compared(cpu: float, peer: dict[str, object]) -> dict[str, dict[str, object]]:
    row = {"ours": "on cells", "n": 100_000, **found(cpu), "machine": results.machine()}
    return {"fixed: on cells, 100000": row | {"peers": [{"name": "ordinal::clm on cells"} | peer]}}


def test_the_page_is_what_results_json_gives():
    assert (DOCS / page.PAGE).read_text("utf-8") == page.text(results.load())


def test_the_figure_is_what_results_json_gives():
    assert (DOCS / page.FIGURE).read_text("utf-8") == figure.scaling(results.load())


def test_every_measured_case_is_one_that_is_still_asked_for():
    asked = {case.name for case in cases.CASES} | {
        "scaling",
        "stream",
        "engines",
        "shapes",
        "notebooks",
        "workers",
        "coverage",
    }
    assert results.load().keys() <= asked


def test_every_case_has_a_task_and_words():
    for case in cases.CASES:
        assert case.ours in tasks.OURS
        assert case.ours in page.TITLES
        assert all(peer.name in page.DOES for peer in case.peers)


def test_every_peer_is_a_task_of_r_or_python():
    script = (ROOT / "bench" / "peers.R").read_text("utf-8")
    for peer in [peer for case in cases.CASES for peer in case.peers]:
        assert peer.name in tasks.PEERS or f'"{peer.name}" = function()' in script


def test_a_ratio_is_of_processor_seconds_and_meets_its_bar():
    measured = compared(0.1, {"bar": 10, **found(1.5)})
    assert "| 15× | 10× | met |" in page.text(measured)
    assert list(page.verdicts(measured)) == ["met"]


def test_a_missed_bar_is_said_and_fails_the_command(tmp_path):
    measured = compared(1.0, {"bar": 10, **found(1.5)})
    assert "| 1.5× | 10× | missed |" in page.text(measured)
    assert page.write(measured, tmp_path) == 1


def test_an_absent_peer_is_named_and_misses_nothing(tmp_path):
    measured = compared(1.0, {"bar": 10, "absent": "Rscript is not installed"})
    assert "Rscript is not installed" in page.text(measured)
    assert page.write(measured, tmp_path) == 0


def test_what_r_prints_is_read():
    read_back = measure.parsed(FROM_R)
    assert read_back["cpu"] == 5
    assert read_back["wall"] == 5
    assert read_back["values"] == {"agency1": 0.25}
    assert (read_back["loglike"], read_back["version"]) == (-10.5, "2022.11.16")


def test_a_program_that_is_not_there_is_absent():
    assert measure._run(["no-such-program"]) == {"absent": "no-such-program is not installed"}


def test_a_program_that_fails_says_why():
    assert measure._run(["ls", "/no/such/folder"])["absent"].startswith("ls:")


def test_the_last_estimates_and_median_times_of_repeated_work_are_kept():
    def work(stage: measure.Stages) -> measure.Found:
        with stage("count"):
            pass
        return {"loglike": -1.0}

    kept = measure.repeated(work)
    assert kept["loglike"] == -1.0
    assert kept["runs"] == measure.REPEATS
    assert kept["stages"].keys() == {"count"}


def test_saving_one_measurement_leaves_the_others(tmp_path):
    file = tmp_path / "results.json"
    results.save("scaling", {"rows": [1]}, file=file)
    results.save("coverage", {"sets": 2}, file=file)
    assert results.load(file)["scaling"]["rows"] == [1]
    assert results.load(file)["coverage"]["sets"] == 2


def test_the_study_that_is_measured_gives_the_cells_that_peers_get(tmp_path):
    units = ["agency", "activity", "group"]
    rotating.write(tmp_path / "survey", 2_000)
    survey = Study.load(tmp_path, "survey")
    counted = cells.collapse(clean.clean(read.sources(survey), survey), survey)
    by = [*rotating.KEYS, "response"]
    kinds = {"year": "int64", "response": "int64"}
    own = counted[counted["kind"] == "answer"]
    own = own.assign(**{role: own[role].astype(str).astype(int) for role in units}).astype(kinds)
    other = rotating.cells(2_000).astype(dict.fromkeys([*units, *kinds], "int64"))
    pd.testing.assert_series_equal(
        own.set_index(by)["n"].sort_index(), other.set_index(by)["n"].sort_index()
    )


def test_the_truth_in_place_of_the_estimates_predicts_the_true_scores():
    of = coverage.plan(21)
    true = coverage.effects(21, np.random.default_rng(3))
    expected = coverage.probabilities(of, true) * of.size[:, None]
    fit = coverage.at_truth(coverage.fitted(coverage.counted(of, expected)), true)
    predicted = fit.predict(of.cells, which="score")
    np.testing.assert_allclose(
        predicted, coverage.probabilities(of, true) @ rotating.SCORES, rtol=RTOL
    )


def test_expected_counts_give_back_the_truth():
    of = coverage.plan(21)
    true = coverage.effects(21, np.random.default_rng(4))
    expected = coverage.probabilities(of, true) * of.size[:, None]
    value, _, truth = coverage.by_agency(coverage.fitted(coverage.counted(of, expected)), true)
    np.testing.assert_allclose(value, truth, rtol=1e-6)  # where Newton's iterations end


def test_the_true_change_is_that_of_shared_activities():
    true = {"agency": np.zeros(21), "year": np.zeros(3), "activity": np.arange(8.0)}
    np.testing.assert_allclose(coverage.true_changes(coverage.plan(21), true), 0.0, atol=1e-12)


def test_a_share_is_judged_only_where_it_is_known_well_enough():
    row = {"value": 0.95, "low": 0.94, "high": 0.96}
    assert page.kept(row | {"se": 0.02}) == ""
    assert page.kept(row | {"se": 0.005}) == "met"
    assert page.kept(row | {"se": 0.005, "value": 0.93}) == "missed"


@pytest.mark.parametrize("agencies", [21, 100])
def test_every_agency_keeps_activities_from_year_to_year(agencies):
    frame = coverage.plan(agencies).cells
    asked = frame.groupby(["agency", "year"])["activity"].agg(set).unstack()
    first, second = asked[coverage.YEARS[0]], asked[coverage.YEARS[1]]
    shared = pd.Series([len(a & b) for a, b in zip(first, second, strict=True)])
    assert (shared == coverage.EACH_ROUND - 1).all()


def test_cells_of_any_shape_hold_all_answers_and_each_size_that_was_asked_for():
    drawn = shapes.cells(shapes.Shape(agencies=7, years=3, grades=4))
    assert drawn["n"].sum() == shapes.ANSWERS
    assert drawn["n"].min() > 0
    sizes = drawn[["agency", "year", "response"]].nunique().to_dict()
    assert sizes == {"agency": 7, "year": 3, "response": 4}
    assert drawn["score"].min() == 0.0
    assert drawn["score"].max() == 100.0


def test_every_shape_that_is_measured_has_a_task_and_a_line():
    rows = [
        {"grows": grows, "size": size, "model": model, "cells": 10_000, **found(0.5)}
        for grows, size, model in shapes.asked()
    ]
    assert shapes.TASKS.keys() <= tasks.OURS.keys()
    lines = "".join(page.shaped({"shapes": {"answers": 300_000, "rows": rows}}))
    assert "| agencies | 400 | 10\u202f000 | 0.5 (1) | 0.5 (1) |" in lines.replace(
        "\u00a0", "\u202f"
    )
    assert "| terms | 4 | " in lines


def test_a_stage_that_was_not_measured_at_a_size_has_a_dash():
    step = {"cpu": 2.0, "wall": 3.0, "peak_mb": 300, "stages": {"drivers": 2.0}}
    clean = step | {"stages": {"read and clean": 5.0, "cells": 2.0}}
    after = dict.fromkeys(stream.AFTER, step) | {"05_report": step | {"peak_mb": 400}}
    small = {"n": 10_000, "decode_all": step, "clean": clean, **after}
    large = small | {
        "n": 20_000,
        "clean": clean | {"stages": {"cells": 2.0, "read and clean": 1.0, "drivers": 1.0}},
    }
    told = "".join(page_stream.streamed({"stream": {"groups": 256, "rows": [small, large]}}))
    n = figure.spaced(10_000)
    assert f"| Parquet | {n} | 2 (3) | 7 | 3.5× | missed | 2 (3) | 300 |" in told
    assert f"| Parquet | {n} | 5 | 2 | - |" in told
    assert f"| {n} | {' | '.join(['2 (3)'] * len(stream.AFTER))} | 400 |" in told


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_engine_finds_the_groups_that_are_there(suffix, tmp_path):
    stream.write_study(tmp_path / "study", 3_000, suffix)
    [path] = (tmp_path / "study").glob("answers_*")
    rows = pd.read_parquet(path) if suffix == "parquet" else pd.read_csv(path)
    groups = [len(rows.groupby([*engines.KEYS, item])) for item in engines.ITEMS]
    assert engines.in_child("pyarrow", [path])["groups"] == sum(groups)


def test_make_bench_installs_each_engine_and_peer_of_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = {Requirement(one).name for one in project["optional-dependencies"]["bench"]}
    there = {Requirement(one).name for one in project["dependencies"]}
    source = (ROOT / "bench" / "tasks.py").read_text("utf-8")
    imported = set(re.findall(r"^ +import (\w+)$", source, re.MULTILINE))
    assert imported == {"polars", "svy"}
    assert imported | {package for package, _ in engines.ENGINES.values()} <= extra | there
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"-c 'import {', '.join(sorted(extra))}'" in makefile


def test_an_engine_that_is_not_installed_is_said_to_be_absent(monkeypatch, tmp_path):
    package = tmp_path / "polars"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    assert engines.in_child("polars, streaming", []) == {"absent": "polars is not installed"}


SPREAD = [
    {"workers": 0, "wall": 12.0, "here": 11.0, "there": 0.0},
    {"workers": 1, "wall": 14.0, "here": 2.0, "there": 10.0},
    {"workers": 4, "wall": 8.0, "here": 2.5, "there": 11.0},
]


def test_more_workers_share_what_is_done_there_and_not_what_is_done_here():
    assert workers.modelled(SPREAD, 1) == 12.0
    assert workers.modelled(SPREAD, 4) == 4.5
    assert workers.modelled(SPREAD, 10**9) == pytest.approx(2.0)


def test_what_is_modelled_stands_apart_from_what_was_measured():
    of = {"respondents": 8_000_000, "pieces": 4, "runs": 2, "machine": {"cores": 2}, "rows": SPREAD}
    measured, modelled = "".join(page.spread({"workers": of})).split(
        "**A model, not a measurement."
    )
    assert "| 4 | 8 | 1.50× | 2.5 | 11 |" in measured
    assert "| 64 |" not in measured
    assert "| 64 | 2.16 | 5.57× |" in modelled


def test_a_measured_study_has_its_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "ROWS", 2000)
    monkeypatch.setattr(workers, "WARM", 500)
    monkeypatch.setattr(workers, "GROUP", 500)
    found = workers.run(tmp_path, 0)
    assert found["workers"] == 0 and found["there"] == 0.0 < found["here"]
    assert {path.stem for path in (tmp_path / "processed" / "pieces2000").iterdir()} >= {"cells"}


def test_the_memory_of_a_process_is_seen_by_the_folder_that_it_is_in(tmp_path):
    assert list(whole._held(str(tmp_path))) == []
    with subprocess.Popen(["cat"], cwd=tmp_path, stdin=subprocess.PIPE) as other:
        [(share, most)] = whole._held(str(tmp_path))
        other.communicate()
    assert 0 < share <= most < 100

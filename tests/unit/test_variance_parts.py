"""Where the differences lie: simulated truth, and studies that cannot have it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

import tiny
from betyg.data.study import Study
from betyg.stats import variance_parts

SDS = {"agency": 0.8, "activity": 0.4}
CUTS = np.array([-1.5, 0.0, 1.5])


def cells(rng: np.random.Generator, *, agencies: int, each: int) -> pd.DataFrame:
    """Draw answers of 1-4 from a model with known spread between agencies and activities."""
    u = rng.normal(0, SDS["agency"], agencies)
    v = rng.normal(0, SDS["activity"], 12)
    rows = []
    for a in range(agencies):
        for b in range(12):
            latent = u[a] + v[b] + rng.logistic(size=each)
            counts = np.bincount(np.searchsorted(CUTS, latent), minlength=4)
            rows += [
                {"agency": f"a{a}", "activity": f"b{b}", "response": k + 1, "n": int(n)}
                for k, n in enumerate(counts)
                if n
            ]
    frame = pd.DataFrame(rows).assign(year=2020, group="all")
    return frame.assign(weight_sum=frame["n"] * 1.0, weight_sq_sum=frame["n"] * 1.0)


def split_of(frame, monkeypatch):
    chosen = SimpleNamespace(cells=frame)
    monkeypatch.setattr(variance_parts, "comparable", lambda *_, **__: chosen)
    survey = SimpleNamespace(compare=SimpleNamespace(outcome="item"))
    return variance_parts.split(frame, survey)


def test_spread_of_a_simulated_survey_is_found(monkeypatch):
    found = split_of(cells(np.random.default_rng(1), agencies=60, each=25), monkeypatch)
    table = found.table.set_index("term")
    assert table.loc["agency", "ci_low"] < SDS["agency"] < table.loc["agency", "ci_high"]
    assert table.loc["activity", "ci_low"] < SDS["activity"] < table.loc["activity", "ci_high"]
    np.testing.assert_allclose(table["share"].sum(), 1.0)
    people = (np.pi**2 / 3) / (np.pi**2 / 3 + (table["sd"].drop("people") ** 2).sum())
    np.testing.assert_allclose(table.loc["people", "share"], people)


def test_shrunk_effects_lie_closer_to_each_other_than_the_estimates(monkeypatch):
    found = split_of(cells(np.random.default_rng(2), agencies=20, each=3), monkeypatch)
    assert len(found.agencies) == 20
    assert found.agencies["shrunk"].std() < found.agencies["estimate"].std()


def test_few_levels_have_no_spread_of_their_own(monkeypatch):
    found = split_of(cells(np.random.default_rng(3), agencies=3, each=30), monkeypatch)
    assert "agency" not in set(found.table["term"])
    assert found.agencies.empty


def test_published_values_have_no_answers_to_differ(tmp_path):
    survey = Study.load(*tiny.published(tmp_path))
    empty = pd.DataFrame({"item": ["x"], "kind": ["answer"], "agency": ["a"], "year": [2020]})
    found = variance_parts.split(empty.iloc[:0], survey)
    assert found.mixed is None
    assert list(found.table.columns) == list(variance_parts.COLUMNS)
    assert found.summary().startswith("Too few")

import ast
import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from betyg.data.synthetic import lansstyrelserna
from betyg.data.synthetic.lansstyrelserna import answers, calibration, design, export, model

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "data" / "raw" / "lansstyrelserna"
TRUTH = ROOT / "tests" / "truth" / "lansstyrelserna.json"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rebuilt")
    copy_facts(folder)
    lansstyrelserna.generate(folder)
    return folder


def copy_facts(folder):
    for path in COMMITTED.iterdir():
        if path.name not in lansstyrelserna.WRITTEN:
            shutil.copy(path, folder)


def content(path):
    # Two builds of zlib may pack the same sheet differently: compare what is packed.
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {part.filename: (part.date_time, archive.read(part)) for part in archive.infolist()}


@pytest.mark.parametrize("name", [*export.FILES, "frame.csv"])
def test_rebuilding_gives_the_committed_bytes(rebuilt, name):
    assert content(rebuilt / name) == content(COMMITTED / name)


def test_another_seed_gives_other_answers(rebuilt, tmp_path):
    copy_facts(tmp_path)
    lansstyrelserna.generate(tmp_path, seed=1)
    for name in export.FILES:
        assert content(tmp_path / name) != content(rebuilt / name)


def test_the_sums_are_those_of_the_committed_files():
    listed = dict(
        line.split("  ")[::-1] for line in (COMMITTED / "SHA256SUMS").read_text().splitlines()
    )
    assert listed == {
        name: hashlib.sha256((COMMITTED / name).read_bytes()).hexdigest() for name in export.FILES
    }


def test_the_stored_truth_is_the_one_that_was_drawn_from():
    assert json.loads(TRUTH.read_text(encoding="utf-8")) == lansstyrelserna.truth()


def test_nothing_in_src_opens_the_truth():
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "truth/" not in node.value, path
                assert "lansstyrelserna.json" not in node.value, path


def test_a_larger_edition_keeps_the_cube_and_the_shares():
    small = design.build(seed=lansstyrelserna.SEED).strata
    large = design.build(seed=lansstyrelserna.SEED, respondents=1_000_000).strata
    cell = ["year", "agency", "activity"]
    pd.testing.assert_frame_equal(small[cell], large[cell])
    assert abs(large["respondents"].sum() - 1_000_000) < len(design.INTERVIEWS)
    share_small = small["respondents"] / small["respondents"].sum()
    share_large = large["respondents"] / large["respondents"].sum()
    assert (share_small - share_large).abs().max() < 2e-4  # whole persons, small places


def test_nobody_answers_who_was_not_asked_and_nobody_is_asked_who_is_not_there():
    strata = design.build(seed=lansstyrelserna.SEED).strata
    assert (strata["respondents"] >= 1).all()
    assert (strata["respondents"] <= strata["sample"]).all()
    assert (strata["sample"] <= strata["population"]).all()


def test_published_counts_hold_by_construction():
    strata = design.build(seed=lansstyrelserna.SEED).strata
    interviews = strata.groupby("year")["respondents"].sum()
    assert interviews.to_dict() == design.INTERVIEWS
    gavleborg = strata[(strata["year"] == 2017) & (strata["agency"] == "X")]
    assert (len(gavleborg), gavleborg["respondents"].sum()) == (7, 530)
    farm = strata[(strata["year"] == 2010) & (strata["activity"] == "jordbruksstod")]
    assert farm["respondents"].sum() == 1900


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calibration_reaches_its_bounds_whatever_the_draw(seed):
    strata = design.build(seed=seed).strata
    for year in (2010, 2012, 2013, 2016):
        drawn = answers.draw(strata[strata["year"] == year], model.build(seed), seed=seed)
        moved = calibration.calibrate(drawn, seed=seed)
        for bound in calibration.bounds():
            if bound.year == year:
                assert bound.least <= mean(moved, bound) <= bound.most, bound


def mean(drawn, bound):
    chosen = drawn.where(agency=bound.agency, activity=bound.activity)
    k = model.scale_length(bound.item, drawn.year)
    given = drawn.answers[bound.item][chosen]
    given = given[given > 0].astype(float)
    return 100 * (given.mean() - 1) / (k - 1)


def test_an_uncalibrated_draw_breaks_some_bound():
    strata = design.build(seed=1).strata
    drawn = answers.draw(strata[strata["year"] == 2010], model.build(1), seed=1)
    bounds = [bound for bound in calibration.bounds() if bound.year == 2010]
    assert not all(bound.least <= mean(drawn, bound) <= bound.most for bound in bounds)


def test_few_answers_are_moved():
    strata = design.build(seed=lansstyrelserna.SEED).strata
    truth = model.build(lansstyrelserna.SEED)
    for year, share in ((2010, 0.01), (2012, 0.005), (2016, 0.005)):
        drawn = answers.draw(strata[strata["year"] == year], truth, seed=lansstyrelserna.SEED)
        moved = calibration.calibrate(drawn, seed=lansstyrelserna.SEED)
        changed = sum((drawn.answers[item] != moved.answers[item]).sum() for item in drawn.answers)
        assert 0 < changed < share * drawn.stratum.size * len(drawn.answers)

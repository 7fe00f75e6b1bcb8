"""An invented study is written anew, at any size, beside the one that comes along."""

import shutil
from pathlib import Path

import pytest

from betyg import __main__ as betyg
from betyg.data.study import Study
from betyg.data.synthetic import synthesis
from betyg.errors import ParameterError

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for study in synthesis.STUDIES:
        shutil.copytree(RAW / study, tmp_path / "raw" / study)
    return tmp_path / "raw"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_study_that_comes_along_is_written_anew_with_the_same_bytes(root: Path) -> None:
    before = bytes_of(root / "kommunforbundet")
    (root / "kommunforbundet" / "kundenkat_2020.csv").write_text("spoilt")
    synthesis.write(root, "kommunforbundet", into=None, respondents=None)
    assert bytes_of(root / "kommunforbundet") == before


def test_a_larger_copy_is_a_study_of_its_own_without_figures_that_cannot_agree(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(betyg, "RAW", root)
    before = bytes_of(root / "lansstyrelserna")
    large = root / "large"
    options = ["--into", str(large), "--respondents", "70000"]
    assert betyg.main(["synthesise", "lansstyrelserna", *options]) == 0
    assert str(large) in capsys.readouterr().out
    survey = Study.load(root, "large")
    assert not survey.published
    assert survey.agencies == Study.load(root, "lansstyrelserna").agencies
    assert (large / "2009.csv").stat().st_size > len(before["2009.csv"]) * 1.2
    assert bytes_of(root / "lansstyrelserna") == before


@pytest.mark.parametrize(
    ("study", "into", "respondents", "message"),
    [
        ("lanstyrelserna", "new", None, "Did you mean 'lansstyrelserna'"),
        ("lansstyrelserna", None, 10, "needs --into"),
        ("lansstyrelserna", "new", 49_999, "from 50000 on"),
        ("kommunforbundet", "new", 10, "leave out --respondents"),
        ("kommunforbundet", "lansstyrelserna", None, "exists already"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_changed(
    root: Path, study: str, into: str | None, respondents: int | None, message: str
) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(ParameterError, match=message):
        synthesis.write(root, study, into=root / into if into else None, respondents=respondents)
    assert sorted(root.rglob("*")) == before

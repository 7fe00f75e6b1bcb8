"""However a study's files are damaged, it loads or is refused in words: never a traceback."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from betyg.data.study import Study
from betyg.errors import DataError

FILES = ("study.toml", "codebook.csv", "scales.csv", "agencies.csv", "crosswalk.csv", "SHA256SUMS")
CROSSWALK = "item,year,column,scale,recode\nwebsite,2012,q1,agree5,1=5|5=1\n"
JUNK = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [b"\n", b",", b'"', b"=", b"[", b"]", b"|", b"\x00", b"\xff", b"\r", b"#", b"1"]
    ),
)


@pytest.fixture(scope="module", params=["responses", "counts", "published"])
def study(request):
    with tempfile.TemporaryDirectory() as folder:
        root, name = getattr(tiny, request.param)(Path(folder), respondents=24)
        if request.param == "responses":
            (root / name / "crosswalk.csv").write_text(CROSSWALK, "utf-8")
        yield root, name


@settings(max_examples=150, deadline=None)
@given(
    file=st.sampled_from(FILES),
    place=st.floats(0, 1),
    length=st.integers(0, 12),
    junk=JUNK,
)
def test_damaged_file_is_refused_in_words(study, file, place, length, junk):
    root, name = study
    path = root / name / file
    if not path.is_file():
        return
    whole = path.read_bytes()
    at = int(place * len(whole))
    path.write_bytes(whole[:at] + junk + whole[at + length :])
    try:
        survey = Study.load(root, name)
    except DataError as error:
        assert str(error).startswith(f"{root / name}: ")
    else:
        assert survey.name == name
    finally:
        path.write_bytes(whole)

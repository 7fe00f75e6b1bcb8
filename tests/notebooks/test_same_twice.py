"""make verify: what depends on when or where it is built is found, and nothing else is."""

from pathlib import Path

from faulty import swedish
from toy import CLEAN, write_notebook


def test_verify_names_the_files_that_differ_and_no_others(tmp_path: Path) -> None:
    project = swedish(tmp_path / "project")
    cells = [CLEAN[1], ("code", "import time\nprint(time.time_ns())")]
    write_notebook(project.folder / "notebooks/03_check.ipynb", cells)
    aside = tmp_path / "t"
    aside.mkdir()
    result = project.make("verify", "STUDY=one", TMPDIR=str(aside))
    assert result.returncode == 2, result.stderr
    told = dict(line.split(": ", 1) for line in result.stderr.splitlines() if ": differs" in line)
    assert set(told) == {"reports/one/manifest.json", "reports/one/notebooks/03_check.ipynb"}
    same, _, rest = result.stdout.removeprefix("make verify: ").partition(" ")
    assert int(same) >= 10
    assert rest == "files are the same twice, 2 are not\n"
    places = [line.removeprefix("kept: ") for line in result.stderr.splitlines()
              if line.startswith("kept: ")]  # fmt: skip
    assert len(places) == 2
    assert all(Path(place, "reports/one/manifest.json").is_file() for place in places)

"""The same page gives the same bytes in every form: on another day, in another process."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import notebook_pages
from page_forms import make


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("report-synthetic*/**/*") if p.is_file())
    files += sorted(p for p in folder.glob("report-synthetic.*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_other_processes_zones_and_hash_seeds_give_the_same_bytes(tmp_path):
    found = []
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Kiritimati")):
        folder = tmp_path / seed
        folder.mkdir()
        given = {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, __file__, str(folder)], env=os.environ | given, check=True)
        found.append(digests(folder))
    assert {Path(name).suffix for name in found[0]} == {".pdf", ".docx", ".xlsx", ".csv"}
    assert found[0] == found[1]


if __name__ == "__main__":
    make(notebook_pages.whole("sv"), Path(sys.argv[1]))

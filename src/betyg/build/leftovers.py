"""Pages that were made once and that no make would renew: their language or notebook is gone."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from betyg.build.fingerprint import write_if_changed

__all__ = ["remove"]


def remove(record: Path, planned: Iterable[str], *, is_whole: bool) -> None:
    """Remove what an earlier make planned and this one does not, and record what it plans.

    A page of a language that the study has given up, or without the word synthetic that it must
    bear by now, would else lie among today's as if it were one of them.

    Parameters
    ----------
    record : Path
        The file that remembers the plan.
    planned : iterable of str
        Paths of what readers get.
    is_whole : bool
        Whether that is the plan of all languages; of a part of them nothing can be concluded.
    """
    now = set(planned)
    before = set(json.loads(record.read_text(encoding="utf-8"))) if record.exists() else set()
    for path in sorted(before - now) if is_whole else ():
        if Path(path).exists():
            shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
            sys.stderr.write(f"{path}: removed, the study no longer has this page\n")
    kept = now if is_whole else now | before
    write_if_changed(record, json.dumps(sorted(kept), indent=1) + "\n")

"""The invented customer survey of the association of municipalities, 2020-2022.

Respondents were never published. The data are calibrated to what was: see the study's SOURCE.md.
"""

from __future__ import annotations

from pathlib import Path

from betyg.data import sums
from betyg.data.synthetic.kommunforbundet.answers import draw
from betyg.data.synthetic.kommunforbundet.files import EXPORTS
from betyg.data.synthetic.kommunforbundet.plan import truth

__all__ = ["SEED", "WRITTEN", "generate", "truth"]

SEED = 20211
"""The seed of the files that come with the repository."""

WRITTEN = ("asiakaskysely_2022.xlsx", "kundenkat_2020.csv", "kundenkat_2021.sav", "SHA256SUMS")
"""Files that ``generate`` writes; all others in the study's folder are kept by hand."""


def generate(folder: Path, *, seed: int = SEED) -> None:
    """Write the three raw files of the study, and their SHA256SUMS, into ``folder``.

    The same seed gives the same bytes. Everything planned (sizes, published shares, means by
    group) holds under every seed: chance decides only who answers what.
    """
    files = [
        export(draw(year, seed=seed), folder, seed=seed) for year, export in sorted(EXPORTS.items())
    ]
    sums.write(folder, sorted(files))

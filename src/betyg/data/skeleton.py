"""Begin a new study: a commented folder with invented example data that builds as it stands."""

from __future__ import annotations

import re
import unicodedata
from importlib.resources import files
from pathlib import Path

from betyg.data.sums import write_sums
from betyg.errors import ParameterError

__all__ = ["create"]

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_NAMED = ("study.toml", "SOURCE.md")  # these contain the study's name


def create(root: str | Path, name: str) -> Path:
    """Write the skeleton of a study to ``root/name``.

    Parameters
    ----------
    root : str or Path
        The folder of all studies, usually ``data/raw``.
    name : str
        Small letters, digits, ``_`` and ``-``, beginning with a letter: it becomes part of file
        names and of make's targets.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    ParameterError
        If the name will not do or is taken; nothing is written then.
    """
    if not _NAME.fullmatch(name):
        raise ParameterError(
            f"'{name}' cannot be a study's name. Use small letters a-z, digits, _ and -, "
            f"beginning with a letter: make new STUDY={_likely(name)}. What readers see is the "
            "title, which may be anything: study.toml has it."
        )
    folder = Path(root) / name
    if folder.exists():
        raise ParameterError(
            f"{folder} exists already. Choose another name, or remove the folder first."
        )
    folder.mkdir(parents=True)
    for template in sorted(files("betyg.data").joinpath("new_study").iterdir(), key=str):
        text = template.read_text(encoding="utf-8")
        filled = text.format(name=name) if template.name in _NAMED else text
        (folder / template.name).write_text(filled, encoding="utf-8", newline="\n")
    write_sums(folder)
    return folder


def _likely(name: str) -> str:
    """Return a name that will do and is like the one that will not: ``Min enkät``, min_enkat."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_-]+", "_", plain).strip("_-").lstrip("0123456789_-") or "users_2026"

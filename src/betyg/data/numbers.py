"""Numbers as files spell them: decimal commas, thousands separators, percent signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["parse", "whole"]

BLANKS = re.compile(r"[\s\u00a0\u202f]+")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+([.,]0+)?")


def parse(texts: Sequence[str], *, decimal: str = ".", thousands: str = "") -> NDArray[np.float64]:
    """Return the numbers that the texts spell, NaN where a text spells none.

    Parameters
    ----------
    texts : sequence of str
        Cells as received; a percent sign at the end is passed over.
    decimal, thousands : str
        The marks that the file uses. Blanks between digits are always passed over.
    """
    return np.array([_number(text, decimal, thousands) for text in texts], dtype=np.float64)


def _number(text: str, decimal: str, thousands: str) -> float:
    bare = BLANKS.sub("", text).removesuffix("%").replace("\u2212", "-")
    if thousands:
        bare = bare.replace(thousands, "")
    # A file with decimal commas in which a number has a point spells something else, e.g. a date.
    if decimal != ".":
        bare = "?" if "." in bare else bare.replace(decimal, ".")
    number = float(bare) if NUMBER.fullmatch(bare) else np.nan
    return number if np.isfinite(number) else np.nan  # 1e400 is no number that anyone meant


@lru_cache(maxsize=2**16)
def whole(text: str) -> str | None:
    """Return the shortest spelling of a whole number ('05' and '5.0' are '5'), None for others.

    Programs that hold a column with gaps as decimal numbers write its codes as 5.0.
    """
    if not WHOLE.fullmatch(text):
        return None
    return str(int(re.split("[.,]", text)[0]))

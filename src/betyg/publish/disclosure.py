"""Small numbers: what rests on too few answers is blanked before it reaches a reader.

Every function of this room that takes estimates passes them through :func:`hide` first, so
that a hidden number is in no table, coordinate or alt text, whatever the notebook does.
"""

import numpy as np
import pandas as pd

from betyg.publish.language import Language

_BASES = ("n", "answers_from", "answers_to")
_KEYS = ("year", "year_from", "year_to", "response", "n_shared")


def hide(frame: pd.DataFrame, *, show: int) -> pd.DataFrame:
    """Blank every number that rests on fewer than ``show`` answers, bases included.

    Any number that is not a key is blanked, so that a new column is hidden until someone decides
    otherwise.

    Parameters
    ----------
    frame : DataFrame
        Estimates or changes: a base ``n`` (or ``answers_from`` and ``answers_to``) beside the
        numbers, and ``shown`` where an earlier step has decided already. A base of 0 beside a
        number that is shown is an unknown one: a figure that others published.
    show : int
        The fewest answers for a number to be shown.

    Returns
    -------
    DataFrame
        A copy with NaN in the hidden numbers and a boolean column ``shown``.
    """
    hidden = (
        ~frame["shown"].to_numpy(dtype=bool) if "shown" in frame else np.zeros(len(frame), bool)
    )
    for base in (b for b in _BASES if b in frame):
        known = frame[base].to_numpy(dtype=float, na_value=np.nan)
        hidden = hidden | ((known < show) & (known > 0))
    numbers = [name for name in frame.select_dtypes("number").columns if name not in _KEYS]
    values = {name: frame[name].to_numpy(dtype=float, na_value=np.nan) for name in numbers}
    blanked = {name: np.where(hidden, np.nan, known) for name, known in values.items()}
    return frame.assign(**blanked, shown=~hidden)


def label(language: Language) -> str:
    """Return the words that stand where a number is hidden."""
    return language.text("too few answers to show")

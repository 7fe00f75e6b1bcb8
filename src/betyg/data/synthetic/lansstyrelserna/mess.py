"""What is wrong with the raw files, on purpose: each kind is declared in the study's study.toml."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

NUMBER = "number"

DUPLICATES = {2009: 14, 2013: 31, 2016: 9, 2017: 12}
EMPTY_INTERVIEWS = {
    2009: 6, 2010: 9, 2011: 12, 2012: 17, 2013: 26, 2014: 13, 2015: 15, 2016: 11, 2017: 21,
}  # fmt: skip
STRAY_BOARDS = {2010: (11, 15, 16, 15, 16, 15), 2015: ("Okänd",) * 4}
"""Boards that do not exist: counties abolished in 1997 and 1998, and forms without a board."""
OUT_OF_RANGE = {2011: 9}
NO_SUCH_GRADE = 7  # on the scales of five grades


def add(
    frame: pd.DataFrame,
    *,
    year: int,
    agency: str,
    questions: Sequence[str],
    factor: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the interviews with rows added that cleaning has to find, in no order.

    Respondents get a running number in column ``number``. Grades out of range replace answers of
    interviews that are kept; everything else is an additional row.
    """

    def some(count: int) -> pd.DataFrame:
        wanted = round(count * factor)
        return frame.iloc[rng.integers(0, len(frame), wanted)]

    empty = some(EMPTY_INTERVIEWS[year]).copy()
    empty[list(questions)] = None
    boards = STRAY_BOARDS.get(year, ())
    stray = some(len(boards)).copy()
    stray[agency] = np.resize(np.array(boards, dtype=object), len(stray))
    interviews = pd.concat([frame, empty, stray], ignore_index=True)
    interviews[NUMBER] = 1 + rng.permutation(len(interviews))
    spoilt = rng.integers(0, len(frame), round(OUT_OF_RANGE.get(year, 0) * factor))
    interviews.loc[spoilt, questions[0]] = NO_SUCH_GRADE
    twice = interviews.iloc[rng.choice(len(frame), round(DUPLICATES.get(year, 0) * factor), False)]
    mixed = pd.concat([interviews, twice], ignore_index=True)
    return mixed.iloc[rng.permutation(len(mixed))].reset_index(drop=True)

"""Claims on rows of estimates.parquet that differ in one column: how many, and which is first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from betyg.publish import claims
from betyg.publish.claims import Claim, Condition
from betyg.publish.naming import ALL

Row = Mapping[str, Any]


def among(rows: Sequence[Row], of: str, codes: Sequence[str] = ()) -> tuple[Condition, ...]:
    """Return what makes rows of these: a row that appears later is looked at, too.

    Parameters
    ----------
    of : str
        The column in which they differ.
    codes : sequence of str
        What the study asks that is compared; all but "all" where nothing is given.
    """
    same = claims.row_of("estimates", {**rows[0], of: None})
    which: Condition = (of, "in", tuple(codes)) if codes else (of, "!=", ALL)
    return (*same, ("shown", "==", True), which)


def counted(
    rows: Sequence[Row], of: str, least: float, codes: Sequence[str] = ()
) -> tuple[Claim, Claim]:
    """Claim how many rows there are, and how many of them surely lie above ``least``."""
    where = among(rows, of, codes)
    above: Condition = ("ci_low", ">", float(least))
    sure = sum(row["ci_low"] > least for row in rows)
    return (
        claims.count("estimates", of, len(rows), *where),
        claims.count("estimates", of, sure, *where, must=[above]),
    )


def in_turn(
    extreme: Callable[..., Claim],
    rows: Sequence[Row],
    of: str,
    named: int,
    codes: Sequence[str] = (),
) -> Iterator[Claim]:
    """Claim of each of the first few that it is the extreme of those that are left."""
    left = among(rows, of, codes)
    for row in rows[:named]:
        yield extreme("estimates", row, *left)
        left = (*left, (of, "!=", str(row[of])))

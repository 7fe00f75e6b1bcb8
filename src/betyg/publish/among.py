"""Claims on rows of estimates.parquet that differ in one column: how many, and which is first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from betyg.publish import claims
from betyg.publish.claims import Claim, Condition

Row = Mapping[str, Any]


def among(rows: Sequence[Row], of: str) -> tuple[Condition, ...]:
    """Return the conditions that these rows fulfil, and no others; they differ in ``of``."""
    same = claims.row_of("estimates", {**rows[0], of: None})
    return (*same, (of, "in", tuple(str(row[of]) for row in rows)))


def counted(rows: Sequence[Row], of: str, least: float) -> tuple[Claim, Claim]:
    """Claim how many rows there are, and how many of them surely lie above ``least``."""
    where = among(rows, of)
    above: Condition = ("ci_low", ">", float(least))
    sure = sum(row["ci_low"] > least for row in rows)
    return (
        claims.count("estimates", of, len(rows), *where),
        claims.count("estimates", of, sure, *where, must=[above]),
    )


def in_turn(
    extreme: Callable[..., Claim], rows: Sequence[Row], of: str, named: int
) -> Iterator[Claim]:
    """Claim of each of the first few that it is the extreme of those that are left."""
    for at, row in enumerate(rows[:named]):
        yield extreme("estimates", row, *among(rows[at:], of))

"""Which is highest and which lowest, said only where that is sure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from betyg.publish import among, claims, together
from betyg.publish.claims import Claim, Condition
from betyg.publish.language import Language
from betyg.publish.sentence import joined, stating
from betyg.stats import apart

NAMED = 4  # more than these are counted
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Rows of estimates.parquet of which each pair was looked at, all together.

    Attributes
    ----------
    rows : sequence of dict
        Shown rows, the highest first.
    of : str
        The column in which they differ.
    codes : sequence of str
        As for :func:`betyg.publish.among.among`.
    above : ndarray of bool, shape (rows, rows)
        Whether the one is surely above the other.
    """

    rows: Sequence[Row]
    of: str
    codes: Sequence[str]
    above: NDArray[np.bool_]

    def may_be(self, *, lowest: bool) -> list[Row]:
        """Return the rows that may be the highest, or the lowest: none is surely beyond them."""
        beyond = self.above.T if lowest else self.above
        return [self.rows[int(at)] for at in np.flatnonzero(~beyond.any(axis=0))]

    def surely_lowest(self, at_most: int) -> list[Row]:
        """Return the last rows, if each of them is surely below each of the rest."""
        count = len(self.rows)
        sizes = range(min(at_most, count - 1), 0, -1)
        cuts = (count - size for size in sizes)
        cut = next((at for at in cuts if self.above[:at, at:].all()), count)
        return list(self.rows[cut:])

    @property
    def is_sure(self) -> bool:
        """Whether one is surely the highest, and one the lowest."""
        return all(len(self.may_be(lowest=lowest)) == 1 for lowest in (False, True))

    @property
    def claims(self) -> tuple[Claim, Claim]:
        """That these, and no others, may be the highest and the lowest."""
        highest, lowest = (self.is_first(lowest=lowest) for lowest in (False, True))
        return highest, lowest

    def is_first(self, *, lowest: bool) -> Claim:
        """Claim that these, and no others, may be the highest, or the lowest."""
        first = self.may_be(lowest=lowest)
        return together.may_be_first(
            "estimates", self._named(first), len(first), *self._those, lowest=lowest
        )

    def is_behind(self, last: Sequence[Row]) -> Claim:
        """Claim that each of some rows is surely below each of the rest."""
        return together.surely_lowest("estimates", self._named(last), len(last), *self._those)

    @property
    def _those(self) -> tuple[Condition, ...]:
        return among.among(self.rows, self.of, self.codes)

    def _named(self, rows: Sequence[Row]) -> Condition:
        return (self.of, "in", tuple(str(row[self.of]) for row in rows))


def compared(rows: Sequence[Row], of: str, codes: Sequence[str] = ()) -> Compared:
    """Look at each pair of rows, the highest first."""
    ordered = sorted(rows, key=lambda row: -row["estimate"])
    estimate, se = (
        np.array([row.get(name, np.nan) for row in ordered], dtype=np.float64)
        for name in ("estimate", "se")
    )
    return Compared(rows=ordered, of=of, codes=codes, above=apart.above(estimate, se))


def ends(found: Compared, language: Language, *, label: Callable[[Row], str]) -> str:
    """Say which is highest and which lowest, or of which one of them is.

    Parameters
    ----------
    label : callable
        Names a row, with its value.
    """
    if not found.above.any():
        return language.text(
            "which is highest and which lowest is not sure, {span}",
            span=stating(_span(found.rows, language), *found.claims),
        )
    top, bottom = (found.may_be(lowest=lowest) for lowest in (False, True))
    highest, lowest = (_one_of(end, language, label) for end in (top, bottom))
    said = joined(
        language.text("highest {unit}", unit=highest) if len(top) == 1
        else language.text("highest one of {units}", units=highest),
        language.text("lowest {unit}", unit=lowest) if len(bottom) == 1
        else language.text("lowest one of {units}", units=lowest),
        by=", ",
    )  # fmt: skip
    return stating(said, *found.claims)


def _one_of(rows: Sequence[Row], language: Language, label: Callable[[Row], str]) -> str:
    """Name the rows, or say how many they are and from which value to which."""
    if len(rows) <= NAMED:
        return language.listing([label(row) for row in rows])
    return language.text("{n}, {span}", n=language.integer(len(rows)), span=_span(rows, language))


def _span(rows: Sequence[Row], language: Language) -> str:
    """Write from which value to which rows go."""
    is_mean = rows[0]["statistic"] == "mean"
    write, claim = (language.number, claims.value) if is_mean else (language.percent, claims.share)
    least, most = rows[-1], rows[0]
    span = language.range(write(least["estimate"]), write(most["estimate"]))
    return stating(span, *(claim("estimates", row, "estimate") for row in (least, most)))

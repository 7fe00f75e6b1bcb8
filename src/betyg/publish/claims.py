"""Claims: what a sentence says of the stored tables, so that the build can look again.

A claim names a table, the rows it is about, the numbers that are printed (unrounded) and what
must hold of them. :mod:`betyg.publish.evidence` reads the tables anew and decides. Each kind has
a function here, so that none can be half made.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from betyg.errors import SurveyError
from betyg.stats.weights import SPREAD

Kind = Literal[
    "value", "share", "total", "is_high", "is_low", "higher_than", "lower_than", "changed",
    "no_difference", "detectable", "detectable_together", "surely_above", "surely_below",
    "ranked", "shared_place",
    "equivalent", "not_equivalent", "as_expected", "not_as_expected", "effect", "holds", "count",
    "throughout", "always", "highest", "lowest", "least_firm", "spread", "weighted",
    "declared", "may_be_highest", "may_be_lowest", "surely_lowest",
]  # fmt: skip
Op = Literal["==", "!=", "<", "<=", ">", ">=", "in"]
Scalar = str | int | float | bool
Condition = tuple[str, Op, Scalar | tuple[Scalar, ...]]
Number = int | float

KEYS: Mapping[str, tuple[str, ...]] = {
    "estimates": ("year", "agency", "item", "statistic", "activity", "group", "response"),
    "comparisons": ("year", "agency", "outcome"),
    "profiles": ("year", "agency", "outcome"),
    "changes": ("year_to", "year_from", "agency", "outcome"),
    "within": ("year_to", "year_from"),
    "orders": ("of", "by", "year", "code"),
    "leads": ("item", "year", "first", "activity"),
    "agreement": ("year", "item"),
    "effects": ("event", "item", "year_from", "year_to"),
    "drivers": ("year", "agency", "theme"),
    "variance_parts": ("outcome", "term"),
    "fit_checks": ("check", "item", "term"),
    "quality": ("measure", "year", "item", "agency", "activity", "group"),
    "late": ("year",),
    "tipping": ("year", "agency"),
    "robustness": ("year", "conclusion", "agency"),
    "people": ("year", "agency", "activity", "group"),
}
"""What tells the rows of each table apart, what narrows most first."""


class ClaimError(SurveyError):
    """A sentence says what the data do not carry, or a number that nothing stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One checkable statement about a stored table.

    Attributes
    ----------
    kind : str
        What is claimed; made by the function of this name.
    table : str
        Name of a table in data/processed, or ``study`` for what the study's files declare.
    where : tuple of conditions
        Which rows it is about: column, comparison, value.
    says : tuple of (str, number)
        Column (or what is worked out from columns) and the number that is printed, unrounded.
    must : tuple of conditions
        What has to hold of the row; for a count, of each that is counted.
    of, each : str
        For a count: the column (or columns, divided by commas) whose values are counted, and for
        ``throughout`` the column of which each has all values. For an extreme: the column in
        which the row is the first.
    against : tuple of conditions
        For a change: the row before. For an extreme: the rows among which it is the first.
    """

    kind: Kind
    table: str
    where: tuple[Condition, ...] = ()
    says: tuple[tuple[str, Number], ...] = ()
    must: tuple[Condition, ...] = ()
    of: str = ""
    each: str = ""
    against: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if self.kind in ("value", "share", "effect") and not self.says:
            raise ClaimError(
                f"{self.kind} of {self.table}: no number is claimed, so nothing would be looked "
                "up. Name a column that the row has, or use claims.holds."
            )
        found = any(name.endswith(".detectable") for name, _ in self.says)
        if self.kind == "no_difference" and not found:
            raise ClaimError(
                f"no_difference of {self.table}: which difference would have been found, four "
                "times in five, is missing; without it the reader takes it for none at all."
            )

    @property
    def numbers(self) -> Iterable[Number]:
        """Every number that a sentence with this claim may print; a share is no whole number."""
        yield from (number for _, number in self.says)
        for _, _, value in (*self.where, *self.must, *self.against):
            several = value if isinstance(value, tuple) else (value,)
            yield from (v for v in several if not isinstance(v, bool | str))

    def packed(self) -> dict[str, Any]:
        """Return the claim for a notebook's output: plain, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def unpacked(cls, given: Mapping[str, Any]) -> "Claim":
        """Return the claim that :meth:`packed` packed."""
        return cls(**{name: _tuples(value) for name, value in given.items()})


def conditions(**keys: object) -> tuple[Condition, ...]:
    """Return the conditions that columns have these values; a list or tuple holds several.

    None asks for nothing.
    """
    return tuple(
        (name, "in", tuple(map(_plain, value)))
        if isinstance(value, list | tuple)
        else (name, "==", _plain(value))
        for name, value in keys.items()
        if value is not None
    )


def table_of(row: Mapping[str, Any]) -> str:
    """Return which table a row of estimates is from: direct, or adjusted by a model."""
    return "comparisons" if "extrapolated" in row or "from_mean" in row else "estimates"


def row_of(table: str, row: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the conditions that single out one row of a table."""
    named = {"outcome": row.get("item"), **row} if "outcome" in KEYS[table] else row
    return conditions(
        **{key: named[key] for key in KEYS[table] if key in named and _known(named[key])}
    )


def value(table: str, row: Mapping[str, Any], *columns: str) -> Claim:
    """Claim numbers of one row: those of ``columns`` that the row has."""
    return _one("value", table, row, columns)


def follows(table: str, row: Mapping[str, Any], numbers: Mapping[str, Number]) -> Claim:
    """Claim what follows from an interval of one row.

    ``part.half`` is its margin, ``part.detectable`` the size that is found four times in five.
    """
    return replace(_saying(_one("holds", table, row, ()), *numbers.items()), kind="value")


def share(table: str, row: Mapping[str, Any], *columns: str) -> Claim:
    """Claim shares (0-1) of one row."""
    return _one("share", table, row, columns)


def effect(table: str, row: Mapping[str, Any], *columns: str) -> Claim:
    """Claim the numbers of a comparison before and after a measure; they name no cause."""
    return _one("effect", table, row, columns)


def total(
    table: str, column: str, number: Number, *where: Condition, under: float | None = None
) -> Claim:
    """Claim the sum of a column over rows, and that it lies ``under`` something."""
    must: tuple[Condition, ...] = () if under is None else ((column, "<", under),)
    return Claim(
        kind="total", table=table, where=where, says=((column, _number(number)),), must=must
    )


def spread(table: str, column: str, numbers: Mapping[str, Number], *where: Condition) -> Claim:
    """Claim the least (min) and the largest (max) of a column."""
    says = tuple((name, _number(number)) for name, number in numbers.items())
    return Claim(kind="spread", table=table, where=where, says=says, of=column)


def weighted(numbers: Mapping[str, Number], *where: Condition) -> Claim:
    """Claim the least weight (min), the largest (max) and what they do to a variance (kish)."""
    says = tuple((name, _number(number)) for name, number in numbers.items())
    return Claim(kind="weighted", table="domains", where=where, says=says, of=",".join(SPREAD))


def is_high(table: str, row: Mapping[str, Any], *, least: float) -> Claim:
    """Claim that the whole interval lies above ``least``."""
    return _one("is_high", table, row, (), ("ci_low", ">", float(least)))


def is_low(table: str, row: Mapping[str, Any], *, most: float) -> Claim:
    """Claim that the whole interval lies below ``most``."""
    return _one("is_low", table, row, (), ("ci_high", "<", float(most)))


def higher_than(table: str, row: Mapping[str, Any], *, by: str) -> Claim:
    """Claim that a difference, adjusted for all that were looked at, is above nought.

    Parameters
    ----------
    by : str
        Column of the lower end of its interval.
    """
    return _one("higher_than", table, row, (), (by, ">", 0.0))


def lower_than(table: str, row: Mapping[str, Any], *, by: str) -> Claim:
    """Claim that a difference is below nought; ``by`` is the upper end of its interval."""
    return _one("lower_than", table, row, (), (by, "<", 0.0))


def changed(table: str, row: Mapping[str, Any], *, part: str, rise: bool) -> Claim:
    """Claim a sure change: the interval of ``part`` (like_for_like, say) leaves nought out."""
    sure: Condition = (f"{part}_low", ">", 0.0) if rise else (f"{part}_high", "<", 0.0)
    return _one("changed", table, row, _with_ends(part), sure)


def no_difference(table: str, row: Mapping[str, Any], *, part: str, found: float) -> Claim:
    """Claim that no difference was found, and which would have been, four times in five."""
    claim = _one("holds", table, row, _with_ends(part), *_holds_nought(part))
    return replace(_saying(claim, (f"{part}.detectable", found)), kind="no_difference")


def moved(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    sure: int,
    says: Mapping[str, Number],
    table: str = "estimates",
) -> Claim:
    """Claim the difference of two independent estimates; ``sure`` is 1, -1, or 0 for neither.

    ``says`` are difference, difference_low and difference_high; for 0 difference.detectable.
    """
    must: tuple[Condition, ...] = (("difference_low", ">", 0.0),)
    if sure < 0:
        must = (("difference_high", "<", 0.0),)
    if not sure:
        must = _holds_nought("difference")
    return Claim(
        kind="changed" if sure else "no_difference",
        table=table,
        where=row_of(table, after),
        against=row_of(table, before),
        says=tuple((name, _number(number)) for name, number in says.items()),
        must=must,
    )


def ranked(table: str, row: Mapping[str, Any]) -> Claim:
    """Claim the places that a row may have, of the set that holds for all at once."""
    return _one("ranked", table, row, ("place_low", "place_high"))


def shared_place(table: str, row: Mapping[str, Any]) -> Claim:
    """Claim a place that is shared: differences within the margin, none of them sure."""
    return _one("shared_place", table, row, ("place_low",), ("shared", "==", True))


def equivalent(row: Mapping[str, Any]) -> Claim:
    """Claim that all agree: the largest difference surely lies under the margin."""
    says = ("largest", "bound", "margin", "agencies")
    return _one("equivalent", "agreement", row, says, ("bound", "<", float(row["margin"])))


def not_equivalent(row: Mapping[str, Any]) -> Claim:
    """Claim that it cannot be said that all agree."""
    says = ("largest", "bound", "margin", "agencies")
    return _one("not_equivalent", "agreement", row, says, ("bound", ">=", float(row["margin"])))


def as_expected(table: str, row: Mapping[str, Any]) -> Claim:
    """Claim that a row lies within the range expected of one like the others."""
    return _one("as_expected", table, row, (), ("band", "==", "as_expected"))


def not_as_expected(table: str, row: Mapping[str, Any], *, bands: Sequence[str]) -> Claim:
    """Claim that a row lies outside the expected range, on the side that ``bands`` say."""
    return _one("not_as_expected", table, row, (), ("band", "in", tuple(bands)))


def holds(table: str, row: Mapping[str, Any], *must: Condition) -> Claim:
    """Claim conditions of one row that have no name of their own; without any, that it is there."""
    return _one("holds", table, row, (), *must)


def count(table: str, of: str, n: int, *where: Condition, must: Sequence[Condition] = ()) -> Claim:
    """Claim how many values of a column there are among the rows that fulfil ``must``.

    Of several columns, divided by commas, their combinations are counted; without any, the rows.
    That there are none (``n`` = 0) is seen only among rows: what is missing belongs in ``must``,
    and some row has to fulfil ``where``.
    """
    return Claim(
        kind="count", table=table, where=where, of=of, says=(("n", int(n)),), must=tuple(must)
    )


def by_chance(table: str, n: int, expected: Number, *where: Condition) -> Claim:
    """Claim how many rows there are, and how many of as many tests chance alone would show."""
    says = (("n", int(n)), ("n.expected", _number(expected)))
    return Claim(kind="count", table=table, where=where, says=says)


def throughout(table: str, of: str, n: int, *where: Condition, each: str) -> Claim:
    """Claim how many values of ``of`` occur with every value that ``each`` has in the rows."""
    return Claim(
        kind="throughout", table=table, where=where, of=of, each=each, says=(("n", int(n)),)
    )


def always(table: str, of: str, n: int, *where: Condition, must: Sequence[Condition]) -> Claim:
    """Claim of how many values of ``of`` all rows fulfil ``must``."""
    return Claim(
        kind="always", table=table, where=where, of=of, says=(("n", int(n)),), must=tuple(must)
    )


def highest(table: str, row: Mapping[str, Any], *among: Condition, of: str = "estimate") -> Claim:
    """Claim that no other row among those that fulfil ``among`` has a larger value."""
    return Claim(kind="highest", table=table, where=row_of(table, row), of=of, against=among)


def lowest(table: str, row: Mapping[str, Any], *among: Condition, of: str = "estimate") -> Claim:
    """Claim that no other row among those that fulfil ``among`` has a smaller value."""
    return Claim(kind="lowest", table=table, where=row_of(table, row), of=of, against=among)


def declared(what: str, number: Number) -> Claim:
    """Claim what the study's files say: an attribute of the study, such as ``compare.margin``."""
    return Claim(kind="declared", table="study", says=((what, _number(number)),))


def _one(
    kind: Kind, table: str, row: Mapping[str, Any], columns: Iterable[str], *must: Condition
) -> Claim:
    says = tuple((c, _number(row[c])) for c in columns if c in row and _known(row[c]))
    return Claim(kind=kind, table=table, where=row_of(table, row), says=says, must=must)


def _saying(claim: Claim, *more: tuple[str, Number]) -> Claim:
    added = tuple((name, _number(number)) for name, number in more)
    return Claim.unpacked({**claim.packed(), "says": claim.says + added})


def _with_ends(part: str) -> tuple[str, str, str]:
    return part, f"{part}_low", f"{part}_high"


def _holds_nought(part: str) -> tuple[Condition, ...]:
    return ((f"{part}_low", "<=", 0.0), (f"{part}_high", ">=", 0.0))


def _known(given: Any) -> bool:
    return given is not None and not (isinstance(given, float) and math.isnan(given))


def _plain(given: Any) -> Scalar:
    """Return a value as JSON has it: a count from a frame is a plain number."""
    if isinstance(given, np.generic):
        given = given.item()
    return given if isinstance(given, bool | int | float) else str(given)


def _number(given: Any) -> Number:
    plain = _plain(given)
    return plain if isinstance(plain, int) and not isinstance(plain, bool) else float(plain)


def _tuples(given: Any) -> Any:
    return tuple(map(_tuples, given)) if isinstance(given, list | tuple) else given

"""Evidence: what the stored tables say to a claim, read anew when a page is written.

The rows are read from the tables and not from what wrote the sentence. What is judged by a rule
(which differences are sure, which would have been found) is judged by the same functions of
:mod:`betyg.stats` that the sentence was written by: a stale sentence or a wrong row is found
here, a mistake in the rule is for the tests of those functions.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.publish.claims import Claim, ClaimError, Kind, Number
from betyg.publish.narrow import OPS, Tables
from betyg.stats import apart, detectable, weights

RTOL: Final = 1e-9  # sums may be added in another order
_FIRST: Final = ("may_be_highest", "may_be_lowest", "surely_lowest")
_TOGETHER: Final = (
    "surely_above", "surely_below", "detectable_together", *_FIRST,
)  # fmt: skip
_AMONG: Final = (
    "count", "always", "throughout", "highest", "lowest", "spread", "weighted", "least_firm",
)  # fmt: skip
_OF_ENDS: Final = ("half", "detectable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found for a claim.

    Attributes
    ----------
    values : mapping of str to number or str
        What the claim prints or requires, as the tables have it now.
    holds : bool
        Whether that is what the claim says.
    """

    values: Mapping[str, Any]
    holds: bool


def tables_for(claims: Iterable[Claim], folder: str | Path, survey: Study) -> Tables:
    """Return the stored tables with the columns and agencies that claims ask for."""
    wanted: dict[str, set[str]] = {}
    about: dict[str, set[str] | None] = {}
    for claim in claims:
        if claim.table != "study":
            wanted.setdefault(claim.table, set()).update(_columns(claim))
            known, own = about.setdefault(claim.table, set()), _agencies(claim)
            about[claim.table] = None if known is None or own is None else known | own
    return Tables(folder, survey, wanted, about)


def _agencies(claim: Claim) -> set[str] | None:
    """Return the agencies whose rows are all that a claim can be about; None for any."""
    found: set[str] = set()
    for conditions in filter(None, (claim.where or ((),), claim.against)):
        named = [value for column, op, value in filter(None, conditions)
                 if column == "agency" and op in ("==", "in")]  # fmt: skip
        if not named:
            return None
        found |= set(map(str, named[0] if isinstance(named[0], tuple) else [named[0]]))
    return found


def evaluate(claim: Claim, tables: Tables) -> Evidence:
    """Look a claim up in the tables.

    Returns
    -------
    Evidence
        That does not hold, too, where the tables have no such row or column: an empty table
        shows nothing, not even a nought.
    """
    if lacking := tables.lacking(claim.table, _narrowed_by(claim)):
        return Evidence(values={"no such column": ", ".join(lacking)}, holds=False)
    values, must = _READERS.get(claim.kind, _one)(claim, tables)
    says = all(name in values and _same(values[name], number) for name, number in claim.says)
    return Evidence(values=values, holds=bool(values) and must and says)


def _same(found: Any, said: Number) -> bool:
    return math.isclose(found, said, rel_tol=RTOL, abs_tol=RTOL)


_Read = tuple[dict[str, Any], bool]


def _one(claim: Claim, tables: Tables) -> _Read:
    """Read one row; it has to be the only one."""
    row = tables.only(claim.table, claim.where, sorted(_columns(claim)))
    if row is None:
        return {}, False
    # Where nothing is printed or required, the row itself is the evidence.
    return _required(claim, row) if claim.says or claim.must else (row, True)


def _required(claim: Claim, row: Mapping[str, Any]) -> _Read:
    names = [name for name, _ in claim.says] + [column for column, _, _ in claim.must]
    values = {name: _worked_out(name, row) for name in names}
    known = {name: found for name, found in values.items() if found is not None}
    return known, all(
        column in known and _fits(known[column], op, wanted) for column, op, wanted in claim.must
    )


def _fits(found: Any, op: str, wanted: Any) -> bool:
    return bool(found in wanted if op == "in" else OPS[op](found, wanted))


def _worked_out(name: str, row: Mapping[str, Any]) -> Any:
    """Return a value of a row, ``a-b`` of two, or what follows from an interval: see claims."""
    if "-" in name:
        one, other = (row.get(column, np.nan) for column in name.split("-"))
        return one - other
    part, _, what = name.rpartition(".")
    if what not in _OF_ENDS:
        return row.get(name)
    low, high = row.get(f"{part}_low"), row.get(f"{part}_high")
    if low is None or high is None:
        return None
    if what == "half":
        return (high - low) / 2
    return detectable.from_interval(low, high, row.get(f"{part}_se", row.get("se", np.nan)))


def _moved(claim: Claim, tables: Tables) -> _Read:
    """Read a change: from a row that holds it, or from two independent estimates."""
    if not claim.against:
        return _one(claim, tables)
    columns = sorted(_columns(claim))
    before = tables.only(claim.table, claim.against, columns)
    after = tables.only(claim.table, claim.where, columns)
    if before is None or after is None:
        return {}, False
    moved = apart.between(before, after)
    row = {"difference": moved.value, "difference_low": moved.low}
    row |= {"difference_high": moved.high, "difference_se": moved.se}
    row |= {"before": before["estimate"], "after": after["estimate"]}
    return _required(claim, row)


def _surely(claim: Claim, tables: Tables) -> _Read:
    """Judge all rows together, each against the reference of its item or the only one."""
    *_, verdict = _judged(claim, tables)
    n = int((verdict == (1 if claim.kind == "surely_above" else -1)).sum())
    return {"n": n, "of": len(verdict)}, len(verdict) > 0


def _detectable_together(claim: Claim, tables: Tables) -> _Read:
    """Read what would have been found of rows that are judged together and are not apart."""
    _, se, verdict = _judged(claim, tables)
    return _ends(apart.found(se, verdict))


def _first(claim: Claim, tables: Tables) -> _Read:
    """Judge all pairs of rows together: who may be first, or is surely ahead of the rest."""
    rows = tables.rows(claim.table, claim.where)
    named = rows.index.isin(tables.rows(claim.table, (*claim.where, *claim.against)).index)
    ahead = apart.above(*(rows[column].to_numpy(np.float64) for column in (claim.of, "se")))
    ahead = ahead.T if claim.kind.endswith("lowest") else ahead
    if claim.kind.startswith("may_be"):
        holds = bool((named == ~ahead.any(axis=0)).all())
    else:
        holds = bool(ahead[np.ix_(named, ~named)].all())
    return {"n": int(named.sum()), "of": len(rows)}, holds and bool(named.any())


def _detectable(claim: Claim, tables: Tables) -> _Read:
    """Read what would have been found, of each row that has an interval."""
    rows = tables.rows(claim.table, claim.where)
    error = f"{claim.of}_se" if f"{claim.of}_se" in rows else "se"
    columns = (f"{claim.of}_low", f"{claim.of}_high", error)
    sizes = detectable.from_interval(*(rows[name].to_numpy(np.float64) for name in columns))
    return _ends(sizes[np.isfinite(sizes)])


def _ends(sizes: NDArray[np.float64]) -> _Read:
    if not sizes.size:
        return {}, False
    return {"least": float(sizes.min()), "largest": float(sizes.max())}, True


def _judged(
    claim: Claim, tables: Tables
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """Return how far rows lie from their reference, with what error, and which surely (1, -1)."""
    rows = tables.rows(claim.table, claim.where)
    error = f"{claim.of}_se" if f"{claim.of}_se" in rows else "se"
    reference: NDArray[np.float64] | float = 0.0
    reference_se: NDArray[np.float64] | float = 0.0
    if claim.against:
        others = tables.rows(claim.table, claim.against)
        key = "item" if "item" in rows else "outcome"
        known = others.set_index(key)
        reference, reference_se = (
            rows[key].map(known[column]).to_numpy(np.float64) for column in (claim.of, error)
        )
    values, se = (rows[column].to_numpy(np.float64) for column in (claim.of, error))
    verdict = apart.surely(values, se, reference=reference, reference_se=reference_se)
    return values - reference, apart.difference_se(se, reference_se), verdict


def _count(claim: Claim, tables: Tables) -> _Read:
    """Count rows, or values; that there are none is seen where there are rows to look through."""
    where = (*claim.where, *claim.must)
    at = tables.positions(claim.table, where)
    n = tables.distinct(claim.table, claim.of.split(","), at) if claim.of else at.size
    expected = {name: n * apart.LEVEL for name, _ in claim.says if name == "n.expected"}
    looked_through = n > 0 or bool(claim.must) and tables.count(claim.table, claim.where) > 0
    return {"n": n, **expected}, looked_through


def _always(claim: Claim, tables: Tables) -> _Read:
    """Count the values none of whose rows breaks a condition."""
    columns = claim.of.split(",")
    rows = tables.positions(claim.table, claim.where)
    good = tables.positions(claim.table, (*claim.where, *claim.must))
    broken = tables.distinct(claim.table, columns, np.setdiff1d(rows, good, assume_unique=True))
    return {"n": tables.distinct(claim.table, columns, rows) - broken}, rows.size > 0


def _least_firm(claim: Claim, tables: Tables) -> _Read:
    rows = tables.rows(claim.table, claim.where)
    if rows.empty:
        return {}, False
    good = rows.index.isin(tables.rows(claim.table, (*claim.where, *claim.must)).index)
    by = rows.assign(good=good).groupby(claim.of.split(","), observed=True)["good"]
    return {"share": float(by.mean().min()), "most": int(by.size().max())}, True


def _throughout(claim: Claim, tables: Tables) -> _Read:
    pairs = tables.rows(claim.table, claim.where)[[claim.of, claim.each]].drop_duplicates()
    times = pairs.groupby(claim.of, observed=True)[claim.each].size()
    return {"n": int((times == pairs[claim.each].nunique()).sum())}, not pairs.empty


def _total(claim: Claim, tables: Tables) -> _Read:
    rows, column = tables.rows(claim.table, claim.where), claim.says[0][0]
    if rows.empty:
        return {}, False
    return _required(claim, {column: float(rows[column].sum())})


def _spread(claim: Claim, tables: Tables) -> _Read:
    values = tables.rows(claim.table, claim.where)[claim.of].to_numpy(np.float64)
    if not values.size:
        return {}, False
    return {"min": float(values.min()), "max": float(values.max())}, True


def _weighted(claim: Claim, tables: Tables) -> _Read:
    rows = tables.rows(claim.table, claim.where)
    if rows.empty:
        return {}, False
    return dict(zip(("min", "max", "kish"), weights.spread(rows), strict=True)), True


def _extreme(claim: Claim, tables: Tables) -> _Read:
    """Read a row and those among which it is the first; a row of equal value is no rival."""
    row = tables.only(claim.table, claim.where, [claim.of])
    among = tables.rows(claim.table, claim.against)
    if row is None or among.empty:
        return {}, False
    own, others = float(row[claim.of]), among[claim.of].to_numpy(np.float64)
    first = float(np.nanmax(others) if claim.kind == "highest" else np.nanmin(others))
    return {claim.of: own, "first": first}, _same(own, first)


def _declared(claim: Claim, tables: Tables) -> _Read:
    """Read an attribute of the study; of several things, their number."""
    what = claim.says[0][0]
    found: Any = tables.survey
    for part in what.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part, None)
        if found is None:
            return {}, False
    return {what: len(found) if isinstance(found, tuple | frozenset | dict) else found}, True


_READERS: Mapping[Kind, Callable[[Claim, Tables], _Read]] = {
    "changed": _moved, "no_difference": _moved,
    "surely_above": _surely, "surely_below": _surely, "detectable": _detectable,
    "detectable_together": _detectable_together, "highest": _extreme, "lowest": _extreme,
    "count": _count, "throughout": _throughout, "always": _always, "total": _total,
    "spread": _spread, "declared": _declared, "least_firm": _least_firm,
    "weighted": _weighted, **dict.fromkeys(_FIRST, _first),
}  # fmt: skip


def _narrowed_by(claim: Claim) -> set[str]:
    """Return the columns without which nothing can be looked up."""
    named = {column for column, _, _ in (*claim.where, *claim.against)}
    if claim.kind in _AMONG:
        named |= {column for column, _, _ in claim.must} | {*claim.of.split(","), claim.each}
    if claim.kind == "total":
        named |= {column for column, _ in claim.says}
    if claim.kind in _TOGETHER:
        named.add(claim.of)
    return named - {""}


def _columns(claim: Claim) -> set[str]:
    named = {name for name, _ in claim.says}
    parts = {name.rpartition(".")[0] for name in named if "." in name}
    named |= {f"{part}{end}" for part in parts for end in ("_low", "_high", "_se")}
    named |= {column for column, _, _ in (*claim.where, *claim.must, *claim.against)}
    named |= {column for name in named for column in name.split("-")}
    if claim.kind in (*_TOGETHER, "detectable"):
        named |= {"se", "item", "outcome"} | {f"{claim.of}_{end}" for end in ("low", "high", "se")}
    return named | {
        *claim.of.split(","),
        claim.each,
        *(("estimate", "se") if claim.against or parts else ()),
    }


def refuse(found: Iterable[tuple[str, Claim, Evidence]], *, where: str) -> None:
    """Raise if there is a contradiction.

    Raises
    ------
    ClaimError
        Names file, sentence, claim and what the tables say.
    """
    problems = [
        f"  - “{text}”\n    {_told(claim)}\n    the tables say: {_listed(evidence.values)}"
        for text, claim, evidence in found
    ]
    if problems:
        raise ClaimError(
            f"{where}: the tables contradict {len(problems)} claim(s), so nothing is published:\n"
            + "\n".join(problems)
            + "\nRun the notebook again on the tables as they are (make does, when they change)."
        )


def _told(claim: Claim) -> str:
    rows = ", ".join(f"{column} {op} {wanted}" for column, op, wanted in claim.where)
    must = ", ".join(f"{column} {op} {wanted}" for column, op, wanted in claim.must)
    says = ", ".join(f"{name} = {number:.6g}" for name, number in claim.says)
    parts = [f"{claim.kind} of {claim.table} ({rows})" if rows else f"{claim.kind}"]
    return ": ".join([*parts, "; ".join(filter(None, (says, must)))])


def _listed(values: Mapping[str, Any]) -> str:
    told = (f"{k} = {v:.6g}" if isinstance(v, float) else f"{k} = {v}" for k, v in values.items())
    return ", ".join(told) or "no such row"

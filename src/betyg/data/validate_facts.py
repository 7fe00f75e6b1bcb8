"""Check units, events, the frame and the published figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from betyg.data.codebook import FrameRow, Published, Unit, normal
from betyg.data.facts import Facts
from betyg.data.facts_csv import Located, Table
from betyg.data.study_toml import Settings
from betyg.data.validate_questionnaire import codes_by_item, twice
from betyg.data.validate_settings import outcomes
from betyg.errors import Problems, did_you_mean

__all__ = ["check"]

_OF_ITEMS = ("mean", "share", "top2", "mean_of_agencies")


def check(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Note unknown parents and successors, ambiguous names, and rows about unknown things."""
    for table in (facts.agencies, facts.activities, facts.groups):
        _units(table, problems)
    known = outcomes(settings, facts)
    _events(facts, known, problems)
    _frame(facts, problems)
    published = facts.published
    twice(published.file, ((f.line, f.row.id) for f in published.located), problems)
    for found in published.located:
        _published(found, facts, known, problems)


def _events(facts: Facts, known: Collection[str] | None, problems: Problems) -> None:
    for event in facts.events.located:
        where = f"{facts.events.file}, line {event.line}, column"
        for code in event.row.agencies:
            _known(f"{where} agencies", code, facts.agencies, problems)
        item = event.row.item
        if item is not None and known is not None and item not in known:
            problems.add(
                f"{where} item", f"'{item}' is no item or index.", did_you_mean(item, known)
            )


def _known(where: str, code: str | None, table: Table[Unit], problems: Problems) -> None:
    if code is None or table.codes is None or code in table.codes:
        return
    remedy = did_you_mean(code, [unit.code for unit in table.rows])
    problems.add(where, f"'{code}' is not in {table.file}.", remedy or f"Add {table.file}.")


def _units(table: Table[Unit], problems: Problems) -> None:
    twice(table.file, ((found.line, found.row.code) for found in table.located), problems)
    parents = {unit.code: unit.parent for unit in table.rows}
    for found in table.located:
        unit, where = found.row, f"{table.file}, line {found.line}"
        _known(f"{where}, column parent", unit.parent, table, problems)
        _known(f"{where}, column successor", unit.successor, table, problems)
        if _is_in_a_ring(unit.code, parents):
            problems.add(
                f"{where}, column parent",
                f"'{unit.code}' is, over its parents, its own parent.",
                "Leave parent empty for the topmost unit.",
            )
        if unit.code == "all" or any(sign in unit.code for sign in " /\\"):
            problems.add(
                f"{where}, column code",
                f"'{unit.code}' cannot be a code.",
                "Use no spaces or slashes, and not 'all', which stands for all units together.",
            )
        if unit.valid_from and unit.valid_to and unit.valid_from > unit.valid_to:
            problems.add(
                f"{where}, column valid_to",
                f"{unit.valid_to} is before valid_from, {unit.valid_from}.",
                "Correct one of them.",
            )
    _ambiguous(table, problems)


def _is_in_a_ring(code: str, parents: dict[str, str | None]) -> bool:
    seen, above = {code}, parents.get(code)
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == code


def _ambiguous(table: Table[Unit], problems: Problems) -> None:
    """Note a spelling that raw files could mean two units by."""
    owner: dict[str, str] = {}
    for found in table.located:
        unit = found.row
        for text in dict.fromkeys(map(normal, (unit.code, *unit.aliases, *unit.label.values()))):
            other = owner.setdefault(text, unit.code)
            if other != unit.code:
                problems.add(
                    f"{table.file}, line {found.line}",
                    f"'{text}' stands for '{other}' and for '{unit.code}'.",
                    "Every code, alias and label must belong to one unit.",
                )


def _frame(facts: Facts, problems: Problems) -> None:
    keys = ((found.line, _stratum(found.row)) for found in facts.frame.located)
    twice(facts.frame.file, keys, problems)
    for found in facts.frame.located:
        row, where = found.row, f"{facts.frame.file}, line {found.line}"
        _known(f"{where}, column agency", row.agency, facts.agencies, problems)
        _known(f"{where}, column activity", row.activity, facts.activities, problems)
        _known(f"{where}, column group", row.group, facts.groups, problems)
        for part, whole in (("sample", "population"), ("respondents", "sample")):
            small, large = getattr(row, part), getattr(row, whole)
            if small is not None and large is not None and small > large:
                problems.add(
                    f"{where}, column {part}",
                    f"{part} {small:g} is more than {whole} {large:g}.",
                    "Correct one of them.",
                )


def _stratum(row: FrameRow) -> str:
    parts = (row.year, row.agency, row.activity, row.group, row.stratum)
    return ", ".join(str(part) for part in parts if part is not None)


def _published(
    found: Located[Published], facts: Facts, known: Iterable[str] | None, problems: Problems
) -> None:
    row, where = found.row, f"{facts.published.file}, line {found.line}"
    _known(f"{where}, column agency", row.agency, facts.agencies, problems)
    _known(f"{where}, column activity", row.activity, facts.activities, problems)
    _known(f"{where}, column group", row.group, facts.groups, problems)
    if row.statistic in _OF_ITEMS and row.item is None:
        problems.add(
            f"{where}, column item",
            f"statistic '{row.statistic}' needs an item.",
            "Name an item of codebook.csv or an index.",
        )
    if row.item is not None and known is not None and row.item not in known:
        remedy = did_you_mean(row.item, known)
        problems.add(f"{where}, column item", f"'{row.item}' is no item or index.", remedy)
    if row.statistic == "share" and not row.category:
        problems.add(
            f"{where}, column category",
            "statistic 'share' needs a category.",
            "Name the code whose share it is (4|5 for two together).",
        )
    codes = codes_by_item(facts).get(row.item or "")
    for code in row.category if codes else ():
        if code not in (codes or ()):
            problems.add(
                f"{where}, column category",
                f"'{code}' is no code of '{row.item}'.",
                did_you_mean(code, sorted(codes or ())),
            )

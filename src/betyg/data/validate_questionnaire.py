"""Check codebook, themes, scales and crosswalk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import get_args

from betyg.data.codebook import INDEX_SCALE, NOT_ASKED, Category, CrosswalkRow, Item
from betyg.data.facts import Facts
from betyg.data.facts_csv import Located
from betyg.data.settings import Role
from betyg.errors import Problems, did_you_mean

__all__ = ["check", "codes_by_item", "twice"]

_RESERVED = frozenset(get_args(Role)) | {"respondent_id", "population", "source", "all"}


def check(facts: Facts, kind: str | None, problems: Problems) -> None:
    """Note unknown scales, scales without order, unknown codes and columns used twice."""
    twice(facts.items.file, ((f.line, f.row.item) for f in facts.items.located), problems)
    for found in facts.items.located:
        _item(found, facts, kind, problems)
    _themes(facts, problems)
    _scales(facts, problems)
    scales = codes_by_scale(facts)
    for row in facts.crosswalk.located:
        _crosswalk(row, facts, scales, problems)
    _columns(facts.crosswalk.located, kind, problems)


def twice(file: str, codes: Iterable[tuple[int, str]], problems: Problems) -> None:
    """Note every code that stands on two lines of a file."""
    first: dict[str, int] = {}
    for line, code in codes:
        if code in first:
            problems.add(
                f"{file}, line {line}",
                f"'{code}' stands on line {first[code]} already.",
                "Keep one of them.",
            )
        first.setdefault(code, line)


def codes_by_scale(facts: Facts) -> Mapping[str, frozenset[str]]:
    """Return the codes of each scale."""
    found: dict[str, set[str]] = defaultdict(set)
    for category in facts.categories.rows:
        found[category.scale].add(category.code)
    return {scale: frozenset(codes) for scale, codes in found.items()}


def codes_by_item(facts: Facts) -> Mapping[str, frozenset[str]]:
    """Return the codes that each item can have, in any year."""
    scales = codes_by_scale(facts)
    found = {row.item: scales.get(row.scale, frozenset()) for row in facts.items.rows}
    for row in facts.crosswalk.rows:
        if row.scale is not None:
            found[row.item] = found.get(row.item, frozenset()) | scales.get(row.scale, frozenset())
    return found


def _item(found: Located[Item], facts: Facts, kind: str | None, problems: Problems) -> None:
    item, where = found.row, f"{facts.items.file}, line {found.line}"
    if not item.item.isidentifier() or item.item in _RESERVED:
        why = "the name of a role" if item.item in _RESERVED else "not letters, digits and _"
        problems.add(
            f"{where}, column item",
            f"'{item.item}' cannot be an item's code: it is {why}.",
            "Choose another code; what the raw file calls it goes to crosswalk.csv, column column.",
        )
    if item.year_from and item.year_to and item.year_from > item.year_to:
        problems.add(
            f"{where}, column year_to",
            f"{item.year_to} is before year_from, {item.year_from}.",
            "Correct one of them.",
        )
    _scale_of_item(where, item, facts, kind, problems)


def _scale_of_item(
    where: str, item: Item, facts: Facts, kind: str | None, problems: Problems
) -> None:
    where = f"{where}, column scale"
    if kind == "published":
        if item.scale != INDEX_SCALE:
            problems.add(
                where,
                f"'{item.scale}' cannot be the scale of a published value.",
                f"Write {INDEX_SCALE}.",
            )
    elif item.scale == INDEX_SCALE and kind is not None:
        problems.add(
            where,
            f"'{INDEX_SCALE}' is for published values; kind {kind} needs answer categories.",
            "Name a scale of scales.csv.",
        )
    elif facts.categories.codes is not None and item.scale not in facts.categories.codes:
        remedy = did_you_mean(item.scale, sorted(facts.categories.codes))
        remedy = remedy or "Add its codes to scales.csv."
        problems.add(where, f"'{item.scale}' is no scale of scales.csv.", remedy)


def _themes(facts: Facts, problems: Problems) -> None:
    twice(facts.themes.file, ((f.line, f.row.theme) for f in facts.themes.located), problems)
    listed = facts.themes.codes
    if not listed:
        return
    for item in facts.items.located:
        if item.row.theme and item.row.theme not in listed:
            problems.add(
                f"{facts.items.file}, line {item.line}, column theme",
                f"'{item.row.theme}' is not in {facts.themes.file}.",
                did_you_mean(item.row.theme, sorted(listed)),
            )


def _scales(facts: Facts, problems: Problems) -> None:
    file = facts.categories.file
    found: dict[str, list[Located[Category]]] = defaultdict(list)
    for located in facts.categories.located:
        found[located.row.scale].append(located)
        _category(located, file, problems)
    for scale, rows in found.items():
        twice(file, ((row.line, f"{scale} {row.row.code}") for row in rows), problems)
        _order(scale, rows, file, problems)


def _category(found: Located[Category], file: str, problems: Problems) -> None:
    category, where = found.row, f"{file}, line {found.line}"
    if category.scale == INDEX_SCALE:
        problems.add(where, f"'{INDEX_SCALE}' is a reserved name.", "Give the scale another name.")
    if category.kind == "answer" and category.order is None:
        problems.add(
            f"{where}, column order",
            f"the answer '{category.code}' of scale '{category.scale}' has no order.",
            "Number the answers from the worst (1) to the best, or correct kind.",
        )
    if category.kind != "answer" and (category.order is not None or category.score is not None):
        problems.add(
            f"{where}, column order",
            f"'{category.code}' is {category.kind} and has no place in the order.",
            "Leave order and score empty, or correct kind.",
        )


def _order(scale: str, rows: list[Located[Category]], file: str, problems: Problems) -> None:
    answers = [row for row in rows if row.row.kind == "answer" and row.row.order is not None]
    where = f"{file}, line {rows[0].line}"
    if len({row.row.order for row in answers}) < 2:
        problems.add(
            where,
            f"scale '{scale}' has fewer than two answers in order.",
            "An answer scale needs at least two.",
        )
    scores = {row.row.order: row.row.score for row in answers}
    given = [scores[order] for order in sorted(scores, key=lambda order: order or 0)]
    if all(score is None for score in given):
        return
    numbers = [score for score in given if score is not None]
    if len(numbers) < len(given) or numbers != sorted(set(numbers)):
        problems.add(
            where,
            f"the scores of scale '{scale}' are not complete and increasing.",
            "Give every answer a score 0-100 that grows with order, or none.",
        )


def _crosswalk(
    found: Located[CrosswalkRow],
    facts: Facts,
    scales: Mapping[str, frozenset[str]],
    problems: Problems,
) -> None:
    row, where = found.row, f"{facts.crosswalk.file}, line {found.line}"
    known = (
        ("item", row.item, facts.items.codes, facts.items.file),
        ("scale", row.scale, facts.categories.codes, facts.categories.file),
        ("activity", row.activity, facts.activities.codes, facts.activities.file),
    )
    for column, code, codes, file in known:
        if code is not None and codes is not None and code not in codes and code != INDEX_SCALE:
            remedy = did_you_mean(code, sorted(codes)) or f"Add it to {file}."
            problems.add(f"{where}, column {column}", f"'{code}' is not in {file}.", remedy)
    item = next((item for item in facts.items.rows if item.item == row.item), None)
    scale = row.scale or (item.scale if item else "")
    for column, code in [("empty", row.empty), *(("recode", code) for code in row.recode.values())]:
        if code is not None and scale in scales and code not in scales[scale]:
            problems.add(
                f"{where}, column {column}",
                f"'{code}' is no code of scale '{scale}'.",
                did_you_mean(code, sorted(scales[scale])),
            )


def _columns(rows: Iterable[Located[CrosswalkRow]], kind: str | None, problems: Problems) -> None:
    """Check that no two rows say different things about one item, or one column."""
    asked = [row for row in rows if row.row.column != NOT_ASKED]
    named = [row for row in asked if row.row.column]
    one_column = kind == "responses"
    same_item = Counter[tuple[object, ...]]()
    owner: dict[tuple[object, ...], str] = {}
    for found in asked:
        row, where = found.row, f"crosswalk.csv, line {found.line}"
        key = (row.item, row.year, row.activity, None if one_column else row.column)
        same_item[key] += 1
        if same_item[key] > 1:
            year = f" in {row.year}" if row.year else ""
            problems.add(where, f"'{row.item}' is described twice{year}.", "Keep one of the rows.")
    for found in named:
        row, where = found.row, f"crosswalk.csv, line {found.line}"
        place = (row.column, row.year, row.contains)
        other = owner.setdefault(place, row.item)
        if other != row.item:
            problems.add(
                f"{where}, column column",
                f"'{row.column}' is the column of '{other}' too.",
                "Correct one; options of a select-all column differ in contains.",
            )

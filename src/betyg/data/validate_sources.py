"""Check each [[source]]: does it give what its kind of data needs."""

from __future__ import annotations

from collections.abc import Mapping

from betyg.data.codebook import Unit, normal
from betyg.data.facts import Facts
from betyg.data.facts_csv import Table
from betyg.data.remote import WEB, is_remote, scheme
from betyg.data.settings import Source
from betyg.data.study_toml import Settings
from betyg.errors import Problems, did_you_mean

__all__ = ["check"]

_PLACE = ("agency", "year", "activity", "group")
ROLES: Mapping[str, tuple[str, ...]] = {
    "responses": ("respondent", *_PLACE, "weight", "stratum", "psu"),
    "counts": (*_PLACE, "item", "category", "count", "percent", "n"),
    "published": (*_PLACE, "item", "value", "n", "se"),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "responses": ("agency", "year"),
    "counts": ("agency", "year", "item"),
    "published": ("agency", "year", "item", "value"),
}
_CONSTANTS = ("year", "agency", "activity", "group", "item")


def check(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Note roles that are missing or foreign to the kind, and codes that nobody knows."""
    kind = settings.study.kind if settings.study else None
    for number, source in settings.sources:
        one = _Check(number, source, settings, facts, problems)
        if kind is not None:
            one.roles(kind)
            one.values(kind)
        one.file_format()
        one.constants()
        if kind == "counts":
            one.codes()


class _Check:
    """The checks of one source, which share where it stands."""

    def __init__(
        self, number: int, source: Source, settings: Settings, facts: Facts, problems: Problems
    ) -> None:
        self.number, self.source = number, source
        self.settings, self.facts, self.problems = settings, facts, problems

    def say(self, key: str, what: str, remedy: str) -> None:
        path: tuple[str | int, ...] = ("source", self.number, *key.split("."))
        where = f"{self.settings.lines.where(path)} ({self.source.id})"
        self.problems.add(where, what, remedy)

    def roles(self, kind: str) -> None:
        for given in self.source.columns:
            if given not in ROLES[kind]:
                remedy = f"Kind {kind} knows: {', '.join(ROLES[kind])}."
                self.say(f"columns.{given}", f"'{given}' has no meaning for kind {kind}.", remedy)
        for role in _NEEDED[kind]:
            if not self.source.gives(role):
                constant = f', or {role} = "..." for the whole file' if role in _CONSTANTS else ""
                self.say(
                    "columns",
                    f"the role '{role}' is missing.",
                    f'Name its column, columns = {{ {role} = "..." }}{constant}.',
                )
        for role in _CONSTANTS:
            if role in self.source.columns and getattr(self.source, role) is not None:
                self.say(
                    role, f"'{role}' is given as a column and for the whole file.", "Keep one."
                )
        if self.source.years and "year" not in self.source.columns:
            self.say(
                "years", "years are translated, but there is no column year.", "Name the column."
            )

    def values(self, kind: str) -> None:
        if self.source.late and kind != "responses":
            what = f"'late' has no meaning for kind {kind}."
            self.say("late", what, "Remove it: only the answers of persons can be late.")
        if kind == "counts":
            self._shape()
            self._base()
            return
        for key in ("categories", "remainder"):
            if getattr(self.source, key):
                self.say(key, f"'{key}' has no meaning for kind {kind}.", "Remove it.")
        if self.source.values is not None and (kind, self.source.values) not in (
            ("published", "percent"),
            ("published", "fraction"),
        ):
            self.say(
                "values", f"'{self.source.values}' has no meaning for kind {kind}.", "Remove it."
            )

    def _shape(self) -> None:
        columns, wide = self.source.columns, bool(self.source.categories)
        long = [role for role in ("category", "count", "percent") if role in columns]
        if wide and long:
            self.say(
                "categories",
                f"the file is both wide (categories) and long ({', '.join(long)}).",
                "Keep categories when each category has a column, otherwise the roles.",
            )
        elif wide and self.source.values is None:
            self.say(
                "values",
                "what the columns of the categories hold is not said.",
                'Add values = "count", "percent" (0-100) or "fraction" (0-1).',
            )
        elif not wide and ("category" not in columns or len(long) != 2):
            self.say(
                "columns",
                "the answers are missing.",
                "Wide: categories = { column = code }. "
                "Long: columns category and one of count, percent.",
            )

    def _base(self) -> None:
        if self.source.values in (None, "count") or "n" in self.source.columns:
            return
        rows = self.facts.frame.rows
        if not any(row.respondents is not None for row in rows):
            self.say(
                "columns",
                "percentages need the number of answers behind them.",
                'Name its column, columns = { n = "..." }, '
                "or give it in frame.csv, column respondents.",
            )

    def file_format(self) -> None:
        source = self.source
        if source.storage and not is_remote(source.file):
            self.say("storage", "a file in the study's folder has no storage.", "Remove the key.")
        elif source.storage and scheme(source.file) in WEB:
            self.say("storage", f"{scheme(source.file)}:// takes no settings.", "Remove the key.")
        if source.sheet is not None and source.format != "excel":
            self.say("sheet", f"a {source.format} file has no sheets.", "Remove the key.")
        if source.thousands and source.thousands == source.decimal:
            self.say("thousands", "thousands and decimal are the same sign.", "Correct one.")
        if source.format == "csv" and source.delimiter == source.decimal == ",":
            self.say(
                "decimal",
                "delimiter and decimal are both a comma.",
                'Files with decimal commas usually have delimiter = ";".',
            )

    def constants(self) -> None:
        facts = self.facts
        tables = {"agency": facts.agencies, "activity": facts.activities, "group": facts.groups}
        for role, table in tables.items():
            if self.source.gives(role) and not table.located and table.codes is not None:
                needed = f"'{role}' is given, but {table.file} lists none."
                self.say(f"columns.{role}", needed, f"Add {table.file} with code and labels.")
            constant = getattr(self.source, role)
            if constant is not None and table.located and table.codes is not None:
                self._constant(role, constant, table)
        item = self.source.item
        known = facts.items.codes
        if item is not None and known is not None and item not in known:
            remedy = did_you_mean(item, sorted(known))
            self.say("item", f"'{item}' is no item of codebook.csv.", remedy)

    def _constant(self, role: str, constant: str, table: Table[Unit]) -> None:
        known = {
            normal(text)
            for unit in table.rows
            for text in (unit.code, *unit.aliases, *unit.label.values())
        }
        if normal(constant) not in known | (table.codes or frozenset()):
            remedy = did_you_mean(constant, sorted(known))
            self.say(role, f"'{constant}' is not in {table.file}.", remedy)

    def codes(self) -> None:
        if self.facts.categories.codes is None or self.facts.crosswalk.codes is None:
            return
        known = dict.fromkeys(row.code for row in self.facts.categories.rows)
        known |= {raw: None for row in self.facts.crosswalk.rows for raw in row.recode}
        for column, code in self.source.categories.items():
            if code not in known:
                remedy = did_you_mean(code, known)
                self.say(f"categories.{column}", f"'{code}' is no code of scales.csv.", remedy)
        remainder = self.source.remainder
        if remainder is not None and remainder not in known:
            remedy = did_you_mean(remainder, known)
            self.say("remainder", f"'{remainder}' is no code of scales.csv.", remedy)

"""Which of the values that a [[source]] lists in keep, drop and late occur in its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from betyg.data import numbers
from betyg.data.attrition import Ledger
from betyg.data.codebook import normal
from betyg.data.raw_table import SHOWN, RawTable
from betyg.data.settings import Source
from betyg.errors import Problems

__all__ = ["Listed", "check"]

Setting = Literal["keep", "drop", "late"]
SETTINGS: tuple[Setting, ...] = ("keep", "drop", "late")
One = tuple[Setting, str, str]
"""A setting, a column of the file, and a value that is listed for it."""


@dataclass(slots=True, kw_only=True)
class Listed:
    """What has been seen of the listed values of a file.

    Attributes
    ----------
    found : set of (setting, column, value)
        Those that some row has.
    others : mapping of column to set of str
        A few values that its rows have instead.
    """

    found: set[One] = field(default_factory=set)
    others: dict[str, set[str]] = field(default_factory=dict)

    def see(self, table: RawTable) -> None:
        """Note which of the listed values occur in some more rows, used or not."""
        for column in dict.fromkeys(column for _, column, _ in _declared(table.source)):
            codes, values = table.coded(column)
            here = np.bincount(codes + 1, minlength=len(values) + 1) > 0
            texts = {values[at] for at in np.flatnonzero(here[1:])} | ({""} if here[0] else set())
            spelled = texts | {numbers.whole(text) or text for text in texts}
            for one in _declared(table.source):
                if one[1] == column and normal(one[2]) in spelled:
                    self.found.add(one)
            known = self.others.setdefault(column, set())
            known |= set(sorted(texts - {""} - known)[: max(SHOWN + 1 - len(known), 0)])

    def absorb(self, other: Listed) -> None:
        """Add what was seen in another piece of the file."""
        self.found |= other.found
        for column, texts in other.others.items():
            self.others[column] = self.others.get(column, set()) | texts


def check(
    sources: Sequence[Source], seen: Sequence[Listed], *, ledger: Ledger, problems: Problems
) -> None:
    """Note listed values that no file has, and enter those that only some files have.

    A list that is copied from year to year may hold a value that a single year lacks; a value
    that occurs nowhere is misspelt, or not needed.
    """
    somewhere = {(setting, text) for own in seen for setting, _, text in own.found}
    for source, own in zip(sources, seen, strict=True):
        missing = [one for one in _declared(source) if one not in own.found]
        told = [one for one in missing if (one[0], one[2]) in somewhere]
        for setting, column, text in missing:
            if (setting, text) not in somewhere:
                problems.add(
                    f"study.toml, [[source]] {source.file}",
                    f"{setting} lists '{text}' of column '{column}', but no row of any file has "
                    f"it{_instead(own.others.get(column, set()))}.",
                    "Correct the value, or take it out of the list.",
                )
        listed = ", ".join(f"{setting}: '{text}' of {column}" for setting, column, text in told)
        ledger.remark(source.id, "unseen values", len(told), f"no row here has {listed}")


def _declared(source: Source) -> Iterator[One]:
    for setting in SETTINGS:
        values = getattr(source, setting)
        yield from ((setting, column, text) for column, texts in values.items() for text in texts)


def _instead(others: set[str]) -> str:
    if not others:
        return "; the column is empty"
    shown = ", ".join(f"'{text}'" for text in sorted(others)[:SHOWN])
    return f"; the column has {shown}{', ...' if len(others) > SHOWN else ''}"

"""What cleaning dropped, step by step, so that the rows kept can be accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["DROPS", "Ledger"]

DROPS = ("declared not used", "suppressed", "duplicates", "unknown agency", "no answer at all")
"""Steps that drop rows, in their order: read less these is kept."""


class Ledger:
    """The account of every source: rows read, dropped for a reason, kept."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, int, str]] = []

    def enter(
        self,
        source: str,
        *,
        read: int,
        dropped: Mapping[str, int],
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Enter one source; steps that drop nothing are entered too, with zero rows."""
        said = notes or {}
        steps = {"read": read} | {step: dropped.get(step, 0) for step in DROPS}
        steps["kept"] = read - sum(dropped.values())
        self._rows += [(source, step, n, said.get(step, "")) for step, n in steps.items()]

    def remark(self, source: str, step: str, n: int, note: str) -> None:
        """Enter a line that informs and does not count rows, e.g. answers out of range."""
        if n:
            self._rows.append((source, step, n, note))

    def table(self) -> pd.DataFrame:
        """Return the account: source, step, n, note."""
        kinds: dict[str, Any] = {"source": "str", "step": "str", "n": "int64", "note": "str"}
        columns = list(zip(*self._rows, strict=True)) or [()] * len(kinds)
        return pd.DataFrame(
            {
                name: pd.array(list(values), dtype=kind)
                for (name, kind), values in zip(kinds.items(), columns, strict=True)
            }
        )

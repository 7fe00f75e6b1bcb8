"""How the page writes what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measure import Found

__all__ = ["seconds", "short", "table"]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "/") for cell in line) + " |\n" for line in lines
    )


def seconds(row: Found) -> str:
    """Write processor seconds, and the wall clock's."""
    return "-" if "absent" in row else f"{short(row['cpu'])} ({short(row['wall'])})"


def short(value: float) -> str:
    """Write three figures, or all before the decimal point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"

"""Check the files of a study against each other."""

from __future__ import annotations

from betyg.data.facts import Facts
from betyg.data.study_toml import Settings
from betyg.errors import Problems

__all__ = ["check"]


def check(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Note everything in the files that does not fit together."""

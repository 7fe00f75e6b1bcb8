"""Check the files of a study against each other: what one mentions the other must know."""

from __future__ import annotations

from betyg.data import validate_facts, validate_questionnaire, validate_settings, validate_sources
from betyg.data.facts import Facts
from betyg.data.study_toml import Settings
from betyg.errors import Problems

__all__ = ["check"]


def check(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Note everything in the files that does not fit together.

    A file that could not be read is not held against those that mention its codes.

    Parameters
    ----------
    settings : Settings
        What is sound of study.toml.
    facts : Facts
        What is sound of the facts files.
    problems : Problems
        Everything found is added here.
    """
    kind = settings.study.kind if settings.study else None
    validate_settings.check(settings, facts, problems)
    validate_sources.check(settings, facts, problems)
    validate_questionnaire.check(facts, kind, problems)
    validate_facts.check(settings, facts, problems)

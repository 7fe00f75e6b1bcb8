"""Say in plain words what pydantic found wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from betyg.errors import did_you_mean

__all__ = ["Said", "translate"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One finding: the path of the key, what is wrong with it and the remedy."""

    path: Path
    what: str
    remedy: str

    @property
    def key(self) -> str:
        """The path with dots between its parts."""
        return ".".join(str(part) for part in self.path)


_NEEDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "yes or no (in study.toml: true or false)",
    "string": 'text in quotation marks, "like this"',
    "tuple": 'a list in brackets, ["like", "this"]',
    "list": 'a list in brackets, ["like", "this"]',
    "dict": "a table, { key = value }",
    "mapping": "a table, { key = value }",
    "model": "a table, { key = value }",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}

MAY_BE_SECRET = (("file",), ("storage",))  # the ends of paths


def translate(error: ValidationError, model: type[BaseModel]) -> list[Said]:
    """Return what ``error`` says about ``model``, in words for a researcher."""
    return [_said(dict(found), model) for found in error.errors(include_url=False)]


def _said(found: Mapping[str, Any], model: type[BaseModel]) -> Said:
    kind, given = str(found["type"]), found.get("input")
    path = tuple(part for part in found["loc"] if part != "[key]")
    context = found.get("ctx", {})
    if kind == "missing":
        what, remedy = "is missing.", "Add it."
    elif kind == "extra_forbidden":
        what, remedy = "unknown key.", did_you_mean(str(path[-1]), _keys(model))
    elif kind == "literal_error":
        options = re.findall(r"'([^']*)'", str(context["expected"]))
        what, remedy = f"'{given}' is not allowed here.", did_you_mean(str(given), options)
    elif kind == "value_error":
        what, remedy = str(context["error"]), ""
    elif kind == "too_short":
        what, remedy = "the list is empty.", "Give at least one."
    elif kind in _LIMITS:
        words, limit = _LIMITS[kind]
        what, remedy = f"{_shown(given)} is not {words} {context[limit]:g}.", "Correct it."
    else:
        needs = _NEEDS.get(kind.split("_")[0], "another kind of value")
        shown = "this" if path[-1:] in MAY_BE_SECRET else _shown(given)
        what, remedy = f"{shown} will not do.", f"It needs {needs}."
    return Said(path=path, what=what, remedy=remedy)


def _shown(given: object) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    return f"'{given}'" if isinstance(given, str) else str(given)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]

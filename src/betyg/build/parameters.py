"""Values for the notebooks' parameters, from the command line and from study.toml."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from betyg.build.outline import Parameter
from betyg.errors import ParameterError, did_you_mean

__all__ = ["GIVEN_BY_MAKE", "folder_name", "fitting", "parse", "timeout", "unknown"]

TIMEOUT = 3600  # seconds that a cell may take, where TIMEOUT= does not say otherwise
GIVEN_BY_MAKE = ("study", "raw", "tables", "out", "language")
NEXT_NAME = re.compile(r"[\s,;]+(?=[A-Za-z_]\w*\s*=[^=])")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
TOML_WORDS = {"true": True, "false": False}
TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "tuple": (tuple, list),
    "dict": (dict,),
    "None": (type(None),),
}


def parse(text: str) -> dict[str, Any]:
    """Read ``year_from=2011 outcome=nki``: names with values as Python or TOML writes them.

    A value that is neither is a piece of text, so that no quotes are needed around a word.
    """
    values: dict[str, Any] = {}
    for part in _parts(text.strip()):
        name, found, value = part.partition("=")
        if not found or not name.strip().isidentifier():
            raise ParameterError(
                f"PARAMS: {part!r} is not of the form name=value. "
                "Write for example PARAMS='year_from=2011'."
            )
        values[name.strip()] = _value(value.strip())
    return values


def unknown(names: Iterable[str], declared: Iterable[str], *, where: str) -> list[str]:
    """Return a sentence for each name that no notebook declares, or that make gives itself."""
    known = sorted(set(declared) - set(GIVEN_BY_MAKE))
    return [_unknown(name, known, where) for name in names if name not in known]


def _unknown(name: str, known: Sequence[str], where: str) -> str:
    if name in GIVEN_BY_MAKE:
        return (
            f"{where}: make itself gives '{name}' to the notebooks. Choose with STUDY=name "
            "or LANGUAGE=code instead."
        )
    return (
        f"{where}: no notebook declares a parameter '{name}'. "
        f"{did_you_mean(name, known)} Declared: {', '.join(known) or 'none'}. "
        "Correct the name, or add it to the cell tagged 'parameters'."
    )


def fitting(value: Any, parameter: Parameter, *, where: str) -> Any:
    """Return ``value`` if it has the type that the parameters cell states."""
    kinds = [kind.partition("[")[0].strip() for kind in parameter.kind.split("|")]
    if all(kind in TYPES for kind in kinds) and not _is_one_of(value, kinds):
        raise ParameterError(
            f"{where}: {parameter.name} is declared as {parameter.kind}, but "
            f"{value!r} is a {type(value).__name__}. For example: "
            f"{parameter.name}={parameter.value!r}."
        )
    return value


def timeout(given: str) -> int:
    """Return how many seconds a cell may take."""
    if not given.strip():
        return TIMEOUT
    if given.strip().isdecimal() and int(given) > 0:
        return int(given)
    raise ParameterError(
        f"TIMEOUT={given.strip()}: this is how many seconds a cell may take, a whole number above "
        f"0. Without it a cell may take {TIMEOUT}."
    )


def folder_name(values: Mapping[str, Any]) -> str:
    """Return the name of the folder that keeps a variant apart from the canonical report."""
    spelled = ",".join(f"{name}={_plain(values[name])}" for name in sorted(values))
    safe = re.sub(r"[^A-Za-z0-9_=,.+-]", "_", spelled)[:100]
    return safe if safe == spelled else f"{safe}-{hashlib.sha256(spelled.encode()).hexdigest()[:8]}"


def _parts(text: str) -> list[str]:
    """Split at the names, but not within quotes."""
    masked = QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)
    cuts = [(found.start(), found.end()) for found in NEXT_NAME.finditer(masked)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True) if end > start]


def _value(text: str) -> Any:
    if text in TOML_WORDS:
        return TOML_WORDS[text]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _is_one_of(value: Any, kinds: Iterable[str]) -> bool:
    if isinstance(value, bool):  # which Python counts among the integers
        return "bool" in kinds
    return any(isinstance(value, TYPES[kind]) for kind in kinds)

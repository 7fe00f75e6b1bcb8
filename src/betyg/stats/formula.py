"""Model formulas: which column is modelled, by which terms.

The grammar is that of R and statsmodels (formulaic reads it). What a survey
needs is decided here: a year or an agency is a level even where its code is a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec, SimpleFormula, model_matrix
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor
from formulaic.parser.types import Term as Parsed
from numpy.typing import NDArray

from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats.estimate_entries import ROLES

__all__ = ["Model", "Number", "Term", "read", "values_of"]

Array = NDArray[np.float64]

NAME = r"[^\W\d]\w*"
TERM = rf"{NAME}(?::{NAME})*"
PLAIN = re.compile(rf"({NAME}) ~ ({TERM}(?: \+ {TERM})*)")  # as nearly all are
LEVELS_OF = re.compile(r"C\((\w+)\)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m|⧛|⧚")  # formulaic marks the place of an error for terminals


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a model, such as ``agency:year``, ``size`` or ``group:np.log(size)``.

    Attributes
    ----------
    name : str
        As formulaic spells it, ``C(x)`` shortened to ``x``.
    roles : tuple of str
        Variables whose values are levels.
    numbers : tuple of str
        Variables or expressions whose values are numbers.
    """

    name: str
    roles: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How a number of a term is computed.

    Attributes
    ----------
    variables : tuple of str
        Columns that it needs.
    columns : tuple of str
        What it gives: several for a spline or polynomial.
    spec : ModelSpec or None
        Formulaic's, which keeps what a transform learned; None for a column as it is.
    """

    variables: tuple[str, ...]
    columns: tuple[str, ...]
    spec: ModelSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A formula that was read.

    Attributes
    ----------
    text : str
        The formula, written out.
    outcome : str
        Column on the left.
    terms : tuple of Term
        On the right, main effects first.
    numbers : mapping of str to Number
        The numbers of the terms.
    """

    text: str
    outcome: str
    terms: tuple[Term, ...]
    numbers: Mapping[str, Number]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms."""
        return tuple(term.name for term in self.terms)

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the cells that the terms need: those with levels, then the others."""
        needed = [role for term in self.terms for role in term.roles]
        needed += [name for number in self.numbers.values() for name in number.variables]
        return tuple(dict.fromkeys(needed))


def read(formula: str, cells: pd.DataFrame) -> Model:
    """Read a formula such as ``"response ~ agency + year + group:np.log(size)"``.

    The roles of a survey (agency, year, activity, group), texts, categories and
    truth values are levels; the first is the reference. Other numeric columns are
    covariates; ``C(x)`` makes levels of one. An expression such as ``I(year - 2015)`` is a number.

    Parameters
    ----------
    formula : str
        With one column on the left; ``1`` on the right for no terms.
    cells : DataFrame
        With a column for each variable.

    Returns
    -------
    Model

    Raises
    ------
    ParameterError
        If the formula cannot be read, has no left side, or takes the constant away.
    DesignError
        If a variable is not a column, or an expression cannot be computed.
    """
    left, right = _sides(formula)
    outcome = _outcome(left, formula)
    _check_columns([outcome], cells)
    parsed = [term for term in right if term.degree]
    _check_columns([v for term in parsed for f in term.factors for v in _variables(f)], cells)
    if len(parsed) == len(right):
        raise ParameterError(
            f"model: '{formula}' takes the constant away, but thresholds or an intercept are "
            "part of every model here. Leave out '0 +' or '- 1'."
        )
    terms = tuple(_term(term, cells) for term in parsed)
    numbers = {name: _number(name, cells) for term in terms for name in term.numbers}
    text = f"{outcome} ~ {' + '.join(term.name for term in terms) or '1'}"
    return Model(text=text, outcome=outcome, terms=terms, numbers=numbers)


def _sides(formula: str) -> tuple[SimpleFormula, SimpleFormula]:
    plain = PLAIN.fullmatch(formula)
    if plain:  # formulaic's parser takes longer than many a fit
        terms = [_product(names.split(":")) for names in plain[2].split(" + ")]
        constant = Parsed([Factor("1", eval_method="literal")])
        right = SimpleFormula([constant, *dict.fromkeys(terms)])
        return SimpleFormula([_product([plain[1]])]), right
    try:
        sides = Formula(formula)
    except FormulaicError as error:
        random = " Random terms go into random=('agency', ...)." if "|" in formula else ""
        told = " ".join(COLOUR.sub("", str(error)).split())
        raise ParameterError(
            f"model: the formula '{formula}' cannot be read: {told}{random}"
        ) from error
    parts = [getattr(sides, name, None) for name in ("lhs", "rhs")]
    if not all(isinstance(part, SimpleFormula) for part in parts):
        raise ParameterError(
            f"model: the formula '{formula}' has no left side. Write what is modelled first, such "
            "as 'response ~ agency + year'."
        )
    return parts[0], parts[1]


def _product(names: Sequence[str]) -> Parsed:
    return Parsed([Factor(name, eval_method="lookup") for name in names])


def _outcome(left: SimpleFormula, formula: str) -> str:
    names = [factor.expr for term in left for factor in term.factors]
    if len(names) != 1 or [*left.required_variables] != names:
        raise ParameterError(
            f"model: '{formula}' needs one column on the left, as it stands in the cells. "
            "Compute it there if it is none yet."
        )
    return str(names[0])


def _variables(factor: Factor) -> list[str]:
    """Return the columns that a factor needs."""
    return sorted(str(name) for name in SimpleFormula([Parsed([factor])]).required_variables)


def _check_columns(names: Sequence[str], cells: pd.DataFrame) -> None:
    for name in names:
        if name not in cells.columns:
            raise DesignError(f"model: there is no '{name}'. {did_you_mean(name, cells.columns)}")


def _term(parsed: Parsed, cells: pd.DataFrame) -> Term:
    roles: list[str] = []
    numbers: list[str] = []
    spelt: list[str] = []
    for factor in parsed.factors:
        named = LEVELS_OF.fullmatch(factor.expr)
        name = named[1] if named else str(factor.expr)
        spelt.append(name)
        (roles if named or _has_levels(name, cells) else numbers).append(name)
    return Term(name=":".join(spelt), roles=tuple(roles), numbers=tuple(numbers))


def _has_levels(name: str, cells: pd.DataFrame) -> bool:
    if name in ROLES:
        return True
    if name not in cells.columns:
        return False
    kind = cells[name].dtype
    return not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)


def _number(name: str, cells: pd.DataFrame) -> Number:
    """Prepare a number; what a transform learns (a mean, knots) it learns from ``cells``."""
    if name in cells.columns:
        _finite(name, cells[[name]].to_numpy(np.float64))
        return Number(variables=(name,), columns=(name,), spec=None)
    try:
        with np.errstate(all="ignore"):  # what is not finite is an error below
            matrix = model_matrix(f"0 + {name}", cells, na_action="ignore")
    except FormulaicError as error:
        told = " ".join(COLOUR.sub("", str(error)).split())
        raise DesignError(f"model: '{name}' cannot be computed: {told}") from error
    spec = matrix.model_spec
    if any(kind.value != "numerical" for kind, _ in spec.encoder_state.values()):
        raise DesignError(
            f"model: '{name}' gives levels, not numbers. Make it a column of the cells."
        )
    _finite(name, matrix.to_numpy(np.float64))
    columns = tuple(str(column) for column in matrix.columns)
    return Number(variables=tuple(sorted(spec.required_variables)), columns=columns, spec=spec)


def _finite(name: str, values: Array) -> None:
    lost = int((~np.isfinite(values)).any(axis=1).sum())
    if lost:
        raise DesignError(
            f"model: '{name}' is missing or infinite in {lost} of {len(values)} cells. Leave those "
            "cells out, or give them a value."
        )


def values_of(numbers: Mapping[str, Number], frame: pd.DataFrame) -> dict[str, Array]:
    """Return the columns of ``numbers`` for the rows of ``frame``.

    Raises
    ------
    DesignError
        If a variable is no column, or a value is missing.
    """
    found: dict[str, Array] = {}
    for name, number in numbers.items():
        _check_columns(number.variables, frame)
        if number.spec is None:
            values = frame[[name]].to_numpy(np.float64)
        else:
            with np.errstate(all="ignore"):
                matrix = number.spec.get_model_matrix(frame, na_action="ignore")
            values = matrix.to_numpy(np.float64)
        _finite(name, values)
        found |= dict(zip(number.columns, values.T, strict=True))
    return found

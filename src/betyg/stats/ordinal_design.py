"""Dummy coding: which column each level of a term gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError, did_you_mean
from betyg.stats import formula
from betyg.stats.formula import Model, Number, Term
from betyg.stats.patterns import Patterns
from betyg.stats.sums import joint, numbered

__all__ = [
    "Block",
    "Layout",
    "coded",
    "collapse",
    "crossed",
    "encode",
    "laid_out",
    "observed_levels",
]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Coded = tuple[Codes, tuple[object, ...]]
"""Places of the rows among some levels, and these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The columns of one term.

    Attributes
    ----------
    term : str
        As in the formula, e.g. ``"agency"`` or ``"agency:year"``.
    roles : tuple of str
        The variables of the term whose values are levels.
    levels : tuple of tuples
        One combination of levels a column.
    baseline : tuple of tuples
        Observed combinations that have no column of their own.
    numbers : tuple of str
        Numbers that multiply the dummies.
    """

    term: str
    roles: tuple[str, ...]
    levels: tuple[tuple[object, ...], ...]
    baseline: tuple[tuple[object, ...], ...]
    numbers: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, e.g. ``agency[08]:year[2012]`` or ``group[firm]:size``."""
        spelt = [
            [f"{role}[{value}]" for role, value in zip(self.roles, level, strict=True)]
            for level in self.levels
        ]
        return tuple(":".join([*parts, *self.numbers]) for parts in spelt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The blocks of a model, side by side.

    Attributes
    ----------
    blocks : tuple of Block
        In the order of the terms.
    levels : dict
        Observed values of each variable that has levels, in order; the first is the reference.
    numbers : mapping of str to Number
        How the numbers are computed.
    """

    blocks: tuple[Block, ...]
    levels: dict[str, tuple[object, ...]]
    numbers: Mapping[str, Number]

    @property
    def roles(self) -> tuple[str, ...]:
        """Variables with levels, each once."""
        return tuple(self.levels)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns that the numbers are computed from, each once."""
        needed = [v for number in self.numbers.values() for v in number.variables]
        return tuple(dict.fromkeys(v for v in needed if v not in self.levels))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(name for block in self.blocks for name in block.names)

    @property
    def width(self) -> int:
        """Number of columns."""
        return sum(len(block.levels) for block in self.blocks)


def observed_levels(values: pd.Series) -> tuple[object, ...]:
    """Return the values that occur, in the order of the codebook (or of size, for numbers)."""
    own, distinct = _distinct(values)
    return _levels(own[own >= 0], distinct, values)


def coded(frame: pd.DataFrame, roles: Iterable[str]) -> dict[str, Coded]:
    """Return for each role the place of each row among the values that occur, and these.

    Raises
    ------
    DesignError
        If a value is missing.
    """
    found: dict[str, Coded] = {}
    for role in dict.fromkeys(roles):
        values = frame[role]
        own, distinct = _distinct(values)
        if own.min(initial=0) < 0:
            raise _missing(values, role)
        levels = _levels(own, distinct, values)
        in_order = distinct == list(levels)
        found[role] = own if in_order else _placed(own, distinct, levels), levels
    return found


def _levels(own: Codes, distinct: list[Any], values: pd.Series) -> tuple[object, ...]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = np.bincount(own, minlength=len(distinct)) > 0
        return tuple(compress(distinct, used.tolist()))
    kinds = {isinstance(value, str) for value in distinct}
    return tuple(sorted(distinct, key=str if len(kinds) > 1 else None))


def _placed(own: Codes, distinct: list[Any], levels: Sequence[object]) -> Codes:
    """Return places among ``levels`` for places among distinct values; -1 for none."""
    place = {level: at for at, level in enumerate(levels)}
    return np.array([*(place.get(value, -1) for value in distinct), -1], np.intp)[own]


def encode(values: pd.Series, levels: Sequence[object], role: str) -> Codes:
    """Return the position of each value among ``levels``.

    Raises
    ------
    DesignError
        If a value is missing or is none of the levels.
    """
    codes = _placed(*_distinct(values), levels)
    if (codes < 0).any():
        if values.isna().any():
            raise _missing(values, role)
        strange = values[codes < 0].iloc[0]
        raise DesignError(
            f"model: {role} '{strange}' is not among its levels ({_listed(levels)}). "
            f"Leave it out, or fit the model with it."
        )
    return codes


def _missing(values: pd.Series, role: str) -> DesignError:
    return DesignError(
        f"model: '{role}' is missing in {int(values.isna().sum())} of {len(values)} rows. Give "
        "them a value, or leave them out."
    )


def _distinct(values: pd.Series) -> tuple[Codes, list[Any]]:
    """Return the place of each value among the categories or values; -1 where it is missing."""
    held = values.array
    if isinstance(held, pd.Categorical):
        return held.codes.astype(np.intp), held.categories.tolist()
    plain = values.to_numpy() if isinstance(values.dtype, np.dtype) else held
    codes, distinct = pd.factorize(plain)
    return codes, distinct.tolist()


def _listed(levels: Sequence[object]) -> str:
    shown = ", ".join(str(level) for level in levels[:8])
    return f"{shown}, ... {len(levels)} in all" if len(levels) > 8 else shown


def laid_out(
    model: Model, known: Mapping[str, Coded], numbers: Mapping[str, Array], *, rows: int
) -> tuple[Layout, Patterns]:
    """Lay out treatment-coded columns for the terms of ``model``, and code the rows by them.

    The first observed level is the reference. As in R, a variable of a term
    has no column for its reference where the term without it is in the model too; an
    interaction with none of its margins is one factor of the combinations that occur.

    Parameters
    ----------
    model : Model
        From ``formula.read``.
    known : mapping of str to (ndarray of int, tuple)
        The variables with levels, ``coded``.
    numbers : mapping of str to ndarray
        The columns of the model's numbers, from ``formula.values_of``.
    rows : int
        How many there are.

    Returns
    -------
    Layout, Patterns

    Raises
    ------
    DesignError
        If a variable has a single value.
    """
    levels = {role: known[role][1] for term in model.terms for role in term.roles}
    for role, values in levels.items():
        if len(values) < 2:
            only = f"the single value {values[0]}" if values else "no value"
            raise DesignError(
                f"model: {role} has {only}, so it has no effect to estimate. "
                f"Leave '{role}' out of the terms."
            )
    own = {role: known[role][0] for role in levels}
    blocks = tuple(block for term in model.terms for block in _blocks(own, term, model, levels))
    layout = Layout(blocks=blocks, levels=levels, numbers=model.numbers)
    return layout, _patterns(own, numbers, layout, (rows,))


def _blocks(
    own: Mapping[str, Codes], term: Term, model: Model, levels: dict[str, tuple[object, ...]]
) -> list[Block]:
    """Return the term's block: one for each column of its numbers (a spline has several)."""
    others = {
        frozenset(other.roles) for other in model.terms if set(other.numbers) == set(term.numbers)
    }
    if not term.numbers:
        others.add(frozenset())  # the thresholds or the intercept
    reduced = [role for role in term.roles if frozenset(term.roles) - {role} in others]
    observed = _combinations(own, term.roles, levels)
    one_factor = bool(term.roles) and not reduced and frozenset() in others
    free = [
        not (one_factor and at == 0)
        and all(
            value != levels[role][0]
            for role, value in zip(term.roles, combination, strict=True)
            if role in reduced
        )
        for at, combination in enumerate(observed)
    ]
    return [
        Block(
            term=term.name,
            roles=term.roles,
            levels=tuple(c for c, own in zip(observed, free, strict=True) if own),
            baseline=tuple(c for c, own in zip(observed, free, strict=True) if not own),
            numbers=columns,
        )
        for columns in product(*(model.numbers[name].columns for name in term.numbers))
    ]


def _combinations(
    own: Mapping[str, Codes], roles: tuple[str, ...], levels: dict[str, tuple[object, ...]]
) -> list[tuple[object, ...]]:
    if len(roles) < 2:  # levels are what was observed
        return [(level,) for role in roles for level in levels[role]] or [()]
    sizes = [len(levels[role]) for role in roles]
    found, _ = numbered(joint(zip((own[role] for role in roles), sizes, strict=True)))
    positions = np.unravel_index(found, sizes)
    return [
        tuple(levels[role][p] for role, p in zip(roles, at, strict=True))
        for at in zip(*positions, strict=True)
    ]


def collapse(frame: pd.DataFrame, layout: Layout) -> Patterns:
    """Return the codes of the rows of ``frame`` in every block of ``layout``.

    Raises
    ------
    DesignError
        If a variable is no column, or a row has a level, or a combination of levels, that
        the layout does not hold.
    """
    for role in layout.roles:
        if role not in frame.columns:
            raise DesignError(f"model: there is no '{role}'. {did_you_mean(role, frame.columns)}")
    own = {role: encode(frame[role], layout.levels[role], role) for role in layout.roles}
    return _patterns(own, formula.values_of(layout.numbers, frame), layout, (len(frame),))


def crossed(one: pd.DataFrame, other: pd.DataFrame, layout: Layout) -> Patterns:
    """Return the codes of every row of ``one`` beside every row of ``other``, as ``collapse`` does.

    Each frame is coded for itself. The rows of ``other`` change fastest.
    """
    own = {
        role: encode(one[role], layout.levels[role], role)[:, None]
        if role in one.columns
        else encode(other[role], layout.levels[role], role)
        for role in layout.roles
    }
    numbers: dict[str, Array] = {}
    if layout.numbers:
        numbers = formula.values_of(layout.numbers, one.merge(other, how="cross"))
    return _patterns(own, numbers, layout, (len(one), len(other)))


def _patterns(
    own: Mapping[str, Codes], values: Mapping[str, Array], layout: Layout, shape: tuple[int, ...]
) -> Patterns:
    """Return the codes of rows whose levels stand at ``own``, in every block."""
    size = int(np.prod(shape))
    ones = np.ones(size)
    nowhere = np.zeros((), dtype=np.intp)
    codes = [_block_codes(own, b, layout) if b.roles else nowhere for b in layout.blocks]
    return Patterns(
        codes=tuple(np.broadcast_to(code, shape).reshape(-1) for code in codes),
        widths=tuple(len(block.levels) for block in layout.blocks),
        size=size,
        factors=tuple(
            np.prod([ones, *(values[name] for name in block.numbers)], axis=0)
            if block.numbers
            else None
            for block in layout.blocks
        ),
    )


def _block_codes(own: Mapping[str, Codes], block: Block, layout: Layout) -> Codes:
    sizes = [len(layout.levels[role]) for role in block.roles]
    table = np.full(int(np.prod(sizes)), -1, dtype=np.intp)
    table[_keys(block.baseline, block, layout)] = len(block.levels)
    table[_keys(block.levels, block, layout)] = np.arange(len(block.levels))
    flat = joint(zip((own[role] for role in block.roles), sizes, strict=True))
    codes = table[flat]
    if (codes < 0).any():
        at = np.unravel_index(flat[codes < 0][0], sizes)
        named = ", ".join(
            f"{role} {layout.levels[role][p]}" for role, p in zip(block.roles, at, strict=True)
        )
        raise DesignError(
            f"model: no answer was observed for {named} together, so '{block.term}' has no "
            "effect for it. Ask only for combinations that occur, or leave the interaction out."
        )
    return codes


def _keys(combinations: Sequence[tuple[object, ...]], block: Block, layout: Layout) -> Codes:
    """Return one number for each combination of levels."""
    keys = np.zeros(len(combinations), dtype=np.intp)
    for role, values in zip(block.roles, zip(*combinations, strict=True), strict=False):
        place = {level: at for at, level in enumerate(layout.levels[role])}
        keys = keys * len(place) + np.array([place[value] for value in values], np.intp)
    return keys

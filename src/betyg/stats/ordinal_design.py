"""Covariate patterns and dummy coding, by codes instead of matrices.

A term puts each pattern into one level, so a whole block of dummy columns is
one vector of codes, and X'WX is a handful of weighted counts. It costs the same
for twenty levels and for two thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError, did_you_mean
from betyg.stats.sums import by_code, rows_by_code

__all__ = [
    "Block",
    "Layout",
    "Patterns",
    "aliased",
    "collapse",
    "encode",
    "layout_of",
    "observed_levels",
    "varying",
]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

ALIAS_TOLERANCE = 1e-9  # a column of which less than this share is its own is aliased


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The columns of one term.

    Attributes
    ----------
    term : str
        As asked for, e.g. ``"agency"`` or ``"agency:year"``.
    roles : tuple of str
        The variables of the term.
    levels : tuple of tuples
        One combination of values a column.
    baseline : tuple of tuples
        Observed combinations that have no column of their own.
    """

    term: str
    roles: tuple[str, ...]
    levels: tuple[tuple[object, ...], ...]
    baseline: tuple[tuple[object, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, e.g. ``agency[08]:year[2012]``."""
        return tuple(
            ":".join(f"{role}[{value}]" for role, value in zip(self.roles, level, strict=True))
            for level in self.levels
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The blocks of a model, side by side.

    Attributes
    ----------
    blocks : tuple of Block
        In the order of the terms.
    levels : dict
        Observed values of each variable, in order; the first is the reference.
    """

    blocks: tuple[Block, ...]
    levels: dict[str, tuple[object, ...]]

    @property
    def roles(self) -> tuple[str, ...]:
        """Variables of the model, each once."""
        return tuple(self.levels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(name for block in self.blocks for name in block.names)

    @property
    def width(self) -> int:
        """Number of columns."""
        return sum(len(block.levels) for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """Codes of the patterns in each block.

    Attributes
    ----------
    codes : tuple of ndarray of int, each of shape (patterns,)
        Column within the block; the number of columns stands for "none".
    widths : tuple of int
        Columns of each block.
    size : int
        Number of patterns.
    """

    codes: tuple[Codes, ...]
    widths: tuple[int, ...]
    size: int

    @property
    def offsets(self) -> tuple[int, ...]:
        """First column of each block, and the end of the last."""
        return (0, *(int(end) for end in np.cumsum(self.widths)))

    def times(self, beta: Array) -> Array:
        """Return X @ beta, shape (patterns,)."""
        eta = np.zeros(self.size)
        for code, start, width in zip(self.codes, self.offsets, self.widths, strict=False):
            eta += np.append(beta[start : start + width], 0.0)[code]
        return eta

    def sums(self, values: Array) -> Array:
        """Return X' @ values; ``values`` has shape (patterns,) or (patterns, columns)."""
        table = values.reshape(values.shape[0], -1)
        parts = [
            rows_by_code(code, table, width + 1)[:width]
            for code, width in zip(self.codes, self.widths, strict=True)
        ]
        total = np.concatenate(parts) if parts else np.zeros((0, table.shape[1]))
        return total.reshape(-1, *values.shape[1:])

    def gram(self, weights: Array) -> Array:
        """Return X' diag(weights) X."""
        ends = self.offsets
        total = np.zeros((ends[-1], ends[-1]))
        for i, (row, high) in enumerate(zip(self.codes, self.widths, strict=True)):
            for j in range(i + 1):
                wide = self.widths[j]
                pair = by_code(
                    row * (wide + 1) + self.codes[j], weights, (high + 1) * (wide + 1)
                ).reshape(high + 1, wide + 1)[:high, :wide]
                total[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = pair
                total[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = pair.T
        return total

    def take(self, rows: Codes) -> Patterns:
        """Return the patterns of ``rows``, repeats allowed."""
        return Patterns(
            codes=tuple(code[rows] for code in self.codes), widths=self.widths, size=rows.size
        )

    def group_sums(self, values: Array, groups: Codes, n_groups: int) -> Array:
        """Return for each group the sum of values times row of X, shape (groups, columns)."""
        parts = [
            by_code(groups * (width + 1) + code, values, n_groups * (width + 1)).reshape(
                n_groups, width + 1
            )[:, :width]
            for code, width in zip(self.codes, self.widths, strict=True)
        ]
        return np.concatenate([np.zeros((n_groups, 0)), *parts], axis=1)


def observed_levels(values: pd.Series) -> tuple[object, ...]:
    """Return the values that occur, in the order of the codebook (or of size, for numbers)."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = np.bincount(values.cat.codes[values.cat.codes >= 0], minlength=1)
        return tuple(values.cat.categories[np.flatnonzero(used)].tolist())
    return tuple(sorted(values.dropna().unique().tolist()))


def varying(cells: pd.DataFrame, terms: Sequence[str]) -> tuple[str, ...]:
    """Return the terms whose variables all take at least two values in ``cells``.

    A study with one year, or without activities, has nothing to say about them.
    """
    several = {
        role: len(observed_levels(cells[role])) > 1 for term in terms for role in term.split(":")
    }
    return tuple(term for term in terms if all(several[role] for role in term.split(":")))


def encode(values: pd.Series, levels: Sequence[object], role: str) -> Codes:
    """Return the position of each value among ``levels``.

    Raises
    ------
    DesignError
        If a value is missing or is none of the levels.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        place = pd.Index(list(levels)).get_indexer(values.cat.categories)
        codes = np.append(place, -1)[values.cat.codes]
    else:
        codes = pd.Index(list(levels)).get_indexer(pd.Index(values))
    if (codes < 0).any():
        strange = values[codes < 0].iloc[0]
        raise DesignError(
            f"model: {role} '{strange}' is not among its levels ({_listed(levels)}). "
            f"Leave it out, or fit the model with it."
        )
    return np.asarray(codes, dtype=np.intp)


def _listed(levels: Sequence[object]) -> str:
    shown = ", ".join(str(level) for level in levels[:8])
    return f"{shown}, ... {len(levels)} in all" if len(levels) > 8 else shown


def layout_of(cells: pd.DataFrame, terms: Sequence[str]) -> Layout:
    """Lay out treatment-coded columns for ``terms``.

    The first observed level is the reference. An interaction stands either
    beside both of its main effects (products of their columns) or beside none
    (one factor of the combinations that occur).

    Parameters
    ----------
    cells : DataFrame
        With a column for each variable.
    terms : sequence of str
        Such as ``("agency", "year", "agency:group")``.

    Returns
    -------
    Layout

    Raises
    ------
    DesignError
        If a variable is unknown, has a single value, or an interaction stands
        beside only one of its main effects.
    """
    roles = tuple(dict.fromkeys(role for term in terms for role in term.split(":")))
    for role in roles:
        if role not in cells.columns:
            raise DesignError(f"model: there is no '{role}'. {did_you_mean(role, cells.columns)}")
    levels = {role: observed_levels(cells[role]) for role in roles}
    for role in roles:
        if len(levels[role]) < 2:
            only = f"the single value {levels[role][0]}" if levels[role] else "no value"
            raise DesignError(
                f"model: {role} has {only}, so it has no effect to estimate. "
                f"Leave '{role}' out of the terms."
            )
    return Layout(blocks=tuple(_block(cells, term, terms, levels) for term in terms), levels=levels)


def _block(
    cells: pd.DataFrame,
    term: str,
    terms: Sequence[str],
    levels: dict[str, tuple[object, ...]],
) -> Block:
    roles = tuple(term.split(":"))
    beside = [role for role in roles if role in terms]
    if len(roles) > 1 and 0 < len(beside) < len(roles):
        raise DesignError(
            f"model: '{term}' stands beside {', '.join(beside)} but not beside "
            f"{', '.join(role for role in roles if role not in terms)}. "
            "Name both main effects, or none and let the combinations be one factor."
        )
    observed = _combinations(cells, roles, levels)
    products = len(roles) > 1 and bool(beside)
    free = [
        all(value != levels[role][0] for role, value in zip(roles, combination, strict=True))
        if products
        else combination != observed[0]
        for combination in observed
    ]
    return Block(
        term=term,
        roles=roles,
        levels=tuple(c for c, own in zip(observed, free, strict=True) if own),
        baseline=tuple(c for c, own in zip(observed, free, strict=True) if not own),
    )


def _combinations(
    cells: pd.DataFrame, roles: tuple[str, ...], levels: dict[str, tuple[object, ...]]
) -> list[tuple[object, ...]]:
    sizes = [len(levels[role]) for role in roles]
    codes = [encode(cells[role], levels[role], role) for role in roles]
    found = np.unique(np.ravel_multi_index(tuple(codes), tuple(sizes)))
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
        If a row has a level, or a combination of levels, that the layout does not hold.
    """
    own = {role: encode(frame[role], layout.levels[role], role) for role in layout.roles}
    return Patterns(
        codes=tuple(_block_codes(own, block, layout) for block in layout.blocks),
        widths=tuple(len(block.levels) for block in layout.blocks),
        size=len(frame),
    )


def _block_codes(own: dict[str, Codes], block: Block, layout: Layout) -> Codes:
    sizes = tuple(len(layout.levels[role]) for role in block.roles)
    position = {role: {v: i for i, v in enumerate(layout.levels[role])} for role in block.roles}

    def key(combination: tuple[object, ...]) -> int:
        at = tuple(position[r][v] for r, v in zip(block.roles, combination, strict=True))
        return int(np.ravel_multi_index(at, sizes))

    table = np.full(int(np.prod(sizes)), -1, dtype=np.intp)
    table[[key(c) for c in block.baseline]] = len(block.levels)
    table[[key(c) for c in block.levels]] = np.arange(len(block.levels))
    flat = np.ravel_multi_index(tuple(own[role] for role in block.roles), sizes)
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


def aliased(patterns: Patterns, names: Sequence[str]) -> list[str]:
    """Return the columns that are sums of the constant and of columns before them."""
    ones = np.ones(patterns.size)
    total = np.empty((len(names) + 1, len(names) + 1))
    total[0, 0] = patterns.size
    total[0, 1:] = total[1:, 0] = patterns.sums(ones)
    total[1:, 1:] = patterns.gram(ones)
    size = total.diagonal().copy()
    lost = []
    for j in range(total.shape[0]):
        if total[j, j] <= ALIAS_TOLERANCE * size[j]:
            lost.append(names[j - 1])
            continue
        ratio = total[j + 1 :, j] / total[j, j]
        total[j + 1 :, j + 1 :] -= np.outer(ratio, total[j, j + 1 :])
    return lost

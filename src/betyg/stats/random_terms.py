"""Random intercepts: which terms, which levels, which rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats import ordinal_design
from betyg.stats.formula import Model
from betyg.stats.ordinal_design import Block, Layout
from betyg.stats.patterns import Patterns

__all__ = ["check_terms", "codes", "crossed", "effects_table", "layout_of", "rows_of", "roles_of"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def roles_of(random: Sequence[str]) -> tuple[str, ...]:
    """Return the variables of the terms, each once."""
    return tuple(dict.fromkeys(role for term in random for role in term.split(":")))


def check_terms(cells: pd.DataFrame, model: Model, random: Sequence[str]) -> None:
    """Raise if a random term is unknown, repeated, or already fixed.

    Raises
    ------
    DesignError
        Names the term.
    """
    if not random:
        raise DesignError(
            "mixed model: no random term was named. Name one, such as random=('agency',), or use "
            "the model with fixed effects."
        )
    for role in roles_of(random):
        if role not in cells.columns:
            raise DesignError(
                f"mixed model: there is no '{role}'. {did_you_mean(role, cells.columns)}"
            )
    for i, term in enumerate(random):
        parts = set(term.split(":"))
        if any(parts == set(other.split(":")) for other in random[:i]):
            raise DesignError(f"mixed model: the random term '{term}' is named twice.")
        finer = [t.name for t in model.terms if parts <= set(t.roles) and not t.numbers]
        if finer:
            raise DesignError(
                f"mixed model: '{term}' is random, but the fixed term '{finer[0]}' already tells "
                "its levels apart, so it has no variance left. Leave one of them out."
            )


def layout_of(frame: pd.DataFrame, random: Sequence[str]) -> Layout:
    """Lay out a column for every observed level of every term, the largest term first.

    Parameters
    ----------
    frame : DataFrame
        Observed patterns.
    random : sequence of str
        Such as ``("agency", "agency:year")``.

    Returns
    -------
    Layout
        Without reference levels.

    Raises
    ------
    DesignError
        If a term has a single level, or the levels of another term.
    """
    levels = {role: ordinal_design.observed_levels(frame[role]) for role in roles_of(random)}
    blocks = [_block(frame, term, levels) for term in random]
    blocks.sort(key=lambda block: -len(block.levels))
    layout = Layout(blocks=tuple(blocks), levels=levels, numbers={})
    _check_same(codes(frame, layout), layout)
    return layout


def _block(frame: pd.DataFrame, term: str, levels: dict[str, tuple[object, ...]]) -> Block:
    roles = tuple(term.split(":"))
    sizes = tuple(len(levels[role]) for role in roles)
    own = tuple(ordinal_design.encode(frame[role], levels[role], role) for role in roles)
    found = np.unique(np.ravel_multi_index(own, sizes))
    if found.size < 2:
        raise DesignError(
            f"mixed model: '{term}' has a single level, so its variance cannot be estimated. "
            f"Leave '{term}' out of the random terms."
        )
    positions = np.unravel_index(found, sizes)
    observed = tuple(
        tuple(levels[role][p] for role, p in zip(roles, at, strict=True))
        for at in zip(*positions, strict=True)
    )
    return Block(term=term, roles=roles, levels=observed, baseline=())


def _check_same(patterns: Patterns, layout: Layout) -> None:
    """Raise if two terms group the patterns alike."""
    for i, block in enumerate(layout.blocks):
        for j in range(i):
            if patterns.widths[i] != patterns.widths[j]:
                continue
            pairs = patterns.codes[i] * patterns.widths[j] + patterns.codes[j]
            if np.unique(pairs).size == patterns.widths[i]:
                raise DesignError(
                    f"mixed model: the random terms '{layout.blocks[j].term}' and '{block.term}' "
                    "group the answers alike, so their variances cannot be told apart. Leave one "
                    "of them out."
                )


def codes(frame: pd.DataFrame, layout: Layout) -> Patterns:
    """Return the levels of the rows of ``frame``; a level without answers gets the code "none".

    Parameters
    ----------
    frame : DataFrame
        A column for each variable of the terms.
    layout : Layout
        From ``layout_of``.

    Returns
    -------
    Patterns
        Effects of levels that the model never saw count as zero, their mean.

    Raises
    ------
    DesignError
        If a column is missing.
    """
    for role in layout.levels:
        if role not in frame.columns:
            raise DesignError(
                f"mixed model: there is no '{role}' to predict for. "
                f"{did_you_mean(role, frame.columns)}"
            )
    own = {role: _positions(frame[role], levels) for role, levels in layout.levels.items()}
    return _patterns(own, layout, (len(frame),))


def crossed(one: pd.DataFrame, other: pd.DataFrame, layout: Layout) -> Patterns:
    """Return the levels of every row of ``one`` beside every row of ``other``, as ``codes`` does.

    The rows of ``other`` change fastest.
    """
    own = {
        role: _positions(one[role], levels)[:, None]
        if role in one.columns
        else _positions(other[role], levels)
        for role, levels in layout.levels.items()
    }
    return _patterns(own, layout, (len(one), len(other)))


def _patterns(own: dict[str, Codes], layout: Layout, shape: tuple[int, ...]) -> Patterns:
    codes = [_block_codes(own, block, layout) for block in layout.blocks]
    return Patterns(
        codes=tuple(np.broadcast_to(code, shape).reshape(-1) for code in codes),
        widths=tuple(len(block.levels) for block in layout.blocks),
        size=int(np.prod(shape)),
        factors=(None,) * len(layout.blocks),
    )


def _positions(values: pd.Series, levels: tuple[object, ...]) -> Codes:
    """Return the position of each value among ``levels``, -1 for strangers."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        place = np.append(pd.Index(list(levels)).get_indexer(values.cat.categories), -1)
        return np.asarray(place[values.cat.codes], dtype=np.intp)
    return np.asarray(pd.Index(list(levels)).get_indexer(pd.Index(values)), dtype=np.intp)


def _block_codes(own: dict[str, Codes], block: Block, layout: Layout) -> Codes:
    sizes = tuple(len(layout.levels[role]) for role in block.roles)
    place = {role: {v: i for i, v in enumerate(layout.levels[role])} for role in block.roles}
    keys = [
        int(np.ravel_multi_index([place[r][v] for r, v in pairs], sizes))
        for pairs in (list(zip(block.roles, level, strict=True)) for level in block.levels)
    ]
    table = np.full(int(np.prod(sizes)), len(block.levels), dtype=np.intp)
    table[keys] = np.arange(len(block.levels))
    each = np.broadcast_arrays(*(own[role] for role in block.roles))
    known = np.all([codes >= 0 for codes in each], axis=0)
    at = tuple(np.where(known, codes, 0) for codes in each)
    return np.where(known, table[np.ravel_multi_index(at, sizes)], len(block.levels))


def rows_of(frame: pd.DataFrame, layout: Layout, asked: Sequence[str] | None) -> Patterns:
    """Return the levels of the rows of ``frame`` in the terms asked for, none in the others.

    Raises
    ------
    ParameterError
        If a term asked for is no random term.
    DesignError
        If a column is missing.
    """
    terms = [block.term for block in layout.blocks]
    wanted = terms if asked is None else list(asked)
    for term in wanted:
        if term not in terms:
            raise ParameterError(
                f"mixed model: '{term}' is no random term. {did_you_mean(term, terms)}"
            )
    unused = [role for role in layout.levels if role not in roles_of(wanted)]
    found = codes(frame.assign(**dict.fromkeys(unused)), layout)
    return Patterns(
        codes=tuple(
            code if term in wanted else np.full_like(code, width)
            for code, width, term in zip(found.codes, found.widths, terms, strict=True)
        ),
        widths=found.widths,
        size=found.size,
        factors=found.factors,
    )


def effects_table(layout: Layout, order: Sequence[str], columns: dict[str, Array]) -> pd.DataFrame:
    """Return a row for each effect, terms in ``order``.

    Returns
    -------
    DataFrame
        Index: the effect, such as ``agency[08]``. ``term``, then ``columns``.
    """
    names = [name for block in layout.blocks for name in block.names]
    terms = [block.term for block in layout.blocks for _ in block.levels]
    table = pd.DataFrame({"term": terms, **columns}, index=names)
    return pd.concat([table.iloc[:0], *(table[table["term"] == term] for term in order)])

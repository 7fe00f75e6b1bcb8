"""From cells of one item to covariate patterns, counts and score variances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import ConvergenceError, DataError, DesignError, did_you_mean
from betyg.stats import formula, ordinal_design, ordinal_sandwich, patterns
from betyg.stats.families import Ordinal
from betyg.stats.formula import Model
from betyg.stats.ordinal_design import Coded, Layout
from betyg.stats.ordinal_likelihood import Link
from betyg.stats.ordinal_sandwich import Rows, Sampling
from betyg.stats.patterns import Patterns
from betyg.stats.sums import by_code, joint, numbered, one_of_each, rows_by_code

__all__ = [
    "Answers",
    "answers_of",
    "check_aliased",
    "given_answers",
    "observed_patterns",
    "pattern_codes",
    "scaled",
    "weighted",
]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

COUNTS = frozenset({"n", "weight_sum", "weight_sq_sum"})
SAME_WEIGHT = 1e-9  # relative; scaled weights and their squares are then equal
ROUNDING = 0.5 + 1e-9  # of an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Everything that a fixed or mixed model of one item needs.

    Attributes
    ----------
    layout : Layout
        Coding of the terms.
    patterns : Patterns
        Codes of the observed patterns.
    frame : DataFrame
        Values of the patterns, and their ``weight``.
    counts : ndarray, shape (patterns, categories)
        Scaled sums of weights.
    categories, scores : ndarray, shape (categories,)
        Used positions and their scores 0-100.
    names : list of str
        Of thresholds and slopes.
    nobs, n_missing : int
        Answers, and respondents without one.
    weighted : bool
        Whether the scaled weights of respondents differ from one.
    scale_within : tuple of str
        Groups whose weights add up to their own effective size.
    rows : Rows
        For the sandwich.
    """

    layout: Layout
    patterns: Patterns
    frame: pd.DataFrame
    counts: Array
    categories: Array
    scores: Array
    names: list[str]
    nobs: int
    n_missing: int
    weighted: bool
    scale_within: tuple[str, ...]
    rows: Rows

    def described(self) -> dict[str, Any]:
        """Return what a result says of its answers."""
        same = ("nobs", "n_missing", "weighted", "scale_within", "layout")
        return {name: getattr(self, name) for name in same} | {"patterns": self.frame}

    def family(self, model: Model, link: Link) -> Ordinal:
        """Return the family of a model of these answers."""
        return Ordinal(
            link=link, outcome=model.outcome, categories=self.categories, scores=self.scores
        )


def answers_of(
    cells: pd.DataFrame,
    model: Model,
    *,
    scale_within: Sequence[str],
    sampling: Sampling,
    beside: Sequence[str] = (),
) -> Answers:
    """Collapse the cells of one item to patterns and check that the terms can be estimated.

    Parameters
    ----------
    cells : DataFrame
        As in ``ordinal.fit``.
    model : Model
        From ``formula.read``.
    scale_within : sequence of str
        Groups that keep their own effective size.
    sampling : Sampling
        Columns of strata, of primary sampling units and of their number in the population.
    beside : sequence of str
        Further variables that patterns tell apart, those of random terms.

    Returns
    -------
    Answers

    Raises
    ------
    DesignError
        As in ``ordinal.fit``.
    """
    cells = cells.reset_index(drop=True)
    given = given_answers(cells, model.outcome)
    within = tuple(role for role in scale_within if role in given.columns)
    variables = dict.fromkeys([*model.variables, *beside])
    known = ordinal_design.coded(given, [*within, *variables])
    weight, square = scaled(given, _combined([known[role] for role in within], len(given))[0])
    pattern, first = _combined([known[name] for name in variables], len(given))
    at_first = {role: (codes[first], levels) for role, (codes, levels) in known.items()}
    numbers = formula.values_of(model.numbers, given.take(first)) if model.numbers else {}
    layout, coded = ordinal_design.laid_out(model, at_first, numbers, rows=first.size)
    category, categories, scores = _categories(given, model.outcome)
    size = (categories.size, first.size)
    counts = by_code(category * size[1] + pattern, weight, size[0] * size[1]).reshape(size).T
    slopes = layout.names
    check_aliased(coded, slopes)
    _check_separated(layout, coded, counts)
    n = given["n"].to_numpy(np.float64)
    return Answers(
        layout=layout,
        patterns=coded,
        frame=_rows(given, variables, first, weight=counts.sum(axis=1)),
        counts=counts,
        categories=categories,
        scores=scores,
        names=[*_cuts(categories), *slopes],
        nobs=int(round(n.sum())),
        n_missing=int(round(cells["n"].to_numpy(np.float64).sum() - n.sum())),
        weighted=weighted(n, weight, square),
        scale_within=within,
        rows=ordinal_sandwich.rows_of(
            cells, given.index, (pattern, category, weight, square), sampling
        ),
    )


def given_answers(cells: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Keep answers; give unweighted cells the weights that counts stand for."""
    _check_known(cells, "n")
    answered = cells["n"].to_numpy() > 0
    if "kind" in cells.columns:
        answered &= np.asarray(cells["kind"].array == "answer")
    given = cells if answered.all() else cells[answered]
    if "weight_sum" in given.columns:
        for column in ("weight_sum", "weight_sq_sum"):
            _check_known(given, column)
        _check_squares(given)
        weighs = given["weight_sum"].to_numpy() > 0
        given = given if weighs.all() else given[weighs]
    if given.empty:
        raise DesignError(
            "model: there are no answers with a weight above zero. Leave the item out."
        )
    for column in {outcome, "score"} & {*given.columns}:
        _check_known(given, column)
    if "weight_sum" not in given.columns:
        given = given.assign(weight_sum=given["n"], weight_sq_sum=given["n"])
    return given


def _check_known(cells: pd.DataFrame, column: str) -> None:
    """Raise if a value of ``column`` is no number, or a negative number or sum of weights."""
    if column not in cells.columns:
        raise DesignError(f"model: there is no '{column}'. {did_you_mean(column, cells.columns)}")
    held = cells[column]
    numbers = held if held.dtype.kind in "iuf" else pd.to_numeric(held, errors="coerce")
    values = numbers.to_numpy(np.float64)
    lost, kind = ~np.isfinite(values), "no number"
    if not lost.any() and column in COUNTS:
        lost, kind = values < 0, "negative"
    if lost.any():
        raise DataError(
            f"model: '{column}' is {kind} in {int(lost.sum())} of {len(cells)} cells, first for "
            f"{place(cells[lost].iloc[:1])}. Mend those cells, leave them out, or mark them in "
            "'kind' as no answer."
        )


def _check_squares(given: pd.DataFrame) -> None:
    """Raise if weights have no squares: their effective size would have no end."""
    low = (given["weight_sum"].to_numpy() > 0) & (given["weight_sq_sum"].to_numpy() <= 0)
    if low.any():
        raise DataError(
            f"model: 'weight_sq_sum' is zero in {int(low.sum())} cells with a weight, first for "
            f"{place(given[low].iloc[:1])}. Sum the squares of the weights, respondent by "
            "respondent."
        )


def place(cells: pd.DataFrame) -> str:
    """Name the items, agencies and years of the cells, as far as they are known."""
    parts = []
    for role in ("item", "agency", "year"):
        if role in cells.columns and cells[role].notna().any():
            seen = [str(value) for value in ordinal_design.observed_levels(cells[role])]
            many = f"{role} {seen[0]} to {seen[-1]}"
            parts.append(f"{role} {seen[0]}" if len(seen) == 1 else many)
    return ", ".join(parts) or "the cells"


@contextmanager
def named(cells: pd.DataFrame) -> Iterator[None]:
    """Let the errors of a model say which items, agencies and years it was of."""
    try:
        yield
    except (DataError, DesignError, ConvergenceError) as error:
        raise type(error)(f"{place(cells)}: {error}") from error


def scaled(given: pd.DataFrame, group: Codes) -> tuple[Array, Array]:
    """Scale weights so that each group sums to its effective size."""
    weight = given["weight_sum"].to_numpy(np.float64)
    square = given["weight_sq_sum"].to_numpy(np.float64)
    factor = (np.bincount(group, weight) / np.bincount(group, square))[group]
    return weight * factor, square * factor**2


def weighted(n: Array, weight: Array, square: Array) -> bool:
    """Tell whether respondents have different weights.

    If not, scaled weights equal their squares and the number of answers, which counts that
    were made from rounded shares know to half an answer.
    """
    alike = (np.abs(weight - square) <= SAME_WEIGHT * square).all()
    return not (alike and (np.abs(weight - n) <= ROUNDING).all())


def observed_patterns(given: pd.DataFrame, variables: Sequence[str]) -> tuple[Codes, pd.DataFrame]:
    """Return the pattern of each row, and the variables' values in each pattern."""
    pattern, first = pattern_codes(given, variables)
    return pattern, _rows(given, dict.fromkeys(variables), first)


def pattern_codes(given: pd.DataFrame, roles: Sequence[str]) -> tuple[Codes, Codes]:
    """Return the pattern of each row, and a row of each pattern."""
    return _combined(ordinal_design.coded(given, roles).values(), len(given))


def _combined(coded: Iterable[Coded], rows: int) -> tuple[Codes, Codes]:
    alike = (np.zeros(rows, dtype=np.intp), 1)  # without roles all are of one pattern
    key = joint([alike, *((codes, len(levels)) for codes, levels in coded)])
    distinct, pattern = numbered(key)
    return pattern, one_of_each(pattern, distinct.size)


def _rows(given: pd.DataFrame, names: Iterable[str], rows: Codes, **more: Array) -> pd.DataFrame:
    values: dict[str, object] = {name: given[name].array.take(rows) for name in names}
    return pd.DataFrame(values | more, index=range(rows.size), copy=False)


def _categories(given: pd.DataFrame, outcome: str) -> tuple[Codes, Array, Array]:
    """Return category codes, used positions and their scores."""
    response = given[outcome].to_numpy(np.float64)
    codes, positions = pd.factorize(response, sort=True)
    first = one_of_each(codes, positions.size)
    if positions.size < 2:
        raise DesignError(
            f"model: all answers are in one category ({positions[0]:g}), so there is nothing to "
            "compare. Leave the item out."
        )
    if "score" in given.columns:
        score = given["score"].to_numpy(np.float64)
        if not np.array_equal(score, score[first][codes]):
            raise DesignError(
                f"model: '{outcome}' has categories with several scores. Give each category one "
                "'score', or leave that column out."
            )
        return codes, positions, score[first]
    return codes, positions, 100.0 * (positions - positions[0]) / (positions[-1] - positions[0])


def _cuts(categories: Array) -> list[str]:
    """Return the names of the thresholds."""
    return [f"{a:g}|{b:g}" for a, b in pairwise(categories.tolist())]


def check_aliased(coded: Patterns, names: Sequence[str]) -> None:
    """Raise if a column is a sum of others."""
    lost = patterns.aliased(coded, names)
    if lost:
        raise DesignError(
            f"model: {', '.join(lost[:5])} cannot be told apart from the other terms (the same "
            "respondents have both, or no chain of shared levels connects them). Leave a term "
            "out, join the levels, or take the mean off a number: center(x)."
        )


def _check_separated(layout: Layout, coded: Patterns, counts: Array) -> None:
    problems = []
    ends = np.stack([counts[:, 0], counts[:, -1], counts.sum(axis=1)], axis=1)
    for block, code in zip(layout.blocks, coded.codes, strict=True):
        if block.numbers or len(block.baseline) != 1:
            continue  # a slope is no level, and the margins show an interaction's baseline
        sums = rows_by_code(code, ends, len(block.levels) + 1)
        total = sums[:, 2]
        for end, word in ((0, "lowest"), (1, "highest")):
            problems += [
                f"{block.term} {_spell([*block.levels, block.baseline[0]][level])}: all answers "
                f"(weight {total[level]:.4g}) are in the {word} category"
                for level in np.flatnonzero((sums[:, end] == total) & (total > 0))
            ]
    if problems:
        raise DesignError(
            f"model: {'; '.join(problems[:5])}. Such an effect has no finite estimate. Merge the "
            "level with a neighbour, or leave it out."
        )


def _spell(level: tuple[object, ...]) -> str:
    return ", ".join(str(part) for part in level)

"""Collapse clean answers to cells: counts are additive, so everything later is free of n."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.codebook import INDEX_SCALE
from betyg.data.harmonise import MISSING as MISSING_STATES
from betyg.data.parts import STATE, TIMES, Parts, states_of, values_of
from betyg.data.study import Study
from betyg.stats.sums import joint
from betyg.stats.tally import Cells, Tally, together, with_squares

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["KEYS", "KINDS", "add", "collapse", "in_order", "numbered"]

KEYS = ["agency", "year", "activity", "group", "stratum"]
"""What a cell is of."""

KINDS = ("answer", "dont_know", "not_applicable", "no_answer", "published")
KIND = pd.CategoricalDtype(pd.Index(KINDS, dtype="str"))
MISSING = [MISSING_STATES[state] for state in sorted(MISSING_STATES)]
NO_VALUE = 0  # state of the rows without an index; those of its values follow
NOT_ASKED = MISSING.index("not_asked")  # the last of them
KIND_OF_STATE = np.array([KINDS.index(kind) for kind in (*MISSING[:NOT_ASKED], "answer")])
Codes = NDArray[np.intp]
Names = Mapping[str, pd.CategoricalDtype]
BY = [*KEYS, "item", "scale", "kind", "response"]
COLUMNS = [*BY, "score", "n", "weight_sum", "weight_sq_sum", "se"]


def collapse(cleaned: Cleaned, survey: Study) -> pd.DataFrame:
    """Collapse the clean tables of a study to cells.

    Parameters
    ----------
    cleaned : Cleaned
        Respondents, or the counts and values of kinds ``counts`` and ``published``.
    survey : Study
        Order of units and items, scales by year.

    Returns
    -------
    DataFrame
        agency, activity, group, stratum category; year int16; item, scale, kind category;
        response float64 (position on the scale, value of an index or of a published figure, 0
        for missing); score float64 0-100 (NaN for missing); n int64 (unweighted); weight_sum,
        weight_sq_sum float64; se float64 (published only). Sorted, units and items in the order
        of the study's files. Items that were not asked have no cell. A composite index is an
        item of scale "0-100" with a cell a value; respondents with too few answers have none.
    """
    if survey.kind == "responses":
        return _of_respondents(cleaned.parts, survey)
    return _sorted(_typed(cleaned.counts, survey))


def add(parts: Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    """Add up cells that were collapsed apart: a file, a year or a machine each."""
    return _sorted(_typed(pd.concat(list(parts), ignore_index=True), survey))


def _of_respondents(parts: Parts | Iterable[pd.DataFrame], survey: Study) -> pd.DataFrame:
    parts, domains = numbered(parts, _columns(survey))
    if isinstance(parts, Parts):
        pieces = [*parts.each(_count, survey, len(domains), doing="counting answers")]
        return _table(pieces or [_count((), survey, len(domains))], domains, survey)
    return _table([_count(parts, survey, len(domains))], domains, survey)


def numbered(
    parts: Parts | Iterable[pd.DataFrame], columns: Collection[str]
) -> tuple[Parts | list[pd.DataFrame], pd.DataFrame]:
    """Return respondents with a column ``domain``, and what each of its numbers stands for.

    Parameters
    ----------
    parts : Parts, or iterable of DataFrame
        Respondents; tables are put together.
    columns : collection of str
        Those that are wanted; tables have all that they had.

    Returns
    -------
    Parts or list of DataFrame
    DataFrame
        The ``KEYS``, by the numbers; some of them no row may have.
    """
    if isinstance(parts, Parts):
        return parts.only(["domain", *columns]), parts.domains()
    whole = pd.concat(parts, ignore_index=True)
    domain = whole.groupby(KEYS, observed=True, sort=False).ngroup()
    domains = whole.loc[~domain.duplicated(), KEYS].reset_index(drop=True)
    return [whole.assign(domain=domain)], domains


def _columns(survey: Study) -> list[str]:
    """Return the columns of respondents that cells are made of."""
    states = (f"{item}{STATE}" for item in survey.item_codes)
    stated = any("weight" in source.columns for source in survey.sources)
    weight = ["weight"] if stated else []  # else each is one
    return [TIMES, *weight, *states, *(f"{one.name}{STATE}" for one in survey.composites)]


def _count(parts: Iterable[pd.DataFrame], survey: Study, domains: int) -> dict[str, Cells]:
    """Count the answers to each item, and the values of each index, in the tables of a piece."""
    found = _Counted(survey, domains)
    for part in parts:
        found.add(part)
    return found.cells()


class _Counted:
    """The cells of the parts so far, item by item and index by index."""

    def __init__(self, survey: Study, domains: int) -> None:
        self.survey, self.domains = survey, domains
        self.items = {item: Tally() for item in survey.item_codes}
        self.indices = {index.name: Tally() for index in survey.composites}
        self.values: dict[str, dict[float, int]] = {name: {} for name in self.indices}

    def add(self, part: pd.DataFrame) -> None:
        """Count the rows of one more part."""
        domain = part["domain"].to_numpy().astype(np.intp)
        weight = part["weight"].to_numpy() if "weight" in part else None
        weighed = None if weight is None or (weight == 1.0).all() else with_squares(weight)
        times = part[TIMES].to_numpy() if TIMES in part else None
        for item, tally in self.items.items():
            state = states_of(part, item) + np.int8(NOT_ASKED)
            size = (self.domains, int(state.max(initial=0)) + 1)
            tally.add(domain, state, weighed, size, times=times)
        for name, tally in self.indices.items():
            value, known = values_of(part, name), self.values[name]
            number = 1 + in_order(value.categories.to_numpy(), known)
            state = np.append(number, NO_VALUE).take(value.codes, mode="wrap")
            tally.add(domain, state, weighed, (self.domains, 1 + len(known)), times=times)

    def cells(self) -> dict[str, Cells]:
        """Return the cells of each item and index; the state of an index is its value."""
        found = {item: tally.cells() for item, tally in self.items.items()}
        for name, tally in self.indices.items():
            domain, state, sums = tally.cells()
            some, values = state != NO_VALUE, np.array([np.nan, *self.values[name]])
            sums = {what: of[some] for what, of in sums.items()}
            found[name] = (domain[some], values[state[some]], sums)
        return found


def _table(
    pieces: Sequence[dict[str, Cells]], domains: pd.DataFrame, survey: Study
) -> pd.DataFrame:
    """Return the cells of all items and indices, in the domains that were numbered."""
    whole = {name: together([piece[name] for piece in pieces]) for name in pieces[0]}
    items = [
        _of_item(at, whole[item], domains, survey) for at, item in enumerate(survey.item_codes)
    ]
    indices = [
        _of_index(at, whole[index.name], survey)
        for at, index in enumerate(survey.composites, start=len(items))
    ]
    held = {name: np.concatenate([of[name] for of in (*items, *indices)]) for name in items[0]}
    place, alike = _places(domains)
    response, responses = pd.factorize(held["response"], sort=True)
    key = joint([
        (place[held["domain"]], len(domains)), (held["item"], len(whole)),
        (held["kind"], len(KINDS)), (response, len(responses)),
    ])  # fmt: skip
    order = np.argsort(key)
    held = {name: values.take(order) for name, values in held.items()}
    columns: dict[str, object] = {role: domains[role].array.take(held["domain"]) for role in KEYS}
    columns |= {
        name: pd.Categorical.from_codes(held[name], dtype=kind, validate=False)
        for name, kind in _names(survey).items()
    }
    cells = pd.DataFrame({name: columns.get(name, held.get(name)) for name in COLUMNS}, copy=False)
    return _sorted(cells) if alike else cells


def _of_item(
    at: int, cells: Cells, domains: pd.DataFrame, survey: Study
) -> dict[str, NDArray[np.generic]]:
    """Return the cells of the item of that number; what is a name comes as its place."""
    domain, state, sums = cells
    asked = state != NOT_ASKED
    domain, state = domain[asked], state[asked].astype(np.int64)
    response = np.maximum(state - len(MISSING) + 1, 0)
    years, item = domains["year"].to_numpy()[domain], survey.item_codes[at]
    scale, score = _on_scales(item, response, years, survey)
    return {
        "domain": domain,
        "item": np.full(len(domain), at),
        "scale": scale,
        "kind": KIND_OF_STATE[np.minimum(state, NOT_ASKED)],
        "response": response.astype(np.float64),
        "score": score,
        **{name: values[asked] for name, values in sums.items()},
        "se": np.full(len(domain), np.nan),
    }


def _of_index(at: int, cells: Cells, survey: Study) -> dict[str, NDArray[np.generic]]:
    """Return the cells of the index that comes at that place after the items."""
    domain, value, sums = cells
    return {
        "domain": domain,
        "item": np.full(len(domain), at),
        "scale": np.full(len(domain), len(survey.scale_names)),
        "kind": np.zeros(len(domain), dtype=np.intp),
        "response": value,
        "score": value,
        **sums,
        "se": np.full(len(domain), np.nan),
    }


def in_order(values: NDArray[np.float64], known: dict[float, int]) -> NDArray[np.intp]:
    """Give values numbers in the order in which they turn up.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN is a value as any other.
    known : dict of float to int
        The numbers so far; new values are added.

    Returns
    -------
    ndarray of int, shape (n,)
        The number of each value.
    """
    place, distinct = pd.factorize(values, use_na_sentinel=False)
    same = (math.nan if math.isnan(value) else value for value in distinct.tolist())
    numbers = [known.setdefault(value, len(known)) for value in same]
    return np.array(numbers, dtype=np.intp)[place]


def _names(survey: Study) -> Names:
    """Return the items, scales and kinds that a study's cells can be of, in their order."""
    items = [*survey.item_codes, *(index.name for index in survey.composites)]
    scales = [*survey.scale_names, INDEX_SCALE]
    kinds = {"item": items, "scale": scales}
    return {
        column: pd.CategoricalDtype(pd.Index(names, dtype="str")) for column, names in kinds.items()
    } | {"kind": KIND}


def _on_scales(
    item: str, response: NDArray[np.int64], years: NDArray[np.int16], survey: Study
) -> tuple[Codes, NDArray[np.float64]]:
    """Return the place of the scale that an item had in each year, and the scores of responses."""
    own, distinct = pd.factorize(years)
    scales = [survey.scale_of(item, year) for year in distinct.tolist()]
    scores = np.full((len(scales), 1 + max((len(one.scores) for one in scales), default=0)), np.nan)
    for at, scale in enumerate(scales):
        scores[at, 1 : 1 + len(scale.scores)] = scale.scores
    names = [*survey.scale_names, INDEX_SCALE]
    return np.array([names.index(one.scale) for one in scales], np.intp)[own], scores[own, response]


def _typed(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    kinds = {
        column: pd.Categorical(cells[column], dtype=of) for column, of in _names(survey).items()
    }
    return cells.assign(**kinds)


def _places(domains: pd.DataFrame) -> tuple[Codes, bool]:
    """Return the place of each domain in their order, and whether any two are alike."""
    order, alike = _order(domains, KEYS)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return place, alike


def _sorted(cells: pd.DataFrame) -> pd.DataFrame:
    """Order the cells as the study's files do, and add up cells that are the same."""
    order, alike = _order(cells, BY)
    if alike:
        sums = cells.groupby(BY, observed=True, sort=True)
        cells = sums.agg(
            {
                "score": "first",
                "n": "sum",
                "weight_sum": "sum",
                "weight_sq_sum": "sum",
                "se": "first",
            }
        ).reset_index()
        order, _ = _order(cells, BY)
    return pd.DataFrame({name: cells[name].array.take(order) for name in COLUMNS}, copy=False)


def _order(cells: pd.DataFrame, by: Sequence[str]) -> tuple[NDArray[np.intp], bool]:
    """Return the order of the rows by some columns, and whether any two rows are alike."""
    key = joint(_codes(cells[column]) for column in by)
    order = np.argsort(key)
    return order, bool((np.diff(key[order]) == 0).any())


def _codes(values: pd.Series) -> tuple[NDArray[np.integer], int]:
    """Return the place of each value in their order, what is missing last, and how many."""
    held = values.array
    if isinstance(held, pd.Categorical):
        codes, size = held.codes, len(held.categories)
    else:
        codes, distinct = pd.factorize(values.to_numpy(), sort=True)
        size = len(distinct)
    return np.where(codes < 0, size, codes), size + 1

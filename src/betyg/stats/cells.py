"""Collapse clean answers to cells: counts are additive, so everything later is free of n."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.codebook import INDEX_SCALE
from betyg.data.harmonise import MISSING as MISSING_STATES
from betyg.data.parts import STATE, Parts, states_of
from betyg.data.study import Study
from betyg.stats.sums import joint
from betyg.stats.tally import Cells, Tally, together

if TYPE_CHECKING:
    from betyg.data.clean import Cleaned

__all__ = ["KEYS", "KINDS", "add", "collapse", "in_order", "numbered"]

KEYS = ["agency", "year", "activity", "group", "stratum"]
"""What a cell is of."""

KINDS = ("answer", "dont_know", "not_applicable", "no_answer", "published")
MISSING = [MISSING_STATES[state] for state in sorted(MISSING_STATES)]
NOT_ASKED = MISSING.index("not_asked")  # the last of them
ASKED = [*MISSING[:NOT_ASKED], "answer"]
Codes = NDArray[np.intp]
Names = Mapping[str, pd.CategoricalDtype]
MEASURES = ["n", "weight_sum", "weight_sq_sum"]


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
        return _sorted(_of_respondents(cleaned.parts, survey))
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
    return ["weight", *states, *(one.name for one in survey.composites)]


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
        weight = part["weight"].to_numpy()
        weighed = None if (weight == 1.0).all() else weight
        for item, tally in self.items.items():
            state = states_of(part, item) + np.int8(NOT_ASKED)
            size = (int(state.max(initial=0)) + 1, self.domains)
            tally.add(domain, state, weighed, size)
        for name, tally in self.indices.items():
            value = part[name].to_numpy()
            given = ~np.isnan(value)
            state = in_order(value[given], self.values[name])
            size = (len(self.values[name]), self.domains)
            tally.add(domain[given], state, None if weighed is None else weight[given], size)

    def cells(self) -> dict[str, Cells]:
        """Return the cells of each item and index; the state of an index is its value."""
        found = {item: tally.cells() for item, tally in self.items.items()}
        for name, tally in self.indices.items():
            domain, state, sums = tally.cells()
            values = np.array(list(self.values[name]), dtype=np.float64)
            found[name] = (domain, values[state], sums)
        return found


def _table(
    pieces: Sequence[dict[str, Cells]], domains: pd.DataFrame, survey: Study
) -> pd.DataFrame:
    """Return the cells of all items and indices, in the domains that were numbered."""
    whole = {name: together([piece[name] for piece in pieces]) for name in pieces[0]}
    names = _names(survey)
    items = [_of_item(item, whole[item], domains, survey, names) for item in survey.item_codes]
    indices = [_of_index(i.name, whole[i.name], domains, names) for i in survey.composites]
    return pd.concat([*items, *indices], ignore_index=True)


def _of_item(
    item: str, cells: Cells, domains: pd.DataFrame, survey: Study, names: Names
) -> pd.DataFrame:
    domain, state, sums = cells
    asked = state != NOT_ASKED
    domain, state = domain[asked], state[asked].astype(np.int64)
    response = np.maximum(state - len(MISSING) + 1, 0)
    found = _of_domains(domains, domain)
    years = np.asarray(found["year"])
    place, distinct = pd.factorize(years)
    scales = [survey.scale_of(item, year).scale for year in distinct.tolist()]
    found |= {name: values[asked] for name, values in sums.items()}
    found |= {
        "item": _coded([item], names["item"], np.zeros_like(domain)),
        "scale": _coded(scales, names["scale"], place),
        "kind": _coded(ASKED, names["kind"], np.minimum(state, NOT_ASKED)),
        "response": response.astype(np.float64),
        "score": _scores(item, response, years, survey),
        "se": np.full(len(domain), np.nan),
    }
    return pd.DataFrame(found, copy=False)


def _of_index(name: str, cells: Cells, domains: pd.DataFrame, names: Names) -> pd.DataFrame:
    domain, value, sums = cells
    alike, place = {"item": name, "scale": INDEX_SCALE, "kind": "answer"}, np.zeros_like(domain)
    same = {column: _coded([value], names[column], place) for column, value in alike.items()}
    values = {"response": value, "score": value, "se": np.full(len(domain), np.nan)}
    return pd.DataFrame({**_of_domains(domains, domain), **sums, **same, **values}, copy=False)


def _of_domains(domains: pd.DataFrame, domain: NDArray[np.intp]) -> dict[str, object]:
    """Return agency, year, activity, group and stratum of some domains."""
    return {name: domains[name].array.take(domain) for name in KEYS}


def in_order(values: NDArray[np.float64], known: dict[float, int]) -> NDArray[np.intp]:
    """Return the number of each value, and number those that are new; NaN is a value."""
    place, distinct = pd.factorize(values, use_na_sentinel=False)
    numbers = [known.setdefault(value, len(known)) for value in distinct.tolist()]
    return np.array(numbers, dtype=np.intp)[place]


def _names(survey: Study) -> Names:
    """Return the items, scales and kinds that a study's cells can be of, in their order."""
    names: dict[str, Sequence[str]] = {
        "item": [*survey.item_codes, *(index.name for index in survey.composites)],
        "scale": [*survey.scale_names, INDEX_SCALE],
        "kind": KINDS,
    }
    return {
        column: pd.CategoricalDtype(pd.Index(list(of), dtype="str")) for column, of in names.items()
    }


def _coded(values: Sequence[str], of: pd.CategoricalDtype, place: Codes) -> pd.Categorical:
    """Return for each place the value that stands there."""
    codes = np.array([of.categories.get_loc(value) for value in values], dtype=np.int16)
    return pd.Categorical.from_codes(codes[place], dtype=of, validate=False)


def _scores(
    item: str, response: NDArray[np.int64], years: NDArray[np.int16], survey: Study
) -> NDArray[np.float64]:
    scores = np.full(len(response), np.nan)
    for year in np.unique(years).tolist():
        rows = np.flatnonzero((years == year) & (response > 0))
        scores[rows] = np.array(survey.scale_of(item, year).scores)[response[rows] - 1]
    return scores


def _typed(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    kinds = {
        column: pd.Categorical(cells[column], dtype=of) for column, of in _names(survey).items()
    }
    return cells.assign(**kinds)


def _sorted(cells: pd.DataFrame) -> pd.DataFrame:
    """Order the cells as the study's files do, and add up cells that are the same."""
    by = [*KEYS, "item", "scale", "kind", "response"]
    order, alike = _order(cells, by)
    if alike:
        sums = cells.groupby(by, observed=True, sort=True)
        cells = sums.agg(
            {
                "score": "first",
                "n": "sum",
                "weight_sum": "sum",
                "weight_sq_sum": "sum",
                "se": "first",
            }
        ).reset_index()
        order, _ = _order(cells, by)
    wanted = [*by, "score", *MEASURES, "se"]
    return pd.DataFrame({name: cells[name].array.take(order) for name in wanted}, copy=False)


def _order(cells: pd.DataFrame, by: Sequence[str]) -> tuple[NDArray[np.intp], bool]:
    """Return the order of the rows by some columns, and whether any two rows are alike."""
    key = joint(_codes(cells[column]) for column in by)
    order = np.argsort(key, kind="stable")
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

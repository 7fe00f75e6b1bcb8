"""From respondents or cells to sums of answers by smallest domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats import estimate_calibrated, replicates
from betyg.stats.design import Strata, SurveyDesign
from betyg.stats.estimate_calibrated import Calibrated
from betyg.stats.estimate_domains import Entries
from betyg.stats.estimate_layout import Atoms, atoms_of
from betyg.stats.joint import design_of, several_a_unit
from betyg.stats.replicates import Replicates
from betyg.stats.sum_design import strata_of
from betyg.stats.sums import by_code, numbered

__all__ = ["DONT_KNOW", "ROLES", "Answers", "Frame", "of_cells", "of_counts", "of_respondents"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

ROLES = ("agency", "year", "activity", "group")
DONT_KNOW = -1
STATES: Mapping[str, int] = {"no_answer": 0, "dont_know": DONT_KNOW, "not_applicable": -2}
NOT_ASKED = -3
NO_KINDS: Mapping[str, Any] = {  # of an index, which has values
    "state": np.empty(0, dtype=np.intp),
    "score": np.empty(0),
    "positions": np.empty(0, dtype=np.intp),
    "unsure": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Entries of one item, and what each kind of answer is.

    Attributes
    ----------
    item : str
        Code of the item or composite index.
    entries : Entries
        Everyone who was asked; of an index, who has a value.
    state : ndarray of int, shape (kinds,)
        Position of the answer from 1; 0 and below are kinds of missing.
    score : ndarray of float, shape (kinds,)
        0-100; NaN where missing. Empty for an index.
    positions : ndarray of int, shape (kinds,)
        Number of positions of the scale that the answer was given on.
    unsure : bool
        Whether one could say that one does not know.
    strata : Strata
        Strata of the entries.
    calibrated : Calibrated or None
        Where weights were calibrated.
    """

    item: str
    entries: Entries
    state: Codes
    score: Array
    positions: Codes
    unsure: bool
    strata: Strata
    calibrated: Calibrated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is common to all items.

    Attributes
    ----------
    atoms : Atoms
        Smallest domains.
    levels : mapping
        Values of each role, by code.
    psu : ndarray of int, shape (rows,), or None
        None where each row is a PSU, unless PSUs are to be left out one by one.
    jackknife : bool
        Whether variances are from leaving out PSUs.
    replicates : Replicates or None
        Where variances are from replicate weights.
    """

    atoms: Atoms
    levels: Mapping[str, pd.Index]
    psu: Codes | None
    jackknife: bool = False
    replicates: Replicates | None = None


def _role_codes(frame: pd.DataFrame) -> tuple[dict[str, Codes], dict[str, pd.Index]]:
    codes, levels = {}, {}
    for role in ROLES:
        values = frame[role]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes[role] = values.cat.codes.to_numpy().astype(np.intp)
            levels[role] = values.cat.categories
        else:
            own, found = pd.factorize(values.to_numpy(), sort=True)
            codes[role], levels[role] = own.astype(np.intp), pd.Index(found)
    return codes, levels


def of_respondents(respondents: pd.DataFrame, survey: Study) -> tuple[Frame, Iterator[Answers]]:
    """Return the smallest domains of the respondents, and the answers item by item.

    The finite population counts only when the question is about this year's users.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean.
    survey : Study
        Scales and design.

    Returns
    -------
    frame : Frame
    answers : iterator of Answers
        Items in the order of the codebook, then composite indices.

    Raises
    ------
    DesignError
        If weights are negative, missing or all zero, or strata are larger than their population.
    """
    by_psu = several_a_unit(respondents)
    rows = respondents.iloc[_order(respondents)] if by_psu else respondents
    design = design_of(rows, survey)
    how = survey.design.variance
    known = None
    if how == "bootstrap":
        known = replicates.bootstrap(design, replicates=survey.design.replicates)
    elif how == "delivered":
        known = replicates.delivered(rows, survey.design)
    codes, levels = _role_codes(rows)
    frame = Frame(
        atoms=atoms_of(design.stratum, codes),
        levels=levels,
        psu=design.psu if by_psu or how == "jackknife" else None,
        jackknife=how == "jackknife",
        replicates=known,
    )
    return frame, _item_by_item(rows, survey, frame, design)


def _order(respondents: pd.DataFrame) -> Codes:
    """Return the order in which the rows of a PSU, and of a stratum, stand together."""
    stratum = pd.factorize(respondents["stratum"])[0]
    return np.lexsort((respondents["psu"].to_numpy(), stratum))


def _item_by_item(
    respondents: pd.DataFrame, survey: Study, frame: Frame, design: SurveyDesign
) -> Iterator[Answers]:
    years = respondents["year"].to_numpy()
    strata, weight = design.strata, design.weight
    shared = estimate_calibrated.of_design(design)
    for item in survey.item_codes:
        state = _states(respondents, item)
        kind, kinds = _kinds(state, years, item, survey)
        rows = np.flatnonzero((state > NOT_ASKED) & (weight > 0))
        entries = _entries(rows, kind[rows], len(kinds["state"]), frame=frame, weight=weight)
        shares = estimate_calibrated.calibrated(entries, shared, weight) if shared else None
        yield Answers(item=item, entries=entries, strata=strata, calibrated=shares, **kinds)
    for index in survey.composites:
        score = respondents[index.name].to_numpy(np.float64)
        rows = np.flatnonzero(~np.isnan(score) & (weight > 0))
        values, kind = np.unique(score[rows], return_inverse=True)
        found = _entries(rows, kind, values.size, frame=frame, weight=weight)
        entries = replace(found, kind=np.zeros_like(found.kind), kinds=1, value=values[found.kind])
        shares = estimate_calibrated.calibrated(entries, shared, weight) if shared else None
        yield Answers(
            item=index.name, entries=entries, strata=strata, calibrated=shares, **NO_KINDS
        )


def _states(respondents: pd.DataFrame, item: str) -> Codes:
    """Return positions from 1, or the kind of missing."""
    position = respondents[item].to_numpy(dtype=np.int64, na_value=0)
    missing = respondents[f"{item}.missing"].cat
    lookup = np.array([STATES.get(str(kind), NOT_ASKED) for kind in missing.categories] + [0])
    return np.where(position > 0, position, lookup[missing.codes.to_numpy()]).astype(np.intp)


def _kinds(
    state: Codes, years: NDArray[np.generic], item: str, survey: Study
) -> tuple[Codes, dict[str, Any]]:
    """Return the number of each answer's kind, those of each scale apart, and what kinds are."""
    scales = {year: survey.scale_of(item, year) for year in np.unique(years).tolist()}
    names = list(dict.fromkeys(scale.scale for scale in scales.values()))
    width = int(state.max(initial=0)) - NOT_ASKED + 1
    code = state - NOT_ASKED
    for year, scale in scales.items():
        at = names.index(scale.scale)
        code = np.where(years == year, code + at * width, code) if at else code
    found = np.flatnonzero(np.bincount(code, minlength=1))
    number = np.zeros(int(code.max(initial=0)) + 1, dtype=np.intp)
    number[found] = np.arange(found.size)
    by_name = {scale.scale: scale for scale in scales.values()}
    of_kind = [by_name[names[at]] for at in found // width]
    states = found % width + NOT_ASKED
    scores = [
        scale.scores[at - 1] if at > 0 else np.nan
        for scale, at in zip(of_kind, states, strict=True)
    ]
    positions = np.array([scale.k for scale in of_kind], dtype=np.intp)
    unsure = any(
        category.kind == "dont_know" for scale in scales.values() for category in scale.categories
    )
    return number[code], {
        "state": states,
        "score": np.array(scores),
        "positions": positions,
        "unsure": unsure,
    }


def _entries(rows: Codes, kind: Codes, kinds: int, *, frame: Frame, weight: Array) -> Entries:
    """Add up the rows of an atom that answered the same."""
    own = weight[rows]
    key = frame.atoms.of_row[rows] * kinds + kind
    cell, number = numbered(key)
    return Entries(
        atom=cell // kinds,
        row=rows,
        of_row=number,
        row_weight=own,
        n=by_code(number, np.ones(rows.size), cell.size),
        weight=by_code(number, own, cell.size),
        square=by_code(number, own**2, cell.size),
        kind=cell % kinds,
        kinds=kinds,
    )


def of_cells(
    cells: pd.DataFrame, domains: pd.DataFrame, survey: Study
) -> tuple[Frame, Iterator[Answers]]:
    """Return what ``of_respondents`` does, where every respondent is a sampling unit.

    Respondents of a domain who answered the same are alike then, weights but for their sums too.

    Parameters
    ----------
    cells, domains : DataFrame
        As written by 01_clean.
    survey : Study
        Scales and design.

    Raises
    ------
    DesignError
        If strata are larger than their population.
    """
    strata = strata_of(domains, survey)
    codes, levels = _role_codes(cells)
    of_row = pd.Index(strata.names).get_indexer(pd.Index(cells["stratum"].astype("str")))
    frame = Frame(atoms=atoms_of(of_row, codes), levels=levels, psu=None)
    return frame, _cells_by_item(cells, survey, frame.atoms, strata)


def of_counts(cells: pd.DataFrame, survey: Study) -> tuple[Frame, Iterator[Answers]]:
    """Return the smallest domains of cells of kind ``counts``, and the answers item by item.

    Each agency x year x activity x group is a simple random sample of its users.
    """
    counted = cells[cells["kind"] != "published"].reset_index(drop=True)
    codes, levels = _role_codes(counted)
    atoms = atoms_of(np.zeros(len(counted), dtype=np.intp), codes)
    own = Atoms(of_row=atoms.of_row, stratum=np.arange(atoms.stratum.size), roles=atoms.roles)
    frame = Frame(atoms=own, levels=levels, psu=None)
    return frame, _cells_by_item(counted, survey, own, None)


def _cells_by_item(
    cells: pd.DataFrame, survey: Study, atoms: Atoms, strata: Strata | None
) -> Iterator[Answers]:
    """Return the answers item by item; without strata each atom is one."""
    indices = [index.name for index in survey.composites] if strata is not None else []
    for item in [*survey.item_codes, *indices]:
        rows = np.flatnonzero((cells["item"] == item) & (cells["n"] > 0))
        part, atom = cells.iloc[rows], atoms.of_row[rows]
        value = part["response"].to_numpy(np.float64) if item in indices else None
        kind, kinds = (
            _kinds_of_cells(part, item, survey)
            if value is None
            else (np.zeros(rows.size, dtype=np.intp), NO_KINDS)
        )
        n = part["n"].to_numpy(np.float64)
        yield Answers(
            item=item,
            entries=Entries(
                atom=atom,
                row=rows,
                of_row=np.arange(rows.size),
                row_weight=part["weight_sum"].to_numpy(np.float64),
                n=n,
                weight=part["weight_sum"].to_numpy(np.float64),
                square=part["weight_sq_sum"].to_numpy(np.float64),
                kind=kind,
                kinds=len(kinds["state"]) if value is None else 1,
                value=value,
            ),
            strata=_by_atom(atom, n, atoms.stratum.size, survey) if strata is None else strata,
            **kinds,
        )


def _kinds_of_cells(part: pd.DataFrame, item: str, survey: Study) -> tuple[Codes, dict[str, Any]]:
    answered = (part["kind"] == "answer").to_numpy()
    missing = part["kind"].astype(str).map(STATES).fillna(0).to_numpy().astype(np.intp)
    state = np.where(answered, part["response"].to_numpy(), missing).astype(np.intp)
    return _kinds(state, part["year"].to_numpy(), item, survey)


def _by_atom(atom: Codes, n: Array, atoms: int, survey: Study) -> Strata:
    return Strata(
        size=by_code(atom, n, atoms),
        population=np.full(atoms, np.inf),
        names=[f"cell {number}" for number in range(atoms)],
        lonely=survey.design.lonely,
    )

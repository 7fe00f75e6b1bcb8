"""From respondents or cells to sums of answers by smallest domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.design import Strata, SurveyDesign
from betyg.stats.estimate_domains import Atoms, Entries, atoms_of
from betyg.stats.sums import by_code

__all__ = ["DONT_KNOW", "ROLES", "Answers", "Frame", "of_cells", "of_respondents"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

ROLES = ("agency", "year", "activity", "group")
DONT_KNOW = -1
STATES: Mapping[str, int] = {"no_answer": 0, "dont_know": DONT_KNOW, "not_applicable": -2}
NOT_ASKED = -3
DENSE = 20_000_000  # atoms x values up to which a table is counted instead of the rows kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Entries of one item, and the size of the scale that each was given on.

    Attributes
    ----------
    item : str
        Code of the item or composite index.
    entries : Entries
        Everyone who was asked.
    positions : ndarray of int, shape (entries,)
        Number of positions of the scale; 0 for an index.
    strata : Strata
        Strata of the entries.
    """

    item: str
    entries: Entries
    positions: Codes
    strata: Strata


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
        None where each row is a PSU.
    """

    atoms: Atoms
    levels: Mapping[str, pd.Index]
    psu: Codes | None


def _role_codes(frame: pd.DataFrame) -> tuple[dict[str, Codes], dict[str, pd.Index]]:
    codes, levels = {}, {}
    for role in ROLES:
        values = frame[role]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes[role] = values.cat.codes.to_numpy().astype(np.intp)
            levels[role] = values.cat.categories
        else:
            found, inverse = np.unique(values.to_numpy(), return_inverse=True)
            codes[role], levels[role] = inverse.astype(np.intp), pd.Index(found)
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
    finite = survey.compare.inference == "this_year"
    clustered = respondents["psu"].nunique() < len(respondents)
    design = SurveyDesign.of(
        weight=respondents["weight"].to_numpy(),
        stratum=respondents["stratum"],
        psu=respondents["psu"] if clustered else None,
        population=respondents["population"].to_numpy() if finite else None,
        lonely=survey.design.lonely,
    )
    codes, levels = _role_codes(respondents)
    frame = Frame(
        atoms=atoms_of(design.stratum, codes), levels=levels, psu=design.psu if clustered else None
    )
    return frame, _item_by_item(respondents, survey, frame, design)


def _item_by_item(
    respondents: pd.DataFrame, survey: Study, frame: Frame, design: SurveyDesign
) -> Iterator[Answers]:
    years = respondents["year"].to_numpy()
    strata = design.strata
    for item in survey.item_codes:
        state = _states(respondents, item)
        score, positions = _scores(state, years, item, survey)
        entries, first = _entries(state, score, frame, design.weight)
        yield Answers(item=item, entries=entries, positions=positions[first], strata=strata)
    for index in survey.composites:
        score = respondents[index.name].to_numpy(np.float64)
        values, code = np.unique(score, return_inverse=True)
        code = np.where(np.isnan(score), NOT_ASKED, code + 1)
        entries, first = _entries(code, score, frame, design.weight)
        flat = np.zeros(first.size, dtype=np.intp)
        yield Answers(item=index.name, entries=entries, positions=flat, strata=strata)


def _states(respondents: pd.DataFrame, item: str) -> Codes:
    """Return positions from 1, or the kind of missing."""
    position = respondents[item].to_numpy(dtype=np.int64, na_value=0)
    missing = respondents[f"{item}.missing"].cat
    lookup = np.array([STATES.get(str(kind), NOT_ASKED) for kind in missing.categories] + [0])
    return np.where(position > 0, position, lookup[missing.codes.to_numpy()]).astype(np.intp)


def _scores(
    state: Codes, years: NDArray[np.generic], item: str, survey: Study
) -> tuple[Array, Codes]:
    """Return the score 0-100 of each answer, and the number of positions of its scale."""
    score = np.full(state.size, np.nan)
    positions = np.zeros(state.size, dtype=np.intp)
    for year in np.unique(years).tolist():
        scale = survey.scale_of(item, year)
        rows = np.flatnonzero(years == year)
        by_state = np.full(max(scale.k, int(state[rows].max(initial=0))) + 1, np.nan)
        by_state[1 : scale.k + 1] = scale.scores
        score[rows] = by_state[np.maximum(state[rows], 0)]
        positions[rows] = scale.k
    return score, positions


def _entries(state: Codes, score: Array, frame: Frame, weight: Array) -> tuple[Entries, Codes]:
    """Add up the rows of an atom that answered the same; return a row of each entry too."""
    asked = np.flatnonzero((state > NOT_ASKED) & (weight > 0))
    lowest = NOT_ASKED + 1
    width = int(state.max(initial=0)) - lowest + 1
    size = frame.atoms.stratum.size * width
    if frame.psu is not None or size > DENSE:
        own = weight[asked]
        entries = Entries(
            atom=frame.atoms.of_row[asked],
            row=asked,
            n=np.ones(asked.size),
            weight=own,
            square=own**2,
            state=state[asked],
            score=score[asked],
        )
        return entries, asked
    key = frame.atoms.of_row[asked] * width + state[asked] - lowest
    one = np.zeros(size, dtype=np.intp)
    one[key] = asked
    n = by_code(key, np.ones(asked.size), size)
    cell = np.flatnonzero(n)
    own = weight[asked]
    entries = Entries(
        atom=cell // width,
        row=None,
        n=n[cell],
        weight=by_code(key, own, size)[cell],
        square=by_code(key, own**2, size)[cell],
        state=cell % width + lowest,
        score=score[one[cell]],
    )
    return entries, one[cell]


def of_cells(cells: pd.DataFrame, survey: Study) -> tuple[Frame, Iterator[Answers]]:
    """Return the smallest domains of cells of kind ``counts``, and the answers item by item.

    Each agency x year x activity x group is a simple random sample of its users.
    """
    counted = cells[cells["kind"] != "published"].reset_index(drop=True)
    codes, levels = _role_codes(counted)
    atoms = atoms_of(np.zeros(len(counted), dtype=np.intp), codes)
    own = Atoms(of_row=atoms.of_row, stratum=np.arange(atoms.stratum.size), roles=atoms.roles)
    frame = Frame(atoms=own, levels=levels, psu=None)
    return frame, _cells_by_item(counted, survey, own)


def _cells_by_item(cells: pd.DataFrame, survey: Study, atoms: Atoms) -> Iterator[Answers]:
    names = [f"cell {number}" for number in range(atoms.stratum.size)]
    for item in survey.item_codes:
        rows = np.flatnonzero((cells["item"] == item) & (cells["n"] > 0))
        part, atom = cells.iloc[rows], atoms.of_row[rows]
        n = part["n"].to_numpy(np.float64)
        answered = (part["kind"] == "answer").to_numpy()
        kinds = part["kind"].astype(str).map(STATES).fillna(0).to_numpy().astype(np.intp)
        state = np.where(answered, part["response"].to_numpy(), kinds).astype(np.intp)
        score = np.where(answered, part["score"].to_numpy(np.float64), np.nan)
        size = {year: survey.scale_of(item, int(year)).k for year in part["year"].unique()}
        yield Answers(
            item=item,
            entries=Entries(
                atom=atom,
                row=None,
                n=n,
                weight=part["weight_sum"].to_numpy(np.float64),
                square=part["weight_sq_sum"].to_numpy(np.float64),
                state=state,
                score=score,
            ),
            positions=part["year"].map(size).to_numpy().astype(np.intp),
            strata=Strata(
                size=by_code(atom, n, len(names)),
                population=np.full(len(names), np.inf),
                names=names,
                lonely=survey.design.lonely,
            ),
        )

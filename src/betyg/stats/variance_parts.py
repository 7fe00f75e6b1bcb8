"""Where the differences between answers lie: agencies, their rounds, activities, or people.

Comparisons and ranks come from fixed effects. The mixed model answers another question: of all
that makes one answer differ from another, how much goes with the agency at all?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import modes, ordinal, ordinal_mixed
from betyg.stats.comparison import comparable
from betyg.stats.model_fit import OrdinalFit

__all__ = ["COLUMNS", "VarianceParts", "split"]

COLUMNS = ("outcome", "term", "levels", "sd", "ci_low", "ci_high", "share", "n")
PEOPLE = "people"
WITHIN_PEOPLE = np.pi**2 / 3  # variance of the logistic distribution: answers of one place
FEWEST_LEVELS = 4  # of which a variance can be told at all
TERMS = (("agency",), ("agency", "year"), ("activity",), ("agency", "activity"))


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceParts:
    """The mixed model of the headline outcome, and what it says of where differences lie.

    Attributes
    ----------
    table : DataFrame
        outcome; term ("agency", "agency:year", "activity", "agency:activity", "people");
        levels; sd with ci_low, ci_high (latent scale); share of the whole latent variance (0-1);
        n (answers). No rows where too few agencies or activities stand beside each other.
    mixed : OrdinalFit or None
        The model; None where there is no table.
    agencies : DataFrame
        As :func:`betyg.stats.modes.beside` returns it for the agencies: modes, which are shrunk
        towards each other, beside the effects as estimated; zero rows without agency as a term.
    """

    table: pd.DataFrame
    mixed: OrdinalFit | None
    agencies: pd.DataFrame

    def summary(self) -> str:
        """Return the model's estimates as text, or why there is none."""
        if self.mixed is None:
            return "Too few agencies or activities, or no answers, to tell where differences lie."
        return self.mixed.summary()


def split(cells: pd.DataFrame, survey: Study, *, year_from: int = 0) -> VarianceParts:
    """Split the variance of the headline outcome's answers.

    Agencies, their rounds, activities and agencies' activities are crossed random terms,
    years and groups fixed. Terms with fewer than four levels, or with no more levels than
    another term, are left out.

    Parameters
    ----------
    cells, survey, year_from
        As for :func:`betyg.stats.comparison.comparable`.

    Returns
    -------
    VarianceParts

    Raises
    ------
    ConvergenceError
        If the model has no maximum.

    References
    ----------
    Snijders & Bosker (2012), Multilevel Analysis, 17.3: the latent variance of a logit model.
    """
    try:
        chosen = comparable(cells, survey, year_from=year_from)
    except DesignError:  # published values, or an index of which only counts are known
        return _nothing()
    terms = _terms(chosen.cells)
    if not terms:
        return _nothing()
    fixed = [role for role in ("year", "group") if _varies(chosen.cells, role)]
    right = " + ".join(fixed) or "1"
    mixed = ordinal_mixed.fit(chosen.cells, f"response ~ {right}", random=terms)
    agencies = pd.DataFrame()
    if "agency" in terms:
        beside = [role for role in ("activity",) if _varies(chosen.cells, role)]
        whole = ordinal.fit(chosen.cells, f"response ~ {' + '.join(['agency', *fixed, *beside])}")
        agencies = modes.beside(mixed, whole, term="agency")
    return VarianceParts(table=_table(mixed, survey), mixed=mixed, agencies=agencies)


def _nothing() -> VarianceParts:
    return VarianceParts(
        table=pd.DataFrame(columns=[*COLUMNS]), mixed=None, agencies=pd.DataFrame()
    )


def _varies(cells: pd.DataFrame, role: str) -> bool:
    return bool(cells[role].nunique() > 1)


def _terms(cells: pd.DataFrame) -> tuple[str, ...]:
    """Return the random terms that the cells can tell apart."""
    found: dict[str, int] = {}
    for roles in TERMS:
        levels = len(cells[list(roles)].drop_duplicates())
        told_apart = all(_varies(cells, role) for role in roles) and levels not in found.values()
        if told_apart and levels >= FEWEST_LEVELS:
            found[":".join(roles)] = levels
    return tuple(found)


def _table(mixed: OrdinalFit, survey: Study) -> pd.DataFrame:
    parts = mixed.variance_components()
    rows = parts[["levels", "sd", "ci_low", "ci_high"]].rename_axis("term").reset_index()
    people = {"term": PEOPLE, "levels": np.nan, "sd": np.sqrt(WITHIN_PEOPLE)}
    rows = pd.concat([rows, pd.DataFrame([people])], ignore_index=True)
    variance = rows["sd"].to_numpy(np.float64) ** 2
    table = rows.assign(
        outcome=survey.compare.outcome, share=variance / variance.sum(), n=mixed.nobs
    )
    return table[list(COLUMNS)].astype({"levels": "float64", "n": "int64"})

"""What a study does to its weights: trim them, and fit them to the population, each year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import raking, sampling
from betyg.data.attrition import Ledger
from betyg.data.study import Study
from betyg.errors import ConvergenceError, DesignError, Problems

__all__ = ["weighted"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

SAME = 1e-6  # margins of one population may differ by their rounding


def weighted(
    parts: Iterable[pd.DataFrame], survey: Study, *, ledger: Ledger
) -> Iterable[pd.DataFrame]:
    """Return the respondents with the weights that the study's [design] asks for.

    Parameters
    ----------
    parts : iterable of DataFrame
        Respondents, as `parts.Parts` describes.
    survey : Study
        Its ``design.trim`` and ``design.calibrate``, and frame.csv.
    ledger : Ledger
        Where trimmed weights are noted.

    Returns
    -------
    iterable of DataFrame
        One table: ``weight`` as changed, ``weight_given`` as received and ``weight_base``
        (trimmed, what calibration began with). The parts themselves where the study asks for
        neither: all weights of a year must be seen to change one.

    Raises
    ------
    DesignError
        If a margin does not fit: every category that is empty, unknown or without total is named.
    ConvergenceError
        If no weights meet all margins (under the cap).
    """
    design = survey.design
    if survey.kind != "responses" or not (design.trim or design.calibrate):
        return parts
    respondents = pd.concat(list(parts), ignore_index=True)
    given = respondents["weight"].to_numpy(np.float64)
    base, weight = given.copy(), given.copy()
    for year in np.unique(respondents["year"]).tolist():
        rows = np.flatnonzero(respondents["year"] == year)
        if design.trim:
            base[rows] = raking.trim(given[rows], design.trim * float(given[rows].mean()))
            weight[rows] = base[rows]
        if design.calibrate:
            part = respondents.iloc[rows]
            weight[rows] = _calibrated(part, base[rows], int(year), survey)
    _note(respondents["source"], given, base, survey, ledger)
    return [respondents.assign(weight=weight, weight_given=given, weight_base=base)]


def _note(source: pd.Series, given: Array, base: Array, survey: Study, ledger: Ledger) -> None:
    """Tell how many weights were cut, source by source, and how much weight that moved."""
    for name in source.cat.categories:
        own = (source == name).to_numpy()
        cut = own & (base < given)
        moved = float((given - base)[cut].sum()) / max(float(given[own].sum()), 1e-300)
        note = (
            f"weights cut to {survey.design.trim:g} times the mean of their year; "
            f"{100 * moved:.1f} % of the weight moved"
            if cut.any()
            else ""
        )
        ledger.remark(str(name), "trimmed weights", int(cut.sum()), note)


def _calibrated(part: pd.DataFrame, base: Array, year: int, survey: Study) -> Array:
    """Rake the weights of one year to its margins in frame.csv, keeping the trimming."""
    problems = Problems()
    margins = [_Margin(part, roles, year, survey) for roles in survey.design.calibrate]
    for margin in margins:
        margin.check(problems)
    problems.raise_if_any(DesignError, heading=f"calibrate, {year}")
    sums = [float(margin.totals.sum()) for margin in margins]
    if max(sums) - min(sums) > SAME * max(sums):
        listed = ", ".join(f"{m.name} {total:g}" for m, total in zip(margins, sums, strict=True))
        raise DesignError(
            f"calibrate, {year}: the margins add up to different populations: {listed}. "
            "Correct frame.csv, or take one of them out of [design] calibrate."
        )
    totals = [m.totals * (sums[0] / total) for m, total in zip(margins, sums, strict=True)]
    cap = (survey.design.trim or np.inf) * sums[0] / base.size
    for margin, total in zip(margins, totals, strict=True):
        margin.check_room(total, cap)
    try:
        return raking.rake(base, [margin.codes for margin in margins], totals, cap=cap)
    except ConvergenceError as error:
        margin_at, category = (int(part) for part in error.__notes__[0].split(","))
        worst = margins[margin_at]
        raise ConvergenceError(
            f"calibrate, {year}: no weights fit all margins: {error} at {worst.name} "
            f"'{worst.names[category]}'. Too few respondents combine the categories: calibrate to "
            "fewer or coarser margins, or raise [design] trim."
        ) from error


class _Margin:
    """One margin of one year: its categories, who is in them, and how many there should be."""

    def __init__(self, part: pd.DataFrame, roles: Sequence[str], year: int, survey: Study) -> None:
        self.name = " x ".join(roles)
        self.year = year
        known = sampling.totals(["year", *roles], survey)
        known = known[known.index.get_level_values("year") == str(year)].droplevel("year")
        units = known.index.to_frame().astype("str")
        labels = part[list(roles)].astype("str").agg("|".join, axis="columns")
        self.codes, names = pd.factorize(labels, sort=True)
        self.names = [str(name) for name in names]
        parts = ~units.isin(list(survey.totals)).any(axis="columns").to_numpy()
        population = known.set_axis(units.agg("|".join, axis="columns"))[parts]
        self.totals = population.reindex(self.names).to_numpy(np.float64)
        self.absent = population[(population > 0) & ~population.index.isin(self.names)]

    def check(self, problems: Problems) -> None:
        """Note every category that has respondents and no population, or the reverse."""
        for name, total in zip(self.names, self.totals, strict=True):
            where = f"{self.name} '{name}'"
            if np.isnan(total):
                problems.add(
                    where,
                    "has respondents, but frame.csv states no population.",
                    "Add it, or take the margin out of [design] calibrate.",
                )
            elif total <= 0:
                problems.add(
                    where,
                    "has respondents, but a population of 0.",
                    "Correct frame.csv, or drop these respondents in their [[source]].",
                )
        for absent, total in self.absent.items():
            problems.add(
                f"{self.name} '{absent}'",
                f"has a population of {total:g} and no respondent.",
                "Merge the category with another, in frame.csv and in the data, or remove its row "
                "from frame.csv if the survey is not about it.",
            )

    def check_room(self, totals: Array, cap: float) -> None:
        """Raise if a category cannot reach its total with every weight at the cap."""
        count = np.bincount(self.codes, minlength=totals.size)
        short = np.flatnonzero(totals > count * cap * (1.0 + SAME))
        if short.size:
            at = int(short[0])
            raise DesignError(
                f"calibrate, {self.year}: {self.name} '{self.names[at]}' has {count[at]} "
                f"respondents for {totals[at]:g} in the population, but [design] trim allows "
                f"weights up to {cap:.4g}. Raise trim, or merge the category with another."
            )

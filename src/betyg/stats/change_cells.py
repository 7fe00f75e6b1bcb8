"""Cell means, shares and covariances that a change is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.change_panel import Panel, panel_of
from betyg.stats.joint import joint_means

__all__ = ["Cells", "Pair", "cells_of"]

Array = NDArray[np.float64]
ALL = "all"
NUMBERS = ("estimate", "se", "df", "n", "weight", "population")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One agency (or all) at two times, on the union of its cells.

    Attributes
    ----------
    shares, means, dfs : pair of ndarray, shape (cells,)
        By time; a cell that was not measured has share 0 and mean NaN.
    covariances : pair of ndarray, shape (cells, cells)
        Of the means.
    across : ndarray, shape (cells, cells), or None
        Covariance of the means of the two times, where respondents recur.
    answers : pair of int
        Answers.
    source : str
        Of the shares: "frame" or "design".
    published : bool
        Whether the values were published, with or without their number of answers.
    counted : ndarray of int, shape (cells,)
        Activity of each cell; the cell itself where activities do not vary.
    """

    shares: tuple[Array, Array]
    means: tuple[Array, Array]
    dfs: tuple[Array, Array]
    covariances: tuple[Array, Array]
    across: Array | None
    answers: tuple[int, int]
    source: str
    published: bool
    counted: NDArray[np.intp]

    def count(self, *times: int) -> int:
        """Return how many activities were measured at all of ``times`` (0 before, 1 after)."""
        measured = np.ones(self.counted.size, dtype=bool)
        for time in times:
            measured &= ~np.isnan(self.means[time])
        return int(np.unique(self.counted[measured]).size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One agency, or all, at one time: the numbers of its cells, rising, and what is known."""

    cells: NDArray[np.intp]
    columns: Mapping[str, Array]

    def on(self, cells: NDArray[np.intp], column: str) -> Array:
        """Return a column for more cells; NaN for those that were not measured."""
        found = np.full(cells.size, np.nan)
        found[np.searchsorted(cells, self.cells)] = self.columns[column]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All cells of one outcome.

    Attributes
    ----------
    names : DataFrame
        agency, key and activity of each cell, by its number.
    rounds : mapping of (str, int) to _Round
        By agency, or ``all``, and year: estimate, se, df, n, weight (sum of weights) and
        population (NaN where frame.csv does not state it) of the cells.
    covariances : mapping
        Covariance of the cells of an agency and year, where they are dependent.
    published : bool
        Whether the study is of kind ``published``.
    panel : Panel or None
        Where the same respondents come again.
    """

    names: pd.DataFrame
    rounds: Mapping[tuple[str, int], _Round]
    covariances: Mapping[tuple[str, int], pd.DataFrame]
    published: bool
    panel: Panel | None = None

    def agencies(self) -> list[str]:
        """Return the agencies that have cells, and ``all`` where there are several."""
        single = list(dict.fromkeys(agency for agency, _ in self.rounds if agency != ALL))
        return [*single, ALL] if len(single) > 1 else single

    def years(self, agency: str) -> list[int]:
        """Return when an agency (or any, of all) has cells, in order."""
        return sorted(year for own, year in self.rounds if own == agency)

    def pair(self, agency: str, years: tuple[int, int]) -> Pair:
        """Return the cells of one agency (or of all) in two years."""
        before, after = sides = [self.rounds[agency, year] for year in years]
        cells = np.union1d(before.cells, after.cells)
        stated = not any(np.isnan(side.columns["population"]).any() for side in sides)
        column = "population" if stated else "weight"
        covariances = [self._covariance(cells, *side) for side in zip(sides, years, strict=True)]
        across = self._across(cells, years, covariances)
        activity = self.names["activity"].to_numpy()[cells]
        return Pair(
            shares=(_shares(before.on(cells, column)), _shares(after.on(cells, column))),
            means=(before.on(cells, "estimate"), after.on(cells, "estimate")),
            dfs=(before.on(cells, "df"), after.on(cells, "df")),
            covariances=(covariances[0], covariances[1]),
            across=across,
            answers=(int(before.columns["n"].sum()), int(after.columns["n"].sum())),
            source="frame" if stated else "design",
            published=self.published,
            counted=pd.factorize(activity)[0] if (activity != ALL).all() else np.arange(cells.size),
        )

    def _by_agency(
        self, cells: NDArray[np.intp]
    ) -> Iterator[tuple[str, NDArray[np.intp], NDArray[np.object_]]]:
        """Give each agency of some cells, where these are among them, and their keys."""
        agencies, keys = (self.names[name].to_numpy()[cells] for name in ("agency", "key"))
        for agency in dict.fromkeys(agencies):
            at = np.flatnonzero(agencies == agency)
            yield str(agency), at, keys[at]

    def _across(
        self, cells: NDArray[np.intp], years: tuple[int, int], covariances: list[Array]
    ) -> Array | None:
        """Return the covariance between the times, and enter the joint one within them."""
        if self.panel is None:
            return None
        across = np.zeros((cells.size, cells.size))
        for agency, at, keys in self._by_agency(cells):
            joint = self.panel.covariance(agency, years)
            if joint is None:
                continue
            before, after = ([f"{year}{key}" for key in keys] for year in years)
            across[np.ix_(at, at)] = joint.reindex(index=before, columns=after).fillna(0.0)
            for own, names in zip(covariances, (before, after), strict=True):
                own[np.ix_(at, at)] = joint.reindex(index=names, columns=names).to_numpy()
        return across

    def _covariance(self, cells: NDArray[np.intp], side: _Round, year: int) -> Array:
        """Return the covariance of the means; agencies are independent of each other."""
        total = np.diag(side.on(cells, "se") ** 2)
        if self.covariances:
            for agency, at, keys in self._by_agency(cells):
                known = self.covariances.get((agency, year))
                if known is not None:
                    total[np.ix_(at, at)] = known.reindex(index=keys, columns=keys).to_numpy()
        return total


def _rounds(table: pd.DataFrame) -> dict[tuple[str, int], _Round]:
    """Return the cells of each agency, and of all, by year, in the order of the table."""
    parts = {
        (str(agency), int(str(year))): part
        for (agency, year), part in table.groupby(["agency", "year"], sort=False)
    }
    parts |= {(ALL, int(str(year))): part for year, part in table.groupby("year")}
    return {named: _round(part.sort_values("cell")) for named, part in parts.items()}


def _round(part: pd.DataFrame) -> _Round:
    return _Round(
        cells=part["cell"].to_numpy(np.intp),
        columns={name: part[name].to_numpy(np.float64) for name in NUMBERS},
    )


def _shares(sizes: Array) -> Array:
    """Return shares that add to one; equal ones where no size is known (published values)."""
    known = ~np.isnan(sizes)
    filled = np.where(known, sizes, 0.0)
    filled = filled if filled.any() else known.astype(np.float64)
    return np.asarray(filled / filled.sum())


def cells_of(
    estimates: pd.DataFrame,
    cells: pd.DataFrame,
    survey: Study,
    *,
    outcome: str,
    respondents: pd.DataFrame | None,
) -> Cells:
    """Collect the cells of an outcome from estimates, sums of weights and the frame.

    Parameters
    ----------
    estimates, cells, survey, outcome, respondents
        As in ``change.decompose``.

    Returns
    -------
    Cells
        A cell by nothing but agency and year where no role of ``adjust_for`` varies.
    """
    means = estimates[
        (estimates["item"] == outcome)
        & (estimates["statistic"] == "mean")
        & (estimates["agency"] != ALL)
        & (estimates["year"] != 0)
        & ~estimates["agency"].astype(str).isin(list(survey.totals))
    ]
    roles: list[str] = [r for r in survey.compare.adjust_for if (means[r] != ALL).any()]
    inside = np.ones(len(means), dtype=bool)
    for role in ("activity", "group"):
        is_all = (means[role] == ALL).to_numpy()
        is_total = means[role].astype(str).isin(list(survey.totals)).to_numpy()
        inside &= ~is_all & ~is_total if role in roles else is_all
    kept = ["agency", "year", "activity", "key", "estimate", "se", "df", "n", "n_eff"]
    cut = survey.kind == "responses" and not set(roles) <= set(survey.design.strata)
    table = _small_cells(_keyed(means[inside], roles)[kept], cut=cut)
    table = table.merge(
        _weights(cells, roles, outcome), on=["agency", "year", "key"], validate="one_to_one"
    )
    table = table.merge(
        _populations(survey, roles), on=["agency", "year", "key"], how="left", validate="one_to_one"
    )
    dependent = {} if respondents is None else _dependent(respondents, survey, outcome, roles)
    panel = None
    if respondents is not None and survey.design.panel:
        panel = panel_of(respondents, survey, outcome, roles)
    table = table.assign(cell=table.groupby(["agency", "key"]).ngroup())
    names = table.drop_duplicates("cell").sort_values("cell", ignore_index=True)
    return Cells(
        names=names[["agency", "key", "activity"]],
        rounds=_rounds(table),
        covariances=dependent,
        published=survey.kind == "published",
        panel=panel,
    )


def _small_cells(table: pd.DataFrame, *, cut: bool) -> pd.DataFrame:
    """Mend the standard errors of small cells, whose shares are held fixed.

    Linearisation takes the size of a domain as random; given its size, its variance is
    n / (n - 1) larger. One answer tells nothing of its variance: it gets the pooled variance of
    the cells of its agency and year, or of all. Where no cell has two answers nothing is known.

    Parameters
    ----------
    table : DataFrame
        Cells with estimate, se, df, n, n_eff.
    cut : bool
        Whether cells are parts of strata; where they are strata the factor is there already.
    """
    n, df = table["n"].to_numpy(np.float64), table["df"].to_numpy(np.float64)
    grown = table["se"] ** 2 * np.where((n > 1) & cut, n / np.maximum(n - 1.0, 1.0), 1.0)
    known = (df > 0) & np.isfinite(df)
    single = grown * table["n_eff"]
    weighted = table.assign(sum=np.where(known, single * df, 0.0), own=np.where(known, df, 0.0))
    local = weighted.groupby(["agency", "year"])[["sum", "own"]].transform("sum")
    degrees = weighted["own"].sum()
    overall = weighted["sum"].sum() / degrees if degrees else np.nan
    pooled = (local["sum"] / local["own"].where(local["own"] > 0)).fillna(overall)
    variance = grown.where(df > 0, pooled / table["n_eff"])
    return table.assign(se=np.sqrt(variance)).drop(columns="n_eff")


def _keyed(frame: pd.DataFrame, roles: list[str]) -> pd.DataFrame:
    """Give each row the name of its cell, and text for its agency."""
    key = pd.Series("", index=frame.index, dtype="str")
    for role in roles:
        key = key + "|" + frame[role].astype("str")
    return frame.assign(agency=frame["agency"].astype("str"), key=key)


def _weights(cells: pd.DataFrame, roles: list[str], outcome: str) -> pd.DataFrame:
    given = cells[(cells["item"] == outcome) & cells["kind"].isin(["answer", "published"])]
    if given.empty:  # a composite index of kind counts has no cells of its own
        given = cells[cells["kind"] == "answer"]
    keyed = _keyed(given, roles)
    sums = keyed.groupby(["agency", "year", "key"], observed=True)["weight_sum"].sum()
    return sums.rename("weight").reset_index()


def _populations(survey: Study, roles: list[str]) -> pd.DataFrame:
    """Return the population of each cell that frame.csv states."""
    frame = survey.frame
    named = frame["population"].notna() & (frame["agency"] != "") & frame["year"].notna()
    for role in roles:
        named &= frame[role] != ""
    keyed = _keyed(frame[named], roles)
    sums = keyed.groupby(["agency", "year", "key"], observed=True)["population"].sum()
    found = sums.reset_index()
    return found.assign(year=found["year"].astype("int16"))


def _dependent(
    respondents: pd.DataFrame, survey: Study, outcome: str, roles: list[str]
) -> dict[tuple[str, int], pd.DataFrame]:
    """Return covariances of the cells of each agency and year in which PSUs cross cells."""
    keyed = _keyed(respondents[["agency", "year", *roles]], roles)["key"]
    crossing = pd.DataFrame({"psu": respondents["psu"], "key": keyed}).groupby("psu")["key"]
    if not (crossing.nunique() > 1).any():
        return {}
    found = {}
    pairs = respondents[["agency", "year"]].drop_duplicates()
    for agency, year in zip(pairs["agency"], pairs["year"], strict=True):
        inside = (respondents["agency"] == agency) & (respondents["year"] == year)
        # Rows of other agencies or years that share a stratum stay: they are in its variance.
        near = respondents["stratum"].isin(respondents.loc[inside, "stratum"].unique())
        labels = keyed.where(inside, ALL)[near]
        joint = joint_means(respondents[near], survey, item=outcome, over=labels)
        found[str(agency), int(year)] = joint.covariance_frame
    return found

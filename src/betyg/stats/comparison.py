"""Agencies and years compared on the study's outcome, like with like: ``comparisons.parquet``."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.errors import DataError, DesignError
from betyg.stats import clustered, connected, estimate, ordinal, published, ranks, standardise
from betyg.stats.model_fit import OrdinalFit
from betyg.stats.ordinal_cells import pattern_codes
from betyg.stats.ordinal_design import observed_levels
from betyg.stats.ordinal_sandwich import Sampling
from betyg.stats.published import PublishedFit
from betyg.stats.sums import by_code

__all__ = ["COLUMNS", "Comparable", "Comparison", "about", "comparable", "compare"]

ALL = "all"
ALL_YEARS = 0

COLUMNS = (
    "outcome", "agency", "year", "estimate", "se", "ci_low", "ci_high", "n", "extrapolated",
    "shown", *ranks.COLUMNS,
)  # fmt: skip
SHRUNKEN = {
    "year": "int16", "direct": "float64", "direct_se": "float64", "direct_low": "float64",
    "direct_high": "float64", "shrunken": "float64", "shrunken_se": "float64",
    "shrunken_low": "float64", "shrunken_high": "float64",
}  # fmt: skip
WITHIN = ("year_from", "year_to", "estimate", "se", "ci_low", "ci_high", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """The answers that may be compared, and those that had to stay out.

    Attributes
    ----------
    cells : DataFrame
        Cells of the outcome, answers only.
    adjust_for : tuple of str
        Roles of the case mix that vary in these cells.
    left_out : DataFrame
        agency, year, n, reason: agencies' rounds that no model can place.
    """

    cells: pd.DataFrame
    adjust_for: tuple[str, ...]
    left_out: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Agencies and years at one common mix of activities and groups.

    Attributes
    ----------
    table : DataFrame
        outcome; agency ("all" = all agencies); year (0 = all years together);
        estimate, se, ci_low, ci_high (0-100); n (answers); extrapolated (share of the mix
        that was not observed there); shown; and where an agency stands among all of a year,
        or of all years together: the columns of :func:`betyg.stats.ranks.standings`, NaN or
        "" for "all" and for published values.
    over_time : OrdinalFit or None
        agency + year + case mix; None if there is one agency and one year, and for an index
        of which only counts are known.
    each_year : OrdinalFit or None
        An effect for each agency in each year + case mix.
    trend : PublishedFit or None
        The trend of published values; then the others are None.
    left_out : DataFrame
        As in :class:`Comparable`.
    parts : mapping of str to Comparison
        For an index of which only counts are known, the comparison of each item.
    """

    table: pd.DataFrame
    over_time: OrdinalFit | None
    each_year: OrdinalFit | None
    trend: PublishedFit | None
    left_out: pd.DataFrame
    parts: Mapping[str, Comparison] = field(default_factory=dict)

    @property
    def within(self) -> pd.DataFrame:
        """Mean change of the places with a published value in both years; else zero rows."""
        return self.trend.within if self.trend is not None else pd.DataFrame(columns=[*WITHIN])

    @property
    def shrunken(self) -> pd.DataFrame:
        """Published values whose errors are known, beside what the model makes of them."""
        if self.trend is None:
            return pd.DataFrame(columns=["agency", *SHRUNKEN]).astype(SHRUNKEN)
        return self.trend.values.dropna(subset="shrunken", ignore_index=True)

    def summary(self) -> str:
        """Return the model's estimates as text."""
        if self.trend is not None:
            return self.trend.trend.to_string(index=False, float_format="{:.2f}".format)
        if self.over_time is None:
            told = [f"{item}\n{part.summary()}" for item, part in self.parts.items()]
            return "\n\n".join(told) or "One agency in one year: there is nothing to compare."
        return self.over_time.summary()


def comparable(cells: pd.DataFrame, survey: Study, *, year_from: int = 0) -> Comparable:
    """Choose the answers to the outcome that one model may hold.

    Left out are totals (their parts are there), years before ``year_from``, years
    before the last change of wording or scale, and agencies' rounds under the base or with
    one and the same answer from everybody: their effect has no finite estimate.

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    year_from : int
        First year used; 0 takes all.

    Returns
    -------
    Comparable

    Raises
    ------
    DesignError
        If no answers remain.
    DataError
        If a cell has no agency, year, number of answers or answer.
    """
    outcome = survey.compare.outcome
    given = np.asarray((cells["item"].array == outcome) & (cells["kind"].array == "answer"))
    given &= cells["year"].to_numpy() >= year_from
    if survey.totals:
        given &= ~cells["agency"].isin(list(survey.totals)).to_numpy()
    found = cells if given.all() else cells[given]
    if found.empty:
        raise _unanswered(outcome, year_from)
    _check_whole(found, outcome)
    years = [int(year) for year in found["year"].unique()]
    broken = [year for year in years if not survey.comparable(outcome, year, max(years))]
    found = found[~found["year"].isin(broken)] if broken else found
    kept, left_out = _placeable(found, base=survey.disclosure.show)
    if kept.empty:
        told = ", ".join(f"{why} ({k})" for why, k in left_out["reason"].value_counts().items())
        raise DesignError(
            f"comparison: no agency can be placed by '{outcome}' in any year: {told}; the base is "
            f"{survey.disclosure.show} answers. Choose another outcome in study.toml, section "
            "[compare]."
        )
    mix = tuple(role for role in survey.compare.adjust_for if len(observed_levels(kept[role])) > 1)
    return Comparable(cells=kept, adjust_for=mix, left_out=left_out)


def _check_whole(found: pd.DataFrame, outcome: str) -> None:
    for column in ("agency", "year", "n", "response"):
        lost = int(np.count_nonzero(found[column].array.isna()))
        if lost:
            raise DataError(
                f"comparison: '{column}' is missing in {lost} of {len(found)} cells of answers to "
                f"'{outcome}'. Mend it where the cells are made, in 01_clean."
            )


def compare(
    cells: pd.DataFrame,
    survey: Study,
    *,
    year_from: int = 0,
    standing: bool = True,
    respondents: pd.DataFrame | None = None,
) -> Comparison:
    """Estimate what each agency and year would get at one common mix.

    Two models share the work: one effect for each agency and each year compares
    agencies over all years and years over all agencies; one effect for each agency in
    each year follows every agency. Both hold activities and groups fixed. Published values
    give a trend only (:mod:`betyg.stats.published` says why). An index of several questions
    of which only counts are known has no answers of its own: each question is modelled, and the
    predictions are averaged.

    Parameters
    ----------
    cells, survey, year_from
        As for :func:`comparable`.
    standing : bool
        Whether to say where each agency stands among all, which takes simulations.
    respondents : DataFrame, optional
        As written by 01_clean. Where the study tells the primary sampling units, the errors are
        made of the units' score sums; cells alone know nothing of them.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        If agencies and years are not connected by common activities, or the answers
        separate a level.
    """
    if survey.kind == "published":
        return _trend(cells, survey, year_from=year_from)
    outcome = survey.item(survey.compare.outcome)
    if survey.kind == "counts" and isinstance(outcome, Index):
        return _of_items(cells, survey, outcome, year_from=year_from)
    sampling = None
    if respondents is not None and len(respondents) and clustered.declared(survey):
        sampling = clustered.SAMPLING
        cells = clustered.cells_of(respondents, survey, item=survey.compare.outcome)
    chosen = comparable(cells, survey, year_from=year_from)
    both = [role for role in ("agency", "year") if chosen.cells[role].nunique() > 1]
    if both:
        connected.check(chosen.cells, both, chosen.adjust_for)
    over_time = _fit(chosen, both, sampling) if both else None
    each_year = _fit(chosen, ["agency:year"], sampling) if len(both) == 2 else over_time
    margin = partial(_margin, survey=survey, cells=chosen.cells, standing=standing)
    parts = [margin(over_time, by=[role]) for role in both if over_time]
    if len(both) == 2 and each_year:
        parts.append(margin(each_year, by=both))
    elif parts:  # one agency, or one round: what holds over all of them holds in it
        parts.append(_in_the_one_round(parts[0], chosen.cells))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS])
    return Comparison(
        table=_typed(table.drop_duplicates(["agency", "year"]), survey),
        over_time=over_time,
        each_year=each_year,
        trend=None,
        left_out=chosen.left_out,
    )


def _of_items(cells: pd.DataFrame, survey: Study, index: Index, *, year_from: int) -> Comparison:
    """Average the comparisons of an index's items, where only counts of each are known.

    The mean of the standard errors is the largest that the index can have. An agency's
    round counts if every item asked that year was placed: a mean of fewer would not be like
    with like.
    """
    asked = cells[cells["item"].isin(list(index.items)) & (cells["year"] >= year_from)]
    years = sorted(int(year) for year in asked["year"].unique())
    unbroken = [year for year in years if survey.comparable(index.name, year, years[-1])]
    asked = asked[asked["year"].isin(unbroken) & (asked["kind"] == "answer")]
    if asked.empty:
        raise _unanswered(index.name, year_from)
    parts = {
        item: compare(asked[asked["item"] == item], about(item, survey), standing=False)
        for item in index.items
        if (asked["item"] == item).any()
    }
    rows = pd.concat([part.table for part in parts.values()], ignore_index=True)
    table = rows.groupby(["agency", "year"], observed=True, sort=False).agg(
        estimate=("estimate", "mean"), se=("se", "mean"), n=("n", "min"),
        extrapolated=("extrapolated", "max"), shown=("shown", "all"), items=("outcome", "size"),
    ).reset_index()  # fmt: skip
    of_year = asked.groupby("year")["item"].nunique()
    needed = table["year"].map(of_year).fillna(len(parts))
    whole = table["items"] == needed
    half = standardise.Z95 * table["se"]
    ends = {
        "ci_low": (table["estimate"] - half).clip(0.0, 100.0),
        "ci_high": (table["estimate"] + half).clip(0.0, 100.0),
    }
    one = table[whole & table["shown"] & (table["agency"] != ALL)]
    # What the questions have in common is in the standard error; what agencies have is not known.
    standings = _standings(one, np.diag(one["se"].to_numpy(np.float64) ** 2), survey)
    fewer = table[~whole & (table["agency"] != ALL) & (table["year"] != ALL_YEARS)]
    left_out = pd.concat(
        [*(part.left_out for part in parts.values()), fewer.assign(reason="a question is missing")]
    )[["agency", "year", "n", "reason"]]
    return Comparison(
        table=_typed(table.join(standings).assign(outcome=index.name, **ends)[whole], survey),
        over_time=None,
        each_year=None,
        trend=None,
        left_out=left_out.drop_duplicates(["agency", "year"], ignore_index=True),
        parts=parts,
    )


def about(item: str, survey: Study) -> Study:
    """Return the study with another headline outcome."""
    compare = survey.compare.model_copy(update={"outcome": item})
    return survey.model_copy(update={"compare": compare})


def _unanswered(outcome: str, year_from: int) -> DesignError:
    return DesignError(
        f"comparison: nobody answered '{outcome}' from {year_from} on. Choose an earlier "
        "year_from, or another outcome in study.toml, section [compare]."
    )


def _trend(cells: pd.DataFrame, survey: Study, *, year_from: int) -> Comparison:
    """Fit the trend of published values; its ``n`` counts places, not answers."""
    values = estimate.from_cells(cells[cells["year"] >= year_from], survey)
    found = published.fit(values, survey, item=survey.compare.outcome)
    table = found.trend.assign(
        outcome=survey.compare.outcome, agency=ALL, extrapolated=float("nan"), shown=True
    )
    return Comparison(
        table=_typed(table, survey),
        over_time=None,
        each_year=None,
        trend=found,
        left_out=pd.DataFrame(columns=["agency", "year", "n", "reason"]),
    )


def _placeable(found: pd.DataFrame, *, base: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cells of the rounds that a model can place, and the rounds that it cannot."""
    owner, first = pattern_codes(found, ("agency", "year"))
    n = by_code(owner, found["n"].to_numpy(), first.size)
    response = found["response"].to_numpy(np.float64)
    alike = by_code(owner, response != response[first][owner], first.size) == 0
    few = n < base
    out = np.flatnonzero(few | alike)
    reason = ["too few answers" if one else "all gave one answer" for one in few[out]]
    columns = {role: found[role].array.take(first[out]) for role in ("agency", "year")}
    columns |= {"n": n[out].astype(np.int64), "reason": pd.array(reason, dtype="str")}
    kept = found[~(few | alike)[owner]] if out.size else found
    return kept, pd.DataFrame(columns, copy=False)


def _fit(chosen: Comparable, compared: Sequence[str], sampling: Sampling | None) -> OrdinalFit:
    formula = f"response ~ {' + '.join([*compared, *chosen.adjust_for])}"
    return ordinal.fit(chosen.cells, formula, sampling=sampling)


def _margin(
    fit: OrdinalFit, *, survey: Study, cells: pd.DataFrame, by: Sequence[str], standing: bool
) -> pd.DataFrame:
    margins = standardise.margins(fit, by=by)
    means = margins.means
    answers = cells.groupby(list(by), observed=True)["n"].sum().rename("n").reset_index()
    joined = means.merge(answers, on=list(by), validate="one_to_one")
    found = joined.assign(
        outcome=survey.compare.outcome,
        agency=joined["agency"] if "agency" in by else ALL,
        year=joined["year"] if "year" in by else ALL_YEARS,
        shown=joined["n"] >= survey.disclosure.show,
    )
    if not standing or "agency" not in by:
        return found
    return found.join(_standings(found, margins.covariance, survey))


def _in_the_one_round(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Repeat the agencies' rows for the only round there is; none where there are more."""
    rounds = cells["year"].unique()
    return rows.assign(year=int(rounds[0])) if len(rounds) == 1 else rows.iloc[:0]


def _standings(rows: pd.DataFrame, covariance: NDArray[np.float64], survey: Study) -> pd.DataFrame:
    """Say where each agency stands among those of its year; years are set apart."""
    year = rows["year"].to_numpy()
    parts = [pd.DataFrame(columns=[*ranks.COLUMNS])]
    for one in np.unique(year):
        at = np.flatnonzero(year == one)
        # The same comparison draws the same numbers in every build.
        seed = zlib.crc32(f"standings|{survey.compare.outcome}|{one}".encode())
        found = ranks.standings(
            rows["estimate"].to_numpy(np.float64)[at],
            covariance[np.ix_(at, at)],
            n=rows["n"].to_numpy(np.int64)[at],
            least=survey.disclosure.rank,
            rng=np.random.default_rng(seed),
        )
        parts.append(found.set_index(rows.index[at]))
    return pd.concat(parts[1:] or parts)


def _typed(table: pd.DataFrame, survey: Study) -> pd.DataFrame:
    order = [*survey.agency_codes, ALL]
    whole = table.reindex(columns=list(COLUMNS))
    words = whole[list(ranks.WORDS)].astype(object)
    typed = whole.assign(
        agency=pd.Categorical(whole["agency"].astype(str), categories=order),
        **words.where(words.notna(), ""),
    ).astype(
        {"year": "int16", "n": "int64", "shown": "bool"}
        | dict.fromkeys(ranks.NUMBERS, "float64")
        | dict.fromkeys(ranks.WORDS, "str")
    )
    return typed.sort_values(["agency", "year"], ignore_index=True)

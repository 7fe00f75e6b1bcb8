"""Direct, design-based estimates: means, shares, top-two, for every item and margin."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats import estimate_entries, estimate_frames
from betyg.stats.design import SurveyDesign
from betyg.stats.domains import are_units
from betyg.stats.estimate_composites import composites
from betyg.stats.estimate_entries import ROLES, Answers, Frame

__all__ = [
    "MARGINS",
    "MeanEstimate",
    "direct",
    "domain_mean",
    "from_cells",
    "table",
]

Margins = Sequence[Sequence[str]]

Z95 = 1.959963984540054  # normal quantile: a published error comes without degrees of freedom

MARGINS: tuple[tuple[str, ...], ...] = (
    (),
    ("agency",),
    ("year",),
    ("activity",),
    ("group",),
    ("agency", "year"),
    ("year", "activity"),
    ("year", "group"),
    ("agency", "year", "activity"),
    ("agency", "year", "group"),
)
"""The margins of every report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanEstimate:
    """A mean with its design-based standard error.

    Attributes
    ----------
    estimate : float
        Weighted mean, in the unit of the answers; NaN when nobody answered.
    se : float
        Linearised standard error; NaN when nobody answered.
    n : int
        Answers in the domain.
    df : int
        PSUs minus strata of those who answered in the domain.
    """

    estimate: float
    se: float
    n: int
    df: int


def domain_mean(
    *, response: NDArray[np.float64], in_domain: NDArray[np.bool_], design: SurveyDesign
) -> MeanEstimate:
    """Estimate the mean answer in a domain, keeping the whole design.

    Rows outside the domain get weight zero and stay in: dropping them would
    hide from the variance that the size of the domain is itself random.

    Parameters
    ----------
    response : ndarray of float, shape (n,)
        Answers in scale points; NaN where the respondent did not answer.
    in_domain : ndarray of bool, shape (n,)
        Membership of the domain, e.g. one agency in one year.
    design : SurveyDesign
        Design of all ``n`` respondents.

    Returns
    -------
    MeanEstimate
        With NaN ``estimate`` and ``se`` when nobody in the domain answered.

    Raises
    ------
    DesignError
        If a stratum holds a single PSU and the design's rule is "error".

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, ch. 5.
    R counterpart: ``survey::svymean(~y, subset(design, ...), na.rm = TRUE)``.
    """
    counted = in_domain & ~np.isnan(response) & (design.weight > 0)
    if not counted.any():
        return MeanEstimate(estimate=np.nan, se=np.nan, n=0, df=0)
    w = np.where(counted, design.weight, 0.0)
    y = np.where(counted, response, 0.0)
    mean = w @ y / w.sum()
    scores = w * (y - mean) / w.sum()
    se = design.se_of_total(scores)
    return MeanEstimate(estimate=float(mean), se=se, n=int(counted.sum()), df=design.degf(counted))


def table(
    respondents: pd.DataFrame | Stored,
    cells: pd.DataFrame,
    survey: Study,
    *,
    domains: pd.DataFrame | None = None,
    by: Margins | None = None,
    among: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the direct estimates of a study of any kind: ``estimates.parquet``.

    Parameters
    ----------
    respondents, cells : DataFrame
        As written by 01_clean. Respondents are used where a sampling unit has several of them, or
        the variance needs more than their sums; else the cells tell all.
    survey : Study
        The study.
    domains : DataFrame, optional
        As written by 01_clean; without it respondents are used.
    by : sequence of sequences of str, optional
        Margins: the roles that each crosses. By default ``MARGINS``, and of the outcome the means
        by agency, year and all of ``compare.adjust_for``, which changes are made of.
    among : collection of str, optional
        Agencies that the estimates are of; by default all. The others stay in the design: who is
        drawn is not known before.

    Returns
    -------
    DataFrame
        agency, activity, group category ("all" = over all); year int16 (0 = all years); item,
        statistic category ("mean" 0-100, "top2", "share", "dont_know" 0-1); response float64
        (position of a share, else NaN); estimate, se, ci_low, ci_high, df float64; n int64
        (answers; of ``dont_know``: asked); n_eff, deff float64 (Kish); shown bool.
    """
    if survey.kind == "responses":
        if domains is None or not _add_up(domains, survey):
            return direct(rows_of(respondents), survey, by=by, among=among)
        if cells.empty:
            return estimate_frames.arranged([], survey)
        rounds = domains.groupby(["agency", "year"], observed=True)
        _check_units(rounds[["n", "units"]].sum(), survey)
        frame, answers = estimate_entries.of_cells(cells, domains, survey)
        return _estimated(frame, answers, survey, by, among)
    return from_cells(cells, survey, by=by, among=among)


def direct(
    respondents: pd.DataFrame,
    survey: Study,
    *,
    by: Margins | None = None,
    among: Collection[str] | None = None,
) -> pd.DataFrame:
    """Estimate every item in every margin from respondents.

    Strata, PSUs and weights are those of the respondents; the finite population
    counts only where ``compare.inference`` is "this_year". Units that are the
    total of others get estimates of their own and are in no margin. Over all years an
    item is summed up only if no break of its series lies between them; its shares only if
    the scale stayed the same. ``top2`` needs four positions.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    by, among
        As in ``table``.

    Returns
    -------
    DataFrame
        As in ``table``.

    Raises
    ------
    DesignError
        If weights are negative, missing or all zero, a stratum is larger than its
        population, or holds a single PSU where the study calls that an error, or if all
        answers of an agency's round come from one PSU.
    ParameterError
        If a margin names something else than agency, year, activity and group.
    """
    if respondents.empty:
        return estimate_frames.arranged([], survey)
    frame, answers = estimate_entries.of_respondents(respondents, survey)
    _check_units(estimate_frames.rounds(frame), survey)
    return _estimated(frame, answers, survey, by, among)


def from_cells(
    cells: pd.DataFrame,
    survey: Study,
    *,
    by: Margins | None = None,
    among: Collection[str] | None = None,
) -> pd.DataFrame:
    """Estimate from counts, or take over published values.

    Counts are simple random samples within agency x year x activity x group. Composite
    indices are means of their items' means, with the largest standard error that is
    possible: who answered one item how another is not known. Published values stand as
    they are: no margins are made of them.

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    by, among
        As in ``table``.

    Returns
    -------
    DataFrame
        As in ``table``; ``n`` is 0 where a published value came without it.

    Raises
    ------
    DesignError, ParameterError
        As in ``direct``.
    """
    if survey.kind == "published":
        return estimate_frames.arranged([_published(cells)], survey, known_n=False)
    if cells.empty:
        return estimate_frames.arranged([], survey)
    frame, answers = estimate_entries.of_counts(cells, survey)
    items = _estimated(frame, answers, survey, by, among)
    return estimate_frames.arranged([items, *composites(items, survey)], survey)


def _estimated(
    frame: Frame,
    answers: Iterator[Answers],
    survey: Study,
    by: Margins | None,
    among: Collection[str] | None,
) -> pd.DataFrame:
    chosen = _checked(MARGINS if by is None else by)
    margins = estimate_frames.layouts(frame, chosen, survey, among)
    cell = ("agency", "year", *(role for role in ROLES if role in survey.compare.adjust_for))
    extra = [] if by is not None or cell in MARGINS else [cell]
    cells = estimate_frames.layouts(frame, extra, survey, among)
    needed = _compared(survey)
    parts: list[estimate_frames.Part] = []
    for one in answers:
        parts += estimate_frames.parts_of(one, margins, frame=frame, survey=survey)
        if one.item in needed:
            parts += estimate_frames.parts_of(
                one, cells, frame=frame, survey=survey, only_means=True
            )
    return estimate_frames.assembled(parts, frame=frame, survey=survey)


def _add_up(domains: pd.DataFrame, survey: Study) -> bool:
    """Tell whether variances can be made of sums of the respondents of a domain."""
    design = survey.design
    return are_units(domains) and design.variance == "linearised" and not design.calibrate


def _check_units(rounds: pd.DataFrame, survey: Study) -> None:
    """Refuse agencies' rounds of one PSU: their standard errors would come out as zero."""
    if survey.design.lonely == "certainty" or survey.design.variance == "delivered":
        return
    single = rounds[(rounds["units"] == 1) & (rounds["n"] >= survey.disclosure.show)]
    if len(single):
        listed = "; ".join(f"{agency} {year}" for agency, year in single.index[:8])
        more = f"; ... {len(single)} in all" if len(single) > 8 else ""
        raise DesignError(
            f"design: all answers come from one PSU in {listed}{more}, so nothing is known of how "
            "far its numbers lie from the truth. Leave psu out of [source.columns] in study.toml "
            "if respondents were drawn one by one, join the agency with a neighbour, or say "
            "lonely = 'certainty' in [design] if the PSU was not drawn."
        )


def _compared(survey: Study) -> set[str]:
    """Return the outcome and the aims of events and, of composite indices, their items."""
    items = {index.name: index.items for index in survey.composites}
    aims = {survey.compare.outcome, *(event.item for event in survey.events if event.item)}
    return aims.union(*(items.get(aim, ()) for aim in aims))


def _checked(by: Margins) -> Margins:
    for margin in by:
        for role in margin:
            if role not in ROLES:
                raise ParameterError(
                    f"estimates: '{role}' makes no margin. {did_you_mean(role, ROLES)}"
                )
    return by


def _published(cells: pd.DataFrame) -> pd.DataFrame:
    """Return published values as estimates; a standard error that came along gives an interval."""
    given = cells[cells["kind"] == "published"].reset_index(drop=True)
    se = given["se"].to_numpy(np.float64)
    value = given["score"].to_numpy(np.float64)
    n = given["n"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            **{role: given[role] for role in (*ROLES, "item")},
            "statistic": "mean",
            "response": np.nan,
            "estimate": value,
            "se": se,
            "ci_low": np.clip(value - Z95 * se, 0.0, 100.0),
            "ci_high": np.clip(value + Z95 * se, 0.0, 100.0),
            "df": np.inf,
            "n": n,
            "n_eff": n.astype(np.float64),
            "deff": np.nan,
        }
    )

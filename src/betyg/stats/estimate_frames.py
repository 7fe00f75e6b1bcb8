"""The long frame of estimates: one row a domain, item and statistic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.estimate_domains import DomainMeans, Domains, domain_means, domains_of
from betyg.stats.estimate_entries import DONT_KNOW, ROLES, Answers, Frame
from betyg.stats.proportions import ShareInterval, share_interval, t_interval

__all__ = ["COLUMNS", "arranged", "layouts", "mean_rows", "rows_of"]

Array = NDArray[np.float64]

ALL = "all"
FEWEST_POSITIONS_FOR_TOP2 = 4
STATISTICS = ("mean", "top2", "share", "dont_know")
COLUMNS = [
    *ROLES, "item", "statistic", "response", "estimate", "se", "ci_low", "ci_high",
    "df", "n", "n_eff", "deff", "shown",
]  # fmt: skip


def layouts(
    frame: Frame, by: Sequence[Sequence[str]], survey: Study
) -> list[tuple[tuple[str, ...], Domains]]:
    """Lay out the domains of every margin.

    Totals are never summed into a margin. Rows that are not about one activity
    (or group) belong to the margin over activities only.
    """
    found = []
    for margin in by:
        inside = np.ones(frame.atoms.stratum.size, dtype=bool)
        for role in ("agency", "activity", "group"):
            levels = frame.levels[role].astype(str)
            out = levels == ALL if role in margin else levels.isin(list(survey.totals))
            inside &= ~np.asarray(out)[frame.atoms.roles[role]]
        if inside.any():
            layout = domains_of(frame.atoms, tuple(margin), inside=inside, psu=frame.psu)
            found.append((tuple(margin), layout))
    return found


def rows_of(
    answers: Answers,
    margins: Sequence[tuple[tuple[str, ...], Domains]],
    *,
    frame: Frame,
    survey: Study,
    shares: ShareInterval,
) -> Iterator[pd.DataFrame]:
    """Estimate every statistic of one item in every margin.

    Over all years an item is summed up only if its years stand on one series.
    """
    if not answers.entries.n.size:
        return
    years = np.asarray(frame.levels["year"])[
        np.unique(frame.atoms.roles["year"][answers.entries.atom])
    ]
    one_series = survey.comparable(answers.item, int(years[0]), int(years[-1]))
    one_scale = np.unique(answers.positions).size == 1
    dont_know = any(
        category.kind == "dont_know"
        for year in years
        for category in survey.scale_of(answers.item, int(year)).categories
    )
    for margin, domains in margins:
        if "year" not in margin and not one_series:
            continue
        for statistic, response, values in _statistics(answers, dont_know):
            if statistic in ("share", "top2") and "year" not in margin and not one_scale:
                continue
            means = domain_means(answers.entries, values, domains=domains, strata=answers.strata)
            yield _long(means, domains, frame, (statistic, response), shares).assign(
                item=answers.item
            )


def mean_rows(
    answers: Answers, margins: Sequence[tuple[tuple[str, ...], Domains]], *, frame: Frame
) -> Iterator[pd.DataFrame]:
    """Estimate only the mean of one item in every margin."""
    for _, domains in margins:
        means = domain_means(
            answers.entries, answers.entries.score, domains=domains, strata=answers.strata
        )
        named = _long(means, domains, frame, ("mean", np.nan), "korn-graubard")
        yield named.assign(item=answers.item)


def _statistics(answers: Answers, dont_know: bool) -> Iterator[tuple[str, float, Array]]:
    """Return the statistics of an item with what each averages over entries."""
    entries, positions = answers.entries, answers.positions
    yield "mean", np.nan, entries.score
    top = int(positions.max(initial=0))
    answered = ~np.isnan(entries.score)
    if top >= FEWEST_POSITIONS_FOR_TOP2:
        fits = answered & (positions >= FEWEST_POSITIONS_FOR_TOP2)
        yield "top2", np.nan, np.where(fits, entries.state >= positions - 1, np.nan)
    for place in range(1, top + 1):
        fits = answered & (positions >= place)
        yield "share", float(place), np.where(fits, entries.state == place, np.nan)
    if dont_know:
        yield "dont_know", np.nan, (entries.state == DONT_KNOW).astype(np.float64)


def _long(
    means: DomainMeans,
    domains: Domains,
    frame: Frame,
    named: tuple[str, float],
    shares: ShareInterval,
) -> pd.DataFrame:
    some = np.flatnonzero(means.n > 0)
    estimate, se, df, n = (a[some] for a in (means.estimate, means.se, means.df, means.n))
    if named[0] == "mean":
        low, high = (np.clip(end, 0.0, 100.0) for end in t_interval(estimate, se, df))
    else:
        low, high = share_interval(estimate, se, n=n, df=df, method=shares)
    columns: dict[str, object] = {
        role: frame.levels[role].take(domains.roles[role][some])
        if role in domains.roles
        else (np.zeros(some.size, dtype=np.int16) if role == "year" else ALL)
        for role in ROLES
    }
    columns |= {"statistic": named[0], "response": named[1], "estimate": estimate, "se": se}
    columns |= {"ci_low": low, "ci_high": high, "df": df, "n": n.round().astype(np.int64)}
    columns |= {"n_eff": means.n_eff[some], "deff": means.deff[some]}
    return pd.DataFrame(columns, index=pd.RangeIndex(some.size))


def arranged(parts: Sequence[pd.DataFrame], survey: Study, *, known_n: bool = True) -> pd.DataFrame:
    """Put parts under each other, sort them as the study's files do, and mark what may be shown.

    Parameters
    ----------
    parts : sequence of DataFrame
        Rows of estimates.
    survey : Study
        Order of units and items; smallest base.
    known_n : bool
        Whether 0 answers mean none; False for published figures, where 0 means not stated.

    Returns
    -------
    DataFrame
        With the columns ``COLUMNS``.
    """
    orders = {
        "agency": [unit.code for unit in survey.agencies],
        "activity": [unit.code for unit in survey.activities],
        "group": [unit.code for unit in survey.groups],
    }
    orders = {role: [*codes, ALL] for role, codes in orders.items()}
    orders |= {"item": [*survey.item_codes, *(index.name for index in survey.composites)]}
    orders |= {"statistic": list(STATISTICS)}
    joined = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame({name: [] for name in COLUMNS})
    )
    typed = {
        name: pd.Categorical(joined[name].astype(object), categories=codes)
        for name, codes in orders.items()
    }
    numbers = {name: joined[name].astype(np.float64) for name in COLUMNS[6:12]}
    shown = joined["n"] >= survey.disclosure.show
    whole = joined.assign(
        **typed,
        **numbers,
        year=joined["year"].astype(np.int16),
        n=joined["n"].astype(np.int64),
        shown=shown if known_n else shown | (joined["n"] == 0),
    )
    by = ["item", "statistic", "agency", "year", "activity", "group", "response"]
    return whole.sort_values(by, kind="stable", ignore_index=True)[COLUMNS]

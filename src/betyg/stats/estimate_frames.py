"""The long frame of estimates: one row a domain, item and statistic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.estimate_domains import DomainMeans, Domains, domain_means, domains_of, placed
from betyg.stats.estimate_entries import DONT_KNOW, ROLES, Answers, Frame
from betyg.stats.proportions import ShareInterval, share_interval, t_interval

__all__ = ["COLUMNS", "Part", "arranged", "assembled", "layouts", "mean_parts", "parts_of"]

Array = NDArray[np.float64]
Statistic = tuple[str, float, Array]  # name, position, and what to average over entries

ALL = "all"
FEWEST_POSITIONS_FOR_TOP2 = 4
STATISTICS = ("mean", "top2", "share", "dont_know")
NUMBERS = ["response", "estimate", "se", "ci_low", "ci_high", "df", "n_eff", "deff"]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One statistic of one item in the domains of one margin."""

    item: str
    statistic: str
    response: float
    domains: Domains
    means: DomainMeans


def parts_of(
    answers: Answers,
    margins: Sequence[tuple[tuple[str, ...], Domains]],
    *,
    frame: Frame,
    survey: Study,
) -> Iterator[Part]:
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
    by_base = _bases(_statistics(answers, dont_know))
    for margin, domains in margins:
        over_years = "year" not in margin
        if over_years and not one_series:
            continue
        for counted, statistics in by_base:
            base = placed(answers.entries, counted, domains=domains, strata=answers.strata)
            for statistic, response, values in statistics:
                if over_years and not one_scale and statistic in ("share", "top2"):
                    continue
                yield Part(
                    item=answers.item,
                    statistic=statistic,
                    response=response,
                    domains=domains,
                    means=domain_means(values, base),
                )


def mean_parts(
    answers: Answers, margins: Sequence[tuple[tuple[str, ...], Domains]]
) -> Iterator[Part]:
    """Estimate only the mean of one item in every margin."""
    score = answers.entries.score
    for _, domains in margins:
        base = placed(answers.entries, ~np.isnan(score), domains=domains, strata=answers.strata)
        means = domain_means(score, base)
        yield Part(
            item=answers.item, statistic="mean", response=np.nan, domains=domains, means=means
        )


def _bases(statistics: Iterator[Statistic]) -> list[tuple[NDArray[np.bool_], list[Statistic]]]:
    """Group statistics that the same entries count in."""
    groups: dict[bytes, tuple[NDArray[np.bool_], list[Statistic]]] = {}
    for statistic in statistics:
        counted = ~np.isnan(statistic[2])
        groups.setdefault(counted.tobytes(), (counted, []))[1].append(statistic)
    return list(groups.values())


def _statistics(answers: Answers, dont_know: bool) -> Iterator[Statistic]:
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


def assembled(
    parts: Sequence[Part], *, frame: Frame, survey: Study, shares: ShareInterval
) -> pd.DataFrame:
    """Put all parts into one frame, in the order of the study's files, with intervals.

    Domains without an answer have no row.
    """
    if not parts:
        return arranged([], survey)
    kept = [np.flatnonzero(part.means.n > 0) for part in parts]
    sizes = [some.size for some in kept]
    orders = _orders(survey)
    columns: dict[str, object] = {}
    for role in ROLES:
        codes = [
            part.domains.roles[role][some] if role in part.domains.roles else np.full(some.size, -1)
            for part, some in zip(parts, kept, strict=True)
        ]
        columns[role] = _levels(role, np.concatenate(codes), frame, orders)
    for name in ("item", "statistic"):
        place = pd.Index(orders[name]).get_indexer(pd.Index([getattr(p, name) for p in parts]))
        columns[name] = pd.Categorical.from_codes(np.repeat(place, sizes), pd.Index(orders[name]))
    columns["response"] = np.repeat([part.response for part in parts], sizes)
    for name in ("estimate", "se", "df", "n", "n_eff", "deff"):
        columns[name] = np.concatenate(
            [getattr(part.means, name)[some] for part, some in zip(parts, kept, strict=True)]
        )
    table = pd.DataFrame(columns)
    return _sorted(_with_intervals(table, shares), shown=table["n"] >= survey.disclosure.show)


def _levels(
    role: str, codes: NDArray[np.intp], frame: Frame, orders: Mapping[str, list[str]]
) -> object:
    """Return the values of a role's codes; -1 stands for all."""
    levels = frame.levels[role]
    if role == "year":
        return np.append(np.asarray(levels, dtype=np.int16), np.int16(0))[codes]
    place = pd.Index(orders[role]).get_indexer(levels.astype("str"))
    whole = np.append(place, len(orders[role]) - 1)
    return pd.Categorical.from_codes(whole[codes], pd.Index(orders[role]))


def _with_intervals(table: pd.DataFrame, shares: ShareInterval) -> pd.DataFrame:
    mean = (table["statistic"] == "mean").to_numpy()
    estimate, se, df, n = (table[name].to_numpy() for name in ("estimate", "se", "df", "n"))
    low, high = (np.clip(end, 0.0, 100.0) for end in t_interval(estimate, se, df))
    rest = ~mean
    low[rest], high[rest] = share_interval(
        estimate[rest], se[rest], n=n[rest], df=df[rest], method=shares
    )
    return table.assign(ci_low=low, ci_high=high)


def _orders(survey: Study) -> dict[str, list[str]]:
    units = {"agency": survey.agencies, "activity": survey.activities, "group": survey.groups}
    orders = {role: [*(unit.code for unit in known), ALL] for role, known in units.items()}
    items = [*survey.item_codes, *(index.name for index in survey.composites)]
    return orders | {"item": items, "statistic": list(STATISTICS)}


def _sorted(table: pd.DataFrame, *, shown: pd.Series) -> pd.DataFrame:
    whole = table.assign(n=table["n"].round().astype(np.int64), shown=shown)
    by = ["item", "statistic", "agency", "year", "activity", "group", "response"]
    return whole.sort_values(by, kind="stable", ignore_index=True)[COLUMNS]


def arranged(parts: Sequence[pd.DataFrame], survey: Study, *, known_n: bool = True) -> pd.DataFrame:
    """Put frames under each other, sort them as the study's files do, and mark what may be shown.

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
    empty = pd.DataFrame({name: [] for name in COLUMNS})
    joined = pd.concat(parts, ignore_index=True) if parts else empty
    typed = {
        name: pd.Categorical(joined[name].astype(object), categories=codes)
        for name, codes in _orders(survey).items()
    }
    numbers = {name: joined[name].astype(np.float64) for name in NUMBERS}
    shown = joined["n"] >= survey.disclosure.show
    whole = joined.assign(**typed, **numbers, year=joined["year"].astype(np.int16))
    return _sorted(whole, shown=shown if known_n else shown | (joined["n"] == 0))

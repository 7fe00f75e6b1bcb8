"""The long frame of estimates: one row a domain, item and statistic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats import estimate_calibrated, replicates
from betyg.stats.estimate_domains import DomainMeans, Ratio, Tally, domain_means, linearised, tally
from betyg.stats.estimate_entries import DONT_KNOW, ROLES, Answers, Frame
from betyg.stats.estimate_layout import Domains, domains_of
from betyg.stats.proportions import ShareInterval, share_interval, t_interval

__all__ = ["COLUMNS", "Part", "arranged", "assembled", "layouts", "parts_of", "rounds"]

Array = NDArray[np.float64]
Statistic = tuple[str, float, Ratio]  # name, position, and what it is
Margins = Sequence[tuple[tuple[str, ...], Domains]]

ALL = "all"
FEWEST_POSITIONS_FOR_TOP2 = 4
STATISTICS = ("mean", "top2", "share", "dont_know")
NUMBERS = ["response", "estimate", "se", "ci_low", "ci_high", "df", "n_eff", "deff"]
COLUMNS = [
    *ROLES, "item", "statistic", "response", "estimate", "se", "ci_low", "ci_high",
    "df", "n", "n_eff", "deff", "shown",
]  # fmt: skip


def layouts(
    frame: Frame, by: Sequence[Sequence[str]], survey: Study, among: Collection[str] | None
) -> list[tuple[tuple[str, ...], Domains]]:
    """Lay out the domains of every margin.

    Totals are never summed into a margin. Rows that are not about one activity
    (or group) belong to the margin over activities only. Agencies that are not ``among`` those
    asked for are in no domain.
    """
    found = []
    for margin in by:
        inside = np.ones(frame.atoms.stratum.size, dtype=bool)
        for role in ("agency", "activity", "group"):
            levels = frame.levels[role].astype(str)
            out = levels == ALL if role in margin else levels.isin(list(survey.totals))
            if role == "agency" and among is not None:
                out |= ~levels.isin(list(among))
            inside &= ~np.asarray(out)[frame.atoms.roles[role]]
        if inside.any():
            layout = domains_of(frame.atoms, tuple(margin), inside=inside, psu=frame.psu)
            found.append((tuple(margin), layout))
    return found


def rounds(frame: Frame) -> pd.DataFrame:
    """Count the respondents (``n``) and the sampling units (``units``) of each agency's year.

    Returns
    -------
    DataFrame
        n, units int64, by agency and year: a row an agency's year that has respondents.
    """
    every = np.ones(frame.atoms.stratum.size, dtype=bool)
    found = domains_of(frame.atoms, ("agency", "year"), inside=every, psu=frame.psu)
    n = np.bincount(found.of_atom[frame.atoms.of_row], minlength=found.count)
    pieces = found.unit_piece
    units = n if pieces is None else np.bincount(found.piece_domain[pieces], minlength=found.count)
    names = [frame.levels[role][codes] for role, codes in found.roles.items()]
    return pd.DataFrame({"n": n, "units": units}, index=pd.MultiIndex.from_arrays(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One statistic of one item in the domains of one margin."""

    item: str
    statistic: str
    response: float
    domains: Domains
    means: DomainMeans


def parts_of(
    answers: Answers, margins: Margins, *, frame: Frame, survey: Study, only_means: bool = False
) -> Iterator[Part]:
    """Estimate every statistic of one item in every margin, or only its mean.

    Over all years an item is summed up only if its years stand on one series.
    """
    if not answers.entries.n.size:
        return
    years = np.asarray(frame.levels["year"])[
        np.unique(frame.atoms.roles["year"][answers.entries.atom])
    ]
    one_series = survey.comparable(answers.item, int(years[0]), int(years[-1]))
    statistics = list(_statistics(answers, only_means=only_means))
    asked: list[tuple[Statistic, Tally]] = []
    for margin, domains in margins:
        over_years = "year" not in margin
        if over_years and not one_series:
            continue
        sums = tally(answers.entries, domains=domains, strata=answers.strata)
        one_scale = not over_years or np.unique(answers.positions).size < 2
        asked += [(one, sums) for one in statistics if one_scale or one[0] in ("mean", "dont_know")]
    variances = _variances(answers, [(sums, ratio) for (_, _, ratio), sums in asked], frame)
    for ((statistic, response, ratio), sums), variance in zip(asked, variances, strict=True):
        yield Part(
            item=answers.item,
            statistic=statistic,
            response=response,
            domains=sums.domains,
            means=domain_means(sums, ratio, variance),
        )


def _variances(
    answers: Answers, asked: Sequence[tuple[Tally, Ratio]], frame: Frame
) -> Sequence[Array]:
    """Return the variance of each statistic in its margin, in the way that the study chose."""
    if frame.replicates is not None:
        return replicates.replicated(answers.entries, asked, frame.replicates)
    if frame.jackknife:
        return [replicates.jackknife(sums, ratio) for sums, ratio in asked]
    known = answers.calibrated
    if known is not None:
        return [estimate_calibrated.linearised(sums, ratio, known) for sums, ratio in asked]
    return [linearised(sums, ratio) for sums, ratio in asked]


def _statistics(answers: Answers, *, only_means: bool) -> Iterator[Statistic]:
    """Return the statistics of an item as ratios of sums over kinds of answers."""
    if answers.entries.value is not None:
        yield "mean", np.nan, Ratio(top=np.array([0.0, 1.0]), base=np.array([1.0, 0.0]))
        return
    state, positions = answers.state, answers.positions
    answered = ~np.isnan(answers.score)
    yield "mean", np.nan, _ratio(answers.score, answered)
    if only_means:
        return
    top = int(positions.max(initial=0))
    if top >= FEWEST_POSITIONS_FOR_TOP2:
        fits = answered & (positions >= FEWEST_POSITIONS_FOR_TOP2)
        yield "top2", np.nan, _ratio(state >= positions - 1, fits)
    for place in range(1, top + 1):
        yield "share", float(place), _ratio(state == place, answered & (positions >= place))
    if answers.unsure:
        yield "dont_know", np.nan, _ratio(state == DONT_KNOW, np.ones_like(answered))


def _ratio(values: NDArray[np.generic], base: NDArray[np.bool_]) -> Ratio:
    return Ratio(top=np.where(base, values, 0.0), base=base.astype(np.float64))


def assembled(parts: Sequence[Part], *, frame: Frame, survey: Study) -> pd.DataFrame:
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
    intervals = _with_intervals(table, survey.design.shares)
    return _sorted(intervals, shown=table["n"] >= survey.disclosure.show)


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

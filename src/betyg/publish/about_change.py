"""Sentences on change: like for like, from year to year, before and after an event."""

from typing import Any, Unpack

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import change, disclosure, naming
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.years import POWER, SURE
from betyg.stats.change import BREAK

RARE = 0.01  # a share that rounds to nothing is not nothing


def interval(low: float, high: float, language: Language) -> str:
    """Write the interval of a difference, with signs: ``+0,4 till +3,1``."""
    return language.text(
        "{low} to {high}", low=language.signed(low, 1), high=language.signed(high, 1)
    )


def like_for_like(
    changes: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    agency: str,
    outcome: str,
    years: tuple[int, int],
) -> str:
    """Say what changed over the activities surveyed in both years, or why nothing can be said.

    Parameters
    ----------
    changes : DataFrame
        Columns as for :func:`betyg.publish.change.compared`.
    agency : str
        An agency, or ``"all"``.
    """
    names = Names(survey, language)
    row = _change(changes, survey, agency=agency, outcome=outcome, years=years)
    who = names.agency(agency)
    what = names.item(outcome)
    span = language.range(str(years[0]), str(years[1]))
    if not row["comparable"]:
        return language.text(
            "{agency}, {item} {years}: {reason}.", agency=who, item=what, years=span,
            reason=change.reason(str(row["reason"]), language),
        )  # fmt: skip
    first = language.text(
        "{agency}, {item} {years}, like for like over {parts}: {change} points ({interval}), "
        "{verdict}.",
        parts=_parts(int(row["n_shared"]), survey, language, agency=agency),
        agency=who, item=what, years=span,
        change=language.signed(row["like_for_like"], 1),
        interval=interval(row["like_for_like_low"], row["like_for_like_high"], language),
        verdict=verdict(row, "like_for_like", language),
    )  # fmt: skip
    if not row["differs"]:
        return first
    return f"{first} " + language.text(
        "The raw change is {raw} points: the difference is one of mix, not of performance.",
        raw=language.signed(row["raw"], 1),
    )


def _parts(n: int, survey: Study, language: Language, *, agency: str) -> str:
    """Say what is compared: activities, where nothing else is adjusted for."""
    if survey.compare.adjust_for == ("activity",) and agency != ALL:
        return language.plural("{n} shared activity", "{n} shared activities", n)
    return language.plural("{n} comparable part", "{n} comparable parts", n)


def _change(
    changes: pd.DataFrame, survey: Study, *, agency: str, outcome: str, years: tuple[int, int]
) -> dict[str, Any]:
    picked = naming.pick(
        changes, survey, agency=agency, outcome=outcome, year_from=years[0], year_to=years[1]
    )
    row = naming.records(picked)[0]
    if row["comparable"] and not row["shown"]:
        return row | {"comparable": False, "reason": change.TOO_FEW}
    return row


def verdict(row: dict[str, Any], part: str, language: Language) -> str:
    """Say whether a change is sure; where not, which change would have been found."""
    if row[f"{part}_low"] > 0:
        return language.text("a sure rise")
    if row[f"{part}_high"] < 0:
        return language.text("a sure fall")
    half = (row[f"{part}_high"] - row[f"{part}_low"]) / 2
    return language.text(
        "no sure change (a change of {points} is found four times in five)",
        points=language.number(half * (SURE + POWER) / SURE, 1),
    )


def between(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    years: tuple[int, int],
    **where: Unpack[Where],
) -> str:
    """Say how an item went between two years, for all or for one group, agency or activity.

    The two rounds count as independent samples, which errs on the safe side where the same
    persons answered both. Across a change of the question nothing is compared.

    Parameters
    ----------
    estimates : DataFrame
        Columns of estimates.parquet.
    """
    names = Names(survey, language)
    keys: dict[str, object] = {"statistic": "mean", **MARGIN, **where, "item": item}
    before, after = (
        naming.records(naming.pick(estimates, survey, year=year, **keys))[0] for year in years
    )
    subject = ", ".join([*_units(names, where), names.item(item)])
    if not survey.comparable(item, *years):
        return language.text(
            "{item} {years}: {reason}.", item=subject,
            years=language.range(str(years[0]), str(years[1])),
            reason=change.reason(BREAK, language),
        )  # fmt: skip
    if not (before["shown"] and after["shown"]):
        return f"{subject}: {disclosure.label(language)}."
    difference = after["estimate"] - before["estimate"]
    half = SURE * float(np.hypot(before["se"], after["se"]))
    row = {"c": difference, "c_low": difference - half, "c_high": difference + half}
    return language.text(
        "{item}: {before} in {first}, {after} in {last}; {change} points ({interval}), {verdict}.",
        item=subject, before=language.number(before["estimate"]), first=str(years[0]),
        after=language.number(after["estimate"]), last=str(years[1]),
        change=language.signed(difference, 1), verdict=verdict(row, "c", language),
        interval=interval(row["c_low"], row["c_high"], language),
    )  # fmt: skip


def _units(names: Names, where: Where) -> list[str]:
    label = {"agency": names.agency, "activity": names.activity, "group": names.group}
    return [label[role](str(code)) for role, code in where.items() if code != ALL]


def around_event(
    language: Language,
    *,
    event: str,
    years: tuple[int, int],
    estimate: float,
    ci: tuple[float, float],
    p: float | None = None,
) -> str:
    """Say how much more those concerned by an event changed than the others.

    Parameters
    ----------
    event : str
        Label of the event.
    years : tuple of int
        A round before it and one after.
    estimate : float
        Difference in differences, in points on 0-100.
    ci : tuple of float
        Its 95 % interval.
    p : float, optional
        Share of random divisions of the agencies that give a difference as large.
    """
    first = language.text(
        "{event}: from {first} to {last} those concerned changed by {difference} points compared "
        "with the others ({interval}).",
        first=str(years[0]), last=str(years[1]), event=event,
        difference=language.signed(estimate, 1), interval=interval(*ci, language),
    )  # fmt: skip
    if p is None:
        return first
    return f"{first} " + language.text(
        "Random divisions of the units give a difference as large in {share} of cases. Whether "
        "the event has anything to do with it, these data cannot tell.",
        share=language.percent(p) if p >= RARE else language.text("less than 1%"),
    )

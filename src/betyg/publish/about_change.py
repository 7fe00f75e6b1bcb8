"""Sentences on change: like for like, from year to year, before and after an event."""

from typing import Any, Unpack

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import change, claims, disclosure, naming
from betyg.publish.about_choices import is_choice
from betyg.publish.claims import Claim
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.sentence import joined, stating
from betyg.stats import apart, detectable
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
    who = names.everyone() if agency == ALL else names.agency(agency)
    what = names.item(outcome)
    span = language.range(str(years[0]), str(years[1]))
    if not row["comparable"]:
        said = language.text(
            "{agency}, “{item}” {years}: {reason}.", agency=who, item=what, years=span,
            reason=change.reason(str(row["reason"]), language),
        )  # fmt: skip
        return stating(said, _not_comparable(row))
    first = language.text(
        "{agency}, “{item}” {years}: {change} points ({interval}) {parts}, {verdict}.",
        parts=_parts(int(row["n_shared"]), survey, language),
        agency=who, item=what, years=span,
        change=language.signed(row["like_for_like"], 1),
        interval=interval(row["like_for_like_low"], row["like_for_like_high"], language),
        verdict=_alone(row, language) if is_sure_alone(changes, survey, row)
        else verdict(row, "like_for_like", language),
    )  # fmt: skip
    first = stating(
        first, _surely(row), claims.value("changes", row, "n_shared"),
        claims.holds("changes", row, ("comparable", "==", True)),
    )  # fmt: skip
    return joined(first, _raw(row, language)) if _told_apart(row) else first


def _told_apart(row: dict[str, Any]) -> bool:
    """Tell whether one of raw and like-for-like change is a sure rise or fall, the other is not."""
    raw, like = (
        (bool(row[f"{part}_low"] > 0), bool(row[f"{part}_high"] < 0))
        for part in ("raw", "like_for_like")
    )
    return raw != like


def _raw(row: dict[str, Any], language: Language) -> str:
    """Say what the raw change is; that it differs only where the difference is sure."""
    raw = claims.value("changes", row, "raw")
    if not row["differs"]:
        said = language.text(
            "The raw change is {raw} points; it also reflects what was surveyed, and how much each "
            "part of it weighs.",
            raw=language.signed(row["raw"], 1),
        )
        return stating(said, raw)
    said = language.text(
        "The raw change is {raw} points; the difference, {points} points ({interval}), is one of "
        "mix: of what was surveyed, and how much each part of it weighs.",
        raw=language.signed(row["raw"], 1), points=language.signed(row["composition"], 1),
        interval=interval(row["composition_low"], row["composition_high"], language),
    )  # fmt: skip
    part = "composition"
    sure = claims.changed("changes", row, part=part, rise=row[part] > 0)
    return stating(said, raw, sure, claims.holds("changes", row, ("differs", "==", True)))


def _not_comparable(row: dict[str, Any]) -> Claim:
    """Claim why two rounds are not compared; where answers are too few, that they are."""
    if row["reason"] == change.TOO_FEW:
        return claims.holds("changes", row, ("shown", "==", False))
    return claims.holds(
        "changes", row, ("comparable", "==", False), ("reason", "==", str(row["reason"]))
    )


def _surely(row: dict[str, Any]) -> Claim:
    """Claim a rise or a fall, or that none is sure and which would have been found."""
    part = "like_for_like"
    if row[f"{part}_low"] > 0 or row[f"{part}_high"] < 0:
        return claims.changed("changes", row, part=part, rise=row[part] > 0)
    return claims.no_difference("changes", row, part=part, found=_detectable(row, part))


def _parts(n: int, survey: Study, language: Language) -> str:
    """Say what is held alike: the activities, or the mix of what else is adjusted for."""
    names = Names(survey, language)
    if "activity" in survey.compare.adjust_for and survey.activities:
        return language.plural(
            "in the one activity surveyed in both years",
            "in the {n} activities surveyed in both years",
            n,
        )
    roles = [names.role(role).lower() for role in survey.compare.adjust_for]
    if not roles:
        return language.text("as answered")
    return language.text("at an unchanged mix ({roles})", roles=language.listing(roles))


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


def is_sure_alone(changes: pd.DataFrame, survey: Study, row: dict[str, Any]) -> bool:
    """Tell whether a change is sure by itself, but not where all units are judged together."""
    if row["like_for_like_low"] <= 0 <= row["like_for_like_high"]:
        return False
    pair = {key: row[key] for key in ("outcome", "year_from", "year_to")}
    units = change.select(changes, survey, **pair)["agency"].astype(str).tolist()
    return row["agency"] in units and row["agency"] not in change.surely(changes, survey, **pair)


def _alone(row: dict[str, Any], language: Language) -> str:
    if row["like_for_like_low"] > 0:
        return language.text("a rise, sure only where it is judged by itself")
    return language.text("a fall, sure only where it is judged by itself")


def verdict(row: dict[str, Any], part: str, language: Language) -> str:
    """Say whether a change is sure; where not, which change would have been found."""
    if row[f"{part}_low"] > 0:
        return language.text("a sure rise")
    if row[f"{part}_high"] < 0:
        return language.text("a sure fall")
    return language.text(
        "no sure change (a change of {points} is found four times in five)",
        points=language.number(_detectable(row, part), 1),
    )


def _detectable(row: dict[str, Any], part: str) -> float:
    """Return the change that is found four times in five, in points."""
    ends = (float(row[f"{part}_{end}"]) for end in ("low", "high", "se"))
    return detectable.from_interval(*ends)


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
    quoted = language.text("“{item}”", item=names.item(item))
    subject = joined(*_units(names, where), quoted, by=", ")
    if not survey.comparable(item, *years):
        broken = language.text(
            "{item} {years}: {reason}.", item=subject,
            years=language.range(str(years[0]), str(years[1])),
            reason=change.reason(BREAK, language),
        )  # fmt: skip
        return stating(broken, *(claims.holds("estimates", row) for row in (before, after)))
    if not (before["shown"] and after["shown"]):
        return joined(subject, f"{disclosure.label(language)}.", by=": ")
    moved = apart.between(before, after)
    if np.isnan(moved.se):
        return _without_error(before, after, subject, language)
    row = {"c": moved.value, "c_low": moved.low, "c_high": moved.high, "c_se": moved.se}
    numbers = {
        "item": subject, "first": str(years[0]), "last": str(years[1]),
        "change": language.signed(moved.value, 1), "verdict": verdict(row, "c", language),
        "interval": interval(row["c_low"], row["c_high"], language),
    }  # fmt: skip
    known = (
        _moved(before, after, row),
        *(claims.value("estimates", one, "estimate") for one in (before, after)),
    )
    if is_choice(survey, item, years[1]):
        said = language.text(
            "{item}: mentioned by {before} in {first} and {after} in {last}; {change} percentage "
            "points ({interval}), {verdict}.",
            before=language.percent(before["estimate"] / 100),
            after=language.percent(after["estimate"] / 100), **numbers,
        )  # fmt: skip
        return stating(said, *known)
    said = language.text(
        "{item}: {before} in {first}, {after} in {last}; {change} points ({interval}), {verdict}.",
        before=language.number(before["estimate"]), after=language.number(after["estimate"]),
        **numbers,
    )  # fmt: skip
    return stating(said, *known)


def _without_error(
    before: dict[str, Any], after: dict[str, Any], subject: str, language: Language
) -> str:
    """Say where an item stood, where nobody knows how sure that is."""
    said = language.text(
        "{item}: {before} in {first}, {after} in {last}; how sure is not known",
        item=subject, first=str(before["year"]), last=str(after["year"]),
        before=language.number(before["estimate"]), after=language.number(after["estimate"]),
    )  # fmt: skip
    ends = (claims.value("estimates", row, "estimate") for row in (before, after))
    return stating(joined(said, ".", by=""), *ends)


def _moved(before: dict[str, Any], after: dict[str, Any], row: dict[str, float]) -> Claim:
    """Claim the difference of two rounds, and whether it is sure."""
    says = {f"difference{end}": row[f"c{end}"] for end in ("", "_low", "_high")}
    sure = int(row["c_low"] > 0) - int(row["c_high"] < 0)
    if not sure:
        says["difference.detectable"] = _detectable(row, "c")
    return claims.moved(before, after, sure=sure, says=says)


def _units(names: Names, where: Where) -> list[str]:
    label = {"agency": names.agency, "activity": names.activity, "group": names.group}
    return [label[role](str(code)) for role, code in where.items() if code != ALL]


def around_event(language: Language, *, event: str, item: str, found: dict[str, Any]) -> str:
    """Say how much more those concerned by an event changed than the others, now and before.

    Parameters
    ----------
    event, item : str
        Labels of the event and of what it was meant to change.
    found : dict
        A row of effects.parquet: year_from, year_to; estimate, ci_low, ci_high (points); p_value
        (share of random divisions of the agencies that give a difference as large); n_affected,
        n_others; placebo, placebo_p_value (the same over the two rounds before; may be NaN).
    """
    told = claims.effect(
        "effects", found, "estimate", "ci_low", "ci_high", "n_affected", "n_others", "p_value",
        "placebo", "placebo_p_value",
    )  # fmt: skip
    said = [
        language.text(
            "{event}. The change of “{item}” from {first} to {last} at the {n} "
            "concerned, less that at the {others} others: {difference} points ({interval}).",
            first=str(found["year_from"]), last=str(found["year_to"]), event=event, item=item,
            n=language.integer(found["n_affected"]), others=language.integer(found["n_others"]),
            difference=language.signed(found["estimate"], 1),
            interval=interval(found["ci_low"], found["ci_high"], language),
        ),
        language.text(
            "Random divisions give a difference as large in {share} of cases.",
            share=_rare(found["p_value"], language),
        ),
    ]  # fmt: skip
    if not pd.isna(found["placebo"]):
        said.append(
            language.text(
                "Over the two rounds before the measure the same comparison gives {placebo} "
                "points; random divisions give as much in {share} of cases.",
                placebo=language.signed(found["placebo"], 1),
                share=_rare(found["placebo_p_value"], language),
            )
        )
    said.append(
        language.text("Whether the measure has anything to do with it, these data cannot tell.")
    )
    rare = [
        claims.holds("effects", found, (column, "<", RARE))
        for column in ("p_value", "placebo_p_value")
        if found[column] < RARE
    ]
    return stating(joined(*said), told, *rare)


def _rare(p: float, language: Language) -> str:
    return language.percent(p) if p >= RARE else language.text("less than 1%")

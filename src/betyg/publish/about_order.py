"""Sentences on order: places, the best, what is the same everywhere, what is clearly apart."""

from typing import Any

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, disclosure, findings, naming, together
from betyg.publish.about_results import grade, in_band, with_margin
from betyg.publish.claims import Claim
from betyg.publish.language import Language, sentence_case
from betyg.publish.naming import Names
from betyg.publish.ranking import Ranked, place
from betyg.publish.sentence import joined, stating
from betyg.stats import detectable


def _ranked(places: pd.DataFrame, survey: Study, of: Ranked) -> pd.DataFrame:
    rows = disclosure.hide(places, show=survey.disclosure.show)
    named = rows.assign(code=rows[of])
    return named[named["shown"]].sort_values("estimate", ascending=False)


def places(
    ranked: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    what: str,
    year: int,
    of: Ranked = "activity",
) -> str:
    """Say who has which place; those that share one are named together.

    Parameters
    ----------
    ranked : DataFrame
        Columns of ``of``, estimate, n, place_low, place_high, shared, found.
    what : str
        By what they are ranked, in the reader's language.
    """
    name = getattr(Names(survey, language), of)
    grouped: dict[str, list[str]] = {}
    for row in naming.records(_ranked(ranked, survey, of)):
        words = place(row, language)
        grouped.setdefault(words, [words]).append(name(str(row[of])))
    listed = [joined(words, language.listing(units), by=": ") for words, *units in grouped.values()]
    if not listed:
        return ""
    return language.text(
        "“{item}” {year}. {places}.", item=sentence_case(what), year=str(year),
        places=sentence_case(joined(*listed, by="; ")),
    )  # fmt: skip


def best(
    ranked: pd.DataFrame, survey: Study, language: Language, *, year: int, of: Ranked = "item"
) -> str:
    """Say which has the highest grade, whether surely so, and what the others got."""
    rows = naming.records(_ranked(ranked, survey, of))
    if not rows:
        return ""
    name = getattr(Names(survey, language), of)
    top = rows[0]
    numbers = {
        "item": name(str(top[of])), "year": str(year),
        "grade": stating(grade(top, survey, language, table="orders"),
                         claims.ranked("orders", top)),
    }  # fmt: skip
    if int(top["place_high"]) == 1:
        said = language.text(
            "“{item}” gets the best grade in {year}, {grade}; it lies surely above the others.",
            **numbers,
        )
    else:
        near = [r for r in rows[1:] if int(r["place_low"]) == 1]
        rivals = [stating(name(str(r[of])), claims.ranked("orders", r)) for r in near]
        said = language.text(
            "“{item}” {year}: {grade}; which grade is best is not sure, for {others} may be as "
            "high.",
            others=language.listing([language.text("“{item}”", item=rival) for rival in rivals]),
            **numbers,
        )
        said = joined(said, _found(near, language))
    others = [
        language.text("“{item}” {value}", item=name(str(row[of])),
                      value=in_band(with_margin(row, language, table="orders"), row, survey,
                                    language, table="orders"))
        for row in rows[1:]
    ]  # fmt: skip
    if not others:
        return said
    return joined(said, language.text("The others: {items}.", items=joined(*others, by="; ")))


def ahead(ranked: pd.DataFrame, *, at_most: int = 4) -> int:
    """Return how many, from the top, are each surely above each of the rest; 0 if none are.

    Parameters
    ----------
    ranked : DataFrame
        As for :func:`places`.
    at_most : int
        More than these are no longer the first ones.
    """
    highest = ranked.sort_values("estimate", ascending=False)["place_high"].to_numpy()
    sizes = range(min(at_most, len(highest) - 1), 0, -1)
    return next((size for size in sizes if highest[:size].max() <= size), 0)


def first_every_year(
    ranked: pd.DataFrame, survey: Study, language: Language, *, of: Ranked = "activity"
) -> str:
    """Say which has been surely first in every year, or in which years the latest first was.

    Parameters
    ----------
    ranked : DataFrame
        As for :func:`places`, with a column year.
    """
    rows = _ranked(ranked, survey, of)
    years = sorted(int(y) for y in rows["year"].unique())
    alone = rows[(rows["place_low"] == 1) & (rows["place_high"] == 1)]
    latest = alone[alone["year"] == years[-1]]
    if latest.empty:
        nobody = language.text("No one is surely first in {year}.", year=str(years[-1]))
        near = rows[(rows["year"] == years[-1]) & (rows["place_low"] == 1)]
        return joined(
            stating(nobody, _first(rows, (years[-1],), ())),
            _found(naming.records(near[near["found"].notna()]), language),
        )
    code = str(latest[of].iloc[0])
    own = sorted(int(y) for y in alone.loc[alone[of] == code, "year"])
    name = stating(
        getattr(Names(survey, language), of)(code), _first(rows, tuple(years), tuple(own), code)
    )
    if own == years and len(years) > 1:
        return language.text(
            "“{item}” is still in first place in {year}, as in every round since {first}.",
            item=name, year=str(years[-1]), first=str(years[0]),
        )  # fmt: skip
    return language.text(
        "“{item}” is surely in first place in {years}.", item=name,
        years=language.listing([str(year) for year in own]),
    )  # fmt: skip


def _first(
    rows: pd.DataFrame, years: tuple[int, ...], own: tuple[int, ...], code: str = ""
) -> Claim:
    """Claim in which of the years one (or without a code, anyone) is alone in first place."""
    top = naming.records(rows)[0]
    where = claims.conditions(of=top.get("of"), by=top.get("by"), year=years)
    if code:
        where += claims.conditions(code=code)
    alone: tuple[claims.Condition, ...] = (("place_low", "==", 1), ("place_high", "==", 1))
    return claims.count("orders", "year", len(own), *where, must=alone)


def same_everywhere(language: Language, *, what: str, found: dict[str, Any], groups: str) -> str:
    """Say whether a view is shared by all groups, within the margin that matters.

    Not finding a difference is not enough: the interval of the largest one must lie within the
    margin.

    Parameters
    ----------
    what : str
        The item, in the reader's language.
    found : dict
        A row of agreement.parquet: largest difference between two groups (points on 0-100),
        bound of the simultaneous interval of the differences, margin under which they do not
        matter.
    groups : str
        How many groups were compared, and what they are called: ``5 groups``.
    """
    numbers = {
        "item": what, "groups": groups, "largest": language.number(found["largest"], 1),
        "bound": language.number(found["bound"], 1), "margin": language.number(found["margin"]),
    }  # fmt: skip
    if found["bound"] < found["margin"]:
        shared = language.text(
            "“{item}”: the view is shared by all {groups}. The largest difference is "
            "{largest} points and surely under {bound}; less than {margin} does not matter.",
            **numbers,
        )
        return stating(shared, claims.equivalent(found))
    unsure = language.text(
        "“{item}”: it cannot be said that all {groups} agree. The largest difference is "
        "{largest} points and may be up to {bound}; {margin} or more would matter.",
        **numbers,
    )
    return stating(unsure, claims.not_equivalent(found))


def apart_from_others(
    differences: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    unit: str,
    of: Ranked = "activity",
) -> str:
    """Say whether one is clearly above (or below) each of the others, in paired answers.

    Parameters
    ----------
    differences : DataFrame
        A row for each other unit: its code in the column of ``of``, difference (the unit minus
        it, points on 0-100), se, ci_low, ci_high, n.
    unit : str
        Code of the one that is compared.
    """
    names = Names(survey, language)
    name = getattr(names, of)
    rows = disclosure.hide(differences, show=survey.disclosure.show)
    rows = rows[rows["shown"]].sort_values("difference")
    if rows.empty:
        return ""
    above = int((rows["ci_low"] > 0).sum())
    nearest = naming.records(rows)[0] | {"first": unit}
    numbers = {
        "item": names.item(item), "unit": name(unit), "total": language.integer(len(rows)),
        "other": name(str(nearest[of])), "difference": language.signed(nearest["difference"], 1),
        "low": language.signed(nearest["ci_low"], 1),
        "high": language.signed(nearest["ci_high"], 1),
    }  # fmt: skip
    enough: claims.Condition = ("n", ">=", survey.disclosure.show)
    counted = _above(nearest, enough, of=of, n=len(rows), above=above)
    if above == len(rows):
        said = language.text(
            "“{item}”: rated by the same persons, “{unit}” lies surely above each of the {total} "
            "others; nearest is “{other}”, {difference} points ({low} to {high}).",
            **numbers,
        )
        return stating(said, *counted)
    said = language.text(
        "“{item}”: rated by the same persons, “{unit}” lies surely above {above} of the {total} "
        "others; against “{other}” the difference is {difference} points ({low} to {high}).",
        above=language.integer(above),
        **numbers,
    )
    return joined(stating(said, *counted), _unseen(rows, nearest, language, of=of))


def _above(
    nearest: dict[str, Any], enough: claims.Condition, *, of: Ranked, n: int, above: int
) -> tuple[Claim, ...]:
    """Claim the nearest difference, that it is that, and above how many of the others one lies."""
    where = claims.row_of("leads", nearest | {of: None})
    others = (*where, enough)
    sure: claims.Condition = ("ci_low", ">", 0.0)
    return (
        claims.value("leads", nearest, "difference", "ci_low", "ci_high"),
        claims.lowest("leads", nearest, *others, of="difference"),
        claims.count("leads", of, n, *others),
        claims.count("leads", of, above, *others, must=[sure]),
    )


def _unseen(rows: pd.DataFrame, nearest: dict[str, Any], language: Language, *, of: Ranked) -> str:
    """Say which difference would have been found from those that one is not surely above."""
    nought: tuple[claims.Condition, ...] = (("ci_low", "<=", 0.0), ("ci_high", ">=", 0.0))
    unsure = rows[(rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)]
    sizes = detectable.from_interval(
        *(unsure[end].to_numpy(np.float64) for end in ("ci_low", "ci_high", "se"))
    )
    where = claims.row_of("leads", nearest | {of: None})
    others: claims.Condition = (of, "in", tuple(str(code) for code in rows[of]))
    claim = together.detectable("leads", sizes, *where, others, *nought, part="ci")
    return findings.sentence_of((sizes, claim), language, "difference")


def _found(rivals: list[dict[str, Any]], language: Language) -> str:
    """Say which difference from the first would have been found, of those that may be as high."""
    if not rivals:
        return ""
    sizes = np.array([row["found"] for row in rivals], dtype=np.float64)
    where = claims.row_of("orders", rivals[0] | {"code": None})
    codes: claims.Condition = ("code", "in", tuple(str(row["code"]) for row in rivals))
    ends = {"min": float(sizes.min()), "max": float(sizes.max())}
    claim = claims.spread("orders", "found", ends, *where, codes)
    return findings.sentence_of((sizes, claim), language, "difference")

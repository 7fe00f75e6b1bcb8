"""Sentences on order: places, the best, what is the same everywhere, what is clearly apart."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import disclosure, findings, naming
from betyg.publish.about_results import grade, in_band, with_margin
from betyg.publish.language import Language, sentence_case
from betyg.publish.naming import Names
from betyg.publish.ranking import Ranked, place
from betyg.stats import detectable


def _ranked(places: pd.DataFrame, survey: Study) -> pd.DataFrame:
    rows = disclosure.hide(places, show=survey.disclosure.show)
    return rows[rows["shown"]].sort_values("estimate", ascending=False)


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
    for row in naming.records(_ranked(ranked, survey)):
        grouped.setdefault(place(row, language), []).append(name(str(row[of])))
    listed = [f"{words}: {language.listing(units)}" for words, units in grouped.items()]
    if not listed:
        return ""
    return language.text(
        "“{item}” {year}. {places}.", item=sentence_case(what), year=str(year),
        places=sentence_case("; ".join(listed)),
    )  # fmt: skip


def best(
    ranked: pd.DataFrame, survey: Study, language: Language, *, year: int, of: Ranked = "item"
) -> str:
    """Say which has the highest grade, whether surely so, and what the others got."""
    rows = naming.records(_ranked(ranked, survey))
    if not rows:
        return ""
    name = getattr(Names(survey, language), of)
    top = rows[0]
    numbers = {
        "item": name(str(top[of])), "grade": grade(top, survey, language), "year": str(year),
    }  # fmt: skip
    if int(top["place_high"]) == 1:
        said = language.text(
            "“{item}” gets the best grade in {year}, {grade}; it lies surely above the others.",
            **numbers,
        )
    else:
        near = [r for r in rows[1:] if int(r["place_low"]) == 1]
        rivals = [name(str(r[of])) for r in near]
        said = language.text(
            "“{item}” has the highest value in {year}, {grade}, but {others} may be as high.",
            others=language.listing([language.text("“{item}”", item=rival) for rival in rivals]),
            **numbers,
        )
        said = naming.sentences(said, _found([r["found"] for r in near], language))
    others = [
        language.text("“{item}” {value}", item=name(str(row[of])),
                      value=in_band(with_margin(row, language), row, survey, language))
        for row in rows[1:]
    ]  # fmt: skip
    if not others:
        return said
    return f"{said} " + language.text("The others: {items}.", items="; ".join(others))


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
    rows = _ranked(ranked, survey)
    years = sorted(int(y) for y in rows["year"].unique())
    alone = rows[(rows["place_low"] == 1) & (rows["place_high"] == 1)]
    latest = alone[alone["year"] == years[-1]]
    if latest.empty:
        near = rows[(rows["year"] == years[-1]) & (rows["place_low"] == 1)]
        return naming.sentences(
            language.text("No one is surely first in {year}.", year=str(years[-1])),
            _found(near["found"].dropna(), language),
        )
    code = str(latest[of].iloc[0])
    own = sorted(int(y) for y in alone.loc[alone[of] == code, "year"])
    name = getattr(Names(survey, language), of)(code)
    if own == years and len(years) > 1:
        return language.text(
            "“{item}” is still in first place in {year}, as in every round since {first}.",
            item=name, year=str(years[-1]), first=str(years[0]),
        )  # fmt: skip
    return language.text(
        "“{item}” is surely in first place in {years}.", item=name,
        years=language.listing([str(year) for year in own]),
    )  # fmt: skip


def same_everywhere(
    language: Language, *, what: str, largest: float, at_most: float, margin: float, groups: str
) -> str:
    """Say whether a view is shared by all groups, within the margin that matters.

    Not finding a difference is not enough: the interval of the largest one must lie within the
    margin.

    Parameters
    ----------
    what : str
        The item, in the reader's language.
    largest : float
        Largest difference between two groups, points on 0-100.
    at_most : float
        The bound, up or down, of the simultaneous interval of the differences.
    margin : float
        Differences smaller than this do not matter.
    groups : str
        How many groups were compared, and what they are called: ``5 groups``.
    """
    numbers = {
        "item": what, "groups": groups, "largest": language.number(largest, 1),
        "bound": language.number(at_most, 1), "margin": language.number(margin),
    }  # fmt: skip
    if at_most < margin:
        return language.text(
            "“{item}”: the view is shared by all {groups}. The largest difference is "
            "{largest} points and surely under {bound}; less than {margin} does not matter.",
            **numbers,
        )
    return language.text(
        "“{item}”: it cannot be said that all {groups} agree. The largest difference is "
        "{largest} points and may be up to {bound}; {margin} or more would matter.",
        **numbers,
    )


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
    nearest = naming.records(rows)[0]
    numbers = {
        "item": names.item(item), "unit": name(unit), "total": language.integer(len(rows)),
        "other": name(str(nearest[of])), "difference": language.signed(nearest["difference"], 1),
        "low": language.signed(nearest["ci_low"], 1),
        "high": language.signed(nearest["ci_high"], 1),
    }  # fmt: skip
    if above == len(rows):
        return language.text(
            "“{item}”: rated by the same persons, “{unit}” lies surely above each of the {total} "
            "others; nearest is “{other}”, {difference} points ({low} to {high}).",
            **numbers,
        )
    unsure = rows[(rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)]
    found = detectable.from_interval(
        *(unsure[end].to_numpy(np.float64) for end in ("ci_low", "ci_high", "se"))
    )
    return naming.sentences(
        language.text(
            "“{item}”: rated by the same persons, “{unit}” lies surely above {above} of the "
            "{total} others; against “{other}” the difference is {difference} points ({low} to "
            "{high}).",
            above=language.integer(above),
            **numbers,
        ),
        _found(found, language),
    )


def _found(sizes: Iterable[float], language: Language) -> str:
    """Say which difference would have been found, after a sentence that says that none was."""
    return findings.sentence_of(np.asarray(list(sizes), float), language, "difference")

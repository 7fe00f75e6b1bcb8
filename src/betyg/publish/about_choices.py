"""Sentences on what is chosen or mentioned: select-all questions and coded open answers."""

from typing import Any, Unpack

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import among, claims, disclosure, naming
from betyg.publish.about_results import share_with_margin
from betyg.publish.claims import Claim, Condition
from betyg.publish.language import Language
from betyg.publish.naming import Names, Where
from betyg.publish.sentence import joined, stating

MENTIONED = 3  # named where none is surely ahead


def mentioned(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    theme: str,
    year: int,
    ahead: int = 0,
    **where: Unpack[Where],
) -> str:
    """Say what is mentioned most among the items of a theme that are chosen or not.

    Parameters
    ----------
    theme : str
        Theme of select-all items or coded open answers, each with a scale of no and yes.
    ahead : int
        How many, from the top, are each surely mentioned more often than each of the rest: they
        are named, and so it is said. Without any, the first three are named.
    """
    names = Names(survey, language)
    items = [i.item for i in survey.items if i.theme == theme and is_choice(survey, i.item, year)]
    if not items:
        raise DataError(
            f"study {survey.name}: the theme '{theme}' has no items with two answers (no, yes)."
        )
    rows = naming.estimated(
        estimates, survey, year=year, where=where, item=items, statistic="share"
    )
    chosen = [r for r in rows if r["shown"] and r["response"] == 2]
    chosen.sort(key=lambda r: -r["estimate"])
    listed = [
        language.text(
            "“{item}” {value}", item=names.item(r["item"]), value=share_with_margin(r, language)
        )
        for r in chosen[: ahead or MENTIONED]
    ]
    if not listed:
        return joined(names.theme(theme), f"{disclosure.label(language)}.", by=": ")
    told = {"theme": names.theme(theme), "year": str(year), "items": language.listing(listed)}
    if ahead:
        said = language.text("{theme} {year}, most often mentioned: {items}.", **told)
    else:
        said = language.text(
            "{theme} {year}, often mentioned: {items}; which is mentioned most is not sure.", **told
        )
    said = stating(said, *among.in_turn(claims.highest, chosen, "item", ahead or MENTIONED, items))
    rest = len(chosen) - ahead
    if not ahead or rest < 1:
        return said
    surely = language.plural(
        "Surely more often than the {n} other.",
        "Surely more often than each of the {n} others.",
        rest,
    )
    return joined(said, stating(surely, *_surely_ahead(theme, year, chosen, ahead)))


def _surely_ahead(
    theme: str, year: int, chosen: list[dict[str, Any]], ahead: int
) -> tuple[Claim, Claim]:
    """Claim that places after the first few cannot be theirs, and how many others there are."""
    where = claims.conditions(of="item", by=theme, year=year)
    codes = tuple(str(row["item"]) for row in chosen)
    first: Condition = ("code", "in", codes[:ahead])
    rest: Condition = ("code", "in", codes[ahead:])
    above: Condition = ("place_high", "<=", ahead)
    below: Condition = ("place_low", ">", ahead)
    return (
        claims.count("orders", "code", ahead, *where, first, must=[above]),
        claims.count("orders", "code", len(chosen) - ahead, *where, rest, must=[below]),
    )


def is_choice(survey: Study, item: str, year: int) -> bool:
    """Say whether an item is chosen or not, such as a theme of open answers."""
    return survey.asked(item, year) and survey.scale_of(item, year).k == 2

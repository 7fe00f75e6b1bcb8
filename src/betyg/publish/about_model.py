"""Sentences on the model: whether it fits, and whether a conclusion hangs on it."""

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, naming
from betyg.publish.claims import Condition
from betyg.publish.language import Language
from betyg.publish.naming import Names
from betyg.publish.sentence import joined, stating
from betyg.stats import fit_checks

TABLE = "fit_checks"
CHECKED: Condition = ("verdict", "!=", "not_checked")
DISTRIBUTION: Condition = ("check", "==", "distribution")
DROPPED: tuple[Condition, ...] = (CHECKED, ("check", "!=", "distribution"))


def checked(checks: pd.DataFrame, survey: Study, language: Language) -> list[str]:
    """Say what was checked, what was seen, and what it is worth in points.

    Parameters
    ----------
    checks : DataFrame
        As :func:`betyg.stats.fit_checks.table`; none for published values.

    Returns
    -------
    list of str
        Nothing where nothing was checked.
    """
    known = checks[checks["verdict"] != "not_checked"]
    told = [_unchecked(checks[checks["check"] == "model"], survey, language)]
    if (known["check"] != "distribution").any():
        worth = _worth(known, survey, language)
        told = [_seen(known, language), worth, _distribution(known, language), *told]
    return [sentence for sentence in told if sentence]


def _seen(known: pd.DataFrame, language: Language) -> str:
    seen = int((known["verdict"] != "not_seen").sum())
    said = language.text(
        "Does the model fit? For each question it was checked whether all steps of the scale move "
        "alike, whether answers spread equally everywhere, and whether they fall on the "
        "categories as the model expects. Of {count} checks {seen} show a departure; about "
        "{chance} would by chance alone.",
        count=language.integer(len(known)), seen=language.integer(seen),
        chance=language.integer(round(fit_checks.LEVEL * len(known))),
    )  # fmt: skip
    expected = fit_checks.LEVEL * len(known)
    departs: Condition = ("verdict", "!=", "not_seen")
    return stating(
        said,
        claims.by_chance(TABLE, len(known), expected, CHECKED),
        claims.count(TABLE, "", seen, CHECKED, must=[departs]),
    )


def _worth(known: pd.DataFrame, survey: Study, language: Language) -> str:
    """Say what dropping the assumptions does to the values that are compared, and their order."""
    dropped = known[known["check"] != "distribution"]
    serious = dropped[(dropped["verdict"] == "matters") | (dropped["swaps"] > 0)]
    if len(serious):
        said = language.text(
            "The comparison depends on this: without these assumptions a value moves by up to "
            "{size} points, and {swaps} sure orders between two units turn round. The order should "
            "be read with care.",
            size=_at_most(dropped, language, *DROPPED),
            swaps=language.integer(int(serious["swaps"].max())),
        )
        most = naming.records(serious.sort_values("swaps", kind="stable"))[-1]
        return stating(
            said,
            claims.value(TABLE, most, "swaps", "size"),
            claims.highest(TABLE, most, *DROPPED, of="swaps"),
        )
    headline = dropped[dropped["item"] == survey.compare.outcome]
    compared = headline if len(headline) else dropped  # an index of counts: its questions
    worst = naming.records(compared.sort_values("lost", kind="stable"))[-1]
    sure = claims.value(TABLE, worst, "lost", "sure")
    orders = claims.count(TABLE, "", 0, *DROPPED, must=[("swaps", ">", 0)])
    whose = (*DROPPED, *claims.conditions(item=survey.compare.outcome if len(headline) else None))
    size = _at_most(compared, language, *whose)
    if not worst["lost"]:
        said = language.text(
            "No conclusion depends on these assumptions: without them no value moves by more than "
            "{size} points, and every sure difference stays.",
            size=size,
        )
        none = claims.count(TABLE, "", 0, *whose, must=[("lost", ">", 0)])
        return stating(said, sure, orders, none)
    said = language.text(
        "No order depends on these assumptions: without them no value moves by more than {size} "
        "points and no sure order turns round. Of {sure} sure differences between two units, at "
        "most {lost} would no longer be sure.",
        size=size, sure=language.integer(worst["sure"]), lost=language.integer(worst["lost"]),
    )  # fmt: skip
    return stating(said, sure, orders, claims.highest(TABLE, worst, *whose, of="lost"))


def _distribution(known: pd.DataFrame, language: Language) -> str:
    spread = known[known["check"] == "distribution"]
    if spread.empty:
        return ""
    return language.text(
        "The mean that was observed lies nowhere more than {size} points from the mean that the "
        "model expects.",
        size=_at_most(spread, language, CHECKED, DISTRIBUTION),
    )


def _unchecked(lost: pd.DataFrame, survey: Study, language: Language) -> str:
    if lost.empty:
        return ""
    names = Names(survey, language)
    return language.text(
        "Not checked, as too few answered or all gave one answer: {items}.",
        items=language.listing(
            [joined("“", names.item(item), "”", by="") for item in lost["item"]]
        ),
    )


def _at_most(rows: pd.DataFrame, language: Language, *where: Condition) -> str:
    """Round up: the sentence says that nothing is larger among the rows that are so."""
    bound = float(np.ceil(rows["size"].max() * 10.0) / 10.0)
    none = claims.count(TABLE, "", 0, *where, must=[("size", ">", bound)])
    return stating(language.number(bound, 1), none)

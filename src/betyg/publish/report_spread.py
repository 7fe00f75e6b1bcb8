"""The report's words on where the differences between answers lie."""

import pandas as pd

from betyg.publish import claims, prose
from betyg.publish.edition import Edition
from betyg.publish.language import Language
from betyg.publish.naming import Names
from betyg.publish.section import Section
from betyg.publish.sentence import stating

LEAST = 0.01  # a share that rounds to nothing is not nothing
LITTLE = 0.1  # share of what makes answers differ, below which agency and activity tell little


def differences(page: Edition, parts: pd.DataFrame) -> Section:
    """Say how much of what makes answers differ goes with the agency, and how much with people.

    Parameters
    ----------
    parts : DataFrame
        Columns of variance_parts.parquet.
    """
    words, names = page.language, Names(page.survey, page.language)
    own = parts[parts["outcome"] == page.outcome]
    if own.empty:
        return Section(())
    terms = list(own["term"].astype(str))
    told = {
        "agency": [term for term in terms if term.startswith("agency")],
        "activity": [term for term in terms if term == "activity"],
    }
    listed = [
        words.text("{role} {share}", role=names.role(role).lower(), share=_share(own, of, words))
        for role, of in told.items()
        if of
    ]
    said = words.text(
        "What makes one answer differ from another goes with these to this extent: {parts}. The "
        "rest, {rest}, lies between people who rated the same.",
        parts=words.listing(listed), rest=_share(own, ["people"], words),
    )  # fmt: skip
    named = [term for of in told.values() for term in of]
    return Section((prose.paragraph(said, _little(own, named, words)),))


def _little(parts: pd.DataFrame, terms: list[str], language: Language) -> str:
    """Say that who was met tells little of what one met, where that is so."""
    value = float(parts.loc[parts["term"].isin(terms), "share"].sum())
    if value >= LITTLE:
        return ""
    said = language.text(
        "So a difference between two of those compared says little about what any one user will "
        "meet."
    )
    where = claims.conditions(outcome=parts["outcome"].iloc[0], term=terms)
    return stating(said, claims.total("variance_parts", "share", value, *where, under=LITTLE))


def _share(parts: pd.DataFrame, terms: list[str], language: Language) -> str:
    value = float(parts.loc[parts["term"].isin(terms), "share"].sum())
    where = claims.conditions(outcome=parts["outcome"].iloc[0], term=terms)
    if value >= LEAST:
        return stating(
            language.percent(value), claims.total("variance_parts", "share", value, *where)
        )
    return stating(
        language.text("less than 1%"),
        claims.total("variance_parts", "share", value, *where, under=LEAST),
    )

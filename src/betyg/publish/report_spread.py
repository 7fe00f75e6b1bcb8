"""The report's words on where the differences between answers lie."""

import pandas as pd

from betyg.publish import prose
from betyg.publish.language import Language
from betyg.publish.naming import Names
from betyg.publish.report import Edition
from betyg.publish.section import Section

LEAST = 0.01  # a share that rounds to nothing is not nothing


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
    share = own.set_index("term")["share"]
    agency = share[share.index.str.startswith("agency")]
    told = []
    if len(agency):
        told.append((names.role("agency"), float(agency.sum())))
    if "activity" in share:
        told.append((names.role("activity"), float(share["activity"])))
    listed = [
        words.text("{role} {share}", role=role.lower(), share=_share(value, words))
        for role, value in told
    ]
    said = words.text(
        "What makes one answer differ from another goes with these to this extent: {parts}. The "
        "rest, {rest}, lies between people who rated the same.",
        parts=words.listing(listed), rest=_share(float(share["people"]), words),
    )  # fmt: skip
    few = words.text(
        "So a difference between two of those compared says little about what any one user will "
        "meet."
    )
    return Section((prose.paragraph(said, few),))


def _share(value: float, language: Language) -> str:
    return language.percent(value) if value >= LEAST else language.text("less than 1%")

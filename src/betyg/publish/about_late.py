"""Sentences on late answers: how many came late, and whether they differ from early ones."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, naming
from betyg.publish.claims import Claim
from betyg.publish.language import Language
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import joined, quoted, stating
from betyg.stats import detectable


def sentences(
    late: pd.DataFrame, quality: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> list[str]:
    """Say how many of a round's respondents answered late, and how they differ from the others.

    Parameters
    ----------
    late, quality : DataFrame
        Columns of late.parquet and quality.parquet.
    """
    shares = quality[
        (quality["measure"] == "late") & (quality["year"] == year)
        & (quality["agency"] == ALL) & quality["shown"]
    ]  # fmt: skip
    said = [
        language.text(
            "{share} of the respondents answered late ({told}).",
            told=_told(survey, language, year),
            share=stating(language.percent(row["estimate"]),
                          claims.value("quality", row, "estimate")),
        )
        for row in naming.records(shares)
    ]  # fmt: skip
    return [*said, *_differences(naming.records(late[late["year"] == year]), survey, language)]


def _differences(rows: list[dict[str, Any]], survey: Study, language: Language) -> Iterator[str]:
    """Say how late answers differ, or why that is not told; where all or none are, nothing."""
    for row in rows:
        if row["shown"]:
            yield _compared(row, survey, language)
        elif row["n_early"] and row["n_late"]:
            few = language.text("Too few answers to compare late ones with early ones.")
            apart = language.text("Late and early answers cannot be compared: no unit has both.")
            yield apart if row["reason"] else few


def _told(survey: Study, language: Language, year: int) -> str:
    """Return what counts as late in a round: the columns of its files, and what stands in them.

    A column is called what the file calls it, in whatever language that is.
    """
    own = (source for source in survey.sources if source.year in (None, year))
    listed = (item for source in own for item in source.late.items())
    texts = (
        language.text("column “{column}” of the file: {values}", column=quoted(column),
                      values=quoted(", ".join(values)))
        for column, values in listed
    )  # fmt: skip
    return joined(*dict.fromkeys(texts), by="; ")


def _compared(row: dict[str, Any], survey: Study, language: Language) -> str:
    names = Names(survey, language)
    found = detectable.from_interval(
        *(float(row[f"difference_{end}"]) for end in ("low", "high", "se"))
    )
    numbers = {
        "item": names.item(survey.compare.outcome),
        "roles": language.listing([names.role(role).lower() for role in row["mix"].split(",")]),
        "points": language.signed(row["difference"]),
        "low": language.signed(row["difference_low"]),
        "high": language.signed(row["difference_high"]),
    }
    if row["difference_low"] > 0 or row["difference_high"] < 0:
        said = language.text(
            "A sure difference between late and early answers to “{item}”: {points} points ({low} "
            "to {high}), compared within {roles}. Those who never answered may differ likewise.",
            **numbers,
        )
        return stating(said, _sure(row))
    said = language.text(
        "No sure difference between late and early answers to “{item}”: {points} points ({low} "
        "to {high}), compared within {roles}; a difference of {found} is found four times in five.",
        found=language.number(found, 1), **numbers,
    )  # fmt: skip
    return stating(said, claims.no_difference("late", row, part="difference", found=found))


def _sure(row: dict[str, Any]) -> Claim:
    return claims.changed("late", row, part="difference", rise=row["difference"] > 0)

"""Sentences on how an agency lies beside the others: an equal mix, all intervals at once."""

from typing import Any

from betyg.data.study import Study
from betyg.publish import about_results, claims
from betyg.publish.claims import Claim
from betyg.publish.language import Language
from betyg.publish.naming import Names
from betyg.publish.sentence import joined, stating


def is_apart(row: dict[str, Any]) -> bool:
    """Tell whether a row of comparisons or profiles is shown and surely apart from the mean."""
    return bool(row["shown"]) and bool(row["from_mean_low"] > 0 or row["from_mean_high"] < 0)


def from_mean(row: dict[str, Any], survey: Study, language: Language, *, table: str) -> str:
    """Say how far an agency lies from the mean of all, and whether that is unusual.

    Parameters
    ----------
    row : mapping
        Of comparisons or profiles (``table`` says of which); :func:`is_apart` holds of it.
    """
    names = Names(survey, language)
    numbers = {
        "agency": names.agency(row["agency"]), "item": names.item(row["outcome"]),
        "value": about_results.with_margin(row, language, table=table),
        "points": language.number(abs(row["from_mean"]), 1), "year": str(row["year"]),
    }  # fmt: skip
    said = (
        language.text(
            "{agency} gets higher marks than the average for “{item}” in {year}: {value} of 100 at "
            "an equal mix, {points} points above the mean of all, each counted once.",
            **numbers,
        )
        if row["from_mean_low"] > 0
        else language.text(
            "{agency} gets lower marks than the average for “{item}” in {year}: {value} of 100 at "
            "an equal mix, {points} points below the mean of all, each counted once.",
            **numbers,
        )
    )
    said = stating(said, claims.value(table, row, "from_mean"), _surely(table, row))
    if row["band"] != "as_expected":
        return said
    usual = language.text("It still lies within the expected range.")
    return joined(said, stating(usual, claims.as_expected(table, row)))


def _surely(table: str, row: dict[str, Any]) -> Claim:
    if row["from_mean_low"] > 0:
        return claims.higher_than(table, row, by="from_mean_low")
    return claims.lower_than(table, row, by="from_mean_high")


def places(row: dict[str, Any], survey: Study, language: Language, *, last: int) -> str:
    """Say which places an agency may have, none of them after ``last``."""
    names, low, high = Names(survey, language), int(row["place_low"]), int(row["place_high"])
    said = language.text(
        "{agency}, “{item}” {year}: place {places}, surely among the first {last}.",
        agency=names.agency(row["agency"]), item=names.item(row["outcome"]),
        year=str(row["year"]), places=language.range(low, high), last=language.integer(last),
    )  # fmt: skip
    among_first = claims.holds("comparisons", row, ("place_high", "<=", last))
    return stating(said, claims.ranked("comparisons", row), among_first)

"""Statements of a researcher, in one line of a notebook: shown if the data carry them.

Each function returns a sentence in the page's language, with its claims, as the report's own
sentences are; what the data do not carry is refused, with what could be said instead.
"""

from typing import Any

from betyg.publish import about_change, about_results, claims, naming, prose
from betyg.publish.claims import Claim, ClaimError
from betyg.publish.naming import ALL, Names, Where
from betyg.publish.prose import Prose
from betyg.publish.report import Edition
from betyg.publish.sentence import claims_of, stating


def is_high(page: Edition, item: str, *, least: float, agency: str = ALL) -> Prose:
    """State that an item or index lies surely above a level.

    Parameters
    ----------
    page : Edition
        The report or brief.
    item : str
        Code of a question, an index, or ``theme.<code>``.
    least : float
        The level, on 0-100; the whole interval must lie above it.
    agency : str
        Code of an agency; all of them without.

    Raises
    ------
    ClaimError
        If the interval does not lie above; says which it is, and what could be said.
    """
    row = _row(page, item, agency)
    if not row["ci_low"] > least:
        raise _refused(page, row, f"surely above {least:g}", f"least={row['ci_low']:.1f} or less")
    said = page.language.text(
        "{agency}, “{item}” {year}: {value} of 100, surely above {least}.",
        least=page.language.number(least), **_words(page, row),
    )  # fmt: skip
    return _shown(said, claims.is_high("estimates", row, least=least))


def is_low(page: Edition, item: str, *, most: float, agency: str = ALL) -> Prose:
    """State that an item or index lies surely below a level; as :func:`is_high`.

    Raises
    ------
    ClaimError
        If the interval does not lie below.
    """
    row = _row(page, item, agency)
    if not row["ci_high"] < most:
        raise _refused(page, row, f"surely below {most:g}", f"most={row['ci_high']:.1f} or more")
    said = page.language.text(
        "{agency}, “{item}” {year}: {value} of 100, surely below {most}.",
        most=page.language.number(most), **_words(page, row),
    )  # fmt: skip
    return _shown(said, claims.is_low("estimates", row, most=most))


def changed(page: Edition, *, since: int, agency: str = ALL) -> Prose:
    """State a sure change of the headline outcome, over what was surveyed in both rounds.

    Raises
    ------
    ClaimError
        If there is no sure change like for like; says which interval it has.
    """
    return _change(page, since, agency, sure=True)


def no_difference(page: Edition, *, since: int, agency: str = ALL) -> Prose:
    """State that no change was found, with the change that would have been.

    Raises
    ------
    ClaimError
        If there is a sure change, or the rounds cannot be compared.
    """
    return _change(page, since, agency, sure=False)


def _change(page: Edition, since: int, agency: str, *, sure: bool) -> Prose:
    said = about_change.like_for_like(
        page.changes, page.survey, page.language,
        agency=agency, outcome=page.outcome, years=(since, page.year),
    )  # fmt: skip
    wanted = "changed" if sure else "no_difference"
    if not any(claim.kind == wanted for claim in claims_of(said)):
        what = "a sure change" if sure else "that no sure change was found"
        raise ClaimError(f"{page.survey.name}: {what} cannot be stated. What can be: “{said}”")
    return _shown(said)


def _row(page: Edition, item: str, agency: str) -> dict[str, Any]:
    """Return the estimate of the page's round, with an interval and enough answers."""
    page.survey.item(item)
    where = Where(agency=agency)
    row = naming.estimated(page.estimates, page.survey, year=page.year, where=where, item=item)[0]
    if not row["shown"] or not row["ci_low"] <= row["ci_high"]:
        raise ClaimError(
            f"{page.survey.name}: {item}, agency {agency}, {page.year}: too few answers, or no "
            "interval. Nothing can be stated of it; take a larger group or more rounds."
        )
    return row


def _words(page: Edition, row: dict[str, Any]) -> dict[str, str]:
    names = Names(page.survey, page.language)
    who = str(row["agency"])
    return {
        "agency": names.everyone() if who == ALL else names.agency(who),
        "item": names.item(str(row["item"])),
        "year": str(page.year),
        "value": about_results.with_margin(row, page.language),
    }


def _refused(page: Edition, row: dict[str, Any], what: str, instead: str) -> ClaimError:
    interval = f"{row['ci_low']:.1f} to {row['ci_high']:.1f}"
    return ClaimError(
        f"{page.survey.name}: {row['item']}, agency {row['agency']}, {page.year} is not {what}: "
        f"its value is {row['estimate']:.1f} and its 95% interval {interval}. The data carry "
        f"{instead}, or the value with its interval (about_results.level)."
    )


def _shown(said: str, *more: Claim) -> Prose:
    return prose.paragraph(stating(said, *more))

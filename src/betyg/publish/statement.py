"""Statements of a researcher, in one line of a notebook: shown if the data carry them.

Each function returns a sentence in the page's language, with its claims, as the report's own
sentences are; what the data do not carry is refused, with what could be said instead.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from betyg.publish import (
    about_change,
    about_order,
    about_results,
    about_standing,
    claims,
    naming,
    prose,
)
from betyg.publish.claims import Claim, ClaimError
from betyg.publish.edition import Edition
from betyg.publish.naming import ALL, Names, Where
from betyg.publish.prose import Prose
from betyg.publish.sentence import claims_of, quoted, stating


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
    return _level(page, item, agency, limit=least, above=True)


def is_low(page: Edition, item: str, *, most: float, agency: str = ALL) -> Prose:
    """State that an item or index lies surely below a level; as :func:`is_high`.

    Raises
    ------
    ClaimError
        If the interval does not lie below.
    """
    return _level(page, item, agency, limit=most, above=False)


def share(page: Edition, item: str, *, response: int, least: float, agency: str = ALL) -> Prose:
    """State that surely more than a share gave an answer.

    Parameters
    ----------
    response : int
        Position of the answer on its scale, from 1.
    least : float
        The share, 0-1; the whole interval must lie above it.

    Raises
    ------
    ClaimError
        If the interval does not lie above.
    """
    row = _estimate(page, item, agency, statistic="share", response=response)
    if not row["ci_low"] > least:
        instead = f"least={row['ci_low']:.3f} or less"
        raise _refused(page, row, f"surely above {least:g}", instead)
    words, survey = page.language, page.survey
    answer = survey.scale_of(item, page.year).answers[response - 1]
    said = words.text(
        "{agency}, “{item}” {year}: {value} answer “{answer}”, surely more than {least}.",
        answer=quoted(survey.label(answer, words.code)), least=words.percent(least),
        **_words(page, row) | {"value": about_results.share_with_margin(row, words)},
    )  # fmt: skip
    return _shown(said, claims.holds("estimates", row, ("ci_low", ">", float(least))))


def higher_than(page: Edition, *, agency: str) -> Prose:
    """State that an agency lies surely above the mean of all, headline outcome, equal mix.

    Raises
    ------
    ClaimError
        If its interval, simultaneous for all agencies, does not lie above; or too few answered.
    """
    return _from_mean(page, agency, above=True)


def lower_than(page: Edition, *, agency: str) -> Prose:
    """State that an agency lies surely below the mean of all; as :func:`higher_than`.

    Raises
    ------
    ClaimError
        If its interval does not lie below.
    """
    return _from_mean(page, agency, above=False)


def ranked(page: Edition, *, agency: str, last: int) -> Prose:
    """State that an agency is surely among the first, headline outcome, equal mix.

    Parameters
    ----------
    last : int
        The last place that it may have: of the set that holds for all agencies at once.

    Raises
    ------
    ClaimError
        If it may have a later place, or is not ranked.
    """
    row = _comparison(page, agency)
    if not row["place_high"] <= last:
        raise ClaimError(
            f"{page.survey.name}: agency {agency}, {page.year} is not surely among the first "
            f"{last}: {_placed(row)}"
        )
    return _shown(about_standing.places(row, page.survey, page.language, last=last))


def shared_place(page: Edition, orders: pd.DataFrame, *, code: str, by: str) -> Prose:
    """State who shares a place: no difference between them is sure, and none is large.

    Parameters
    ----------
    orders : DataFrame
        As orders.parquet has them.
    code : str
        One of those that share it: an activity, a group or an item.
    by : str
        By what they are ranked, an item or a theme.

    Raises
    ------
    ClaimError
        If it shares no place in the page's round; says which places it may have.
    """
    ranks = orders[(orders["by"] == by) & (orders["year"] == page.year)]
    own = ranks[ranks["code"] == code]
    if own.empty or not own["shared"].iloc[0]:
        placed = "it is not ranked" if own.empty else _placed(own.iloc[0])
        raise ClaimError(
            f"{page.survey.name}: {code} by {by}, {page.year} shares no place: {placed}"
        )
    of = str(own["of"].iloc[0])
    same = (ranks["of"] == of) & ranks["shared"] & (ranks["place_low"] == own["place_low"].iloc[0])
    sharing = ranks[same].assign(**{of: ranks.loc[same, "code"]})
    names = Names(page.survey, page.language)
    what = names.theme(by) if of == "item" else names.item(by)
    return _shown(
        about_order.places(sharing, page.survey, page.language, what=what, year=page.year, of=of)  # type: ignore[arg-type]  # one of the kinds that are ranked
    )


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


def _estimate(page: Edition, item: str, agency: str, **keys: object) -> dict[str, Any]:
    """Return the estimate of the page's round, with an interval and enough answers."""
    page.survey.item(item)
    row = naming.estimated(
        page.estimates, page.survey, year=page.year, where=Where(agency=agency), item=item, **keys
    )[0]
    if not row["shown"] or not row["ci_low"] <= row["ci_high"]:
        raise _nothing(page, f"{item}, agency {agency}")
    return row


def _comparison(page: Edition, agency: str) -> dict[str, Any]:
    """Return how an agency compares in the page's round, where enough answered."""
    page.survey.agency(agency)
    own = page.comparisons[
        (page.comparisons["agency"] == agency) & (page.comparisons["year"] == page.year)
        & (page.comparisons["shown"].astype(bool))
    ]  # fmt: skip
    if own.empty:
        raise _nothing(page, f"{page.outcome}, agency {agency}")
    return naming.records(own)[0]


def _level(page: Edition, item: str, agency: str, *, limit: float, above: bool) -> Prose:
    row, words = _estimate(page, item, agency), page.language
    if not (row["ci_low"] > limit if above else row["ci_high"] < limit):
        least, most = f"least={row['ci_low']:.1f} or less", f"most={row['ci_high']:.1f} or more"
        side = "above" if above else "below"
        raise _refused(page, row, f"surely {side} {limit:g}", least if above else most)
    number, told = words.number(limit), _words(page, row)
    if above:
        said = words.text(
            "{agency}, “{item}” {year}: {value} of 100, surely above {least}.", least=number, **told
        )
        return _shown(said, claims.is_high("estimates", row, least=limit))
    said = words.text(
        "{agency}, “{item}” {year}: {value} of 100, surely below {most}.", most=number, **told
    )
    return _shown(said, claims.is_low("estimates", row, most=limit))


def _from_mean(page: Edition, agency: str, *, above: bool) -> Prose:
    row = _comparison(page, agency)
    if not (row["from_mean_low"] > 0 if above else row["from_mean_high"] < 0):
        raise ClaimError(
            f"{page.survey.name}: agency {agency}, {page.year} is not surely "
            f"{'above' if above else 'below'} the mean of all: it lies {row['from_mean']:.1f} "
            f"points from it, with a simultaneous interval of {row['from_mean_low']:.1f} to "
            f"{row['from_mean_high']:.1f}. The data carry its value (about_results.level)."
        )
    return _shown(about_standing.from_mean(row, page.survey, page.language, table="comparisons"))


def _placed(row: Mapping[str, Any] | pd.Series) -> str:
    if not row["place_low"] <= row["place_high"]:
        return "it has too few answers to be ranked."
    return f"it may have place {row['place_low']:.0f} to {row['place_high']:.0f}."


def _nothing(page: Edition, what: str) -> ClaimError:
    return ClaimError(
        f"{page.survey.name}: {what}, {page.year}: too few answers, or no interval. Nothing can "
        "be stated of it; take a larger group or more rounds."
    )


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
    digits = 3 if row["statistic"] == "share" else 1
    interval = f"{row['ci_low']:.{digits}f} to {row['ci_high']:.{digits}f}"
    return ClaimError(
        f"{page.survey.name}: {row['item']}, agency {row['agency']}, {page.year} is not {what}: "
        f"its value is {row['estimate']:.{digits}f} and its 95% interval {interval}. The data "
        f"carry {instead}, or the value with its interval (about_results.level)."
    )


def _shown(said: str, *more: Claim) -> Prose:
    return prose.paragraph(stating(said, *more))

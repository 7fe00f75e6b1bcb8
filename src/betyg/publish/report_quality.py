"""The report's sections on trust: published figures, losses on the way, method."""

from collections.abc import Iterable

import pandas as pd

from betyg.publish import (
    about_late,
    about_model,
    about_quality,
    about_robustness,
    claims,
    prose,
    replication,
    response,
    tables,
)
from betyg.publish.edition import Edition
from betyg.publish.language import msgid
from betyg.publish.naming import ALL, Names
from betyg.publish.section import Section, Shown
from betyg.publish.sentence import quoted, stating
from betyg.stats import clustered, weights

_INFERENCE = {
    "performance": msgid(
        "The question is how the units perform: the users of the round count as a sample of those "
        "who might have come, so no correction is made for having asked a large part of them."
    ),
    "this_year": msgid(
        "The question is what the users of the round think: those who were asked are set against "
        "all of them (finite population correction)."
    ),
}
_LONELY = {
    "adjust": msgid("A stratum with a single answer is set against the mean of all strata."),
    "certainty": msgid("A stratum with a single answer adds no uncertainty."),
    "error": msgid("No stratum has a single answer."),
}


def published(page: Edition) -> Section:
    """Set published figures beside what the data give, up to the round that is reported."""
    if not page.survey.published:
        return page.left_out(page.language.text("No published figures are known of this survey."))
    found = replication.compare(
        page.survey,
        domains=page.domains,
        people=page.people,
        cells=page.cells,
        estimates=page.estimates,
    )
    later = {row.id for row in page.survey.published if (row.year or 0) > page.year}
    known = found[~found["id"].isin(list(later))]
    return Section((tables.published(known, page.survey, page.language),))


def quality(
    page: Edition,
    attrition: pd.DataFrame,
    *,
    measured: pd.DataFrame,
    late: pd.DataFrame,
    tipped: pd.DataFrame,
    tested: pd.DataFrame,
) -> Section:
    """Account for the rows, those who did not answer, and what another way of computing says.

    Parameters
    ----------
    attrition, measured, late, tipped, tested : DataFrame
        attrition, quality, late, tipping and robustness.parquet.
    """
    survey, words, year = page.survey, page.language, page.year
    parts: list[Shown | None] = [
        tables.attrition(attrition, survey, words),
        prose.bullets(
            *about_quality.response(measured, survey, words, year=year),
            *about_late.sentences(late, measured, survey, words, year=year),
        ),
        response.rates(measured, survey, words, year=year),
        response.missing(measured, survey, words, year=year),
        about_quality.reliability(measured, survey, words, year=year),
        prose.paragraph(about_quality.tipping(tipped, survey, words, year=year)),
        about_quality.tipping_table(tipped, survey, words, year=year),
        prose.paragraph(
            about_robustness.conclusions(tested, page.changes, survey, words, year=year)
        ),
        about_robustness.doubtful(tested, page.changes, survey, words, year=year),
    ]
    return Section(_kept(parts))


def _kept(parts: Iterable[Shown | None]) -> tuple[Shown, ...]:
    return tuple(part for part in parts if part is not None)


def method(page: Edition, checks: pd.DataFrame) -> Section:
    """State how answers become numbers, how sure these are said to be, and if the model fits."""
    told = _of_values(page) if page.is_published else _of_answers(page)
    fit = about_model.checked(checks, page.survey, page.language)
    return Section((prose.bullets(*told, *fit, _base(page)),))


def _of_values(page: Edition) -> list[str]:
    return [
        page.language.text(
            "The values are as published. The trend is that of a linear model with a level for "
            "each unit and a step for each year (REML)."
        )
    ]


def _of_answers(page: Edition) -> list[str]:
    words, survey = page.language, page.survey
    return [
        _scoring(page),
        quoted(
            words.text(
                "Intervals hold for 95 of 100 samples. Means: linearised errors, t distribution; "
                "shares: Korn and Graubard."
            )
        ),
        *_sampling(page),
        *_modelling(page),
        words.text(
            "Places and largest differences: simultaneous intervals of all pairs. Differences "
            "under {margin} points are taken not to matter.",
            margin=stating(
                words.number(survey.compare.margin),
                claims.declared("compare.margin", survey.compare.margin),
            ),
        ),
    ]


def _scoring(page: Edition) -> str:
    if page.domains.empty:
        said = page.language.text(
            "Answers are scored from 0 (lowest) to 100 (highest) in equal steps; an index is the "
            "mean of the means of its questions, with the widest interval that their unknown "
            "dependence allows."
        )
    else:
        said = page.language.text(
            "Answers are scored from 0 (lowest) to 100 (highest) in equal steps; an index is the "
            "mean of its questions, if at least half of them were answered."
        )
    return quoted(said)


def _sampling(page: Edition) -> Iterable[str]:
    words, survey = page.language, page.survey
    if page.domains.empty:
        yield words.text("Only counts are known: the answers of a unit count as independent.")
        return
    names = Names(survey, words)
    roles = [names.role(role).lower() for role in survey.design.strata]
    if roles:
        yield words.text("Strata: {roles}.", roles=words.listing(roles))
    yield words.text(_LONELY[survey.design.lonely])
    yield words.text(_INFERENCE[survey.compare.inference])
    low, high, effect = weights.spread(page.domains)
    if high > low:
        said = words.text(
            "The answers are weighted; the weights go from {low} to {high} and multiply the "
            "variance by {effect} (Kish).",
            low=words.number(low, 1), high=words.number(high, 1), effect=words.number(effect, 2),
        )  # fmt: skip
        numbers = {"min": low, "max": high, "kish": effect}
        yield stating(said, claims.weighted(numbers, ("year", "<=", page.year)))


def _modelling(page: Edition) -> Iterable[str]:
    if page.is_modelled:
        said = page.language.text(
            "Units at one common mix: a cumulative logit model of the ordered answers, fitted to "
            "{n} answers, with the values averaged over the mix of all answers.",
            n=page.language.integer(_modelled(page)),
        )
        where: tuple[claims.Condition, ...] = (
            ("agency", "!=", ALL), ("year", ">", 0), ("year", "<=", page.year),
        )  # fmt: skip
        yield stating(said, claims.total("comparisons", "n", _modelled(page), *where))
        if clustered.declared(page.survey):
            yield page.language.text(
                "Their errors are made of the clusters' sums, so that answers from one cluster "
                "count as what they are: alike."
            )


def _modelled(page: Edition) -> int:
    """Return how many answers the model of the years was fitted to."""
    single = page.comparisons["agency"] != ALL  # of one round there is no row of all
    return int(page.comparisons.loc[single & (page.comparisons["year"] > 0), "n"].sum())


def _base(page: Edition) -> str:
    words, shown = page.language, page.survey.disclosure
    return words.text(
        "A number is shown from {show} answers. Response rates under {rate} are too low for a "
        "comparison over the whole country.",
        show=stating(words.integer(shown.show), claims.declared("disclosure.show", shown.show)),
        rate=stating(words.percent(shown.response_rate),
                     claims.declared("disclosure.response_rate", shown.response_rate)),
    )  # fmt: skip

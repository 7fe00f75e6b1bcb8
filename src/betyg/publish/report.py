"""The sections of the report: what each shows, and in a word why, where a study cannot have it."""

import pandas as pd

from betyg.publish import (
    about_change,
    about_results,
    about_survey,
    agencies,
    change,
    claims,
    distribution,
    heatmap,
    naming,
    prose,
    tables,
    years,
)
from betyg.publish.claims import Claim
from betyg.publish.edition import ANSWERS_OF_THREE_WAYS, Edition, like_for_like
from betyg.publish.edition import edition as edition  # the notebook reads: report.edition(...)
from betyg.publish.naming import ALL, Names
from betyg.publish.section import Section
from betyg.publish.sentence import quoted, stating


def summary(page: Edition) -> Section:
    """Tell in plain words what the survey is, what was found and what changed."""
    survey, words, year = page.survey, page.language, page.year
    if page.is_published:
        return Section((prose.bullets(*_of_published(page)),))
    sentences = [
        about_survey.rounds(page.presence, survey, words, year=year),
        about_survey.taking_part(page.presence, survey, words, year=year),
        about_survey.activities(page.presence, survey, words, year=year, limit=4),
        about_survey.selection(page.presence, survey, words, year=year),
        about_survey.groups_asked(survey, words) if page.people.empty else
        about_survey.answered(page.people, survey, words, year=year),
        about_results.level(page.estimates, survey, words, item=page.outcome, year=year),
        _themes(page),
        about_results.lowest(page.estimates, survey, words, year=year),
        *like_for_like(page, ALL),
    ]  # fmt: skip
    return Section((prose.bullets(*sentences),))


def _of_published(page: Edition) -> list[str]:
    """Say how many values were found in print, and what changed where there are two of them."""
    words = page.language
    values = page.estimates[page.estimates["item"] == page.outcome]
    values = values[~values["agency"].isin(list(page.survey.totals))]
    told: list[str] = [
        stating(words.text(
            "{item}: {values} published values of {units} units, {first}–{last}.",
            item=Names(page.survey, words).item(page.outcome), values=words.integer(len(values)),
            units=words.integer(values["agency"].nunique()), first=str(values["year"].min()),
            last=str(values["year"].max()),
        ), *_counted_values(page, values))
    ]  # fmt: skip
    pair = page.within[page.within["year_to"] == page.year]
    for row in naming.records(pair[pair["ci_low"].notna()]):
        told.append(
            stating(words.text(
                "The {n} units with a value in both years changed on average by {change} points "
                "from {first} to {last} ({interval}).",
                n=words.integer(row["n"]), change=words.signed(row["estimate"], 1),
                first=str(row["year_from"]), last=str(row["year_to"]),
                interval=about_change.interval(row["ci_low"], row["ci_high"], words),
            ), claims.value("within", row, "n", "estimate", "ci_low", "ci_high"))
        )  # fmt: skip
    return told


def _counted_values(page: Edition, values: pd.DataFrame) -> tuple[Claim, Claim]:
    """Claim how many values of how many units there are, and from when to when."""
    units = tuple(sorted(values["agency"].astype(str).unique()))
    where = claims.conditions(item=page.outcome, agency=units)
    years: tuple[claims.Condition, ...] = (
        ("year", ">=", int(values["year"].min())), ("year", "<=", int(values["year"].max())),
    )  # fmt: skip
    return (
        claims.count("estimates", "", len(values), *where, ("year", "<=", page.year), must=years),
        claims.count("estimates", "agency", len(units), *where, ("year", "<=", page.year)),
    )


def _themes(page: Edition) -> str:
    if not any(theme.index for theme in page.survey.themes):
        return ""
    return about_results.themes(page.estimates, page.survey, page.language, year=page.year)


def facts(page: Edition) -> Section:
    """Show the facts box and the measures taken over the years."""
    survey, words = page.survey, page.language
    told = quoted(str(survey.label(survey.about, words.code))) if survey.about else ""
    about = prose.paragraph(told)
    if page.is_published:
        return Section((about, tables.sources(survey, words, values=page.estimates)))
    box = tables.facts(page.presence, page.people, survey, words, year=page.year,
                       agency=page.focus or None)  # fmt: skip
    first = int(page.cells["year"].min())
    measures = about_survey.events(survey, words, year_from=first, year_to=page.year)
    return Section((about, box, prose.bullets(*measures)))


def answers(page: Edition) -> Section:
    """Show how the answers to each question of the round are distributed."""
    if page.is_published:
        return page.left_out(
            page.language.text(
                "Only published values are known of this survey, not the answers behind them: "
                "their distribution cannot be shown."
            )
        )
    drawn = distribution.answers(page.estimates, page.survey, page.language, year=page.year)
    return Section((drawn,))


def compared(page: Edition, shrunken: pd.DataFrame) -> Section:
    """Show the agencies at one common mix of activities and groups, and as they answered.

    Parameters
    ----------
    shrunken : DataFrame
        shrunken.parquet: published values that have a margin of error.
    """
    survey, words = page.survey, page.language
    if page.is_published:
        return _as_published(page, shrunken[shrunken["year"] == page.year])
    if not page.several_agencies:
        return page.left_out(words.text("There is one unit only: nothing to compare."))
    adjusted = page.comparisons[page.comparisons["year"] == page.year]
    focus = page.focus or None
    if adjusted.empty:
        return Section((
            agencies.compared(page.estimates, survey, words, item=page.outcome, year=page.year,
                              emphasis=focus),
        ))  # fmt: skip
    mix = prose.paragraph(_mix(page))
    figure = agencies.compared(
        page.comparisons, survey, words, item=page.outcome, year=page.year, emphasis=focus
    )
    return Section((mix, figure))


def _as_published(page: Edition, shrunken: pd.DataFrame) -> Section:
    """Set published values beside the model's, or say why there are none to set beside."""
    words = page.language
    if shrunken.empty:
        return page.left_out(
            words.text(
                "The published values are a selection and mostly without their number of answers: "
                "how sure a difference is cannot be told, so places are not ranked or compared."
            )
        )
    told = words.text(
        "Beside each published value stands what a model makes of it: the less sure the value, "
        "the closer it is drawn to what the unit's other years and the other units let expect. "
        "The values that were found in print are a selection, so nothing is ranked."
    )
    found = tables.shrunken(shrunken, page.survey, words, item=page.outcome)
    return Section((prose.paragraph(told), found))


def _mix(page: Edition) -> str:
    if not page.is_modelled:
        return page.language.text("The values are as answered: nothing is adjusted for.")
    names = Names(page.survey, page.language)
    roles = [names.role(role) for role in page.survey.compare.adjust_for]
    if not roles:
        return page.language.text("The values are estimated by a model of the ordered answers.")
    return page.language.text(
        "The values are what each would get at one and the same mix ({roles}), estimated by a "
        "model of the ordered answers.",
        roles=page.language.listing([role.lower() for role in roles]),
    )


def over_time(page: Edition, always: pd.DataFrame) -> Section:
    """Show the years: all, the agencies present throughout, and the focus.

    Parameters
    ----------
    always : DataFrame
        throughout.parquet.
    """
    survey, words = page.survey, page.language
    if page.before is None:
        return page.left_out(words.text("This is the first round: nothing to follow over time."))
    if page.is_published:
        return _trend(page)
    where = {"agency": page.focus} if page.focus else {}
    followed = page.estimates[page.estimates["year"] >= page.year_from]
    panel = always[(always["until"] == page.year) & (always["year"] >= page.year_from)]
    figure = years.compared(
        followed, survey, words, item=page.outcome, panel=None if panel.empty else panel,
        changes=page.changes, **where,
    )  # fmt: skip
    return Section((figure,))


def _trend(page: Edition) -> Section:
    """Show the model's trend of published values, and say whose trend it is."""
    words = page.language
    trend = page.comparisons[page.comparisons["agency"] == ALL]
    values = trend.rename(columns={"outcome": "item"}).drop(columns="n").assign(statistic="mean")
    told = words.text(
        "The line follows an average unit, each with its own level, so that units that come and "
        "go do not move it. It is the trend of the values that were found in print: those who "
        "rose are more often in print than others."
    )
    figure = years.compared(values, page.survey, words, item=page.outcome)
    return Section((prose.paragraph(told), figure))


def themes(page: Edition) -> Section:
    """Show where each agency lies above or below the mean of all, theme by theme."""
    words = page.language
    if page.is_published or not page.several_agencies:
        return page.left_out(
            words.text("Themes are compared between units that answered the same questions only.")
        )
    drawn = heatmap.differences(
        page.estimates, page.survey, words, year=page.year, items=_graded(page)
    )
    told = [
        about_results.across_agencies(
            page.estimates, page.survey, words, item=f"theme.{theme.theme}", year=page.year,
            least=page.high,
        )
        for theme in page.survey.themes
        if ((page.estimates["item"] == f"theme.{theme.theme}")
            & (page.estimates["year"] == page.year)).any()
    ]  # fmt: skip
    return Section((drawn, prose.bullets(*told)))


def _graded(page: Edition) -> list[str] | None:
    """Return the items with grades; None where the themes have indices of their own."""
    survey = page.survey
    composite = set(page.estimates.loc[page.estimates["year"] == page.year, "item"].astype(str))
    if any(f"theme.{theme.theme}" in composite for theme in survey.themes):
        return None
    per_activity = {row.item for row in survey.crosswalk if row.activity}
    return [
        item.item
        for item in survey.items
        if item.item in composite
        and item.item not in per_activity
        and survey.scale_of(item.item, page.year).k > ANSWERS_OF_THREE_WAYS
    ] or None


def changes(page: Edition) -> Section:
    """Show raw and like-for-like change of every agency since the round before."""
    survey, words = page.survey, page.language
    if page.is_published:
        return Section((tables.within(page.within, survey, words, item=page.outcome),))
    if page.before is None or not _has_pair(page):
        return page.left_out(words.text("No earlier round that this one can be set against."))
    figure = change.compared(
        page.changes, survey, words,
        outcome=page.outcome, year_from=page.before, year_to=page.year,
    )  # fmt: skip
    told = [*like_for_like(page, ALL), *_surely_changed(page, page.before)]
    return Section((prose.bullets(*told), figure))


def _surely_changed(page: Edition, before: int) -> list[str]:
    """Say of each agency that surely changed, all judged together, how much."""
    sure = change.surely(
        page.changes, page.survey, outcome=page.outcome, year_from=before, year_to=page.year
    )
    return [
        about_change.like_for_like(
            page.changes, page.survey, page.language,
            agency=agency, outcome=page.outcome, years=(before, page.year),
        )
        for agency in sure
    ]  # fmt: skip


def _has_pair(page: Edition) -> bool:
    pair = (page.changes["year_from"] == page.before) & (page.changes["year_to"] == page.year)
    return bool((pair & (page.changes["agency"] != ALL)).any())

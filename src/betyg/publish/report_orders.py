"""The report's sections on views, services and measures: what is ranked, shared and mentioned."""

from collections.abc import Iterator

import pandas as pd

from betyg.data.codebook import Item
from betyg.publish import (
    about_change,
    about_choices,
    about_order,
    about_results,
    about_survey,
    claims,
    naming,
    prose,
    ranking,
)
from betyg.publish.edition import ANSWERS_OF_THREE_WAYS, Edition, like_for_like
from betyg.publish.naming import ALL, Names
from betyg.publish.section import Section, Shown
from betyg.publish.sentence import joined, stating

ANSWERS_OF_A_CHOICE = 2


def views(
    page: Edition, orders: pd.DataFrame, leads: pd.DataFrame, agreement: pd.DataFrame
) -> Section:
    """Say what is best, most important, shared by all and mentioned most, as far as asked."""
    parts = (
        *_grades(page, orders),
        *_three_ways(page),
        *_shared(page, agreement),
        *_services(page, orders, leads),
        *_mentioned(page, orders),
    )
    if not parts and page.survey.kind == "counts":
        return page.left_out(
            page.language.text(
                "Only counts of each question are known: what one person answered to several "
                "questions cannot be compared."
            )
        )
    if not parts:
        return page.left_out(
            page.language.text("The survey has no questions that can be set in order.")
        )
    return Section(parts)


def _services(page: Edition, orders: pd.DataFrame, leads: pd.DataFrame) -> Iterator[Shown]:
    """Rank the activities that every respondent rates, with ties said to be ties."""
    mine = orders[(orders["of"] == "activity") & (orders["year"] <= page.year)]
    for item in mine.loc[mine["year"] == page.year, "by"].unique():
        yield from _service(page, mine, leads, str(item))


def _service(
    page: Edition, orders: pd.DataFrame, leads: pd.DataFrame, item: str
) -> Iterator[Shown]:
    survey, words = page.survey, page.language
    every = orders[orders["by"] == item].rename(columns={"code": "activity"})
    now = every[every["year"] == page.year]
    top = str(now["activity"].iloc[0])
    against = leads[
        (leads["item"] == item) & (leads["year"] == page.year) & (leads["first"] == top)
    ]
    yield prose.paragraph(
        about_order.places(now, survey, words, what=Names(survey, words).item(item),
                           year=page.year),
        about_order.first_every_year(every, survey, words) if page.before else "",
        about_order.apart_from_others(against, survey, words, item=item, unit=top),
    )  # fmt: skip
    yield ranking.compared(now, survey, words, item=item, year=page.year)


def _grades(page: Edition, orders: pd.DataFrame) -> Iterator[Shown]:
    """Say of each theme of graded questions which is best, and how sure that is."""
    now = orders[(orders["of"] == "item") & (orders["year"] == page.year)]
    told = []
    for theme in now["by"].unique():
        own = now[now["by"] == theme].rename(columns={"code": "item"})
        if _answers(page, str(own["item"].iloc[0])) > ANSWERS_OF_THREE_WAYS:
            said = about_order.best(own, page.survey, page.language, year=page.year)
            told.append(joined(Names(page.survey, page.language).theme(str(theme)), said, by=": "))
    if told:
        yield prose.bullets(*told)


def _answers(page: Edition, item: str) -> int:
    return page.survey.scale_of(item, page.year).k


def _three_ways(page: Edition) -> Iterator[Shown]:
    """Say how questions of better, same or worse were answered; nothing is kept back."""
    told = [
        about_results.shares(page.estimates, page.survey, page.language, item=i.item,
                             year=page.year)
        for i in _asked(page)
        if _answers(page, i.item) == ANSWERS_OF_THREE_WAYS
    ]  # fmt: skip
    if told:
        yield prose.bullets(*told)


def _shared(page: Edition, agreement: pd.DataFrame) -> Iterator[Shown]:
    """Say which views all agencies share, within the margin that matters."""
    survey, words = page.survey, page.language
    now = agreement[(agreement["year"] == page.year) & (agreement["n"] >= survey.disclosure.show)]
    names = Names(survey, words)
    told = [
        about_order.same_everywhere(
            words, what=names.item(row["item"]), found=row, groups=names.counted(row["agencies"]),
        )
        for row in naming.records(now)
        if _answers(page, row["item"]) > ANSWERS_OF_THREE_WAYS
    ]  # fmt: skip
    if told:
        yield prose.bullets(*told)


def _mentioned(page: Edition, orders: pd.DataFrame) -> Iterator[Shown]:
    """Say what is mentioned most in open answers and select-all questions."""
    choices = (i for i in _asked(page) if _answers(page, i.item) == ANSWERS_OF_A_CHOICE)
    now = orders[(orders["of"] == "item") & (orders["year"] == page.year)]
    told = [
        about_choices.mentioned(
            page.estimates, page.survey, page.language, theme=theme, year=page.year,
            ahead=about_order.ahead(now[now["by"] == theme]),
        )
        for theme in dict.fromkeys(item.theme for item in choices)
        if theme
    ]  # fmt: skip
    if told:
        yield prose.bullets(*told)


def _asked(page: Edition) -> list[Item]:
    """Return the items with answers in this round."""
    now = page.cells[(page.cells["year"] == page.year) & (page.cells["kind"] == "answer")]
    present = set(now["item"].astype(str))
    return [item for item in page.survey.items if item.item in present]


def measures(page: Edition, effects: pd.DataFrame) -> Section:
    """Set the change of the agencies that a measure concerned against that of the others."""
    now = effects[effects["year_to"] == page.year]
    names = Names(page.survey, page.language)
    told = [
        about_change.around_event(
            page.language, event=names.event(int(row["event"])), item=names.item(row["item"]),
            found=row,
        )
        for row in naming.records(now)
    ]  # fmt: skip
    told += _before_and_after(page)
    if not told:
        return page.left_out(
            page.language.text("No measure that concerned some and not others is on record.")
        )
    return Section((prose.bullets(*told),))


def _before_and_after(page: Edition) -> Iterator[str]:
    """Say of each measure that concerned all how what it was meant to change has gone."""
    survey, words = page.survey, page.language
    for at, event in enumerate(survey.events):
        item = event.item or page.outcome
        years = sorted({int(y) for y in page.cells.loc[page.cells["item"] == item, "year"]})
        before = [year for year in years if year < event.year <= page.year]
        if event.agencies or page.is_published or not before or page.year not in years:
            continue
        went = about_change.between(
            page.estimates, survey, words, item=item, years=(before[-1], page.year)
        )
        yield words.text(
            "{event}. It concerned all, so there is nobody to compare with. {change}",
            event=Names(survey, words).event(at), change=went,
        )  # fmt: skip


def focus(page: Edition) -> Section:
    """Describe the agency in focus: high and low marks, activity by activity, and its changes."""
    survey, words, year, agency = page.survey, page.language, page.year, page.focus
    if not agency:
        return page.left_out(words.text("No unit was chosen to be described by itself."))
    if not ((page.estimates["agency"] == agency) & (page.estimates["year"] == year)).any():
        return page.left_out(
            stating(
                words.text(
                    "{agency} did not take part in {year}.",
                    agency=Names(survey, words).agency(agency), year=str(year),
                ),
                claims.count("estimates", "", 0, ("year", "==", year),
                             must=claims.conditions(agency=agency)),
            )
        )  # fmt: skip
    everyone = about_survey.taking_part(page.presence, survey, words, year=year)
    own = about_survey.taking_part(page.presence, survey, words, year=year, agency=agency)
    told = [
        own if own != everyone else "",  # the summary has said it
        about_survey.activities_of(page.presence, survey, words, agency=agency, year=year),
        *_of_theme(page, agency),
        about_results.lowest(page.estimates, survey, words, year=year, agency=agency),
        *like_for_like(page, agency),
    ]
    return Section((prose.bullets(*told),))


def _of_theme(page: Edition, agency: str) -> Iterator[str]:
    """Say of the best theme what each question got, and whether it is high in every activity."""
    survey, words, year = page.survey, page.language, page.year
    own = page.estimates[
        (page.estimates["agency"] == agency)
        & (page.estimates["year"] == year)
        & (page.estimates["statistic"] == "mean")
        & page.estimates["item"].isin([f"theme.{t.theme}" for t in survey.themes])
        & page.estimates["shown"]
    ]
    whole = own[(own["activity"] == ALL) & (own["group"] == ALL)]
    if whole.empty:
        return
    best = str(whole.sort_values("estimate")["item"].iloc[-1])
    yield about_results.themes(page.estimates, survey, words, year=year, agency=agency)
    yield about_results.of_theme(
        page.estimates, survey, words, theme=best.removeprefix("theme."), year=year,
        least=page.high, agency=agency,
    )  # fmt: skip
    least = page.high
    if least is not None:
        yield about_results.high_everywhere(
            page.estimates, survey, words, item=best, year=year, least=least, agency=agency
        )

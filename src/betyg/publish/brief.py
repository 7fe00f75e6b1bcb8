"""Two pages about one agency: what went well, what did not, what changed, how sure that is.

Each function is one part of the brief, made from the tables of the study; the notebook
06_brief puts them in order. All of them take the :class:`betyg.publish.edition.Edition` whose
``focus`` is the agency.
"""

from typing import Any

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import ParameterError
from betyg.publish import (
    about_change,
    about_results,
    about_standing,
    about_survey,
    claims,
    naming,
    profile,
    prose,
    tables,
    years,
)
from betyg.publish import edition as editions
from betyg.publish.claims import Claim
from betyg.publish.edition import ANSWERS_OF_THREE_WAYS, Edition, like_for_like
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names
from betyg.publish.section import Section
from betyg.publish.sentence import carried, stating
from betyg.stats import detectable

LINES = 3  # of praise, and of criticism
ANSWERS_OF_SHORT_SCALES = 5  # with more, the two lowest are seldom chosen, and say little
PRESENCE = ("agency", "year", "activity", "group", "kind")
"""Columns of domains and cells that tell who took part when: no brief looks at answers."""


def edition(
    survey: Study, language: Language, *, agency: str, year: int = 0, **frames: pd.DataFrame
) -> Edition:
    """Cut the tables off at the agency's own latest round, or at ``year``.

    Raises
    ------
    ParameterError
        If there is no such agency, or it never took part up to then.
    """
    survey.agency(agency)
    own = frames["cells"].loc[frames["cells"]["agency"] == agency, "year"]
    known = sorted(int(y) for y in own.unique() if not year or y <= year)
    if not known:
        raise ParameterError(
            f"agency: {agency} has no answers{f' up to {year}' if year else ''}. Its rounds: "
            f"{', '.join(str(y) for y in sorted(set(own))) or 'none'}."
        )
    one = frames["estimates"]["agency"].isin([agency, ALL])  # the rest is looked through in vain
    told = frames | {"estimates": editions.those(frames["estimates"], one)}
    return editions.edition(survey, language, year=known[-1], year_from=0, focus=agency, **told)


def headline(page: Edition, profiles: pd.DataFrame) -> prose.Prose:
    """Say the surest thing that the data say about the agency."""
    found = [*_apart(page, profiles), *_changed(page)]
    if found:
        return prose.headline(max(found)[1])
    return prose.headline(_high_everywhere(page) or _level(page))


def _apart(page: Edition, profiles: pd.DataFrame) -> list[tuple[float, str]]:
    """Say of each theme that is surely apart from the mean of all how far, and how surely."""
    rows = profiles[(profiles["agency"] == page.focus) & (profiles["year"] == page.year)]
    told = []
    for row in naming.records(naming.pick(rows, page.survey)) if len(rows) else []:
        if about_standing.is_apart(row):
            said = about_standing.from_mean(row, page.survey, page.language, table="profiles")
            half = (row["from_mean_high"] - row["from_mean_low"]) / 2
            told.append((abs(row["from_mean"]) / half, said))
    return told


def _changed(page: Edition) -> list[tuple[float, str]]:
    """Say what changed surely since each earlier round, and how surely."""
    own = page.changes[
        (page.changes["agency"] == page.focus)
        & (page.changes["year_to"] == page.year)
        & (page.changes["outcome"] == page.outcome)
    ]
    told = []
    for row in naming.records(own):
        low, high = row["like_for_like_low"], row["like_for_like_high"]
        sure = row["comparable"] and row["shown"] and (low > 0 or high < 0)
        if sure and not about_change.is_sure_alone(page.changes, page.survey, row):
            said = about_change.like_for_like(
                page.changes, page.survey, page.language, agency=page.focus, outcome=page.outcome,
                years=(int(row["year_from"]), page.year),
            )  # fmt: skip
            told.append((abs(row["like_for_like"]) / ((high - low) / 2), said))
    return told


def _high_everywhere(page: Edition) -> str:
    """Say which theme is surely high in every activity; empty if none is."""
    if page.high is None:
        return ""
    for row in _values(page, [f"theme.{theme.theme}" for theme in page.survey.themes]):
        own = page.estimates[
            (page.estimates["agency"] == page.focus) & (page.estimates["year"] == page.year)
            & (page.estimates["item"] == row["item"]) & (page.estimates["statistic"] == "mean")
            & (page.estimates["group"] == ALL) & (page.estimates["activity"] != ALL)
            & page.estimates["shown"]
        ]  # fmt: skip
        if len(own) > 1 and (own["ci_low"] > page.high).all():
            return about_results.high_everywhere(
                page.estimates, page.survey, page.language, item=row["item"], year=page.year,
                least=page.high, agency=page.focus,
            )  # fmt: skip
    return ""


def _level(page: Edition) -> str:
    return about_results.level(
        page.estimates, page.survey, page.language, item=page.outcome, year=page.year,
        agency=page.focus,
    )  # fmt: skip


def lead(page: Edition) -> prose.Prose:
    """Say what was asked, when, and how many answered."""
    survey, words, year = page.survey, page.language, page.year
    said = [about_survey.rounds(page.presence, survey, words, year=year)]
    if len(page.people):
        said.append(about_survey.answered(page.people, survey, words, year=year, agency=page.focus))
    said.append(about_survey.activities_of(page.presence, survey, words, agency=page.focus,
                                           year=year))  # fmt: skip
    return prose.paragraph(*said)


def praised(page: Edition) -> prose.Prose:
    """List what got the highest marks; where the study names bands, only what is surely high."""
    rows = _graded(page)
    if not rows:
        return _too_few(page)
    sure = [row for row in rows if page.high is None or row["ci_low"] > page.high]
    lines = [_line(page, row) for row in sure[:LINES]]
    if lines:
        return prose.bullets(*lines)
    none = page.language.text(
        "No question lies surely above {least} of 100.",
        least=page.language.number(page.high or 0),
    )
    return prose.paragraph(stating(none, _nowhere(rows, ("ci_low", ">", page.high or 0.0))))


def _too_few(page: Edition) -> prose.Prose:
    return prose.paragraph(page.language.text("Too few answers to show."))


def _nowhere(rows: list[dict[str, Any]], must: claims.Condition) -> Claim:
    """Claim that no question of these is surely on one side."""
    where = claims.row_of("estimates", rows[0] | {"item": None})
    codes: claims.Condition = ("item", "in", tuple(row["item"] for row in rows))
    return claims.count("estimates", "item", 0, *where, codes, must=[must])


def criticised(page: Edition) -> prose.Prose:
    """List what got the lowest marks; where the study names bands, only what is surely not high."""
    rows = _graded(page)[::-1]
    if not rows:
        return _too_few(page)
    sure = [row for row in rows if page.high is None or row["ci_high"] < page.high]
    lines = [_line(page, row, low=True) for row in sure[:LINES]]
    if lines:
        return prose.bullets(*lines)
    none = page.language.text(
        "No question lies surely below {least} of 100.",
        least=page.language.number(page.high or 0),
    )
    return prose.paragraph(stating(none, _nowhere(rows, ("ci_high", "<", page.high or 0.0))))


def _graded(page: Edition) -> list[dict[str, Any]]:
    """Return the agency's grades, the highest first; hidden ones and directions stay out."""
    survey = page.survey
    per_activity = {row.item for row in survey.crosswalk if row.activity}
    codes = [
        item.item
        for item in survey.items
        if item.item not in per_activity
        and survey.scale_of(item.item, page.year).k > ANSWERS_OF_THREE_WAYS
    ]
    return _values(page, codes)


def _values(page: Edition, items: list[str]) -> list[dict[str, Any]]:
    keys = {**MARGIN, "statistic": "mean", "agency": page.focus, "year": page.year}
    chosen = page.estimates["item"].isin(items)
    for name, value in keys.items():
        chosen &= page.estimates[name] == value
    if not chosen.any():
        return []
    rows = naming.pick(page.estimates[chosen], page.survey)
    rows = rows[rows["shown"] & rows["ci_low"].notna()]
    return naming.records(rows.sort_values(["estimate", "item"], ascending=[False, True]))


def _line(page: Edition, row: dict[str, Any], *, low: bool = False) -> str:
    names, words = Names(page.survey, page.language), page.language
    said = words.text(
        "“{item}”: {grade}.",
        item=names.item(row["item"]), grade=about_results.grade(row, page.survey, words),
    )  # fmt: skip
    if page.high is not None:
        said = stating(
            said,
            claims.is_low("estimates", row, most=page.high) if low
            else claims.is_high("estimates", row, least=page.high),
        )  # fmt: skip
    is_short = page.survey.scale_of(row["item"], page.year).k <= ANSWERS_OF_SHORT_SCALES
    share = low and is_short and about_results.low_share(
        page.estimates, page.survey, words, item=row["item"], year=page.year,
        where={"agency": page.focus},
    )  # fmt: skip
    if not share:
        return said
    told = words.text("{share} give one of the two lowest answers", share=share)
    return carried(f"{said[:-1]}; {told}.", [said, told])


def changed(page: Edition) -> prose.Prose:
    """Say what changed since earlier rounds over the activities surveyed in both, or why not."""
    told = like_for_like(page, page.focus)
    if not told:
        return prose.paragraph(
            page.language.text("No earlier round that this one can be set against.")
        )
    return prose.bullets(*told)


def themes(page: Edition, profiles: pd.DataFrame) -> Section:
    """Show the agency's themes against the range expected of an agency like the others."""
    own = (profiles["agency"] == page.focus) & (profiles["year"] == page.year)
    if not (own & profiles["shown"].astype(bool)).any():
        return page.left_out(
            page.language.text("Too few agencies or answers to compare theme by theme.")
        )
    return Section(
        (profile.compared(profiles, page.survey, page.language, agency=page.focus, year=page.year),)
    )


def trend(page: Edition) -> Section:
    """Show how the agency went over the years beside all."""
    own = page.estimates[(page.estimates["agency"] == page.focus)]
    if own["year"].nunique() < 2:
        return page.left_out(
            page.language.text("This is the first round: nothing to follow over time.")
        )
    return Section(
        (
            years.compared(
                page.estimates,
                page.survey,
                page.language,
                item=page.outcome,
                changes=page.changes,
                agency=page.focus,
            ),
        )
    )


def certainty(page: Edition) -> prose.Prose:
    """Say how wide the margin is, and which difference from the others would have been found."""
    words, names = page.language, Names(page.survey, page.language)
    rows = page.comparisons[
        (page.comparisons["agency"] == page.focus) & (page.comparisons["year"] == page.year)
    ]
    if rows.empty or not bool(rows["shown"].iloc[0]) or np.isnan(rows["from_mean"].iloc[0]):
        return prose.paragraph(words.text("Too few answers or agencies to say how sure."))
    row = naming.records(rows)[0]
    found = detectable.from_interval(
        row["from_mean_low"], row["from_mean_high"], row["from_mean_se"]
    )
    margin = (row["ci_high"] - row["ci_low"]) / 2
    answers = words.plural("{n} answer.", "{n} answers.", int(row["n"]))
    return prose.bullets(
        stating(answers, claims.value("comparisons", row, "n")),
        words.text(
            "“{item}” has a margin of error of {margin} points up and down.",
            item=names.item(page.outcome),
            margin=stating(
                words.number(margin, 1), claims.follows("comparisons", row, {"ci.half": margin})
            ),
        ),
        words.text(
            "A difference of {points} points from the mean of all is found four times in five; "
            "smaller ones mostly stay unseen.",
            points=stating(
                words.number(found, 1),
                claims.follows("comparisons", row, {"from_mean.detectable": found}),
            ),
        ),
        words.text(
            "Each interval holds by itself, and tells of chance only: who chose not to answer is "
            "not in it."
        ),
    )


def facts(page: Edition) -> Section:
    """Show the facts box: the round, who takes part, since when, which activities."""
    survey, words = page.survey, page.language
    box = tables.facts(page.presence, page.people, survey, words, year=page.year, agency=page.focus)
    return Section((box,))

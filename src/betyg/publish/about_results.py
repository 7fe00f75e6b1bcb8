"""Sentences on levels and shares: what is high, what is low, how the answers are divided."""

from collections.abc import Sequence
from typing import Any, Unpack

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import among, claims, disclosure, extremes, naming
from betyg.publish.claims import Claim
from betyg.publish.language import Language
from betyg.publish.naming import ALL, INDEX_OF_THEME, Names, Where
from betyg.publish.sentence import joined, quoted, stating


def with_margin(row: dict[str, Any], language: Language, *, table: str = "estimates") -> str:
    """Write a value 0-100 with its interval: ``72 (70–74)``."""
    said = claims.value(table, row, "estimate", "ci_low", "ci_high")
    if pd.isna(row.get("ci_low")):
        return stating(language.number(row["estimate"]), said)
    low, high = row["ci_low"], row["ci_high"]
    # An interval that rounds to one number says nothing: 56.1 (55.9-56.4), not 56 (56).
    digits = int(language.number(low) == language.number(high))
    span = language.range(low, high, digits)
    return stating(f"{language.number(row['estimate'], digits)} ({span})", said)


def share_with_margin(row: dict[str, Any], language: Language) -> str:
    """Write a share with its interval: ``25 % (21–30)``."""
    value = stating(
        language.percent(row["estimate"]),
        claims.share("estimates", row, "estimate", "ci_low", "ci_high"),
    )
    if pd.isna(row.get("ci_low")):
        return value
    span = language.range(100 * row["ci_low"], 100 * row["ci_high"])
    return joined(value, f"({span})")


def level(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    **where: Unpack[Where],
) -> str:
    """Say how high an item or index is, and in which of the study's bands its interval lies.

    Parameters
    ----------
    estimates : DataFrame
        Columns of estimates.parquet.
    """
    row = naming.estimated(estimates, survey, year=year, where=where, item=item)[0]
    what = Names(survey, language).item(item)
    if not row["shown"]:
        return joined(what, f"{disclosure.label(language)}.", by=": ")
    return joined(what, grade(row, survey, language), by=": ") + "."


def grade(
    row: dict[str, Any], survey: Study, language: Language, *, table: str = "estimates"
) -> str:
    """Write a value with its interval and the band that holds it: ``72 (70–74) of 100, high``."""
    value = language.text("{value} of 100", value=with_margin(row, language, table=table))
    return in_band(value, row, survey, language, table=table)


def in_band(
    value: str, row: dict[str, Any], survey: Study, language: Language, *, table: str
) -> str:
    """Add to a value the band that holds its interval, or the bands between which it lies."""
    low, high = (_band(row[end], survey, language) for end in ("ci_low", "ci_high"))
    if not low or not high:
        return value
    value = stating(value, _within_bands(row, survey, table=table))
    if low == high:
        return language.text("{value}, {band}", value=value, band=low)
    return language.text("{value}, between {low} and {high}", value=value, low=low, high=high)


def _within_bands(row: dict[str, Any], survey: Study, *, table: str) -> Claim:
    """Claim that the lower end has reached its band, and the upper end no further one."""
    starts = [band.from_ for band in survey.bands]
    must: list[claims.Condition] = [
        ("ci_low", ">=", max(start for start in starts if start <= row["ci_low"]))
    ]
    further = [start for start in starts if start > row["ci_high"]]
    if further:
        must.append(("ci_high", "<", min(further)))
    return claims.holds(table, row, *must)


def _band(value: float, survey: Study, language: Language) -> str:
    """Return the label of the band that a value lies in; empty where there is none."""
    if pd.isna(value):
        return ""
    reached = [band for band in survey.bands if band.from_ <= value]
    if not reached:
        return ""
    label = survey.label(max(reached, key=lambda band: band.from_), language.code)
    return quoted(label[:1].lower() + label[1:])


def high_everywhere(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    least: float,
    **where: Unpack[Where],
) -> str:
    """Say in how many activities an agency surely reaches a level.

    Parameters
    ----------
    estimates : DataFrame
        Rows of agency x year x activity.
    least : float
        What counts as high, on 0-100, such as the beginning of a band; the whole interval must
        lie above it.
    """
    names = Names(survey, language)
    rows = naming.estimated(estimates, survey, year=year, where=where, item=item, activity=None)
    surveyed = [r for r in rows if r["activity"] != ALL]
    of_activity = [r for r in surveyed if r["shown"]]
    if not of_activity:
        return ""
    sure = [r for r in of_activity if r["ci_low"] > least]
    common = {
        "agency": names.agency(where.get("agency", ALL)),
        "item": names.item(item),
        "year": str(year),
        "least": language.number(least),
        "span": _span(of_activity, language),
    }  # fmt: skip
    if len(sure) == len(surveyed):
        said = language.text(
            "{agency} gets high marks for “{item}” in every surveyed activity {year}: {span} of "
            "100, surely above {least} in each.",
            **common,
        )
        each = (claims.is_high("estimates", r, least=least) for r in of_activity)
        return stating(said, *each, *among.counted(of_activity, "activity", least))
    said = language.text(
        "{agency}, “{item}” {year}: surely above {least} in {sure} of {total} activities; the "
        "values lie at {span} of 100.",
        sure=language.integer(len(sure)), total=language.integer(len(of_activity)), **common,
    )  # fmt: skip
    return stating(said, *among.counted(of_activity, "activity", least))


def _span(rows: list[dict[str, Any]], language: Language) -> str:
    """Write from which value to which rows go."""
    ends = [min(rows, key=lambda r: r["estimate"]), max(rows, key=lambda r: r["estimate"])]
    span = language.range(*(end["estimate"] for end in ends))
    return stating(span, *(claims.value("estimates", end, "estimate") for end in ends))


def of_theme(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    theme: str,
    year: int,
    least: float | None = None,
    **where: Unpack[Where],
) -> str:
    """Say what each item of a theme got, the highest first.

    Parameters
    ----------
    least : float, optional
        What counts as high, on 0-100: adds how many of the items surely lie above it.
    """
    names = Names(survey, language)
    items = [i.item for i in survey.items if i.theme == theme]
    if not items:
        raise DataError(f"study {survey.name}: no items of the theme '{theme}' in codebook.csv.")
    rows = [
        r
        for r in naming.estimated(estimates, survey, year=year, where=where, item=items)
        if r["shown"]
    ]
    rows.sort(key=lambda r: -r["estimate"])
    listed = [
        language.text("“{item}” {value}", item=names.item(r["item"]),
                      value=with_margin(r, language))
        for r in rows
    ]  # fmt: skip
    if not listed:
        return names.theme(theme) + f": {disclosure.label(language)}."
    said = language.text(
        "“{theme}” {year}, of 100: {items}.", theme=names.theme(theme), year=str(year),
        items=language.listing(listed),
    )  # fmt: skip
    if least is None:
        return said
    return joined(said, _surely_above(rows, "item", least, language, items))


def _surely_above(
    rows: list[dict[str, Any]], of: str, least: float, language: Language, codes: Sequence[str] = ()
) -> str:
    numbers = {
        "sure": language.integer(sum(row["ci_low"] > least for row in rows)),
        "total": language.integer(len(rows)), "least": language.number(least),
    }  # fmt: skip
    if numbers["sure"] == numbers["total"]:
        said = language.text("All {total} lie surely above {least}.", **numbers)
    else:
        said = language.text("Surely above {least}: {sure} of {total}.", **numbers)
    return stating(said, *among.counted(rows, of, least, codes))


def themes(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    **where: Unpack[Where],
) -> str:
    """Say which theme is highest and which lowest, as far as that is sure."""
    codes = [f"{INDEX_OF_THEME}{t.theme}" for t in survey.themes if t.index]
    rows = naming.estimated(estimates, survey, year=year, where=where, item=codes)
    shown = [row for row in rows if row["shown"]]
    if len(shown) < 2:
        return ""
    names = Names(survey, language)

    def label(row: dict[str, Any]) -> str:
        return language.text(
            "“{item}” {value}", item=names.item(row["item"]), value=with_margin(row, language)
        )

    found = extremes.ends(extremes.compared(shown, "item", codes), language, label=label)
    return language.text("Of the themes in {year}, of 100: {ends}.", year=str(year), ends=found)


def lowest(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    count: int = 2,
    **where: Unpack[Where],
) -> str:
    """Say which questions got the lowest marks, with the share of low answers.

    Parameters
    ----------
    count : int
        How many questions are named at most: only those of which each is surely below each other
        question; without any, the first ones, and that it is not sure.
    """
    names = Names(survey, language)
    codes = [i.item for i in survey.items if i.theme and survey.scale_of(i.item, year).k >= 4]
    rows = naming.estimated(estimates, survey, year=year, where=where, item=codes)
    ordered = sorted((r for r in rows if r["shown"]), key=lambda r: r["estimate"])
    found = extremes.compared(ordered, "item", codes)
    sure = found.surely_lowest(count)
    listed = []
    for row in ordered[: len(sure) or count]:
        low = low_share(estimates, survey, language, item=str(row["item"]), year=year, where=where)
        text = language.text(
            "“{item}” {value}", item=names.item(row["item"]), value=with_margin(row, language)
        )
        if low:
            text = joined(
                text,
                language.text("{share} give one of the two lowest answers", share=low),
                by=", ",
            )
        listed.append(text)
    if len(ordered) < 2:
        return ""
    told = {"year": str(year), "items": joined(*listed, by="; ")}
    if sure:
        said = language.text("Lowest of the themes' questions in {year}, of 100: {items}.", **told)
        return stating(said, found.is_behind(sure))
    said = language.text(
        "Which of the themes' questions is lowest in {year} is not sure; among the low ones are, "
        "of 100: {items}.",
        **told,
    )
    return stating(said, found.is_first(lowest=True))


def low_share(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    where: Where,
) -> str:
    """Write the share that gave one of the two lowest answers; nothing where not estimated."""
    if not ((estimates["item"] == item) & (estimates["statistic"] == "share")).any():
        return ""
    try:
        rows = naming.estimated(
            estimates, survey, year=year, where=where, item=item, statistic="share"
        )
    except DataError:  # the margin has means but no shares
        return ""
    if not all(row["shown"] for row in rows):
        return ""
    low = float(sum(row["estimate"] for row in rows if row["response"] <= 2))
    answers: claims.Condition = ("response", "<=", 2)
    same = claims.row_of("estimates", rows[0] | {"response": None})
    return stating(
        language.percent(low), claims.total("estimates", "estimate", low, *same, answers)
    )


def across_agencies(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    least: float | None = None,
) -> str:
    """Say how an item stands over all, and which agency surely is highest and which lowest.

    Parameters
    ----------
    least : float, optional
        What counts as high, on 0-100: adds how many agencies surely lie above it.
    """
    names = Names(survey, language)
    rows = naming.estimated(estimates, survey, year=year, where=Where(), item=item, agency=None)
    whole = next((r for r in rows if r["agency"] == ALL and r["shown"]), None)
    own = [row for row in rows if row["agency"] != ALL and row["shown"]]
    if whole is None or len(own) < 2:
        return ""

    def label(row: dict[str, Any]) -> str:
        return joined(names.agency(row["agency"]), with_margin(row, language))

    said = language.text(
        "“{item}” {year}: {value} of 100 over all; {ends}.",
        item=names.item(item), year=str(year), value=with_margin(whole, language),
        ends=extremes.ends(extremes.compared(own, "agency"), language, label=label),
    )  # fmt: skip
    return said if least is None else joined(said, _surely_above(own, "agency", least, language))


def shares(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    **where: Unpack[Where],
) -> str:
    """Say how the answers to one question are divided: every answer, don't-know included.

    Made for three-way questions (better, same, worse): nothing of the rest is kept back.
    """
    names = Names(survey, language)
    rows = naming.estimated(estimates, survey, year=year, where=where, item=item,
                 statistic=["share", "dont_know"])  # fmt: skip
    if not all(row["shown"] for row in rows):
        return joined(names.item(item), f"{disclosure.label(language)}.", by=": ")
    answers = survey.scale_of(item, year).answers
    parts = [
        language.text(
            "“{answer}” {share}",
            answer=quoted(survey.label(answers[int(r["response"]) - 1], language.code)),
            share=share_with_margin(r, language),
        )
        for r in sorted(rows, key=lambda r: -r["response"])
        if r["statistic"] == "share"
    ]
    text = language.text(
        "“{item}” {year}: {answers}.", item=names.item(item), year=str(year),
        answers=language.listing(parts),
    )  # fmt: skip
    unknown = [r for r in rows if r["statistic"] == "dont_know" and r["estimate"] > 0]
    if unknown:
        share = stating(
            language.percent(unknown[0]["estimate"]),
            claims.share("estimates", unknown[0], "estimate"),
        )
        text = joined(text, language.text("{share} of the respondents do not know.", share=share))
    return text

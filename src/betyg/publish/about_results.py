"""Sentences on levels and shares: what is high, what is low, how the answers are divided."""

from typing import Any, Unpack

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import disclosure, naming
from betyg.publish.language import Language
from betyg.publish.naming import ALL, INDEX_OF_THEME, MARGIN, Names, Where

MENTIONED = 3  # named where none is surely ahead


def with_margin(row: dict[str, Any], language: Language) -> str:
    """Write a value 0-100 with its interval: ``72 (70–74)``."""
    if pd.isna(row.get("ci_low")):
        return language.number(row["estimate"])
    low, high = row["ci_low"], row["ci_high"]
    # An interval that rounds to one number says nothing: 56.1 (55.9-56.4), not 56 (56).
    digits = int(language.number(low) == language.number(high))
    return f"{language.number(row['estimate'], digits)} ({language.range(low, high, digits)})"


def share_with_margin(row: dict[str, Any], language: Language) -> str:
    """Write a share with its interval: ``25 % (21–30)``."""
    value = language.percent(row["estimate"])
    if pd.isna(row.get("ci_low")):
        return value
    return f"{value} ({language.range(100 * row['ci_low'], 100 * row['ci_high'])})"


def _rows(
    estimates: pd.DataFrame, survey: Study, *, year: int, where: Where, **keys: object
) -> list[dict[str, Any]]:
    chosen: dict[str, object] = {"statistic": "mean", **MARGIN, **where, "year": year, **keys}
    return naming.records(naming.pick(estimates, survey, **chosen))


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
    row = _rows(estimates, survey, year=year, where=where, item=item)[0]
    what = Names(survey, language).item(item)
    if not row["shown"]:
        return f"{what}: {disclosure.label(language)}."
    return f"{what}: {grade(row, survey, language)}."


def grade(row: dict[str, Any], survey: Study, language: Language) -> str:
    """Write a value with its interval and the band that holds it: ``72 (70–74) of 100, high``."""
    value = language.text("{value} of 100", value=with_margin(row, language))
    return in_band(value, row, survey, language)


def in_band(value: str, row: dict[str, Any], survey: Study, language: Language) -> str:
    """Add to a value the band that holds its interval, or the bands between which it lies."""
    low, high = (_band(row[end], survey, language) for end in ("ci_low", "ci_high"))
    if not low or not high:
        return value
    if low == high:
        return language.text("{value}, {band}", value=value, band=low)
    return language.text("{value}, between {low} and {high}", value=value, low=low, high=high)


def _band(value: float, survey: Study, language: Language) -> str:
    """Return the label of the band that a value lies in; empty where there is none."""
    if pd.isna(value):
        return ""
    reached = [band for band in survey.bands if band.from_ <= value]
    if not reached:
        return ""
    label = survey.label(max(reached, key=lambda band: band.from_), language.code)
    return label[:1].lower() + label[1:]


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
    rows = _rows(estimates, survey, year=year, where=where, item=item, activity=None)
    of_activity = [r for r in rows if r["activity"] != ALL and r["shown"]]
    if not of_activity:
        return ""
    sure = [r for r in of_activity if r["ci_low"] > least]
    values = [r["estimate"] for r in of_activity]
    common = {
        "agency": names.agency(where.get("agency", ALL)),
        "item": names.item(item),
        "year": str(year),
        "least": language.number(least), "span": language.range(min(values), max(values)),
    }  # fmt: skip
    if len(sure) == len(of_activity):
        return language.text(
            "{agency} gets high marks for “{item}” in every surveyed activity {year}: {span} of "
            "100, surely above {least} in each.",
            **common,
        )
    return language.text(
        "{agency}, “{item}” {year}: surely above {least} in {sure} of {total} activities; the "
        "values lie at {span} of 100.",
        sure=language.integer(len(sure)), total=language.integer(len(of_activity)), **common,
    )  # fmt: skip


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
    rows = [r for r in _rows(estimates, survey, year=year, where=where, item=items) if r["shown"]]
    rows.sort(key=lambda r: -r["estimate"])
    listed = [
        language.text("“{item}” {value}", item=names.item(r["item"]),
                      value=with_margin(r, language))
        for r in rows
    ]  # fmt: skip
    if not listed:
        return f"{names.theme(theme)}: {disclosure.label(language)}."
    said = language.text(
        "“{theme}” {year}, of 100: {items}.", theme=names.theme(theme), year=str(year),
        items=language.listing(listed),
    )  # fmt: skip
    return said if least is None else f"{said} {_surely_above(rows, least, language)}"


def _surely_above(rows: list[dict[str, Any]], least: float, language: Language) -> str:
    numbers = {
        "sure": language.integer(sum(row["ci_low"] > least for row in rows)),
        "total": language.integer(len(rows)), "least": language.number(least),
    }  # fmt: skip
    if numbers["sure"] == numbers["total"]:
        return language.text("All {total} lie surely above {least}.", **numbers)
    return language.text("Surely above {least}: {sure} of {total}.", **numbers)


def themes(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    **where: Unpack[Where],
) -> str:
    """Say which theme is highest and which lowest."""
    codes = [f"{INDEX_OF_THEME}{t.theme}" for t in survey.themes if t.index]
    rows = _rows(estimates, survey, year=year, where=where, item=codes)
    ordered = sorted((r for r in rows if r["shown"]), key=lambda r: -r["estimate"])
    if len(ordered) < 2:
        return ""
    names = Names(survey, language)
    top, bottom = ordered[0], ordered[-1]
    return language.text(
        "Of the themes, “{top}” is highest in {year}, {high} of 100, and “{bottom}” lowest, {low}.",
        top=names.item(top["item"]), high=with_margin(top, language), year=str(year),
        bottom=names.item(bottom["item"]), low=with_margin(bottom, language),
    )  # fmt: skip


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
        How many questions are named.
    """
    names = Names(survey, language)
    codes = [i.item for i in survey.items if i.theme and survey.scale_of(i.item, year).k >= 4]
    rows = [r for r in _rows(estimates, survey, year=year, where=where, item=codes) if r["shown"]]
    bottom = sorted(rows, key=lambda r: r["estimate"])[:count]
    listed = []
    for row in bottom:
        low = low_share(estimates, survey, item=str(row["item"]), year=year, where=where)
        text = language.text(
            "“{item}” {value}", item=names.item(row["item"]), value=with_margin(row, language)
        )
        if low is not None:
            text += ", " + language.text(
                "{share} give one of the two lowest answers", share=language.percent(low)
            )
        listed.append(text)
    if not listed:
        return ""
    return language.text(
        "Lowest in {year}, of 100: {items}.", year=str(year), items="; ".join(listed)
    )


def low_share(
    estimates: pd.DataFrame, survey: Study, *, item: str, year: int, where: Where
) -> float | None:
    """Return the share that gave one of the two lowest answers; None where not estimated."""
    if not ((estimates["item"] == item) & (estimates["statistic"] == "share")).any():
        return None
    try:
        rows = _rows(estimates, survey, year=year, where=where, item=item, statistic="share")
    except DataError:  # the margin has means but no shares
        return None
    if not all(row["shown"] for row in rows):
        return None
    return float(sum(row["estimate"] for row in rows if row["response"] <= 2))


def across_agencies(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    least: float | None = None,
) -> str:
    """Say how an item stands over all, and from which agency to which it goes.

    Parameters
    ----------
    least : float, optional
        What counts as high, on 0-100: adds how many agencies surely lie above it.
    """
    names = Names(survey, language)
    rows = _rows(estimates, survey, year=year, where=Where(), item=item, agency=None)
    whole = next((r for r in rows if r["agency"] == ALL and r["shown"]), None)
    own = sorted(
        (r for r in rows if r["agency"] != ALL and r["shown"]), key=lambda r: r["estimate"]
    )
    if whole is None or len(own) < 2:
        return ""
    said = language.text(
        "“{item}” {year}: {value} of 100 over all; lowest {bottom} {low}, highest {top} {high}.",
        item=names.item(item), year=str(year), value=with_margin(whole, language),
        low=with_margin(own[0], language), bottom=names.agency(own[0]["agency"]),
        high=with_margin(own[-1], language), top=names.agency(own[-1]["agency"]),
    )  # fmt: skip
    return said if least is None else f"{said} {_surely_above(own, least, language)}"


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
    rows = _rows(estimates, survey, year=year, where=where, item=item,
                 statistic=["share", "dont_know"])  # fmt: skip
    if not all(row["shown"] for row in rows):
        return f"{names.item(item)}: {disclosure.label(language)}."
    answers = survey.scale_of(item, year).answers
    parts = [
        language.text(
            "“{answer}” {share}",
            answer=survey.label(answers[int(r["response"]) - 1], language.code),
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
        text += " " + language.text(
            "{share} of those asked do not know.", share=language.percent(unknown[0]["estimate"])
        )
    return text


def mentioned(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    theme: str,
    year: int,
    ahead: int = 0,
    **where: Unpack[Where],
) -> str:
    """Say what is mentioned most among the items of a theme that are chosen or not.

    Parameters
    ----------
    theme : str
        Theme of select-all items or coded open answers, each with a scale of no and yes.
    ahead : int
        How many, from the top, are each surely mentioned more often than each of the rest: they
        are named, and so it is said. Without any, the first three are named.
    """
    names = Names(survey, language)
    items = [i.item for i in survey.items if i.theme == theme and is_choice(survey, i.item, year)]
    if not items:
        raise DataError(
            f"study {survey.name}: the theme '{theme}' has no items with two answers (no, yes)."
        )
    rows = _rows(estimates, survey, year=year, where=where, item=items, statistic="share")
    chosen = [r for r in rows if r["shown"] and r["response"] == 2]
    chosen.sort(key=lambda r: -r["estimate"])
    listed = [
        language.text(
            "“{item}” {value}", item=names.item(r["item"]), value=share_with_margin(r, language)
        )
        for r in chosen[: ahead or MENTIONED]
    ]
    if not listed:
        return f"{names.theme(theme)}: {disclosure.label(language)}."
    said = language.text(
        "{theme} {year}, most often mentioned: {items}.", theme=names.theme(theme),
        year=str(year), items=language.listing(listed),
    )  # fmt: skip
    rest = len(chosen) - ahead
    if not ahead or rest < 1:
        return said
    return f"{said} " + language.plural(
        "Surely more often than the {n} other.",
        "Surely more often than each of the {n} others.",
        rest,
    )


def is_choice(survey: Study, item: str, year: int) -> bool:
    """Say whether an item is chosen or not, such as a theme of open answers."""
    return survey.asked(item, year) and survey.scale_of(item, year).k == 2

"""Sentences and tables on trust: who answered, what silence could hide, what another way says."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, disclosure, naming, table
from betyg.publish.claims import Claim, Condition
from betyg.publish.language import Language
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import stating
from betyg.publish.standing import BANDS
from betyg.publish.table import Column, Table

ENDS = ("estimate", "ci_low", "ci_high")


def _whole(quality: pd.DataFrame, measure: str, year: int) -> list[dict[str, Any]]:
    rows = quality[
        (quality["measure"] == measure)
        & (quality["year"] == year)
        & (quality[["agency", "activity", "group"]] == ALL).all(axis="columns")
        & quality["shown"]
    ]
    return naming.records(rows)


def response(quality: pd.DataFrame, survey: Study, language: Language, *, year: int) -> list[str]:
    """Say how many took part, whether all strata did alike, and what they left unanswered.

    Parameters
    ----------
    quality : DataFrame
        Columns of quality.parquet.
    """
    said = []
    for row in _whole(quality, "response_rate", year):
        said.append(
            _stating(row, "n", "estimate", text=language.text(
                "{n} were asked in {year}; {rate} of them answered.",
                n=language.integer(row["n"]), year=str(year),
                rate=language.percent(row["estimate"]),
            ))
        )  # fmt: skip
    for row in _whole(quality, "r_indicator", year):
        said.append(
            _stating(row, "estimate", "ci_low", "ci_high", text=language.text(
                "Did all strata answer as readily (R-indicator)? {value} ({low} to {high}), where "
                "1 is wholly alike. How alike people are within a stratum it cannot tell.",
                value=language.number(row["estimate"], 2),
                low=language.number(row["ci_low"], 2), high=language.number(row["ci_high"], 2),
            ), must=[("estimate", "<=", 1)])
        )  # fmt: skip
    shares = {
        kind: _percent(row, language)
        for kind in ("answer", "dont_know", "not_applicable", "no_answer")
        for row in _whole(quality, kind, year)
        if row["item"] == ALL
    }
    if shares:
        said.append(
            language.text(
                "Of all questions put, {answer} got an answer on the scale; {dont_know} “don’t "
                "know”, {not_applicable} “not applicable”, {no_answer} nothing.",
                **shares,
            )
        )
    return [*said, *_patterns(quality, survey, language, year=year)]


def _stating(row: dict[str, Any], *columns: str, text: str, must: Sequence[Condition] = ()) -> str:
    """Claim numbers of a row of quality.parquet, and what must hold of it."""
    required = [claims.holds("quality", row, *must)] if must else []
    return stating(text, claims.value("quality", row, *columns), *required)


def _percent(row: dict[str, Any], language: Language, digits: int = 0) -> str:
    return _stating(row, "estimate", text=language.percent(row["estimate"], digits))


def _patterns(quality: pd.DataFrame, survey: Study, language: Language, *, year: int) -> list[str]:
    straight = sorted(_whole(quality, "straight_lining", year), key=lambda r: -r["estimate"])
    said = []
    if straight:
        said.append(
            language.text(
                "One and the same answer to every question on a scale (five or more) came from at "
                "most {share} of the respondents.",
                share=stating(_percent(straight[0], language, 1), _most(straight[0], year)),
            )
        )
    ends = {}
    for end in ("ceiling", "floor"):
        rows = [r for r in _whole(quality, end, year) if r["item"] in survey.item_codes]
        if rows:
            ends[end] = max(rows, key=lambda r: r["estimate"])
    if len(ends) == 2:
        names = Names(survey, language)
        said.append(
            language.text(
                "Up to {high} gave the highest answer (“{top}”), up to {low} the lowest "
                "(“{bottom}”): what lies beyond the ends of a scale cannot be told apart.",
                top=names.item(str(ends["ceiling"]["item"])),
                high=stating(
                    _percent(ends["ceiling"], language),
                    _most(ends["ceiling"], year, ("item", "in", survey.item_codes)),
                ),
                bottom=names.item(str(ends["floor"]["item"])),
                low=stating(
                    _percent(ends["floor"], language),
                    _most(ends["floor"], year, ("item", "in", survey.item_codes)),
                ),
            )
        )
    return said


def _most(row: dict[str, Any], year: int, *among: Condition) -> Claim:
    """Claim that a share is the largest of its kind in a year."""
    same = claims.conditions(measure=row["measure"], year=year, agency=ALL, activity=ALL, group=ALL)
    return claims.highest("quality", row, *same, ("shown", "==", True), *among)


def reliability(
    quality: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> Table | None:
    """Show whether the questions of each index or theme measure one thing."""
    names, text = Names(survey, language), language.text
    omega = {row["item"]: row for row in _whole(quality, "omega", year)}
    rows = [
        row
        | {"label": _scale(str(row["item"]), names)}
        | {f"omega_{end}": omega.get(row["item"], {}).get(end) for end in ENDS}
        for row in _whole(quality, "alpha", year)
    ]
    if not rows:
        return None
    columns = [
        Column(source="label", label=text("Index or theme")),
        Column(source="estimate", label=text("Alpha"), kind="decimal"),
        Column(source="", label=text("95% interval"), kind="decimal",
               interval=("ci_low", "ci_high")),
        Column(source="omega_estimate", label=text("Omega (ordered answers)"), kind="decimal"),
        Column(source="", label=text("95% interval"), kind="decimal",
               interval=("omega_ci_low", "omega_ci_high")),
        Column(source="n", label=text("Answers to all its questions"), kind="count"),
    ]  # fmt: skip
    return table.build(
        pd.DataFrame(rows), columns, language, name=naming.slug("reliability", year),
        caption=text("Do the questions of an index measure one thing? {year}", year=str(year)),
        note=naming.note(names, text("1: without error. Alpha takes the steps of a scale as equal; "
                                     "omega does not.")),
    )  # fmt: skip


def _scale(code: str, names: Names) -> str:
    theme = code.removeprefix(naming.INDEX_OF_THEME)
    return names.theme(theme) if theme != code else names.item(code)


def tipping(tipped: pd.DataFrame, survey: Study, language: Language, *, year: int) -> str:
    """Say at which agency those who did not answer could most easily change the band, and how."""
    names = Names(survey, language)
    rows = naming.records(tipped[(tipped["year"] == year) & tipped["shown"]])
    if not rows:
        return ""
    ways = [
        (row[f"{side}_by"], side, row) for row in rows for side in ("lower", "higher")
        if pd.notna(row[f"{side}_by"])
    ]  # fmt: skip
    if not ways:
        said = language.text(
            "Whatever those who did not answer think, no value on the scale would move any of the "
            "{total} to another side of the expected range.",
            total=language.integer(len(rows)),
        )
        return stating(said, *_unmoved(year, len(rows)))
    points, side, nearest = min(ways, key=lambda way: way[0])
    numbers = {
        "agency": names.agency(str(nearest["agency"])),
        "points": language.number(points, 1),
        "now": language.text(BANDS[nearest["band"]]),
        "band": language.text(BANDS[nearest[f"band_if_{side}"]]),
        "rate": language.percent(nearest["response_rate"]),
    }
    told = (
        claims.value("tipping", nearest, f"{side}_by", "response_rate"),
        claims.lowest("tipping", nearest, *_tipped(year), of=f"{side}_by"),
        claims.count("tipping", "agency", 0, *_tipped(year),
                     must=[("higher_by" if side == "lower" else "lower_by", "<", points)]),
        claims.holds("tipping", nearest, ("band", "==", nearest["band"]),
                     (f"band_if_{side}", "==", nearest[f"band_if_{side}"])),
    )  # fmt: skip
    return stating(_silence(side, language, numbers), *told)


def _silence(side: str, language: Language, numbers: dict[str, str]) -> str:
    """Say how those who did not answer would have to differ for a verdict to change."""
    if side == "lower":
        return language.text(
            "What could silence hide? Nearest to another verdict is {agency} ({rate} answered): if "
            "those who did not answer would have scored {points} points lower than those who did, "
            "its verdict would change from “{now}” to “{band}”.",
            **numbers,
        )
    return language.text(
        "What could silence hide? Nearest to another verdict is {agency} ({rate} answered): if "
        "those who did not answer would have scored {points} points higher than those who did, "
        "its verdict would change from “{now}” to “{band}”.",
        **numbers,
    )


def _tipped(year: int) -> tuple[Condition, ...]:
    return (("year", "==", year), ("shown", "==", True))


def _unmoved(year: int, n: int) -> tuple[Claim, ...]:
    """Claim how many agencies there are, and that silence could move none of them."""
    ways = (f"{side}_by" for side in ("lower", "higher"))
    none = (
        claims.count("tipping", "agency", 0, *_tipped(year), must=[(way, ">", 0)]) for way in ways
    )
    return (claims.count("tipping", "agency", n, *_tipped(year)), *none)


def tipping_table(
    tipped: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> Table | None:
    """Show for each agency how far non-respondents must lie from respondents to change its band."""
    names, text = Names(survey, language), language.text
    rows = tipped[tipped["year"] == year]
    if rows.empty or rows[["lower_by", "higher_by"]].isna().all(axis=None):
        return None
    rows = disclosure.hide(rows, show=survey.disclosure.show)
    told = [
        row
        | {
            "label": names.agency(str(row["agency"])),
            "now": text(BANDS[row["band"]]),
            "lower": _move(row, "lower", language),
            "higher": _move(row, "higher", language),
        }
        for row in naming.records(rows)
    ]
    nearest = rows[["lower_by", "higher_by"]].min(axis="columns").to_numpy().argsort()
    columns = [
        Column(source="label", label=names.role("agency")),
        Column(source="response_rate", label=text("Response rate"), kind="share"),
        Column(source="now", label=text("Against the expected range")),
        Column(source="lower", label=text("Changes if they scored lower by")),
        Column(source="higher", label=text("Changes if they scored higher by")),
    ]
    return table.build(
        pd.DataFrame(told).iloc[nearest], columns, language, name=naming.slug("tipping", year),
        caption=text("What those who did not answer would have to think, {year}", year=str(year)),
        note=naming.note(names, text("Points on 0–100 between those who did not answer and those "
                                     "who did.")),
    )  # fmt: skip


def _move(row: dict[str, Any], side: str, language: Language) -> str:
    if not row["shown"]:
        return ""
    if pd.isna(row[f"{side}_by"]):
        return language.text("no value on the scale")
    return language.text(
        "{points} ({band})", points=language.number(row[f"{side}_by"], 1),
        band=language.text(BANDS[row[f"band_if_{side}"]]),
    )  # fmt: skip

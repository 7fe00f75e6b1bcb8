"""Claims on who was there: rounds, agencies and activities, counted in the stored tables."""

from collections.abc import Iterator

import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims
from betyg.publish.claims import Claim, Condition


def stored(frame: pd.DataFrame) -> tuple[str, tuple[Condition, ...]]:
    """Return the stored table that a frame is cut from, and how."""
    return ("cells", (("kind", "!=", "no_answer"),)) if "kind" in frame else ("domains", ())


def counted(frame: pd.DataFrame, of: str, n: int, *must: Condition) -> Claim:
    """Claim how many there are of something in the table that a frame is cut from."""
    table, present = stored(frame)
    return claims.count(table, of, n, *present, must=must)


def since(frame: pd.DataFrame, years: list[int]) -> tuple[Claim, Claim]:
    """Claim how many rounds there have been, and that none was before the first."""
    past: tuple[Condition, ...] = (("year", ">", 0), ("year", "<=", years[-1]))
    first: Condition = ("year", ">=", years[0])
    return (
        counted(frame, "year", len(years), *past),
        counted(frame, "year", len(years), *past, first),
    )


def existing(survey: Study, year: int) -> set[str]:
    """Return the agencies that there were in a year: no totals, none founded later or gone."""
    units = (unit for unit in survey.agencies if not survey.is_total(unit.code))
    return {
        unit.code for unit in units if (unit.valid_from or year) <= year <= (unit.valid_to or year)
    }


def taking_part(
    frame: pd.DataFrame, survey: Study, *, year: int, now: set[str]
) -> tuple[Claim, Claim]:
    """Claim how many agencies take part, and how many there are."""
    units_there = existing(survey, year)
    there: tuple[Condition, ...] = (("code", "in", tuple(sorted(now | units_there))),)
    if now <= units_there:
        there = (("total", "==", False), ("valid_from", "<=", year), ("valid_to", ">=", year))
    units: Condition = ("agency", "in", survey.agency_codes)
    return (
        counted(frame, "agency", len(now), ("year", "==", year), units),
        claims.count("study.agencies", "code", len(now | units_there), *there),
    )


def throughout(frame: pd.DataFrame, survey: Study, years: list[int], n: int) -> Claim:
    """Claim how many agencies have taken part in every round."""
    table, present = stored(frame)
    past: tuple[Condition, ...] = (("year", ">", 0), ("year", "<=", years[-1]))
    units: Condition = ("agency", "in", survey.agency_codes)
    return claims.throughout(table, "agency", n, *present, *past, units, each="year")


def activity_codes(survey: Study) -> list[str]:
    """Return the activities that are no totals of others."""
    return [a.code for a in survey.activities if not survey.is_total(a.code)]


def surveyed(frame: pd.DataFrame, *, codes: list[str], year: int) -> Claim:
    """Claim of some activities that each was surveyed in a year."""
    which: Condition = ("activity", "in", tuple(codes))
    return counted(frame, "activity", len(codes), ("year", "==", year), which)


def these_surveyed(
    frame: pd.DataFrame, survey: Study, *, codes: list[str], named: int, year: int
) -> Iterator[Claim]:
    """Claim of activities that they, and no others, were surveyed: those named, and the rest."""
    every: Condition = ("activity", "in", tuple(activity_codes(survey)))
    yield counted(frame, "activity", len(codes), ("year", "==", year), every)
    for some in filter(None, (codes[:named], codes[named:])):
        yield surveyed(frame, codes=some, year=year)


def everywhere(frame: pd.DataFrame, survey: Study, codes: list[str], *, n: int, year: int) -> Claim:
    """Claim how many of some activities were surveyed at every agency that took part."""
    table, present = stored(frame)
    where: tuple[Condition, ...] = (
        ("year", "==", year), ("agency", "in", survey.agency_codes),
        ("activity", "in", tuple(codes)),
    )  # fmt: skip
    return claims.throughout(table, "activity", n, *present, *where, each="agency")


def own_activities(
    frame: pd.DataFrame, survey: Study, agency: str, n: int, *where: Condition
) -> Claim:
    """Claim how many activities concern an agency."""
    known: Condition = ("activity", "in", tuple(activity_codes(survey)))
    return counted(frame, "activity", n, ("agency", "==", agency), *where, known)

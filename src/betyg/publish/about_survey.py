"""Sentences on the survey itself: rounds, who took part, what was surveyed, who answered.

They count in a frame with one row or more for each agency, year, activity or respondent that
there is, such as domains.parquet or cells.parquet.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import claims, naming, present, subtraction
from betyg.publish.claims import Condition
from betyg.publish.language import Language, sentence_case
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import joined, quoted, stating
from betyg.stats import throughout


def _years(frame: pd.DataFrame, year: int) -> list[int]:
    years = sorted(int(y) for y in frame["year"].unique() if y > 0)
    if year not in years:
        raise DataError(f"no data of {year}. There are: {', '.join(map(str, years))}.")
    return [y for y in years if y <= year]


def years(frame: pd.DataFrame, language: Language, *, year: int) -> str:
    """List the years up to one of them that have a round.

    Parameters
    ----------
    frame : DataFrame
        Column year.
    """
    past = _years(frame, year)
    these: Condition = ("year", "in", tuple(past))
    return stating(
        language.listing([str(y) for y in past]),
        *present.since(frame, past), present.counted(frame, "year", len(past), these),
    )  # fmt: skip


def rounds(frame: pd.DataFrame, survey: Study, language: Language, *, year: int) -> str:
    """Say which round this is, and since when there have been rounds.

    Parameters
    ----------
    frame : DataFrame
        Column year.
    """
    years = _years(frame, year)
    name = str(survey.label(survey.title, language.code))
    title = quoted(name) if str(year) in name else joined(quoted(name), str(year))
    if len(years) == 1:
        first = language.text("{title}: the first round.", title=title)
        return stating(first, *present.since(frame, years))
    yearly = years == list(range(years[0], year + 1))
    message = (
        language.text(
            "{title}: the {ordinal} round, made every year since {first}.",
            title=title, first=str(years[0]), ordinal=language.ordinal(len(years)),
        )
        if yearly
        else language.text(
            "{title}: the {ordinal} round since {first}, though not every year.",
            title=title, first=str(years[0]), ordinal=language.ordinal(len(years)),
        )
    )  # fmt: skip
    return stating(message, *present.since(frame, years))


def _present(frame: pd.DataFrame, survey: Study, year: int) -> set[str]:
    known = set(survey.agency_codes)
    return known & {str(code) for code in frame.loc[frame["year"] == year, "agency"].unique()}


def taking_part(
    frame: pd.DataFrame, survey: Study, language: Language, *, year: int, agency: str | None = None
) -> str:
    """Say how many agencies take part, and how many have done so since the start.

    Parameters
    ----------
    frame : DataFrame
        Columns agency, year.
    agency : str, optional
        Adds whether this one is among them.
    """
    names = Names(survey, language)
    years = _years(frame, year)
    now = _present(frame, survey, year)
    always = throughout.agencies(frame, survey, year=year)
    said = _taking_part(
        names, n=len(now), total=len(now | present.existing(survey, year)), year=str(year)
    )
    first = stating(said, *present.taking_part(frame, survey, year=year, now=now))
    if len(years) < 2:
        return first
    ever = present.throughout(frame, survey, years, len(always))
    if len(always) == len(now) > 1:
        second = language.text(
            "All of them have taken part in every round since {first}.", first=str(years[0])
        )
    elif agency is None or agency not in always:
        second = language.plural(
            "{words} of them has taken part in every round since {first}.",
            "{words} of them have taken part in every round since {first}.",
            len(always), words=sentence_case(language.cardinal(len(always))), first=str(years[0]),
        )  # fmt: skip
    else:
        second = language.text(
            "{agency} is one of {words} that have taken part in every round since {first}.",
            agency=names.agency(agency), words=language.cardinal(len(always)), first=str(years[0]),
        )  # fmt: skip
        own: tuple[Condition, ...] = (("agency", "==", agency), ("year", "<=", year))
        second = stating(second, present.counted(frame, "year", len(years), *own))
    return joined(first, stating(second, ever, *present.since(frame, years)))


def _taking_part(names: Names, *, n: int, total: int, year: str) -> str:
    language, units = names.language, names.agencies()
    if n == total == 1:
        return language.text("The only one there is takes part in {year}.", year=year)
    numbers = {"n": language.integer(n), "total": language.integer(total), "year": year}
    if not units:
        return (
            language.text("All {n} take part in {year}.", **numbers)
            if n == total
            else language.text("Taking part in {year}: {n} of {total}.", **numbers)
        )
    numbers |= {"units": units}
    said = (
        language.text("All {n} {units} take part in {year}.", **numbers)
        if n == total
        else language.text("Taking part in {year}: {n} of {total} {units}.", **numbers)
    )
    return sentence_case(said)


def _activities(
    frame: pd.DataFrame, survey: Study, *, year: int, agency: str | None = None
) -> list[str]:
    chosen = frame["year"] == year
    if agency is not None:
        chosen &= frame["agency"] == agency
    present = set(frame.loc[chosen, "activity"].unique())
    return [a.code for a in survey.activities if a.code in present and not survey.is_total(a.code)]


def activities(
    frame: pd.DataFrame, survey: Study, language: Language, *, year: int, limit: int = 8
) -> str:
    """Say how many activities are surveyed in a year, and which.

    Parameters
    ----------
    frame : DataFrame
        Columns year, activity.
    limit : int
        How many are named before the rest are counted.
    """
    names = Names(survey, language)
    codes = _activities(frame, survey, year=year)
    if not codes:
        return ""
    listed = language.listing([names.activity(code) for code in codes], limit=limit)
    units, n = names.activities(), language.integer(len(codes))
    if units and len(codes) > 1:
        said = sentence_case(
            language.text(
                "{n} {units} were surveyed in {year}: {activities}.",
                n=n, units=units, year=str(year), activities=listed,
            )
        )  # fmt: skip
    else:
        said = language.plural(
            "{n} activity was surveyed in {year}: {activities}.",
            "{n} activities were surveyed in {year}: {activities}.",
            len(codes), year=str(year), activities=listed,
        )  # fmt: skip
    return stating(
        said, *present.these_surveyed(frame, survey, codes=codes, named=limit, year=year)
    )


def selection(frame: pd.DataFrame, survey: Study, language: Language, *, year: int) -> str:
    """Say which activities of the year were surveyed at everybody, where not all of them were.

    Parameters
    ----------
    frame : DataFrame
        Columns agency, year, activity.
    """
    names = Names(survey, language)
    codes = _activities(frame, survey, year=year)
    everybody = _present(frame, survey, year)
    pairs = frame.loc[frame["year"] == year, ["agency", "activity"]].astype(str)
    reach = pairs.drop_duplicates().groupby("activity")["agency"].agg(set)
    focus = [code for code in codes if everybody <= reach[code]]
    if len(everybody) < 2 or not 0 < len(focus) < len(codes):
        return ""
    listed = language.listing([names.activity(code) for code in focus])
    ever = {code for y in _years(frame, year) for code in _activities(frame, survey, year=y)}
    said = language.text(
        "In focus in {year}, surveyed at all who took part: {activities}.",
        year=str(year), activities=listed,
    )  # fmt: skip
    said = stating(said, present.everywhere(frame, survey, focus, n=len(focus), year=year),
                   present.everywhere(frame, survey, codes, n=len(focus), year=year))  # fmt: skip
    if len(ever) == len(codes):
        return said
    chosen = language.text(
        "Each round is a selection: {total} have been surveyed since {first}, {n} of them now.",
        total=language.integer(len(ever)), n=language.integer(len(codes)),
        first=str(_years(frame, year)[0]),
    )  # fmt: skip
    seen: Condition = ("activity", "in", tuple(present.activity_codes(survey)))
    return joined(said, stating(
        chosen, *present.since(frame, _years(frame, year)),
        present.counted(frame, "activity", len(codes), ("year", "==", year), seen),
        present.counted(frame, "activity", len(ever), ("year", ">", 0), ("year", "<=", year), seen),
    ))  # fmt: skip


def activities_of(
    frame: pd.DataFrame, survey: Study, language: Language, *, agency: str, year: int
) -> str:
    """Say how many of the year's activities concern an agency, and how many were surveyed before.

    Parameters
    ----------
    frame : DataFrame
        Columns agency, year, activity.
    """
    names = Names(survey, language)
    now = _activities(frame, survey, year=year, agency=agency)
    if not now:
        none = language.text(
            "None of the activities of {year} concerns {agency}.",
            year=str(year), agency=names.agency(agency),
        )  # fmt: skip
        return stating(none, present.own_activities(frame, survey, agency, 0, ("year", "==", year)))
    before = {
        code
        for y in _years(frame, year)[:-1]
        for code in _activities(frame, survey, year=y, agency=agency)
    }
    known = [code for code in now if code in before]
    repeated = [names.activity(code) for code in known]
    own: tuple[Condition, ...] = (("agency", "==", agency), ("year", "<", year))
    again = [
        present.counted(frame, "activity", len(known), *own, ("activity", "in", tuple(codes)))
        for codes in (now, known)
        if codes
    ]
    if len(now) == len(_activities(frame, survey, year=year)):
        return stating(_followed(repeated, total=len(now), language=language), *again)
    first = language.plural(
        "{words} of the activities of {year} concerns {agency}.",
        "{words} of the activities of {year} concern {agency}.",
        len(now), words=sentence_case(language.cardinal(len(now))), year=str(year),
        agency=names.agency(agency),
    )  # fmt: skip
    first = stating(
        first, present.own_activities(frame, survey, agency, len(now), ("year", "==", year))
    )
    return joined(first, stating(_surveyed_before(repeated, len(now), language), *again))


def _surveyed_before(repeated: list[str], total: int, language: Language) -> str:
    """Say which of an agency's activities can be followed over time, if any."""
    if not repeated:
        return language.text(
            "None of them was surveyed there before, so results cannot be followed over time."
        )
    if len(repeated) == total:
        return language.plural(
            "It was surveyed before, so its results can be followed over time: {activities}.",
            "All of them were surveyed before, so their results can be followed over time: "
            "{activities}.",
            total, activities=language.listing(repeated),
        )  # fmt: skip
    return language.plural(
        "{words} of them was surveyed before, so its results can be followed over time: "
        "{activities}.",
        "{words} of them were surveyed before, so their results can be followed over time: "
        "{activities}.",
        len(repeated), words=sentence_case(language.cardinal(len(repeated))),
        activities=language.listing(repeated),
    )  # fmt: skip


def _followed(repeated: list[str], *, total: int, language: Language) -> str:
    """Say which activities can be followed, where all of the year's concern the agency."""
    if not 0 < len(repeated) < total:
        return ""
    return language.text(
        "Surveyed before, so that results can be followed over time: {activities}.",
        activities=language.listing(repeated),
    )


def answered(
    people: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    agency: str | None = None,
) -> str:
    """Say how many persons answered, by group where there are groups.

    Parameters
    ----------
    people : DataFrame
        people.parquet.
    """
    of = agency or ALL
    those = {"year": year, "agency": of, "activity": ALL}
    chosen = (people[list(those)] == pd.Series(those)).all(axis=1)
    counts = {str(row["group"]): row for row in naming.records(people[chosen])}
    persons = int(counts[ALL]["n"]) if ALL in counts else 0
    if persons < survey.disclosure.show:
        return language.text("Too few answers to show.")
    told = subtraction.told(people, survey, year=year)
    kept = told.loc[[of]].dropna(axis="columns").columns if of in told.index else told.columns[-1:]
    if ALL not in kept:
        return language.text("Not told, so that no small number can be worked out.")
    first = stating(
        language.plural(
            "{n} person answered in {year}.", "{n} persons answered in {year}.", persons,
            year=str(year),
        ),
        claims.value("people", counts[ALL], "n"),
    )  # fmt: skip
    left = [str(group) for group in told.columns.difference(kept, sort=False) if group in counts]
    groups = [str(group) for group in kept.drop(ALL)]
    if len(groups) < 2:
        return first
    return joined(first, _by_group(counts, groups, left, Names(survey, language)))


def _by_group(
    counts: Mapping[str, Mapping[str, Any]], kept: list[str], left: list[str], names: Names
) -> str:
    """Say how many of each group answered, and how many in those that are left out together."""
    language = names.language
    listed = language.listing([
        joined(names.group(group), stating(
            language.integer(int(counts[group]["n"])), claims.value("people", counts[group], "n"),
        ))
        for group in kept
    ])  # fmt: skip
    said = joined(names.role("group")) + ": " + listed + "."
    others = sum(int(counts[group]["n"]) for group in left)
    parts = others + sum(int(counts[group]["n"]) for group in kept)
    if not left or parts != counts[ALL]["n"]:  # some are in no group, or in several
        return said
    rest = language.text(
        "The other {n} are not broken down, so that no small number can be worked out.",
        n=language.integer(others),
    )
    where = {key: counts[ALL][key] for key in ("year", "agency", "activity")} | {"group": left}
    return joined(said, stating(rest, claims.total("people", "n", others,
                                                   *claims.conditions(**where))))  # fmt: skip


def groups_asked(survey: Study, language: Language) -> str:
    """Say which groups the survey is made among."""
    names = Names(survey, language)
    listed = [names.group(g.code) for g in survey.groups if not survey.is_total(g.code)]
    if not listed:
        return ""
    return language.text("Those asked: {groups}.", groups=language.listing(listed))


def events(survey: Study, language: Language, *, year_from: int, year_to: int) -> tuple[str, ...]:
    """Say which measures were taken, when and by how many; a sentence for each."""
    names = Names(survey, language)
    return tuple(
        stating(
            joined(names.event(at), f"({names.counted(len(event.agencies))})."),
            claims.declared(f"events.{at}.agencies", len(event.agencies)),
        )
        if event.agencies
        else joined(names.event(at), ".", by="")
        for at, event in enumerate(survey.events)
        if year_from <= event.year <= year_to
    )

"""The tables of the report, each from the frame of one notebook."""

from typing import Any, Unpack

import pandas as pd

from betyg.data.study import Study
from betyg.publish import about_survey, disclosure, naming, plain, table
from betyg.publish.language import Language, msgid, sentence_case
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.sentence import claims_of
from betyg.publish.table import Column, Table

_STEPS = {
    "read": msgid("rows read"),
    "declared not used": msgid("declared not used"),
    "suppressed": msgid("suppressed by the publisher"),
    "duplicates": msgid("duplicates"),
    "unknown agency": msgid("unknown agency"),
    "no answer at all": msgid("no answer at all"),
    "kept": msgid("rows kept"),
    "out of range": msgid("answers out of range"),
    "no identifier": msgid("rows without an identifier"),
    "empty questions": msgid("questions that nobody in the file answered"),
    "unseen values": msgid("listed values that no row in the file has"),
}
_PLACE = {step: place for place, step in enumerate(_STEPS)}
_KINDS = {
    "responses": msgid("answers of each respondent"),
    "counts": msgid("counts of answers"),
    "published": msgid("published figures"),
}


def facts(
    presence: pd.DataFrame,
    people: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    agency: str | None = None,
) -> Table:
    """Write the facts box: rounds, who takes part, since when, which activities.

    Parameters
    ----------
    presence : DataFrame
        Columns agency, year, activity: domains or, without respondents, cells.
    people : DataFrame
        people.parquet; without a row the persons are not known.
    agency : str, optional
        Adds what concerns this one.
    """
    text = language.text
    activities = sentence_case(Names(survey, language).activities()) or text("Activities")
    rows = [
        (text("Survey"), str(survey.label(survey.title, language.code))),
        (text("Round"), about_survey.rounds(presence, survey, language, year=year)),
        (text("Years"), about_survey.years(presence, language, year=year)),
        (text("Taking part"), about_survey.taking_part(
            presence, survey, language, year=year, agency=agency)),
        (activities, about_survey.activities(presence, survey, language, year=year)),
    ]  # fmt: skip
    if agency is not None and survey.activities:
        concerned = about_survey.activities_of(presence, survey, language, agency=agency, year=year)
        rows.append((Names(survey, language).agency(agency), concerned))
    if len(people):
        persons = about_survey.answered(people, survey, language, year=year, agency=agency)
        of = "" if agency is None else f", {Names(survey, language).agency(agency)}"
        rows.append((text("Answers") + of, persons))
    rows.append((text("Data"), _data(survey, language)))
    kept = tuple(row for row in rows if row[1])
    return Table(
        name=naming.slug("facts", year, agency),
        caption=text("Facts about the survey"),
        header=(text("Fact"), text("Value")),
        rows=kept,
        numeric=(False, False),
        frame=pd.DataFrame(kept, columns=["fact", "value"]),
        sentences=tuple(cell for _, cell in kept if claims_of(cell)),
    )


def _data(survey: Study, language: Language) -> str:
    kind = sentence_case(language.text(_KINDS[survey.kind]))
    if survey.synthetic:
        return f"{kind}. " + language.text("Synthetic data: made for demonstration.")
    return f"{kind}."


def published(comparison: pd.DataFrame, survey: Study, language: Language) -> Table:
    """Set what was published beside what the data give, and say plainly where they disagree.

    Parameters
    ----------
    comparison : DataFrame
        As :func:`betyg.publish.replication.compare` returns it.
    """
    text = language.text
    agree = text("as calibrated to") if survey.synthetic else text("replicated")
    labels = {p.id: str(survey.label(p, language.code)) for p in survey.published}
    rows = []
    for row in naming.records(comparison):
        write = _as_published(row["statistic"], language, row)
        verdict = agree if row["agrees"] else text("does NOT agree")
        if pd.isna(row["derived"]):
            verdict = text("cannot be computed") if row["shown"] else disclosure.label(language)
        said = "" if row["relation"] == "=" else f"{row['relation']} "
        found = "" if pd.isna(row["derived"]) else write(row["derived"])
        rows.append((labels[row["id"]], said + write(row["value"]), found, verdict))
    numbers = {
        "right": language.integer(int(comparison["agrees"].sum())),
        "total": language.integer(len(comparison)),
    }
    caption = (
        text(
            "Published figures that the synthetic data are calibrated to: {right} of {total} agree",
            **numbers,
        )
        if survey.synthetic
        else text(
            "Published figures and what the data give: {right} of {total} replicated", **numbers
        )
    )
    return Table(
        name="published",
        caption=caption,
        header=(text("Figure"), text("Published"), text("From the data"), text("Verdict")),
        rows=tuple(rows),
        numeric=(False, True, True, False),
        frame=comparison,
        columns=(
            plain.column(text("Figure"), "text", [row[0] for row in rows]),
            plain.column(text("Relation"), "text", comparison["relation"].replace("=", "")),
            plain.column(text("Published"), "decimal", comparison["value"]),
            plain.column(text("From the data"), "decimal", comparison["derived"]),
            plain.column(text("Verdict"), "text", [row[-1] for row in rows]),
        ),
    )


def _as_published(statistic: str, language: Language, row: dict[str, Any]) -> Any:
    """Return how to write a figure: with a decimal where it was printed with one, or is so near."""
    if statistic in ("share", "top2"):
        digits = 0 if row["tolerance"] >= 0.004 and _is_whole(100 * row["value"]) else 1
        return lambda value: language.percent(value, digits)
    if statistic in ("mean", "mean_of_agencies"):
        digits = 0 if row["tolerance"] >= 0.4 and _is_whole(row["value"]) else 1
        return lambda value: language.number(value, digits)
    return lambda value: language.integer(round(value))


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-6


def attrition(frame: pd.DataFrame, survey: Study, language: Language) -> Table:
    """Account for every row read: what was dropped, why, what was kept.

    Reasons for which nothing was dropped are named in the note.

    Parameters
    ----------
    frame : DataFrame
        Columns source, step, n, note.
    """
    text = language.text
    named = {step: text(_STEPS[step]) if step in _STEPS else str(step) for step in frame["step"]}
    wide = frame.pivot_table(index="source", columns="step", values="n", aggfunc="sum", sort=False)
    wide = wide.fillna(0)
    steps = sorted(named, key=lambda step: _PLACE.get(step, len(_PLACE)))
    told = [step for step in steps if step in ("read", "kept") or wide[step].any()]
    nothing = [step for step in steps if step not in told]
    wide = wide[told]
    # Others may have answers to these questions, and have these values.
    added = wide.sum().drop(["empty questions", "unseen values"], errors="ignore")
    whole = added.to_frame(text("All files")).T
    joined = pd.concat([wide, whole]) if len(wide) > 1 else wide
    empty = text("In no file: {steps}.", steps=language.listing([named[step] for step in nothing]))
    return table.build(
        joined.rename_axis("file").reset_index(),
        [
            Column(source="file", label=text("File")),
            *(Column(source=step, label=named[step], kind="count") for step in told),
        ],
        language,
        name="attrition",
        caption=text("From rows read to rows kept"),
        note=naming.note(Names(survey, language), *([empty] if nothing else [])),
    )


def estimates(
    frame: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    items: list[str] | None = None,
    **where: Unpack[Where],
) -> Table:
    """List means with their intervals, the highest first.

    Parameters
    ----------
    frame : DataFrame
        Columns of estimates.parquet.
    """
    names = Names(survey, language)
    keys: dict[str, object] = {**MARGIN, **where, "item": items, "statistic": "mean"}
    rows = naming.pick(frame, survey, year=year, **keys).sort_values("estimate", ascending=False)
    rows = rows.assign(label=[names.item(str(code)) for code in rows["item"]])
    text = language.text
    columns = [
        Column(source="label", label=text("Question or index")),
        Column(source="estimate", label=text("Mean, 0–100"), kind="score"),
        Column(source="", label=text("95% interval"), kind="score",
               interval=("ci_low", "ci_high")),
        Column(source="n", label=text("Answers"), kind="count"),
    ]  # fmt: skip
    who = where.get("agency", ALL)
    subject = names.agency(who)
    return table.build(
        rows, columns, language, name=naming.slug("estimates", year, *where.values()),
        caption=text("Means, {who} {year}", who=subject, year=str(year)),
        note=naming.note(names),
    )  # fmt: skip


def model(
    terms: pd.DataFrame, survey: Study, language: Language, *, name: str = "model", caption: str
) -> Table:
    """Show the coefficients of a model, positive meaning higher answers.

    Parameters
    ----------
    terms : DataFrame
        Columns term (as readers shall see it), estimate, se, ci_low, ci_high.
    """
    text = language.text
    columns = [
        Column(source="term", label=text("Term")),
        Column(source="estimate", label=text("Estimate"), kind="decimal"),
        Column(source="se", label=text("Standard error"), kind="decimal"),
        Column(source="", label=text("95% interval"), kind="decimal",
               interval=("ci_low", "ci_high")),
    ]  # fmt: skip
    note = naming.note(Names(survey, language))
    return table.build(terms, columns, language, name=name, caption=caption, note=note)


def within(frame: pd.DataFrame, survey: Study, language: Language, *, item: str) -> Table:
    """List the mean change of those with a published value in both years.

    Parameters
    ----------
    frame : DataFrame
        Columns year_from, year_to, estimate, ci_low, ci_high, n (units with both values).
    """
    names, text = Names(survey, language), language.text
    rows = frame[frame["n"] > 1].sort_values(["year_to", "year_from"])
    rows = rows.assign(
        years=[language.range(str(a), str(b)) for a, b in
               zip(rows["year_from"], rows["year_to"], strict=True)],
        units=rows["n"],
    ).drop(columns="n")  # fmt: skip
    columns = [
        Column(source="years", label=text("Years")),
        Column(source="estimate", label=text("Mean change, points"), kind="difference"),
        Column(source="", label=text("95% interval"), kind="difference",
               interval=("ci_low", "ci_high")),
        Column(source="units", label=text("Units with a value in both years"), kind="count"),
    ]  # fmt: skip
    return table.build(
        rows, columns, language, name=naming.slug("within", item),
        caption=text("{item}: change within the same units", item=names.item(item)),
        note=naming.note(names),
    )  # fmt: skip


def shrunken(frame: pd.DataFrame, survey: Study, language: Language, *, item: str) -> Table:
    """Set published values of one round beside what the model makes of them.

    Parameters
    ----------
    frame : DataFrame
        Columns agency, year, direct, direct_low, direct_high, shrunken, shrunken_low,
        shrunken_high.
    """
    names, text = Names(survey, language), language.text
    order = {code: at for at, code in enumerate(survey.agency_codes)}
    rows = frame.sort_values("agency", key=lambda codes: codes.map(order))
    rows = rows.assign(named=[names.agency(str(code)) for code in rows["agency"]])
    interval = text("95% interval")
    columns = [
        Column(source="named", label=names.role("agency")),
        Column(source="direct", label=text("As published"), kind="score"),
        Column(source="", label=interval, kind="score", interval=("direct_low", "direct_high")),
        Column(source="shrunken", label=text("By the model"), kind="score"),
        Column(source="", label=text("95% interval of the model"), kind="score",
               interval=("shrunken_low", "shrunken_high")),
    ]  # fmt: skip
    years = language.listing([str(year) for year in sorted(frame["year"].unique())])
    return table.build(
        rows, columns, language, name=naming.slug("shrunken", item),
        caption=text("{item} {year}: as published, and by the model",
                     item=names.item(item), year=years),
        note=naming.note(names),
    )  # fmt: skip


def sources(survey: Study, language: Language, *, values: pd.DataFrame) -> Table:
    """Write the facts box of published values: how many were found, of whom, for which years.

    Parameters
    ----------
    values : DataFrame
        Columns agency, year, item, n: a row a published value.
    """
    names, text = Names(survey, language), language.text
    years = sorted({int(year) for year in values["year"]})
    units = values.loc[~values["agency"].isin(list(survey.totals)), "agency"].nunique()
    rows = (
        (text("Survey"), str(survey.label(survey.title, language.code))),
        (text("Years"), language.listing([str(year) for year in years])),
        (text("Values found"), language.integer(len(values))),
        (sentence_case(names.agencies()) or names.role("agency"), language.integer(units)),
        (
            text("Values with their number of answers"),
            language.integer(int((values["n"] > 0).sum())),
        ),
        (text("Data"), _data(survey, language)),
    )
    return Table(
        name="sources",
        caption=text("Facts about the survey"),
        header=(text("Fact"), text("Value")),
        rows=rows,
        numeric=(False, False),
        frame=pd.DataFrame(rows, columns=["fact", "value"]),
    )

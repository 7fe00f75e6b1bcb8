"""The report's section on what goes with satisfaction: importance, scores and what is unsure."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from betyg.publish import claims, naming, priority, prose, table
from betyg.publish.claims import Claim
from betyg.publish.edition import Edition
from betyg.publish.language import sentence_case
from betyg.publish.naming import ALL, Names
from betyg.publish.priority_drawing import FIELDS
from betyg.publish.section import Section, Shown
from betyg.publish.sentence import quoted, stating
from betyg.publish.table import Column, Table
from betyg.stats.drivers import FEWEST_EACH, predictors


def drivers(page: Edition, drivers: pd.DataFrame, pairs: pd.DataFrame) -> Section:
    """Show which themes go most with the headline outcome, for all and for the focus.

    Parameters
    ----------
    page : Edition
        The report.
    drivers : DataFrame
        As :attr:`betyg.stats.drivers.Drivers.table`.
    pairs : DataFrame
        As :attr:`betyg.stats.drivers.Drivers.pairs`.
    """
    now = drivers[drivers["year"] == page.year]
    everyone = now[now["agency"] == ALL]
    if everyone.empty:
        return page.left_out(_reason(page))
    parts = [*_of(page, everyone, ALL), order(page, everyone, pairs)]
    if page.focus:
        parts += _of_focus(page, now[now["agency"] == page.focus])
    return Section(tuple(parts))


def _reason(page: Edition) -> str:
    text = page.language.text
    if page.survey.kind == "counts":
        return text(
            "Only counts of each question are known: what one person answered to several "
            "questions cannot be compared."
        )
    if page.is_published:
        return text(
            "Only published values are known: what goes together in the answers of a person "
            "cannot be seen."
        )
    if len(predictors(page.survey, page.year).items) < 2:
        return text("Beside the headline outcome too few graded questions were asked.")
    return text("Too few answered all the questions that would be set against each other.")


def _of(page: Edition, rows: pd.DataFrame, agency: str) -> Iterator[Shown]:
    names = Names(page.survey, page.language)
    named = rows.assign(label=priority.labels(rows, names))
    yield prose.bullets(_together(page, named), _first(page, named), *_fields(page, named))
    yield priority.matrix(rows, page.survey, page.language, year=page.year, agency=agency)


def order(page: Edition, rows: pd.DataFrame, pairs: pd.DataFrame) -> Table:
    """Say of every two themes how sure it is which goes more strongly with the outcome.

    Parameters
    ----------
    page : Edition
        The report.
    rows : DataFrame
        Drivers of one agency or of all, in one round.
    pairs : DataFrame
        As :attr:`betyg.stats.drivers.Drivers.pairs`.
    """
    text, first, names = page.language.text, rows.iloc[0], Names(page.survey, page.language)
    own = pairs[(pairs["year"] == first["year"]) & (pairs["agency"] == first["agency"])]
    labels = dict(zip(rows["theme"], priority.labels(rows, names), strict=True))
    wide = own.pivot_table(index="theme", columns="other", values="p_above")
    return table.build(
        wide.reindex(index=list(labels), columns=list(labels)).assign(label=labels),
        [
            Column(source="label", label=text("Goes more strongly with it than …")),
            *(Column(source=code, label=name, kind="share") for code, name in labels.items()),
        ],
        page.language,
        name=naming.slug("order-of-importance", first["year"]),
        caption=text(
            "How often the one in the row is more important than the one in the column, "
            "{year}, in samples drawn anew",
            year=str(first["year"]),
        ),
        note=naming.note(
            names,
            text(
                "{half} is a toss-up; from {sure} up it is sure which of the two is more "
                "important.",
                half=page.language.percent(0.5), sure=page.language.percent(priority.SURE, 1),
            ),
        ),
    )  # fmt: skip


def _of_focus(page: Edition, rows: pd.DataFrame) -> Iterator[Shown]:
    text, names = page.language.text, Names(page.survey, page.language)
    if rows.empty:
        count = len(predictors(page.survey, page.year).items)
        least = max(page.survey.disclosure.rank, FEWEST_EACH * count)
        few = text(
            "{agency}: fewer than {n} complete answers, too few for a matrix of its own.",
            agency=names.agency(page.focus), n=page.language.integer(least),
        )  # fmt: skip
        enough = (*claims.conditions(agency=page.focus), ("n", ">=", least))
        none = claims.count("drivers", "theme", 0, ("year", "==", page.year), must=enough)
        yield prose.paragraph(stating(few, none))
        return
    yield from _of(page, rows, page.focus)


def _together(page: Edition, rows: pd.DataFrame) -> str:
    words = page.language
    names = Names(page.survey, words)
    first = naming.records(rows)[0]
    agency = str(first["agency"])
    said = words.text(
        "{who}: taken together, the {count} {kind} explain {share} of how “{item}” varies "
        "between persons within a unit and round ({n} complete answers).",
        who=names.everyone() if agency == ALL else names.agency(agency),
        count=words.cardinal(len(rows)),
        kind=words.text("themes") if first["of"] == "theme" else words.text("questions"),
        share=words.percent(first["r_squared"]), item=names.item(str(first["outcome"])),
        n=words.integer(first["n"]),
    )  # fmt: skip
    where = claims.row_of("drivers", first | {"theme": None})
    return stating(
        said,
        claims.value("drivers", first, "r_squared", "n"),
        claims.count("drivers", "theme", len(rows), *where),
    )


def _first(page: Edition, rows: pd.DataFrame) -> str:
    """Say what is most important and how sure its place is."""
    words = page.language
    first, second = naming.records(rows.iloc[:2])
    known = _in_order(naming.records(rows))
    values = {
        "first": quoted(first["label"]), "share": words.percent(first["importance"]),
        "interval": words.range(words.percent(first["ci_low"]), words.percent(first["ci_high"])),
        "second": quoted(second["label"]), "next": words.percent(second["importance"]),
    }  # fmt: skip
    if first["p_most"] >= priority.SURE:
        surely = words.text(
            "“{first}” goes most strongly with it: {share} of what is explained ({interval}), "
            "surely more than any other. Next is “{second}” ({next}).",
            **values,
        )
        sure = claims.holds("drivers", first, ("p_most", ">=", priority.SURE))
        return stating(surely, *known, sure)
    said = words.text(
        "Which goes most strongly with it is not sure: “{first}” has {share} of what is explained "
        "({interval}), “{second}” {next}.",
        **values,
    )
    unsure = claims.holds("drivers", first, ("p_most", "<", priority.SURE))
    return stating(said, *known, unsure)


def _in_order(rows: list[dict[str, Any]]) -> Iterator[Claim]:
    """Claim the two most important, and that they are that."""
    left = claims.row_of("drivers", rows[0] | {"theme": None})
    for row in rows[:2]:
        yield claims.share("drivers", row, "importance", "ci_low", "ci_high")
        yield claims.highest("drivers", row, *left, of="importance")
        left = (*left, ("theme", "!=", str(row["theme"])))


def _fields(page: Edition, rows: pd.DataFrame) -> Iterator[str]:
    """Say which themes lie in which field; nothing of a field that is empty."""
    words = page.language
    for field, name in FIELDS.items():
        own = naming.records(rows[rows["field"] == field])
        listed = [
            stating(quoted(row["label"]), claims.holds("drivers", row, ("field", "==", field)))
            for row in own
        ]
        if listed:
            yield words.text(
                "{field}: {themes}.",
                field=sentence_case(words.text(name)), themes=words.listing(listed),
            )  # fmt: skip

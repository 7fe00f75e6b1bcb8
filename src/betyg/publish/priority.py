"""The priority matrix: how a theme is graded, and how strongly it goes with satisfaction."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import pandas as pd

from betyg.data.study import Study
from betyg.publish import claims, figure, naming, priority_drawing, table
from betyg.publish.figure import Figure
from betyg.publish.language import Language
from betyg.publish.naming import ALL, Names
from betyg.publish.priority_drawing import FIELDS
from betyg.publish.sentence import joined, quoted, stating

SURE: Final = 0.975  # share of the replicates from which an order is called sure


def matrix(
    drivers: pd.DataFrame, survey: Study, language: Language, *, year: int, agency: str = ALL
) -> Figure:
    """Draw each theme's score against its importance, with error crosses.

    Parameters
    ----------
    drivers : DataFrame
        As :attr:`betyg.stats.drivers.Drivers.table`.
    year : int
        The round.
    agency : str
        Code of an agency; "all" for all of them together.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    rows = naming.pick(drivers, survey, agency=agency, year=year)
    rows = rows.assign(label=labels(rows, names), words=fields(rows, language))
    outcome = names.item(str(rows["outcome"].iloc[0]))
    plot = _Plot(names=names, outcome=outcome, year=year, agency=agency,
                 name=naming.slug("priority", rows["outcome"].iloc[0], year, agency))  # fmt: skip
    draw = partial(priority_drawing.draw, rows, language, name=plot.name)
    return Figure(
        name=plot.name,
        title=_title(rows, plot)
        if agency == ALL
        else joined(names.agency(agency), _title(rows, plot), by=": "),
        subtitle=naming.subtitle(
            names,
            what=language.text(
                "Score and how strongly it goes with “{item}”, with 95% confidence intervals",
                item=outcome,
            ),
            who=names.agency(agency) if agency != ALL else None,
            year=year,
            base=claims.value("drivers", naming.records(rows)[0], "n"),
        ),
        note=_note(rows, plot),
        alt=_alt(rows, plot),
        svg=draw(width=figure.WIDE),
        svg_narrow=draw(width=figure.NARROW),
        table=_table(rows, plot),
        table_label=language.text("The figure as a table"),
    )


def labels(rows: pd.DataFrame, names: Names) -> list[str]:
    """Return what the themes, or the questions, are called."""
    say = names.theme if rows["of"].iloc[0] == "theme" else names.item
    return [say(str(code)) for code in rows["theme"]]


def fields(rows: pd.DataFrame, language: Language) -> list[str]:
    """Return the words of the fields."""
    return [language.text(FIELDS[field]) for field in rows["field"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share."""

    names: Names
    outcome: str
    year: int
    agency: str
    name: str

    @property
    def language(self) -> Language:
        return self.names.language


def _title(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    urgent = [
        stating(quoted(row["label"]), claims.holds("drivers", row, ("field", "==", "prioritise")))
        for row in naming.records(rows)
        if row["field"] == "prioritise"
    ]
    if urgent:
        return language.text(
            "To prioritise: {themes} – goes strongly with “{item}”, and has a low score",
            themes=language.listing(urgent), item=plot.outcome,
        )  # fmt: skip
    top = naming.records(rows)[0]
    where = claims.row_of("drivers", top | {"theme": None})
    none = claims.count("drivers", "theme", 0, *where, must=[("field", "==", "prioritise")])
    if top["p_most"] >= SURE:
        said = language.text(
            "{theme} goes most strongly with “{item}”; nothing stands out as low and important",
            theme=quoted(top["label"]), item=plot.outcome,
        )  # fmt: skip
        return stating(said, none, claims.holds("drivers", top, ("p_most", ">=", SURE)))
    said = language.text(
        "What goes most strongly with “{item}” cannot be told; nothing stands out as low and "
        "important",
        item=plot.outcome,
    )
    return stating(said, none, claims.holds("drivers", top, ("p_most", "<", SURE)))


def _note(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    first, span = naming.records(rows)[0], priority_drawing.score_span(rows)
    left_out = int(first["incomplete"])
    return naming.note(
        plot.names,
        stating(
            language.text(
                "Dividing lines: equal shares ({share}), and the mean of the scores ({score}).",
                share=language.percent(first["importance_line"]),
                score=language.number(first["score_line"]),
            ),
            claims.value("drivers", first, "importance_line", "score_line"),
        ),
        language.text(
            "Shaded, open symbol: cannot tell, as the margin of error crosses a dividing line."
        ),
        stating(
            language.plural(
                "{n} incomplete answer is left out of the importance.",
                "{n} incomplete answers are left out of the importance.",
                left_out,
            ),
            claims.value("drivers", first, "incomplete"),
        ) if left_out else "",
        language.text("The score axis is cut: it shows {span} of 0–100.",
                      span=quoted(language.range(*span))) if span != (0.0, 100.0) else "",
    )  # fmt: skip


def _alt(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    told = [
        f"{language.text(words)}: {language.listing(own)}"
        for field, words in FIELDS.items()
        if (own := list(rows.loc[rows["field"] == field, "label"]))
    ]
    first, last = rows.iloc[0], rows.iloc[-1]
    text = language.text(
        "Priority matrix, {year}: score against importance for {n}. Importance: from {top} "
        "({high}) to {bottom} ({low}). {fields}.",
        year=str(plot.year), n=language.integer(len(rows)), top=first["label"],
        high=language.percent(first["importance"]), bottom=last["label"],
        low=language.percent(last["importance"]), fields="; ".join(told),
    )  # fmt: skip
    return joined(text, naming.answers(plot.names, rows["n"].iloc[0]))


def _table(rows: pd.DataFrame, plot: _Plot) -> table.Table:
    text = plot.language.text
    within = text("95% interval")
    columns = [
        table.Column(
            source="label",
            label=text("Theme") if rows["of"].iloc[0] == "theme" else text("Question"),
        ),
        table.Column(source="importance", label=text("Importance"), kind="share"),
        table.Column(source="", label=within, kind="share", interval=("ci_low", "ci_high")),
        table.Column(source="score", label=text("Score"), kind="score"),
        table.Column(source="", label=within, kind="score",
                     interval=("score_ci_low", "score_ci_high")),
        table.Column(source="answers", label=text("Answers"), kind="count"),
        table.Column(source="words", label=text("Field")),
    ]  # fmt: skip
    caption = text("Score and importance for “{item}”, {year}", item=plot.outcome,
                   year=str(plot.year))  # fmt: skip
    if plot.agency != ALL:
        caption = joined(plot.names.agency(plot.agency), caption, by=": ")
    return table.build(rows, columns, plot.language, name=plot.name, caption=caption)

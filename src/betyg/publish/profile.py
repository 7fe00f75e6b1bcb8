"""One agency's themes against the range that is expected of an agency like the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from betyg.data.study import Study
from betyg.publish import claims, figure, naming, standing, table
from betyg.publish.agencies import axis_span
from betyg.publish.claims import Claim
from betyg.publish.figure import ACCENT, GRID, INK, Figure
from betyg.publish.language import Language
from betyg.publish.naming import Names
from betyg.publish.sentence import joined, quoted, stating

ROW = 24.0
HEAD = 8.0
FOOT = 22.0
ABOVE = ("higher", "much_higher")
BELOW = ("lower", "much_lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share."""

    names: Names
    agency: str
    year: int
    span: tuple[float, float]
    name: str


def compared(
    profiles: pd.DataFrame, survey: Study, language: Language, *, agency: str, year: int
) -> Figure:
    """Draw what an agency got in each theme, before the expected range.

    Parameters
    ----------
    profiles : DataFrame
        Columns of profiles.parquet.
    agency : str
        Code of the agency.
    year : int
        The round.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    rows = naming.pick(profiles, survey, agency=agency, year=year)
    rows = rows.assign(label=[names.item(str(code)) for code in rows["outcome"]])
    rows = rows.sort_values(["estimate", "label"], ascending=[False, True], na_position="last")
    drawn = rows[rows["shown"]]
    plot = _Plot(
        names=names, agency=names.agency(agency), year=year,
        span=axis_span(_with_range(drawn)), name=naming.slug("profile", agency, year),
    )  # fmt: skip
    return Figure(
        name=plot.name,
        title=finding(drawn, names, agency=agency),
        subtitle=naming.subtitle(
            names,
            what=language.text("{item}, 0–100 with 95% confidence interval", item=plot.agency),
            year=year,
            base=_base(drawn),
        ),
        note=naming.note(names, *_notes(drawn, plot), naming.left_out(names, _hidden(rows))),
        alt=_alt(drawn, plot),
        svg=_draw(drawn, plot, width=figure.WIDE),
        svg_narrow=_draw(drawn, plot, width=figure.NARROW),
        table=_table(rows, plot),
        table_label=language.text("The figure as a table"),
    )


def _base(rows: pd.DataFrame) -> Claim | None:
    """Claim the answers to what most answered."""
    if rows.empty:
        return None
    most = naming.records(rows.nlargest(1, "n"))
    return claims.value("profiles", most[0], "n") if most else None


def finding(rows: pd.DataFrame, names: Names, *, agency: str) -> str:
    """Say in which themes an agency lies outside the expected range.

    Parameters
    ----------
    rows : DataFrame
        The agency's shown rows of profiles.parquet in one year, with a column label.
    """
    language, who = names.language, names.agency(agency)
    above = _named(rows, ABOVE, language)
    below = _named(rows, BELOW, language)
    parts = []
    if above:
        parts.append(language.text("higher than expected for {items}", items=above))
    if below:
        parts.append(language.text("lower than expected for {items}", items=below))
    if parts:
        return joined(who, joined(*parts, by="; "), by=": ")
    if not standing.has_bands(rows):
        return language.text("{agency}, theme by theme", agency=who)
    said = language.text("{agency}: as expected in everything that was asked", agency=who)
    known = naming.records(rows[rows["band"] == "as_expected"])
    return stating(said, *(claims.as_expected("profiles", row) for row in known))


def _named(rows: pd.DataFrame, bands: tuple[str, ...], language: Language) -> str:
    return language.listing([
        stating(
            language.text("“{item}”", item=quoted(row["label"])),
            claims.not_as_expected("profiles", row, bands=bands),
        )
        for row in naming.records(rows)
        if row["band"] in bands
    ])  # fmt: skip


def _with_range(rows: pd.DataFrame) -> pd.DataFrame:
    """Widen the intervals by the expected range, so that the axis has room for both."""
    return rows.assign(
        ci_low=rows[["ci_low", "expected_low"]].min(axis=1),
        ci_high=rows[["ci_high", "expected_high"]].max(axis=1),
    )


def _hidden(rows: pd.DataFrame) -> list[str]:
    return list(rows.loc[~rows["shown"], "label"])


def _notes(rows: pd.DataFrame, plot: _Plot) -> list[str]:
    language = plot.names.language
    said = [naming.cut_axis(plot.names, plot.span)]
    if plot.names.survey.compare.adjust_for:
        said.append(
            language.text(
                "At an equal mix: as answered, as in the report's map of themes, a value can be "
                "another."
            )
        )
    if standing.is_known(rows):
        said += [
            language.text(
                "Grey: the expected range, with {share} of those that are like the others.",
                share=quoted(language.percent(0.95)),
            ),
            language.text("Short line: the mean of all, each counted once."),
        ]
    return said


def _alt(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.names.language
    if rows.empty:
        return language.text("Too few answers to show.")
    first, last = naming.records(rows)[0], naming.records(rows)[-1]
    text = language.text(
        "Dot plot of {agency} {year}, sorted, from “{top}” {high} to “{bottom}” {low}.",
        agency=plot.agency, year=str(plot.year), top=first["label"], bottom=last["label"],
        high=language.number(first["estimate"]), low=language.number(last["estimate"]),
    )  # fmt: skip
    return joined(text, standing.alt(rows, plot.names), naming.answers(plot.names, rows["n"].max()))


def _table(rows: pd.DataFrame, plot: _Plot) -> table.Table:
    language = plot.names.language
    text = language.text
    words = standing.with_words(rows, language)
    columns = [
        table.Column(source="label", label=text("Question")),
        table.Column(source="estimate", label=plot.agency, kind="score"),
        table.Column(
            source="", label=text("95% interval"), kind="score", interval=("ci_low", "ci_high")
        ),
    ]
    if standing.is_known(rows):
        expected = ("expected_low", "expected_high")
        columns += [
            table.Column(source="", label=text("Expected range"), kind="score", interval=expected),
            *standing.judged(rows, language),
        ]
    columns.append(table.Column(source="n", label=text("Answers"), kind="count"))
    caption = text("{item} {year}, 0–100", item=plot.agency, year=str(plot.year))
    return table.build(words, columns, language, name=plot.name, caption=caption)


def _draw(rows: pd.DataFrame, plot: _Plot, *, width: float) -> str:
    if rows.empty:
        return "<svg xmlns='http://www.w3.org/2000/svg' width='1pt' height='1pt'/>"
    share = 0.45 if width < figure.WIDE else 0.36
    labels = min(max(map(figure.text_width, rows["label"])) + 8, share * width)
    lines = 3 if width < figure.WIDE else 2
    tall = ROW + (figure.LEADING if width < figure.WIDE else 0)
    with figure.drawing(width=width, height=HEAD + len(rows) * tall + FOOT) as canvas:
        axes = figure.area(
            canvas, left=labels, bottom=FOOT, width=width - labels - 30, height=len(rows) * tall
        )
        standing.draw_range(axes, rows)
        for y, row in enumerate(naming.records(rows)):
            _row(axes, row, y=y, room=labels, lines=lines, language=plot.names.language)
        _axis(axes, plot, rows=len(rows))
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _row(
    axes: Axes, row: dict[str, Any], *, y: int, room: float, lines: int, language: Language
) -> None:
    figure.row_label(axes, row["label"], y=y, room=room - 8, lines=lines)
    axes.annotate(
        language.number(row["estimate"]), (1, y), (26, 0), ("axes fraction", "data"),
        textcoords="offset points", ha="right", va="center_baseline",
    )  # fmt: skip
    axes.axhline(y, color=GRID, lw=0.5, zorder=0)
    if np.isfinite(row.get("from_mean", np.nan)):
        mean = row["estimate"] - row["from_mean"]
        axes.plot([mean, mean], [y - 0.3, y + 0.3], color=INK, lw=1.2, zorder=1)
    axes.plot([row["ci_low"], row["ci_high"]], [y, y], color=ACCENT, lw=1.8, alpha=0.75, zorder=2)
    axes.plot(row["estimate"], y, "o", ms=6, color=ACCENT, zorder=3)


def _axis(axes: Axes, plot: _Plot, *, rows: int) -> None:
    low, high = plot.span
    axes.set_xlim(low, high)
    axes.set_ylim(rows - 0.5, -0.5)
    ticks = np.arange(low, high + 1, 10 if high - low <= 60 else 20)
    axes.set_xticks(ticks, [plot.names.language.number(t) for t in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)

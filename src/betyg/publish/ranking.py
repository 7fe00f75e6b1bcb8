"""A ranking with shared places: dots with intervals, and the place in words."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from betyg.data.study import Study
from betyg.publish import claims, disclosure, figure, naming, table
from betyg.publish.agencies import axis_span
from betyg.publish.figure import ACCENT, GRID, Figure
from betyg.publish.language import Language, sentence_case
from betyg.publish.naming import Names
from betyg.publish.sentence import joined, quoted, stating

ROW = 22.0
HEAD = 8.0
FOOT = 22.0

Ranked = Literal["activity", "item", "group", "agency"]


def place(row: dict[str, Any], language: Language) -> str:
    """Say a place in words: ``shared third place``, or ``place 3–5`` where it is not settled."""
    low, high = int(row["place_low"]), int(row["place_high"])
    claimed = claims.shared_place if row["shared"] else claims.ranked
    words = _words(low, high, shared=row["shared"], language=language)
    return stating(words, claimed("orders", row))


def _words(low: int, high: int, *, shared: bool, language: Language) -> str:
    if shared:
        return language.text("shared {ordinal} place", ordinal=language.ordinal(low))
    if low == high:
        return language.text("{ordinal} place", ordinal=language.ordinal(low))
    return language.text("place {range}", range=language.range(low, high))


def compared(
    places: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    item: str,
    year: int,
    of: Ranked = "activity",
) -> Figure:
    """Draw what is ranked, the best first, with its place in words.

    Parameters
    ----------
    places : DataFrame
        Columns activity (or item, group, agency), estimate, ci_low, ci_high, n, place_low,
        place_high, shared.
    item : str
        What it is ranked by; with ``of="item"``, the name of the theme or index.
    of : {"activity", "item", "group", "agency"}
        Which units are ranked.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    hidden = disclosure.hide(places, show=survey.disclosure.show)
    labels = [getattr(names, of)(str(code)) for code in hidden[of]]
    ranked = hidden.assign(label=labels, code=hidden[of]).sort_values(
        ["estimate", "label"], ascending=[False, True], na_position="last"
    )
    drawn = ranked[ranked["shown"]]
    words = [place(row, language) if row["shown"] else "" for row in naming.records(ranked)]
    ranked = ranked.assign(place=words)
    what = names.item(item)
    plot = _Plot(
        names=names, what=what, year=year, span=axis_span(drawn),
        name=naming.slug("ranking", of, item, year),
    )  # fmt: skip
    return Figure(
        name=plot.name,
        title=_title(ranked[ranked["shown"]], plot),
        subtitle=naming.subtitle(
            names,
            what=language.text("{item}, 0–100 with 95% confidence interval", item=what),
            year=year,
            base=claims.value("orders", naming.records(drawn.nlargest(1, "n"))[0], "n"),
        ),
        note=naming.note(
            names,
            naming.cut_axis(names, plot.span),
            language.text("A place is shared where no difference is sure and none is large."),
            naming.left_out(names, list(ranked.loc[~ranked["shown"], "label"])),
        ),
        alt=_alt(ranked[ranked["shown"]], plot),
        svg=_draw(ranked[ranked["shown"]], plot, width=figure.WIDE),
        svg_narrow=_draw(ranked[ranked["shown"]], plot, width=figure.NARROW),
        table=_table(ranked, plot, of=of),
        table_label=language.text("The figure as a table"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share."""

    names: Names
    what: str
    year: int
    span: tuple[float, float]
    name: str


def _places(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row['label']} ({row['place']})" for row in naming.records(rows))


def _title(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.names.language
    first = [
        joined(quoted(row["label"]), joined("(", place(row, language), ")", by=""))
        for row in naming.records(rows.head(4))
    ]
    return language.text("{item}: {places}", item=plot.what, places=joined(*first, by=", "))


def _alt(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.names.language
    text = language.text(
        "Dot plot of {item} {year}, {total} units ranked: {places}. Values from {low} to {high}.",
        item=plot.what,
        year=str(plot.year),
        total=language.integer(len(rows)),
        places=_places(rows),
        low=language.number(rows["estimate"].min()),
        high=language.number(rows["estimate"].max()),
    )
    return joined(text, naming.answers(plot.names, rows["n"].max()))


def _table(rows: pd.DataFrame, plot: _Plot, *, of: Ranked) -> table.Table:
    text = plot.names.language.text
    head = text("Question") if of == "item" else plot.names.role(of)
    columns = [
        table.Column(source="label", label=head),
        table.Column(source="place", label=text("Place")),
        table.Column(source="estimate", label=plot.what, kind="score"),
        table.Column(
            source="", label=text("95% interval"), kind="score", interval=("ci_low", "ci_high")
        ),
        table.Column(source="n", label=text("Answers"), kind="count"),
    ]
    caption = text("{item} {year}, 0–100", item=plot.what, year=str(plot.year))
    return table.build(rows, columns, plot.names.language, name=plot.name, caption=caption)


def _draw(rows: pd.DataFrame, plot: _Plot, *, width: float) -> str:
    narrow = width < figure.WIDE
    places = 0.0 if narrow else max(map(figure.text_width, rows["place"])) + 14
    labels = min(max(map(figure.text_width, rows["label"])) + 8, (0.45 if narrow else 0.36) * width)
    tall = ROW + (figure.LEADING if narrow else 0)
    with figure.drawing(width=width, height=HEAD + len(rows) * tall + FOOT) as canvas:
        axes = figure.area(
            canvas, left=labels, bottom=FOOT, width=width - labels - places - 30,
            height=len(rows) * tall,
        )  # fmt: skip
        for y, row in enumerate(naming.records(rows)):
            number = plot.names.language.number(row["estimate"])
            _row(axes, row, y=y)
            figure.row_label(axes, row["label"], y=y, room=labels - 8)
            _write(axes, number, (1, y), 26, "right")
            if narrow:
                axes.annotate(row["place"], (1, y), (26, -figure.LEADING),
                              ("axes fraction", "data"), textcoords="offset points", ha="right",
                              va="center_baseline")  # fmt: skip
            else:
                _write(axes, sentence_case(row["place"]), (1, y), 38, "left")
        _axis(axes, plot, rows=len(rows), narrow=narrow)
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _write(axes: Axes, text: str, at: tuple[float, float], away: float, side: str) -> None:
    axes.annotate(
        text, at, (away, 0), ("axes fraction", "data"), textcoords="offset points", ha=side,
        va="center_baseline",
    )  # fmt: skip


def _row(axes: Axes, row: dict[str, Any], *, y: int) -> None:
    axes.axhline(y, color=GRID, lw=0.5, zorder=0)
    axes.plot([row["ci_low"], row["ci_high"]], [y, y], color=ACCENT, lw=1.8, alpha=0.75, zorder=2)
    axes.plot(row["estimate"], y, "o", ms=6, color=ACCENT, zorder=3)


def _axis(axes: Axes, plot: _Plot, *, rows: int, narrow: bool) -> None:
    low, high = plot.span
    axes.set_xlim(low, high)
    axes.set_ylim(rows - 0.5 + (0.25 if narrow else 0), -0.5)
    ticks = np.arange(low, high + 1, 10 if high - low <= 60 else 20)
    axes.set_xticks(ticks, [plot.names.language.number(t) for t in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)

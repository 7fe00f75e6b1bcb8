"""Change from one round to another: raw, and like for like over the activities in both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import claims, figure, findings, naming, table, together
from betyg.publish.claims import Condition
from betyg.publish.figure import ACCENT, COLOURS, GRID, INK, SOFT, Figure
from betyg.publish.language import Language, msgid
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import joined, stating
from betyg.stats import apart
from betyg.stats.change import BREAK, NO_ERROR, NO_OVERLAP

ROW = 15.0
TOP = 4.0  # above the first row, where there is no key
HEAD = 34.0
FOOT = 22.0
COMPARED: tuple[Condition, ...] = (
    ("comparable", "==", True), ("shown", "==", True), ("agency", "!=", ALL),
)  # fmt: skip
"""What makes a change one of those that are set beside each other."""
TOO_FEW = "too_few_answers"
REASONS = {
    NO_OVERLAP: msgid("not comparable: no activity in both years"),
    BREAK: msgid("not comparable: the question changed"),
    NO_ERROR: msgid("not comparable: single answers tell nothing of their margin"),
    TOO_FEW: msgid("not comparable: too few answers"),
    "": msgid("not comparable"),
}


def compared(
    changes: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    outcome: str,
    year_from: int,
    year_to: int,
) -> Figure:
    """Draw raw and like-for-like change of every agency, sorted by the latter.

    Parameters
    ----------
    changes : DataFrame
        Columns outcome, agency, year_from, year_to, raw, like_for_like (each with _se, _low,
        _high), n_shared, answers_from, answers_to, shares, comparable, reason, differs, as
        ``stats.change.decompose`` gives them.
    outcome : str
        Item or index.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    rows = select(changes, survey, outcome=outcome, year_from=year_from, year_to=year_to)
    rows = rows.assign(label=[names.agency(str(code)) for code in rows["agency"]])
    drawn = rows[rows["comparable"]].sort_values(
        ["like_for_like", "label"], ascending=[False, True]
    )
    others = rows[~rows["comparable"]].sort_values("label")
    plot = _Plot(
        names=names,
        what=names.item(outcome),
        years=language.range(str(year_from), str(year_to)),
        pair=claims.conditions(year_to=year_to, year_from=year_from, outcome=outcome),
        span=_span(drawn),
        name=naming.slug("change", outcome, year_from, year_to),
    )
    ordered = pd.concat([drawn, others])
    return Figure(
        name=plot.name,
        title=_title(drawn, plot),
        subtitle=naming.subtitle(
            names,
            what=language.text("{item}: change in points, 95% confidence interval", item=plot.what),
            year=(year_from, year_to),
        ),
        note=naming.note(names, *_notes(drawn, plot)),
        alt=_alt(drawn, others, plot),
        svg=_draw(ordered, plot, width=figure.WIDE),
        svg_narrow=_draw(ordered, plot, width=figure.NARROW),
        table=_table(ordered, plot),
        table_label=language.text("The figure as a table"),
    )


_OVER_ACTIVITIES = {
    "none": msgid("{item} {years}, like for like: no sure change in any of the {total}"),
    "some": msgid("{item} {years}, like for like: {up} of {total} up, {down} down, the rest "
                  "without a sure change"),
    "alt": msgid("Dumbbell plot of the change of {item} {years} for {total} units, raw and like "
                 "for like; {others} cannot be compared."),
    "marks": msgid("Filled: change over the activities surveyed in both years. Open: raw change, "
                   "which also reflects which activities were surveyed."),
    "weight": msgid("The weight of each activity is its share of the answers asked for."),
    "key": msgid("like for like"),
    "column": msgid("Like for like"),
    "shared": msgid("Shared activities"),
}  # fmt: skip
_AT_ONE_MIX = {
    "none": msgid("{item} {years}, at an unchanged mix: no sure change in any of the {total}"),
    "some": msgid("{item} {years}, at an unchanged mix: {up} of {total} up, {down} down, the rest "
                  "without a sure change"),
    "alt": msgid("Dumbbell plot of the change of {item} {years} for {total} units, raw and at an "
                 "unchanged mix; {others} cannot be compared."),
    "marks": msgid("Filled: change at an unchanged mix. Open: raw change, which also reflects who "
                   "answered."),
    "weight": msgid("The weight of each part of the mix is its share of the answers asked for."),
    "key": msgid("unchanged mix"),
    "column": msgid("At an unchanged mix"),
    "shared": msgid("Shared parts of the mix"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """What all parts of one figure share."""

    names: Names
    what: str
    years: str
    pair: tuple[Condition, ...]
    span: tuple[float, float]
    name: str

    @property
    def language(self) -> Language:
        return self.names.language

    @property
    def words(self) -> Mapping[str, str]:
        """What is said of like for like: what is held equal are activities, or else."""
        held = self.names.survey.compare.adjust_for
        return _AT_ONE_MIX if held and "activity" not in held else _OVER_ACTIVITIES


def select(
    changes: pd.DataFrame, survey: Study, *, outcome: str, year_from: int, year_to: int
) -> pd.DataFrame:
    """Return the changes of single agencies between two years, hidden where the base is small."""
    pair = naming.pick(changes, survey, outcome=outcome, year_from=year_from, year_to=year_to)
    rows = pair[pair["agency"] != ALL]
    few = rows["comparable"].astype(bool) & ~rows["shown"]
    return rows.assign(
        comparable=rows["comparable"].astype(bool) & rows["shown"],
        reason=rows["reason"].astype(str).mask(few, TOO_FEW),
    )


def surely(
    changes: pd.DataFrame, survey: Study, *, outcome: str, year_from: int, year_to: int
) -> list[str]:
    """Return the agencies whose change is sure, all judged together; the largest rise first."""
    rows = select(changes, survey, outcome=outcome, year_from=year_from, year_to=year_to)
    named = rows[_verdicts(rows) != 0].sort_values("like_for_like", ascending=False)
    return [str(agency) for agency in named["agency"]]


def reason(code: str, language: Language) -> str:
    """Say in words why two rounds of an agency cannot be compared."""
    if code not in REASONS:
        raise DataError(
            f"changes: no words for the reason '{code}'. Known: {', '.join(filter(None, REASONS))}."
        )
    return language.text(REASONS[code])


def mixed(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Say where raw and like-for-like change surely differ and support different statements."""
    return rows["differs"].astype(bool) & rows["comparable"]


def parted(rows: pd.DataFrame) -> bool:
    """Say whether any raw change differs from the change like for like."""
    apart = (rows["raw"] - rows["like_for_like"])[rows["comparable"].astype(bool)].abs()
    return bool((apart > 1e-9).any())


def _span(rows: pd.DataFrame) -> tuple[float, float]:
    ends = rows[["raw", "like_for_like_low", "like_for_like_high"]].to_numpy(dtype=float)
    furthest = float(np.nanmax(np.abs(ends))) if np.isfinite(ends).any() else 0.0
    limit = max(5.0, 5 * float(np.ceil(furthest / 5)))
    return -limit, limit


def _verdicts(rows: pd.DataFrame) -> "pd.Series[int]":
    """Say which changes are surely up (1) or down (-1), all units judged together."""
    like, se = (rows[c].where(rows["comparable"]) for c in ("like_for_like", "like_for_like_se"))
    verdict = apart.surely(like.to_numpy(float), se.to_numpy(float), reference=0.0)
    return pd.Series(verdict.astype(int), index=rows.index)


def _found(rows: pd.DataFrame, plot: _Plot) -> findings.Found:
    """Return the changes that would be found four times in five, of those that are not sure."""
    se = rows["like_for_like_se"].where(rows["comparable"]).to_numpy(float)
    sizes = apart.found(se, _verdicts(rows).to_numpy())
    return sizes, together.detectable_together(
        "changes", sizes, *plot.pair, *COMPARED, of="like_for_like"
    )


def _title(rows: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    if rows.empty:
        said = language.text(
            "{item} {years}: no change can be computed, nothing is comparable",
            item=plot.what, years=plot.years,
        )  # fmt: skip
        return stating(said, claims.count("changes", "agency", 0, *plot.pair, must=COMPARED))
    verdicts = _verdicts(rows)
    up, down = int((verdicts > 0).sum()), int((verdicts < 0).sum())
    numbers = {"item": plot.what, "years": plot.years, "total": language.integer(len(rows))}
    if not up and not down:
        none = language.text(plot.words["none"], **numbers)
        said = findings.beside(none, _found(rows, plot), language, "change")
    else:
        said = language.text(
            plot.words["some"],
            up=language.integer(up),
            down=language.integer(down),
            **numbers,
        )
    those = (*plot.pair, *COMPARED)
    sure = (
        together.surely_apart("changes", n, *those, above=above, of="like_for_like")
        for n, above in ((up, True), (down, False))
    )
    return stating(said, claims.count("changes", "agency", len(rows), *those), *sure)


def _notes(rows: pd.DataFrame, plot: _Plot) -> list[str]:
    language = plot.language
    blue = language.text(
        "Blue: the change is sure, all units judged together, as in the title. Each interval holds "
        "by itself."
    )
    if (_verdicts(rows) != 0).any():  # else the title says it
        blue = joined(blue, findings.sentence_of(_found(rows, plot), language, "change"))
    if not parted(rows):
        return [blue]
    notes = [
        language.text(plot.words["marks"]),
        blue,
    ]
    if mixed(rows).any():
        notes.append(language.text("Marked “mix”: the two surely differ and say different things."))
    if (rows["shares"] == "design").any():
        notes.append(language.text(plot.words["weight"]))
    return notes


def _alt(rows: pd.DataFrame, others: pd.DataFrame, plot: _Plot) -> str:
    language = plot.language
    text = language.text(
        plot.words["alt"],
        item=plot.what,
        years=plot.years,
        total=language.integer(len(rows)),
        others=language.integer(len(others)),
    )
    if rows.empty:
        return text
    top, bottom = rows.iloc[0], rows.iloc[-1]
    return f"{text} " + language.text(
        "From {top} {up} to {bottom} {down}.",
        top=top["label"],
        up=language.signed(top["like_for_like"]),
        bottom=bottom["label"],
        down=language.signed(bottom["like_for_like"]),
    )


def _table(rows: pd.DataFrame, plot: _Plot) -> table.Table:
    text = plot.language.text
    words = [
        "" if ok else reason(str(code), plot.language)
        for ok, code in zip(rows["comparable"], rows["reason"], strict=True)
    ]
    odd = mixed(rows)
    remarks = [text("mix") if is_mix else word for is_mix, word in zip(odd, words, strict=True)]
    # What is not comparable has its reason in words, and no number.
    numbers = [c for c in map(str, rows) if c.startswith(("raw", "like_for_like"))]
    blanked = {c: rows[c].where(rows["comparable"]) for c in numbers}
    frame = rows.assign(**blanked, remark=remarks, shown=True)
    columns = [
        table.Column(source="label", label=plot.names.role("agency")),
        table.Column(source="raw", label=text("Raw change"), kind="difference"),
        table.Column(source="like_for_like", label=text(plot.words["column"]), kind="difference"),
        table.Column(
            source="", label=text("95% interval"), kind="difference",
            interval=("like_for_like_low", "like_for_like_high"),
        ),
        table.Column(source="n_shared", label=text(plot.words["shared"]), kind="count"),
        table.Column(source="remark", label=text("Remark")),
    ]  # fmt: skip
    caption = text("{item}: change {years}, points on 0–100", item=plot.what, years=plot.years)
    return table.build(frame, columns, plot.language, name=plot.name, caption=caption)


def _draw(rows: pd.DataFrame, plot: _Plot, *, width: float) -> str:
    labels = min(max(map(figure.text_width, rows["label"])) + 8, 0.42 * width)
    values = figure.text_width("+10,5") + 6
    marks = figure.text_width(plot.language.text("mix")) + 8
    room = width - labels - values - marks
    height = (HEAD if parted(rows) else TOP) + len(rows) * ROW + FOOT
    odd = mixed(rows)
    with figure.drawing(width=width, height=height) as canvas:
        axes = figure.area(canvas, left=labels, bottom=FOOT, width=room, height=len(rows) * ROW)
        for y, row in enumerate(naming.records(rows.assign(verdict=_verdicts(rows)))):
            axes.annotate(
                figure.shorten(row["label"], labels - 8), (0, y), (-8, 0),
                ("axes fraction", "data"), textcoords="offset points", ha="right",
                va="center_baseline",
            )  # fmt: skip
            if row["comparable"]:
                _dumbbell(axes, row, plot, y=y, value=values, mark=bool(odd.iloc[y]))
            else:
                text = reason(row["reason"], plot.language)
                if figure.text_width(text) > room + values + marks:
                    text = plot.language.text(REASONS[""])
                axes.annotate(
                    figure.shorten(text, room + values + marks), (0, y), (0, 0),
                    ("axes fraction", "data"), textcoords="offset points", ha="left",
                    va="center_baseline", color=SOFT, style="italic",
                )  # fmt: skip
        axes.set_ylim(len(rows) - 0.5, -0.5)
        _axis(axes, plot, compared_rows=int(rows["comparable"].sum()), room=room)
        if parted(rows):
            _key(axes, plot, rows=len(rows), room=room)
        return figure.to_svg(canvas, name=f"{plot.name}-{int(width)}")


def _dumbbell(
    axes: Axes, row: dict[str, Any], plot: _Plot, *, y: int, value: float, mark: bool
) -> None:
    low, high = row["like_for_like_low"], row["like_for_like_high"]
    colour = ACCENT if row["verdict"] else COLOURS["rest"]
    axes.plot([row["raw"], row["like_for_like"]], [y, y], color=GRID, lw=4, zorder=1,
              solid_capstyle="round")  # fmt: skip
    axes.plot([low, high], [y, y], color=colour, lw=1.4, alpha=0.8, zorder=2)
    axes.plot(row["raw"], y, "o", ms=4.8, mfc=COLOURS["paper"], mec=SOFT, mew=1.1, zorder=3)
    axes.plot(row["like_for_like"], y, "o", ms=5.5, color=colour, zorder=4)
    number = plot.language.signed(row["like_for_like"])
    axes.annotate(number, (1, y), (value, 0), ("axes fraction", "data"),
                  textcoords="offset points", ha="right", va="center_baseline")  # fmt: skip
    if mark:
        axes.annotate(plot.language.text("mix"), (1, y), (value + 6, 0),
                      ("axes fraction", "data"), textcoords="offset points", ha="left",
                      va="center_baseline", color=SOFT)  # fmt: skip


def _axis(axes: Axes, plot: _Plot, *, compared_rows: int, room: float) -> None:
    low, high = plot.span
    axes.set_xlim(low, high)
    step = 5 if high <= 15 and room > 180 else 10 if high <= 30 else 20
    ticks = [t for t in np.arange(-100, 101, step) if low <= t <= high]
    axes.set_xticks(ticks, [plot.language.signed(float(t), 0) for t in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if compared_rows:
        axes.plot([0, 0], [-0.5, compared_rows - 0.5], color=INK, lw=0.9, zorder=0.5)


def _key(axes: Axes, plot: _Plot, *, rows: int, room: float) -> None:
    """Say which mark is which, where the two differ."""
    key = [
        (ACCENT, ACCENT, plot.language.text(plot.words["key"])),
        (COLOURS["paper"], SOFT, plot.language.text("raw")),
    ]
    x = 0.0
    for face, edge, label in key:
        axes.annotate(label, (0, 1), (x + 9, 12), ("axes fraction", "axes fraction"),
                      textcoords="offset points", va="center_baseline", color=SOFT)  # fmt: skip
        axes.plot([(x + 3) / room], [1 + 12 / (rows * ROW)], "o", ms=5, mfc=face, mec=edge,
                  transform=axes.transAxes, clip_on=False)  # fmt: skip
        x += 9 + figure.text_width(label) + 14

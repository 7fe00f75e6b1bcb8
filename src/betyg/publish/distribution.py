"""The distribution of answers: what each question got, in words, bars and numbers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import claims, diverging, extremes, figure, naming, table
from betyg.publish.diverging import TOP_TWO_FROM, Bar
from betyg.publish.figure import Figure
from betyg.publish.language import Language
from betyg.publish.naming import ALL, MARGIN, Names, Where
from betyg.publish.sentence import joined, stating


def answers(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    items: Sequence[str] | None = None,
    **where: Unpack[Where],
) -> Figure:
    """Draw how the answers to each question are distributed.

    Parameters
    ----------
    estimates : DataFrame
        Rows with statistic "share" (position of the answer in ``response``), "top2" and
        "dont_know"; columns agency, year, activity, group, item, statistic, response, estimate, n.
    items : sequence of str, optional
        Which items; all that were asked, without.
    **where
        ``agency``, ``activity`` and ``group``, where not all of them.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    keys: dict[str, object] = {**MARGIN, **where, "item": None if items is None else list(items)}
    kinds = ["share", "top2", "dont_know"]
    rows = naming.pick(estimates, survey, statistic=kinds, year=year, **keys)
    bars = list(_bars(rows, names, year))
    drawn = [bar for bar in bars if bar.shown]
    if not drawn:
        raise DataError(
            f"study {survey.name}: no question of {year} has enough answers to be drawn. "
            "Choose another year or agency."
        )
    name = naming.slug("distribution", year, *where.values(), *(items or ()))
    svgs = [diverging.draw(drawn, names, width=w, name=name) for w in (figure.WIDE, figure.NARROW)]
    agency = where.get("agency", ALL)
    who = None if agency == ALL else names.agency(agency)
    hidden = [bar.label for bar in bars if not bar.shown]
    n = max(bar.n for bar in drawn)
    return Figure(
        name=name,
        title=_title(drawn, language),
        subtitle=naming.subtitle(
            names, what=language.text("Answers to each question, per cent"), who=who, year=year
        ),
        note=naming.note(names, _reading(drawn, language), naming.left_out(names, hidden)),
        alt=_alt(drawn, language, year=year, n=n),
        svg=svgs[0],
        svg_narrow=svgs[1],
        table=_table(bars, names, year=year, name=name),
        table_label=language.text("The figure as a table"),
    )


def _bars(rows: pd.DataFrame, names: Names, year: int) -> Iterator[Bar]:
    for item in (i for i in names.survey.items if (rows["item"] == i.item).any()):
        own = rows[rows["item"] == item.item]
        scale = names.survey.scale_of(item.item, year)
        shares = own[own["statistic"] == "share"].set_index("response")
        if shares.empty or scale.k < 2:
            continue
        shown = bool(shares["shown"].all())
        positions = shares["estimate"].reindex(range(1, scale.k + 1))
        top = "top2" if scale.k >= TOP_TWO_FROM else "share"
        best = own[(own["statistic"] == top) & (own["response"].isin([np.nan, scale.k]))]
        yield Bar(
            item=item.item,
            label=names.item(item.item),
            theme=item.theme,
            scale=scale,
            shares=tuple(positions.fillna(0.0) if shown else positions * np.nan),
            top2=_one(own, "top2"),
            dont_know=_one(own, "dont_know"),
            n=float(shares["n"].fillna(0).max()),
            shown=shown,
            best=naming.records(best)[0] if len(best) else {},
        )


def _one(rows: pd.DataFrame, statistic: str) -> float:
    found = rows.loc[rows["statistic"] == statistic, "estimate"]
    return float(found.iloc[0]) if len(found) else float("nan")


def _title(bars: Sequence[Bar], language: Language) -> str:
    graded = on_one_scale(bars)
    if len(graded) == 1:
        only = graded[0]
        return language.text(
            "“{item}”: {share} give one of the best answers",
            item=only.label,
            share=_favour(only, language),
        )
    named = {str(bar.best["item"]): bar for bar in graded}
    found = extremes.compared([dict(bar.best) for bar in graded], "item", list(named))

    def label(row: dict[str, Any]) -> str:
        bar = named[str(row["item"])]
        return language.text("“{item}” {value}", item=bar.label, value=_favour(bar, language))

    if not found.is_sure:
        said = extremes.ends(found, language, label=label)
        if len(graded) == len(bars):
            return language.text("Share of the best answers: {ends}", ends=said)
        return language.text("Share of the best answers, commonest scale: {ends}", ends=said)
    best, worst = (named[str(found.rows[at]["item"])] for at in (0, -1))
    marks = {
        "best": best.label, "high": _favour(best, language),
        "worst": worst.label, "low": _favour(worst, language),
    }  # fmt: skip
    said = (
        language.text(
            "“{best}” gets the highest marks ({high}), “{worst}” the lowest ({low})", **marks
        )
        if len(graded) == len(bars)
        else language.text(
            "On the commonest scale “{best}” gets the highest marks ({high}), “{worst}” the "
            "lowest ({low})",
            **marks,
        )
    )
    return stating(said, *found.claims)


def _favour(bar: Bar, language: Language) -> str:
    return stating(language.percent(bar.favour), claims.share("estimates", bar.best, "estimate"))


def on_one_scale(bars: Sequence[Bar]) -> list[Bar]:
    """Return the questions of the scale that most share: across scales nothing is compared."""
    graded = [bar for bar in bars if len(bar.shares) >= TOP_TWO_FROM] or list(bars)
    counts = Counter(bar.scale.scale for bar in graded)
    most = counts.most_common(1)[0][0]
    return [bar for bar in graded if bar.scale.scale == most]


def _reading(bars: Sequence[Bar], language: Language) -> str:
    parts = []
    if any(len(bar.shares) >= TOP_TWO_FROM for bar in bars):
        parts.append(language.text("Top two: share giving one of the two best answers."))
    if any(np.isfinite(bar.dont_know) for bar in bars):
        parts.append(
            language.text(
                "Don’t know: share of the respondents who got the question, outside the bars."
            )
        )
    return " ".join(parts)


def _alt(bars: Sequence[Bar], language: Language, *, year: int, n: float) -> str:
    graded = on_one_scale(bars)
    best, worst = max(graded, key=lambda b: b.favour), min(graded, key=lambda b: b.favour)
    drawn = language.text(
        "Diverging bars of the answers to {total} questions in {year}.",
        total=language.integer(len(bars)),
        year=str(year),
    )
    ends = {
        "best": best.label, "worst": worst.label, "high": language.percent(best.favour),
        "low": language.percent(worst.favour),
    }  # fmt: skip
    text = joined(
        drawn,
        language.text("The best answers: from {high} for {best} to {low} for {worst}.", **ends)
        if len(graded) == len(bars)
        else language.text(
            "The best answers, on the commonest scale: from {high} for {best} to {low} for "
            "{worst}.",
            **ends,
        ),
    )
    if not n:
        return text
    return f"{text} " + language.plural(
        "At most {n} answer to a question.", "At most {n} answers to a question.", int(n)
    )


def _table(bars: Sequence[Bar], names: Names, *, year: int, name: str) -> table.Table:
    """Long: a row an answer, so that questions of different scales share one table."""
    language = names.language
    text = language.text
    rows = []
    for bar in bars:
        base = {"label": bar.label, "n": bar.n, "shown": bar.shown}
        labels = [str(names.survey.label(a, language.code)) for a in bar.scale.answers]
        rows += [base | {"answer": a, "share": s} for a, s in zip(labels, bar.shares, strict=True)]
        if np.isfinite(bar.dont_know):
            rows.append(base | {"answer": text("don’t know"), "share": bar.dont_know})
    columns = [
        table.Column(source="label", label=text("Question")),
        table.Column(source="answer", label=text("Answer")),
        table.Column(source="share", label=text("Share"), kind="share"),
        table.Column(source="n", label=text("Answers"), kind="count"),
    ]
    return table.build(
        pd.DataFrame(rows),
        columns,
        language,
        name=name,
        caption=text("Distribution of answers {year}", year=str(year)),
    )

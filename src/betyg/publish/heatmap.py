"""Agencies by themes: how far each lies from the mean of all, and which differences are sure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import claims, figure, findings, naming, plain, table, together
from betyg.publish.claims import Claim, Condition
from betyg.publish.figure import COLOURS, GRID, SOFT, Figure
from betyg.publish.language import Language
from betyg.publish.naming import ALL, INDEX_OF_THEME, MARGIN, Names, Where
from betyg.publish.sentence import stating
from betyg.stats import apart

ROOMS = (130.0, 190.0, 250.0)  # heights of upright headings, the lowest in which all fit
ROW = 15.0
SMALLEST = 0.7  # how much smaller numbers may be than other text, in a map of very many columns
DEEPEST = 8.0  # points of difference at which the colour is full


def differences(
    estimates: pd.DataFrame,
    survey: Study,
    language: Language,
    *,
    year: int,
    items: Sequence[str] | None = None,
    **where: Unpack[Where],
) -> Figure:
    """Draw agency x theme: the difference from the mean of all, coloured where it is sure.

    Parameters
    ----------
    estimates : DataFrame
        Columns agency, year, item, statistic ("mean"), estimate, se, n and, where there are,
        activity and group; with rows of agency "all".
    items : sequence of str, optional
        Columns of the map; the indices of the themes, or without those all items, where not given.
    **where
        ``activity`` and ``group``, where not all of them.

    Returns
    -------
    Figure
    """
    names = Names(survey, language)
    keys: dict[str, object] = {**MARGIN, **where, "agency": None, "statistic": "mean"}
    wanted = list(items) if items is not None else default_items(estimates, survey, year=year)
    rows = naming.pick(estimates, survey, year=year, item=wanted, **keys)
    grid = _grid(rows, names, survey)
    plot_name = naming.slug("themes", year, *where.values(), *(items or ()))
    activity = where.get("activity", ALL)
    return Figure(
        name=plot_name,
        title=_title(grid, names),
        subtitle=naming.subtitle(
            names,
            what=language.text("Difference from the mean of all, as answered, points on 0–100"),
            who=None if activity == ALL else names.activity(activity),
            year=year,
        ),
        note=naming.note(names, *_notes(grid, names)),
        alt=_alt(grid, names, year=year),
        svg=_draw(grid, names, width=figure.WIDE, name=plot_name),
        svg_narrow=_draw(grid, names, width=figure.NARROW, name=plot_name),
        table=_table(grid, names, year=year, name=plot_name),
        table_label=language.text("The figure as a table"),
    )


def default_items(estimates: pd.DataFrame, survey: Study, *, year: int) -> list[str]:
    """Return the indices of the themes, or all items where there are none."""
    present = set(estimates.loc[(estimates["year"] == year), "item"].astype(str))
    themes = [f"{INDEX_OF_THEME}{t.theme}" for t in survey.themes]
    chosen = [code for code in themes if code in present]
    return chosen or [item.item for item in survey.items if item.item in present]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Agencies (rows) by themes (columns), both sorted, the most favoured first."""

    agencies: tuple[str, ...]
    themes: tuple[str, ...]
    codes: tuple[str, ...]
    items: tuple[str, ...]
    first: Mapping[str, Any]  # one of the rows it is made from: year, activity, group
    means: NDArray[np.float64]
    difference: NDArray[np.float64]  # NaN where hidden or not asked
    sure: NDArray[np.int8]  # 1, 0, -1
    found: NDArray[np.float64]  # of those not sure: what would be found four times in five
    hidden: NDArray[np.bool_]  # asked, but too few answers


def _grid(rows: pd.DataFrame, names: Names, survey: Study) -> _Grid:
    mean = rows[rows["agency"] == ALL].set_index("item")
    everyone = mean["estimate"].dropna()
    single = ~rows["agency"].isin([ALL, *survey.totals])
    one = rows[single & rows["item"].isin(everyone.index)]
    if one.empty:
        raise DataError(
            f"study {survey.name}: no means of single agencies beside those of all. "
            "Estimate by agency and by year in 02_results."
        )
    themes = everyone.sort_values(ascending=False, kind="stable").index
    wide = one.set_index(["agency", "item"])
    estimate, se = (_block(wide[part].astype(float), themes) for part in ("estimate", "se"))
    hidden = _block((~wide["shown"]).astype(float), themes) == 1
    difference = estimate - everyone[themes].to_numpy()
    own = np.array([np.nanmean(d) if np.isfinite(d).any() else -np.inf for d in difference])
    codes = [str(code) for code in wide["estimate"].unstack("item").index]
    order = np.argsort(-own, kind="stable")
    means, error = (mean.loc[themes, part].to_numpy(float) for part in ("estimate", "se"))
    sure = apart.surely(estimate, se, reference=means, reference_se=error)
    return _Grid(
        agencies=tuple(names.agency(codes[i]) for i in order),
        themes=tuple(names.item(str(item)) for item in themes),
        codes=tuple(codes[i] for i in order),
        items=tuple(map(str, themes)),
        first=naming.records(one.head(1))[0],
        means=means,
        difference=difference[order],
        sure=sure[order],
        found=apart.found(apart.difference_se(se, error), sure),
        hidden=hidden[order],
    )


def _block(values: "pd.Series[float]", themes: pd.Index) -> NDArray[np.float64]:
    return values.unstack("item").reindex(columns=themes).to_numpy(dtype=float)


def _sure(grid: _Grid) -> Iterator[Claim]:
    """Claim how many cells lie surely above and below the mean of all."""
    cells, reference = _cells(grid)
    for sign in (1, -1):
        n = int((grid.sure == sign).sum())
        yield together.surely_apart("estimates", n, *cells, above=sign > 0, reference=reference)


def _cells(grid: _Grid) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Return the conditions of the cells that are shown, and of what they are set against."""
    same = claims.row_of("estimates", {**grid.first, "agency": None, "item": None})
    items: Condition = ("item", "in", grid.items)
    own: tuple[Condition, ...] = (("agency", "in", grid.codes), items, ("shown", "==", True))
    return (*same, *own), (*same, ("agency", "==", ALL), items)


def _found(grid: _Grid) -> findings.Found:
    cells, reference = _cells(grid)
    return grid.found, together.detectable_together(
        "estimates", grid.found, *cells, reference=reference
    )


def _title(grid: _Grid, names: Names) -> str:
    return stating(_finding(grid, names), *_sure(grid))


def _finding(grid: _Grid, names: Names) -> str:
    language = names.language
    if not grid.sure.any():
        none = language.text("No difference from the mean of all is sure")
        return findings.beside(none, _found(grid), language, "difference")
    return language.text(
        "Surely above the mean of all: {above}; surely below: {below} (all differences judged "
        "together)",
        above=language.integer(int((grid.sure > 0).sum())),
        below=language.integer(int((grid.sure < 0).sum())),
    )


def _notes(grid: _Grid, names: Names) -> list[str]:
    language = names.language
    notes = [
        language.text(
            "Coloured: the difference is sure, all cells judged together. Grey number: it may be "
            "chance."
        )
    ]
    if grid.sure.any():  # else the title says it
        notes.append(findings.sentence_of(_found(grid), language, "difference"))
    if names.survey.compare.adjust_for:
        notes.append(
            language.text(
                "As answered. In the pages on each unit a difference is at an equal mix, from a "
                "mean in which each counts once, and can be other than here."
            )
        )
    if grid.hidden.any():
        notes.append(language.text("Hatched: too few answers to show."))
    if (~np.isfinite(grid.difference) & ~grid.hidden).any():
        notes.append(language.text("Empty: not asked, or too few questions answered."))
    return notes


def _alt(grid: _Grid, names: Names, *, year: int) -> str:
    language = names.language
    counted = language.text(
        "Heat map of {rows} units by {columns} themes, {year}: {above} differences from the mean "
        "are surely positive, {below} surely negative, {rest} not sure, {hidden} hidden.",
        rows=language.integer(len(grid.agencies)),
        columns=language.integer(len(grid.themes)),
        year=str(year),
        above=language.integer(int((grid.sure > 0).sum())),
        below=language.integer(int((grid.sure < 0).sum())),
        rest=language.integer(int((np.isfinite(grid.difference) & (grid.sure == 0)).sum())),
        hidden=language.integer(int(grid.hidden.sum())),
    )
    return f"{counted} {_title(grid, names)}."


def _table(grid: _Grid, names: Names, *, year: int, name: str) -> table.Table:
    """Agencies by themes; a hidden cell says so in words."""
    text = names.language.text
    write = table.writer("difference", names.language, digits=0)
    few = text("too few answers to show")
    rows = tuple(
        (agency, *(few if grid.hidden[i, j] else write(value) for j, value in enumerate(values)))
        for i, (agency, values) in enumerate(zip(grid.agencies, grid.difference, strict=True))
    )
    frame = pd.DataFrame(grid.difference, index=list(grid.agencies), columns=list(grid.themes))
    columns = [plain.column(names.role("agency"), "text", grid.agencies)]
    columns += [
        plain.column(theme, "difference", values)
        for theme, values in zip(grid.themes, grid.difference.T, strict=True)
    ]
    hidden = [[theme for theme, is_hidden in zip(grid.themes, row, strict=True) if is_hidden]
              for row in grid.hidden]  # fmt: skip
    return table.Table(
        name=name,
        caption=text("Difference from the mean of all {year}, points on 0–100", year=str(year)),
        header=(names.role("agency"), *grid.themes),
        rows=rows,
        numeric=(False, *(True for _ in grid.themes)),
        frame=frame.rename_axis("agency").reset_index(),
        columns=tuple(columns),
        remarks=tuple(f"{few}: {', '.join(themes)}" if themes else "" for themes in hidden),
    )


def _draw(grid: _Grid, names: Names, *, width: float, name: str) -> str:
    shape = grid.difference.shape
    labels = min(max(map(figure.text_width, grid.agencies)) + 8, 0.42 * width)
    cell = (width - labels) / shape[1]
    head, headings = _headings(grid, cell)
    height = head + ROW + 4 + shape[0] * ROW
    with figure.drawing(width=width, height=height) as canvas:
        axes = figure.area(canvas, left=labels, bottom=0, width=width - labels,
                           height=shape[0] * ROW)  # fmt: skip
        palette = sns.blend_palette(
            [COLOURS[c] for c in ("low", "low-soft", "middle", "high-soft", "high")], as_cmap=True
        )
        sns.heatmap(
            grid.difference, mask=grid.sure == 0, cmap=palette, vmin=-DEEPEST, vmax=DEEPEST,
            cbar=False, ax=axes, linewidths=1, linecolor=COLOURS["paper"], xticklabels=False,
            yticklabels=False,
        )  # fmt: skip
        axes.set(xlabel="", ylabel="")
        for i, agency in enumerate(grid.agencies):
            axes.annotate(
                figure.shorten(agency, labels - 8), (0, i + 0.5), (-6, 0),
                ("axes fraction", "data"), textcoords="offset points", ha="right",
                va="center_baseline",
            )  # fmt: skip
        fitting = (cell - 3) / figure.text_width(names.language.signed(-12.0, 0))
        _numbers(axes, grid, names.language, palette, size=float(np.clip(fitting, SMALLEST, 1)))
        _top(axes, grid, names.language, headings)
        return figure.to_svg(canvas, name=f"{name}-{int(width)}")


def _numbers(axes: Axes, grid: _Grid, language: Language, palette: object, *, size: float) -> None:
    points = size * float(rcParams["font.size"])
    for (i, j), value in np.ndenumerate(grid.difference):
        if grid.hidden[i, j]:
            axes.add_patch(
                Rectangle((j + 0.04, i + 0.08), 0.92, 0.84, fill=False, hatch="////",
                          ec=COLOURS["absent"], lw=0)
            )  # fmt: skip
        if not np.isfinite(value):
            continue
        colour = SOFT
        if grid.sure[i, j]:
            share = float(np.clip((value + DEEPEST) / (2 * DEEPEST), 0, 1))
            colour = figure.text_on(_hex(palette, share))
        axes.text(j + 0.5, i + 0.5, language.signed(value, 0), ha="center",
                  va="center_baseline", color=colour, fontsize=points)  # fmt: skip
    axes.hlines(range(1, len(grid.agencies)), 0, len(grid.themes), color=GRID, lw=0.4, zorder=0)


def _hex(palette: object, share: float) -> str:
    from matplotlib.colors import Colormap, to_hex

    return to_hex(palette(share)) if isinstance(palette, Colormap) else COLOURS["middle"]


def _headings(grid: _Grid, cell: float) -> tuple[float, list[tuple[str, int]]]:
    """Return the room above the map and, for each theme, its text and rotation.

    Level where every word fits the column, upright where one does not.
    """
    widest = max(figure.text_width(word) for theme in grid.themes for word in theme.split())
    if widest <= cell - 4:
        lines = [figure.wrap(theme, width=cell - 4) for theme in grid.themes]
        tall = max(map(len, lines)) * figure.LEADING
        return tall + 6, [("\n".join(part), 0) for part in lines]
    most = max(1, int(cell // figure.LEADING))
    for room in ROOMS:
        lines = [figure.wrap(theme, width=room) for theme in grid.themes]
        if max(map(len, lines)) <= most:
            break
    cut = [[*part[: most - 1], figure.shorten(" ".join(part[most - 1 :]), room)] for part in lines]
    tall = max(figure.text_width(line) for part in cut for line in part)
    return tall + 6, [("\n".join(part), 90) for part in cut]


def _top(axes: Axes, grid: _Grid, language: Language, headings: Sequence[tuple[str, int]]) -> None:
    """Write the themes, and the mean of all under each."""
    for j, (heading, rotation) in enumerate(headings):
        axes.annotate(
            heading, (j + 0.5, 1), (0, ROW + 4), ("data", "axes fraction"),
            textcoords="offset points", ha="center",
            va="bottom" if rotation else "baseline", rotation=rotation,
            linespacing=1.2, multialignment="left" if rotation else "center",
        )  # fmt: skip
        axes.annotate(
            language.number(grid.means[j]), (j + 0.5, 1), (0, ROW / 2), ("data", "axes fraction"),
            textcoords="offset points", ha="center", va="center_baseline", color=SOFT,
        )  # fmt: skip
    axes.annotate(
        language.text("All, 0–100"), (0, 1), (-6, ROW / 2), ("axes fraction", "axes fraction"),
        textcoords="offset points", ha="right", va="center_baseline", color=SOFT,
    )  # fmt: skip

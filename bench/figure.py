"""The figure of docs/benchmarks.md: seconds against the number of answers, ours and the peers'."""

from __future__ import annotations

from matplotlib.axes import Axes

from bench.measure import Found
from betyg.publish import picture
from betyg.publish.figure import (
    ACCENT,
    COLOURS,
    GRID,
    LEADING,
    SOFT,
    TEXT,
    WIDE,
    Figure,
    area,
    drawing,
    spread,
    to_svg,
)
from betyg.publish.sentence import quoted
from betyg.publish.table import Table

HEIGHT = 260.0
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_BOTTOM = 52.0, 148.0, 40.0
LIKE = 1.5  # times between the largest and the smallest, up to which they are called like
AFTER = ("choose the answers", "fit")
Points = list[tuple[int, float]]


def lines(found: dict[str, Found]) -> dict[str, Points]:
    """Return what is drawn: processor seconds by number of answers, by name."""
    rows = [row for row in found.get("scaling", {}).get("rows", ()) if "absent" not in row]
    drawn = {
        "betyg, from the file": [(row["n"], row["cpu"]) for row in rows],
        "betyg, after counting": [
            (row["n"], sum(row["stages"][stage] for stage in AFTER)) for row in rows
        ],
    }
    for row in found.values():
        for peer in row.get("peers", ()) if row.get("ours") == "from files" else ():
            if "absent" not in peer:
                drawn.setdefault(peer["name"], []).append((row["n"], peer["cpu"]))
    return {name: sorted(points) for name, points in drawn.items() if points}


def alt(found: dict[str, Found]) -> str:
    """Say what the figure shows."""
    told = [
        f"{name} {points[0][1]:.2g} s for {points[0][0]:,} answers"
        + (f", {points[-1][1]:.2g} s for {points[-1][0]:,}" if len(points) > 1 else "")
        for name, points in lines(found).items()
    ]
    return (
        "Two logarithmic axes, processor seconds against the number of answers: "
        + "; ".join(told)
        + "."
    )


def scaling(found: dict[str, Found]) -> str:
    """Draw it as one SVG file."""
    drawn = lines(found)
    return picture.standalone(
        Figure(
            name="benchmarks",
            title=quoted(title(drawn)),  # the tests hold it against results.json
            subtitle="Fixed effects of agency, year, activity and group with standard errors; "
            "processor seconds, one thread, both axes logarithmic",
            note="Invented data. betyg begins with the study's file and checks every row; the "
            "others begin with rows in memory.",
            alt=alt(found),
            svg=drawing_of(drawn, WIDE),
            svg_narrow="",
            table=numbers(drawn),
            table_label="The figure as a table",
        )
    )


def numbers(drawn: dict[str, Points]) -> Table:
    """Return what is drawn as a table."""
    return Table(
        name="benchmarks",
        caption="Processor seconds by number of answers",
        header=("Program", "Answers", "Seconds"),
        rows=tuple(
            (name, spaced(n), f"{seconds:.3g}")
            for name, points in drawn.items()
            for n, seconds in points
        ),
        numeric=(False, True, True),
    )


def title(drawn: dict[str, Points]) -> str:
    """Say what was found."""
    after = drawn.get("betyg, after counting", [])
    if len(after) < 2:
        return "Seconds for one model of all answers"
    (few, _), (many, _) = after[0], after[-1]
    times = max(value for _, value in after) / min(value for _, value in after)
    return (
        f"Once counted, {spaced(many)} answers cost what {spaced(few)} do"
        if times < LIKE
        else f"Once counted, {spaced(many)} answers cost {times:.1f} times what {spaced(few)} do"
    )


def spaced(n: int) -> str:
    """Write a whole number with spaces between the thousands."""
    return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}")


def drawing_of(drawn: dict[str, Points], width: float) -> str:
    """Draw the lines, each named at its end."""
    with drawing(width=width, height=HEIGHT) as canvas:
        axes = area(
            canvas,
            left=MARGIN_LEFT,
            bottom=MARGIN_BOTTOM,
            width=width - MARGIN_LEFT - MARGIN_RIGHT,
            height=HEIGHT - MARGIN_BOTTOM - 12,
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.minorticks_off()
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        for name, points in drawn.items():
            one_line(axes, name, points)
        xs = [x for points in drawn.values() for x, _ in points]
        axes.set_xlim(min(xs) / 1.4, max(xs) * 1.4)
        axes.set_xticks(sorted(set(xs)), [spaced(x) for x in sorted(set(xs))])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} s")
        axes.tick_params(axis="x", labelcolor=SOFT)
        axes.set_xlabel("answers", color=SOFT, fontsize=TEXT)
        axes.set_ylim(*axes.get_ylim())  # settled now: names are placed by it
        label(axes, {name: points[-1] for name, points in drawn.items()})
        return to_svg(canvas, name="benchmarks")


def one_line(axes: Axes, name: str, points: Points) -> None:
    """Draw a line."""
    colour = ACCENT if name.startswith("betyg") else COLOURS["rest"]
    xs, ys = zip(*points, strict=True)
    dashes = (4, 2) if name.endswith("counting") else (None, None)
    axes.plot(xs, ys, color=colour, linewidth=1.8, marker="o", markersize=4, dashes=dashes)


def label(axes: Axes, ends: dict[str, tuple[int, float]]) -> None:
    """Name every line at its right end; names that end at one number of answers stand apart."""
    for x in sorted({x for x, _ in ends.values()}):
        here = {name: y for name, (at, y) in ends.items() if at == x}
        wanted = [float(axes.transData.transform((x, y))[1]) for y in here.values()]
        placed = spread(wanted, apart=LEADING, low=0.0, high=HEIGHT)
        for (name, y), want, got in zip(here.items(), wanted, placed, strict=True):
            axes.annotate(
                name, (x, y), xytext=(7, got - want), textcoords="offset points", va="center",
                color=ACCENT if name.startswith("betyg") else SOFT, fontsize=TEXT,
                annotation_clip=False,
            )  # fmt: skip

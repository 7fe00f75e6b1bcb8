"""docs/benchmarks.md and its figure: written from results.json, so no number is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import figure, notebooks, page_stream, workers
from bench.measure import Found
from bench.promises import SURE
from bench.words import seconds, short, table

PAGE, FIGURE = "benchmarks.md", "benchmarks.svg"
TITLES = {
    "from files": "fixed effects, from a study's Parquet file to coefficients and standard errors",
    "on cells": "fixed effects, on cells",
    "standings": "agencies against their mean at one common mix, given the fit",
    "ordinal mixed": "four crossed random terms, grades, on cells",
    "binary mixed": "four crossed random terms, top two grades, on cells",
    "linear mixed": "four crossed random terms, scores, counting the rows included",
    "InstEval": "linear mixed model of InstEval (students, lecturers, departments)",
    "domain means": "means and shares of 123 agency-years, stratified, linearised",
    "jackknife": "means and shares of 123 agency-years, jackknife of two units a stratum",
    "counts": "from a study's Parquet file to cells",
}
DOES = {
    "MASS::polr": "rows in memory, without standard errors (Hess = FALSE)",
    "ordinal::clm": "rows in memory",
    "statsmodels OrderedModel": "rows in memory",
    "ordinal::clm on cells": "the same cells, as weights",
    "ordinal::clmm on cells": "the same cells, as weights",
    "lme4::glmer on cells": "the same cells, two columns of counts",
    "glmmTMB on cells": "the same cells, two columns of counts",
    "lme4::lmer": "rows in memory",
    "lme4::lmer, InstEval": "the same rows",
    "statsmodels MixedLM": "rows in memory, variance components",
    "emmeans": "emmeans and contrast 'eff' (mvt, all at once), on the latent scale only",
    "survey::svyby": "means only; the design was made before",
    "svy": "means only; the design was made before",
    "svy, jackknife": "means only; its weights included",
    "pandas groupby": "reads and counts; checks nothing",
    "data.table": "reads a CSV file of the same rows and counts; checks nothing",
}
HEAD = """\
# Benchmarks

How long betyg takes beside what else could be used, and whether its intervals keep what they
promise. This page and its figure are written by `make bench` from
[results.json](../bench/results.json); nobody types a number here. Run it yourself:

```
bash bench/install-peers.sh   # once: R and its packages, from Debian or Ubuntu
make bench                    # about a quarter of an hour on two free cores
make bench FULL=1             # with the peers that take minutes each: an hour or two
```

The first `make bench` installs the peers that are Python packages, too: the extra `bench`.

The data are invented: a rotating survey of 21 agencies over 10 years, 22 activities and 5 groups
(`bench/rotating.py`), with as many answers as the table says. Every measurement has a process of
its own, one thread, and its data on a warm disk. Seconds are **processor seconds**, so that what
else runs on the machine counts less; the wall clock stands beside them in brackets, and much
more of it means that the machine was busy. Work under five seconds is done five times, and the
median counts. Loading of libraries is left out on both sides; memory is the whole process's peak.
A ratio is the peer's seconds over ours, both from the same run.

"""


def write(found: dict[str, Found], docs: Path) -> int:
    """Write page and figure; return 1 where a bar that was measured is missed, else 0."""
    (docs / PAGE).write_text(text(found), "utf-8")
    if figure.lines(found):
        (docs / FIGURE).write_text(figure.scaling(found), "utf-8")
    return int(any(said == "missed" for said in verdicts(found)))


def text(found: dict[str, Found]) -> str:
    """Return the whole page."""
    parts = [
        HEAD,
        *beside(found),
        *growth(found),
        *page_stream.streamed(found),
        *shaped(found),
        *spread(found),
        *promises(found),
        *chain(found),
        *places(found),
    ]
    return "".join(parts).rstrip("\n") + "\n"


def cases(found: dict[str, Found]) -> list[Found]:
    """Return what was set against peers, in the order of ``TITLES`` and of size."""
    order = list(TITLES)
    rows = [row for row in found.values() if "peers" in row]
    return sorted(rows, key=lambda row: (order.index(row["ours"]), row["n"]))


def ratio(ours: Found, theirs: Found) -> float | None:
    """Return how many times as long the peer took."""
    return None if "absent" in ours or "absent" in theirs else theirs["cpu"] / ours["cpu"]


def verdict(times: float | None, bar: float | None) -> str:
    """Say whether the ratio is what was asked for."""
    if times is None:
        return "not measured"
    return "" if bar is None else "met" if times >= bar else "missed"


def verdicts(found: dict[str, Found]) -> Iterator[str]:
    """Return the verdicts on all ratios and promises."""
    for row in cases(found):
        yield from (verdict(ratio(row, peer), peer["bar"]) for peer in row["peers"])
    yield from (kept(row) for row in found.get("coverage", {}).get("shares", ()))
    if "notebooks" in found:
        yield verdict(faster(found["notebooks"]), notebooks.BAR)


def beside(found: dict[str, Found]) -> Iterator[str]:
    """Return the table of ratios, how far results agree, and where our own time goes."""
    rows = cases(found)
    if not rows:
        return
    yield "## Beside others\n\n"
    header = ("answers", "betyg, s", "peer", "does", "peer, s", "ratio", "asked", "", "memory, MB")
    for ours in TITLES:
        of = [compared(row, peer) for row in rows if row["ours"] == ours for peer in row["peers"]]
        if of:
            yield f"**{TITLES[ours][0].upper()}{TITLES[ours][1:]}**\n\n{table(header, of)}\n"
    yield "### Do they say the same?\n\n"
    yield (
        "The largest difference between our estimates and the peer's (coefficients, standard "
        "deviations, means and their errors), and how much higher our likelihood is: above zero "
        "where the peer stopped short of the maximum.\n\n"
    )
    agree = [agreement(row, peer) for row in rows for peer in row["peers"] if "differs" in peer]
    yield table(("betyg", "answers", "peer", "numbers", "differ by", "log-likelihood"), agree)
    stages = [staged(row) for row in rows if row.get("stages")]
    if stages:
        yield "\n### Where our time goes\n\n"
        yield table(("", "answers", "processor seconds of each stage"), stages)
    yield "\n"


def compared(row: Found, peer: Found) -> tuple[str, ...]:
    """Return a line of the table of ratios."""
    name = peer["name"].removesuffix(" on cells").partition(", ")[0]
    named = f"{name} {peer['version']}" if "version" in peer else name
    if "absent" in peer or "absent" in row:
        why = row.get("absent") or peer.get("absent")
        return (
            figure.spaced(row["n"]),
            seconds(row),
            named,
            DOES[peer["name"]],
            "-",
            "-",
            "-",
            str(why),
            "-",
        )
    times, bar = ratio(row, peer), peer["bar"]
    return (
        figure.spaced(row["n"]), seconds(row), named, DOES[peer["name"]], seconds(peer),
        f"{short(times or 0)}×", f"{bar:g}×" if bar else "", verdict(times, bar),
        f"{row['peak_mb']:.0f} / {peer['peak_mb']:.0f}",
    )  # fmt: skip


def agreement(row: Found, peer: Found) -> tuple[str, ...]:
    """Return a line of the table of agreement."""
    gain = f"{peer['gain']:+.1e}" if "gain" in peer else ""
    return (
        row["ours"], figure.spaced(row["n"]), peer["name"], str(peer["compared"]),
        f"{peer['differs']:.1e}", gain,
    )  # fmt: skip


def staged(row: Found) -> tuple[str, ...]:
    """Return a line of the table of stages."""
    stages = ", ".join(f"{name} {short(value)}" for name, value in row["stages"].items())
    return row["ours"], figure.spaced(row["n"]), stages


def growth(found: dict[str, Found]) -> Iterator[str]:
    """Return the figure and the table of scaling."""
    rows = [row for row in found.get("scaling", {}).get("rows", ()) if "absent" not in row]
    if not rows:
        return
    yield "## As the answers grow\n\n"
    yield f"![{figure.alt(found)}]({FIGURE})\n\n"
    yield "Once the answers are counted, nothing depends on their number. From a Parquet file:\n\n"
    lines = [
        (figure.spaced(row["n"]), seconds(row), short(row["decoded"]), short(after_counting(row)),
         f"{row['peak_mb']:.0f}")
        for row in rows
    ]  # fmt: skip
    header = ("answers", "all, s", "decoding alone, s", "after counting, s", "memory, MB")
    yield table(header, lines) + "\n"


def shaped(found: dict[str, Found]) -> Iterator[str]:
    """Return how the fits grow with what is compared."""
    of = found.get("shapes")
    if not of:
        return
    yield "## As the survey grows in other ways\n\n"
    yield (
        f"{figure.spaced(of['answers'])} answers, as cells, of a rotating survey of 21 agencies, "
        "10 years and 5 grades, if the line does not say otherwise (`bench/shapes.py`). Fixed: "
        "agency, year, activity and group. Mixed: four crossed random terms, or as many as the "
        "line says.\n\n"
    )
    fits = {(row["grows"], row["size"], row["model"]): row for row in of["rows"]}
    lines = [
        (grows, str(size), spaced_cells(fits, grows, size),
         *(seconds(fits[key]) if (key := (grows, size, model)) in fits else ""
           for model in ("fixed", "mixed")))
        for grows, size in dict.fromkeys((row["grows"], row["size"]) for row in of["rows"])
    ]  # fmt: skip
    yield table(("grows", "to", "cells", "fixed, s", "mixed, s"), lines) + "\n"


def spread(found: dict[str, Found]) -> Iterator[str]:
    """Return what several workers took, and what a model says of more."""
    of = found.get("workers")
    if not of:
        return
    yield "## On several cores and machines\n\n"
    yield (
        f"01_clean of {figure.spaced(of['respondents'])} respondents in {of['pieces']} pieces, in "
        "one process and on workers of a Dask cluster (`bench/workers.py`), all on one machine of "
        f"{of['machine']['cores']} cores: what is more than these shares them. Seconds by the "
        f"clock are the shorter of {of['runs']} runs.\n\n"
    )
    rows = of["rows"]
    header = ("workers", "by the clock, s", "ratio", "processor here, s", "processors there, s")
    yield table(header, [
        (str(row["workers"] or "none, one process"), short(row["wall"]),
         f"{rows[0]['wall'] / row['wall']:.2f}×", short(row["here"]), short(row["there"]))
        for row in rows
    ])  # fmt: skip
    one = next(row for row in rows if row["workers"] == 1)
    yield workers.MODEL.format(here=short(one["here"]), alone=short(rows[0]["wall"]))
    told = [(n, workers.modelled(rows, n)) for n in workers.MODELLED]
    yield table(("workers", "modelled, s", "modelled ratio"), [
        (str(n), short(took), f"{rows[0]['wall'] / took:.2f}×") for n, took in told
    ]) + "\n"  # fmt: skip


def spaced_cells(fits: dict[tuple[str, int, str], Found], grows: str, size: int) -> str:
    """Return the number of cells of a shape."""
    row = fits[grows, size, "mixed"]
    return "-" if "absent" in row else figure.spaced(row["cells"])


def after_counting(row: Found) -> float:
    """Return the processor seconds of the stages that see cells only."""
    return float(sum(row["stages"][name] for name in figure.AFTER))


def promises(found: dict[str, Found]) -> Iterator[str]:
    """Return how often intervals, rank sets and bands were right."""
    of = found.get("coverage")
    if not of:
        return
    yield "## Do the intervals keep what they promise?\n\n"
    yield (
        f"{figure.spaced(of['sets'])} data sets with known truth (`bench/coverage.py`): "
        "agencies x years x activities that rotate, each fitted as the notebooks fit. ± is one "
        f"standard error of the simulation; a share is judged where that is at most {SURE:g}. "
        "One data set tells of 21 changes, and of 21 or 100 expected ranges.\n\n"
    )
    lines = [
        (row["what"], figure.spaced(row["sets"]), f"{row['value']:.3f} ± {row['se']:.3f}",
         asked(row), kept(row) or "too few to say")
        for row in of["shares"]
    ]  # fmt: skip
    yield table(("", "data sets", "found", "asked", ""), lines)
    yield (
        "\nThe probability of being in the top quarter, against how often the agency truly was "
        "there, by tenths:\n\n"
    )
    tenths = [
        (f"{row['stated']:.2f}", f"{row['actual']:.2f}", figure.spaced(row["n"]))
        for row in of["top_quarter"]
    ]
    yield table(("stated", "true", "cases"), tenths) + "\n"


def asked(row: Found) -> str:
    """Write the limits of a share."""
    return f"≥ {row['low']:.2f}" if row["high"] == 1.0 else f"{row['low']:.2f}-{row['high']:.2f}"


def kept(row: Found) -> str:
    """Say whether a promise was kept; nothing where too few data sets were drawn."""
    if row["se"] > SURE:
        return ""
    return "met" if row["low"] <= row["value"] <= row["high"] else "missed"


def chain(found: dict[str, Found]) -> Iterator[str]:
    """Return what the chain of notebooks takes."""
    of = found.get("notebooks")
    if not of:
        return
    yield "## All notebooks of a study\n\n"
    yield (
        f"`{of['study']}`: {of['notebooks']} runs of notebooks, and by make also their pages, PDF "
        "and Word files, workbooks and tables. Seconds by the clock.\n\n"
    )
    lines = [(row["what"], row.get("absent") or f"{row['wall']:.1f}") for row in of["rows"]]
    yield table(("", "seconds"), lines) + "\n"
    times = faster(of)
    if times is not None:
        bar = notebooks.BAR
        yield (
            f"From nothing, make took {short(times)} times less by the clock than papermill did: "
            f"{bar:g} times was asked for, {verdict(times, bar)}.\n\n"
        )


def faster(of: Found) -> float | None:
    """Return how many times as long papermill took by the clock as make did, from nothing."""
    first, *others = of["rows"]
    by_itself: Found = next((row for row in others if row["what"] == notebooks.PAPERMILL), {})
    if "wall" not in first or "wall" not in by_itself:
        return None
    return float(by_itself["wall"] / first["wall"])


def places(found: dict[str, Found]) -> Iterator[str]:
    """Say where and when, with versions."""
    machines = {
        f"{of['processor']}, {of['cores']} cores, {of['system']}, Python {of['python']}; "
        + ", ".join(f"{name} {number}" for name, number in of["versions"].items())
        for of in (row["machine"] for row in found.values())
    }
    r = {peer["r"] for row in cases(found) for peer in row["peers"] if "r" in peer}
    yield "## Measured on\n\n"
    yield "".join(f"- {machine}\n" for machine in sorted(machines))
    yield "".join(f"- R {version}\n" for version in sorted(r))

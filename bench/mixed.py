"""Time mixed models against R in one run, one thread.

``python bench/mixed.py [--no-r] [--answers 10000 100000]``; ends with 1 where a bar is missed.

Ours run on cells, as the notebooks call them. R's clmm and glmer get the same
cells; lmer gets the rows, because it knows no other way. Where R or its
packages are absent, ours run alone and the bench says so. R takes minutes.
Times are processor seconds, so that other work on the machine does not decide.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from betyg.stats import linear_mixed, ordinal_mixed
from betyg.stats.model_fit import LinearFit, OrdinalFit

KEYS = ["agency", "year", "activity", "group"]
RANDOM = ("agency", "year", "agency:year", "activity")
CUTS = np.array([-2.6, -1.4, -0.2, 1.5])
REPEATS = 5
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
BARS = {  # ratios asked for, by task and number of answers
    ("ordinal, cells", 10_000): 50,
    ("ordinal, cells", 100_000): 200,
    ("binary, cells", 100_000): 15,
    ("linear, rows", 100_000): 30,
    ("linear, InstEval", 73_421): 3,
}
SHORT = 0.01  # log-likelihood that R must be below ours before the bench says so
Fit = OrdinalFit | LinearFit


def rows(n: int, seed: int = 20_240_101) -> pd.DataFrame:
    """Draw a rotating survey: 21 agencies, 10 years, 22 activities, 5 groups."""
    rng = np.random.default_rng(seed)
    places = [
        (agency, 2014 + year, activity, group)
        for agency in range(21)
        for year in range(10)
        if year % (1 + (agency >= 6) + (agency >= 14)) == agency % (1 + (agency >= 6))
        for activity in range(agency % 5, 22, 5)
        for group in range(5)
    ]
    frame = pd.DataFrame(places, columns=KEYS)
    u, v, w = rng.normal(0, 0.45, 21), rng.normal(0, 0.15, (21, 10)), rng.normal(0, 0.3, 22)
    year = np.cumsum(rng.normal(0.02, 0.08, 10))
    at = frame["year"] - 2014
    eta = u[frame["agency"]] + v[frame["agency"], at] + w[frame["activity"]] + year[at]
    eta = eta + np.array([0, 0.35, -0.25, 0.1, -0.4])[frame["group"]]
    size = rng.exponential(size=len(frame))
    drawn = rng.choice(len(frame), size=n, p=size / size.sum())
    grades = 1 + np.searchsorted(CUTS, np.asarray(eta)[drawn] + rng.logistic(size=n))
    return frame.loc[drawn].reset_index(drop=True).assign(response=grades, score=25.0 * grades - 25)


def cells_of(answers: pd.DataFrame) -> pd.DataFrame:
    """Count the answers of each pattern."""
    return answers.groupby([*KEYS, "response", "score"]).size().rename("n").reset_index()


def timed(call: Callable[[], Fit]) -> tuple[float, Fit]:
    """Return the median time, and the fit."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        fit = call()
        times.append(time.process_time() - start)
    return statistics.median(times), fit


def ours(n: int, folder: Path) -> dict[tuple[str, int], tuple[float, Fit]]:
    """Fit the three kinds of model to ``n`` answers; leave the data for R."""
    answers = rows(n)
    five = cells_of(answers)
    top = five.assign(response=(five["response"] >= 4).astype(float))
    five.to_csv(folder / f"five_{n}.csv", index=False)
    answers.to_csv(folder / f"rows_{n}.csv", index=False)
    return {
        ("ordinal, cells", n): timed(
            lambda: ordinal_mixed.fit(five, "response ~ group", random=RANDOM)
        ),
        ("binary, cells", n): timed(
            lambda: ordinal_mixed.fit(top.drop(columns="score"), "response ~ group", random=RANDOM)
        ),
        ("linear, rows", n): timed(
            lambda: linear_mixed.fit(cells_of(answers), "score ~ group", random=RANDOM)
        ),
    }


def insteval(folder: Path) -> dict[tuple[str, int], tuple[float, Fit]]:
    """Fit 73,421 ratings of 1,128 teachers by 2,972 students, if R left them."""
    if not (folder / "insteval.csv").exists():
        return {}
    ratings = pd.read_csv(folder / "insteval.csv").assign(n=1)
    fit = timed(lambda: linear_mixed.fit(ratings, "y ~ service", random=("s", "d", "dept:service")))
    return {("linear, InstEval", len(ratings)): fit}


def peers(folder: Path) -> pd.DataFrame:
    """Let R fit the same models; an empty table where it cannot."""
    try:
        done = subprocess.run(
            ["Rscript", str(Path(__file__).with_suffix(".R")), str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        print(
            "R is not installed: ours run alone. Install r-base-core, r-cran-ordinal, r-cran-lme4."
        )
        return pd.DataFrame()
    if done.returncode != 0:
        print(f"R stopped; what it did is shown.\n{done.stderr.strip()}")
    written = folder / "peers.csv"
    return pd.read_csv(written) if written.exists() else pd.DataFrame()


def worst_sd(fit: Fit, peer: pd.DataFrame) -> float:
    """Return the largest relative difference of a standard deviation."""
    theirs = peer.set_index("term")["sd"].rename({"ay": "agency:year"})
    return max(abs(fit.sds[t] / theirs[t] - 1.0) for t in fit.random if theirs[t] > 0)


def main() -> int:
    """Print times, ratios, bars and how far the fits differ; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--no-r", action="store_true", help="only our own times")
    asked = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():  # read when numpy starts: start again
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {k: v for n in asked.answers for k, v in ours(n, folder).items()}
        theirs = pd.DataFrame() if asked.no_r else peers(folder)
        found |= insteval(folder)
    for (task, n), (seconds, fit) in found.items():
        line = f"{task:16} {n:>9,}  betyg {seconds:7.3f} s"
        peer = theirs.query("task == @task and n == @n") if len(theirs) else theirs
        if len(peer):
            compared, short = comparison((task, n), (seconds, fit), peer)
            line, missed = line + compared, missed + short
        print(line)
    return int(missed > 0)


def comparison(
    case: tuple[str, int], our: tuple[float, Fit], peer: pd.DataFrame
) -> tuple[str, bool]:
    """Return the rest of the line, and whether the bar is missed."""
    seconds, fit = our
    ratio, bar = peer["seconds"].iloc[0] / seconds, BARS.get(case)
    line = f"  R {peer['seconds'].iloc[0]:7.2f} s  {ratio:7.1f}x"
    line += f" (asked: {bar}x)" if bar else ""
    line += f"  sds within {worst_sd(fit, peer):.0e}"
    gain = fit.loglike - peer["loglike"].iloc[0]
    if case[0] != "binary, cells":  # there R adds the binomial coefficients
        line += f", log-likelihood {gain:+.0e}"
        line += " (R stopped short of the maximum)" if gain > SHORT else ""
    return line, bar is not None and ratio < bar


if __name__ == "__main__":
    sys.exit(main())

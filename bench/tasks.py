"""The work that is measured in Python: ours, and that of the peers that are Python packages.

``python -m bench.tasks TASK N FOLDER`` runs one task in this process and prints JSON. FOLDER
holds the data that :func:`prepare` wrote. Ours are the functions that the notebooks call.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from bench import rotating, shapes
from bench.measure import Found, Stages, Work, repeated

if TYPE_CHECKING:
    from betyg.data.study import Study

TERMS = ("agency", "year", "activity", "group")
FIXED = "response ~ " + " + ".join(TERMS)
RANDOM = ("agency", "year", "agency:year", "activity")
DOMAINS = ("agency", "year")
Task = Callable[[int, Path], Work]


def prepare(n: int, folder: Path) -> None:
    """Write what the tasks and R read: rows, cells, the design, and the study as files."""
    rows = rotating.answers(n)
    rows.to_csv(folder / f"rows_{n}.csv", index=False)
    rotating.cells(n).to_csv(folder / f"cells_{n}.csv", index=False)
    sampled = rotating.sampled(rows)
    sampled.to_csv(folder / f"strata_{n}.csv", index=False)
    rotating.in_pairs(sampled).to_csv(folder / f"pairs_{n}.csv", index=False)
    for plan in get_args(rotating.Plan):
        rotating.write(folder / f"{plan}_{n}", n, plan=plan)


def from_files(n: int, folder: Path) -> Work:
    """Read, check, clean and count a study's Parquet file, then fit: 01_clean and 03_models."""
    from betyg.stats import comparison, ordinal

    def work(stage: Stages) -> Found:
        survey, counted = _counted(n, folder, stage)
        with stage("choose the answers"):
            chosen = comparison.comparable(counted, survey)
        with stage("fit"):
            fit = ordinal.fit(chosen.cells, FIXED)
        return {"loglike": fit.loglike, "values": plain(fit.slopes)}

    return work


def _counted(n: int, folder: Path, stage: Stages) -> tuple[Study, pd.DataFrame]:
    """Read, check, clean and count a study's Parquet file."""
    from betyg.data import clean, read
    from betyg.data.study import Study
    from betyg.stats import cells

    with stage("load the study"):
        survey = Study.load(folder, f"all_{n}")
    with stage("read"):
        received = read.sources(survey)
    with stage("clean"):
        cleaned = clean.clean(received, survey)
    with stage("count"):
        return survey, cells.collapse(cleaned, survey)


def on_cells(n: int, folder: Path) -> Work:
    """Fit fixed effects to cells."""
    del folder
    from betyg.stats import ordinal

    cells = rotating.cells(n)

    def work(stage: Stages) -> Found:
        del stage
        fit = ordinal.fit(cells, FIXED)
        return {"loglike": fit.loglike, "values": plain(fit.slopes)}

    return work


def plain(slopes: pd.Series) -> dict[str, float]:
    """Name slopes as R does: ``agency5``."""
    return {
        str(name).replace("[", "").replace("]", ""): float(value) for name, value in slopes.items()
    }


def deviations(fit: object) -> dict[str, float]:
    """Return standard deviations of random terms, named as R's."""
    sds: pd.Series = fit.sds  # type: ignore[attr-defined]
    names = {"agency:year": "ay"}
    terms = fit.random  # type: ignore[attr-defined]
    return {f"sd {names.get(term, term)}": float(sds[term]) for term in terms}


def ordinal_mixed(n: int, folder: Path) -> Work:
    """Fit four crossed random terms to grades."""
    del folder
    from betyg.stats import ordinal_mixed

    cells = rotating.cells(n)

    def work(stage: Stages) -> Found:
        del stage
        fit = ordinal_mixed.fit(cells, "response ~ group", random=RANDOM)
        return {"loglike": fit.loglike, "values": deviations(fit)}

    return work


def binary_mixed(n: int, folder: Path) -> Work:
    """Fit four crossed random terms to the share of the two best grades."""
    del folder
    from betyg.stats import ordinal_mixed

    cells = rotating.cells(n).drop(columns="score")
    cells = cells.assign(response=(cells["response"] >= 4).astype(float))

    def work(stage: Stages) -> Found:
        del stage
        fit = ordinal_mixed.fit(cells, "response ~ group", random=RANDOM)
        return {"values": deviations(fit)}

    return work


def linear_mixed(n: int, folder: Path) -> Work:
    """Count the rows, then fit four crossed random terms to scores."""
    del folder
    from betyg.stats import linear_mixed

    rows = rotating.answers(n)

    def work(stage: Stages) -> Found:
        with stage("count"):
            of = [*TERMS, "response", "score"]
            cells = rows.groupby(of).size().rename("n").reset_index()
        with stage("fit"):
            fit = linear_mixed.fit(cells, "score ~ group", random=RANDOM)
        return {"loglike": fit.loglike, "values": deviations(fit)}

    return work


def insteval(n: int, folder: Path) -> Work:
    """Fit students, lecturers and departments to lecture ratings."""
    del n
    from betyg.stats import linear_mixed

    ratings = pd.read_csv(folder / "insteval.csv").assign(n=1)

    def work(stage: Stages) -> Found:
        del stage
        fit = linear_mixed.fit(ratings, "y ~ service", random=("s", "d", "dept:service"))
        return {"loglike": fit.loglike, "values": deviations(fit)}

    return work


def standings(n: int, folder: Path) -> Work:
    """Set every agency against the mean of all at one common mix, given the fit."""
    del folder
    from betyg.stats import ordinal, ranks, standardise

    fit = ordinal.fit(rotating.cells(n), FIXED)
    own = np.array([0.0, *fit.slopes[[s.startswith("agency") for s in fit.slopes.index]]])
    effects = {f"agency{at}": value for at, value in enumerate(own - own.mean())}

    def work(stage: Stages) -> Found:
        with stage("standardise"):
            margins = standardise.margins(fit, mix="equal")
        with stage("compare"):
            ranks.against_mean(
                margins.means["estimate"].to_numpy(),
                margins.covariance,
                rng=np.random.default_rng(1),
            )
        return {"values": effects}

    return work


def domain_means(n: int, folder: Path, *, plan: rotating.Plan = "strata") -> Work:
    """Estimate means and shares of every agency in every year, with the design."""
    from betyg.data import clean, read
    from betyg.data.study import Study
    from betyg.stats import estimate

    survey = Study.load(folder, f"{plan}_{n}")
    respondents = clean.clean(read.sources(survey), survey).respondents

    def work(stage: Stages) -> Found:
        del stage
        table = estimate.direct(respondents, survey, by=[DOMAINS])
        means = table[table["statistic"] == "mean"]
        return {"values": domains(means["agency"], means["year"], means["estimate"], means["se"])}

    return work


def domains(
    agency: pd.Series, year: pd.Series, estimate: pd.Series, se: pd.Series
) -> dict[str, float]:
    """Name means and errors of domains as R's task does."""
    at = [f"{a} {y}" for a, y in zip(agency, year, strict=True)]
    means = {f"mean {key}": float(value) for key, value in zip(at, estimate, strict=True)}
    return means | {f"se {key}": float(value) for key, value in zip(at, se, strict=True)}


def svy_domains(n: int, folder: Path) -> Work:
    """Estimate the means of the same domains with svy; its design is made before the clock."""
    import polars
    import svy

    frame = polars.read_csv(folder / f"strata_{n}.csv")
    sample = svy.Sample(
        frame,
        svy.Design(stratum="stratum", wgt="weight", pop_size="population", singleton="center"),
    )

    def work(stage: Stages) -> Found:
        del stage
        return {"values": _of_svy(sample.estimation.mean("score", by=list(DOMAINS)))}

    return work


def svy_jackknife(n: int, folder: Path) -> Work:
    """Make jackknife weights with svy and estimate the means of the same domains with them."""
    import polars
    import svy

    frame = polars.read_csv(folder / f"pairs_{n}.csv")
    sample = svy.Sample(
        frame, svy.Design(stratum="stratum", psu="psu", wgt="weight", singleton="skip")
    )

    def work(stage: Stages) -> Found:
        with stage("weights"):
            weighted = sample.weighting.create_jk_wgts()
        with stage("means"):
            found = weighted.estimation.mean("score", by=list(DOMAINS), method="replication")
        return {"values": _of_svy(found)}

    return work


def _of_svy(found: Any) -> dict[str, float]:
    """Name the means and errors that svy found."""
    table = pd.DataFrame(
        [(*(getattr(x, "by_level", None) or x.by), x.est, x.se) for x in found.estimates],
        columns=["agency", "year", "estimate", "se"],
    )
    return domains(*(table[column] for column in table))


def ordered_model(n: int, folder: Path) -> Work:
    """Fit the same fixed effects to rows with statsmodels."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rows = pd.read_csv(folder / f"rows_{n}.csv")
    columns = pd.get_dummies(rows[list(TERMS)].astype("category"), drop_first=True, dtype=float)
    columns.columns = columns.columns.str.replace("_", "")

    def work(stage: Stages) -> Found:
        del stage
        model = OrderedModel(rows["response"], columns, distr="logit")
        fit = model.fit(method="bfgs", disp=False, maxiter=500)
        values = {name: float(fit.params[name]) for name in columns}
        return {"loglike": float(fit.llf), "values": values}

    return work


def mixed_lm(n: int, folder: Path) -> Work:
    """Fit four crossed random terms to scores of rows with statsmodels."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    rows = pd.read_csv(folder / f"rows_{n}.csv")
    rows = rows.assign(one=1, ay=rows["agency"].astype(str) + ":" + rows["year"].astype(str))
    terms = ("agency", "year", "ay", "activity")

    def work(stage: Stages) -> Found:
        del stage
        parts = {term: f"0 + C({term})" for term in terms}
        fit = MixedLM.from_formula(
            "score ~ C(group)", rows, groups="one", re_formula="0", vc_formula=parts
        ).fit()
        names = sorted(parts)
        sds = dict(zip(names, np.sqrt(fit.vcomp).tolist(), strict=True))
        return {"loglike": float(fit.llf), "values": {f"sd {k}": v for k, v in sds.items()}}

    return work


def pandas_counts(n: int, folder: Path) -> Work:
    """Read the Parquet file and count with pandas: no check, no label, no missing answer."""
    file = folder / f"all_{n}" / "answers.parquet"

    def work(stage: Stages) -> Found:
        with stage("read"):
            rows = pd.read_parquet(file)
        with stage("count"):
            rows.groupby([*TERMS, rotating.ITEM]).size()
        return {}

    return work


def counts(n: int, folder: Path) -> Work:
    """Read, check, clean and count: 01_clean."""

    def work(stage: Stages) -> Found:
        _counted(n, folder, stage)
        return {}

    return work


def decoded(n: int, folder: Path) -> Work:
    """Decode the columns of the Parquet file, and do nothing with them."""
    import pyarrow.parquet as pq

    file = folder / f"all_{n}" / "answers.parquet"

    def work(stage: Stages) -> Found:
        with stage("decode"):
            for _ in pq.ParquetFile(file).iter_batches(2**17):
                pass
        return {}

    return work


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """A task, and the package whose version it shows."""

    task: Task
    package: str


OURS: dict[str, Task] = {
    "from files": from_files, "on cells": on_cells, "ordinal mixed": ordinal_mixed,
    "binary mixed": binary_mixed, "linear mixed": linear_mixed, "InstEval": insteval,
    "standings": standings, "domain means": domain_means, "counts": counts,
    "decoded": decoded,
    "jackknife": partial(domain_means, plan="pairs"),
    **shapes.TASKS,
}  # fmt: skip
PEERS = {
    "svy": Python(task=svy_domains, package="svy"),
    "svy, jackknife": Python(task=svy_jackknife, package="svy"),
    "statsmodels OrderedModel": Python(task=ordered_model, package="statsmodels"),
    "statsmodels MixedLM": Python(task=mixed_lm, package="statsmodels"),
    "pandas groupby": Python(task=pandas_counts, package="pandas"),
}


def main() -> None:
    """Run one task and print what it took and found."""
    name, n, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("ignore")  # of peers; ours raise
    peer = PEERS.get(name)
    task = OURS[name] if peer is None else peer.task
    found = repeated(task(n, folder))
    print(json.dumps(found | ({"version": version(peer.package)} if peer else {})))


if __name__ == "__main__":
    main()

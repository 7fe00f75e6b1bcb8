"""Do the intervals, rank sets and bands keep what they promise? Data sets with known truth say.

Data sets are drawn of several kinds: agencies x years x activities that rotate, answers on five
grades from the ordinal model. Each is fitted as 03_models fits it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from bench import promises, rotating
from betyg.build import cluster
from betyg.data.study import Study
from betyg.stats import (
    bands,
    change,
    compare,
    detectable,
    estimate,
    ordinal,
    ordinal_likelihood,
    places,
    ranks,
    standardise,
)
from betyg.stats.bands import Z95
from betyg.stats.ordinal import OrdinalFit

YEARS: tuple[int, int, int] = (2014, 2015, 2016)
ACTIVITIES = 8
EACH_ROUND = 5  # activities that an agency is judged on in a year; the next year one is another
SPREAD = {"agency": 0.35, "year": 0.1, "activity": 0.3}
FEWEST_IN_CELL, MOST_IN_CELL = 20, 60
SEED = 7
KEPT_EACH = 50  # data sets, after which what was found is kept
SHORT, LONG = 60, 2000  # data sets of `make bench`, and of its long form
CORES = 2
Effects = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which cells are surveyed, and how many answer in each.

    Attributes
    ----------
    cells : DataFrame
        agency, year, activity, group; the first three are places in the effects, too.
    size : ndarray of int, shape (cells,)
        Answers.
    """

    cells: pd.DataFrame
    size: np.ndarray


@cache
def plan(agencies: int) -> Plan:
    """Let every agency be judged on five of eight activities, one of them new each year."""
    places = [
        (agency, year, (agency + at + step) % ACTIVITIES)
        for agency in range(agencies)
        for at, year in enumerate(YEARS)
        for step in range(EACH_ROUND)
    ]
    cells = pd.DataFrame(places, columns=["agency", "year", "activity"]).assign(group=0)
    size = np.random.default_rng(SEED).integers(FEWEST_IN_CELL, MOST_IN_CELL, len(cells))
    return Plan(cells=cells, size=size)


def effects(agencies: int, rng: np.random.Generator) -> Effects:
    """Draw what agencies, years and activities differ by."""
    sizes = {"agency": agencies, "year": len(YEARS), "activity": ACTIVITIES}
    return {role: rng.normal(0.0, SPREAD[role], size) for role, size in sizes.items()}


def probabilities(of: Plan, true: Effects) -> np.ndarray:
    """Return the probability of each grade in each cell, shape (cells, 5)."""
    at = {role: of.cells[role].to_numpy() for role in true}
    at["year"] = at["year"] - YEARS[0]
    eta = sum(effect[at[role]] for role, effect in true.items())
    return ordinal_likelihood.category_probabilities(rotating.CUTS, np.asarray(eta), "logit")


def counted(of: Plan, counts: np.ndarray) -> pd.DataFrame:
    """Return counts, shape (cells, 5), as the cells of one item."""
    cell, grade = np.nonzero(counts)
    rows = of.cells.iloc[cell].reset_index(drop=True)
    return rows.assign(response=grade + 1.0, score=25.0 * grade, n=counts[cell, grade])


def answers(of: Plan, true: Effects, rng: np.random.Generator) -> np.ndarray:
    """Draw the counts of one data set."""
    return rng.multinomial(of.size, probabilities(of, true))


def fitted(cells: pd.DataFrame) -> OrdinalFit:
    """Fit what 03_models fits."""
    return ordinal.fit(cells, "response ~ agency + year + activity")


def at_truth(fit: OrdinalFit, true: Effects) -> OrdinalFit:
    """Put the truth in place of the estimates, so that it is standardised alike."""

    def effect(role: str, level: tuple[object, ...]) -> float:
        place = int(level[0]) - (YEARS[0] if role == "year" else 0)  # type: ignore[call-overload]
        return float(true[role][place])

    blocks = fit.layout.blocks
    base = {block.term: effect(block.term, block.baseline[0]) for block in blocks}
    slopes = [effect(b.term, level) - base[b.term] for b in blocks for level in b.levels]
    cuts = rotating.CUTS - sum(base.values())
    return replace(fit, params=pd.Series([*cuts, *slopes], fit.params.index))


def by_agency(fit: OrdinalFit, true: Effects) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return agencies' estimates at one mix, their covariance, and the truth at the same mix."""
    found = standardise.margins(fit)
    truth = standardise.margins(at_truth(fit, true)).means["estimate"].to_numpy()
    return found.means["estimate"].to_numpy(), found.covariance, truth


def standing(seed: int) -> dict[str, object]:
    """Rank sets, intervals around the mean and the top quarter, of one data set."""
    rng = np.random.default_rng([SEED, 1, seed])
    true = effects(21, rng)
    value, covariance, truth = by_agency(fitted(counted(plan(21), answers(plan(21), true, rng))),
                                         true)  # fmt: skip
    table = stood(value, covariance, rng)
    low, high = table["from_mean_low"], table["from_mean_high"]
    rank = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    outside = table["band"].to_numpy() != "as_expected"
    return {
        "rank sets": holds_rank(table, rank),
        "intervals around the mean of all": bool(
            ((low <= truth - truth.mean()) & (truth - truth.mean() <= high)).all()
        ),
        "outside the expected range, 21 agencies": float(outside.mean()),
        "top quarter": list(
            zip(table["top_quarter"].tolist(), (rank <= 21 // 4).tolist(), strict=True)
        ),
    }


def stood(value: np.ndarray, covariance: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return where agencies stand, with the gate open: the promise is to hold for all."""
    n = np.full(value.size, 1_000)
    return ranks.standings(value, covariance, n=n, least=1, rng=rng, reliable=0.0)


def holds_rank(table: pd.DataFrame, rank: np.ndarray) -> bool:
    """Say whether every rank lies in its set; equals share the best rank of theirs."""
    return bool(((table["place_low"] <= rank) & (rank <= table["place_high"])).all())


def equals(seed: int) -> dict[str, object]:
    """Rank sets where no agency differs from another: none may be told apart."""
    rng = np.random.default_rng([SEED, 2, seed])
    true = effects(21, rng) | {"agency": np.zeros(21)}
    margins = standardise.margins(fitted(counted(plan(21), answers(plan(21), true, rng))))
    value = margins.means["estimate"].to_numpy()
    names = [str(agency) for agency in range(value.size)]
    pairs = compare.pairwise(names, value, margins.covariance, rng=rng)
    table = places.order(pairs, margin=0.0)
    return {"rank sets, all agencies equal": holds_rank(table, np.ones(21))}


def hundred(seed: int) -> dict[str, object]:
    """Share of a hundred like agencies that lie outside the expected range."""
    rng = np.random.default_rng([SEED, 3, seed])
    true = effects(100, rng)
    fit = fitted(counted(plan(100), answers(plan(100), true, rng)))
    margins = standardise.margins(fit)
    found = bands.expected_range(
        margins.means["estimate"].to_numpy(), ranks.own_error(margins.covariance)
    )
    outside = found.label != "as_expected"
    return {"outside the expected range, 100 agencies": float(outside.mean())}


@cache
def found_off_the_mean() -> Effects:
    """Return effects with an agency that lies as far from the mean as is found 4 times in 5."""
    true = effects(21, np.random.default_rng(SEED))

    def missing(shift: float) -> float:
        moved = shifted(true, "agency", shift)
        expected = probabilities(plan(21), moved) * plan(21).size[:, None]
        value, covariance, truth = by_agency(fitted(counted(plan(21), expected)), moved)
        against = ranks.against_mean(value, covariance, rng=np.random.default_rng(SEED))
        least = detectable.smallest(float(against.se[0]), critical=against.critical)
        return float(truth[0] - truth.mean() - least)

    return shifted(true, "agency", brentq(missing, -2.0, 2.0, xtol=1e-3))


def shifted(true: Effects, role: str, shift: float) -> Effects:
    """Set the first effect of a role."""
    return true | {role: np.array([shift, *true[role][1:]])}


def power(seed: int) -> dict[str, object]:
    """Whether the agency at the detectable difference is found to lie off the mean of all."""
    rng = np.random.default_rng([SEED, 4, seed])
    counts = answers(plan(21), found_off_the_mean(), rng)
    margins = standardise.margins(fitted(counted(plan(21), counts)))
    value = margins.means["estimate"].to_numpy()
    found = ranks.against_mean(value, margins.covariance, rng=rng)
    return {"power, agency against the mean of all": bool(found.low[0] > 0)}


def rows_of(of: Plan, counts: np.ndarray, survey: Study) -> pd.DataFrame:
    """Return the answers as the clean rows of respondents that 01_clean writes."""
    cell = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    grades = np.concatenate([np.repeat(np.arange(1, 6), row) for row in counts])
    at = of.cells.iloc[cell].reset_index(drop=True)
    strata = pd.Index(np.arange(len(counts)).astype(str), dtype="str")
    frame = pd.DataFrame({"respondent_id": np.arange(cell.size).astype(str)})
    for role, units in (("agency", survey.agencies), ("activity", survey.activities),
                        ("group", survey.groups)):  # fmt: skip
        codes = pd.Index([unit.code for unit in units], dtype="str")
        frame[role] = pd.Categorical.from_codes(at[role].to_numpy(), codes)
    missing = ["dont_know", "not_applicable", "no_answer", "not_asked"]
    return frame.assign(
        year=at["year"].astype("int16"),
        weight=1.0,
        stratum=pd.Categorical.from_codes(cell, strata),
        psu=np.arange(cell.size),
        population=np.nan,
        **{
            rotating.ITEM: pd.array(grades.astype("int8"), dtype="Int8"),
            f"{rotating.ITEM}.missing": pd.Categorical.from_codes(
                np.full(cell.size, -1), pd.Index(missing, dtype="str")
            ),
        },
    )


@cache
def invented() -> Study:
    """Return the study that the data sets belong to."""
    with tempfile.TemporaryDirectory() as name:
        rotating.write(Path(name) / "invented", 100)
        return Study.load(name, "invented")


def changed(seed: int) -> dict[str, object]:
    """Share of like-for-like changes, agency by agency, whose interval holds the true one."""
    rng = np.random.default_rng([SEED, 5, seed])
    of, survey = plan(21), invented()
    true = effects(21, rng)
    counts = answers(of, true, rng)
    estimates = estimate.direct(
        rows_of(of, counts, survey), survey, by=[("agency", "year", "activity")]
    )
    cells = counted(of, counts).assign(item=rotating.ITEM, kind="answer", group="all")
    texts = {role: cells[role].astype(str) for role in ("agency", "activity")}
    found = change.decompose(
        estimates, cells.assign(weight_sum=cells["n"], **texts), survey, pairs=[YEARS[:2]]
    )
    found = found[found["agency"] != "all"].set_index("agency")
    truth = pd.Series(true_changes(of, true), found.index.astype(str)).loc[found.index]
    inside = (found["like_for_like_low"] <= truth) & (truth <= found["like_for_like_high"])
    return {"like-for-like change": float(inside.mean())}


def true_changes(of: Plan, true: Effects) -> np.ndarray:
    """Return each agency's true change within the activities of both years, at mean shares."""
    at = (of.cells["agency"], of.cells["year"] - YEARS[0], of.cells["activity"])
    score, size = (np.zeros((21, len(YEARS), ACTIVITIES)) for _ in range(2))
    score[at], size[at] = probabilities(of, true) @ rotating.SCORES, of.size
    both = (size[:, 0] > 0) & (size[:, 1] > 0)
    kept = np.where(both[:, None], size[:, :2], 0.0)
    shares = (kept / kept.sum(axis=2, keepdims=True)).mean(axis=1)
    return np.asarray((shares * (score[:, 1] - score[:, 0])).sum(axis=1))


@cache
def found_four_times_in_five() -> Effects:
    """Return effects with a change of the mean of all between two years that is just detectable."""
    true = effects(21, np.random.default_rng(SEED))

    def missing(shift: float) -> float:
        moved = shifted(true, "year", shift)
        expected = np.rint(probabilities(plan(21), moved) * plan(21).size[:, None]).astype(int)
        step, se = of_two_years(expected)
        return abs_step(plan(21), moved) - detectable.smallest(se, critical=Z95)

    return shifted(true, "year", brentq(missing, true["year"][1], true["year"][1] + 2.0, xtol=1e-3))


def abs_step(of: Plan, true: Effects) -> float:
    """Return how much higher the true mean of the first year is than that of the second."""
    scores = probabilities(of, true) @ rotating.SCORES
    year = of.cells["year"].to_numpy()
    means = [np.average(scores[year == y], weights=of.size[year == y]) for y in YEARS[:2]]
    return float(means[0] - means[1])


def of_two_years(counts: np.ndarray) -> tuple[float, float]:
    """Return the first year's mean less the second's, and its error, as the figure has them."""
    survey = invented()
    table = estimate.direct(rows_of(plan(21), counts, survey), survey, by=[("year",)])
    means = table[(table["statistic"] == "mean") & (table["year"] > 0)].set_index("year")
    value, se = (means.loc[[*YEARS[:2]], name].to_numpy() for name in ("estimate", "se"))
    return float(value[0] - value[1]), float(np.hypot(*se))


def power_of_change(seed: int) -> dict[str, object]:
    """Whether a change of the size that the figure calls detectable is found."""
    rng = np.random.default_rng([SEED, 6, seed])
    step, se = of_two_years(answers(plan(21), found_four_times_in_five(), rng))
    return {"power, change from year to year": step > Z95 * se}


KINDS: tuple[Callable[[int], dict[str, object]], ...] = (
    standing, equals, hundred, power, changed, power_of_change,
)  # fmt: skip


def one(seed: int) -> dict[str, object]:
    """Draw one data set of each kind; a change, which takes longest, of every fourth only."""
    kinds = KINDS if seed % 4 == 0 else [kind for kind in KINDS if kind is not changed]
    return {name: held for kind in kinds for name, held in kind(seed).items()}


def run(sets: int, *, keep: Callable[[dict[str, object]], None]) -> None:
    """Draw ``sets`` data sets of each kind and say how often the promises held.

    Parameters
    ----------
    sets : int
        Data sets of each kind.
    keep : callable
        Called after every fifty sets with what was found so far: sets; shares: rows of what, sets,
        value, se, low, high (what is asked); top_quarter: rows of stated (mean probability in a
        tenth), actual (share that was there), n.
    """
    found: list[dict[str, object]] = []
    with _drawn(sets) as in_turn:
        for done in in_turn:
            found.append(done)
            if len(found) % KEPT_EACH == 0 or len(found) == sets:
                keep(
                    {
                        "sets": len(found),
                        "shares": list(promises.shares(found)),
                        "top_quarter": list(promises.calibration(found)),
                    }
                )


@contextlib.contextmanager
def _drawn(sets: int) -> Iterator[Iterator[dict[str, object]]]:
    """Yield what each data set holds: drawn by the workers of ENGINE, or by processes here."""
    if (workers := cluster.workers()) is not None:
        yield workers.bring(one, range(sets), doing="drawing data sets")
        return
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        yield pool.imap(one, range(sets), chunksize=5)

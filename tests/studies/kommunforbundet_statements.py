"""The statements K1-K14 of the association's release, each as a function of the clean answers.

Every function gives what can be said of the data it is handed, never whether it is what was said.
Differences are sure or not at 95 %, simultaneously over all pairs compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.stats import compare, estimate, places
from betyg.stats.compare import Equivalence, Pairwise
from betyg.stats.joint import JointMeans, joint_items, joint_means

FACTORS = ("overall", "trust", "customer", "guide", "known_all", "significance_all")
SEED = 2021
Z95 = 1.96


def general(respondents: pd.DataFrame, year: int) -> pd.DataFrame:
    """The rows that are not about one service: one a respondent."""
    return respondents[(respondents["year"] == year) & (respondents["activity"] == "all")]


def rounds(respondents: pd.DataFrame) -> list[int]:
    return sorted(int(year) for year in respondents["year"].unique())


def persons(respondents: pd.DataFrame, year: int) -> int:
    return int(respondents.loc[respondents["year"] == year, "respondent_id"].nunique())


def by_role(respondents: pd.DataFrame, year: int) -> dict[str, int]:
    own = respondents[respondents["year"] == year]
    counts = own.groupby("group", observed=True)["respondent_id"].nunique()
    return {str(group): int(n) for group, n in counts.items()}


def shares(respondents: pd.DataFrame, item: str, year: int) -> dict[int, float]:
    """Share of each position among those who answered."""
    given = general(respondents, year)[item].dropna()
    return {int(place): float((given == place).mean()) for place in sorted(given.unique())}


def top_two(respondents: pd.DataFrame, item: str, year: int, k: int) -> float:
    return sum(share for place, share in shares(respondents, item, year).items() if place >= k - 1)


def unknown(respondents: pd.DataFrame, item: str, year: int) -> float:
    """Share of don't-knows among all respondents."""
    return float((general(respondents, year)[f"{item}.missing"] == "dont_know").mean())


def estimated(respondents: pd.DataFrame, survey: Study, item: str, year: int) -> pd.DataFrame:
    """Statistics of an item over all groups: estimate and interval, with the survey's design."""
    found = estimate.direct(respondents[respondents["year"] == year], survey, by=(("year",),))
    columns = ["statistic", "response", "estimate", "ci_low", "ci_high"]
    return found.loc[found["item"] == item, columns]


def interval(respondents: pd.DataFrame, survey: Study, item: str, year: int) -> tuple[float, float]:
    """Interval of the mean score, 0-100."""
    found = estimated(respondents, survey, item, year).query("statistic == 'mean'")
    return float(found["ci_low"].item()), float(found["ci_high"].item())


def factors(respondents: pd.DataFrame, survey: Study, year: int) -> Pairwise:
    """The six graded factors, all pairs compared."""
    return _compared(joint_items(general(respondents, year), survey, items=FACTORS))


def services(respondents: pd.DataFrame, survey: Study, item: str, year: int) -> Pairwise:
    """The services on one item, all pairs compared within respondents."""
    rated = respondents[(respondents["year"] == year) & (respondents["activity"] != "all")]
    return _compared(joint_means(rated, survey, item=item, over="activity"))


def themes(respondents: pd.DataFrame, survey: Study, question: str, year: int) -> Pairwise:
    """Percentages who mention each theme that was coded, all pairs compared."""
    items = [code for code in survey.item_codes if code.startswith(f"{question}_")]
    return _compared(joint_items(general(respondents, year), survey, items=items))


def best(compared: Pairwise) -> str | None:
    """The one that is surely above all others, if there is one."""
    top = places.order(compared, margin=0.0).query("surely_best")
    return str(top["name"].item()) if len(top) else None


def highest(compared: Pairwise) -> str:
    """The highest estimate, sure or not."""
    return compared.names[int(np.argmax(compared.estimate))]


def place(compared: Pairwise, *, margin: float) -> dict[str, int | None]:
    """Places; a shared one as the methods define it, None where the order is not earned."""
    order = places.order(compared, margin=margin)
    settled = [None if pd.isna(number) else int(number) for number in order["place"]]
    return dict(zip(order["name"], settled, strict=True))


def leading(compared: Pairwise) -> set[str]:
    """The largest group, of at most four, each of which is surely above each one outside it."""
    above = compared.surely_above()
    ranked = np.argsort(-compared.estimate)
    for size in range(min(4, len(ranked) - 1), 0, -1):
        if above[np.ix_(ranked[:size], ranked[size:])].all():
            return {compared.names[at] for at in ranked[:size]}
    return set()


def equivalent(respondents: pd.DataFrame, survey: Study, item: str, year: int) -> Equivalence:
    """Whether the municipality groups agree within the study's margin."""
    joint = joint_means(general(respondents, year), survey, item=item, over="agency")
    return compare.equivalence(
        joint.names, joint.estimate, joint.covariance, margin=survey.compare.margin, df=joint.df
    )


def largest_possible(respondents: pd.DataFrame, survey: Study, item: str, year: int) -> float:
    """The largest difference between groups by the wider, simultaneous 90 % intervals."""
    joint = joint_means(general(respondents, year), survey, item=item, over="agency")
    pairs = _compared(joint, level=0.90).table
    return float(pairs[["ci_low", "ci_high"]].abs().to_numpy().max())


def change(
    respondents: pd.DataFrame,
    survey: Study,
    item: str,
    years: Sequence[int],
    *,
    agency: str | None = None,
) -> tuple[float, float, float]:
    """Difference of two years' mean scores, second less first, with its interval."""
    rows = respondents[respondents["year"].isin(years) & (respondents["activity"] == "all")]
    chosen = rows if agency is None else rows[rows["agency"] == agency]
    joint = joint_means(chosen, survey, item=item, over=chosen["year"])
    moved = float(joint.estimate[1] - joint.estimate[0])
    variance = joint.covariance[0, 0] + joint.covariance[1, 1] - 2 * joint.covariance[0, 1]
    half = Z95 * float(np.sqrt(variance))
    return moved, moved - half, moved + half


def band(low: float, high: float, survey: Study) -> str | None:
    """The English name of the one band that holds the whole interval."""
    starts = [step.from_ for step in survey.bands]
    ends = [*starts[1:], np.inf]
    for step, start, end in zip(survey.bands, starts, ends, strict=True):
        if start <= low and high < end:
            return step.label["en"]
    return None


def _compared(joint: JointMeans, *, level: float = 0.95) -> Pairwise:
    return compare.pairwise(
        joint.names,
        joint.estimate,
        joint.covariance,
        rng=np.random.default_rng(SEED),
        level=level,
    )

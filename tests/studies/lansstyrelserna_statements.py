"""The statements L1-L10 of the 2012 release, each as a function of the clean answers.

Counts by counting, grades by the design-based estimates, the rest by simple means. Every function
gives what can be said, never whether it is what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from betyg.data.study import Study
from betyg.stats import estimate

LEVEL = 0.95
LOW_GRADES = (1, 2)


def chosen(
    answers: pd.DataFrame, *, year: int | None = None, agency: str = "", activity: str = ""
) -> pd.DataFrame:
    keep = np.ones(len(answers), dtype=bool)
    for role, value in (("year", year), ("agency", agency), ("activity", activity)):
        if value:
            keep &= (answers[role] == value).to_numpy()
    return answers[keep]


def rounds(answers: pd.DataFrame, until: int) -> list[int]:
    return sorted(int(year) for year in answers["year"].unique() if year <= until)


def boards(answers: pd.DataFrame, year: int, activity: str = "") -> set[str]:
    return set(chosen(answers, year=year, activity=activity)["agency"].astype(str))


def since_the_start(answers: pd.DataFrame, until: int) -> set[str]:
    """Boards with interviews in every year that had any, from the first to ``until``."""
    return set.intersection(*(boards(answers, year) for year in rounds(answers, until)))


def activities(answers: pd.DataFrame, year: int, agency: str = "") -> set[str]:
    return set(chosen(answers, year=year, agency=agency)["activity"].astype(str))


def at_all_boards(answers: pd.DataFrame, year: int) -> set[str]:
    everybody = boards(answers, year)
    return {a for a in activities(answers, year) if boards(answers, year, a) == everybody}


def surveyed_before(answers: pd.DataFrame, year: int, agency: str) -> set[str]:
    earlier = [activities(answers, y, agency) for y in rounds(answers, year - 1)]
    return activities(answers, year, agency) & set().union(*earlier)


def grades(
    answers: pd.DataFrame, survey: Study, *, year: int, by: Sequence[str] = ("agency",)
) -> pd.DataFrame:
    """Mean scores of all questions but the overall ones, with intervals, in one year."""
    table = estimate.direct(answers[answers["year"] == year], survey, by=(("year", *by),))
    single = [i.item for i in survey.items if i.theme != "overall"]
    means = table[(table["statistic"] == "mean") & table["item"].isin(single) & table["shown"]]
    return means.astype({"agency": str, "activity": str, "item": str})


def highest(means: pd.DataFrame, n: int = 1) -> set[str]:
    return set(means.nlargest(n, "estimate")["item"])


def lowest(means: pd.DataFrame, n: int = 1) -> set[str]:
    return set(means.nsmallest(n, "estimate")["item"])


def surely_at_least(means: pd.DataFrame, item: str, level: float) -> bool:
    """Whether every interval of the item lies wholly at or above ``level``."""
    found = means[means["item"] == item]
    return bool(len(found) and (found["ci_low"] >= level).all())


def share_of_low_grades(answers: pd.DataFrame, survey: Study, item: str, agency: str) -> float:
    """Estimated share of grades 1 and 2 among those who answered."""
    table = estimate.direct(answers, survey, by=(("agency",),))
    row = table[(table["item"] == item) & (table["agency"] == agency)]
    shares = row[(row["statistic"] == "share") & row["response"].isin(LOW_GRADES)]
    return float(shares["estimate"].sum())


def followed(
    answers: pd.DataFrame, item: str, agency: str, years: tuple[int, int]
) -> dict[str, tuple[float, float, float]]:
    """Change of mean score with its interval in each activity that both years have."""
    found = {}
    first, second = (activities(answers, year, agency) for year in years)
    for activity in sorted(first & second):
        old, new = (
            chosen(answers, year=year, agency=agency, activity=activity)[item]
            .dropna()
            .astype(float)
            for year in years
        )
        se = np.sqrt(old.var() / len(old) + new.var() / len(new))
        change = new.mean() - old.mean()
        half = stats.norm.ppf((1 + LEVEL) / 2) * se
        found[activity] = (change, change - half, change + half)
    return found


def change_since(answers: pd.DataFrame, item: str, k: int, year: int) -> pd.Series:
    """Mean score from ``year`` on less mean score before it, board by board."""
    score = 100 * (answers[item].astype("float64") - 1) / (k - 1)
    later = np.where(answers["year"] >= year, "after", "before")
    means = score.groupby([answers["agency"].astype(str), later]).mean().unstack()
    return means["after"] - means["before"]


def more_than_others(change: pd.Series, members: Sequence[str]) -> tuple[float, float, float]:
    """Difference in differences between members and others, with Welch's interval over boards."""
    inside = change[change.index.isin(members)]
    outside = change[~change.index.isin(members)]
    found = stats.ttest_ind(inside, outside, equal_var=False).confidence_interval(LEVEL)
    return float(inside.mean() - outside.mean()), float(found.low), float(found.high)


def chance_alone(change: pd.Series, members: Sequence[str]) -> float:
    """Share of all choices of as many boards that differ from the others at least as much."""
    values, n = change.to_numpy(), len(members)
    inside = change.index.isin(members)

    def difference(total: np.ndarray | float) -> np.ndarray | float:
        return total / n - (values.sum() - total) / (len(values) - n)

    totals = np.array([values[list(c)].sum() for c in combinations(range(len(values)), n)])
    seen = abs(difference(values[inside].sum()))
    return float((np.abs(difference(totals)) >= seen - 1e-12).mean())

"""The statements K1-K14 of the association's release, each as a function of the clean answers.

Shares and levels are those of the estimates table. Comparisons are made by simple means: paired
differences and Bonferroni over all pairs, which is wider than the exact simultaneous interval.
Every function gives what can be said, never whether it is what was said.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from betyg.data.study import Study
from betyg.stats import estimate

FACTORS = ("overall", "trust", "customer", "guide", "known_all", "significance_all")
LEVEL = 0.95


def general(respondents: pd.DataFrame, year: int) -> pd.DataFrame:
    """The rows that are not about one service: one a respondent."""
    return respondents[(respondents["year"] == year) & (respondents["activity"] == "all")]


def rounds(respondents: pd.DataFrame) -> list[int]:
    return sorted(int(year) for year in respondents["year"].unique())


def every_year(respondents: pd.DataFrame) -> bool:
    held = rounds(respondents)
    return len(held) > 1 and held == list(range(held[0], held[-1] + 1))


def by_role(respondents: pd.DataFrame, year: int) -> dict[str, int]:
    persons = general(respondents, year)
    return {str(role): int(n) for role, n in persons["group"].value_counts().items() if n}


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


def factors(respondents: pd.DataFrame, year: int) -> pd.DataFrame:
    persons = general(respondents, year)
    return pd.DataFrame({item: _score(persons[item], 7) for item in FACTORS})


def services(respondents: pd.DataFrame, item: str, year: int) -> pd.DataFrame:
    """Scores 0-100, a row a respondent and a column a service."""
    rated = respondents[(respondents["year"] == year) & (respondents["activity"] != "all")]
    wide = rated.assign(score=_score(rated[item], 5)).pivot(
        index="respondent_id", columns="activity", values="score"
    )
    return wide.dropna(axis="columns", how="all").rename(columns=str)


def themes(respondents: pd.DataFrame, question: str, year: int) -> pd.DataFrame:
    """100 where a theme was mentioned, 0 where not, a column a theme that was coded."""
    persons = general(respondents, year)
    names = [
        name
        for name in persons.columns
        if name.startswith(f"{question}_") and not name.endswith(".missing")
    ]
    coded = pd.DataFrame({name: _score(persons[name], 2) for name in names})
    return coded.dropna(axis="columns", how="all")


def sure_differences(wide: pd.DataFrame) -> pd.DataFrame:
    """Paired differences of all pairs of columns, simultaneous over the pairs."""
    pairs = list(combinations(wide.columns, 2))
    rows = []
    for first, second in pairs:
        difference = (wide[first] - wide[second]).dropna().to_numpy()
        n = len(difference)
        half = stats.t.ppf(1 - (1 - LEVEL) / 2 / len(pairs), n - 1)
        half *= difference.std(ddof=1) / np.sqrt(n)
        mean = difference.mean()
        rows += [(first, second, mean, mean - half), (second, first, -mean, -mean - half)]
    return pd.DataFrame(rows, columns=["first", "second", "difference", "low"])


def surely_above(wide: pd.DataFrame) -> dict[str, set[str]]:
    """For each column, those that it is surely above."""
    sure = sure_differences(wide).query("low > 0")
    return {name: set(sure.loc[sure["first"] == name, "second"]) for name in wide.columns}


def places(wide: pd.DataFrame, margin: float) -> dict[str, int | None]:
    """Places by mean; shared as METHODS defines it, None where the order is not earned."""
    above = surely_above(wide)
    below = {name: {other for other in above if name in above[other]} for name in above}
    mean = wide.mean()
    found: dict[str, int | None] = {}
    for name in wide.columns:
        peers = {other for other in above if other not in above[name] | below[name]}
        closed = all(
            above[peer] == above[name]
            and below[peer] == below[name]
            and abs(mean[peer] - mean[name]) <= margin
            for peer in peers
        )
        found[name] = 1 + len(below[name]) if closed else None
    return found


def best(wide: pd.DataFrame) -> str | None:
    """The column that is surely above all others, if there is one."""
    above = surely_above(wide)
    return next((name for name in wide.columns if len(above[name]) == len(wide.columns) - 1), None)


def leading(wide: pd.DataFrame) -> set[str]:
    """The largest set of columns each of which is surely above each one outside it."""
    above = surely_above(wide)
    order = wide.mean().sort_values(ascending=False).index
    for size in range(len(order) - 1, 0, -1):
        inside, outside = set(order[:size]), set(order[size:])
        if size <= len(order) / 2 + 1 and all(outside <= above[name] for name in inside):
            return inside
    return set()


def equivalent(respondents: pd.DataFrame, item: str, year: int, margin: float) -> bool:
    """All differences between municipality groups surely within the margin (two one-sided tests).

    Simultaneous over the pairs by Bonferroni at 5 % a side: a 90 % interval for one pair alone.
    """
    persons = general(respondents, year)
    groups = [
        _score(persons.loc[persons["agency"] == name, item], 5).dropna().to_numpy()
        for name in persons["agency"].unique()
    ]
    pairs = list(combinations(groups, 2))
    ends = []
    for first, second in pairs:
        variance = [group.var(ddof=1) / len(group) for group in (first, second)]
        half = stats.norm.ppf(1 - 0.05 / len(pairs)) * np.sqrt(sum(variance))
        ends.append(abs(first.mean() - second.mean()) + half)
    return len(groups) > 1 and max(ends) < margin


def change(
    respondents: pd.DataFrame, item: str, years: tuple[int, int], *, k: int = 0, agency: str = ""
) -> tuple[float, float, float]:
    """Difference of two years' mean scores with its interval; years are separate samples."""
    both = []
    for year in years:
        persons = general(respondents, year)
        chosen = persons[persons["agency"] == agency] if agency else persons
        both.append((_score(chosen[item], k) if k else chosen[item]).dropna().to_numpy(dtype=float))
    first, second = both
    error = np.sqrt(sum(group.var(ddof=1) / len(group) for group in both))
    half = stats.norm.ppf((1 + LEVEL) / 2) * error
    moved = float(second.mean() - first.mean())
    return moved, moved - half, moved + half


def band(low: float, high: float, survey: Study) -> str | None:
    """The English name of the one band that holds the whole interval."""
    starts = [step.from_ for step in survey.bands]
    ends = [*starts[1:], np.inf]
    for step, start, end in zip(survey.bands, starts, ends, strict=True):
        if start <= low and high < end:
            return step.label["en"]
    return None


def _score(position: pd.Series, k: int) -> pd.Series:
    return 100 * (position.astype("Float64") - 1).astype(float) / (k - 1)

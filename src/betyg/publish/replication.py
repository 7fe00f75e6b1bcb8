"""What was published beside what the data give."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from betyg.data.codebook import Published
from betyg.data.study import Study
from betyg.publish import disclosure
from betyg.publish.naming import ALL


def compare(
    survey: Study,
    *,
    domains: pd.DataFrame,
    people: pd.DataFrame,
    cells: pd.DataFrame,
    estimates: pd.DataFrame,
) -> pd.DataFrame:
    """Compute every published figure from the data.

    Parameters
    ----------
    survey : Study
        With the rows of published.csv.
    domains, people, cells, estimates : DataFrame
        As the notebooks write them; a kind of study without respondents has zero rows in the
        first two.

    Returns
    -------
    DataFrame
        A row a published figure: id, statistic, relation, value, tolerance, derived (NaN where
        the data cannot give it or it may not be shown), agrees (False there), shown, source.
    """
    presence = domains if len(domains) else cells[cells["n"] > 0]
    rows = []
    for published in survey.published:
        derived, base = _derive(published, survey, presence, people, estimates)
        shown = np.isnan(base) or base >= survey.disclosure.show
        value = derived if shown else float("nan")
        rows.append(
            {
                "id": published.id,
                "statistic": published.statistic,
                "relation": published.relation,
                "value": published.value,
                "tolerance": published.tolerance,
                "derived": value,
                "agrees": agrees(published, value),
                "shown": bool(shown),
                "source": published.source,
            }
        )
    columns = ["id", "statistic", "relation", "value", "tolerance", "derived", "agrees", "shown",
               "source"]  # fmt: skip
    return disclosure.hide(pd.DataFrame(rows, columns=columns), show=survey.disclosure.show).assign(
        value=[p.value for p in survey.published]
    )


def agrees(published: Published, derived: float) -> bool:
    """Say whether a derived figure is what was published, within the tolerance stated there."""
    if np.isnan(derived):
        return False
    rounding = 1e-9
    if published.relation == "<":
        return derived < published.value + published.tolerance + rounding
    if published.relation == ">":
        return derived > published.value - published.tolerance - rounding
    return abs(derived - published.value) <= published.tolerance + rounding


def _derive(
    published: Published,
    survey: Study,
    presence: pd.DataFrame,
    people: pd.DataFrame,
    estimates: pd.DataFrame,
) -> tuple[float, float]:
    """Return the figure and the number of answers it rests on (NaN for mere counts)."""
    if published.statistic == "rounds":
        return float(len(_rounds(presence, published))), float("nan")
    if published.statistic == "respondents":
        persons = float(_respondents(presence, people, published, survey))
        return persons, persons
    if published.statistic in _COUNTS:
        return float(_COUNTS[published.statistic](presence, published, survey)), float("nan")
    return _estimated(published, survey, estimates)


def _rounds(presence: pd.DataFrame, published: Published) -> list[int]:
    last = published.year or int(presence["year"].max())
    return sorted(int(y) for y in presence["year"].unique() if y <= last)


def _part(presence: pd.DataFrame, published: Published, *, year: int | None = None) -> pd.DataFrame:
    """Return the rows that a figure is about, in its own year or in another."""
    chosen = np.ones(len(presence), dtype=bool)
    wanted = {
        "agency": published.agency, "activity": published.activity, "group": published.group,
        "year": year or published.year,
    }  # fmt: skip
    for role, value in wanted.items():
        if value is not None:
            chosen &= (presence[role] == value).to_numpy()
    return presence[chosen]


def _respondents(
    presence: pd.DataFrame, people: pd.DataFrame, published: Published, survey: Study
) -> int:
    if len(people):
        chosen = (people["year"] == published.year) if published.year else people["year"] > 0
        for role in ("agency", "activity", "group"):
            chosen &= people[role] == (getattr(published, role) or ALL)
        return int(people.loc[chosen, "n"].sum())
    rows = _part(presence, published)
    # Counts know no persons: those who answered the most answered question. A total counts only
    # where it is what the figure is about: its parts are there too.
    for role in ("agency", "activity", "group"):
        if getattr(published, role) is None:
            rows = rows[~rows[role].isin(list(survey.totals))]
    asked = rows.groupby("item", observed=True)["n"].sum()
    return int(asked.max()) if len(asked) else 0


def _agency_codes(rows: pd.DataFrame, survey: Study) -> set[str]:
    return set(rows["agency"].astype(str)) & set(survey.agency_codes)


def _agencies(presence: pd.DataFrame, published: Published, survey: Study) -> int:
    return len(_agency_codes(_part(presence, published), survey))


def _agencies_all_years(presence: pd.DataFrame, published: Published, survey: Study) -> int:
    every = (
        _agency_codes(_part(presence, published, year=y), survey)
        for y in _rounds(presence, published)
    )
    return len(set.intersection(*every))


def _activity_codes(rows: pd.DataFrame, survey: Study) -> set[str]:
    return {str(a) for a in rows["activity"]} - {ALL} - survey.totals


def _activities(presence: pd.DataFrame, published: Published, survey: Study) -> int:
    return len(_activity_codes(_part(presence, published), survey))


def _activities_repeated(presence: pd.DataFrame, published: Published, survey: Study) -> int:
    rounds = _rounds(presence, published)
    now = _activity_codes(_part(presence, published, year=rounds[-1]), survey)
    before = (_activity_codes(_part(presence, published, year=y), survey) for y in rounds[:-1])
    return len(now & set().union(*before))


_COUNTS: dict[str, Callable[[pd.DataFrame, Published, Study], int]] = {
    "agencies": _agencies,
    "agencies_all_years": _agencies_all_years,
    "activities": _activities,
    "activities_repeated": _activities_repeated,
}


def _estimated(published: Published, survey: Study, estimates: pd.DataFrame) -> tuple[float, float]:
    """Look a mean or share up among the estimates."""
    statistic = "mean" if published.statistic == "mean_of_agencies" else published.statistic
    rows = estimates[
        (estimates["item"] == published.item)
        & (estimates["statistic"] == statistic)
        & (estimates["year"] == (published.year or 0))
        & (estimates["activity"] == (published.activity or ALL))
        & (estimates["group"] == (published.group or ALL))
    ]
    if published.statistic == "mean_of_agencies":
        rows = rows[rows["agency"].isin(survey.agency_codes) & rows["shown"]]
        return float(rows["estimate"].mean()), float("nan")
    rows = rows[rows["agency"] == (published.agency or ALL)]
    if published.statistic == "share":
        rows = rows[rows["response"].isin(_positions(published, survey))]
    if rows.empty:
        return float("nan"), float("nan")
    base = float(rows["n"].iloc[0])
    return float(rows["estimate"].sum()), base if base or not rows["shown"].all() else float("nan")


def _positions(published: Published, survey: Study) -> set[float]:
    scale = survey.scale_of(str(published.item), published.year)
    orders = (scale.by_code[code].order for code in published.categories)
    return {float(order) for order in orders if order is not None}

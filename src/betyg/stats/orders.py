"""What can be said of orders: activities, questions and agencies, round by round."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from betyg.data.codebook import Event
from betyg.data.store import Stored, rows_of
from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats import change, compare, events, places, theme_sums
from betyg.stats.asked import rated, same_scale, together
from betyg.stats.joint import DESIGN, JointMeans, joint_items, joint_levels, joint_means
from betyg.stats.sum_design import SumDesign, add_up

__all__ = ["agreement", "effects", "leads", "table"]

ALL = "all"
FEWEST_ANSWERS = 3  # what is chosen or not is no view
MOST_AGENCIES = 10  # beyond that, that all agree is a question about ranges, not about pairs

ORDER = ("of", "by", "year", "code", "estimate", "se", "ci_low", "ci_high", "n", "place_low",
         "place_high", "place", "shared", "surely_best", "found")  # fmt: skip
LEAD = ("item", "year", "first", "activity", "difference", "se", "ci_low", "ci_high", "n")
AGREEMENT = ("item", "year", "agencies", "largest", "bound", "margin", "equivalent", "n")
EFFECT = ("event", "label_year", "item", "year_from", "year_to", "estimate", "se", "ci_low",
          "ci_high", "p_value", "n_affected", "n_others", "placebo", "placebo_p_value")  # fmt: skip


def table(
    respondents: pd.DataFrame | Stored,
    survey: Study,
    *,
    domains: pd.DataFrame | None = None,
    sums: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Order activities by each rated item, and the items of each theme, in every round.

    The ranges of places hold for all of an order at once. Activities are compared within
    respondents; so are items, as the same persons answered them.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean; zero rows for kinds without respondents. They are used where a
        sampling unit has several of them, or weights were calibrated.
    survey : Study
        The study.
    domains, sums : DataFrame, optional
        As written by 01_clean (``domains.collapse``, ``theme_sums.collapse``); without them
        respondents are used.

    Returns
    -------
    DataFrame
        of ("activity" or "item"); by (the rated item, or the theme); year; code (of what is
        ordered); estimate, se, ci_low, ci_high (0-100); n; place_low, place_high, place (Int64);
        shared; surely_best; found (the difference from the highest, in points, that would be
        found four times in five). The highest first within each order.
    """
    themed = [item for items in together(survey).values() for item in items]
    if sums is not None and domains is not None and add_up(domains, survey):
        rows, themes = _rows(respondents, rated(survey)), theme_sums.joint(sums, survey)
    else:
        rows = _rows(respondents, [*rated(survey), *themed])
        themes = _themes(rows, survey)
    parts = [
        *_activities(rows, survey),
        *(_ordered(joint, survey, named=("item", theme, year)) for theme, year, joint in themes),
    ]
    if not parts:
        return pd.DataFrame(columns=list(ORDER))
    return pd.concat(parts, ignore_index=True).astype({"year": "int16", "n": "int64"})


def _rows(respondents: pd.DataFrame | Stored, items: Sequence[str]) -> pd.DataFrame:
    """Return what is needed of the respondents; nothing where nothing is asked of them."""
    return rows_of(respondents, [*DESIGN, *items]) if items else pd.DataFrame()


def _activities(respondents: pd.DataFrame, survey: Study) -> Iterator[pd.DataFrame]:
    for item in rated(survey):
        rows = respondents[(respondents["activity"] != ALL) & respondents[item].notna()]
        for year, part in rows.groupby("year"):
            if part["activity"].nunique() > 1:
                joint = joint_means(part, survey, item=item, over="activity")
                yield _ordered(joint, survey, named=("activity", item, int(str(year))))


def _themes(respondents: pd.DataFrame, survey: Study) -> Iterator[tuple[str, int, JointMeans]]:
    """Yield the mean scores of each theme's questions in each year, as ``theme_sums.joint``."""
    for theme, items in together(survey).items():
        for year, part in respondents.groupby("year"):
            asked = [item for item in items if part[item].notna().any()]
            if same_scale(asked, int(str(year)), survey):
                answered = part[part[asked].notna().any(axis=1)]
                yield theme, int(str(year)), joint_items(answered, survey, items=asked)


def _ordered(joint: JointMeans, survey: Study, *, named: tuple[str, str, int]) -> pd.DataFrame:
    of, by, year = named
    order = places.order(
        _pairs(joint, *named), margin=survey.compare.margin, n=joint.n, role="code"
    )
    return order.assign(of=of, by=by, year=year)[list(ORDER)]


def _pairs(joint: JointMeans, *names: object) -> compare.Pairwise:
    """Compare all pairs; the same comparison draws the same numbers in every build."""
    rng = np.random.default_rng(zlib.crc32("|".join(map(str, names)).encode()))
    return compare.pairwise(joint.names, joint.estimate, joint.covariance, rng=rng)


def leads(respondents: pd.DataFrame | Stored, survey: Study) -> pd.DataFrame:
    """Set each activity against each other on the rated items, within respondents.

    Returns
    -------
    DataFrame
        item, year, first, activity, difference (first less activity, points), se, ci_low, ci_high
        (simultaneous over the pairs of an item and year), n (respondents who rated both).
    """
    parts = []
    people = _rows(respondents, rated(survey))
    for item in rated(survey):
        rows = people[(people["activity"] != ALL) & people[item].notna()]
        for year, part in rows.groupby("year"):
            if part["activity"].nunique() > 1:
                joint = joint_means(part, survey, item=item, over="activity")
                pairs = _pairs(joint, "activity", item, int(str(year)))
                parts.append(_both_ways(pairs.table, joint).assign(item=item, year=int(str(year))))
    if not parts:
        return pd.DataFrame(columns=list(LEAD))
    return pd.concat(parts, ignore_index=True)[list(LEAD)].astype({"year": "int16"})


def _both_ways(pairs: pd.DataFrame, joint: JointMeans) -> pd.DataFrame:
    there = pairs.rename(columns={"second": "activity"}).drop(columns="surely")
    back = there.rename(columns={"first": "activity", "activity": "first"}).assign(
        difference=-there["difference"], ci_low=-there["ci_high"], ci_high=-there["ci_low"]
    )
    answers = dict(zip(joint.names, joint.n, strict=True))
    both = pd.concat([there, back], ignore_index=True)
    least = np.minimum(both["first"].map(answers), both["activity"].map(answers))
    return both.assign(n=least)


def agreement(
    respondents: pd.DataFrame | Stored,
    survey: Study,
    *,
    domains: pd.DataFrame | None = None,
    cells: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Test for each question and round whether all agencies hold the same view.

    Not finding a difference is not agreement: the largest difference that the data allow has
    to lie within ``compare.margin``. Made for few agencies, such as the groups of one
    association's members.

    Parameters
    ----------
    respondents, survey, domains
        As in ``table``.
    cells : DataFrame, optional
        As written by 01_clean; with ``domains`` they are used in the place of respondents.

    Returns
    -------
    DataFrame
        item, year, agencies (compared), largest (difference estimated), bound (difference
        that the data allow at 95 %), margin, equivalent, n; zero rows beyond ten agencies.
    """
    few = len([code for code in survey.agency_codes if not survey.is_total(code)]) <= MOST_AGENCIES
    items = [item.item for item in survey.items if few and item.item not in rated(survey)]
    if cells is not None and domains is not None and add_up(domains, survey):
        views = _views_of_cells(cells, domains, items, survey)
    else:
        views = _views(_rows(respondents, items), items, survey)
    rows = [_agreement(joint, survey, item=item, year=year) for item, year, joint in views]
    return pd.DataFrame(rows, columns=list(AGREEMENT))


def _views(
    people: pd.DataFrame, items: Sequence[str], survey: Study
) -> Iterator[tuple[str, int, JointMeans]]:
    """Yield the means of all agencies for each question and round."""
    for item in items:
        for year, part in people.groupby("year"):
            answered = part[part[item].notna()]
            if _several(answered, survey, item=item, year=int(str(year))):
                joint = joint_means(answered, survey, item=item, over="agency")
                yield item, int(str(year)), joint


def _views_of_cells(
    cells: pd.DataFrame, domains: pd.DataFrame, items: Sequence[str], survey: Study
) -> Iterator[tuple[str, int, JointMeans]]:
    """Yield the same from the answers of respondents who were drawn one by one, counted."""
    one = domains.drop_duplicates("stratum")
    population = dict(zip(one["stratum"].astype("str"), one["population"], strict=True))
    answers = cells[cells["kind"] == "answer"]
    known = answers.assign(population=answers["stratum"].astype("str").map(population))
    for item in items:
        for year, part in known[known["item"] == item].groupby("year"):
            if _several(part, survey, item=item, year=int(str(year))):
                scores = part["score"].to_numpy(np.float64)
                design = SumDesign.of(part, part, survey)
                joint = joint_levels(part["agency"], scores, design, survey, about=item)
                yield item, int(str(year)), joint


def _several(answered: pd.DataFrame, survey: Study, *, item: str, year: int) -> bool:
    """Tell whether several agencies answered a question that is a matter of degree."""
    graded = survey.scale_of(item, year).k >= FEWEST_ANSWERS
    return graded and answered["agency"].nunique() > 1


def _agreement(joint: JointMeans, survey: Study, *, item: str, year: int) -> dict[str, object]:
    found = compare.equivalence(
        joint.names, joint.estimate, joint.covariance, margin=survey.compare.margin, df=joint.df
    )
    return {
        "item": item, "year": year, "agencies": len(joint.names), "largest": found.largest,
        "bound": found.bound, "margin": found.margin, "equivalent": found.equivalent,
        "n": int(joint.n.min()),
    }  # fmt: skip


def effects(estimates: pd.DataFrame, cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Set the change of the agencies that a measure concerned against that of the others.

    Like for like, from the last round before the measure to each round since. It
    describes a difference; agencies are not drawn by lot, so it shows no cause.

    Returns
    -------
    DataFrame
        event (row in events.csv, from 0), label_year, item, year_from, year_to; estimate, se,
        ci_low, ci_high (points); p_value; n_affected, n_others; placebo, placebo_p_value (the
        same over the two rounds before the measure). Zero rows without events of some agencies.
    """
    rows = [
        row
        for at, event in enumerate(survey.events)
        for row in _effects(estimates, cells, survey, named=(at, event))
    ]
    return pd.DataFrame(rows, columns=list(EFFECT))


def _effects(
    estimates: pd.DataFrame, cells: pd.DataFrame, survey: Study, *, named: tuple[int, Event]
) -> Iterator[dict[str, object]]:
    at, event = named
    item = event.item or survey.compare.outcome
    years = sorted(int(y) for y in cells.loc[cells["item"] == item, "year"].unique())
    before = [year for year in years if year < event.year]
    after = [year for year in years if year >= event.year]
    if survey.kind == "published" or not event.agencies or not before or not after:
        return
    placebo = (before[-2], before[-1]) if len(before) > 1 else None
    pairs = [*((before[-1], year) for year in after), *([placebo] if placebo else [])]
    changes = change.decompose(estimates, cells, survey, outcome=item, pairs=pairs)
    for year in after:
        rng = np.random.default_rng(zlib.crc32(f"{at}|{year}".encode()))
        try:
            found = events.effect(
                changes, event.agencies, years=(before[-1], year), rng=rng, placebo_years=placebo
            )
        except DesignError:  # too few agencies have activities in common with before
            continue
        yield {
            "event": at, "label_year": event.year, "item": item, "year_from": before[-1],
            "year_to": year, "estimate": found.estimate, "se": found.se, "ci_low": found.ci_low,
            "ci_high": found.ci_high, "p_value": found.p_value, "n_affected": found.n_affected,
            "n_others": found.n_others, "placebo": found.placebo,
            "placebo_p_value": found.placebo_p_value,
        }  # fmt: skip

"""Whether the report would say the same, had it been computed in another sensible way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import ConvergenceError, DesignError
from betyg.stats import apart
from betyg.stats.answered import Answered
from betyg.stats.bands import FEWEST, expected_range
from betyg.stats.ranks import own_error
from betyg.stats.ways import Means, Way, means, ways

__all__ = ["COLUMNS", "CONCLUSIONS", "panel"]

Found = Mapping[tuple[str, str], str]
ALL = "all"
CONCLUSIONS = ("band", "change", "first")
REPORTED = {"ordinal": ("band", "first"), "mean": ("change",)}
DIRECTION = {-1: "fall", 0: "none", 1: "rise"}
COLUMNS = (
    "conclusion", "agency", "year_from", "year", "reported",
    "measure", "weighted", "adjusted", "late", "found", "holds",
)  # fmt: skip


def panel(
    answers: Answered, survey: Study, *, comparisons: pd.DataFrame, changes: pd.DataFrame
) -> pd.DataFrame:
    """Put each conclusion of the latest round to the test: ``robustness.parquet``.

    The conclusions are each agency's band, each agency's like-for-like change since the round
    before (a sure rise, a sure fall, or neither; all agencies judged together, as in the figure
    of changes), and who is surely the highest, if anyone is. Each is drawn again from this round
    alone (a change: from both, in the activities of both), by the ordinal model, the mean and the
    share of the two highest answers; with weights and without; at one common mix and as answered;
    of all answers and without the late ones, in rounds of which the files tell them. The way in
    which a conclusion is reported is one of them: bands and who is first by the weighted ordinal
    model of all rounds, changes by the weighted mean, both at one common mix.
    :func:`betyg.stats.ways.ways` tells which ways a study has.

    Parameters
    ----------
    answers : Answered
        Answers to the outcome, from :meth:`betyg.stats.answered.Answered.of`.
    survey : Study
        The study.
    comparisons, changes : DataFrame
        As written by 03_models: what is reported.

    Returns
    -------
    DataFrame
        conclusion str ("band", "change", "first"); agency str ("all" for "first"); year_from
        int16 (0 but for a change), year int16; reported and found str (a band; "rise", "fall",
        "none"; an agency); measure str ("ordinal", "mean", "top2"); weighted, adjusted bool;
        late bool (whether late answers count); holds boolean, NA where this way gives no estimate
        (found is "" then). One row a conclusion and way.
    """
    reported = _reported(comparisons, changes)
    if reported.empty:
        return _typed(reported.reindex(columns=list(COLUMNS)))
    latest = int(reported["year"].max())
    before = int(reported["year_from"].max())
    rounds = answers.only(lambda frame: frame[frame["year"].isin([before, latest])])
    tables = {True: rounds} | _without_late(rounds, survey, latest)
    parts = [reported.iloc[:0].reindex(columns=list(COLUMNS))]
    for way in ways(rounds, survey, early=False in tables):
        found = _drawn(way, tables[way.late], survey, years=(before, latest))
        found = {**found, **_as_reported(reported, way, survey)}
        keys = zip(reported["conclusion"], reported["agency"], strict=True)
        parts.append(
            reported.assign(
                measure=way.measure,
                weighted=way.weighted,
                adjusted=way.adjusted,
                late=way.late,
                found=[found.get(key, "") for key in keys],
            )
        )
    return _typed(pd.concat(parts[1:] or parts, ignore_index=True))


def _reported(comparisons: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Return the conclusions of the latest round as they are reported."""
    latest = int(comparisons["year"].max()) if len(comparisons) else 0
    now = comparisons[
        (comparisons["year"] == latest) & (comparisons["agency"] != ALL) & comparisons["shown"]
    ].astype({"agency": "str"})
    placed = now[now["band"] != ""]
    bands = placed.assign(conclusion="band", reported=placed["band"], year_from=0)
    top = now[now["place_high"] == 1] if len(now) > 1 else now.iloc[:0]
    first = top.assign(conclusion="first", reported=top["agency"], agency=ALL, year_from=0)
    columns = list(COLUMNS[:5])
    parts = (bands, _reported_changes(changes, latest), first)
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def _reported_changes(changes: pd.DataFrame, latest: int) -> pd.DataFrame:
    """Return each agency's change since the round before, in words."""
    told = changes["comparable"] & changes["shown"] & (changes["agency"] != ALL)
    pairs = changes[told & (changes["year_to"] == latest)].astype({"agency": "str"})
    pairs = pairs[pairs["year_from"] == pairs["year_from"].max()]
    own, error = (
        pairs[name].to_numpy(np.float64) for name in ("like_for_like", "like_for_like_se")
    )
    words = [DIRECTION[sign] for sign in apart.surely(own, error, reference=0.0).tolist()]
    told_in_words: pd.DataFrame = pairs.assign(conclusion="change", year=latest, reported=words)
    return told_in_words


def _as_reported(reported: pd.DataFrame, way: Way, survey: Study) -> Found:
    """Return the conclusions that are reported in this way, as they are reported."""
    if way != Way(measure=way.measure, weighted=True, adjusted=bool(survey.compare.adjust_for)):
        return {}
    rows = reported[reported["conclusion"].isin(REPORTED.get(way.measure, ()))]
    keys = zip(rows["conclusion"], rows["agency"], strict=True)
    return {(str(c), str(a)): str(r) for (c, a), r in zip(keys, rows["reported"], strict=True)}


def _without_late(rounds: Answered, survey: Study, latest: int) -> dict[bool, Answered]:
    """Return the early answers, where the latest round has them and they are not all."""
    if not survey.tells_late or not rounds.rows["late"].any():
        return {}
    early = rounds.early(survey)
    return {False: early} if (early.rows["year"] == latest).any() else {}


def _drawn(way: Way, answers: Answered, survey: Study, *, years: tuple[int, int]) -> Found:
    """Return all conclusions as this way draws them; those that it cannot draw are missing."""
    before, latest = years
    now = answers.only(lambda frame: frame[frame["year"] == latest])
    both = _shared(answers, survey, years) if way.adjusted else answers
    found: dict[tuple[str, str], str] = {}
    with suppress(DesignError, ConvergenceError):
        found |= _bands(means(way, now, survey))
    with suppress(DesignError, ConvergenceError):
        found |= _changes(means(way, both, survey), years) if before else {}
    return found


def _bands(found: Means) -> Found:
    """Return each agency's band, and who is first."""
    agencies = [agency for agency, _ in found.keys]
    first = {("first", ALL): agencies[int(np.argmax(found.estimate))]}
    if len(agencies) < FEWEST:
        return first
    labels = expected_range(found.estimate, own_error(found.covariance)).label
    return first | {("band", a): str(label) for a, label in zip(agencies, labels, strict=True)}


def _changes(found: Means, years: tuple[int, int]) -> Found:
    """Return the direction of each agency's change, all agencies judged together."""
    place = {key: at for at, key in enumerate(found.keys)}
    both = [
        a for a in dict.fromkeys(a for a, _ in found.keys) if all((a, y) in place for y in years)
    ]
    before, after = ([place[agency, year] for agency in both] for year in years)
    change = found.estimate[after] - found.estimate[before]
    own = np.diag(found.covariance)
    variance = own[before] + own[after] - 2.0 * found.covariance[before, after]
    signs = apart.surely(change, np.sqrt(np.maximum(variance, 0.0)), reference=0.0)
    return {("change", a): DIRECTION[sign] for a, sign in zip(both, signs.tolist(), strict=True)}


def _shared(answers: Answered, survey: Study, years: tuple[int, int]) -> Answered:
    """Keep the activities that an agency was surveyed on in both years: like for like."""
    if "activity" not in survey.compare.adjust_for:
        return answers
    by = ["agency", "activity"]
    people = answers.people
    rounds = people.loc[people["year"].isin(years), [*by, "year"]].drop_duplicates()
    both = rounds.groupby(by, observed=True)["year"].size() == len(years)
    shared = both[both].index
    return answers.only(lambda frame: frame[pd.MultiIndex.from_frame(frame[by]).isin(shared)])


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    holds = (rows["found"] == rows["reported"]).astype("boolean").mask(rows["found"] == "")
    place = pd.Categorical(rows["conclusion"], categories=list(CONCLUSIONS))
    texts = dict.fromkeys(("conclusion", "agency", "reported", "measure", "found"), "str")
    return (
        rows.assign(holds=holds, place=place)
        .astype(texts | {"year_from": "int16", "year": "int16"})
        .astype(dict.fromkeys(("weighted", "adjusted", "late"), "bool"))
        .sort_values(["place", "agency"], kind="stable", ignore_index=True)[list(COLUMNS)]
    )

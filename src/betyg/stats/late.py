"""Late answers against early ones: who answers last may be more like those who never do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from betyg.data.study import Study
from betyg.errors import DesignError
from betyg.stats.adjusted_means import adjusted_means
from betyg.stats.answered import Answered
from betyg.stats.joint import JointMeans

__all__ = ["COLUMNS", "shares", "table"]

ALL = "all"
COLUMNS = (
    "year", "n_early", "n_late", "early", "late", "difference",
    "difference_low", "difference_high", "difference_se", "mix", "shown", "reason",
)  # fmt: skip
EARLY, LATE = "early", "late"  # in the order of the alphabet, as `adjusted_means` returns them


def table(answers: Answered, survey: Study) -> pd.DataFrame:
    """Compare late answers to the outcome with early ones: ``late.parquet``.

    Where late answers differ, those that never came may differ likewise; it need not be so. Some
    agencies wait longer for answers than others, so agencies and the case mix are held equal.

    Parameters
    ----------
    answers : Answered
        Answers to the outcome, from :meth:`betyg.stats.answered.Answered.of`.
    survey : Study
        The study.

    Returns
    -------
    DataFrame
        year int16; n_early, n_late int64 (answers to the outcome); early, late float64 (means
        0-100 at one common mix); difference (late less early), difference_low, difference_high
        (95 % interval), difference_se float64 (points); mix str (roles held equal, separated by
        commas); shown bool; reason str: why there is no estimate, else "". A row a year of which
        all files tell; none if no file does.

    References
    ----------
    Lin & Schaeffer (1995), Public Opinion Quarterly 59, 236-258: the continuum of resistance.
    """
    if not survey.tells_late:
        return _typed(pd.DataFrame(columns=list(COLUMNS)))
    known = answers.known()
    years = np.unique(known.people["year"].to_numpy()).tolist()
    found = [{"year": year, **_compared(_inside(known, survey, year), survey)} for year in years]
    told = pd.DataFrame(found, columns=list(COLUMNS))
    base = told[["n_early", "n_late"]].min(axis="columns")
    return _typed(told.assign(shown=(base >= survey.disclosure.show) & (told["reason"] == "")))


def shares(people: pd.DataFrame) -> pd.DataFrame:
    """Count how many of the respondents were late, by agency and over all agencies.

    A respondent of several rows counts once in an agency; who rated two agencies counts in both.

    Parameters
    ----------
    people : DataFrame
        Respondents, or domains, where each respondent is in one of them.

    Returns
    -------
    DataFrame
        year int16; agency str ("all" = over all); n int64 (respondents); late float64 (0-1). Years
        of which all files tell: else files would be compared.
    """
    counted = people if "told" in people else _once(people)
    untold = counted.loc[counted["told"] < counted["n"], "year"].unique()
    known = counted[~counted["year"].isin(untold)].astype({"agency": "str"})
    margins = pd.concat([known, known.assign(agency=ALL)], ignore_index=True)
    sums = margins.groupby(["year", "agency"], sort=True)[["n", "late"]].sum().reset_index()
    return sums.assign(late=sums["late"] / sums["n"])


def _once(respondents: pd.DataFrame) -> pd.DataFrame:
    """Return each respondent of an agency's year once, in the columns of domains."""
    once = respondents.drop_duplicates(["year", "agency", "respondent_id"])
    columns = {"n": 1, "told": once["late"].notna(), "late": once["late"].fillna(False)}
    counts = {name: np.asarray(values, dtype=np.int64) for name, values in columns.items()}
    return once[["year", "agency"]].assign(**counts)


def _inside(answers: Answered, survey: Study, year: int) -> Answered:
    """Return a year's answers, without those of totals."""
    totals = list(survey.totals)
    return answers.only(
        lambda frame: frame[(frame["year"] == year) & ~frame["agency"].isin(totals)]
    )


def _compared(answers: Answered, survey: Study) -> Mapping[str, object]:
    """Return one year's means, at the finest mix that late and early answers share."""
    rows, design = answers.rows, answers.design(survey)
    late, score = rows["late"].to_numpy(dtype=bool), rows["score"].to_numpy(np.float64)
    given = ~np.isnan(score)
    n_early, n_late = (int(design.persons[given & own].sum()) for own in (~late, late))
    counts: dict[str, object] = {"n_early": n_early, "n_late": n_late}
    if not n_early or not n_late:
        return counts | {"mix": "", "reason": "All answers are late, or none is."}
    over = pd.Series(np.where(late, LATE, EARLY), index=rows.index)
    for mix in (("agency", *survey.compare.adjust_for), ("agency",)):
        with suppress(DesignError):
            found = adjusted_means(rows, design, score=score, over=over, adjust_for=mix)
            return counts | _difference(found) | {"mix": ",".join(mix), "reason": ""}
    return counts | {"mix": "", "reason": "No agency has both late and early answers."}


def _difference(means: JointMeans) -> dict[str, float]:
    first, second = means.estimate.tolist()
    contrast = np.array([-1.0, 1.0])
    se = float(np.sqrt(contrast @ means.covariance @ contrast))
    half = float(stdtrit(means.df, 0.975)) * se
    return {
        "early": first, "late": second, "difference": second - first, "difference_se": se,
        "difference_low": second - first - half, "difference_high": second - first + half,
    }  # fmt: skip


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    typed = rows.astype(
        {"year": "int16", "n_early": "int64", "n_late": "int64", "shown": "bool"}
        | dict.fromkeys(("mix", "reason"), "str")
    )
    return typed.astype(dict.fromkeys(COLUMNS[3:9], "float64"))[list(COLUMNS)]

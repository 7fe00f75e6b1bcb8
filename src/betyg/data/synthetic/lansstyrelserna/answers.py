"""Respondents and their answers, drawn from the truth and calibrated to what was published."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.synthetic import draws
from betyg.data.synthetic.lansstyrelserna import model

GROUP_MIX = {
    "citizens": (0.62, 0.2, 0.04, 0.02, 0.12),
    "companies": (0.12, 0.74, 0.04, 0.02, 0.08),
    "public": (0.02, 0.05, 0.68, 0.15, 0.1),
    "mixed": (0.3, 0.34, 0.16, 0.08, 0.12),
}
"""Shares of private persons, companies, municipalities, other authorities, organisations."""
KIND = {
    "bygglov": "citizens", "strandskydd": "citizens", "overklagade_planer": "citizens",
    "jakt": "citizens", "sallskapsdjur": "citizens", "jordbruksstod": "companies",
    "foretagsstod": "companies", "bevakningsforetag": "companies", "miljoprovning": "companies",
    "miljoandring": "companies", "miljotillsyn": "companies", "djurskydd": "companies",
    "detaljplaner": "public", "krishantering": "public", "jamstalldhet": "public",
    "overformyndare": "public", "manskliga_rattigheter": "public", "klimatstod": "public",
}  # fmt: skip

DONT_KNOW = {
    "website": 0.1, "right_person": 0.05, "plain_decisions": 0.04, "expectation": 0.04,
    "ideal": 0.06, "overall": 0.01, "maps": 0.08, "email_reply": 0.06, "courtesy": 0.01,
}  # fmt: skip
NOT_APPLICABLE = {
    "plain_decisions": 0.08, "handling_time": 0.06, "progress": 0.06, "website": 0.06,
    "email_reply": 0.18, "maps": 0.42, "advice": 0.04,
}  # fmt: skip
NO_ANSWER, BROKE_OFF = 0.006, 0.008


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The respondents of one year.

    Attributes
    ----------
    year : int
    strata : DataFrame
        The year's rows of the design.
    stratum : ndarray of int, shape (n,)
        Row number in ``strata`` of each respondent.
    group : ndarray of int, shape (n,)
        Position in ``model.GROUPS`` of each respondent's group.
    answers : dict of item to ndarray of int8, shape (n,)
    """

    year: int
    strata: pd.DataFrame
    stratum: NDArray[np.int64]
    group: NDArray[np.int64]
    answers: dict[str, draws.Answers]

    def where(self, *, agency: str | None = None, activity: str | None = None) -> NDArray[np.bool_]:
        """Mark the respondents of a board and/or an activity."""
        chosen = np.ones(len(self.strata), dtype=bool)
        if agency is not None:
            chosen &= (self.strata["agency"] == agency).to_numpy()
        if activity is not None:
            chosen &= (self.strata["activity"] == activity).to_numpy()
        return np.asarray(chosen[self.stratum])


def draw(strata: pd.DataFrame, truth: model.Model, *, seed: int) -> Round:
    """Draw the respondents of the year that ``strata`` is about."""
    year = int(strata["year"].iloc[0])
    strata = strata.reset_index(drop=True)
    stratum = np.repeat(np.arange(len(strata)), strata["respondents"].to_numpy())
    group = _groups(strata["activity"].to_numpy(dtype=str)[stratum], seed=seed, year=year)
    leanings = model.leanings(draws.stream(seed, "leanings", year), stratum.size)
    of_group = np.array(list(model.GROUPS.values()))[group]
    stop = _breaking_off(stratum.size, year=year, seed=seed)
    answers = {}
    for place, item in enumerate(model.asked(year)):
        rng = draws.stream(seed, "answers", year, item)
        loading = model.LOADING if item in model.THEME_OF else model.OVERALL_LOADING
        own = rng.standard_normal(stratum.size)
        normal = loading * leanings[model.THEME_OF.get(item, "overall")]
        normal += np.sqrt(1 - loading**2) * own
        eta = model.stratum_effects(truth, strata, item)[stratum] + of_group
        drawn = draws.categories(eta=eta, cuts=model.cuts(item, year), normal=normal)
        answers[item] = _with_missing(drawn, item, broke_off=place >= stop, rng=rng)
    return Round(year=year, strata=strata, stratum=stratum, group=group, answers=answers)


def _groups(activity: NDArray[np.str_], *, seed: int, year: int) -> NDArray[np.int64]:
    names, kind = np.unique(activity, return_inverse=True)
    mix = np.array([GROUP_MIX[KIND.get(str(name), "mixed")] for name in names])
    lot = draws.stream(seed, "groups", year).random(activity.size)
    return np.asarray((lot[:, np.newaxis] > np.cumsum(mix, axis=1)[kind, :-1]).sum(axis=1))


def _breaking_off(n: int, *, year: int, seed: int) -> NDArray[np.int64]:
    rng = draws.stream(seed, "breaking off", year)
    # The interview of those who break off ends somewhere after the fourth question.
    return np.where(rng.random(n) < BROKE_OFF, rng.integers(4, 16, n), 99)


def _with_missing(
    drawn: draws.Answers, item: str, *, broke_off: NDArray[np.bool_], rng: np.random.Generator
) -> draws.Answers:
    lot = rng.random(drawn.size)
    bounds = np.cumsum([NO_ANSWER, DONT_KNOW.get(item, 0.02), NOT_APPLICABLE.get(item, 0.0)])
    kinds = (draws.NO_ANSWER, draws.DONT_KNOW, draws.NOT_APPLICABLE)
    answers = drawn.copy()
    for kind, bound in zip(reversed(kinds), reversed(bounds), strict=True):
        answers[lot < bound] = kind
    answers[broke_off] = draws.NO_ANSWER
    return answers

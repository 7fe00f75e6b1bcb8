"""Draw one year's answers to the association's customer survey, as planned to the last one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from betyg.data.synthetic import draws
from betyg.data.synthetic.kommunforbundet import plan

_COMMON = 0.6  # part of the spread that a respondent's answers share
_ROLE = {"director": 0.0, "official": -0.1, "elected": 0.3, "contract": -0.3}


def draw(year: int, *, seed: int) -> pd.DataFrame:
    """Draw the respondents of one year.

    Returns
    -------
    DataFrame
        One row a respondent: ``agency``, ``role`` (str), one int8 column a question as in
        `draws` (positive: position on the scale), and a bool column a theme of the open answers.
    """
    people = _people(year, seed=seed)
    general = draws.stream(seed, year, "general").standard_normal(len(people))
    mood = _COMMON * general + people["role"].map(_ROLE).to_numpy(dtype=np.float64)
    answers = {
        column: _answers(people["agency"], mood, column=column, year=year, seed=seed)
        for column in plan.columns(year)
    }
    return pd.concat([people, pd.DataFrame(answers), _themes(year, seed=seed)], axis=1)


def _people(year: int, *, seed: int) -> pd.DataFrame:
    share = np.array(list(plan.ROLES.values()))
    rows = [
        (agency, role)
        for agency, size in plan.SIZES[year].items()
        for role, n in zip(plan.ROLES, draws.apportion(size, weight=share), strict=True)
        for _ in range(n)
    ]
    order = draws.stream(seed, year, "people").permutation(len(rows))
    return pd.DataFrame([rows[place] for place in order], columns=["agency", "role"])


def _answers(
    agency: pd.Series, mood: draws.Floats, *, column: str, year: int, seed: int
) -> draws.Answers:
    rng = draws.stream(seed, year, column)
    latent = mood + np.sqrt(1 - _COMMON**2) * rng.standard_normal(mood.size)
    answers = np.zeros(mood.size, dtype=np.int8)
    if plan.is_exact(column, year):
        counts, unknown = plan.EXACT[column][year]
        order = rng.permutation(mood.size)
        answers[order[:unknown]] = draws.DONT_KNOW
        answered = np.sort(order[unknown:])
        answers[answered] = _in_order(latent[answered], np.array(counts))
        return answers
    missing = _missing(rng, mood.size, column)
    answers[:] = missing
    for name in plan.SIZES[year]:
        answered = np.flatnonzero((agency.to_numpy() == name) & (missing == 1))
        target = plan.mean(column, year, name)
        answers[answered] = _graded(latent[answered], column=column, target=target, rng=rng)
    return answers


def _missing(rng: np.random.Generator, n: int, column: str) -> draws.Answers:
    unknown, blank = (round(n * share) for share in plan.MISSING[column.partition(".")[0]])
    order = rng.permutation(n)
    missing = np.ones(n, dtype=np.int8)
    missing[order[:unknown]] = draws.DONT_KNOW
    missing[order[unknown : unknown + blank]] = draws.NO_ANSWER
    return missing


def _graded(
    latent: draws.Floats, *, column: str, target: float, rng: np.random.Generator
) -> draws.Answers:
    item = column.partition(".")[0]
    k = plan.SCALES[item]
    cuts = draws.thresholds(mean=target, k=k, spread=plan.SPREAD[item])
    share = np.diff(np.concatenate([[0.0], expit(cuts), [1.0]]))
    answers = _in_order(latent, draws.apportion(latent.size, weight=share))
    return draws.move_mean(answers, target=target, k=k, rng=rng)


def _in_order(
    latent: draws.Floats, counts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> draws.Answers:
    """Give the lowest answers to those lowest on the latent scale."""
    answers = np.empty(latent.size, dtype=np.int8)
    answers[np.argsort(latent, kind="stable")] = np.repeat(np.arange(1, counts.size + 1), counts)
    return answers


def _themes(year: int, *, seed: int) -> pd.DataFrame:
    n = sum(plan.SIZES[year].values())
    mentioned = {}
    for question, themes in (("praise", plan.PRAISE), ("wish", plan.WISHES)):
        writers = draws.stream(seed, year, question).permutation(n)[: round(plan.WRITERS * n)]
        for theme, share in zip(themes, plan.THEMES[question][year], strict=True):
            rng = draws.stream(seed, year, question, theme)
            chosen = rng.permutation(writers)[: round(share * n)]
            mentioned[f"{question}_{theme}"] = np.isin(np.arange(n), chosen)
    return pd.DataFrame(mentioned)

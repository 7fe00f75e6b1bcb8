"""Random answers to ordered questions, the same on every run.

An answer is an ``int8``: 1..k is a position on the scale, ``NO_ANSWER``, ``DONT_KNOW`` and
``NOT_APPLICABLE`` are the three ways of not giving one.
"""

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

NO_ANSWER, DONT_KNOW, NOT_APPLICABLE = 0, -1, -2

Floats = NDArray[np.float64]
Answers = NDArray[np.int8]


def stream(seed: int, *task: object) -> np.random.Generator:
    """Give the random numbers of one task.

    Each task has its own stream, named by what it is for, so that a change in one place of a
    generator does not move the numbers of all others.
    """
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in task)])


def expected_score(eta: float | Floats, cuts: Floats) -> Floats:
    """Give the expected score, 0-100, of answers with latent location ``eta``.

    logit P(Y <= j) = cuts[j] - eta; positive eta means higher categories.
    """
    above = expit(np.asarray(eta, dtype=np.float64)[..., np.newaxis] - cuts)
    return np.asarray(100 * above.mean(axis=-1))


def thresholds(*, mean: float, k: int, spread: float = 1.6) -> Floats:
    """Find k - 1 evenly spaced thresholds at which eta = 0 gives the score ``mean``.

    ``spread`` is the distance between outermost threshold and the middle one, in logits: the
    greater, the fewer answers at the two ends.
    """
    even = np.linspace(-spread, spread, k - 1)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if expected_score(0.0, even + middle) < mean else (middle, high)
    return np.round(even + low, 4)


def uniforms(normal: Floats) -> Floats:
    """Turn standard normal numbers into uniform ones, kept away from 0 and 1."""
    return np.clip(ndtr(normal), 1e-12, 1 - 1e-12)


def categories(*, eta: Floats, cuts: Floats, normal: Floats) -> Answers:
    """Draw one answer for each respondent from the cumulative logit model.

    ``normal`` may be correlated between questions: each question by itself then still follows the
    model exactly (a Gaussian copula), which a random intercept on the logit scale would spoil.
    """
    latent = eta + logit(uniforms(normal))
    return (1 + np.searchsorted(cuts, latent)).astype(np.int8)


def mean_score(answers: Answers, k: int) -> float:
    """Give the mean score, 0-100, of those who answered (NaN when nobody did)."""
    given = answers[answers > 0]
    return float(100 * (given.mean() - 1) / (k - 1)) if given.size else float("nan")


def move_mean(answers: Answers, *, target: float, k: int, rng: np.random.Generator) -> Answers:
    """Move as few answers as needed, by one step each time, until the mean score is ``target``.

    The result is as near to the target as whole steps allow. Who is moved is drawn by ``rng``
    among those who can move; nobody moves twice before everybody who can has moved once.
    """
    moved = answers.copy()
    given = int((moved > 0).sum())
    if not given:
        return moved
    steps = round((target - mean_score(moved, k)) / 100 * (k - 1) * given)
    direction = 1 if steps > 0 else -1
    left = abs(steps)
    while left:
        end = k if direction > 0 else 1
        able = np.flatnonzero((moved > 0) & (moved != end))
        chosen = rng.permutation(able)[:left]
        if not chosen.size:
            break
        moved[chosen] += direction
        left -= chosen.size
    return moved


def apportion(
    total: int, *, weight: Floats, capacity: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Share out ``total`` whole persons in proportion to ``weight``, nowhere above ``capacity``.

    Largest remainders; what does not fit into a full place goes to the others.

    Raises
    ------
    ValueError
        If the places hold fewer than ``total``.
    """
    full = np.full(weight.size, total) if capacity is None else capacity
    if full.sum() < total:
        raise ValueError(f"{total} persons do not fit into places for {int(full.sum())}")
    share = np.zeros(weight.size)
    for _ in range(weight.size + 1):
        free = share < full
        rest = total - share.sum()
        if rest < 1e-9 or not free.any():
            break
        more = np.where(free, weight, 0.0)
        share = np.minimum(share + rest * more / more.sum(), full)
    whole = np.floor(share + 1e-9).astype(np.int64)
    order = np.argsort(-(share - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole

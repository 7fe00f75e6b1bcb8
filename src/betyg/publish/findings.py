"""Which differences are sure enough to be named in a title or drawn in full colour."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from betyg.publish.claims import Claim
from betyg.publish.language import Language, msgid, sentence_case
from betyg.publish.sentence import joined, stating
from betyg.stats import detectable

LEVEL = 0.05
_FOUND = {
    "difference": msgid("a difference of {points} is found four times in five"),
    "change": msgid("a change of {points} is found four times in five"),
}
Kind = Literal["difference", "change"]
Found = tuple[NDArray[np.float64], Claim]
"""Sizes that are found four times in five, and the claim that they are these."""
SURE = 1.96


def surely_apart(
    estimate: NDArray[np.float64],
    se: NDArray[np.float64],
    *,
    reference: NDArray[np.float64] | float,
    df: NDArray[np.float64] | float = np.inf,
) -> NDArray[np.int8]:
    """Say which estimates are surely above (1) or below (-1) a reference, or neither (0).

    All estimates are judged together by Holm's method, so that the chance of naming even one
    that is not apart stays under five per cent. The reference is treated as known: where the
    estimates are part of it, this errs on the safe side.

    Parameters
    ----------
    estimate, se : ndarray of float
        Score points or shares; NaN where hidden.
    reference : float or ndarray of float
        What they are compared with, in the same unit.
    df : float or ndarray of float
        Degrees of freedom of each standard error.

    Returns
    -------
    ndarray of int8
        Same shape as ``estimate``.
    """
    difference = np.asarray(estimate, float) - reference
    usable = np.isfinite(difference) & (np.asarray(se) > 0)
    verdict = np.zeros(difference.shape, dtype=np.int8)
    if not usable.any():
        return verdict
    freedom = np.broadcast_to(np.asarray(df, float), difference.shape)[usable]
    freedom = np.where(freedom > 0, freedom, np.inf)
    p: NDArray[np.float64] = np.asarray(
        2 * student.sf(np.abs(difference[usable] / np.asarray(se)[usable]), freedom)
    )
    sure = _holm(p) <= LEVEL
    verdict[usable] = np.where(sure, np.sign(difference[usable]), 0)
    return verdict


def found(se: NDArray[np.float64], verdict: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the differences that :func:`surely_apart` would have found four times in five.

    Holm's method stops where it holds the least p of those not named against the level divided
    by their number: that is the critical value of each of them.

    Parameters
    ----------
    se : ndarray of float
        Standard errors; NaN where hidden.
    verdict : ndarray of int, same shape
        What :func:`surely_apart` said of them.

    Returns
    -------
    ndarray of float, shape (not named,)
        Points; empty where all were named.
    """
    unsure = np.asarray(se, float)[(np.asarray(verdict) == 0) & (np.nan_to_num(se) > 0)]
    critical = float(norm.isf(LEVEL / (2 * max(unsure.size, 1))))
    return detectable.smallest(unsure, critical=critical)


def size_found(found: Found, language: Language, kind: Kind) -> str:
    """Say which size is found four times in five: ``a difference of 3.1–5.0 is found …``.

    From the most to the least precise; nothing where no size is known.
    """
    sizes, claim = found
    if not np.size(sizes):
        return ""
    points = stating(language.range(np.min(sizes), np.max(sizes), 1), claim)
    return language.text(_FOUND[kind], points=points)


def beside(said: str, found: Found, language: Language, kind: Kind) -> str:
    """Put in brackets, after words that say that nothing is sure, what would have been found."""
    size = size_found(found, language, kind)
    return joined(said, joined("(", size, ")", by="")) if size else said


def sentence_of(found: Found, language: Language, kind: Kind) -> str:
    """Say the same in a sentence of its own."""
    size = size_found(found, language, kind)
    return joined(sentence_case(size), ".", by="") if size else ""


def _holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for their number, the smallest most.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure.
    R counterpart: ``p.adjust(p, "holm")``.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted

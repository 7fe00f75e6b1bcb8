"""Which differences are sure enough to be named in a title or drawn in full colour."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

LEVEL = 0.05


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
    p = 2 * student.sf(np.abs(difference[usable] / np.asarray(se)[usable]), freedom)
    sure = multipletests(p, alpha=LEVEL, method="holm")[0]
    verdict[usable] = np.where(sure, np.sign(difference[usable]), 0)
    return verdict

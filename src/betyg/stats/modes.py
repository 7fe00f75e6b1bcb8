"""Effects of a mixed model ready to plot: shrunk beside as estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from betyg.errors import DesignError, ParameterError, did_you_mean
from betyg.stats.model_fit import LinearFit, OrdinalFit

__all__ = ["beside"]

Array = NDArray[np.float64]
Fit = OrdinalFit | LinearFit
Z95 = float(ndtri(0.975))


def beside(mixed: Fit, fixed: Fit, *, term: str) -> pd.DataFrame:
    """Set the modes of a random term beside the same term's fixed effects.

    Modes are shrunk towards zero, the more so the fewer the answers: good guesses of one level,
    bad material for ranks and bands. Fixed effects are centred at their mean, with the
    covariance, so that both columns say how far a level lies from the others.

    Parameters
    ----------
    mixed : OrdinalFit or LinearFit
        With ``term`` among its random terms.
    fixed : OrdinalFit or LinearFit
        With ``term`` among its terms, of the same answers.
    term : str
        Such as ``"agency"``; stands in no interaction beside its main effect.

    Returns
    -------
    DataFrame
        level; shrunk, shrunk_low, shrunk_high (mode and 95 % prediction interval); estimate,
        ci_low, ci_high (fixed effect less the mean of all); the highest first. On the latent
        scale, or in the points of a linear model.

    Raises
    ------
    ParameterError
        If a model lacks the term.
    DesignError
        If the models hold different levels.
    """
    for model, known in (("mixed", mixed.random), ("fixed", fixed.terms)):
        if term not in known:
            raise ParameterError(
                f"modes: the {model} model has no such term, '{term}'. {did_you_mean(term, known)}"
            )
    shrunk = _of_term(mixed, term)
    estimate, se, names = _centred(fixed, term)
    if set(shrunk.index) != set(names):
        raise DesignError(
            f"modes: the two models hold different levels of {term}. Fit both to the same cells."
        )
    shrunk = shrunk.loc[names]
    table = pd.DataFrame(
        {
            "level": names,
            "shrunk": shrunk["mode"].to_numpy(),
            "shrunk_low": (shrunk["mode"] - Z95 * shrunk["se"]).to_numpy(),
            "shrunk_high": (shrunk["mode"] + Z95 * shrunk["se"]).to_numpy(),
            "estimate": estimate,
            "ci_low": estimate - Z95 * se,
            "ci_high": estimate + Z95 * se,
        }
    )
    return table.sort_values("estimate", ascending=False, ignore_index=True)


def _of_term(mixed: Fit, term: str) -> pd.DataFrame:
    effects = mixed.random_effects()
    return effects[effects["term"] == term]


def _centred(fixed: Fit, term: str) -> tuple[Array, Array, list[str]]:
    """Return effects less their mean, the reference level included, with errors and names."""
    (block,) = (block for block in fixed.layout.blocks if block.term == term)
    if len(block.baseline) != 1:
        raise ParameterError(
            f"modes: '{term}' stands beside its main effects in the fixed model, so its levels "
            "have no effects of their own. Fit it with the interaction alone."
        )
    reference = ":".join(
        f"{role}[{value}]" for role, value in zip(block.roles, block.baseline[0], strict=True)
    )
    size = len(block.levels) + 1
    centre = np.eye(size)[:, 1:] - 1.0 / size
    own = list(block.names)
    covariance = centre @ fixed.cov_params().loc[own, own].to_numpy() @ centre.T
    effects = centre @ fixed.slopes.loc[own].to_numpy()
    return effects, np.sqrt(covariance.diagonal()), [reference, *own]

"""Predicted shares with their exact gradients by everything that was estimated or predicted.

The vector of unknowns is (constants, slopes, random effects, effects of levels that no
answer came from). The last are zero, give or take the standard deviation of their term:
what a model knows of an activity that an agency was never asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.stats import ordinal_design, ordinal_likelihood, random_terms
from betyg.stats.model_fit import OrdinalFit
from betyg.stats.ordinal_design import Block, Layout
from betyg.stats.sums import rows_by_code

__all__ = ["Predictor", "of"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A fit, and the effects that predictions for certain places need.

    Attributes
    ----------
    fit : ModelFit
        Of ordered answers.
    random_layout : Layout
        Levels of the random terms: those of the fit and, behind them, unseen ones.
    effects : ndarray, shape (effects,)
        Modes; zero for unseen levels.
    covariance : ndarray, shape (params + effects, params + effects)
        Joint, of estimates and of mode minus effect.
    """

    fit: OrdinalFit
    random_layout: Layout
    effects: Array
    covariance: Array

    def averages(self, grid: pd.DataFrame, owner: Codes, weight: Array) -> tuple[Array, Array]:
        """Return weighted sums of the probabilities of the rows that share an owner.

        Parameters
        ----------
        grid : DataFrame
            A column for each variable of the model.
        owner : ndarray of int, shape (rows,)
            What the row counts towards, 0, 1, ...
        weight : ndarray, shape (rows,)
            Share of the row in it.

        Returns
        -------
        probabilities : ndarray, shape (owners, categories)
        gradients : ndarray, shape (owners, categories, unknowns)
        """
        fit, cuts, n = self.fit, self.fit.family.constants, int(owner.max()) + 1
        fixed = ordinal_design.collapse(grid, fit.layout)
        random = random_terms.codes(grid, self.random_layout)
        theta = fit.thresholds.to_numpy()
        eta = fixed.times(fit.slopes.to_numpy()) + random.times(self.effects)
        probability, density = ordinal_likelihood.probabilities(theta, eta, fit.link)
        probability *= weight[:, None]
        density *= weight[:, None]
        size = fit.params.size
        at_cut = np.zeros((n, cuts + 2, self.covariance.shape[0]))
        inner = at_cut[:, 1:-1]
        inner[:, np.arange(cuts), np.arange(cuts)] = rows_by_code(owner, density, n)
        inner[:, :, cuts:size] = -fixed.group_sums(density, owner, n)
        inner[:, :, size:] = -random.group_sums(density, owner, n)
        return rows_by_code(owner, probability, n), np.diff(at_cut, axis=1)


def of(fit: OrdinalFit, parts: Sequence[pd.DataFrame]) -> Predictor:
    """Prepare predictions for all rows of one part beside all rows of the other.

    Parameters
    ----------
    fit : ModelFit
        Fixed or mixed.
    parts : sequence of two DataFrames
        Domains and mix: together they have a column for each variable of the random terms.

    Returns
    -------
    Predictor
    """
    known = fit.mixed.layout
    unseen = [_unseen(block, known, parts) for block in known.blocks]
    blocks = tuple(
        replace(block, levels=(*block.levels, *more))
        for block, more in zip(known.blocks, unseen, strict=True)
    )
    seen = np.concatenate(
        [np.zeros(0, dtype=bool)]
        + [np.arange(len(wide.levels)) < len(block.levels)
           for block, wide in zip(known.blocks, blocks, strict=True)]
    )  # fmt: skip
    effects = np.zeros(seen.size)
    effects[seen] = fit.effects.to_numpy()
    spread = [np.full(len(block.levels), fit.sds[block.term] ** 2) for block in blocks]
    covariance = np.diag(np.concatenate([np.zeros(fit.params.size), *spread]))
    estimated = np.concatenate([np.ones(fit.params.size, dtype=bool), seen])
    covariance[np.ix_(estimated, estimated)] = fit.cov_joint().to_numpy()
    return Predictor(
        fit=fit,
        random_layout=Layout(blocks=blocks, levels=_levels(known, parts), numbers={}),
        effects=effects,
        covariance=covariance,
    )


def _levels(known: Layout, parts: Sequence[pd.DataFrame]) -> dict[str, tuple[object, ...]]:
    """Return the levels of each variable, those that only the parts have at the end."""
    found = {}
    for role, own in known.levels.items():
        asked = [value for part in parts if role in part.columns for value in part[role]]
        found[role] = tuple(dict.fromkeys([*own, *asked]))
    return found


def _unseen(block: Block, known: Layout, parts: Sequence[pd.DataFrame]) -> list[tuple[object, ...]]:
    """Return the combinations of levels that the parts need and the fit does not have."""
    needed = pd.DataFrame(index=[0])
    for part in parts:
        roles = [role for role in block.roles if role in part.columns]
        if roles:
            needed = needed.merge(part[roles].drop_duplicates(), how="cross")
    found = set(block.levels)
    rows = needed[list(block.roles)].itertuples(index=False, name=None)
    return [row for row in rows if row not in found]

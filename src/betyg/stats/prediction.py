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

__all__ = ["Predictor", "of"]

Array = NDArray[np.float64]

BLOCK = 12_000  # rows that are predicted at a time: what is made of them stays in the cache


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

    def averages(
        self, domains: pd.DataFrame, mix: pd.DataFrame, share: Array
    ) -> tuple[Array, Array]:
        """Return the probabilities of each domain, averaged over one mix.

        Parameters
        ----------
        domains, mix : DataFrame
            Together they have a column for each variable of the model.
        share : ndarray, shape (rows of the mix,)
            Share of each row in the mix.

        Returns
        -------
        probabilities : ndarray, shape (domains, categories)
        gradients : ndarray, shape (domains, categories, unknowns)
        """
        step = max(1, BLOCK // len(mix))
        parts = [
            self._block(domains.iloc[start : start + step], mix, share)
            for start in range(0, len(domains), step)
        ]
        probabilities, gradients = zip(*parts, strict=True)
        return np.concatenate(probabilities), np.concatenate(gradients)

    def _block(self, domains: pd.DataFrame, mix: pd.DataFrame, share: Array) -> tuple[Array, Array]:
        fit, cuts, n = self.fit, self.fit.family.constants, len(domains)
        fixed = ordinal_design.crossed(domains, mix, fit.layout)
        random = random_terms.crossed(domains, mix, self.random_layout)
        theta = fit.thresholds.to_numpy()
        eta = fixed.times(fit.slopes.to_numpy()) + random.times(self.effects)
        probability, density = ordinal_likelihood.probabilities(theta, eta, fit.link)
        mean = probability.T.reshape(cuts + 1, n, -1) @ share
        density *= np.tile(share, n)[:, None]
        owner = np.repeat(np.arange(n), len(mix))
        size = fit.params.size
        at_cut = np.zeros((n, cuts + 2, self.covariance.shape[0]))
        inner = at_cut[:, 1:-1]
        inner[:, np.arange(cuts), np.arange(cuts)] = density.T.reshape(cuts, n, -1).sum(axis=2).T
        inner[:, :, cuts:size] = -fixed.group_sums(density, owner, n)
        inner[:, :, size:] = -random.group_sums(density, owner, n)
        return mean.T, np.diff(at_cut, axis=1)


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

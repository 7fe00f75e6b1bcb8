"""What is modelled: ordered answers with thresholds, or values with an intercept.

A family turns the constants and the linear predictor ``eta`` into predictions. It
knows nothing of where ``eta`` comes from, so fixed and mixed models share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from betyg.errors import ParameterError
from betyg.stats import ordinal_likelihood
from betyg.stats.linear_profile import Method
from betyg.stats.ordinal_likelihood import Link

__all__ = ["Family", "Linear", "Ordinal", "Which"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Columns = dict[str, NDArray[np.float64] | NDArray[np.int64]]
Which = Literal["probabilities", "score"]


class Family(Protocol):
    """What a fit needs of its family."""

    @property
    def title(self) -> str:
        """First words of the summary."""

    @property
    def constants(self) -> int:
        """Number of thresholds, or one intercept."""

    @property
    def spreads(self) -> int:
        """Number of parameters beside constants, slopes and random terms."""

    @property
    def residual_sd(self) -> float | None:
        """Standard deviation of an answer around its mean, if it is a parameter."""

    @property
    def range(self) -> tuple[float, float]:
        """Where a mean can lie."""

    def probabilities(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Return the categories and their probabilities, shape (rows, categories)."""

    def mean(self, constants: Array, eta: Array) -> Array:
        """Return the expected score or value."""

    def mean_slopes(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Return the derivatives of the mean by constants, shape (rows, constants), and eta."""

    def draw(
        self, rng: np.random.Generator, means: tuple[Array, Array], sizes: Codes
    ) -> tuple[Codes, Columns]:
        """Return pattern and columns of drawn cells; ``means`` are constants and eta."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinal:
    """Ordered answers: link(P(Y <= k)) = thresholds[k] - eta.

    Attributes
    ----------
    link : {"logit", "probit"}
        Logistic or normal latent answers.
    outcome : str
        Column of the answers.
    categories, scores : ndarray, shape (categories,)
        Positions (or index values) that were used, increasing, and their scores 0-100.
    """

    link: Link
    outcome: str
    categories: Array
    scores: Array
    spreads: ClassVar[int] = 0
    residual_sd: ClassVar[float | None] = None

    @property
    def title(self) -> str:
        """First words of the summary."""
        return f"Cumulative {self.link} model"

    @property
    def constants(self) -> int:
        """Number of thresholds."""
        return int(self.categories.size) - 1

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score."""
        return float(self.scores.min()), float(self.scores.max())

    def probabilities(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Return the categories and their probabilities, shape (rows, categories)."""
        found = ordinal_likelihood.category_probabilities(constants, eta, self.link)
        return self.categories, found

    def mean(self, constants: Array, eta: Array) -> Array:
        """Return the expected score, 0-100."""
        return np.asarray(self.probabilities(constants, eta)[1] @ self.scores)

    def mean_slopes(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Return the derivatives of the mean by thresholds, shape (rows, thresholds), and eta."""
        density = ordinal_likelihood.boundary_density(constants - eta[:, None], self.link)
        by_cut = -density * np.diff(self.scores)
        return by_cut, -by_cut.sum(axis=1)

    def draw(
        self, rng: np.random.Generator, means: tuple[Array, Array], sizes: Codes
    ) -> tuple[Codes, Columns]:
        """Draw the answers of each pattern; a row is a category that was used."""
        drawn = rng.multinomial(sizes, self.probabilities(*means)[1])
        row, category = np.nonzero(drawn)
        columns: Columns = {"score": self.scores[category], "n": drawn[row, category]}
        return row, columns | {self.outcome: self.categories[category]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Values with a normal residual: y = intercept + eta + e.

    Attributes
    ----------
    outcome : str
        Column of the values; estimates are in its units.
    method : {"reml", "ml"}
        Criterion.
    sigma : float
        Residual standard deviation.
    """

    outcome: str
    method: Method
    sigma: float
    constants: ClassVar[int] = 1
    spreads: ClassVar[int] = 1
    range: ClassVar[tuple[float, float]] = (-np.inf, np.inf)

    @property
    def title(self) -> str:
        """First words of the summary."""
        return f"Linear model ({self.method.upper()})"

    @property
    def residual_sd(self) -> float | None:
        """Standard deviation of an answer around its mean."""
        return self.sigma

    def probabilities(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Refuse: a mean and a spread are no shares of categories."""
        raise ParameterError(
            f"mixed model: a linear model of '{self.outcome}' gives no probabilities. Ask for "
            "which='score', or fit an ordinal model."
        )

    def mean(self, constants: Array, eta: Array) -> Array:
        """Return the expected value."""
        return np.asarray(constants[0] + eta)

    def mean_slopes(self, constants: Array, eta: Array) -> tuple[Array, Array]:
        """Return ones: the mean moves as intercept and eta do."""
        return np.ones((eta.size, 1)), np.ones(eta.size)

    def draw(
        self, rng: np.random.Generator, means: tuple[Array, Array], sizes: Codes
    ) -> tuple[Codes, Columns]:
        """Draw the values of each pattern; a row is an answer."""
        row = np.repeat(np.arange(sizes.size), sizes)
        values = rng.normal(self.mean(*means)[row], self.sigma)
        return row, {self.outcome: values, "n": np.ones(row.size, dtype=np.int64)}

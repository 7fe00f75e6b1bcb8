"""Linear mixed models on cells: scores or index values with crossed random intercepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.errors import DesignError
from betyg.stats import crossed, linear_profile, ordinal_cells, ordinal_design, random_terms
from betyg.stats import formula as formulas
from betyg.stats.families import Linear
from betyg.stats.formula import Model
from betyg.stats.linear_profile import Data, Method, Solution
from betyg.stats.model_fit import LinearFit, ModelFit
from betyg.stats.ordinal_design import Layout
from betyg.stats.patterns import Patterns
from betyg.stats.random_effects import RandomEffects
from betyg.stats.sums import by_code

__all__ = ["LinearFit", "fit"]

Array = NDArray[np.float64]

NO_SPREAD = 1e-12  # of the total sum of squares; residuals below this are rounding


def fit(
    cells: pd.DataFrame,
    formula: str,
    *,
    random: Sequence[str],
    method: Method = "reml",
    scale_within: Sequence[str] = ("agency", "year"),
) -> LinearFit:
    """Fit a linear mixed model to the cells of one item or index.

    y = intercept + x @ beta + z @ u + e, u ~ N(0, sd^2) independent in each random
    term, e ~ N(0, sigma^2). Answers enter by number, sum and sum of squares
    of each pattern, so the fit equals that on the rows.

    Parameters
    ----------
    cells : DataFrame
        The variables of all terms, ``n``, and if they exist ``kind`` (rows
        other than ``answer`` are left out), ``weight_sum`` and ``weight_sq_sum``.
    formula : str
        Outcome and fixed terms, such as ``"score ~ year + group"``, or ``"score ~ 1"``.
    random : sequence of str
        Random intercepts, such as ``("agency", "agency:year", "activity")``.
    method : {"reml", "ml"}
        Restricted likelihood, or likelihood (to compare fixed terms).
    scale_within : sequence of str
        Groups whose weights keep their own effective size.

    Returns
    -------
    LinearFit

    Raises
    ------
    DesignError
        If nobody answered, the values do not vary within the levels, fixed columns
        are aliased, a random term has one level or one for every answer, is fixed as well, or
        groups the answers as another does.
    ConvergenceError
        If the maximum is not reached.

    References
    ----------
    R counterpart: ``lme4::lmer``.
    """
    with ordinal_cells.named(cells):
        model = formulas.read(formula, cells)
        random_terms.check_terms(cells, model, random)
        return _fitted(cells, (model, tuple(random)), method=method, scale_within=scale_within)


def _fitted(
    cells: pd.DataFrame,
    asked: tuple[Model, tuple[str, ...]],
    *,
    method: Method,
    scale_within: Sequence[str],
) -> LinearFit:
    model, random = asked
    given = ordinal_cells.given_answers(cells.reset_index(drop=True), model.outcome)
    within = tuple(role for role in scale_within if role in given.columns)
    n = given["n"].to_numpy(np.float64)
    weight, square = ordinal_cells.scaled(given, ordinal_cells.pattern_codes(given, within)[0])
    variables = [*model.variables, *random_terms.roles_of(random)]
    frame, summed = _patterns(given, (weight, model.outcome), variables)
    known = ordinal_design.coded(frame, model.variables)
    numbers = formulas.values_of(model.numbers, frame)
    layout, fixed = ordinal_design.laid_out(model, known, numbers, rows=len(frame))
    random_layout = random_terms.layout_of(frame, random)
    data = _data(frame, summed, (layout, random_layout, fixed), method)
    _check_residual(data, random_layout, float(n.sum()))
    found, estimated = linear_profile.maximise(data)
    return _result(
        found,
        (layout, random_layout, model, random),
        singular=[
            b.term for b, own in zip(random_layout.blocks, estimated, strict=True) if not own
        ],
        method=method,
        described={
            "nobs": int(round(n.sum())),
            "n_missing": int(round(cells["n"].sum() - n.sum())),
            "weighted": ordinal_cells.weighted(n, weight, square),
            "scale_within": within,
            "patterns": frame.assign(weight=data.weight),
        },
    )


def _patterns(
    given: pd.DataFrame,
    values: tuple[Array, str],
    variables: Sequence[str],
) -> tuple[pd.DataFrame, tuple[Array, Array, float]]:
    """Return the patterns, and of their answers the number, the mean and the spread within."""
    weight, outcome = values
    y = given[outcome].to_numpy(np.float64)
    pattern, frame = ordinal_cells.observed_patterns(given, variables)
    total = by_code(pattern, weight, len(frame))
    mean = by_code(pattern, weight * y, len(frame)) / total
    within = float(weight @ (y - mean[pattern]) ** 2)
    return frame, (total, mean, within)


def _data(
    frame: pd.DataFrame,
    summed: tuple[Array, Array, float],
    layouts: tuple[Layout, Layout, Patterns],
    method: Method,
) -> Data:
    """Sum what does not change while the variances are searched."""
    weight, mean, within = summed
    layout, random_layout, fixed = layouts
    ordinal_cells.check_aliased(fixed, layout.names)
    random = random_terms.codes(frame, random_layout)
    column = fixed.sums(weight)
    gram = np.block([[weight.sum(), column], [column[:, None], fixed.gram(weight)]])
    blocks = [
        fixed.group_sums(weight, code, width)
        for code, width in zip(random.codes, random.widths, strict=True)
    ]
    mixed = [random.sums(weight), np.concatenate(blocks), random.sums(weight * mean)]
    return Data(
        weight=weight,
        mean=mean,
        within=within,
        fixed=fixed,
        random=crossed.crossed(random),
        method=method,
        gram=gram,
        mixed=np.column_stack(mixed),
    )


def _check_residual(data: Data, layout: Layout, n: float) -> None:
    """Raise where no spread is left for the residual, or none to tell it from a term."""
    centre = float(data.weight @ data.mean / data.weight.sum())
    least = NO_SPREAD * (1.0 + centre**2) * n
    total = data.within + float(data.weight @ (data.mean - centre) ** 2)
    if data.df <= 0 or total <= least:
        raise DesignError(
            "mixed model: the values do not vary, or there are no more of them than fixed effects. "
            "Leave the item out, or take fewer terms."
        )
    terms = data.random.patterns
    for block, code, width in zip(layout.blocks, terms.codes, terms.widths, strict=True):
        if width >= n:
            raise DesignError(
                f"mixed model: '{block.term}' has as many levels as there are answers ({n:.0f}), "
                "so its variance and the residual's are one. Leave it out of the random terms."
            )
        mean = by_code(code, data.weight * data.mean, width) / by_code(code, data.weight, width)
        if data.within + float(data.weight @ (data.mean - mean[code]) ** 2) <= least:
            raise DesignError(
                f"mixed model: the values do not vary within the levels of '{block.term}', so "
                "there is no residual variance. Leave it out of the random terms."
            )


def _result(
    found: Solution,
    design: tuple[Layout, Layout, Model, tuple[str, ...]],
    *,
    singular: Sequence[str],
    method: Method,
    described: dict[str, Any],
) -> LinearFit:
    """Give names to the numbers; standard deviations in the order asked for."""
    layout, random_layout, model, random = design
    sigma = float(np.sqrt(found.sigma2))
    scale = found.factor.scale
    solved = {b.term: sd for b, sd in zip(random_layout.blocks, found.relative, strict=True)}
    mixed = RandomEffects(
        terms=random,
        sds=pd.Series({term: sigma * solved[term] for term in random}, name="sd"),
        modes=pd.Series(scale * found.b, random_layout.names, name="mode"),
        singular=tuple(term for term in random if term in singular),
        conditional=found.factor,
        unit=sigma,
        sensitivity=-scale[:, None] * found.spread,
        layout=random_layout,
    )
    return ModelFit(
        formula=model.text,
        terms=model.names,
        family=Linear(outcome=model.outcome, method=method, sigma=sigma),
        params=pd.Series(found.beta, ["intercept", *layout.names], name="estimate"),
        covariance=found.sigma2 * found.inverse,
        robust=False,
        mixed=mixed,
        loglike=found.loglike,
        layout=layout,
        **described,
    )

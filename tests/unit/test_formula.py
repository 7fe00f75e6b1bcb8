"""Formulas: what is a level, what is a number, and what cannot be read."""

from __future__ import annotations

import formulaic
import numpy as np
import pandas as pd
import pytest

from betyg.errors import DesignError, ParameterError
from betyg.stats import formula, linear_mixed, ordinal, ordinal_design, ordinal_mixed

RTOL = 1e-7  # two codings of one model


def survey(n=600, seed=5):
    """A row an answer: three agencies, a size, and a year that is a number in the file."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "agency": rng.choice(["A", "B", "C"], n),
            "year": rng.choice([2011, 2012, 2013], n),
            "size": rng.integers(1, 9, n).astype(float),
            "group": rng.choice(["firm", "person"], n),
            "n": 1,
        }
    )
    eta = 0.4 * np.log(frame["size"]) + (frame["group"] == "firm") * 0.1 * frame["size"]
    latent = eta + 0.5 * (frame["agency"] == "C") + rng.logistic(size=n)
    grades = 1 + np.searchsorted([-0.5, 0.8, 2.0], latent)
    return frame.assign(response=grades, score=100 * (grades - 1) / 3)


def columns(text, cells):
    model = formula.read(text, cells)
    known = ordinal_design.coded(cells, model.variables)
    numbers = formula.values_of(model.numbers, cells)
    layout, patterns = ordinal_design.laid_out(model, known, numbers, rows=len(cells))
    matrix = np.stack([patterns.times(unit) for unit in np.eye(layout.width)], axis=1)
    return pd.DataFrame(matrix, columns=[*layout.names])


def test_roles_and_texts_are_levels_and_other_numbers_are_numbers():
    read = formula.read("response ~ agency + year + size", survey())
    assert [(t.roles, t.numbers) for t in read.terms] == [
        (("agency",), ()),
        (("year",), ()),
        ((), ("size",)),
    ]
    assert read.outcome == "response"


@pytest.mark.parametrize(
    "text",
    [
        "response ~ agency",
        "response ~ agency:year + group",
        "response ~ group:year + agency + year:group + agency",
        "response ~ agency:agency + year",
        "svar ~ myndighet + \u00e5r",
    ],
)
def test_plain_sums_are_read_as_formulaic_reads_them(text):
    assert formula.PLAIN.fullmatch(text)
    for side, own in zip(("lhs", "rhs"), formula._sides(text), strict=True):
        theirs = getattr(formulaic.Formula(text), side)
        assert own == theirs
        assert [str(term) for term in own] == [str(term) for term in theirs]


def test_c_makes_levels_of_a_number():
    found = columns("response ~ C(size)", survey())
    assert list(found.columns) == [f"size[{k:.1f}]" for k in range(2, 9)]


def test_an_expression_of_a_role_is_a_number():
    cells = survey()
    found = columns("response ~ I(year - 2011)", cells)
    np.testing.assert_array_equal(found.iloc[:, 0], cells["year"] - 2011)


def test_products_hold_the_number_within_each_level():
    cells = survey()
    found = columns("response ~ group + size:group", cells)
    assert list(found.columns) == ["group[person]", "group[firm]:size", "group[person]:size"]
    firm = np.where(cells["group"] == "firm", cells["size"], 0.0)
    np.testing.assert_array_equal(found["group[firm]:size"], firm)
    beside = columns("response ~ group * size", cells)
    assert list(beside.columns) == ["group[person]", "size", "group[person]:size"]


def test_two_numbers_are_multiplied():
    cells = survey()
    found = columns("response ~ size:np.log(size)", cells)
    np.testing.assert_allclose(found.iloc[:, 0], cells["size"] * np.log(cells["size"]))


def test_nested_and_full_interactions_are_one_model():
    cells = survey()
    nested, crossed = (
        ordinal.fit(cells, f"response ~ {terms}")
        for terms in ("group + size:group", "group * size")
    )
    assert nested.loglike == pytest.approx(crossed.loglike, rel=1e-12)
    slope = crossed.slopes["size"] + crossed.slopes["group[person]:size"]
    assert nested.slopes["group[person]:size"] == pytest.approx(slope, rel=RTOL)


def test_a_spline_has_a_column_each_and_predicts_with_its_own_knots():
    cells = survey()
    fit = ordinal.fit(cells, "response ~ agency + bs(size, df=4)")
    assert [name for name in fit.slopes.index if name.startswith("bs(")] == [
        f"bs(size, df=4)[{k}]" for k in range(1, 5)
    ]
    some = cells.iloc[:3]
    np.testing.assert_allclose(fit.predict(some), fit.predict(cells).iloc[:3], rtol=1e-12)


def test_patterns_are_the_distinct_values_of_the_covariates():
    cells = survey()
    fit = ordinal.fit(cells, "response ~ agency + np.log(size)")
    assert len(fit.patterns) == len(cells[["agency", "size"]].drop_duplicates())
    assert fit.layout.covariates == ("size",)


@pytest.mark.parametrize("model", [ordinal_mixed, linear_mixed])
def test_mixed_models_take_covariates(model):
    cells = survey()
    fit = model.fit(cells, "score ~ group * size", random=("agency",))
    moved = model.fit(
        cells.assign(size=10 * cells["size"]), "score ~ group * size", random=("agency",)
    )
    assert fit.params["size"] == pytest.approx(10 * moved.params["size"], rel=1e-5)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("response ~ sise", DesignError, "there is no 'sise'. Did you mean 'size'?"),
        ("grade ~ size", DesignError, "there is no 'grade'"),
        ("~ size", ParameterError, "has no left side"),
        ("size", ParameterError, "has no left side"),
        ("response ~ size - 1", ParameterError, "Leave out '0 +' or '- 1'"),
        ("np.log(response) ~ size", ParameterError, "needs one column on the left"),
        ("response + n ~ size", ParameterError, "needs one column on the left"),
        ("response ~ (1 | agency)", ParameterError, "Random terms go into random="),
        ("response ~ size + (", ParameterError, "cannot be read"),
        ("response ~ nosuch(size)", DesignError, "there is no 'nosuch'"),
        ("response ~ np.nosuch(size)", DesignError, "'np.nosuch(size)' cannot be computed"),
        ("response ~ I(group + 'x')", DesignError, "gives levels, not numbers"),
        ("response ~ np.log(size - size)", DesignError, "is missing or infinite in 600 of 600"),
        ("response ~ size + I(2 * size)", DesignError, "I(2 * size) cannot be told apart"),
    ],
)
def test_what_cannot_be_modelled_is_said(text, error, said):
    with pytest.raises(error) as caught:
        ordinal.fit(survey(), text)
    assert said in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_covariate_with_gaps_is_named():
    cells = survey()
    cells.loc[:4, "size"] = np.nan
    with pytest.raises(DesignError, match="'size' is missing or infinite in 5 of 600 cells"):
        ordinal.fit(cells, "response ~ size")


def test_a_covariate_that_separates_is_named():
    cells = (
        survey().assign(response=lambda d: 1 + (d["size"] > 4).astype(int)).drop(columns="score")
    )
    with pytest.raises(Exception, match="separate"):
        ordinal.fit(cells, "response ~ size")


def test_a_slope_by_tiny_units_is_no_separation():
    cells = survey().assign(size=lambda d: d["size"] / 1e6)
    fit = ordinal.fit(cells, "response ~ size")
    assert fit.bse["size"] > 1e4


def test_a_covariate_is_needed_to_predict():
    fit = ordinal.fit(survey(), "response ~ np.log(size)")
    with pytest.raises(DesignError, match="there is no 'size'"):
        fit.predict(pd.DataFrame({"agency": ["A"]}))

"""The design: variances by hand, lonely strata by name, weights that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from betyg.errors import DesignError
from betyg.stats.design import SurveyDesign


def design(**changes):
    given = {"weight": np.ones(5), "stratum": ["a", "a", "a", "b", "b"]}
    return SurveyDesign.of(**(given | changes))


def test_the_variance_of_a_total_is_that_of_strata_drawn_apart():
    scores = np.array([1.0, 2.0, 6.0, 0.0, 4.0])
    by_hand = 3 / 2 * (4 + 1 + 9) + 2 / 1 * (4 + 4)
    assert design().se_of_total(scores) == pytest.approx(np.sqrt(by_hand))


def test_the_finite_population_shrinks_each_stratum_by_what_was_not_drawn():
    scores = np.array([1.0, 2.0, 6.0, 0.0, 4.0])
    finite = design(population=[12, 12, 12, np.nan, np.nan])
    by_hand = (1 - 3 / 12) * 3 / 2 * 14 + 2 * 8
    assert finite.se_of_total(scores) == pytest.approx(np.sqrt(by_hand))


def test_the_covariance_holds_the_variances_of_each_column_and_of_their_sum():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(5, 2))
    joint = design().covariance_of_totals(scores)
    assert joint[0, 0] == pytest.approx(design().se_of_total(scores[:, 0]) ** 2)
    both = design().se_of_total(scores.sum(axis=1)) ** 2
    assert joint.sum() == pytest.approx(both)


def test_rows_of_one_psu_count_as_one():
    scores = np.array([1.0, 2.0, 6.0, 0.0, 4.0])
    clustered = design(psu=[1, 1, 2, 1, 2])
    by_hand = 2 * (2 * 1.5**2) + 2 * 8
    assert clustered.se_of_total(scores) == pytest.approx(np.sqrt(by_hand))
    assert clustered.degf() == 4 - 2


def test_psus_numbered_within_strata_are_not_mixed_up():
    within, over = design(psu=[1, 2, 3, 1, 2]), design(psu=[1, 2, 3, 4, 5])
    np.testing.assert_array_equal(within.psu, over.psu)


def test_a_lonely_stratum_is_named():
    lonely = SurveyDesign.of(weight=np.ones(3), stratum=["a", "a", "Gotland"], lonely="error")
    assert lonely.lonely_strata == ("Gotland",)
    with pytest.raises(DesignError, match=r"strata 'Gotland' hold one PSU each.*study\.toml"):
        lonely.se_of_total(np.array([1.0, -2.0, 1.0]))


def test_a_lonely_stratum_that_the_domain_does_not_touch_is_no_error():
    lonely = SurveyDesign.of(weight=np.ones(3), stratum=["a", "a", "b"], lonely="error")
    assert lonely.se_of_total(np.array([1.0, -1.0, 0.0])) == pytest.approx(2.0)


@pytest.mark.parametrize(("rule", "variance"), [("adjust", 9.0), ("certainty", 0.0)])
def test_lonely_rules_take_the_score_or_nothing(rule, variance):
    lonely = SurveyDesign.of(weight=np.ones(3), stratum=["a", "a", "b"], lonely=rule)
    assert lonely.se_of_total(np.array([1.0, 1.0, 3.0])) ** 2 == pytest.approx(variance)


def test_a_stratum_of_one_that_was_taken_whole_is_not_lonely():
    whole = SurveyDesign.of(
        weight=np.ones(3), stratum=["a", "a", "b"], population=[9, 9, 1], lonely="error"
    )
    assert whole.lonely_strata == ()
    assert whole.se_of_total(np.array([1.0, 1.0, 3.0])) == pytest.approx(0.0)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_an_impossible_weight_is_named_by_row(bad):
    with pytest.raises(DesignError, match="1 weights are negative or missing .first: row 2"):
        design(weight=[1, 1, bad, 1, 1])


def test_weights_of_zero_throughout_are_refused():
    with pytest.raises(DesignError, match="all weights are zero"):
        design(weight=np.zeros(5))


def test_a_sample_larger_than_its_population_is_refused():
    with pytest.raises(DesignError, match="stratum 'a' has 3 PSUs in the sample but 2"):
        design(population=[2, 2, 2, 9, 9])


def test_a_respondent_without_a_stratum_is_refused():
    with pytest.raises(DesignError, match="1 respondents have no stratum"):
        design(stratum=["a", "a", None, "b", "b"])


def test_zero_weights_have_no_degrees_of_freedom():
    part = design(weight=[1, 0, 1, 1, 1])
    assert part.degf() == 4 - 2
    assert part.degf(np.array([True, True, False, False, False])) == 0

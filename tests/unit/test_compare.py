"""Pairs, places, equivalence, events: against closed forms and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import simulated
from betyg.errors import DesignError, ParameterError
from betyg.stats import compare, events, joint, places

SEED = 20121120


def pairwise(estimate, se=1.0):
    names = [f"m{i}" for i in range(len(estimate))]
    covariance = np.diag(np.broadcast_to(np.square(se), len(estimate)).astype(float))
    rng = np.random.default_rng(SEED)
    return compare.pairwise(names, np.asarray(estimate, float), covariance, rng=rng)


def test_the_critical_value_of_equal_independent_means_is_tukeys():
    studentized_range = 3.857656  # qtukey(0.95, 5, Inf) in R
    assert pairwise(np.zeros(5)).critical == pytest.approx(studentized_range / np.sqrt(2), abs=0.03)


def test_the_critical_value_of_two_means_is_the_normal_one():
    assert pairwise([0, 1]).critical == pytest.approx(1.95996, abs=0.04)


def test_differences_use_the_covariance():
    covariance = np.array([[4.0, 3.0], [3.0, 4.0]])
    rng = np.random.default_rng(SEED)
    row = compare.pairwise(["a", "b"], np.array([5.0, 2.0]), covariance, rng=rng).table.iloc[0]
    assert row["difference"] == 3.0
    assert row["se"] == pytest.approx(np.sqrt(2.0))
    assert row["surely"]


def test_the_simulation_is_seeded():
    assert pairwise([0, 1, 2]).critical == pairwise([0, 1, 2]).critical


@pytest.mark.parametrize("estimate", [[1.0], [1.0, np.nan]])
def test_one_mean_or_an_unknown_one_cannot_be_compared(estimate):
    with pytest.raises(DesignError, match="At least two"):
        pairwise(estimate)


def test_equal_means_share_one_place():
    found = places.order(pairwise([50.0, 50.2, 49.9, 50.1]), margin=5.0)
    assert set(found["place"]) == {1}
    assert found["shared"].all()
    assert list(found["place_low"]) == [1] * 4
    assert list(found["place_high"]) == [4] * 4
    assert not found["surely_best"].any()


def test_a_third_place_is_shared_by_two_that_nothing_tells_apart():
    found = places.order(pairwise([60.0, 90.0, 61.0, 80.0]), margin=5.0, role="service")
    assert list(found["service"]) == ["m1", "m3", "m2", "m0"]
    assert list(found["place"]) == [1, 2, 3, 3]
    assert list(found["shared"]) == [False, False, True, True]
    assert list(found["surely_best"]) == [True, False, False, False]


def test_each_place_says_which_difference_from_the_highest_would_have_been_found():
    compared = pairwise([60.0, 90.0, 62.0], se=[3.0, 1.0, 2.0])
    found = places.order(compared, margin=1.0)["found"]
    wanted = (compared.critical + 0.8416) * np.sqrt([np.nan, 5.0, 10.0])
    np.testing.assert_allclose(found, wanted, rtol=1e-4)  # 0.8416 has four digits


def test_no_place_is_shared_beyond_the_margin():
    found = places.order(pairwise([60.0, 90.0, 62.0], se=3.0), margin=1.0)
    assert found["place"].isna().tolist() == [False, True, True]
    assert not found["shared"].any()
    assert list(found["place_high"]) == [1, 3, 3]


def test_a_chain_of_small_steps_is_no_shared_place():
    found = places.order(pairwise([56.0, 53.0, 50.0]), margin=5.0)
    assert found["place"].isna().all()
    assert list(found["place_low"]) == [1, 1, 2]
    assert list(found["place_high"]) == [2, 3, 3]


def test_equivalence_needs_every_pair_inside_the_margin():
    names, estimate = ["a", "b", "c"], np.array([50.0, 51.0, 52.0])
    near = compare.equivalence(names, estimate, np.eye(3), margin=5.0)
    assert near.equivalent
    assert near.bound == pytest.approx(2 + 1.644854 * np.sqrt(2), abs=1e-5)
    assert (near.first, near.second) == ("c", "a")
    far = compare.equivalence(names, estimate, np.eye(3), margin=4.0)
    assert not far.equivalent
    assert far.largest == 2.0


def test_no_significant_difference_is_no_equivalence():
    unsure = compare.equivalence(["a", "b"], np.array([50.0, 50.0]), 100 * np.eye(2), margin=5.0)
    assert not unsure.equivalent
    assert unsure.largest == 0.0


def test_a_margin_of_nothing_is_refused():
    with pytest.raises(ParameterError, match="has to be above zero"):
        compare.equivalence(["a", "b"], np.zeros(2), np.eye(2), margin=0.0)


@pytest.fixture
def services():
    """Sixty persons who rate three services; advice gains ten points on the others."""
    rng = np.random.default_rng(7)
    rows = []
    for person in range(60):
        mood = rng.integers(1, 6)
        for service, gain in (("advice", 2), ("network", 0), ("other", 0)):
            grade = np.clip(mood + gain + rng.integers(-1, 2), 1, 10)
            rows.append(("A", service, grade if rng.random() > 0.1 else np.nan, person))
    answers = pd.DataFrame(rows, columns=["agency", "activity", "known", "psu"])
    survey = simulated.study(
        items={"known": 10}, agencies=("A",), activities=("advice", "network", "other")
    )
    return simulated.respondents(answers, survey), survey


def test_paired_differences_are_the_paired_t_test(services):
    frame, survey = services
    found = compare.paired(frame, survey, item="known", first="advice", second="network")
    wide = frame.assign(known=100 * (frame["known"].astype(float) - 1) / 9)
    wide = wide.pivot(index="psu", columns="activity", values="known")
    difference = (wide["advice"] - wide["network"]).dropna()
    assert found.n == difference.size
    assert found.estimate == pytest.approx(difference.mean())
    # Nobody's answer is dropped from the design, so the factor is N / (N - 1) of all sixty.
    se = np.sqrt(60 / 59 * ((difference - difference.mean()) ** 2).sum()) / difference.size
    assert found.se == pytest.approx(se)
    assert found.df == difference.size - 1
    half = student.ppf(0.975, found.df) * se
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.estimate - half, found.estimate + half)
    )
    assert found.p_value == pytest.approx(2 * student.sf(found.estimate / se, found.df))


def test_against_the_rest_each_person_is_their_own_measure(services):
    frame, survey = services
    found = compare.paired(frame, survey, item="known", first="advice")
    assert 10 < found.ci_low < found.estimate < found.ci_high < 35
    alone = frame[frame["activity"] == "advice"]
    with pytest.raises(DesignError, match="0 respondents answered known for both advice and the"):
        compare.paired(alone, survey, item="known", first="advice")


def test_joint_means_of_dependent_services_have_positive_covariance(services):
    frame, survey = services
    found = joint.joint_means(frame, survey, item="known", over="activity")
    assert found.names == ("advice", "network", "other")
    off = found.covariance[~np.eye(3, dtype=bool)]
    assert (off > 0.2 * found.se.min() ** 2).all()
    independent = joint.joint_means(
        frame.assign(psu=np.arange(len(frame))), survey, item="known", over="activity"
    )
    np.testing.assert_allclose(independent.estimate, found.estimate)
    assert np.abs(independent.covariance[0, 1]) < 0.2 * off.min()


def test_joint_items_leave_out_what_nobody_answered():
    survey = simulated.study(items={"q": 5, "r": 5, "s": 5})
    frame = simulated.respondents(
        pd.DataFrame({"agency": ["A"] * 4, "q": [1, 2, 3, 4], "r": [2, 2, 3, 5]}), survey
    )
    found = joint.joint_items(frame, survey, items=("q", "r", "s"))
    assert found.names == ("q", "r")
    np.testing.assert_allclose(found.estimate, [37.5, 50.0])
    with pytest.raises(DesignError, match="nobody answered s here"):
        joint.joint_items(frame, survey, items=("s",))
    with pytest.raises(ParameterError, match="name at least one"):
        joint.joint_items(frame, survey, items=())


def changes_of(values, years=(2012, 2013)):
    rows = pd.DataFrame({"agency": list(values), "like_for_like": list(values.values())})
    return rows.assign(year_from=years[0], year_to=years[1], comparable=True)


def effect(values, affected, **options):
    rng = np.random.default_rng(SEED)
    return events.effect(changes_of(values), affected, years=(2012, 2013), rng=rng, **options)


def test_the_effect_of_an_event_is_a_difference_of_mean_changes():
    values = {"A": 3.0, "B": 5.0, "C": 1.0, "D": -1.0, "E": 0.0}
    found = effect(values, {"A", "B"})
    assert found.estimate == pytest.approx(4.0)
    assert found.se == pytest.approx(np.sqrt(2.0 / 2 + 1.0 / 3))
    assert (found.n_affected, found.n_others) == (2, 3)
    assert found.p_value == pytest.approx(1 / 10)  # the most extreme of ten splits
    assert found.ci_low < 4 < found.ci_high


def test_without_an_effect_p_values_are_spread_evenly():
    rng = np.random.default_rng(1)
    nulls = [
        effect(
            {f"a{i}": v for i, v in enumerate(rng.normal(size=21))}, {f"a{i}" for i in range(12)}
        )
        for _ in range(60)
    ]
    p_values = np.array([null.p_value for null in nulls])
    assert 0.35 < p_values.mean() < 0.65
    assert (p_values < 0.05).mean() < 0.15
    assert np.mean([null.ci_low < 0 < null.ci_high for null in nulls]) > 0.85


def test_a_placebo_over_earlier_years_is_given_beside():
    now = changes_of({"A": 3.0, "B": 5.0, "C": 1.0, "D": -1.0})
    before = changes_of({"A": 2.0, "B": 2.0, "C": 1.0, "D": 1.0}, years=(2011, 2012))
    rng = np.random.default_rng(SEED)
    found = events.effect(
        pd.concat([now, before]),
        {"A", "B"},
        years=(2012, 2013),
        placebo_years=(2011, 2012),
        rng=rng,
    )
    assert found.placebo == pytest.approx(1.0)
    assert 0 < found.placebo_p_value <= 1
    assert np.isnan(effect({"A": 1, "B": 2, "C": 3, "D": 5}, {"A", "B"}).placebo)


def test_an_event_of_one_agency_cannot_be_estimated():
    with pytest.raises(DesignError, match="1 affected and 3 other agencies"):
        effect({"A": 1, "B": 2, "C": 3, "D": 5}, {"A"})


def test_changes_that_are_not_comparable_are_left_out():
    values = changes_of({"A": 3.0, "B": 5.0, "C": 1.0, "D": -1.0, "E": np.nan})
    values.loc[values["agency"] == "E", "comparable"] = False
    rng = np.random.default_rng(SEED)
    found = events.effect(values, {"A", "B"}, years=(2012, 2013), rng=rng)
    assert found.n_others == 2

import numpy as np
import pytest

from betyg.data.synthetic import draws


@pytest.mark.parametrize("k", [2, 5, 10])
@pytest.mark.parametrize("mean", [20.0, 50.0, 84.0])
def test_thresholds_give_the_mean_that_was_asked_for(k, mean):
    cuts = draws.thresholds(mean=mean, k=k)
    assert cuts.size == k - 1
    assert np.all(np.diff(cuts) > 0)
    np.testing.assert_allclose(draws.expected_score(0.0, cuts), mean, atol=0.01)


def test_answers_follow_the_cumulative_logit_model():
    cuts = np.array([-1.0, 0.5])
    rng = draws.stream(1, "here")
    eta = np.full(200_000, 0.3)
    answers = draws.categories(eta=eta, cuts=cuts, normal=rng.standard_normal(eta.size))
    shares = np.bincount(answers, minlength=4)[1:] / eta.size
    upto = 1 / (1 + np.exp(-(cuts - 0.3)))
    # Three standard errors of a share of 200,000 answers.
    np.testing.assert_allclose(np.cumsum(shares)[:2], upto, atol=0.0034)


def test_each_task_has_its_own_numbers_and_the_same_again():
    first = draws.stream(1, "a", 2010).random(3)
    np.testing.assert_array_equal(first, draws.stream(1, "a", 2010).random(3))
    assert not np.array_equal(first, draws.stream(1, "a", 2011).random(3))
    assert not np.array_equal(first, draws.stream(2, "a", 2010).random(3))


@pytest.mark.parametrize("target", [0.0, 31.0, 62.5, 100.0])
def test_moving_the_mean_reaches_it_with_the_fewest_steps(target):
    rng = draws.stream(1, "start")
    answers = rng.integers(-2, 6, 400).astype(np.int8)
    moved = draws.move_mean(answers, target=target, k=5, rng=rng)
    given = answers > 0
    one_step = 100 / 4 / given.sum()
    assert abs(draws.mean_score(moved, 5) - target) <= one_step / 2 + 1e-9
    np.testing.assert_array_equal(moved[~given], answers[~given])
    steps = np.abs(moved[given].astype(int) - answers[given]).sum()
    needed = abs(draws.mean_score(moved, 5) - draws.mean_score(answers, 5)) / one_step
    np.testing.assert_allclose(steps, needed, atol=1e-6)


def test_nobody_answered_leaves_nothing_to_move():
    nobody = np.array([draws.DONT_KNOW, draws.NO_ANSWER], dtype=np.int8)
    moved = draws.move_mean(nobody, target=50.0, k=5, rng=draws.stream(1, "x"))
    np.testing.assert_array_equal(moved, nobody)
    assert np.isnan(draws.mean_score(nobody, 5))


def test_shares_are_whole_add_up_and_fit():
    capacity = np.array([9, 3, 40, 0])
    shares = draws.apportion(31, weight=np.array([1.0, 5.0, 4.0, 2.0]), capacity=capacity)
    assert shares.sum() == 31
    assert np.all(shares <= capacity)
    np.testing.assert_array_equal(shares, [6, 3, 22, 0])


def test_too_many_for_the_places_is_an_error():
    with pytest.raises(ValueError, match="11 persons do not fit into places for 10"):
        draws.apportion(11, weight=np.ones(2), capacity=np.array([5, 5]))

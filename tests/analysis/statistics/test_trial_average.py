"""Weights of trials against means that are computed directly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.statistics.trial_average import TRIALS, trial_weights


@given(n_trials=st.integers(1, 50), n_classes=st.integers(1, 4))
def test_all_trials_count_alike(n_trials, n_classes):
    values = np.random.default_rng(n_trials).standard_normal(n_trials)
    weights = trial_weights("all", n_trials, n_classes, None)
    np.testing.assert_allclose(weights @ values, np.full(n_classes, values.mean()), atol=1e-12)


@given(codes=st.lists(st.integers(0, 3), min_size=2, max_size=30).filter(lambda codes: len(set(codes)) > 1))
def test_the_contrast_is_the_mean_of_the_class_minus_that_of_the_others(codes):
    codes = np.array(codes)
    values = np.random.default_rng(len(codes)).standard_normal(len(codes))
    found = trial_weights("contrast", len(codes), 5, codes) @ values
    for own in range(5):
        if own in codes:
            expected = values[codes == own].mean() - values[codes != own].mean()
            assert np.isclose(found[own], expected)
        else:
            assert np.isnan(found[own])


@given(codes=st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda codes: len(set(codes)) > 1))
def test_what_all_trials_share_cancels_and_two_classes_are_opposite(codes):
    weights = trial_weights("contrast", len(codes), 2, np.array(codes))
    np.testing.assert_allclose(weights.sum(1), 0, atol=1e-12)
    np.testing.assert_allclose(weights[0], -weights[1], atol=1e-15)


@pytest.mark.parametrize("codes", [[0], [1, 1, 1]])
def test_trials_of_one_class_have_no_contrast(codes):
    with pytest.raises(ValueError, match="All trials are of one class"):
        trial_weights("contrast", len(codes), 2, np.array(codes))


def test_the_contrast_needs_classes():
    with pytest.raises(ValueError, match=r"'contrast'` needs the class of every trial: pass `y`"):
        trial_weights("contrast", 3, 2, None)


@pytest.mark.parametrize("trials", ["some", "", None, 3])
def test_anything_else_is_refused(trials):
    assert TRIALS == ("all", "contrast")
    with pytest.raises(ValueError, match="one of 'all', 'contrast'; got"):
        trial_weights(trials, 3, 2, None)

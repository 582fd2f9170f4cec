"""Halves divide every class evenly and tear no group apart."""

import numpy as np
import pytest

from sincviz.analysis.evidence.band_replacement import other_trials
from sincviz.analysis.evidence.halves import trial_halves


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_divided_evenly(seed):
    codes = np.repeat([0, 1, 2], [21, 8, 5])
    halves = trial_halves(codes, seed=seed)
    for code in range(3):
        counts = np.bincount(halves[codes == code], minlength=2)
        assert abs(counts[0] - counts[1]) <= 1
    assert abs(np.bincount(halves)[0] - 17) == 0


def test_groups_are_not_torn_apart():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 7, 200)
    codes = rng.integers(0, 2, 200)
    halves = trial_halves(codes, groups)
    assert all(len(set(halves[groups == group])) == 1 for group in range(7))
    assert 60 < halves.sum() < 140


def test_the_other_trial_is_of_the_same_part():
    parts = np.resize([0, 1, 1], 30)
    other = other_trials(30, np.random.default_rng(0), parts)
    assert sorted(other) == list(range(30))
    assert (other != np.arange(30)).all()
    assert (parts[other] == parts).all()

"""Scores that follow the frequency of the classes in groups: sums that are known, and p-values that hold."""

import numpy as np
import pytest

from sincviz.analysis.doctor.group_shortcuts import balanced, group_reading, mixed_share


def tied(n_groups, n_each, share, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_each)
    more = np.resize([0, 1], n_groups)[groups]
    return np.where(rng.random(len(groups)) < share, more, 1 - more), groups


def test_offsets_of_groups_are_recovered_and_removed():
    codes, groups = tied(10, 40, 0.8)
    rng = np.random.default_rng(1)
    added = rng.standard_normal(10)
    score = 2.0 * codes - 1 + added[groups]
    reading = group_reading(np.c_[np.zeros(400), score], codes, groups)
    expected = added - np.average(added)
    np.testing.assert_allclose(reading.offsets[:, 1] - reading.offsets[:, 0], expected[groups], atol=1e-9)
    assert reading.correct.all()


def test_scores_that_follow_the_groups_are_found_and_others_are_not():
    codes, groups = tied(10, 40, 0.8)
    noise = np.random.default_rng(2).standard_normal(400)
    follows = group_reading(np.c_[np.zeros(400), noise + 2 * (groups % 2)], codes, groups)
    assert follows.permuted == "groups"
    assert follows.p < 0.05
    other = group_reading(np.c_[np.zeros(400), noise + 2 * codes], codes, groups)
    assert other.p > 0.05
    against = group_reading(np.c_[np.zeros(400), noise - 2 * (groups % 2)], codes, groups)
    assert against.p > 0.9


def test_p_of_few_groups_is_uniform_without_an_effect():
    p = []
    for seed in range(40):
        codes, groups = tied(4, 20, 0.8, seed)
        noise = np.random.default_rng(1000 + seed).standard_normal((80, 2))
        p.append(group_reading(noise, codes, groups, seed=seed).p)
    assert 0.3 < np.mean(p) < 0.7
    assert (np.array(p) < 0.05).mean() < 0.2


def test_blocks_are_compared_within_their_subject():
    codes, groups = tied(16, 20, 0.8)
    subject = groups // 8
    noise = np.random.default_rng(3).standard_normal(320)
    of_subjects = np.c_[np.zeros(320), noise + 5 * subject]
    assert group_reading(of_subjects, codes, groups, subject).p > 0.05


def test_classes_are_balanced_in_every_group():
    codes, groups = tied(6, 30, 0.8)
    chosen = balanced(codes, groups, seed=0)
    for group in range(6):
        counts = np.bincount(codes[chosen][groups[chosen] == group])
        assert counts[0] == counts[1]
    assert set(chosen.tolist()) == set(range(180))
    assert mixed_share(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])) == 0
    assert len(balanced(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), seed=0)) == 0


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_any_number_of_classes(n_classes):
    rng = np.random.default_rng(0)
    codes, groups = rng.integers(0, n_classes, 120), np.repeat(np.arange(10), 12)
    reading = group_reading(rng.standard_normal((120, n_classes)), codes, groups)
    assert 0 < reading.p <= 1
    assert reading.offsets.shape == reading.prevalence.shape == (120, n_classes)

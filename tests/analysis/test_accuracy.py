"""Accuracy with its interval, and a permutation test that is right however often classes, trials and subjects come."""

import itertools
import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from sincviz.analysis.accuracy import ALPHA, LEVEL, chance_test, wilson_interval


def wilson(n_correct, n_trials, z=1.959963984540054):
    share = n_correct / n_trials
    middle = (share + z**2 / (2 * n_trials)) / (1 + z**2 / n_trials)
    half = z / (1 + z**2 / n_trials) * math.sqrt(share * (1 - share) / n_trials + z**2 / (4 * n_trials**2))
    return middle - half, middle + half


@given(n_trials=st.integers(1, 120), share=st.floats(0, 1))
def test_the_interval_is_wilsons_and_holds_the_value(n_trials, share):
    n_correct = round(share * n_trials)
    low, high = wilson_interval(n_correct, n_trials)
    expected = wilson(n_correct, n_trials)
    assert math.isclose(low, max(expected[0], 0), abs_tol=1e-9)
    assert math.isclose(high, min(expected[1], 1), abs_tol=1e-9)
    assert 0 <= low <= n_correct / n_trials <= high <= 1
    assert (LEVEL, ALPHA) == (0.95, 0.05)


@given(seed=st.integers(0, 10**6), n_classes=st.integers(2, 5))
def test_balanced_accuracy_and_area_are_those_of_scikit_learn(seed, n_classes):
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(n_classes), rng.integers(0, n_classes, 30)]
    scores = rng.standard_normal((len(codes), n_classes)).round(1)
    found = chance_test(codes, scores)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(codes, scores.argmax(1)))
    assert found["chance_level"] == 1 / n_classes
    assert found["majority"] == np.bincount(codes).max() / len(codes)
    if n_classes == 2:
        assert found["auc"] == pytest.approx(roc_auc_score(codes, scores[:, 1] - scores[:, 0]))
    else:
        assert "auc" not in found


@pytest.mark.parametrize("n_classes", [2, 3])
def test_of_few_trials_every_permutation_is_gone_through(n_classes):
    rng = np.random.default_rng(3)
    codes = np.arange(7) % n_classes
    predicted = np.where(rng.random(7) < 0.6, codes, (codes + 1) % n_classes)
    found = chance_test(codes, np.eye(n_classes)[predicted])  # no ranks: the balanced accuracy alone
    every = set(itertools.permutations(codes.tolist()))
    reached = [balanced_accuracy_score(order, predicted) for order in every]
    own = balanced_accuracy_score(codes, predicted)
    assert found["p"] == pytest.approx(np.mean(np.array(reached) >= own - 1e-9))
    assert found["n_permutations"] == len(every) - 1


@pytest.mark.parametrize(
    ("codes", "verdict", "p"),
    [
        ([0, 1, 0, 1], "unknown", None),  # 1 of 6
        ([0, 1, 0, 1, 0], "unknown", None),  # 1 of 10
        ([0, 1, 0, 1, 0, 1], "unknown", None),  # 1 of 20 is not below 0.05
        ([0, 1, 0, 1, 0, 1, 0], "yes", 1 / 35),
        ([0, 1, 2, 0, 1], "yes", 1 / 30),
        ([0, 1, 0, 1, 0, 1, 0, 1, 0, 1], "yes", 1 / 252),
        ([0] * 9, "unknown", None),
    ],
)
def test_a_perfect_network_is_above_chance_where_any_could_be(codes, verdict, p):
    found = chance_test(np.array(codes), np.eye(3)[codes])
    assert found["above_chance"] == verdict
    if p is None:
        assert np.isnan(found["p"])
        assert found["unknown_because"] == ("one_class" if len(set(codes)) < 2 else "few_trials")
    else:
        assert found["p"] == pytest.approx(p)


def test_naming_the_frequent_class_is_not_above_chance():
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1], [180, 20]))
    found = chance_test(codes, np.tile([1.0, 0.0], (200, 1)))
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.9, 0.5)
    assert (found["above_chance"], found["p"]) == ("no", 1)


def random_order(rng, counts):
    return rng.permutation(np.repeat(np.arange(len(counts)), counts))


def windows(rng):
    """30 trials, cut in two, with scores that are 0.8 alike."""
    stretch = np.repeat(np.arange(30), 2)
    shared, own = rng.standard_normal((30, 2))[stretch], rng.standard_normal((60, 2))
    codes = random_order(rng, [15, 15])[stretch]
    return codes, math.sqrt(0.8) * shared + math.sqrt(0.2) * own, pd.DataFrame({"stretch": stretch})


def of_subjects(rng):
    """Five subjects with 20 or 80 % of one class, whom the network tells apart."""
    subject = np.repeat(np.arange(5), 24)
    odds = np.array([0.2, 0.8, 0.2, 0.8, 0.5])
    codes = (rng.random(120) < odds[subject]).astype(int)
    scores = rng.standard_normal((120, 2))
    scores[:, 1] += 3 * (odds - 0.5)[subject]
    return codes, scores, pd.DataFrame({"subject": subject.astype(str)})


def blocks(rng):
    """16 blocks of 8 trials of a recording that the training did not have; the scores drift."""
    codes = np.repeat(random_order(rng, [8, 8]), 8)
    scores = rng.standard_normal((128, 2))
    scores[:, 1] += np.cumsum(rng.standard_normal(128)) / 4
    return codes, scores, pd.DataFrame({"new_in": ["run"] * 128})


NULL = {
    "balanced": lambda rng: (random_order(rng, [30, 30]), rng.standard_normal((60, 2)), None),
    "90 to 10": lambda rng: (
        random_order(rng, [90, 10]),
        rng.standard_normal((100, 2)) + np.array([1.2, 0]),
        None,
    ),
    "four classes": lambda rng: (random_order(rng, [15] * 4), rng.standard_normal((60, 4)), None),
    "subjects": of_subjects,
    "windows": windows,
    "blocks": blocks,
}


def share_above(condition, n_sets):
    verdicts = [
        chance_test(*condition(np.random.default_rng(seed)))["above_chance"] for seed in range(n_sets)
    ]
    assert verdicts.count("unknown") < 0.05 * n_sets
    return verdicts.count("yes") / n_sets


@pytest.mark.parametrize("kind", NULL)
def test_what_knows_nothing_is_rarely_above_chance(kind):
    assert share_above(NULL[kind], 100) < 0.13  # p 0.001


@pytest.mark.slow
@pytest.mark.parametrize("kind", NULL)
def test_what_knows_nothing_is_above_chance_once_in_twenty(kind):
    # Three standard errors; benchmarks/calibration.py has more conditions.
    assert 0.05 - 0.021 < share_above(NULL[kind], 1000) < 0.05 + 0.021


def test_targets_that_are_rare_are_found():
    def rare(rng):
        codes = random_order(rng, [180, 20])
        right = rng.random(200) < np.where(codes == 1, 0.80, 0.85)
        size = np.abs(rng.standard_normal(200)) * np.where(right == (codes == 1), 1, -1)
        return codes, np.stack([-size, size], 1), None

    assert share_above(rare, 100) >= 0.99


def test_a_network_that_ranks_is_above_chance_though_it_names_one_class():
    rng = np.random.default_rng(0)
    codes = random_order(rng, [180, 20])
    scores = np.stack([np.full(200, 5.0), rng.standard_normal(200) + 1.5 * codes], 1)
    found = chance_test(codes, scores)
    assert found["balanced_accuracy"] < 0.55
    assert found["auc"] > 0.75
    assert found["above_chance"] == "yes"


def test_what_was_learned_of_the_blocks_themselves_leaves_the_verdict_open():
    codes = np.repeat([0, 1] * 6, 10)
    found = chance_test(codes, np.eye(2)[codes])
    assert (found["above_chance"], found["unknown_because"]) == ("unknown", "confounded")
    assert found["confounds"] == "labels_in_blocks"
    assert np.isnan(found["p"])
    assert found["p_over_units"] == pytest.approx(1 / math.comb(12, 6))
    apart = chance_test(codes, np.eye(2)[codes], pd.DataFrame({"new_in": ["run"] * 120}))
    assert (apart["above_chance"], apart["confounds"]) == ("yes", "labels_in_blocks")


def test_people_of_one_class_each_are_the_units():
    subject = np.repeat(np.arange(12), 10)
    codes = (subject % 2).astype(int)
    structure = pd.DataFrame({"subject": subject.astype(str)})
    found = chance_test(codes, np.eye(2)[codes], structure)
    assert (found["unknown_because"], found["confounds"]) == ("confounded", "label_tied_to_subject")
    assert (found["unit"], found["n_units"]) == ("subject", 12)
    for new_in, verdict in (("subject", "yes"), ("run", "unknown")):
        assert (
            chance_test(codes, np.eye(2)[codes], structure.assign(new_in=new_in))["above_chance"] == verdict
        )


def test_the_interval_is_over_subjects_where_there_are_three():
    codes = np.arange(40) % 2
    right = np.arange(40) % 4 < 2 + (np.arange(40) >= 20)
    scores = np.eye(2)[np.where(right, codes, 1 - codes)]
    two = chance_test(codes, scores, pd.DataFrame({"subject": np.repeat(["a", "b"], 20)}))
    assert two["n_subjects"] == 2
    assert "subjects_ci_low" not in two
    four = chance_test(codes, scores, pd.DataFrame({"subject": np.repeat(["a", "b", "c", "d"], 10)}))
    assert four["subjects_ci_low"] < four["accuracy_ci_low"]  # subjects differ more than trials tell


def test_it_costs_little_where_it_is_asked_for_again():
    rng = np.random.default_rng(0)
    codes, scores = random_order(rng, [225, 225]), rng.standard_normal((450, 2))
    chance_test(codes, scores)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        chance_test(codes, scores)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2  # about 0.01 on an idle machine


def rising_with_time(rng):
    """Five people: classes and scores both rise in each session, and the scores know nothing else."""
    share = np.tile(np.linspace(0.3, 0.7, 40), 5)
    scores = np.tile(np.linspace(-1, 1, 40), 5) + rng.standard_normal(200)
    structure = pd.DataFrame({"subject": np.repeat(list("abcde"), 40), "sample": 512 * np.arange(200)})
    return (rng.random(200) < share).astype(int), np.stack([-scores, scores], 1), structure


def test_what_only_grows_with_time_is_rarely_above_chance_where_classes_do_too():
    verdicts = [
        chance_test(*rising_with_time(np.random.default_rng(seed)))["above_chance"] for seed in range(60)
    ]
    assert verdicts.count("yes") <= 9  # 3 or 4 expected; 31 if labels changed places over the whole session


def test_what_knows_rare_classes_is_found_though_they_become_frequent():
    rng = np.random.default_rng(0)
    codes = (rng.random(160) < np.linspace(0.1, 0.6, 160)).astype(int)
    right = rng.random(160) < 0.75
    found = chance_test(codes, np.eye(2)[np.where(right, codes, 1 - codes)])
    assert found["permuted_within"] == "stretch of time"
    assert found["above_chance"] == "yes"

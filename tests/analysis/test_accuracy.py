"""Accuracy, its interval and its probability by chance, against their formulas."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.accuracy import ALPHA, LEVEL, accuracy

counts = st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(any)


def wilson(n_correct, n_trials, z=1.959963984540054):
    share = n_correct / n_trials
    middle = (share + z**2 / (2 * n_trials)) / (1 + z**2 / n_trials)
    half = z / (1 + z**2 / n_trials) * math.sqrt(share * (1 - share) / n_trials + z**2 / (4 * n_trials**2))
    return middle - half, middle + half


@given(counts=counts, share=st.floats(0, 1))
def test_interval_and_probability_are_those_of_the_formulas(counts, share):
    n_trials = sum(counts)
    n_correct = round(share * n_trials)
    found = accuracy(n_correct, counts)
    guess = max(counts) / n_trials
    as_many = sum(
        math.comb(n_trials, number) * guess**number * (1 - guess) ** (n_trials - number)
        for number in range(n_correct, n_trials + 1)
    )
    assert math.isclose(found.value, n_correct / n_trials)
    assert math.isclose(found.chance, guess)
    assert math.isclose(found.p, as_many, rel_tol=1e-8, abs_tol=1e-12)
    low, high = wilson(n_correct, n_trials)
    assert math.isclose(found.low, max(low, 0), abs_tol=1e-9)
    assert math.isclose(found.high, min(high, 1), abs_tol=1e-9)
    assert found.above_chance == (found.p < ALPHA)


@given(counts=counts, share=st.floats(0, 1))
def test_the_interval_holds_the_value(counts, share):
    found = accuracy(round(share * sum(counts)), counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(
    ("n_correct", "counts", "above"),
    [(32, (25, 25), True), (31, (25, 25), False), (50, (50,), False), (1, (1, 0), False), (0, (5, 5), False)],
)
def test_what_guessing_reaches_is_not_above_chance(n_correct, counts, above):
    assert accuracy(n_correct, counts).above_chance is above


def test_chance_is_the_share_of_the_most_frequent_class():
    assert accuracy(75, (75, 25)).chance == 0.75
    assert not accuracy(75, (75, 25)).above_chance
    assert (LEVEL, ALPHA) == (0.95, 0.05)

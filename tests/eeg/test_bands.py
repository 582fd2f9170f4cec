"""Frequencies get the names of the bands they lie in."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.eeg.bands import RHYTHMS, rhythm_names


@pytest.mark.parametrize(
    ("frequency_hz", "name"),
    [
        (0.99, "other"), (1, "delta"), (4, "theta"), (7.99, "theta"), (8, "alpha"), (12.99, "alpha"),
        (13, "beta"), (29.99, "beta"), (30, "gamma"), (500, "gamma"), (math.nan, "other"), (-10, "other"),
    ],
)  # fmt: skip
def test_low_limits_are_included_and_high_ones_excluded(frequency_hz, name):
    assert rhythm_names(frequency_hz) == name


@given(frequency_hz=st.floats(1, 1e4))
def test_the_bands_leave_no_gap_above_1_hz(frequency_hz):
    inside = [name for name, (low, high) in RHYTHMS.items() if low <= frequency_hz < high]
    assert rhythm_names([frequency_hz]).tolist() == inside


def test_names_have_the_shape_of_the_frequencies():
    assert rhythm_names([[10, 20], [2, 40]]).tolist() == [["alpha", "beta"], ["delta", "gamma"]]


def test_bands_of_your_own_replace_all_and_the_first_that_fits_counts():
    own = {"mu": (8, 13), "everything": (0, 20)}
    assert rhythm_names([10, 5, 25], own).tolist() == ["mu", "everything", "other"]


def test_without_bands_every_frequency_is_another():
    assert rhythm_names([10, 20], {}).tolist() == ["other", "other"]


def test_long_names_are_not_cut():
    assert rhythm_names([1, 100], {"a rather long name": (0, 10)})[0] == "a rather long name"


@pytest.mark.parametrize("limits", [(13, 8), (8, 8), (8, math.nan), (8,), (1, 2, 3)])
def test_limits_that_do_not_increase_are_refused(limits):
    with pytest.raises(ValueError, match=r"'mu' must be two increasing frequencies.*Try \(8, 13\)"):
        rhythm_names(np.array([10.0]), {"mu": limits})

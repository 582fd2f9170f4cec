"""Constructor arguments are checked, and the message says what to try."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz._utils.checks import finite_float, positive_int


@given(st.integers(1, 10**9))
def test_integers_come_back_as_they_are(value):
    assert positive_int("pool_size", value) == value


@pytest.mark.parametrize("value", [np.int64(7), np.uint8(7)])
def test_integers_of_numpy_become_those_of_python(value):
    assert type(positive_int("pool_size", value)) is int


@given(st.integers(max_value=0))
def test_too_small_integers_are_refused_with_the_limit_and_a_value_to_try(value):
    with pytest.raises(ValueError, match=rf"^`pool_size` must be at least 1; got {value}\. Try 1\.$"):
        positive_int("pool_size", value)


def test_another_minimum_comes_with_its_own_advice():
    with pytest.raises(ValueError, match=r"^`taps` must be at least 3; got 2\. Try 33\.$"):
        positive_int("taps", 2, minimum=3, advice=33)


@pytest.mark.parametrize(
    ("value", "advice"),
    [(55.0, 55), (2.6, 3), (-4.0, 1), ("many", 1), (None, 1), (math.inf, 1), (math.nan, 1)],
)
def test_what_is_no_integer_is_refused_with_the_nearest_that_is(value, advice):
    with pytest.raises(TypeError, match=rf"^`pool_size` must be an integer; got {value!r}\. Try {advice}\.$"):
        positive_int("pool_size", value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_come_back_as_they_are(value):
    assert finite_float("bandwidth", value) == value


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), 4])
def test_other_numbers_become_floats(value):
    assert type(finite_float("bandwidth", value)) is float
    assert finite_float("bandwidth", value) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=r"^`bandwidth` must be finite; got "):
        finite_float("bandwidth", value)


@pytest.mark.parametrize("value", ["4", b"4", "wide", None, [4], 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^`bandwidth` must be a number; got "):
        finite_float("bandwidth", value)


def test_limits_are_named():
    with pytest.raises(ValueError, match=r"^`bandwidth` must be greater than 0; got 0\. Try 1\.$"):
        finite_float("bandwidth", 0, above=0)
    with pytest.raises(ValueError, match=r"^`sfreq` must be greater than 0; got -2\.5\. Try 250\.$"):
        finite_float("sfreq", -2.5, above=0, advice=250)
    with pytest.raises(ValueError, match=r"^`min_freq` must be at least 0; got -0\.1\. Try 0\.$"):
        finite_float("min_freq", -0.1, minimum=0)
    assert finite_float("min_freq", 0, minimum=0) == 0

"""Windows of time are the same in every row, and hold what there is."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.population.rows.windows import in_windows, joined_windows


def course(time_s, values=None):
    values = (
        np.random.default_rng(len(time_s)).standard_normal((2, 3, len(time_s))) if values is None else values
    )
    coords = {"channel": ["C3", "Cz", "C4"], "region": ("channel", list("abc")), "time": time_s}
    return xr.DataArray(values, coords, ("target", "channel", "time"), "share", {"units": "SD"})


def times(first_s, duration_s, sfreq):
    return first_s + np.arange(round(duration_s * sfreq)) / sfreq


@given(st.floats(-1, 1), st.floats(0.1, 3), st.floats(10, 500))
def test_windows_keep_the_sum_and_follow_each_other(first_s, duration_s, sfreq):
    values = course(times(first_s, max(duration_s, 2.1 / sfreq), sfreq))
    summed = in_windows(values)
    assert summed.dims == values.dims
    assert summed.attrs == {"units": "SD", "window_width_s": 0.05}
    assert summed["region"].to_numpy().tolist() == list("abc")
    np.testing.assert_allclose(summed.sum("time"), values.sum("time"), atol=1e-9)
    np.testing.assert_array_equal(summed["time_high_s"][:-1], summed["time_low_s"][1:])
    # What is left over at an end is less than half a window.
    half_s = (values["time"][1] - values["time"][0]).item() / 2
    assert abs(summed["time_low_s"][0] - (values["time"][0] - half_s)) <= 0.0251
    assert (
        summed.sizes["time"] == 1 or abs(summed["time_high_s"][-1] - (values["time"][-1] + half_s)) <= 0.0251
    )


def test_the_event_is_a_limit_and_a_sample_is_in_its_window():
    time_s = times(-0.2, 1.0, 160)
    summed = in_windows(course(time_s))
    np.testing.assert_allclose(summed["time_low_s"], 0.05 * np.arange(-4, 16), atol=1e-12)
    for at in (0, 5, 33, 70, 159):
        one = in_windows(course(time_s, np.broadcast_to(np.arange(160) == at, (2, 3, 160)).astype(float)))
        (inside,) = np.flatnonzero(one[0, 0] > 0.5)
        assert one["time_low_s"][inside] - 1e-9 <= time_s[at] <= one["time_high_s"][inside] + 1e-9


def test_times_that_differ_in_the_last_digits_are_the_same_windows():
    exact = times(-0.2, 1.0, 160)
    for other in (exact + 1e-9, exact.astype(np.float32), np.arange(-32, 128) / 160, exact * (1 + 1e-12)):
        for name in ("time", "time_low_s", "time_high_s"):
            np.testing.assert_array_equal(in_windows(course(other))[name], in_windows(course(exact))[name])


@pytest.mark.parametrize(
    ("first_s", "duration_s", "sfreq"), [(-0.5, 4.0, 160), (-0.2, 1.0, 128), (-0.1, 2.013, 250)]
)
def test_trials_of_other_lengths_and_rates_have_the_same_windows_where_both_are(first_s, duration_s, sfreq):
    one = in_windows(course(times(-0.2, 1.0, 160)))
    other = in_windows(course(times(first_s, duration_s, sfreq)))
    shared = sorted(set(one["time"].to_numpy()) & set(other["time"].to_numpy()))
    low_s, high_s = max(-0.2, first_s), min(0.8, first_s + duration_s)
    assert len(shared) == round((high_s - low_s) / 0.05)


@pytest.mark.parametrize("sfreq", [100, 128, 160, 250, 512])
def test_what_is_spread_evenly_is_even_whatever_the_sampling_rate(sfreq):
    time_s = times(-0.2, 1.0, sfreq)
    summed = in_windows(course(time_s, np.full((2, 3, len(time_s)), 1 / len(time_s))))
    np.testing.assert_allclose(summed[..., 1:-1], 0.05, atol=1e-9)
    np.testing.assert_allclose(summed, 0.05, atol=0.5 / sfreq + 1e-9)


@pytest.mark.parametrize(
    ("duration_s", "n_windows", "width_s"),
    [(1.5, 30, 0.05), (2.0, 20, 0.1), (4.0, 28, 0.15), (30.0, 30, 1.05)],
)
def test_long_trials_have_wider_windows_that_keep_the_sum(duration_s, n_windows, width_s):
    windows = in_windows(course(times(-0.2, duration_s, 100)))
    joined = joined_windows(windows)
    assert joined.sizes["time"] == n_windows
    assert joined.attrs["window_width_s"] == pytest.approx(width_s)
    np.testing.assert_allclose(joined.sum("time"), windows.sum("time"), atol=1e-9)
    np.testing.assert_array_equal(joined["time_high_s"][:-1], joined["time_low_s"][1:])
    assert np.abs(joined["time_low_s"]).min() < 1e-12
    assert joined["time"].attrs == {"units": "s"}

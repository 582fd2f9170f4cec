"""Relevance over frequency, time and both: round cuts that select the same values, and what is shown of cells."""

import numpy as np
import pytest
import xarray as xr

from sincviz.explorer.axes import relevance_over_axes


def course(n_times=500, sfreq=250, first_s=-0.5, **attrs):
    time = first_s + np.arange(n_times) / sfreq
    values = np.random.default_rng(0).standard_normal((2, 3, n_times))
    return xr.DataArray(values, {"time": ("time", time, attrs)}, ("target", "channel", "time"))


def cells(size_at_hz, times=(0.0, 0.25, 0.5)):
    frequency = np.arange(0, 60.0, 2)
    values = size_at_hz(frequency)[:, None] * np.ones((2, 3, 1, len(times)))
    attrs = {"frequency_resolution_hz": 2.9, "time_resolution_s": 0.3, "window_s": 0.5, "step_s": 0.25}
    coords = {"frequency": frequency, "time": list(times)}
    return xr.DataArray(values, coords, ("target", "channel", "frequency", "time"), attrs=attrs)


@pytest.fixture
def spectrum():
    frequency = np.fft.rfftfreq(500, 1 / 250)
    values = np.random.default_rng(1).standard_normal((2, 3, len(frequency)))
    return xr.DataArray(
        values, {"frequency": frequency}, ("target", "channel", "frequency"), attrs={"explain": "margin"}
    )


@pytest.mark.parametrize(("sfreq", "n_times"), [(250, 500), (128, 512), (160, 333), (5000, 4001), (30, 47)])
def test_cuts_are_round_and_select_the_samples_of_windows(spectrum, sfreq, n_times):
    values = course(n_times, sfreq)
    shown = relevance_over_axes(spectrum, values, None, 1e9)
    (axis,) = shown.attrs["axes"]["temporal_relevance"]
    assert len(axis["cuts"]) == len(axis["at"]) + 1 == shown.sizes["time_window"] + 1
    assert all(len(str(abs(cut))) <= 6 for cut in axis["cuts"])
    rng = np.random.default_rng(2)
    for first, end in np.sort(rng.integers(0, len(axis["cuts"]), (20, 2))):
        chosen = values.sel(time=slice(axis["cuts"][first], axis["cuts"][end])).sum("time")
        windows = shown["temporal_relevance"][..., first:end].sum("time_window")
        np.testing.assert_allclose(windows, chosen, atol=1e-9)


def test_cuts_select_the_frequencies(spectrum):
    (axis,) = relevance_over_axes(spectrum, None, None, 1e9).attrs["axes"]["relevance"]
    assert axis["cuts"][:3] == [-0.2, 0.2, 0.8]
    for first, end in ((0, 1), (3, 9), (16, 26), (0, len(axis["at"]))):
        chosen = spectrum.sel(frequency=slice(axis["cuts"][first], axis["cuts"][end]))
        assert chosen["frequency"].to_numpy().tolist() == axis["at"][first:end]


def test_cells_are_shown_up_to_where_most_of_the_relevance_lies(spectrum):
    low = cells(lambda hz: np.where(hz <= 20, 1.0, 0.001) * (-1) ** (hz / 2))
    shown = relevance_over_axes(spectrum, course(), low, 1e9)
    assert shown.sizes["bin"] == 11
    told = shown.attrs["time_frequency"]
    assert (told["most_hz"], told["frequency_resolution_hz"]) == (21, 2.9)
    assert told["share"] == pytest.approx(11 / 11.019)
    assert shown.attrs["axes"]["time_frequency_relevance"][0]["cuts"] == list(range(-1, 22, 2))
    np.testing.assert_array_equal(shown["time_frequency_relevance"], low[:, :, :11])
    flat = relevance_over_axes(spectrum, course(), cells(np.zeros_like), 1e9)
    assert (flat.sizes["bin"], flat.attrs["time_frequency"]["share"]) == (30, 1)


def test_a_class_without_trials_does_not_hide_the_others(spectrum):
    some = cells(lambda hz: np.where(hz <= 20, 1.0, 0.001))
    some[1] = np.nan
    assert relevance_over_axes(spectrum, course(), some, 1e9).sizes["bin"] == 11


def test_cells_that_take_too_much_of_a_page_are_left_out(spectrum):
    many = cells(np.ones_like)
    for most, names in (
        (4 * many.size * 4, {"time_frequency_relevance", "temporal_relevance", "relevance"}),
        (2 * many.size * 4, {"temporal_relevance", "relevance"}),
    ):
        shown = relevance_over_axes(spectrum, course(), many, most)
        assert set(shown.attrs["axes"]) == names


def test_what_was_not_measured_is_absent(spectrum):
    assert not relevance_over_axes(None, course(), cells(np.ones_like), 1e9).variables
    shown = relevance_over_axes(spectrum, None, cells(np.ones_like), 1e9)
    assert set(shown.variables) == {"relevance", "frequencies_hz"}
    assert shown["relevance"].attrs == {"explain": "margin"}
    in_samples = relevance_over_axes(spectrum, course(units="samples"), None, 1e9)
    assert set(in_samples.variables) == {"relevance", "frequencies_hz"}

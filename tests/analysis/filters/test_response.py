"""Frequency responses equal those of scipy and are labelled."""

import dataclasses

import numpy as np
import pytest
import scipy.signal
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz import filter_response, learned_bands
from sincviz.analysis.filters.transfer_function import transfer_function
from sincviz.networks import front_end


@pytest.fixture
def model(network, moved):
    return moved(network(num_time_filters=6))


def test_magnitudes_are_those_of_scipy_relative_to_the_peak(model):
    response = filter_response(model, n_freqs=257)
    kernels = model.kernels().detach().double().numpy()
    for number, kernel in enumerate(kernels):
        frequency_hz, expected = scipy.signal.freqz(kernel, worN=257, fs=128, include_nyquist=True)
        one = response.sel(filter=number)
        np.testing.assert_allclose(one["frequency"], frequency_hz)
        magnitude = 10 ** (one["magnitude_db"] / 20)
        np.testing.assert_allclose(magnitude, abs(expected) / abs(expected).max(), atol=1e-9)


def test_the_peak_is_at_zero_and_nothing_lies_below_the_floor(model):
    response = filter_response(model)
    np.testing.assert_array_equal(response["magnitude_db"].max("frequency"), 0)
    assert float(response["magnitude_db"].min()) >= -200


def test_the_phase_of_a_symmetric_kernel_is_zero_or_pi_and_gives_the_sign(model):
    response = filter_response(model)
    kernels = model.kernels().detach().double().numpy()
    assert np.isin(response["phase"].to_numpy().round(9), np.round([0, np.pi], 9)).all()
    _, amplitude = transfer_function(kernels, sfreq=128, n_freqs=512)
    clear = np.abs(amplitude.real) > 1e-6 * np.abs(amplitude).max()
    np.testing.assert_array_equal((response["phase"].to_numpy() > 1)[clear], (amplitude.real < 0)[clear])


def test_arrays_and_axes_are_labelled(model):
    response = filter_response(model, n_freqs=33)
    assert dict(response.sizes) == {"filter": 6, "frequency": 33, "time": 17}
    assert response["magnitude_db"].dims == response["phase"].dims == ("filter", "frequency")
    assert response["frequency"].to_numpy()[[0, -1]].tolist() == [0, 64]
    names = ("magnitude_db", "phase", "zero_phase", "impulse", "cumulative_db", "frequency", "time")
    assert [response[name].attrs["units"] for name in names] == ["dB", "rad", "1", "1", "dB", "Hz", "s"]


def test_it_carries_the_bands_of_the_table(model):
    response, bands = filter_response(model), learned_bands(model)
    for name in ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm"):
        assert response[name].dims == ("filter",)
        assert response[name].to_numpy().tolist() == bands[name].tolist()


def test_attributes_are_strings_and_numbers_and_name_the_weights(model):
    response = filter_response(model)
    everything = [response.attrs, *(variable.attrs for variable in response.variables.values())]
    assert all(isinstance(value, str | int | float) for attrs in everything for value in attrs.values())
    assert response.attrs["weights_sha256"] == learned_bands(model).attrs["weights_sha256"]
    assert (response.attrs["sfreq_hz"], response.attrs["n_taps"]) == (128, 17)


@pytest.mark.parametrize("own", [None, {"µ": (8, 13)}])
def test_it_survives_a_file(model, tmp_path, own):
    response = filter_response(model)
    if own:
        response["rhythm"] = ("filter", learned_bands(model, bands=own)["rhythm"].to_numpy())
    response.to_netcdf(tmp_path / "response.nc", engine="scipy")
    assert xr.load_dataset(tmp_path / "response.nc", engine="scipy").identical(response)


@pytest.mark.parametrize(("n_freqs", "error"), [(1, ValueError), (0, ValueError), (2.5, TypeError)])
def test_too_few_frequencies_are_refused(model, n_freqs, error):
    with pytest.raises(error, match="n_freqs"):
        filter_response(model, n_freqs=n_freqs)


def test_the_zero_phase_response_is_the_amplitude_with_its_sign(model):
    response = filter_response(model)
    magnitude = 10 ** (response["magnitude_db"] / 20)
    sign = np.where(response["phase"] > 1, -1, 1)
    np.testing.assert_allclose(response["zero_phase"], sign * magnitude, atol=1e-9)
    assert float(abs(response["zero_phase"]).max()) == pytest.approx(1)


def test_the_zero_phase_response_is_the_cosine_series_of_the_kernel(model):
    response = filter_response(model, n_freqs=65)
    frequency_hz = response["frequency"].to_numpy()
    for number, kernel in enumerate(model.kernels().detach().double().numpy()):
        lag_s = np.arange(-8, 9) / 128
        amplitude = np.cos(2 * np.pi * np.outer(frequency_hz, lag_s)) @ kernel
        expected = amplitude / abs(amplitude).max()
        np.testing.assert_allclose(response["zero_phase"].sel(filter=number), expected, atol=1e-6)


def test_the_impulse_is_the_kernel_over_its_largest_value(model):
    impulse = filter_response(model)["impulse"]
    kernels = model.kernels().detach().double().numpy()
    assert impulse.dims == ("filter", "time")
    np.testing.assert_allclose(impulse, kernels / abs(kernels).max(1, keepdims=True))
    np.testing.assert_array_equal(abs(impulse).max("time"), 1)


def test_times_are_seconds_from_the_centre_of_the_kernel(model):
    time = filter_response(model)["time"]
    np.testing.assert_allclose(time, np.arange(-8, 9) / 128)
    assert time.attrs["units"] == "s"


def with_kernels(model, kernels):
    return dataclasses.replace(front_end(model), kernels=torch.as_tensor(kernels))


def test_an_even_kernel_has_its_centre_between_two_samples(model):
    parts = with_kernels(model, [[1.0, 1.0], [1.0, -1.0]])
    response = filter_response(dataclasses.replace(parts, cutoffs=None, initial_cutoffs=None), n_freqs=3)
    np.testing.assert_allclose(response["time"], [-0.5 / 128, 0.5 / 128])
    np.testing.assert_allclose(response["zero_phase"].sel(filter=0), [1, np.sqrt(0.5), 0], atol=1e-12)
    np.testing.assert_allclose(response["phase"].sel(filter=1)[1:], np.pi / 2)


def test_together_filters_pass_the_sum_of_their_powers_each_with_a_peak_of_one(model):
    response = filter_response(model, n_freqs=257)
    power = (10 ** (response["magnitude_db"] / 10)).sum("filter")
    expected = 10 * np.log10(power / power.max())
    assert response["cumulative_db"].dims == ("frequency",)
    np.testing.assert_allclose(response["cumulative_db"], expected, atol=1e-9)
    assert float(response["cumulative_db"].max()) == 0


def test_one_filter_alone_passes_what_it_passes(network):
    response = filter_response(network(num_time_filters=1))
    np.testing.assert_allclose(response["cumulative_db"], response["magnitude_db"].sel(filter=0))


def test_a_delta_passes_everything_alike(model):
    response = filter_response(with_kernels(model, np.eye(6, 17)))
    np.testing.assert_allclose(response["magnitude_db"], 0, atol=1e-9)
    np.testing.assert_allclose(response["cumulative_db"], 0, atol=1e-9)


def test_a_kernel_of_zeros_has_no_response_and_adds_nothing(model):
    kernels = front_end(model).kernels.clone()
    kernels[2] = 0
    response = filter_response(with_kernels(model, kernels))
    for name in ("magnitude_db", "phase", "zero_phase", "impulse"):
        missing = response[name].isnull().all([dim for dim in response[name].dims if dim != "filter"])
        assert missing.to_numpy().tolist() == [False, False, True, False, False, False]
    power = (10 ** (response["magnitude_db"] / 10)).sum("filter")
    np.testing.assert_allclose(response["cumulative_db"], 10 * np.log10(power / power.max()), atol=1e-9)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_bank_of_nothing_has_no_response(model, value):
    response = filter_response(with_kernels(model, np.full((6, 17), value)))
    for name in ("magnitude_db", "phase", "zero_phase", "impulse", "cumulative_db"):
        assert response[name].isnull().all()


@given(factor=st.floats(1e-6, 1e6), sign=st.sampled_from([-1, 1]))
def test_the_gain_of_a_kernel_does_not_matter(network, factor, sign):
    parts = front_end(network())
    expected = filter_response(parts)
    found = filter_response(dataclasses.replace(parts, kernels=parts.kernels.double() * factor * sign))
    above = expected["magnitude_db"] > -80
    np.testing.assert_allclose(found["cumulative_db"], expected["cumulative_db"], atol=1e-6)
    np.testing.assert_allclose(
        found["magnitude_db"].where(above), expected["magnitude_db"].where(above), atol=1e-3
    )
    np.testing.assert_allclose(found["zero_phase"], sign * expected["zero_phase"], atol=1e-9)
    np.testing.assert_allclose(found["impulse"], sign * expected["impulse"], atol=1e-9)

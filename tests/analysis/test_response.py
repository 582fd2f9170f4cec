"""Frequency responses equal those of scipy and are labelled."""

import numpy as np
import pytest
import scipy.signal
import xarray as xr

from sincviz import filter_response, learned_bands
from sincviz.analysis.transfer_function import transfer_function


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
    assert dict(response.sizes) == {"filter": 6, "frequency": 33}
    assert response["magnitude_db"].dims == response["phase"].dims == ("filter", "frequency")
    assert response["frequency"].to_numpy()[[0, -1]].tolist() == [0, 64]
    assert [response[name].attrs["units"] for name in ("magnitude_db", "phase", "frequency")] == [
        "dB",
        "rad",
        "Hz",
    ]


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
        response["rhythm"] = ("filter", learned_bands(model, own)["rhythm"].to_numpy())
    response.to_netcdf(tmp_path / "response.nc", engine="scipy")
    assert xr.load_dataset(tmp_path / "response.nc", engine="scipy").identical(response)


@pytest.mark.parametrize(("n_freqs", "error"), [(1, ValueError), (0, ValueError), (2.5, TypeError)])
def test_too_few_frequencies_are_refused(model, n_freqs, error):
    with pytest.raises(error, match="n_freqs"):
        filter_response(model, n_freqs=n_freqs)

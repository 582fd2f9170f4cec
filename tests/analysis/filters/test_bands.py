"""Bands against kernels whose answer is known in closed form, and against the measured facts."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.integrate
import scipy.optimize
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz import SincShallowNet, learned_bands
from sincviz.analysis.filters.bands import energy_share, measured_bands

SFREQ = 200.0
MOVING_AVERAGE = np.ones(5) / 5


def moving_average_edge():
    """Where |sin(5 w / 2) / (5 sin(w / 2))| is the root of one half, in Hz."""
    excess = lambda w: np.sin(2.5 * w) / (5 * np.sin(w / 2)) - np.sqrt(0.5)  # noqa: E731
    return scipy.optimize.brentq(excess, 1e-3, 2 * np.pi / 5) * SFREQ / (2 * np.pi)


# |a + 2 cos w| falls to the root of one half of its maximum 2 + a at this angle.
def three_tap_edge(middle):
    return np.arccos(((2 + middle) / np.sqrt(2) - middle) / 2) * SFREQ / (2 * np.pi)


CLOSED_FORM = {
    "moving average": (MOVING_AVERAGE, 0, 0, moving_average_edge()),
    "[1, 2, 1]": ([1, 2, 1], 0, 0, three_tap_edge(2)),
    "[1, 5, 1]": ([1, 5, 1], 0, 0, three_tap_edge(5)),
    "[1, -2, 1], a high-pass": ([1, -2, 1], 100, 100 - three_tap_edge(2), 100),
    "[1, 0, -1], a band-pass": ([1, 0, -1], 50, 25, 75),
    "delta, which passes everything": ([0, 1, 0], None, 0, 100),
}


@pytest.mark.parametrize(("kernel", "peak", "low", "high"), CLOSED_FORM.values(), ids=CLOSED_FORM)
def test_kernels_known_in_closed_form(kernel, peak, low, high):
    peak_hz, band_hz = measured_bands(np.array([kernel], float), sfreq=SFREQ)
    np.testing.assert_allclose(band_hz, [[low, high]], atol=1e-3)
    assert peak is None or peak_hz[0] == pytest.approx(peak, abs=0.02)


@pytest.mark.parametrize("center_hz", [10.0, 40.0])
def test_a_windowed_cosine_peaks_at_its_frequency_with_the_width_of_its_window(center_hz):
    time = np.arange(-200, 201) / SFREQ
    window = np.hamming(401)
    kernels = np.stack([window * np.cos(2 * np.pi * center_hz * time), window])
    peak_hz, band_hz = measured_bands(kernels, sfreq=SFREQ)
    assert peak_hz[0] == pytest.approx(center_hz, abs=0.02)
    assert np.diff(band_hz[0])[0] == pytest.approx(2 * band_hz[1, 1], rel=1e-2)
    assert band_hz[0].mean() == pytest.approx(center_hz, abs=0.01)


def test_only_the_lobe_around_the_peak_counts():
    time = np.arange(-200, 201) / SFREQ
    kernel = np.hamming(401) * (np.cos(2 * np.pi * 20 * time) + 0.95 * np.cos(2 * np.pi * 60 * time))
    peak_hz, band_hz = measured_bands(kernel[None], sfreq=SFREQ)
    assert peak_hz[0] == pytest.approx(20, abs=0.02)
    assert band_hz[0, 1] < 22


@given(
    kernels=arrays(float, (3, 9), elements=st.floats(-1, 1).map(lambda value: round(value, 2) + 0.001)),
    factor=st.floats(1e-6, 1e6),
)
def test_neither_gain_nor_sign_matters(kernels, factor):
    band = np.array([[5.0, 30.0]] * 3)
    measured = measured_bands(kernels, sfreq=SFREQ)
    for changed in (kernels * 2.0, -kernels):
        for found, expected in zip(measured_bands(changed, sfreq=SFREQ), measured, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(
        energy_share(kernels * factor, band, sfreq=SFREQ), energy_share(kernels, band, sfreq=SFREQ), atol=1e-9
    )


def edges_hz():
    return st.lists(st.floats(0.5, 99.5), min_size=1, max_size=5).map(
        lambda edges: [0.0, *sorted(edges), 100.0]
    )


@given(kernel=arrays(float, (7,), elements=st.floats(-1, 1)).filter(np.any), edges=edges_hz())
def test_shares_are_those_of_numerical_integration_and_sum_to_one(kernel, edges):
    kernel = kernel / np.abs(kernel).max()
    shares = []
    for low, high in itertools.pairwise(edges):
        band = np.array([[low, high]])
        share = energy_share(kernel[None], band, sfreq=SFREQ)[0]
        frequency_hz = np.linspace(low, high, 4001)
        _, response = scipy.signal.freqz(kernel, worN=frequency_hz, fs=SFREQ)
        energy = scipy.integrate.simpson(np.abs(response) ** 2, x=frequency_hz) / 100
        assert share == pytest.approx(energy / (kernel**2).sum(), abs=1e-8)
        shares.append(share)
    assert sum(shares) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("band", "share"),
    [
        ((20, 45), 0.25),
        ((0, 100), 1),
        ((30, 30), 0),
        ((90, 150), 0.1),
        ((120, 130), 0),
        ((np.nan, 10), np.nan),
    ],
)
def test_the_energy_of_a_delta_is_spread_evenly_up_to_the_nyquist_frequency(band, share):
    delta = np.array([[0.0, 3.0, 0.0]])
    np.testing.assert_allclose(energy_share(delta, np.array([band], float), sfreq=SFREQ), [share], atol=1e-12)


def default_network(**settings):
    return SincShallowNet(n_chans=2, n_outputs=2, n_times=1000, sfreq=250, **settings)


@pytest.mark.parametrize(("taps", "width_hz", "share"), [(33, 10.3, 0.36), (65, 5.4, None), (129, 3.2, 0.87)])
def test_short_kernels_are_wider_than_they_say(taps, width_hz, share):
    bands = learned_bands(default_network(time_filter_len=taps))
    assert (bands["bandwidth_hz"] == 4).all()
    widths = bands["measured_high_hz"] - bands["measured_low_hz"]
    assert widths.mean() == pytest.approx(width_hz, abs=0.06)
    assert share is None or bands["in_band_energy"].mean() == pytest.approx(share, abs=0.005)


def test_the_first_default_filter_is_a_low_pass_whatever_it_says():
    bands = learned_bands(default_network())
    first = bands.loc[0]
    assert (first["low_hz"], first["high_hz"], first["rhythm"]) == (6, 10, "alpha")
    assert first["measured_low_hz"] == 0
    assert first["measured_high_hz"] == pytest.approx(13, abs=0.05)
    kernel = default_network().kernels()[0].detach().double().numpy()
    _, response = scipy.signal.freqz(kernel, worN=4096, fs=250)
    assert 20 * np.log10(abs(response[0]) / abs(response).max()) == pytest.approx(-1.7, abs=0.05)


def set_cutoffs(model, low_freqs, bandwidths):
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[:] = torch.tensor(low_freqs)
        model.sinc_filter_layer.bandwidths[:] = torch.tensor(bandwidths)
    return model


def test_nominal_bands_follow_the_parameters_after_sign_minimum_and_limit(network):
    # 128 Hz: nothing lies above 64 Hz.
    model = set_cutoffs(network(), [5.0, -5.0, 60.0, 10.0], [4.0, -4.0, 20.0, 0.0])
    bands = learned_bands(model)
    assert bands[["low_hz", "high_hz"]].to_numpy().tolist() == [[6, 10], [6, 10], [61, 64], [11, 11]]
    assert bands["center_hz"].tolist() == [8, 8, 62.5, 11]
    assert bands["bandwidth_hz"].tolist() == [4, 4, 3, 0]
    assert bands.loc[3, "in_band_energy"] == 0
    assert bands[["initial_low_hz", "initial_high_hz"]].to_numpy().tolist() == [
        [8 + i, 12 + i] for i in range(4)
    ]


def test_cutoffs_past_the_nyquist_frequency_give_finite_numbers(network):
    bands = learned_bands(set_cutoffs(network(), [70.0, 500.0, 63.0, 5.0], [4.0, 4.0, 4.0, 4.0]))
    assert np.isfinite(bands.drop(columns="rhythm").to_numpy(float)).all()
    assert (bands["high_hz"] <= 64).all()
    assert bands["measured_high_hz"].between(0, 64).all()
    assert bands["in_band_energy"].between(0, 1).all()


def test_the_table_is_labelled(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    bands = learned_bands(model)
    assert (bands.index.name, bands.index.tolist()) == ("filter", [0, 1, 2, 3])
    assert bands.columns.tolist() == [
        "low_hz", "high_hz", "center_hz", "bandwidth_hz", "initial_low_hz", "initial_high_hz", "in_band_energy",
        "rhythm", "peak_hz", "measured_low_hz", "measured_high_hz",
    ]  # fmt: skip
    assert (bands.attrs["sfreq_hz"], bands.attrs["n_taps"]) == (128, 17)
    assert bands.attrs["rhythm_by"] == "nominal centre"


def test_nominal_and_measured_bands_are_printed_in_80_columns(network, moved, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        lines = repr(learned_bands(moved(network(sfreq=1000)))).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["low_hz", "high_hz", "...", "measured_low_hz", "measured_high_hz"]


def test_rhythms_of_your_own_name_the_filters(network):
    model = set_cutoffs(network(), [5.0, 9.0, 20.0, 40.0], [4.0] * 4)
    assert learned_bands(model)["rhythm"].tolist() == ["alpha", "alpha", "beta", "gamma"]
    own = learned_bands(model, bands={"mu": (10, 13), "fast": (20, 30)})
    assert own["rhythm"].tolist() == ["other", "mu", "fast", "other"]
    assert own.attrs["bands"] == {"mu": (10, 13), "fast": (20, 30)}


def test_the_measured_band_lies_around_the_peak(network, moved):
    bands = learned_bands(moved(network(num_time_filters=8)))
    assert (bands["measured_low_hz"] <= bands["peak_hz"]).all()
    assert (bands["peak_hz"] <= bands["measured_high_hz"]).all()


def test_edges_are_those_of_a_grid_a_hundred_times_finer(network, moved):
    model = moved(network(num_time_filters=8))
    bands = learned_bands(model)
    frequency_hz = np.linspace(0, 64, 819_201)
    for number, kernel in enumerate(model.kernels().detach().double().numpy()):
        _, response = scipy.signal.freqz(kernel, worN=frequency_hz, fs=128)
        power = np.abs(response) ** 2
        peak = power.argmax()
        outside = np.flatnonzero(power < power[peak] / 2)
        low = frequency_hz[outside[outside < peak][-1]] if (outside < peak).any() else 0
        high = frequency_hz[outside[outside > peak][0]] if (outside > peak).any() else 64
        found = bands.loc[number, ["peak_hz", "measured_low_hz", "measured_high_hz"]].astype(float)
        np.testing.assert_allclose(found, [frequency_hz[peak], low, high], atol=0.008)
        np.testing.assert_allclose(found[1:], [low, high], atol=5e-4)


def test_a_rectangular_burst_has_the_width_of_its_dirichlet_kernel():
    time = np.arange(-100, 101)
    burst = np.cos(2 * np.pi * 0.25 * time)
    peak_hz, band_hz = measured_bands(burst[None], sfreq=SFREQ)
    # Half power of a rectangle of n samples: +-0.443 / n of the sampling rate.
    assert peak_hz[0] == pytest.approx(50, abs=0.02)
    np.testing.assert_allclose(band_hz[0] - 50, np.array([-1, 1]) * 0.44295 * SFREQ / 201, rtol=5e-3)


def test_the_table_survives_a_file(network, moved, tmp_path):
    bands = learned_bands(moved(network()))
    bands.to_csv(tmp_path / "bands.csv")
    again = pd.read_csv(tmp_path / "bands.csv", index_col="filter")
    pd.testing.assert_frame_equal(again, bands, check_dtype=False, rtol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_network_of_another_precision_is_read(network, dtype):
    expected = learned_bands(network())
    found = learned_bands(network().to(dtype))
    np.testing.assert_allclose(found["low_hz"], expected["low_hz"], rtol=1e-2)
    np.testing.assert_allclose(found["peak_hz"], expected["peak_hz"], atol=0.5)

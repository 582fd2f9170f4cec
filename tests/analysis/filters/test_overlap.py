"""What kernels can tell apart: closed forms, independent computations, and the measured facts."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.integrate
import scipy.signal
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz import EpochsError, SincShallowNet, learned_bands
from sincviz.analysis.filters.overlap import mean_spectrum, n_dimensions
from sincviz.filters import filter_overlap, resolvability
from sincviz.networks import FrontEnd, front_end


def default_network(taps=33, **settings):
    return SincShallowNet(n_chans=2, n_outputs=2, n_times=1000, sfreq=250, time_filter_len=taps, **settings)


def free(kernels, cutoffs=None):
    """A front end of one channel at 200 Hz with these kernels."""
    kernels = torch.as_tensor(np.asarray(kernels, float))
    shape = (len(kernels), 1)
    return FrontEnd(
        kernels=kernels, cutoffs=None if cutoffs is None else torch.as_tensor(cutoffs), initial_cutoffs=None,
        spatial=torch.ones(*shape, 1, dtype=torch.float64), scale=torch.ones(shape), bias=torch.zeros(shape),
        padding="same", tail=lambda maps: maps.mean((1, 3)), sfreq=200.0, ch_names=None, chs_info=None,
    )  # fmt: skip


@pytest.mark.parametrize(("taps", "dimensions"), [(33, 4), (65, 7), (129, 11)])
def test_a_bank_has_few_dimensions(taps, dimensions):
    attrs = resolvability(default_network(taps)).attrs
    assert (attrs["n_dimensions"], attrs["n_filters"]) == (dimensions, 32)


@pytest.mark.parametrize(("taps", "width_hz"), [(33, 10.3), (65, 5.4), (129, 3.2)])
def test_the_frequency_resolution_is_the_width_of_a_typical_filter(taps, width_hz):
    found = resolvability(default_network(taps))
    assert found.attrs["frequency_resolution_hz"] == pytest.approx(width_hz, abs=0.1)


def test_short_kernels_cannot_be_told_apart():
    found = resolvability(default_network(33))
    assert (found["confusable"] > 0).mean() >= 0.95


def test_long_kernels_can():
    assert (resolvability(default_network(129))["confusable"] == 0).all()


def test_the_first_default_filter_leaks_slow_drift():
    found = resolvability(default_network(33))
    assert found["dc_leak_db"][0] == pytest.approx(-1.7, abs=0.05)
    assert (found["dc_leak_db"].iloc[10:] < -20).all()


def test_widths_are_those_of_the_bands(network, moved):
    model = moved(network())
    found, bands = resolvability(model), learned_bands(model)
    measured = bands["measured_high_hz"] - bands["measured_low_hz"]
    np.testing.assert_allclose(found["nominal_width_hz"], bands["high_hz"] - bands["low_hz"])
    np.testing.assert_allclose(found["measured_width_hz"], measured)
    np.testing.assert_allclose(found["width_ratio"], measured / bands["bandwidth_hz"])


@pytest.mark.parametrize("taps", [17, 33])
def test_confusable_filters_are_apart_as_written_and_together_as_computed(network, moved, taps):
    model = moved(network(num_time_filters=8, time_filter_len=taps), 3)
    bands = learned_bands(model)
    counts = np.zeros(8, int)
    for one, other in itertools.permutations(range(8), 2):
        first, second = bands.loc[one], bands.loc[other]
        apart = first["low_hz"] >= second["high_hz"] or first["high_hz"] <= second["low_hz"]
        widths = [row["measured_high_hz"] - row["measured_low_hz"] for row in (first, second)]
        counts[one] += apart and abs(first["peak_hz"] - second["peak_hz"]) < sum(widths) / 4
    assert resolvability(model)["confusable"].tolist() == counts.tolist()


def test_the_verdict_says_all_that_is_wrong():
    verdicts = resolvability(default_network(33))["verdict"]
    assert verdicts[0] == (
        "6–10 Hz as written, 0–13 Hz as computed: a low-pass, slow drift goes through, and cannot be distinguished "
        "from its neighbours"
    )
    assert (
        verdicts[4]
        == "10–14 Hz as written, 6.9–17.1 Hz as computed: cannot be distinguished from its neighbours"
    )


def test_a_long_kernel_is_as_written():
    verdicts = resolvability(default_network(129))["verdict"]
    assert verdicts[4] == "10–14 Hz as written, 10.4–13.6 Hz as computed: as written"
    assert verdicts.str.endswith(": as written").mean() > 0.9


def test_a_wide_kernel_without_neighbours_is_wider_than_written():
    # 64 taps at 200 Hz resolve about 4 Hz.
    time = (np.arange(65) - 32) / 200
    found = resolvability(free([np.hamming(65) * np.cos(2 * np.pi * 40 * time)], [[39.5, 40.5]]))
    assert found["width_ratio"][0] > 1.5
    assert found["verdict"][0].endswith(": wider than written")


def test_a_low_pass_that_is_written_as_one_is_no_leak():
    time = (np.arange(201) - 100) / 200
    kernel = np.hamming(201) * np.sinc(2 * 10 * time)
    verdict = resolvability(free([kernel], [[0.0, 10.0]]))["verdict"][0]
    assert "low-pass" not in verdict
    assert verdict.endswith(": as written")


def test_free_filters_are_told_as_computed():
    found = resolvability(free([[1, 0, -1]]))
    assert found["verdict"][0] == "25–75 Hz as computed, with 82% of the energy"
    assert found["measured_energy"][0] == pytest.approx(0.5 + 1 / np.pi)
    assert found["confusable"][0] == 0
    assert found[["nominal_width_hz", "width_ratio"]].isna().all(axis=None)
    assert found["dc_leak_db"][0] == -np.inf


@pytest.mark.parametrize("with_epochs", [False, True])
def test_a_kernel_of_zeros_passes_nothing(with_epochs):
    parts = free([np.zeros(9), np.hanning(9)], [[5.0, 10.0], [0.0, 10.0]])
    trials = np.random.default_rng(0).standard_normal((3, 1, 100)) if with_epochs else None
    found = resolvability(parts, trials)
    assert found["verdict"][0] == "passes nothing"
    assert found.loc[0, ["measured_width_hz", "width_ratio", "dc_leak_db"]].isna().all()
    assert not with_epochs or np.isnan(found["in_band_power"][0])
    assert np.isfinite(found.loc[1].drop("verdict").astype(float)).all()


def test_kernels_that_are_not_finite_pass_nothing(network):
    model = network()
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[0, 0] = np.nan
    found = resolvability(model)
    assert found["verdict"].tolist() == ["passes nothing"] * 4
    assert found.attrs["n_dimensions"] == 0


def test_a_band_of_no_width_is_wider_without_limit(network):
    model = network()
    with torch.no_grad():
        model.sinc_filter_layer.bandwidths[0, 0] = 0
    assert resolvability(model)["width_ratio"][0] == np.inf


def white_noise(n_trials=300):
    return np.random.default_rng(0).standard_normal((n_trials, 2, 1000))


@pytest.mark.parametrize("taps", [33, 129])
def test_under_white_noise_the_power_in_the_band_is_the_energy_in_the_band(taps):
    model = default_network(taps)
    found = resolvability(model, white_noise())["in_band_power"]
    np.testing.assert_allclose(found, learned_bands(model)["in_band_energy"], rtol=0.02)


@pytest.mark.parametrize(("offset_hz", "share"), [(0, 1), (-8, 0), (8, 0)])
def test_a_sinusoid_is_wholly_inside_or_wholly_outside(offset_hz, share):
    model = default_network(33)
    frequency_hz = 20 + offset_hz
    x = np.broadcast_to(3e5 + np.sin(2 * np.pi * frequency_hz * np.arange(1000) / 250), (2, 2, 1000))
    found = resolvability(model, x)["in_band_power"]
    # Filter 12 is written as 18–22 Hz.
    assert found[12] == pytest.approx(share, abs=1e-2)


@given(arrays(float, (2, 1, 64), elements=st.floats(-100, 100)).filter(lambda x: x.std(2).min() > 1e-3))
def test_power_in_the_band_is_a_share_and_knows_no_units(x):
    parts = free([np.hanning(9), [1, 0, 0, 0, 0, 0, 0, 0, -1]], [[0.0, 30.0], [10.0, 50.0]])
    found = resolvability(parts, x)["in_band_power"].to_numpy()
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    np.testing.assert_allclose(resolvability(parts, 1e6 * x)["in_band_power"], found, rtol=1e-6)


def test_signals_of_zeros_have_no_power_anywhere():
    assert resolvability(default_network(), np.zeros((2, 2, 1000)))["in_band_power"].isna().all()


def test_epochs_and_arrays_give_the_same(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale = 1e6
    pd.testing.assert_frame_equal(
        resolvability(model, epochs), resolvability(model, epochs.get_data() * 1e6), rtol=1e-5
    )


def test_epochs_that_do_not_fit_are_refused(network, epochs):
    with pytest.raises(EpochsError, match="shape"):
        resolvability(network(), epochs.get_data()[:, :5])


def test_the_spectrum_is_that_of_scipy_and_keeps_the_power():
    x = np.random.default_rng(1).standard_normal((100, 1, 200)).cumsum(2)
    frequency_hz, spectrum = mean_spectrum(free([[1.0]]), x)
    expected = [scipy.signal.periodogram(trial, 200, "hann", detrend="constant")[1] for trial in x[:, 0]]
    np.testing.assert_allclose(spectrum, np.mean(expected, 0))
    assert frequency_hz[[0, -1]].tolist() == [0, 100]


def test_the_table_is_labelled(network):
    found = resolvability(network(), np.random.default_rng(0).standard_normal((2, 6, 128)))
    assert (found.index.name, found.index.tolist()) == ("filter", [0, 1, 2, 3])
    assert found.columns.tolist() == [
        "nominal_width_hz", "measured_width_hz", "width_ratio", "measured_energy", "dc_leak_db", "confusable",
        "in_band_power", "verdict",
    ]  # fmt: skip
    assert "in_band_power" not in resolvability(network())


@given(rank=st.integers(1, 4), seed=st.integers(0, 100))
def test_the_number_of_dimensions_is_the_rank_of_a_bank_without_a_weak_direction(rank, seed):
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((size, rank)))[0] for size in (6, 9))
    assert n_dimensions(left @ right.T) == rank


def test_a_share_is_reached_at_the_number_that_holds_it():
    kernels = np.diag(np.sqrt([0.6, 0.3, 0.1]))
    assert [n_dimensions(kernels, share) for share in (0.5, 0.7, 0.95)] == [1, 2, 3]


@pytest.mark.parametrize("kernels", [np.zeros((2, 3)), np.full((2, 3), np.nan)])
def test_a_bank_of_nothing_has_no_dimension(kernels):
    assert n_dimensions(kernels) == 0


def test_overlap_of_simple_kernels_in_closed_form():
    # |H| is 1, 1, 2 cos(w / 2) and 2 sin(w / 2) for w from 0 to pi.
    found = filter_overlap(free([[1, 0], [0, -5], [1, 1], [1, -1]]))
    flat = 2 * np.sqrt(2) / np.pi
    expected = [
        [1, 1, flat, flat],
        [1, 1, flat, flat],
        [flat, flat, 1, 2 / np.pi],
        [flat, flat, 2 / np.pi, 1],
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(
    kernels=arrays(float, (3, 7), elements=st.floats(-1, 1)).filter(lambda k: np.abs(k).max(1).min() > 0.1)
)
def test_overlap_is_the_integral_and_symmetric_with_ones_on_the_diagonal(kernels):
    found = filter_overlap(free(kernels)).to_numpy()
    frequency_hz, response = scipy.signal.freqz(
        kernels.T[:, :, None], worN=20_001, fs=200, include_nyquist=True
    )
    magnitude = np.abs(response)
    products = scipy.integrate.simpson(magnitude[:, None] * magnitude, x=frequency_hz)
    norms = np.sqrt(np.diag(products))
    np.testing.assert_allclose(found, products / np.outer(norms, norms), atol=1e-5)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(np.diag(found), 1, rtol=1e-12)
    assert ((found >= 0) & (found <= 1)).all()


def test_filters_far_apart_do_not_overlap():
    time = np.arange(-200, 201) / 200
    window = np.hanning(401)
    kernels = [window * np.cos(2 * np.pi * hz * time) for hz in (10, 10, 60)]
    np.testing.assert_allclose(filter_overlap(free(kernels)), [[1, 1, 0], [1, 1, 0], [0, 0, 1]], atol=1e-4)


def test_neighbours_overlap_the_more_the_shorter_the_kernels():
    overlaps = [
        float(filter_overlap(default_network(taps)).sel(filter=4, other_filter=8)) for taps in (33, 65, 129)
    ]
    assert overlaps[0] == pytest.approx(0.89, abs=0.005)
    assert overlaps == sorted(overlaps, reverse=True)


def test_a_kernel_of_zeros_overlaps_with_nothing():
    found = filter_overlap(free([[0, 0], [1, 1]])).to_numpy()
    assert np.isnan(found[0]).all()
    assert np.isnan(found[:, 0]).all()
    assert found[1, 1] == pytest.approx(1, rel=1e-12)


def test_the_overlap_is_labelled_and_survives_a_file(network, tmp_path):
    found = filter_overlap(network())
    assert found.dims == ("filter", "other_filter")
    assert found["other_filter"].to_numpy().tolist() == found["filter"].to_numpy().tolist() == [0, 1, 2, 3]
    assert found["peak_hz"].dims == ("filter",)
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())
    found.to_netcdf(tmp_path / "overlap.nc", engine="scipy")
    assert xr.load_dataarray(tmp_path / "overlap.nc", engine="scipy").identical(found)


def test_what_was_written_is_not_what_is_compared(network):
    parts = front_end(network())
    renamed = dataclasses.replace(parts, cutoffs=parts.cutoffs + 5)
    np.testing.assert_array_equal(filter_overlap(renamed), filter_overlap(parts))

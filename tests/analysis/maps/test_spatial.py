"""Patterns against a direct computation, against filters with a known answer, and against known sources."""

import copy
import tracemalloc
from functools import partial

import mne
import numpy as np
import pytest
import scipy.signal
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz import learned_bands, spatial_filters, spatial_patterns
from sincviz.analysis.maps import spatial
from sincviz.analysis.maps.spatial import relative_maps
from sincviz.networks import FrontEnd, front_end
from sincviz.trials.epochs import input_batches


def filtered(parts, trials):
    """Filter every channel with every filter, shape (filters, trials, channels, times), in double precision."""
    kernels = parts.kernels.detach().double().numpy()
    zeros = kernels.shape[1] - 1 if parts.padding == "same" else 0
    padded = np.pad(np.asarray(trials, float), [(0, 0), (0, 0), (zeros // 2, zeros - zeros // 2)])
    return np.stack([scipy.signal.correlate(padded, kernel[None, None], "valid") for kernel in kernels])


def covariances(parts, trials):
    """Return the covariance of the channels behind each filter, shape (filters, channels, channels)."""
    signals = np.moveaxis(filtered(parts, trials), 2, 1).reshape(len(parts.kernels), parts.n_chans, -1)
    signals -= signals.mean(2, keepdims=True)
    return signals @ signals.transpose(0, 2, 1) / signals.shape[2]


def direct_patterns(parts, trials):
    weights = parts.spatial.detach().double().numpy()
    covariance_with_units = np.einsum("fce,fde->fdc", covariances(parts, trials), weights)
    variance = (weights * covariance_with_units).sum(2, keepdims=True)
    return covariance_with_units / np.sqrt(variance)


def assert_same_maps(found, expected, relative):
    errors = np.linalg.norm(found - expected, axis=-1) / np.linalg.norm(expected, axis=-1)
    assert errors.max() <= relative


def coloured(shape, seed, offset=0.0):
    """Channels that share sources, on constants that are ``offset`` times as large."""
    rng = np.random.default_rng(seed)
    trials, channels, times = shape
    mixing = rng.standard_normal((channels, channels))
    noise = rng.standard_normal((trials, channels, times)).cumsum(2)
    noise -= 0.9 * np.roll(noise, 1, 2)
    signals = mixing @ noise
    return signals + offset * signals.std() * rng.standard_normal((channels, 1))


shapes = st.fixed_dictionaries(
    {
        "n_chans": st.integers(1, 6),
        "num_time_filters": st.integers(1, 4),
        "time_filter_len": st.integers(1, 15).map(lambda half: 2 * half + 1),
        "depth_multiplier": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "n_times": st.integers(64, 150),
    }
)


@pytest.mark.parametrize(("dtype", "relative"), [(torch.float32, 1e-6), (torch.float64, 1e-10)])
@given(
    shape=shapes,
    n_trials=st.integers(2, 70),
    offset=st.sampled_from([0.0, 1.0, 1e3]),
    seed=st.integers(0, 100),
)
def test_the_pattern_is_that_of_the_direct_computation(
    network, moved, dtype, relative, shape, n_trials, offset, seed
):
    model = moved(network(seed, **shape), seed).to(dtype).eval()
    x = coloured((n_trials, shape["n_chans"], shape["n_times"]), seed, offset).astype(str(dtype)[6:])
    parts = front_end(model)
    assert_same_maps(spatial_patterns(model, x).to_numpy(), direct_patterns(parts, x), relative)


class EvenKernels(nn.Module):
    """Free temporal filters of even length; padding ``"same"`` puts one zero more behind than before."""

    def __init__(self, n_taps=16):
        super().__init__()
        rng = np.random.default_rng(n_taps)
        self.kernels = torch.from_numpy(rng.standard_normal((3, n_taps)))
        self.weights = torch.from_numpy(rng.standard_normal((3, 2, 5)))


@pytest.fixture
def registered():
    @front_end.register
    def _(model: EvenKernels) -> FrontEnd:
        return FrontEnd(
            kernels=model.kernels, cutoffs=None, initial_cutoffs=None, spatial=model.weights,
            scale=torch.ones(3, 2), bias=torch.zeros(3, 2), padding="same", tail=lambda maps: maps.mean((1, 3)),
            sfreq=100.0, ch_names=None, chs_info=None,
        )  # fmt: skip


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("n_taps", [2, 15, 16])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_even_kernels_are_padded_as_the_network_pads_them(n_taps, offset):
    model = EvenKernels(n_taps)
    x = coloured((7, 5, 60), 0, offset)
    assert_same_maps(spatial_patterns(model, x).to_numpy(), direct_patterns(front_end(model), x), 1e-10)


@pytest.mark.usefixtures("registered")
def test_free_filters_name_no_nominal_band():
    patterns = spatial_patterns(EvenKernels(), coloured((3, 5, 60), 0))
    assert np.isnan(patterns["low_hz"]).all()
    assert patterns["peak_hz"].notnull().all()


def set_weights(model, weights):
    with torch.no_grad():
        model.depthwiseconv[1].weight.copy_(torch.as_tensor(weights).reshape(-1, 1, model.n_chans, 1))
    return model


@given(seed=st.integers(0, 1000), padding=st.sampled_from(["same", "valid"]))
def test_a_unit_that_isolates_a_source_shows_its_map(network, seed, padding):
    model = network(seed, padding=padding).double()
    x = coloured((20, 6, 128), seed)
    maps = np.random.default_rng(seed).standard_normal((4, 2, 6))
    weights = np.linalg.solve(covariances(front_end(model), x)[:, None], maps[..., None])[..., 0]
    patterns = spatial_patterns(set_weights(model, weights), x).to_numpy()
    expected = maps / np.sqrt((maps * weights).sum(2, keepdims=True))
    assert_same_maps(patterns, expected, 1e-6)


@pytest.fixture
def model(network, moved, epochs):
    """A network in microvolts for the channels of the epochs."""
    model = moved(network(chs_info=epochs.info["chs"])).eval()
    model.scale = 1e6
    return model


@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_the_size_of_the_batches_does_not_matter(model, epochs, monkeypatch, batch_size):
    expected = spatial_patterns(model, epochs)
    monkeypatch.setattr(spatial, "input_batches", partial(input_batches, batch_size=batch_size))
    assert_same_maps(spatial_patterns(model, epochs).to_numpy(), expected.to_numpy(), 1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_the_order_of_the_trials_does_not_matter(network, moved, offset):
    model = moved(network()).eval()
    x = coloured((150, 6, 128), 1, offset).astype(np.float32)
    shuffled = x[np.random.default_rng(2).permutation(len(x))]
    expected = spatial_patterns(model, x).to_numpy()
    assert_same_maps(spatial_patterns(model, shuffled).to_numpy(), expected, 1e-6)


def test_trials_given_twice_change_nothing(model, epochs):
    x = epochs.get_data() * 1e6
    expected = spatial_patterns(model, x).to_numpy()
    assert_same_maps(spatial_patterns(model, np.concatenate([x, x])).to_numpy(), expected, 1e-6)


def test_a_constant_of_a_channel_drops_out_where_nothing_is_padded(network, moved):
    model = moved(network(padding="valid")).double().eval()
    x = coloured((9, 6, 128), 3)
    raised = x + 1e3 * np.arange(6)[:, None]
    assert_same_maps(spatial_patterns(model, raised).to_numpy(), spatial_patterns(model, x).to_numpy(), 1e-9)


@pytest.fixture
def on_disk(epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    return mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)


def test_epochs_on_disk_give_the_same_and_stay_there(model, epochs, on_disk):
    patterns = spatial_patterns(model, on_disk)
    assert not on_disk.preload
    xr.testing.assert_allclose(patterns, spatial_patterns(model, epochs), rtol=1e-6)


def test_trials_that_the_reading_rejects_are_left_out(model, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    highest = np.ptp(epochs.get_data(), axis=2).max(1)
    limit = float(np.median(highest))
    kept = highest <= limit
    rejecting = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    rejecting.drop_bad(reject={"eeg": limit}, verbose="error")
    patterns = spatial_patterns(model, rejecting)
    assert patterns.attrs["n_trials"] == kept.sum()
    xr.testing.assert_allclose(patterns, spatial_patterns(model, epochs[kept]), rtol=1e-6)


def test_memory_does_not_grow_with_the_number_of_trials(network, tmp_path):
    info = mne.create_info(6, 128.0, "eeg")
    model = network(chs_info=info["chs"], num_time_filters=1)
    model.scale = 1e6
    data = 1e-6 * np.random.default_rng(0).standard_normal((1000, 6, 128))
    mne.EpochsArray(data, info).save(tmp_path / "trials-epo.fif", fmt="double")
    epochs = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    tracemalloc.start()
    try:
        spatial_patterns(model, epochs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < data.nbytes / 3


def test_epochs_give_microvolts_whatever_the_network_was_trained_in(model, epochs):
    in_microvolts = spatial_patterns(model, epochs)
    model.scale = 1.0
    in_volts = spatial_patterns(model, epochs)
    assert_same_maps(in_volts.to_numpy(), in_microvolts.to_numpy(), 1e-6)
    assert in_volts.attrs["units"] == in_microvolts.attrs["units"]
    assert in_volts.attrs["units"].startswith("µV")


@pytest.mark.parametrize("scale", [None, 1e6])
def test_arrays_give_the_units_of_the_array(model, epochs, scale):
    expected = spatial_patterns(model, epochs)
    model.scale = scale
    patterns = spatial_patterns(model, epochs.get_data() * 1e9)
    assert_same_maps(patterns.to_numpy(), 1e3 * expected.to_numpy(), 1e-6)
    assert patterns.attrs["units"].startswith("input units")


@given(factor=st.floats(1e-3, 1e3))
@settings(max_examples=10)
def test_the_size_of_the_weights_does_not_matter(network, factor):
    model = network()
    x = coloured((5, 6, 128), 5)
    larger = set_weights(copy.deepcopy(model), factor * front_end(model).spatial)
    assert_same_maps(spatial_patterns(larger, x).to_numpy(), spatial_patterns(model, x).to_numpy(), 1e-5)


def test_the_sign_is_that_of_the_weights(model, epochs):
    opposite = set_weights(copy.deepcopy(model), -front_end(model).spatial)
    assert_same_maps(
        spatial_patterns(opposite, epochs).to_numpy(), -spatial_patterns(model, epochs).to_numpy(), 1e-6
    )


@given(seed=st.integers(0, 100))
def test_weights_and_pattern_agree_in_sign(network, seed):
    model = network(seed)
    products = spatial_filters(model) * spatial_patterns(model, coloured((5, 6, 128), seed))
    # Their product is the unit's standard deviation.
    assert (products.sum("channel") > 0).all()


def test_the_product_of_weights_and_pattern_is_the_standard_deviation_of_the_unit(model, epochs):
    x = epochs.get_data() * 1e6
    mixed = np.einsum("fdc,fnct->fdnt", front_end(model).spatial.numpy(), filtered(front_end(model), x))
    found = (spatial_filters(model) * spatial_patterns(model, x)).sum("channel")
    np.testing.assert_allclose(found, mixed.std((2, 3)), rtol=1e-5)


def test_normalisation_does_not_change_the_pattern(model, epochs):
    expected = spatial_patterns(model, epochs).to_numpy()
    with torch.no_grad():
        for layer in (model.depthwiseconv[0], model.temporal_aggregation[0]):
            layer.running_var *= 7
            layer.running_mean += 3
            layer.bias -= 2
    np.testing.assert_array_equal(spatial_patterns(model, epochs).to_numpy(), expected)


def test_channels_are_in_the_order_of_the_network(model, epochs):
    expected = spatial_patterns(model, epochs)
    shuffled = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    xr.testing.assert_identical(spatial_patterns(model, shuffled), expected)


def test_filters_are_the_weights_as_they_stand(model):
    filters = spatial_filters(model)
    weights = model.depthwiseconv[1].weight.detach().numpy().reshape(4, 2, 6)
    np.testing.assert_array_equal(filters, weights)
    assert (filters.name, filters.attrs["units"]) == ("spatial_filter", "1")


@pytest.fixture(params=["filters", "patterns"])
def maps(request, model, epochs):
    return spatial_filters(model) if request.param == "filters" else spatial_patterns(model, epochs)


def test_maps_are_labelled(maps, model, epochs):
    assert maps.dims == ("filter", "depth", "channel")
    assert maps["filter"].to_numpy().tolist() == [0, 1, 2, 3]
    assert maps["depth"].to_numpy().tolist() == [0, 1]
    assert maps["channel"].to_numpy().tolist() == epochs.ch_names
    positions_m = np.stack([maps[axis].to_numpy() for axis in "xyz"], 1)
    np.testing.assert_array_equal(positions_m, [channel["loc"][:3] for channel in epochs.info["chs"]])
    assert {maps[axis].attrs["units"] for axis in "xyz"} == {"m"}


def test_maps_carry_the_bands_of_the_filters(maps, model):
    bands = learned_bands(model)
    for name in ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm"):
        assert maps[name].dims == ("filter",)
        assert maps[name].to_numpy().tolist() == bands[name].tolist()


def test_attributes_are_strings_and_numbers(maps, model):
    everything = [maps.attrs, *(coord.attrs for coord in maps.coords.values())]
    assert all(isinstance(value, str | int | float) for attrs in everything for value in attrs.values())
    assert maps.attrs["weights_sha256"] == learned_bands(model).attrs["weights_sha256"]


def test_maps_survive_a_file(maps, tmp_path):
    maps.to_netcdf(tmp_path / "maps.nc", engine="scipy")
    assert xr.load_dataarray(tmp_path / "maps.nc", engine="scipy").identical(maps)


def test_patterns_tell_method_and_number_of_trials(model, epochs):
    attrs = spatial_patterns(model, epochs).attrs
    assert attrs["n_trials"] == 40
    assert "Haufe" in attrs["method"]


def test_channels_without_names_are_numbered_and_have_no_positions(network):
    filters = spatial_filters(network())
    assert filters["channel"].to_numpy().tolist() == ["0", "1", "2", "3", "4", "5"]
    assert set(filters.coords).isdisjoint("xyz")


def test_the_peak_gain_is_the_largest_gain_of_the_kernel(model, epochs):
    gain = spatial_patterns(model, epochs)["peak_gain"]
    assert gain.dims == ("filter",)
    for found, kernel in zip(gain.to_numpy(), front_end(model).kernels.double().numpy(), strict=True):
        _, response = scipy.signal.freqz(kernel, worN=20_000)
        assert found == pytest.approx(abs(response).max(), rel=1e-4)


def test_over_the_peak_gain_a_pattern_has_the_size_of_the_source(network):
    # A sinusoid at the peak of filter 2, 5 µV (root mean square) at the first channel.
    model = network(padding="valid")
    peak_hz = learned_bands(model)["peak_hz"][2]
    source_map = np.array([5.0, -2.0, 1.0, 0.5, 0.0, 3.0])
    phases = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
    x = (
        source_map[:, None]
        * np.sqrt(2)
        * np.sin(2 * np.pi * peak_hz * np.arange(128) / 128 + phases)[:, None]
    )
    patterns = spatial_patterns(model, x).sel(filter=2)
    size = abs(patterns / patterns["peak_gain"])
    np.testing.assert_allclose(size, np.abs(np.stack([source_map] * 2)), rtol=1e-3, atol=1e-3)


def test_a_unit_without_weights_has_no_pattern(model, epochs):
    weights = front_end(model).spatial.clone()
    weights[1, 0] = 0
    patterns = spatial_patterns(set_weights(model, weights), epochs)
    assert np.isnan(patterns.sel(filter=1, depth=0)).all()
    assert patterns.isnull().sum() == 6


def test_signals_of_zeros_have_no_pattern(model):
    assert spatial_patterns(model, np.zeros((3, 6, 128))).isnull().all()


@pytest.mark.usefixtures("registered")
def test_a_kernel_of_zeros_has_no_pattern():
    model = EvenKernels()
    model.kernels[1] = 0
    patterns = spatial_patterns(model, coloured((3, 5, 60), 0))
    assert patterns.sel(filter=1).isnull().all()
    assert patterns.drop_sel(filter=1).notnull().all()


@pytest.mark.parametrize("unknown", [nn.Linear(2, 2), "a string"])
def test_an_unknown_network_is_refused(unknown):
    for function in (spatial_filters, partial(spatial_patterns, epochs=np.zeros((2, 6, 128)))):
        with pytest.raises(TypeError, match=r"does not (know the front end|accept trials)"):
            function(unknown)


def test_neither_the_network_nor_the_trials_are_changed(model, epochs):
    before = copy.deepcopy(model.state_dict())
    data = epochs.get_data(copy=True)
    model.train()
    spatial_patterns(model, epochs)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    np.testing.assert_array_equal(epochs.get_data(), data)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=5).filter(any))
def test_relative_maps_have_a_largest_value_of_one(values):
    maps = xr.DataArray([values], dims=("unit", "channel"), name="weights", attrs={"units": "µV"})
    relative = relative_maps(maps)
    assert abs(relative).max() == 1
    np.testing.assert_allclose(relative * np.abs(values).max(), maps, rtol=1e-12, atol=1e-300)
    assert (relative.name, relative.attrs["units"]) == ("weights", "relative to each map's largest value")
    assert maps.attrs["units"] == "µV"


def test_a_map_of_zeros_has_no_shape():
    maps = xr.DataArray([[0.0, 0.0], [0.0, -2.0]], dims=("unit", "channel"))
    np.testing.assert_array_equal(relative_maps(maps), [[np.nan, np.nan], [0, -1]])


def test_gradients_that_are_switched_off_do_not_matter(network, moved):
    model, trials = moved(network()), np.random.default_rng(0).standard_normal((5, 6, 128))
    expected = spatial_patterns(model, trials)
    with torch.no_grad():
        assert spatial_patterns(model, trials).equals(expected)
    with torch.inference_mode():
        assert spatial_patterns(model, trials).equals(expected)


def test_arrays_that_cannot_be_written_are_read(network, moved):
    model, trials = moved(network()), np.random.default_rng(0).standard_normal((5, 6, 128)).astype(np.float32)
    expected = spatial_patterns(model, trials)
    trials.flags.writeable = False
    assert spatial_patterns(model, trials).equals(expected)
